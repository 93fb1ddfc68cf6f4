from __future__ import annotations

import json
import stat
import threading
from datetime import date

import pytest
from pydantic import SecretStr

from enrich.matching.values import Availability, TrackQuery
from enrich.settings import SettingsError
from enrich.sources import beatport as beatport_source
from enrich.sources.base import ClosedSource, open_sources
from enrich.sources.beatport import Beatport, BeatportSite
from enrich.sources.replies import Reply


@pytest.fixture
def beatport(open_one):
    return open_one("beatport")


def test_the_label_is_the_releases(beatport, night_signal, catalogue):
    answer = beatport.search(night_signal)

    best = answer.hits[0]
    assert (best.title, best.mix, best.artists, best.label) == (
        "Night Signal",
        "Extended Mix",
        ("Alpha Kid",),
        "Deepwell",
    )
    assert (best.catalog_number, best.isrc, best.duration_ms) == ("DWR042", "GBXXX2400001", 326000)
    assert best.release_date == date(2024, 3, 15)
    assert best.url.startswith("https://www.beatport.com/track/night-signal/")
    (sent,) = catalogue.log
    assert (sent.path, sent.params["q"], sent.params["type"]) == (
        "/catalog/search/",
        "Alpha Kid Night Signal",
        "tracks",
    )


def test_remixers_are_apart(beatport, night_signal):
    remix = next(hit for hit in beatport.search(night_signal).hits if hit.mix == "Beta Remix")

    assert (remix.artists, remix.remixers, remix.label) == (("Alpha Kid",), ("Beta",), "Northgate")


def test_an_isrc_needs_no_search(beatport, catalogue):
    answer = beatport.search(TrackQuery(track_id="1", title="x", isrc="GBXXX2400002"))

    assert [hit.label for hit in answer.hits] == ["Northgate"]
    assert [one.path for one in catalogue.log] == ["/catalog/tracks/"]
    assert catalogue.log[0].params["isrc"] == "GBXXX2400002"


def test_an_unknown_isrc_is_searched_by_name(beatport, night_signal, catalogue):
    query = TrackQuery(track_id="1", artist="Alpha Kid", title="Night Signal", isrc="USABC9900001")

    assert beatport.search(query).hits
    assert [one.path for one in catalogue.log] == ["/catalog/tracks/", "/catalog/search/"]


def test_a_hit_without_its_label_asks_the_release(beatport, night_signal, catalogue):
    catalogue.misbehave("beatport", "bare_hits")

    hits = beatport.search(night_signal).hits

    assert {hit.label for hit in hits} == {"Deepwell", "Northgate", "Summer Hits"}
    assert {hit.label: hit.is_compilation for hit in hits}["Summer Hits"]
    assert sum("/catalog/releases/" in one.path for one in catalogue.log) == 3


def test_two_pages(open_one, night_signal, big_catalogue):
    big_catalogue.misbehave("beatport", "two_pages")

    answer = open_one("beatport", at=big_catalogue).search(night_signal)

    assert answer.hits[0].label == "Deepwell"
    assert [one.params["page"] for one in big_catalogue.log] == ["1", "2"]


class TestToken:
    def test_expired_it_is_renewed_once(self, beatport, night_signal, catalogue):
        catalogue.misbehave("beatport", "expired_token")

        assert beatport.search(night_signal).hits[0].label == "Deepwell"
        assert [(one.method, one.path, one.status) for one in catalogue.log] == [
            ("GET", "/catalog/search/", 401),
            ("POST", "/auth/o/token/", 200),
            ("GET", "/catalog/search/", 200),
        ]

    def test_threads_renew_it_together(self, beatport, catalogue):
        catalogue.misbehave("beatport", "expired_token")
        answers = []

        def ask(n: int) -> None:
            answers.append(beatport.search(TrackQuery(track_id=str(n), artist="Alpha Kid", title=f"Night Signal {n}")))

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert {answer.availability for answer in answers} == {Availability.OK}
        assert sum(one.path == "/auth/o/token/" for one in catalogue.log) == 1

    def test_from_a_file_it_is_written_back(self, open_one, night_signal, catalogue, tmp_path):
        file = tmp_path / "token.json"
        file.write_text(catalogue.token_json())
        file.chmod(0o644)
        catalogue.misbehave("beatport", "expired_token")

        open_one("beatport", beatport_token=SecretStr(str(file))).search(night_signal)

        kept = json.loads(file.read_text())
        assert (kept["access_token"], kept["refresh_token"]) == ("loopback-access-2", "loopback-refresh-2")
        assert kept["client_id"] == "catalogue-client", "what the reply does not carry is kept"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [one.name for one in tmp_path.iterdir() if "token" in one.name] == ["token.json"]

        catalogue.misbehave("beatport", None)
        again = open_one("beatport", beatport_token=SecretStr(str(file)), use_cache=False)
        assert again.search(night_signal).availability is Availability.OK

    def test_bare_it_cannot_be_renewed(self, open_one, night_signal, catalogue):
        bare = open_one("beatport", beatport_token=SecretStr("loopback-access-1"))
        assert bare.search(night_signal).availability is Availability.OK

    def test_refused_it_blocks_and_says_so_without_showing_it(self, open_one, night_signal, catalogue):
        answer = open_one("beatport", beatport_token=SecretStr("wrong-and-secret")).search(night_signal)

        assert answer.availability is Availability.BLOCKED
        assert "check the token" in answer.reason
        assert "secret" not in answer.reason
        assert catalogue.count() == 1

    @pytest.mark.parametrize(
        ("value", "complaint"),
        [
            pytest.param("/nowhere/token.json", "cannot read", id="no-file"),
            pytest.param("{not json", "not JSON", id="broken"),
            pytest.param('{"refresh_token": "x"}', "no access_token", id="empty"),
        ],
    )
    def test_a_bad_one_is_a_settings_error(self, settings, value, complaint):
        with pytest.raises(SettingsError, match=complaint):
            open_sources(settings.model_copy(update={"sources": ("beatport",), "beatport_token": SecretStr(value)}))


