"""The catalogue itself: its search, its wire formats as documented, its misbehaviours against every client."""

from __future__ import annotations

import json
import subprocess
import sys

import httpx
import polars as pl
import pytest

from enrich.demo.catalogue.misbehaving import CONTENT, KINDS, Misbehaviour
from enrich.demo.catalogue.server import catalogue as serve
from enrich.demo.catalogue.shop import RELEASES, Shop, complete, read_releases
from enrich.errors import InputFileError
from enrich.matching.values import Availability
from enrich.settings import SOURCES, load_settings

ANY = "enrich-tests/1.0 ( x@example.org )"


def get(catalogue, source, path, **params):
    headers = {"User-Agent": ANY}
    if source == "beatport":
        headers["Authorization"] = f"Bearer {json.loads(catalogue.token_json())['access_token']}"
    return httpx.get(catalogue.urls()[source] + path, params=params, headers=headers, trust_env=False)


class TestStock:
    def test_a_title_is_enough(self):
        frame = complete(pl.DataFrame({"title": ["Night"], "mix": ["Beta Remix"], "extra": [1]}))

        assert frame.schema == RELEASES
        assert frame.select("remixer", "release_title", "is_compilation", "is_official").row(0) == (
            "Beta", "Night", False, True,
        )  # fmt: skip

    @pytest.mark.parametrize("mix", ["Original Mix", "Extended Remix", "Radio Edit", "Club Mix", "VIP", None])
    def test_a_version_is_no_remixer(self, mix):
        frame = pl.DataFrame({"title": ["Night"], "mix": [mix]}, schema_overrides={"mix": pl.String})
        assert complete(frame)["remixer"][0] is None

    @pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
    def test_it_is_read_from_files(self, tmp_path, suffix):
        path = tmp_path / f"r.{suffix}"
        frame = pl.DataFrame({"title": ["Night"], "label": ["Deepwell"], "release_date": ["2024-03-15"]})
        {"parquet": frame.write_parquet, "csv": frame.write_csv, "jsonl": frame.write_ndjson}[suffix](path)

        read = read_releases([path, path])

        assert read.height == 2
        assert str(read["release_date"][0]) == "2024-03-15"

    def test_bad_files_are_said_in_one_line(self, tmp_path):
        (tmp_path / "x.csv").write_text("artist\nme\n")
        with pytest.raises(InputFileError, match="no column title"):
            read_releases([tmp_path / "x.csv"])
        (tmp_path / "x.txt").write_text("")
        with pytest.raises(InputFileError, match="unknown kind of table"):
            read_releases([tmp_path / "x.txt"])

    @pytest.mark.shared
    def test_real_label_facts_can_be_served(self, shared_data):
        shop = Shop(read_releases([shared_data / "labels.parquet"]))

        assert len(shop.listings) > 29_000
        found = shop.find("deezer", title="Serenity", artist="Armin van Buuren")
        assert found[0].title == "Serenity"


class TestSearch:
    @pytest.fixture
    def shop(self, stocked):
        return Shop(stocked)

    def test_best_first_and_rivals_with_it(self, shop):
        found = shop.find("beatport", text="alpha kid night signal beta remix")

        assert found[0].label == "Northgate"
        assert {"Deepwell", "Summer Hits"} <= {one.label for one in found}

    def test_misspelt_words_are_understood(self, shop):
        assert shop.find("beatport", text="Alpha Kid Nigth Signal")[0].title == "Night Signal"

    def test_half_of_the_words_are_enough_to_be_found_wrongly(self, shop):
        assert "Solo" in {one.title for one in shop.find("beatport", text="gamma unheard of")} | {
            one.title for one in shop.find("beatport", text="gamma")
        }

    def test_nothing_in_common_is_not_found(self, shop):
        assert shop.find("beatport", text="something else entirely") == []

    def test_fields_are_met_each(self, shop):
        assert shop.find("deezer", title="Night Signal", artist="Gamma") == []

    def test_a_source_shows_what_it_carries(self):
        frame = pl.DataFrame({"title": ["A", "B"], "sources": ["deezer, discogs", None]})
        shop = Shop(frame)

        assert [one.title for one in shop.find("beatport", title="A")] == []
        assert [one.title for one in shop.find("deezer", title="A")] == ["A"]
        assert [one.title for one in shop.find("beatport", title="B")] == ["B"]

    def test_credits_are_split_where_a_half_releases_alone(self, shop):
        artists = {one.title: one.artists for one in shop.listings}

        assert artists["Solo"] == ("Gamma",)
        assert artists["Day Break"] == ("Gamma", "Delta")


