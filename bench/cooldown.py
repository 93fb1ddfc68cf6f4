"""How long promos take, and which strategy makes the most of it: fits, held-out comparison, and the shipped files.

python -m bench.cooldown ../shared/data            prints the figures
python -m bench.cooldown ../shared/data --ship     also rewrites the package's curves and schedule
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import enrich.cooldown
from bench.promo_lags import naming_lags, release_lags
from bench.schedule_learning import tuned
from enrich.cooldown.simulation import draw_tracks, fit_curve, simulate

#: The specification's.
STRATEGIES = ("fixed", "exponential", "adaptive")


def main(data: Path, *, ship: bool) -> None:
    slots = pl.read_parquet(data / "tracklists.parquet")
    lags = release_lags(slots, pl.read_parquet(data / "labels.parquet"))
    named = naming_lags(slots, pl.read_parquet(data / "id_resolved.parquet"))
    pl.Config(tbl_cols=12, tbl_width_chars=160, tbl_rows=30)
    print(
        pl.concat([lags, named])
        .group_by("cohort")
        .agg(
            recordings=pl.len(), releases=pl.col("is_over").sum(), median_days=pl.col("days").filter("is_over").median()
        )
        .sort("cohort")
    )
    curves = {"release": fit_curve(lags, name="release"), "naming": fit_curve(named, name="naming")}
    for name, curve in curves.items():
        shares = ", ".join(
            f"{days} d {100 * (1 - curve.unreleased_at(days)):.1f} %" for days in (30, 90, 182, 365, 730)
        )
        print(f"{name}: {curve.recordings:,} recordings, {curve.releases} over; by {shares}")
    for seed in (1, 2, 3):
        half = pl.Series(np.random.default_rng(seed).random(lags.height) < 0.5)
        seen, unseen = fit_curve(lags.filter(half), name="seen"), fit_curve(lags.filter(~half), name="unseen")
        for backlog in (0.0, 0.5, 1.0):
            schedule = tuned(seen, draw_tracks(seen, seed=10 + seed, backlog=backlog), like="adaptive")
            tracks = draw_tracks(unseen, seed=20 + seed, backlog=backlog)
            print(f"split {seed}, backlog {backlog:.0%} of the queue; learned on one half, judged on the other")
            print(simulate(tracks, strategies=STRATEGIES, schedules={"learned": schedule}).summary)
    if ship:
        home = Path(enrich.cooldown.__file__).parent
        _write({name: asdict(curve) for name, curve in curves.items()}, home / "release_curves.json")
        release = curves["release"]
        schedule = tuned(release, draw_tracks(release, seed=1), like="adaptive")
        _write(asdict(schedule), home / "learned_schedule.json")


def _write(document: Mapping[str, Any], path: Path) -> None:
    """As JSON, one list a line."""
    text = json.dumps(document, separators=(",", ":"))
    path.write_text(text.replace('"},"', '"},\n"').replace("],", "],\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), ship="--ship" in sys.argv[2:])
