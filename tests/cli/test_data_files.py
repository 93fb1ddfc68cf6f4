"""What a whole run leaves in the data folder: nothing of it is for other users, whoever made it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from small_world import small_world

from enrich.database import server
from enrich.settings import Settings


@pytest.mark.slow
def test_all_that_a_run_leaves_is_for_its_user_and_group(tmp_path):
    small_world(sets=20).write_parquet(tmp_path / "sets.parquet")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ENRICH_")}
    environment |= {"ENRICH_SOURCES": "deezer", "ENRICH_DEEZER_URL": "http://127.0.0.1:9", "POLARS_MAX_THREADS": "2"}
    data = tmp_path / "data" / "runs" / "sets"
    try:
        done = subprocess.run(
            [sys.executable, "-m", "enrich", "run", "--tracklists", "sets.parquet"],
            cwd=tmp_path, env=environment, umask=0o022, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        left = {path: path.lstat().st_mode for path in (tmp_path / "data").rglob("*")}
    finally:
        server.stop(Settings(_env_file=None, data_dir=data))

    assert {"postgres", "snapshots", "reports", "cache"} <= {path.name for path in data.iterdir()}
    open_files = [
        f"{mode:o} {path}" for path, mode in left.items()
        if not (stat.S_ISLNK(mode) or stat.S_ISSOCK(mode)) and mode & (0o026 if stat.S_ISDIR(mode) else 0o137)
    ]  # fmt: skip
    assert open_files == []
    assert [path for path, mode in left.items() if stat.S_ISSOCK(mode) and path.parent.stat().st_mode & 0o077] == []


def test_a_cache_that_a_program_opens_is_for_its_user_and_group(tmp_path: Path):
    from enrich.sources.cache import Cache

    before = os.umask(0o022)
    try:
        # Kept: whoever lets go of it takes the files beside the database away.
        cache = Cache(tmp_path / "c" / "sources.sqlite")
        cache.prune(now=0.0)
    finally:
        os.umask(before)
    assert [path for path in (tmp_path / "c").iterdir() if path.stat().st_mode & 0o137] == []
