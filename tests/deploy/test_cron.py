"""`make cron` and `make cron-remove` with a crontab program of our own: prints only, applies when told, one block."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

#: The specification's times and what runs at them.
TIMES = {"0 3 * * *": "process", "5 3 * * *": "trigger", "0 2 * * 0": "hunt-labels"}
FAKE = """#!/bin/sh
# As cron's own: -l prints or says that there is none; - reads a new one.
store="$CRONTAB_STORE"
case "${1:-}" in
-l) [ -f "$store" ] && cat "$store" || { echo "no crontab for tester" >&2; exit 1; } ;;
-) cat > "$store" ;;
*) echo "fake crontab: $*" >&2; exit 2 ;;
esac
"""


class Cron:
    """`make` with a fake crontab on its path."""

    def __init__(self, project: Path, folder: Path):
        self.project, self.store = project, folder / "store"
        self.path = folder / "bin"
        self.path.mkdir()
        (self.path / "crontab").write_text(FAKE)
        (self.path / "crontab").chmod(0o755)

    def make(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PATH": f"{self.path}:{os.environ['PATH']}", "CRONTAB_STORE": str(self.store)}
        environment.pop("MAKEFLAGS", None)
        return subprocess.run(
            ["make", "--no-print-directory", "-C", str(self.project), *arguments],
            capture_output=True, text=True, env=environment, check=check, timeout=60,
        )  # fmt: skip

    @property
    def table(self) -> str | None:
        return self.store.read_text() if self.store.exists() else None


@pytest.fixture
def cron(project, tmp_path):
    if shutil.which("make") is None:
        pytest.skip("no make here")
    return Cron(project, tmp_path)


def _jobs(table: str) -> dict[str, str]:
    lines = [line for line in table.splitlines() if line and not line.startswith("#")]
    return {" ".join(line.split()[:5]): line.split(None, 5)[5] for line in lines}


@pytest.mark.parametrize("form", ["cli", "curl"])
def test_the_jobs_are_at_the_times_of_the_specification(cron, form):
    jobs = _jobs(cron.make("cron", f"FORM={form}").stdout)

    assert list(jobs) == list(TIMES)
    for time, word in TIMES.items():
        assert word in jobs[time]
        assert ("curl" in jobs[time]) == (form == "curl")


def test_without_apply_nothing_changes(cron):
    cron.store.write_text("15 4 * * * backup\n")
    for target in ("cron", "cron-remove"):
        assert "nothing was changed" in cron.make(target).stderr
        assert cron.table == "15 4 * * * backup\n"


def test_installed_twice_is_one_block_and_removed_leaves_the_rest_as_it_was(cron):
    before = "MAILTO=me@example.org\n\n# my own\n15 4 * * * backup --all 100\\%\n"
    cron.store.write_text(before)

    cron.make("cron", "APPLY=1")
    once = cron.table
    cron.make("cron", "APPLY=1")
    assert cron.table == once
    assert once.startswith(before)
    cron.make("cron", "FORM=curl", "APPLY=1")
    assert len(_jobs(cron.table.replace("MAILTO=me@example.org\n", ""))) == 4
    cron.make("cron-remove", "APPLY=1")
    assert cron.table == before
    cron.make("cron-remove", "APPLY=1")
    assert cron.table == before


def test_from_no_crontab_at_all_and_back(cron):
    cron.make("cron", "APPLY=1")
    assert len(_jobs(cron.table)) == 3
    cron.make("cron-remove", "APPLY=1")
    assert cron.table.strip() == ""


def test_a_block_without_its_end_costs_nobody_a_line(cron):
    cron.store.write_text("# >>> enrich >>> made by make cron\n1 1 * * * old\n15 4 * * * backup\n")
    cron.make("cron", "APPLY=1")
    assert "15 4 * * * backup" in cron.table


def test_a_crontab_that_cannot_be_read_is_not_overwritten(cron):
    (cron.path / "crontab").write_text("#!/bin/sh\necho 'you are not allowed to use this program' >&2\nexit 1\n")
    done = cron.make("cron", "APPLY=1", check=False)
    assert done.returncode != 0
    assert "not allowed" in done.stderr


def test_without_a_crontab_program_it_prints_and_says_what_to_do(project, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "awk", "sed", "grep", "dirname"):
        (tools / tool).symlink_to(shutil.which(tool))

    def run(*arguments):
        return subprocess.run(
            [project / "deploy" / "cron", *arguments], capture_output=True, text=True, env={"PATH": str(tools)},
            check=False, timeout=60,
        )  # fmt: skip

    assert len(_jobs(run("install").stdout)) == 3
    applied = run("install", "--apply")
    assert applied.returncode == 1
    assert "install cron" in applied.stderr


def test_a_project_with_blanks_quotes_and_percent_signs_in_its_path(project, tmp_path):
    odd = tmp_path / "it's 100% mine"
    (odd / "deploy").mkdir(parents=True)
    shutil.copy(project / "deploy" / "cron", odd / "deploy")
    (odd / ".venv" / "bin").mkdir(parents=True)
    (odd / ".venv" / "bin" / "enrich").write_text('#!/bin/sh\npwd; echo "$@"\n')
    (odd / ".venv" / "bin" / "enrich").chmod(0o755)

    printed = subprocess.run([odd / "deploy" / "cron", "install"], capture_output=True, text=True, check=True).stdout

    command = _jobs(printed)["0 3 * * *"]
    assert not re.search(r"(?<!\\)%", command)  # cron would end the line there
    # Cron turns \% into % before sh sees it.
    done = subprocess.run(["sh", "-c", command.replace("\\%", "%")], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str(odd), "cooldown process --limit 100"]


def test_every_command_of_the_jobs_is_understood(project, cron):
    """The jobs' options exist: each command line is run with --help added."""
    for command in _jobs(cron.make("cron").stdout).values():
        arguments = command.split(".venv/bin/enrich ")[1].split()
        done = subprocess.run(
            [sys.executable, "-m", "enrich", *arguments, "--help"], capture_output=True, text=True,
            check=False, cwd=project, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0
        for option in [a for a in arguments if a.startswith("--")]:
            assert option in done.stdout


def test_the_ready_crontab_has_the_same_lines_as_make_cron(project, cron):
    ready = (project / "deploy" / "crontab").read_text()
    assert _jobs(ready) == _jobs(cron.make("cron", "FORM=curl").stdout)
