"""Reads in time: threads of their own, for which neither jobs nor `/health` wait.

Statements and locks end in Postgres; what does not end there (a stopped server, a network that swallows) ends here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from enrich.database.connection import connect
from enrich.errors import DatabaseError
from enrich.settings import Settings

T = TypeVar("T")

#: Seconds a statement of a read may take, and a lock be waited for; and the whole of the read.
STATEMENT_S, LOCK_S, READ_S = 10.0, 3.0, 15.0
#: Seconds after which `/health` says that Postgres does not answer.
PULSE_S = 1.0
_READERS = 8


class Reads:
    """The reading threads of one server."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._readers = ThreadPoolExecutor(_READERS, "read")
        self._feeler = ThreadPoolExecutor(1, "pulse")
        self._felt: Future[None] | None = None

    async def of(self, read: Callable[[], T]) -> T:
        """What `read` returns. Raises DatabaseError: it did not return in time."""
        try:
            return await asyncio.wait_for(asyncio.wrap_future(self._readers.submit(read)), READ_S)
        except TimeoutError:
            raise DatabaseError(
                f"Postgres: no answer within {READ_S:.0f} s; try again, or look what holds it"
            ) from None

    async def pulse(self) -> None:
        """Ask Postgres for a sign of life; who asks meanwhile waits for the same one.

        Raises DatabaseError: it cannot be reached, or does not answer in time.
        """
        if self._felt is None or self._felt.done():
            self._felt = self._feeler.submit(self._feel)
        felt = asyncio.wrap_future(self._felt)
        done, _ = await asyncio.wait({felt}, timeout=PULSE_S)
        if not done:
            raise DatabaseError(f"Postgres: no answer within {PULSE_S} s")
        felt.result()

    def _feel(self) -> None:
        with connect(self._settings) as con:
            con.execute("select 1")
