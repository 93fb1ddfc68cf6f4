"""Hunts as people who do this job reported them: a catalogue of their releases, and the label each track must get."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from enrich.demo.catalogue.server import Catalogue
from enrich.settings import load_settings
from enrich.sources.base import open_sources
from enrich.sources.pace import LimitRegistry
from enrich.tiers.label_hunter import hunt_table

CASES = Path(__file__).parents[3].joinpath("shared", "data", "public_cases.json")
if not CASES.is_file():
    pytest.skip(f"{CASES}: no public cases here", allow_module_level=True)
HUNTS = [pytest.param(c["input"], id=c["id"]) for c in json.loads(CASES.read_text("utf-8")) if c["kind"] == "hunt"]
pytestmark = pytest.mark.shared


@pytest.mark.parametrize("source", ["beatport", "musicbrainz", "deezer", "discogs"])
@pytest.mark.parametrize("hunted", HUNTS)
def test_a_reported_hunt(hunted, source, tmp_path):
    releases = pl.DataFrame(hunted["catalogue"]).with_columns(pl.col("release_date").str.to_date())
    tracks = pl.DataFrame(
        [{"title": t["title"], "artist": t.get("artist")} for t in hunted["tracks"]],
        schema={"title": pl.String, "artist": pl.String},
    )
    settings = load_settings(_env_file=None, data_dir=tmp_path, contact="tests@example.org")
    with Catalogue(releases) as catalogue:
        pointed = catalogue.settings(settings, sources=[source], rate=500)
        found, _ = hunt_table(tracks, sources=open_sources(pointed, registry=LimitRegistry(pause_s=0.01)))

    labels = found.select(pl.when(pl.col("outcome") == "found").then("label").alias("label"))["label"].to_list()
    assert labels == [track["label"] for track in hunted["tracks"]], found.select("title", "label", "outcome", "reason")
