"""`enrich hunt-labels FILE --out FILE` as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def run(tmp_path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": "", "ENRICH_SOURCES": "", "ENRICH_DATA_DIR": str(tmp_path / "data")}
    return subprocess.run(
        [sys.executable, "-m", "enrich", "hunt-labels", *arguments],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
    )


def test_rows_come_back_and_the_summary_is_json(tmp_path):
    (tmp_path / "in.csv").write_text("n,title,artist\n1,Rain [Deepwell],Alpha Kid\n2,ID,ID\n")

    done = run(tmp_path, "in.csv", "--out", "out.jsonl", "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["labels_found"] == 1
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(row["n"], row["label"], row["outcome"]) for row in rows] == [
        ("1", "Deepwell", "found"),
        ("2", None, "none"),
    ]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["missing.csv", "--out", "out.csv"], "no such file", id="missing"),
        pytest.param(["in.csv"], "--out", id="no-out"),
        pytest.param(["in.csv", "--out", "out.xyz"], "unknown kind of table", id="unknown-kind"),
        pytest.param(["--out", "out.csv"], "FILE", id="out-without-file"),
    ],
)
def test_an_error_is_one_line(tmp_path, arguments, complaint):
    (tmp_path / "in.csv").write_text("title\nRain\n")

    done = run(tmp_path, *arguments)

    assert done.returncode != 0
    assert complaint in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
