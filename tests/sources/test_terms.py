from __future__ import annotations

import pytest

from enrich.matching.values import TrackQuery
from enrich.sources.terms import is_searchable, lucene, search_terms, worth_a_look


def terms(title, artist=None):
    return search_terms(TrackQuery(track_id="1", title=title, artist=artist))


@pytest.mark.parametrize(
    ("artist", "title", "text"),
    [
        pytest.param("A", "Night Signal", "A Night Signal", id="plain"),
        pytest.param("A", "Night Signal (Original Mix)", "A Night Signal", id="generic-version"),
        pytest.param("A", "Night Signal (Extended Mix) [Deepwell]", "A Night Signal", id="label"),
        pytest.param("A", "Night Signal (Beta Remix)", "A Night Signal Beta Remix", id="remix"),
        pytest.param("A", "Night Signal (feat. C) (Beta Remix)", "A Night Signal Beta Remix", id="feat-in-brackets"),
        pytest.param("A", "Night Signal feat. C", "A Night Signal", id="bare-feat"),
        pytest.param("A & B", "Night Signal", "A B Night Signal", id="two-artists"),
        pytest.param("A", "Night (Long Live Delta)", "A Night", id="version-word-inside"),
        pytest.param("A", "Night (Beta Mash Up)", "A Night Beta Mash Up", id="mash-up"),
        pytest.param("ID", "Night Signal", "Night Signal", id="unknown-artist"),
        pytest.param(None, "A - Night Signal", "A Night Signal", id="artist-in-title"),
        pytest.param(None, "Night Signal - Beta Remix", "Night Signal Beta Remix", id="version-after-dash"),
        pytest.param("A", "(Untold)", "A (Untold)", id="only-a-bracket"),
        pytest.param("A", "Night (Beta (UK) Remix)", "A Night Beta Remix", id="brackets-in-brackets"),
        pytest.param("A", "Night (open", "A Night open", id="bracket-never-closed"),
    ],
)
def test_search_text(artist, title, text):
    assert " ".join(terms(title, artist).text.split()) == text


def test_the_site_gets_one_pair_of_brackets_at_most():
    for title in ("Night (feat. C) (Beta Remix)", "Night ((a) b) (Beta Remix)", "Night", "N (a) (b) (c Mix)"):
        assert terms(title, "A").titled.count("(") <= 1


@pytest.mark.parametrize(
    ("title", "artists", "expected"),
    [
        pytest.param("Night Signal", "Alpha Kid", True, id="same"),
        pytest.param("Night Signal (Beta Remix)", "Alpha Kid", True, id="other-version"),
        pytest.param("Nite Signal", "Alpha Kid", True, id="misspelt"),
        pytest.param("Nigt Sgnal (The Very Long Name Of A Remix)", "Alpha Kid", True, id="misspelt-with-version"),
        pytest.param("Night Signal", "Delta, Alpha Kid", True, id="order-of-artists"),
        pytest.param("Night Signal", "Somebody Else", False, id="other-artist"),
        pytest.param("Other Thing", "Alpha Kid", False, id="other-title"),
    ],
)
def test_plausible(title, artists, expected):
    found = worth_a_look(terms("Night Signal (Extended Mix)", "Alpha Kid"), [(title, artists)], tuple)

    assert found == [(title, artists)] * expected


def test_short_names_count():
    results = [("Acid Lollipop", "T78"), ("Acid Lollipop", "T99")]

    assert worth_a_look(terms("Acid Lollipop", "T78"), results, tuple) == results[:1]


def test_lucene_escapes_every_special_character():
    assert lucene('a+b-c&d|e!(f){g}[h]^"~*?:\\/') == (r"a\+b\-c\&d\|e\!\(f\)\{g\}\[h\]\^" + r"\"\~\*\?\:\\\/")


@pytest.mark.parametrize("title", ["ID", "ID - ID", "???", "", "Unknown Track"])
def test_nothing_is_asked_about_an_unknown_title(title):
    assert not is_searchable(TrackQuery(track_id="1", artist="A", title=title))
    assert is_searchable(TrackQuery(track_id="1", artist="A", title=title, isrc="GBXXX2400001"))
