"""Every command explains itself, takes --json, and is one function of the library."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import click
import pytest
import typer

import enrich
from enrich.cli.app import build_app


def _leaves(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, click.Command]]:
    if isinstance(command, click.Group) or hasattr(command, "commands"):
        return [leaf for name, sub in sorted(command.commands.items()) for leaf in _leaves(sub, (*path, name))]
    return [(" ".join(path), command)]


COMMANDS = _leaves(typer.main.get_command(build_app()))
IDS = [name for name, _ in COMMANDS]

#: The contract: other programs call these.
FIXED = [
    "accept", "cooldown migrate", "cooldown process", "cooldown stats", "db migrate", "db start", "db status",
    "db stop",
    "demo", "evaluate", "graph", "hunt-labels", "import", "parse-titles", "proposals", "rank-artists", "reject",
    "report",
    "resolve", "snapshot", "trigger", "writeback",
]  # fmt: skip


@pytest.mark.parametrize("name", FIXED)
def test_command_is_there(name):
    assert name in IDS


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=IDS)
def test_command_has_help_with_an_example(name, command):
    assert command.help, f"enrich {name} has no help"
    assert "xample" in command.help, f"the help of enrich {name} shows no example"
    undocumented = [p.name for p in command.params if isinstance(p, click.Option) and not p.help]
    assert undocumented == []


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=IDS)
def test_command_speaks_json(name, command):
    assert "--json" in [opt for p in command.params for opt in p.opts]


@pytest.mark.parametrize("name", [n for n in IDS if " " not in n])
def test_command_is_a_function_of_the_library(name):
    function = name.replace("-", "_") if name != "import" else "import_"
    assert function in enrich.__all__, f"enrich.{function} does not exist"


_DEAF = """
import time
import hashlib
from enrich.cli.output import ending_in_time, watched
from enrich.errors import undoing
with ending_in_time("x"), undoing(lambda: print("undone", flush=True)), watched("ranking") as (show, stop):
    show("ranking", 1, 2)
    print("on", flush=True)
    {deaf}
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    "deaf", ["time.sleep(60)", "hashlib.pbkdf2_hmac('sha256', b'', b'', 10**9)"], ids=["sleeping", "computing"]
)
def test_a_step_that_does_not_listen_ends_within_five_seconds(number, deaf):
    program = [sys.executable, "-c", _DEAF.format(deaf=deaf)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as step:
        assert step.stdout.readline() == b"on\n"
        step.send_signal(number)
        began = time.monotonic()
        said, told = step.stdout.read(), step.stderr.read().decode()

    assert (step.returncode, said, told.count("\n")) == (130, b"undone\n", 1)
    assert "step ranking; nothing half-done is left" in told
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("name", [name for name in enrich.__all__ if not name.startswith("__")])
def test_public_name_resolves_and_is_documented(name):
    assert getattr(enrich, name).__doc__
