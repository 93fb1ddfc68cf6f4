"""Is this hit that track, and which of its labels is the track's?"""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded_replies import choose

from enrich.labels.book import LabelBook
from enrich.matching import recordings
from enrich.matching.choice import choose_all
from enrich.matching.recordings import RECORDINGS, hit_recordings, query_recordings
from enrich.matching.scores import SCORES, WEIGHTS, match_score, score_pairs
from enrich.matching.values import Hit, MatchScore, Outcome, TrackQuery


def asked(title: str, artist: str | None = "Alpha Kid", **more) -> TrackQuery:
    return TrackQuery(track_id="1", title=title, artist=artist, **more)


def listed(
    title: str, mix: str | None = None, artist: str = "Alpha Kid", label: str | None = "Deepwell", **more
) -> Hit:
    return Hit(source="beatport", title=title, mix=mix, artists=(artist,), label=label, **more)


def score(query: TrackQuery, hit: Hit) -> MatchScore:
    pair = pl.DataFrame({"query": [0], "hit": [0]})
    return match_score(score_pairs(query_recordings([query]), hit_recordings([hit]), pair).row(0, named=True))


@pytest.mark.parametrize(
    ("query", "hit"),
    [
        pytest.param(asked("Night Signal"), listed("Night Signal", "Original Mix"), id="plain-is-original"),
        pytest.param(asked("Night Signal (Extended Mix)"), listed("Night Signal"), id="extended-is-plain"),
        pytest.param(
            asked("Night Signal (Radio Edit)"), listed("Night Signal", "Extended Mix"), id="radio-is-extended"
        ),
        pytest.param(asked("night signal - extended mix"), listed("Night Signal (Extended Mix)"), id="dash"),
        pytest.param(asked("Night Signal (Orignal Mix)"), listed("Night Signal"), id="misspelt-version"),
        pytest.param(asked("Nigth Signal"), listed("Night Signal"), id="misspelt-title"),
        pytest.param(asked("Night Signal", "Alhpa Kid"), listed("Night Signal"), id="misspelt-artist"),
        pytest.param(asked("Night Signal (Beta Remix)"), listed("Night Signal", "Beta Remix"), id="the-remix"),
        pytest.param(
            asked("Night Signal (Beta's Extended Remix)"), listed("Night Signal", "Beta Remix"), id="the-remix-extended"
        ),
        pytest.param(asked("Night Signal (VIP)"), listed("Night Signal", "VIP Mix"), id="the-vip"),
        pytest.param(
            asked("Night Signal", "Beta & Alpha Kid"), listed("Night Signal", artist="Alpha Kid & Beta"), id="order"
        ),
        pytest.param(
            asked("Night Signal", "Alpha Kid vs. Beta"), listed("Night Signal", artist="Beta, Alpha Kid"), id="vs"
        ),
        pytest.param(
            asked("Night Signal feat. Zoë", "Alpha Kid"),
            listed("Night Signal", artist="Alpha Kid feat. Zoe"),
            id="guest",
        ),
        pytest.param(asked("Night Signal", "Aly, Fila"), listed("Night Signal", artist="Aly & Fila"), id="duo-split"),
        pytest.param(asked("Rain", "T78"), listed("Rain", artist="T78"), id="short-name"),
        pytest.param(asked("Çà et Là", "Émile Øst"), listed("Ca et La", artist="Emile Ost"), id="accents"),
        pytest.param(asked("Alpha Kid - Night Signal", None), listed("Night Signal"), id="artist-in-the-title"),
        pytest.param(asked("The Path Part II"), listed("Path, Pt. 2"), id="numerals"),
    ],
)
def test_same_recording_is_found(query, hit):
    choice = choose(query, [hit])

    assert score(query, hit).refused is None
    assert (choice.outcome, choice.label) == (Outcome.FOUND, "Deepwell")


