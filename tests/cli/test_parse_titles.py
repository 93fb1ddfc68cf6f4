import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest


def _run(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    # No Postgres may be asked for: an address nobody answers at.
    env = {**os.environ, "ENRICH_DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    return subprocess.run(
        [sys.executable, "-m", "enrich", "parse-titles", *args],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_table_in_a_table_out(tmp_path: Path) -> None:
    pl.DataFrame({"id": [7, 8], "title": ["A - T (X Remix) [Armada - ARDI 1393]", "=1+1"]}).write_csv(
        tmp_path / "t.csv"
    )
    done = _run("t.csv", "--out", "o.csv", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert (figures["titles"], figures["labels_found"], figures["labels_in_square_brackets"]) == (2, 1, 1)
    out = pl.read_csv(tmp_path / "o.csv")
    assert {"artist", "base_title", "mix", "remixer", "label", "label_confidence", "is_mashup", "components"} < {
        *out.columns
    }
    assert out["id"].to_list() == [7, 8]
    assert out["title"][1] == "'=1+1"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"name\nx\n", "column title is missing", id="no-title"),
        pytest.param(b'title,b\n"x\n', "line 2", id="broken"),
        pytest.param(None, "no such file", id="missing"),
    ],
)
def test_bad_input_is_one_clear_line(tmp_path: Path, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / "t.csv").write_bytes(content)
    done = _run("t.csv", "--out", "o.csv", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "o.csv").exists()
