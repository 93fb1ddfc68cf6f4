"""Tier 2: what an artist released after an unknown of theirs was played is for a person to look at."""

from __future__ import annotations

import json
from datetime import date

import polars as pl
import pytest
from recorded_replies import replay

from enrich.ledger.policy import Policy
from enrich.matching.values import Availability, Hit, SourceAnswer
from enrich.tiers.identities import NewReleases


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


def _told(path, body, **more):
    return {"path": path, "status": 200, "body": json.dumps(body), **more}


def _group(*kinds):
    return {"release-group": {"id": "g", "secondary-types": list(kinds)}, "status": "Official"}


def _recording(title, first, **release):
    credit = [{"name": "Vale", "artist": {"id": "v", "name": "Vale"}}]
    one = {"id": title, "title": title, "first-release-date": first, "artist-credit": credit}
    return one | {"releases": [{"id": f"on {title}", "title": title, **_group(), **release}]}


def _album(number, title, day, kind="single"):
    return {"id": number, "title": title, "release_date": day, "record_type": kind}


def _tracks(*titles, **more):
    return {"data": [{"id": 1, "title": title, "artist": {"name": "Vale"}, **more} for title in titles]}


def _listed(number, title, **more):
    return {"id": number, "type": "release", "title": f"Vale - {title}", "format": [], **more}


def _release(number, title, day, **more):
    tracks, people = [{"type_": "track", "title": title}], [{"id": 3, "name": "Vale"}]
    return {"id": number, "title": title, "released": day, "artists": people, "tracklist": tracks, **more}


REPLIES = {
    "musicbrainz": [
        _told(
            "/recording",
            {
                "recordings": [
                    _recording("Ember", "2024-06-01"),
                    _recording("Old", "2024-03-01"),
                    _recording("Year", "2024"),
                    _recording("Cut", "2024-05-01", **_group("DJ-mix")),
                ]
            },
            params={"query": "firstreleasedate:[2024-04-01"},
        )
    ],
    "deezer": [
        _told("/search/artist", {"data": [{"id": 4, "name": "Valerie"}, {"id": 5, "name": "VALE"}]}),
        _told(
            "/artist/5/albums",
            {
                "data": [
                    _album(1, "Old", "2024-03-01"),
                    _album(2, "Ember", "2024-06-01"),
                    _album(3, "Hits", "2024-05-01", "compile"),
                    _album(4, "?", "0000-00-00"),
                ]
            },
        ),
        _told("/album/2", {**_album(2, "Ember", "2024-06-01"), "label": "Deepwell", "tracks": _tracks("Ember")}),
        _told("/album/3", {**_album(3, "Hits", "2024-05-01", "compile"), "tracks": _tracks("Hit")}),
    ],
    "discogs": [
        _told(
            "/database/search",
            {
                "results": [
                    _listed(1, "Ember"),
                    _listed(2, "Old"),
                    _listed(3, "Year"),
                    _listed(4, "Hits", format=["Compilation"]),
                ]
            },
            params={"artist": "Vale", "year": "2024"},
        ),
        _told("/releases/1", _release(1, "Ember", "2024-06-01")),
        _told("/releases/2", _release(2, "Old", "2024-03-01")),
        _told("/releases/3", _release(3, "Year", "2024")),
    ],
}


@pytest.mark.parametrize("service", REPLIES)
def test_services_list_what_came_out_within_the_days(service, tmp_path):
    days = (date(2024, 4, 1), date(2024, 6, 30))
    ask = {"artist": "Vale", "title": "", "released": days}

    answer, _, _ = replay({"service": service, "ask": ask, "replies": REPLIES[service]}, tmp_path)

    assert answer.availability is Availability.OK
    assert {(hit.title, hit.artists, hit.release_date) for hit in answer.hits} == {
        ("Ember", ("Vale",), date(2024, 6, 1))
    }


def test_without_a_source_nothing_is_asked(workspace):
    assert NewReleases([])(_world(workspace), pl.Series(["1"])).is_empty()