@pytest.mark.parametrize(
    ("query", "hit", "rule"),
    [
        pytest.param(
            asked("Night Signal (Beta Remix)"), listed("Night Signal", "Gamma Remix"), "remixer", id="other-remix"
        ),
        pytest.param(
            asked("Night Signal"), listed("Night Signal", "Beta Remix"), "remixer", id="remix-for-the-original"
        ),
        pytest.param(
            asked("Night Signal (Beta Remix)"), listed("Night Signal"), "remixer", id="original-for-the-remix"
        ),
        pytest.param(
            asked("Night Signal"), listed("Night Signal", remixers=("Beta",)), "remixer", id="remixer-in-its-own-field"
        ),
        pytest.param(asked("Night Signal"), listed("Night Signal", "VIP"), "version", id="vip"),
        pytest.param(asked("Night Signal"), listed("Night Signal", "Live"), "version", id="live"),
        pytest.param(asked("Night Signal"), listed("Night Signal", "Acoustic Version"), "version", id="acoustic"),
        pytest.param(asked("Night Signal"), listed("Night Signal (Cover)"), "version", id="cover-said"),
        pytest.param(
            asked("Night Signal"), listed("Night Signal", artist="Tribute Band"), "artist", id="cover-by-others"
        ),
        pytest.param(asked("Night Signal"), listed("Day Signal"), "title", id="other-title"),
        pytest.param(asked("Rain"), listed("Train"), "title", id="a-letter-in-a-short-title"),
        pytest.param(asked("Yet Another Day"), listed("Yet Another Dub"), "title", id="a-word-in-a-long-title"),
        pytest.param(asked("Signal Part 1"), listed("Signal Part 2"), "title", id="other-part"),
        pytest.param(
            asked("Night Signal", "T78"), listed("Night Signal", artist="T79"), "artist", id="short-names-differ"
        ),
    ],
)
def test_another_recording_is_refused(query, hit, rule):
    choice = choose(query, [hit])

    assert score(query, hit).refused == rule
    assert (choice.outcome, choice.label) == (Outcome.NONE, None)


@pytest.mark.parametrize("mix", ["Bootleg", "Gamma Bootleg", "Beta Bootleg", "Gamma Mashup"])
def test_bootlegs_and_mashups_are_never_the_track(mix):
    assert choose(asked("Night Signal"), [listed("Night Signal", mix)]).outcome is Outcome.NONE


@pytest.mark.parametrize(
    ("query", "hit"),
    [
        pytest.param(asked("Night Signal"), listed("Night Signal", "Dub Mix"), id="own-dub"),
        pytest.param(asked("Night Signal"), listed("Night Signal", "Instrumental"), id="instrumental"),
        pytest.param(asked("Night Signal (Remix)"), listed("Night Signal", "Beta Remix"), id="remix-by-nobody"),
        pytest.param(asked("Night Signal (Beta Remix)"), listed("Night Signal", "Beta Dub"), id="remixers-dub"),
        pytest.param(
            asked("Night Signal (Beta & Gamma Remix)"), listed("Night Signal", "Beta Remix"), id="one-of-two-remixers"
        ),
        pytest.param(
            asked("Night Signal (Beta's Back 2 The Future Remix)"),
            listed("Night Signal", "Beta's Third Contact Remix"),
            id="two-remixes-by-one-remixer",
        ),
    ],
)
def test_near_versions_go_to_review(query, hit):
    choice = choose(query, [hit])

    assert (choice.outcome, choice.rule) == (Outcome.REVIEW, "weak_part")
    assert choice.label == "Deepwell"


def test_wrong_remix_first_is_not_taken():
    hits = [listed("Night Signal", "Beta Remix", label="Northgate"), listed("Night Signal", "Extended Mix")]

    choice = choose(asked("Night Signal (Extended Mix)"), hits)

    assert (choice.outcome, choice.label) == (Outcome.FOUND, "Deepwell")
    assert choice.rivals == ()


def test_earliest_release_wins():
    hits = [
        listed("Night Signal", label="Reissues Ltd", release_date=date(2019, 5, 1)),
        listed("Night Signal", label="Deepwell", release_date=date(2009, 5, 1)),
    ]

    choice = choose(asked("Night Signal"), hits)

    assert (choice.outcome, choice.rule, choice.label) == (Outcome.FOUND, "earliest", "Deepwell")
    assert [rival.label for rival in choice.rivals] == ["Reissues Ltd"]


@pytest.mark.parametrize(
    "more", [{"is_compilation": True}, {"is_official": False}], ids=["compilation", "bootleg-press"]
)
def test_compilations_and_unofficial_releases_lose(more):
    hits = [
        listed("Night Signal", label="Summer Hits", release_date=date(1999, 1, 1), **more),
        listed("Night Signal", label="Deepwell", release_date=date(2009, 5, 1)),
    ]

    assert choose(asked("Night Signal"), hits).label == "Deepwell"
    assert choose(asked("Night Signal"), hits[:1]).rule == "compilation_only"
    assert choose(asked("Night Signal"), hits[:1]).outcome is Outcome.REVIEW


