"""Postgres errors in one line a person can act on: what, at which host and database, how to mend it; no password."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import conninfo

from enrich.errors import DatabaseError
from enrich.resources import resource
from enrich.settings import Settings

#: What mends a fault, by what the failure to connect says or by the beginning of its SQLSTATE, in this order.
_HINTS = resource("database/hints.toml")


def place(url: str) -> str:
    """Host and database of a connection string, never its password: `db.example:5432/musicdb`."""
    try:
        parts = conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        return "the database of ENRICH_DATABASE_URL"
    host = str(parts.get("host") or parts.get("hostaddr") or "local socket")
    port = f":{parts['port']}" if parts.get("port") else ""
    return f"{host}{port}/{parts.get('dbname') or parts.get('user') or 'postgres'}"


def password_of(url: str) -> str | None:
    """The password inside a connection string, to keep it out of messages."""
    try:
        value = conninfo.conninfo_to_dict(url).get("password")
    except psycopg.Error:
        return None
    return str(value) if value else None


def describe(error: psycopg.Error, *, url: str, doing: str = "") -> DatabaseError:
    """One line for a Postgres error: what was being done and failed, at which host and database, how to mend it."""
    return explain(
        error.diag.message_primary or _sentence(str(error)),
        state=error.sqlstate or "",
        url=url,
        doing=doing,
        detail=error.diag.message_detail,
        hint=error.diag.message_hint,
    )


def explain(
    message: str, *, state: str, url: str, doing: str = "", detail: str | None = None, hint: str | None = None
) -> DatabaseError:
    """Like `describe`, for the message and SQLSTATE (or "") that another driver reported."""
    hint = hint or next((text for prefix, text in _HINTS["state"].items() if state.startswith(prefix)), "")
    if "db migrate" in hint and (doing == "migrate" or doing.endswith(".sql")):
        # Never the advice to run what has just failed.
        hint = "see `enrich db status` for the layout found, and name what is elsewhere in ENRICH_LAYOUT"
    if not hint and not state:
        hint = next((text for pattern, text in _HINTS["connect"].items() if re.search(pattern, message)), "")
    if detail:
        message = f"{message} ({detail.splitlines()[0].rstrip('.')})"
    secret = password_of(url)
    if secret:
        message = message.replace(secret, "***")
    line = ": ".join(part for part in (f"Postgres at {place(url)}", doing, message.strip().rstrip(".")) if part)
    return DatabaseError(f"{line}; {hint}" if hint else line)


@contextmanager
def database_errors(settings: Settings | None = None, *, url: str | None = None, doing: str = "") -> Iterator[None]:
    """Turn every psycopg error inside the block into a one-line `DatabaseError`."""
    try:
        yield
    except psycopg.Error as error:
        if url is None:
            configured = settings.database_url if settings is not None else None
            url = configured.get_secret_value() if configured is not None else "dbname=musicdb"
        raise describe(error, url=url, doing=doing) from error


def _sentence(text: str) -> str:
    """The telling part of libpq's report, which repeats itself for every address tried."""
    lines = [line.strip(" -\t") for line in text.splitlines() if line.strip()]
    fatal = next((line for line in lines if "FATAL:" in line), None)
    line = fatal or (lines[0] if lines else "the connection failed")
    line = re.sub(r"^connection failed: ", "", line)
    line = re.sub(r"^connection (?:is bad|to server)[^:]*(?: at \S+)?(?:, port \d+)? failed: ", "", line)
    return re.sub(r"^(?:FATAL|ERROR):\s+", "", line)
