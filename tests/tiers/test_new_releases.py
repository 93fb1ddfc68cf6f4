"""Tier 2: what an artist released after an unknown of theirs was played is for a person to look at."""

from __future__ import annotations

import json
from datetime import date

import polars as pl

from enrich.ledger.policy import Policy
from enrich.matching.values import Availability, Hit, SourceAnswer
from enrich.tiers.new_releases import NewReleases


class Fake:
    """A source that knows four releases."""

    name, workers, lists_new = "fake", 1, True

    def __init__(self):
        self.asked = []

    def search(self, query):
        self.asked.append(query)
        hits = [
            ("Ember", None, ("Vale",), date(2024, 6, 1)),
            ("Tide", "Ruth Remix", ("Vale", "Ruth"), date(2024, 5, 1)),
            ("Old Song", None, ("Vale",), date(2024, 3, 1)),
            ("Harbour", None, ("Somebody",), date(2024, 6, 1)),
        ]
        found = (Hit(source="fake", title=t, mix=m, artists=a, label=None, release_date=d) for t, m, a, d in hits)
        return SourceAnswer(source="fake", availability=Availability.OK, hits=tuple(found))


def _world(workspace):
    named = {"1": ("ID", ["Vale"]), "2": ("ID", []), "3": ("Glass", ["Vale"]), "4": ("Ember", ["Vale"])}
    tracks = {track: (*said, None) for track, said in named.items()}
    ws = workspace(tracks, plays=[("s", "Nova Kai", 1, "1")])
    ws.tracks.insert_column(-1, pl.Series("first_played", [date(2024, 4, 1)] * len(tracks)))
    return ws


def test_releases_after_the_play_are_proposed_for_review(workspace):
    source = Fake()
    tier = NewReleases([source])
    found = tier(_world(workspace), pl.Series(["1", "2", "3"]))

    assert found.select("track_id", "kind", "value", "source").rows() == [
        ("1", "identity", "Vale & Ruth - Tide (Ruth Remix)", "new-release-fake"),
        ("1", "identity", "Vale - Ember", "new-release-fake"),
    ]
    assert found["confidence"].null_count() == 2
    said = json.loads(found["evidence"][1])
    assert (said["title"], said["days"], said["recording_id"], said["blank"]) == ("Ember", 61, "4", "title")
    assert not Policy(name="lax", fixed={("identity", "new-release-fake"): 0.0}).accepts(found).any()
    tier(_world(workspace), pl.Series(["1"]))
    assert [query.track_id for query in source.asked] == ["1"]


def test_without_a_source_nothing_is_asked(workspace):
    assert NewReleases([])(_world(workspace), pl.Series(["1"])).is_empty()