class TestWireFormats:
    """Field names and paging as documented."""

    def test_beatport_search(self, catalogue):
        body = get(catalogue, "beatport", "/catalog/search/", q="night signal", type="tracks", per_page=2).json()

        assert set(body) == {"tracks", "count", "page", "per_page"}
        assert (body["page"], body["per_page"], body["count"]) == ("1/2", 2, 3)
        track = body["tracks"][0]
        assert {"id", "name", "mix_name", "artists", "remixers", "isrc", "length", "length_ms", "release"} <= set(track)
        assert track["release"]["label"]["name"] == "Deepwell"
        assert track["length"] == "5:26"

    def test_beatport_envelope(self, catalogue):
        body = get(catalogue, "beatport", "/catalog/tracks/", isrc="GBXXX2400001").json()

        assert set(body) == {"results", "next", "previous", "count", "page", "per_page"}
        assert (body["per_page"], body["next"], len(body["results"])) == (10, None, 1)

    def test_beatport_needs_its_token(self, catalogue):
        reply = httpx.get(catalogue.urls()["beatport"] + "/catalog/search/", trust_env=False)

        assert (reply.status_code, "detail" in reply.json()) == (401, True)

    def test_beatport_refuses_a_bad_renewal(self, catalogue):
        form = {"grant_type": "refresh_token", "refresh_token": "bad", "client_id": "catalogue-client"}
        reply = httpx.post(catalogue.urls()["beatport"] + "/auth/o/token/", data=form, trust_env=False)
        assert (reply.status_code, reply.json()) == (400, {"error": "invalid_grant"})

    def test_beatport_site_refuses_two_brackets(self, catalogue):
        reply = httpx.get(catalogue.site_url + "/search/tracks", params={"q": "a (b) (c)"}, trust_env=False)
        assert reply.status_code == 403

    def test_musicbrainz_recordings_carry_no_labels(self, catalogue):
        query = 'recording:"Night Signal" AND artist:"Alpha Kid"'
        body = get(catalogue, "musicbrainz", "/recording", query=query, fmt="json").json()

        assert "label-info" not in json.dumps(body)
        first = body["recordings"][0]
        assert (first["score"], first["title"]) == (100, "Night Signal (extended mix)")

    def test_musicbrainz_refuses_labels_on_recordings(self, catalogue):
        reply = get(catalogue, "musicbrainz", "/recording/x", inc="labels")
        assert reply.status_code == 400
        assert reply.json()["error"] == "labels is not a valid inc parameter for the recording resource."

    def test_musicbrainz_refuses_the_nameless(self, catalogue):
        reply = httpx.get(catalogue.urls()["musicbrainz"] + "/recording", params={"query": "x"}, trust_env=False)
        assert reply.status_code == 403

    def test_deezer_says_errors_with_200(self, catalogue):
        reply = get(catalogue, "deezer", "/track/isrc:NONE")
        assert (reply.status_code, reply.json()["error"]["code"]) == (200, 800)

    def test_discogs_says_what_is_left(self, catalogue):
        reply = get(catalogue, "discogs", "/database/search", track="Night Signal", type="release")

        assert reply.headers["X-Discogs-Ratelimit"] == "25"
        first = reply.json()["results"][0]
        assert first["title"] == "Alpha Kid - Night Signal"
        assert "Some Pressing Plant" in first["label"]
        assert get(catalogue, "discogs", "/releases/999").json() == {"message": "Release not found."}

    def test_a_wrong_path_is_404(self, catalogue):
        assert httpx.get(catalogue.address + "/nothing", trust_env=False).status_code == 404