@pytest.mark.parametrize("dates", [(None, None), (date(2024, 3, 15), date(2024, 4, 1))], ids=["undated", "weeks-apart"])
def test_rival_labels_go_to_review_with_both_shown(dates):
    hits = [
        listed("Night Signal", label=label, release_date=day)
        for label, day in zip(("Deepwell", "Northgate"), dates, strict=True)
    ]

    choice = choose(asked("Night Signal"), hits)

    assert (choice.outcome, choice.rule) == (Outcome.REVIEW, "rival_labels")
    assert {choice.label, *(rival.label for rival in choice.rivals)} == {"Deepwell", "Northgate"}
    assert "Deepwell" in choice.reason
    assert "Northgate" in choice.reason


def test_spellings_of_one_label_are_no_rivals():
    hits = [listed("Night Signal", label=label) for label in ("Black Hole", "Blackhole Recordings", "Black Hole/News")]

    assert choose(asked("Night Signal"), hits).outcome is Outcome.FOUND


def test_a_sub_label_wins_over_its_parent():
    book = LabelBook.learn(pl.DataFrame({"label": ["Armind (Armada)", "Armind", "Armada"]}))
    hits = [listed("Shivers", label="Armada Music"), listed("Shivers", label="Armind")]

    choice = choose(asked("Shivers"), hits, book=book)

    assert (choice.outcome, choice.rule, choice.label) == (Outcome.FOUND, "sub_label", "Armind")


@pytest.mark.parametrize(
    "label", [None, "Not On Label", "[no label]", "White", "Not On Label (Alpha Kid Self-released)"]
)
def test_a_release_without_label_names_none(label):
    choice = choose(asked("Night Signal"), [listed("Night Signal", label=label)])

    assert (choice.outcome, choice.rule, choice.label) == (Outcome.NONE, "no_label", None)


@pytest.mark.parametrize(
    ("title", "others", "rule"),
    [
        pytest.param("Exploration Of The Inner Space", (), "title_alone", id="long-and-alone"),
        pytest.param("Exploration Of The Inner Space", ("Beta",), "common_title", id="long-by-two-artists"),
        pytest.param("Signal", (), "common_title", id="short"),
        pytest.param("Get It On", (), "common_title", id="three-common-words"),
    ],
)
def test_without_an_artist_the_title_must_be_distinctive(title, others, rule):
    hits = [listed(title), *(listed(title, artist=other) for other in others)]

    choice = choose(asked(title, None), hits)

    assert choice.rule == rule
    assert choice.outcome is (Outcome.FOUND if rule == "title_alone" else Outcome.REVIEW)
    assert choose(asked(title, "Unknown Artist"), hits).rule == rule


def test_an_unknown_title_is_never_matched():
    assert choose(asked("ID"), [listed("ID")]).rule == "unknown_title"


def test_equal_isrc_settles_it():
    query = asked("Nite Signl", "A. Kid", isrc="gb-xxx-24-00001")
    right = listed("Night Signal", "Extended Mix", isrc="GBXXX2400001")
    wrong = listed("Nite Signl", artist="A. Kid", label="Northgate")

    assert score(query, right).refused is None
    assert score(query, right).total >= 0.98
    assert choose(query, [wrong, right]).label == "Deepwell"
    assert choose(asked("ID", None, isrc="GBXXX2400001"), [right]).label == "Deepwell"


@pytest.mark.parametrize(
    ("title", "mix", "ours", "theirs", "part"),
    [
        pytest.param("Night Signal", None, 300_000, 309_000, 1.0, id="ten-seconds-free"),
        pytest.param("Night Signal", None, 300_000, 325_000, 0.5, id="halfway"),
        pytest.param("Night Signal", None, 300_000, 345_000, 0.0, id="too-far"),
        pytest.param("Night Signal (Radio Edit)", "Extended Mix", 200_000, 400_000, None, id="radio-beside-extended"),
        pytest.param("Night Signal", None, 300_000, None, None, id="unknown"),
    ],
)
def test_duration_is_soft(title, mix, ours, theirs, part):
    fit = score(asked(title, duration_ms=ours), listed("Night Signal", mix, duration_ms=theirs))

    assert fit.parts.get("duration") == part
    assert fit.refused is None