class TestWhichFace:
    @pytest.mark.parametrize(
        ("update", "kind"),
        [
            pytest.param({"beatport_token": SecretStr("t")}, Beatport, id="token"),
            pytest.param({}, ClosedSource, id="nothing"),
            pytest.param({"sources": ("beatport",)}, BeatportSite, id="named-without-token"),
            pytest.param(
                {
                    "sources": ("beatport",),
                    "beatport_token": SecretStr("t"),
                    "beatport_url": "https://www.beatport.com",
                },
                BeatportSite,
                id="site-address",
            ),
            pytest.param({"beatport_url": "https://www.beatport.com"}, ClosedSource, id="site-not-named"),
            pytest.param(
                {"sources": ("beatport",), "beatport_url": "http://127.0.0.1:1/v4"}, ClosedSource, id="v4-without-token"
            ),
        ],
    )
    def test_by_settings(self, settings, update, kind):
        beatport = next(s for s in open_sources(settings.model_copy(update=update)) if s.name == "beatport")

        assert isinstance(beatport, kind)


class TestSite:
    @pytest.fixture
    def site(self, open_one, catalogue):
        return open_one("beatport", beatport_url=catalogue.site_url, beatport_token=None)

    def test_the_block_is_read(self, site, night_signal, catalogue):
        hits = site.search(night_signal).hits

        best = hits[0]
        assert (best.title, best.mix, best.label, best.isrc) == (
            "Night Signal",
            "Extended Mix",
            "Deepwell",
            "GBXXX2400001",
        )
        remix = next(hit for hit in hits if hit.mix == "Beta Remix")
        assert (remix.artists, remix.remixers) == (("Alpha Kid",), ("Beta",))
        assert {hit.title for hit in hits} == {"Night Signal"}, "a name that ends in its mix loses it"
        assert catalogue.log[0].path == "/search/tracks"

    def test_more_than_one_bracket_is_never_sent(self, site, catalogue):
        query = TrackQuery(track_id="1", artist="Alpha Kid", title="Night Signal (feat. C) (from Z) (Beta Remix)")

        assert site.search(query).availability is Availability.OK
        assert catalogue.log[0].params["q"].count("(") == 1

    def test_a_page_without_the_block_is_no_miss(self, site, night_signal, catalogue):
        catalogue.misbehave("beatport", "blockless")
        answer = site.search(night_signal)

        assert (answer.availability, answer.hits) == (Availability.FAILED, ())
        assert "changed page" in answer.reason

    def test_a_challenge_blocks(self, site, night_signal, nothing, catalogue):
        catalogue.misbehave("beatport", "challenge")

        assert site.search(night_signal).availability is Availability.BLOCKED
        assert site.search(nothing).availability is Availability.BLOCKED
        assert catalogue.count() == 1, "left alone after the first"

    def test_a_miss_is_a_miss(self, site, nothing):
        answer = site.search(nothing)
        assert (answer.availability, answer.hits) == (Availability.OK, ())


SEARCHED = {
    "track_id": 9, "track_name": "Night &amp; Day", "mix_name": "Dub", "length": 326_000,
    "artists": [{"artist_name": "Alpha"}, {"artist_name": "Beta", "artist_type_name": "Remixer"}],
    "label": {"label_name": "Deepwell"}, "release_date": "2024-03-15T00:00:00",
}  # fmt: skip
CATALOGUED = {
    "id": 9, "name": "Night & Day", "mix_name": "Dub", "artists": [{"name": "Alpha"}], "remixers": [{"name": "Beta"}],
    "release": {"name": "EP", "label": {"name": "Deepwell"}}, "new_release_date": "2024-03-15", "length_ms": 326_000,
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "track"),
    [
        pytest.param(["search-tracks", {}], SEARCHED, id="as-recorded"),
        pytest.param("search-tracks", SEARCHED, id="key-without-a-list"),
        pytest.param(["search-tracks"], SEARCHED | {"length": "5:26"}, id="length-as-a-clock"),
        pytest.param(["search-tracks"], CATALOGUED, id="as-the-catalogue-writes-it"),
    ],
)
def test_layouts_of_the_search_page(key, track):
    queries = [{"queryKey": ["user"], "state": {"data": {}}}]
    queries.append({"queryKey": key, "state": {"data": {"data": [track]}}})
    block = json.dumps({"props": {"pageProps": {"dehydratedState": {"queries": queries}}}})
    body = f'<html><script id="__NEXT_DATA__" type="application/json">{block}</script></html>'

    (hit,) = beatport_source._tracks(Reply("beatport: http://x", 200, {}, body.encode()))

    assert (hit.title, hit.mix, hit.artists, hit.remixers) == ("Night & Day", "Dub", ("Alpha",), ("Beta",))
    assert (hit.label, str(hit.release_date), hit.duration_ms) == ("Deepwell", "2024-03-15", 326_000)