BROKEN = {
    "challenge": Availability.BLOCKED,
    "ban_502": Availability.DOWN,
    "busy_503": Availability.DOWN,
    "busy_503_all": Availability.DOWN,
    "too_many": Availability.DOWN,
    "server_error": Availability.DOWN,
    "blockless": Availability.FAILED,
}


@pytest.mark.parametrize("source", SOURCES)
class TestEveryClient:
    @pytest.mark.parametrize("kind", sorted(BROKEN))
    def test_no_answer_is_never_a_miss_and_heals(self, open_one, night_signal, catalogue, source, kind):
        catalogue.misbehave(source, kind)
        answer = open_one(source).search(night_signal)

        banned = source == "traxsource" and kind == "ban_502"
        assert answer.availability is (Availability.BLOCKED if banned else BROKEN[kind])
        assert answer.hits == ()
        assert answer.reason

    @pytest.mark.parametrize("kind", ["challenge", "server_error", "blockless"])
    def test_what_failed_is_asked_again_in_the_next_run(
        self, open_one, night_signal, catalogue, source, kind, settings
    ):
        from enrich.sources.base import open_sources
        from enrich.sources.pace import LimitRegistry

        catalogue.misbehave(source, kind)
        open_one(source).search(night_signal)
        catalogue.misbehave(source, None)
        pointed = catalogue.settings(settings, sources=[source], rate=500)
        (again,) = open_sources(pointed, registry=LimitRegistry())

        answer = again.search(night_signal)

        assert (answer.availability, answer.from_cache) == (Availability.OK, False)
        assert any(hit.label == "Deepwell" for hit in answer.hits)

    @pytest.mark.parametrize("retry_after", [None, "0", "Thu, 01 Jan 2026 00:00:00 GMT"])
    def test_429_is_waited_out(self, open_one, night_signal, catalogue, source, retry_after):
        catalogue.misbehave(source, Misbehaviour(kind="too_many", requests=2, retry_after=retry_after))

        assert any(hit.label == "Deepwell" for hit in open_one(source).search(night_signal).hits)

    def test_nothing_found_is_a_miss(self, open_one, night_signal, catalogue, source):
        catalogue.misbehave(source, "empty")

        answer = open_one(source).search(night_signal)

        assert (answer.availability, answer.hits, answer.reason) == (Availability.OK, (), None)

    def test_no_label_is_a_hit_without_one(self, open_one, night_signal, catalogue, source):
        catalogue.misbehave(source, "no_label")

        hits = open_one(source).search(night_signal).hits

        assert hits
        assert {hit.label for hit in hits} == {None}

    def test_rival_labels_are_both_returned(self, open_one, night_signal, catalogue, source):
        catalogue.misbehave(source, "rival_labels")

        labels = {hit.label for hit in open_one(source).search(night_signal).hits if hit.mix != "Beta Remix"}

        assert len(labels) >= 2

    def test_the_right_version_is_among_them_when_the_wrong_one_is_first(
        self, open_one, night_signal, catalogue, source
    ):
        catalogue.misbehave(source, "wrong_first")

        hits = open_one(source).search(night_signal).hits

        assert any((hit.mix or "").casefold() == "extended mix" and hit.label == "Deepwell" for hit in hits)

    def test_the_second_run_asks_nothing(self, open_one, night_signal, nothing, catalogue, source):
        first = [open_one(source).search(query) for query in (night_signal, nothing)]
        asked = catalogue.count()
        second = [open_one(source).search(query) for query in (night_signal, nothing)]

        assert catalogue.count() == asked
        assert [one.hits for one in second] == [one.hits for one in first]
        assert [one.from_cache for one in first + second] == [False, False, True, True]

    def test_letters_survive_the_wire(self, open_one, source):
        from enrich.matching.values import TrackQuery

        hits = open_one(source).search(TrackQuery(track_id="1", artist="Emile Ost", title="Ça & La (VIP)")).hits

        assert {hit.label for hit in hits} == {"Éditions"}

    def test_an_unknown_title_is_asked_of_nobody(self, open_one, catalogue, source):
        from enrich.matching.values import TrackQuery

        answer = open_one(source).search(TrackQuery(track_id="1", artist="Alpha Kid", title="ID"))

        assert (answer.availability, answer.hits, catalogue.count()) == (Availability.OK, (), 0)