def test_reading_does_not_depend_on_the_company():
    """A bracket that recurs in a long list must not change how one title is matched."""
    hits = [listed(f"Song {n} (Breakdown)", artist=f"Artist {n}", label=f"Label {n}") for n in range(12)]
    queries = [asked(f"Song {n} (Breakdown)", f"Artist {n}") for n in range(12)]
    plain = [listed("Song 1", artist="Artist 1", label="Other")]

    together = choose_all(queries, [[hit] for hit in hits])

    assert [c.label for c in together] == [hit.label for hit in hits]
    assert choose(queries[1], hits).label == "Label 1"
    assert choose(queries[1], plain).outcome is not Outcome.FOUND


def test_weights_are_one_table_that_adds_up():
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)


def test_frames_have_their_schemas():
    queries, hits = query_recordings([asked("A")]), hit_recordings([listed("A")])

    assert queries.schema == hits.schema == RECORDINGS
    assert score_pairs(queries, hits, pl.DataFrame({"query": [0], "hit": [0]})).schema == SCORES
    assert choose_all([], []) == []
    assert choose(asked("A"), []).rule == "no_hit"


names = st.sampled_from(["Alpha Kid", "Beta", "T78", "Émile Øst", "Gamma & Delta", "Aly & Fila", "X"])
titles = st.sampled_from(["Night Signal", "Rain", "Rain II", "Get It On", "Çà & Là", "Part 1", "!!!"])
mixes = st.sampled_from(
    [None, "Original Mix", "Extended Mix", "Beta Remix", "Gamma Remix", "VIP", "Dub", "Live", "Remix"]
)
tracks = st.tuples(names, titles, mixes)


@settings(deadline=None, max_examples=8)
@given(a=tracks, b=tracks)
def test_scores_are_bounded_and_symmetric(a, b):
    def pair(x, y):
        title = f"{x[1]} ({x[2]})" if x[2] else x[1]
        return score(asked(title, x[0]), listed(y[1], y[2], artist=y[0]))

    fit, back = pair(a, b), pair(b, a)

    assert 0 <= fit.total <= 1
    assert all(0 <= part <= 1 for part in fit.parts.values())
    assert fit.total == pytest.approx(back.total)
    assert fit.refused == back.refused
    assert (fit.refused is None) or a != b


def test_a_release_called_like_a_compilation_loses():
    hits = [
        listed("Night Signal", label="Summer Hits", release_title="Ibiza 2024: Mixed By Someone"),
        listed("Night Signal", label="Deepwell", release_title="Night Signal"),
        listed("Best Of You", label="Deepwell", release_title="Best Of You"),
    ]

    assert choose(asked("Night Signal"), hits[:2]).label == "Deepwell"
    assert choose(asked("Night Signal"), hits[:2]).outcome is Outcome.FOUND
    assert choose(asked("Best Of You"), hits[2:]).outcome is Outcome.FOUND


def test_a_remixers_remix_of_another_year_is_for_a_person():
    query = asked("Point Zero (Beta Mix)")

    later = choose(query, [listed("Point Zero", "Beta 2004 Remix")])
    same = choose(asked("Point Zero (Beta 2004 Remix)"), [listed("Point Zero", "Beta 2004 Remix")])

    assert (later.outcome, later.rule) == (Outcome.REVIEW, "weak_part")
    assert same.outcome is Outcome.FOUND


def test_another_word_of_the_same_length_is_another_title():
    assert choose(asked("Samba Music"), [listed("Samba Magic")]).outcome is Outcome.NONE


def test_a_label_of_compilations_is_not_written():
    found = choose(asked("Hulk"), [listed("Hulk", label="iCompilations")])

    assert (found.outcome, found.rule) == (Outcome.REVIEW, "compilation_only")


def test_what_came_with_a_hit_does_not_change_how_it_is_read():
    hit = listed("Night Signal (summer of love)")
    # The same bracket behind titles of many artists would be a label, if the column were allowed to speak for itself.
    others = [listed(f"Song {n} (summer of love)", artist=f"Somebody {n}") for n in range(300)]

    together = hit_recordings([hit, *others]).head(1)

    assert together.equals(hit_recordings([hit]))


def test_a_hit_is_read_alike_whatever_came_before_it():
    hits = [
        Hit(source="beatport", title=title, artists=("Alpha Kid",), label="Deepwell", mix=mix)
        for title in ("Night Signal", "Day [X]", "Rain (Breakdown)")
        for mix in (None, "Extended Mix", "Beta Remix")
    ]
    one_by_one = pl.concat([hit_recordings([hit]) for hit in hits]).drop("row")
    recordings._MEMORY = recordings._Memory()

    assert hit_recordings([*hits, *hits]).drop("row").equals(pl.concat([one_by_one, one_by_one]))
