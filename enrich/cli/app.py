"""The command tree and how it ends: results to stdout, talk to stderr, one clear line for an error.

Each module named in `COMMAND_MODULES` has a `register(app)` that adds its commands. They are imported when the
program starts, so none may import a heavy library at module level: import inside the command.
"""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from enrich.errors import EnrichError

COMMAND_MODULES: tuple[str, ...] = (
    "database",
    "snapshots",
    "cooccurrence",
    "evaluation",
    "catalogue",
    "demo",
    "importing",
    "cooldown",
    "review",
    "pipeline",
    "hunting",
    "text",
    "reporting",
    "dashboards",
    "serving",
    "main_job",
    "replay",
)


def build_app() -> typer.Typer:
    """The whole command tree, as `enrich` runs it and as the tests read it."""
    app = typer.Typer(
        name="enrich",
        help="Name the tracks nobody can name: labels and artists for failed tracks, with evidence.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for module in COMMAND_MODULES:
        import_module(f"enrich.cli.{module}").register(app)
    return app


def main() -> None:
    """Run the command line; an `EnrichError` is one line on stderr and exit code 1."""
    try:
        build_app()()
    except EnrichError as error:
        sys.stderr.write(f"enrich: {' '.join(str(error).split())}\n")
        raise SystemExit(1) from None
    except BrokenPipeError:
        # The reader of our pipe has gone (`enrich … | head`): nothing is wrong.
        sys.stderr.close()
        raise SystemExit(0) from None