def test_every_misbehaviour_is_tried_here_or_with_its_source():
    tried_with_their_source = {"expired_token", "quota", "busy", "truncated", "two_pages", "bare_hits", "slow"}

    assert set(BROKEN) | {"empty", "no_label", "rival_labels", "wrong_first"} | tried_with_their_source == KINDS
    assert CONTENT < KINDS


def test_slow_answers_are_down(catalogue, settings, registry, night_signal):
    from enrich.sources.base import open_sources
    from enrich.sources.http import Timeouts

    catalogue.misbehave("deezer", Misbehaviour(kind="slow", delay_s=0.5))
    pointed = catalogue.settings(settings, sources=["deezer"], rate=500)
    (deezer,) = open_sources(pointed, registry=registry, timeouts=Timeouts(read_s=0.05))

    answer = deezer.search(night_signal)

    assert (answer.availability, "no answer in time" in answer.reason) == (Availability.DOWN, True)


def test_misbehaviour_ends_by_count_and_begins_after(catalogue):
    catalogue.misbehave("deezer", Misbehaviour(kind="server_error", requests=2, after=1))

    assert [get(catalogue, "deezer", "/album/1").status_code for _ in range(5)] == [200, 500, 500, 200, 200]


def test_misbehaviour_ends_by_time(catalogue):
    catalogue.misbehave("deezer", Misbehaviour(kind="server_error", seconds=0.0))

    assert get(catalogue, "deezer", "/album/1").status_code == 200


def test_an_unknown_misbehaviour_is_refused():
    with pytest.raises(ValueError, match="known are"):
        Misbehaviour(kind="sulk")


def test_settings_alone_point_the_clients_there(catalogue, settings, monkeypatch):
    for name, value in catalogue.environment(rate=20).items():
        monkeypatch.setenv(name, value)

    loaded = load_settings(_env_file=None)

    assert loaded.sources == SOURCES
    assert loaded.deezer_url == catalogue.urls()["deezer"]
    assert loaded.traxsource_rate == 20


def test_it_listens_on_loopback_only(catalogue):
    assert catalogue._server.server_address[0] == "127.0.0.1"


def test_another_stock_has_another_address():
    one, other = (Shop(pl.DataFrame({"title": ["A"], "label": [label]})) for label in ("L", "M"))

    assert one.fingerprint != other.fingerprint
    assert one.fingerprint == Shop(pl.DataFrame({"title": ["A"], "label": ["L"]})).fingerprint


def test_the_function_says_what_it_serves(tmp_path):
    path = tmp_path / "r.csv"
    pl.DataFrame({"title": ["A", "B"], "label": ["L", "L"]}).write_csv(path)

    result = serve([path], rate=5)

    assert (result["tracks"], result["labels"], result["requests"]) == (2, 1, 0)
    assert result["settings"]["ENRICH_DEEZER_RATE"] == "5"


def test_the_command_serves_until_it_is_told_to_stop(tmp_path):
    path = tmp_path / "r.csv"
    pl.DataFrame({"artist": ["Alpha Kid"], "title": ["Night Signal"], "label": ["Deepwell"]}).write_csv(path)
    command = [sys.executable, "-m", "enrich", "catalogue", str(path), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        told = json.loads(process.stdout.readline())
        url = told["settings"]["ENRICH_DEEZER_URL"]
        found = httpx.get(f"{url}/search", params={"q": "night signal"}, trust_env=False).json()
        process.terminate()
        _, talk = process.communicate(timeout=10)
    finally:
        process.kill()

    assert found["total"] == 1
    assert process.returncode == 0
    assert "1 requests answered" in talk


def test_the_command_refuses_a_bad_misbehaviour(tmp_path):
    command = [sys.executable, "-m", "enrich", "catalogue", "x.csv", "--misbehave", "beatport=sulk"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)

    assert done.returncode == 1
    assert done.stderr.startswith("enrich: --misbehave beatport=sulk: expected SOURCE=KIND")
    assert len(done.stderr.strip().splitlines()) == 1
