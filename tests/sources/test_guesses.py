"""An artist who is only a guess: what the title's own listing rules out is not asked for by name."""

from dataclasses import replace

import pytest

from enrich.matching.values import TrackQuery
from enrich.sources import discogs, musicbrainz
from enrich.sources.cache import HOUR_S
from enrich.sources.pace import LimitRegistry

FIELDED = ["musicbrainz", "discogs"]
TITLE = TrackQuery(track_id="1", title="Day Break")
GUESSES = [replace(TITLE, artist=name, is_guess=True) for name in ("Nobody Atall", "T78", "Solo Man", "Émile Øst")]
RIGHT = replace(TITLE, artist="Gamma & Delta", is_guess=True)


@pytest.mark.parametrize("name", FIELDED)
def test_who_is_not_listed_under_the_title_is_not_asked_for(open_one, catalogue, name):
    source = open_one(name)
    source.search(TITLE)
    before = catalogue.count()

    answers = [source.search(guess) for guess in GUESSES]

    assert all(answer.hits == () and answer.from_cache for answer in answers)
    assert catalogue.count() == before


@pytest.mark.parametrize("name", FIELDED)
def test_who_is_listed_is_found_as_if_he_were_known(open_one, name):
    known = open_one(name, use_cache=False).search(replace(RIGHT, is_guess=False)).hits

    assert open_one(name, use_cache=False).search(RIGHT).hits == known != ()


@pytest.mark.parametrize("name", FIELDED)
def test_a_title_asked_for_by_nobody_costs_one_request_for_all_guesses(open_one, catalogue, name):
    source = open_one(name)

    assert all(source.search(guess).hits == () for guess in GUESSES)

    assert catalogue.count() == 1


@pytest.mark.parametrize(("name", "module"), [("musicbrainz", musicbrainz), ("discogs", discogs)])
def test_where_more_is_listed_than_a_page_every_guess_is_asked_for(open_one, catalogue, monkeypatch, name, module):
    monkeypatch.setattr(module, "_PAGE", 1)
    source = open_one(name)
    first = replace(GUESSES[0], title="Night Signal")
    source.search(first)

    asked = catalogue.count()

    assert asked > 1
    source.search(replace(first, artist="Solo Man"))
    assert catalogue.count() > asked


class TestFreshness:
    @pytest.fixture
    def registry(self, hands):
        return LimitRegistry(clock=hands.clock)

    @pytest.mark.parametrize(
        ("name", "hours", "requests"),
        [("musicbrainz", 48, 0), ("musicbrainz", 96, 1), ("discogs", 2, 0), ("discogs", 4, 1)],
    )
    def test_what_is_not_listed_counts_for_as_long_as_a_miss(self, open_one, catalogue, hands, name, hours, requests):
        source = open_one(name)
        source.search(TITLE)
        hands.pass_by(hours * HOUR_S)
        before = catalogue.count()

        source.search(GUESSES[0])

        assert catalogue.count() == before + requests


def test_a_guess_is_no_other_question_to_a_free_text(open_one, catalogue):
    source = open_one("beatport")
    source.search(TITLE)
    before = catalogue.count()

    source.search(GUESSES[0])

    assert catalogue.count() == before + 1
