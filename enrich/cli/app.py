"""The command tree and how it ends: results to stdout, talk to stderr, one clear line for an error.

Each module of `MODULES` holds the commands of one field. They are all loaded when the program starts, so none imports a
heavy library at its top: a command calls `enrich.…`, which loads what it names, or imports inside itself.
"""

import atexit
import gc
import os
import signal
import sys
from types import ModuleType

import typer

from enrich.cli import database, labels, pipeline, ranking, reporting, review
from enrich.cli.output import say
from enrich.errors import EnrichError

MODULES: tuple[ModuleType, ...] = (database, ranking, labels, pipeline, review, reporting)


def build_app() -> typer.Typer:
    """The whole command tree, as `enrich` runs it and as the tests read it."""
    app = typer.Typer(
        name="enrich",
        help="Name the tracks nobody can name: labels and artists for failed tracks, with evidence.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for module in MODULES:
        app.add_typer(module.app)
    return app


def main() -> None:
    """Run the command line; an `EnrichError` is one line on stderr and exit code 1."""
    # Snapshots, exports and caches hold the database's data: nobody's but the user's and its group's.
    os.umask(0o027 | os.umask(0o077))
    # What is over is not ended: told while it takes its leave, it still says how it went.
    for number in (signal.SIGTERM, signal.SIGINT):
        atexit.register(signal.signal, number, signal.SIG_IGN)
    # Of the small objects that frames are made by few form cycles: to look for them so often costs a run a twentieth.
    gc.set_threshold(20_000, 20, 50)
    try:
        build_app()()
    except EnrichError as error:
        said = " ".join(str(error).split())
    except (MemoryError, RecursionError) as error:
        said = f"{type(error).__name__}: more than this machine holds; divide the work"
    except BrokenPipeError:
        # The reader of our pipe has gone (`enrich … | head`): nothing is wrong.
        sys.stderr.close()
        raise SystemExit(0) from None
    except OSError as error:
        # The system's own word (a full disk, too many open files) is as clear as any of ours.
        said = f"{f'{error.filename}: ' if error.filename else ''}{error.strerror or error}"
    else:
        return
    say(f"enrich: {said}")
    raise SystemExit(1)
