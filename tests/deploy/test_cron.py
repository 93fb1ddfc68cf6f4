"""The crontabs of deploy/README.md: the specification's times, and commands and endpoints that exist."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from enrich.cli.app import build_app

#: The specification's times and what runs at them.
TIMES = {"0 3 * * *": "process", "5 3 * * *": "trigger", "0 2 * * 0": "hunt-labels"}


@pytest.fixture(scope="module")
def crontabs(project) -> dict[str, dict[str, str]]:
    """Command by time: `cli` and `curl`, in the order in which the page has them."""
    blocks = re.findall(r"```cron\n(.*?)```", (project / "deploy" / "README.md").read_text(), flags=re.DOTALL)
    tables = [{" ".join(line.split()[:5]): line.split(None, 5)[5] for line in block.splitlines()} for block in blocks]
    return dict(zip(("cli", "curl"), tables, strict=True))


@pytest.mark.parametrize("form", ["cli", "curl"])
def test_the_jobs_are_at_the_times_of_the_specification(crontabs, form):
    assert list(crontabs[form]) == list(TIMES)
    for time, word in TIMES.items():
        assert word in crontabs[form][time]
        assert ("curl" in crontabs[form][time]) == (form == "curl")
        assert "%" not in crontabs[form][time]  # cron would end the line there


def test_every_command_of_the_jobs_is_understood(crontabs):
    """The jobs' options exist: each command line is run with --help added."""
    for command in crontabs["cli"].values():
        arguments = command.split(".venv/bin/enrich ")[1].split()
        done = CliRunner().invoke(build_app(), [*arguments, "--help"])
        assert done.exit_code == 0
        for option in [a for a in arguments if a.startswith("--")]:
            assert option in done.stdout
