"""Postgres errors in one line a person can act on: what, at which host and database, how to mend it; no password."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import conninfo

from enrich.errors import DatabaseError
from enrich.settings import Settings

# Failures to connect carry no SQLSTATE: libpq only has the server's or the system's sentence.
_CONNECT_HINTS: tuple[tuple[str, str], ...] = (
    (r"password authentication failed|no password supplied", "check user and password in ENRICH_DATABASE_URL"),
    (r'database "[^"]*" does not exist', "create it, or mend the database name in ENRICH_DATABASE_URL"),
    (r'role "[^"]*" does not exist', "create the role, or mend the user in ENRICH_DATABASE_URL"),
    (r"no pg_hba\.conf entry", "the server refuses this user from this address; see its pg_hba.conf"),
    (r"could not translate host name|Name or service not known|failed to resolve host", "check the host's name"),
    (r"Connection refused|No such file or directory|is the server running", "start the server, or mend host and port"),
    (r"timeout expired|timed out", "the host does not answer; check host, port and firewall"),
    (r"starting up|shutting down|recovery mode", "the server is not ready; try again in a moment"),
    (r"too many connections|remaining connection slots", "close other sessions, or raise max_connections"),
    (r"SSL|certificate", "check sslmode in ENRICH_DATABASE_URL"),
    (r"server closed the connection|terminating connection|connection .*lost|EOF detected", "run it again"),
)

# By SQLSTATE, the longest prefix first.
_STATE_HINTS: tuple[tuple[str, str], ...] = (
    ("42P01", "run `enrich db migrate`, or set ENRICH_SEARCH_PATH to the schema that holds the tables"),
    ("42703", "run `enrich db migrate`"),
    ("42883", "run `enrich db migrate`"),
    ("42501", "ask its owner to grant this role the privilege"),
    ("3F000", "set ENRICH_SEARCH_PATH to a schema that exists"),
    ("25006", "the database is read-only; use its primary, or a role that may write"),
    ("28P01", "check user and password in ENRICH_DATABASE_URL"),
    ("28", "check user and password in ENRICH_DATABASE_URL"),
    ("3D000", "create it, or mend the database name in ENRICH_DATABASE_URL"),
    ("55P03", "another session holds the lock; try again when it is done"),
    ("40", "another session changed the same rows; run it again"),
    ("57014", "the server cancelled the statement; raise statement_timeout or try again"),
    ("57P", "the server stopped or restarted; run it again"),
    ("53100", "the server's disk is full"),
    ("53", "the server has no resources left; try again later"),
    ("08", "the connection broke; run it again"),
    ("23", "the rows already there do not allow it; nothing was changed"),
    ("2BP01", "drop or change what depends on it first; nothing was changed"),
)


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
    hint = hint or next((text for prefix, text in _STATE_HINTS if state.startswith(prefix)), "")
    if "db migrate" in hint and (doing == "migrate" or doing.endswith(".sql")):
        # Never the advice to run what has just failed.
        hint = "see `enrich db status` for the layout found, and name what is elsewhere in ENRICH_LAYOUT"
    if not hint and not state:
        hint = next((text for pattern, text in _CONNECT_HINTS if re.search(pattern, message)), "")
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
