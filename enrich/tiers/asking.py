"""What the tiers that ask outside sources have in common: each question once a run, and silence noted."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

import polars as pl

from enrich.labels.book import LabelBook
from enrich.matching.values import TrackQuery
from enrich.sources.base import Source
from enrich.sources.searching import Judge, OnProgress, SearchResults, search_all
from enrich.tiers.workspace import Workspace

Q = TypeVar("Q")
A = TypeVar("A")


class AskingTier(ABC, Generic[Q, A]):
    """A tier over a workspace whose questions Q have answers A; `unavailable`: sources that were silent, and why."""

    def __init__(
        self, sources: Sequence[Source], *, stop: threading.Event | None = None, on_progress: OnProgress | None = None
    ) -> None:
        self._sources, self._stop, self._on_progress = sources, stop, on_progress
        self._known: dict[Q, A] = {}
        self.unavailable: dict[str, str] = {}

    def asking(self, ws: Workspace, track_ids: pl.Series) -> Callable[[], None]:
        """What asks the sources all that was not asked yet; answers are kept for the tier's turn."""
        new = [question for question in self._questions(ws, track_ids) if question not in self._known]
        return partial(self._ask, new, ws.label_book()) if new else lambda: None

    @abstractmethod
    def _questions(self, ws: Workspace, track_ids: pl.Series) -> list[Q]: ...

    @abstractmethod
    def _ask(self, questions: Sequence[Q], book: LabelBook) -> None: ...

    def _search(self, queries: Sequence[TrackQuery], judge: Judge | None) -> SearchResults:
        found = search_all(queries, self._sources, judge=judge, on_progress=self._on_progress, stop=self._stop)
        self.unavailable.update(found.unavailable)
        return found
