"""The specification's worked example, run as it is printed, and its numbers under the formula."""

from __future__ import annotations

import asyncio

import pytest

from enrich.cooccurrence import CoOccurrenceAnalyzer, extract_contexts_from_1001tracklists

ANJUNA = "Anjunabeats"


def a_set(name: str, date: str, *tracks: tuple[str, str, str | None]) -> dict:
    return {
        "name": f"Above & Beyond @ {name}",
        "artist": "Above & Beyond",
        "date": date,
        "tracks": [{"artist": artist, "name": title, "publisher": label} for artist, title, label in tracks],
    }


ILAN = ("Ilan Bluestone", "Frozen Ground", ANJUNA)
SPENCER = ("Spencer Brown", "Rainy Road", ANJUNA)
UNKNOWN = ("ID", "ID", None)
OPENER = ("Above & Beyond", "Thing Called Love", ANJUNA)
CLOSER = ("Oceanlab", "Satellite", ANJUNA)


def three_sets() -> list[dict]:
    # Two openers and two closers keep them out of the window of two.
    return [
        a_set(f"ABGT {n} London", f"2022-10-{n - 490}", OPENER, OPENER, ILAN, UNKNOWN, SPENCER, CLOSER, CLOSER)
        for n in (500, 501, 502)
    ]


def taste(**plays: int) -> dict:
    """Another set of theirs, without an unknown, that shows whom they play."""
    names = {"ilan": "Ilan Bluestone", "spencer": "Spencer Brown", "own": "Above & Beyond"}
    return a_set(
        "Group Therapy", "2022-09-01", *((names[who], f"Track {i}", None) for who, n in plays.items() for i in range(n))
    )


def example(raw, **options):
    """The specification's lines, as printed."""

    async def run():
        raw_1001tl_data = raw
        contexts = await extract_contexts_from_1001tracklists(
            tracklist_data=raw_1001tl_data,
            target_track_title="ID - ID"
        )  # fmt: skip

        analyzer = CoOccurrenceAnalyzer(**options)
        probabilities = await analyzer.analyze_track_context(
            track_title="ID - ID",
            contexts=contexts
        )  # fmt: skip
        return contexts, probabilities

    return asyncio.run(run())


def test_the_printed_set_alone_is_one_set_and_no_pattern():
    contexts, probabilities = example(a_set("ABGT 500 London", "2022-10-15", ILAN, UNKNOWN, SPENCER))

    assert [(c.position, c.dj) for c in contexts] == [(2, "Above & Beyond")]
    assert [p.artist for p in contexts[0].before] == ["Ilan Bluestone"]
    assert [p.artist for p in contexts[0].after] == ["Spencer Brown"]
    assert probabilities == []


def test_the_printed_set_alone_scores_one_where_one_set_is_enough():
    _, probabilities = example(a_set("ABGT 500 London", "2022-10-15", ILAN, UNKNOWN, SPENCER), min_occurrences=1)

    # 0.5 × 1 (in its only set) + 0.3 × 1 (both neighbours on Anjunabeats) + 0.2 × 1 (nobody is played more).
    assert [(p.artist_name, p.probability) for p in probabilities] == [("Ilan Bluestone", 1.0), ("Spencer Brown", 1.0)]
    assert probabilities[0].evidence[:3] == (
        "Played after Ilan Bluestone in Above & Beyond's set",
        "Played before Spencer Brown in Above & Beyond's set",
        "Surrounded by Anjunabeats releases in 1 set",
    )


def test_the_printed_probability_is_what_the_formula_gives_for_a_dj_who_plays_ilan_seven_times_to_twenty():
    # In the three sets: themselves 6, Ilan 3, Spencer 3. With the other one: 20, 7, 3.
    _, probabilities = example([*three_sets(), taste(own=14, ilan=4)])
    ilan = next(p for p in probabilities if p.artist_name == "Ilan Bluestone")

    # 0.5 × 3/3 + 0.3 × 1 + 0.2 × 7/20
    assert ilan.probability == pytest.approx(0.87)
    assert ilan.occurrence_count == 3
    assert ilan.label_support == ANJUNA
    assert ilan.evidence == (
        "Played after Ilan Bluestone in 3 of Above & Beyond's sets",
        "Played before Spencer Brown in 3 of Above & Beyond's sets",
        "Surrounded by Anjunabeats releases in 3 sets",
        "Played by Above & Beyond who runs Anjunabeats",
    )
    assert set(ilan.asdict()) == {
        "artist_name", "probability", "confidence", "occurrence_count", "label_support", "evidence",
    }  # fmt: skip


def test_who_is_near_in_every_set_and_is_the_dj_comes_first():
    _, probabilities = example([*three_sets(), taste(own=14, ilan=4)])

    # Above & Beyond: 0.5 + 0.3 + 0.2 × 1, the DJ being the artist. Oceanlab: … 6/20. Spencer Brown: … 3/20.
    assert [(p.artist_name, round(p.probability, 4)) for p in probabilities] == [
        ("Above & Beyond", 1.0),
        ("Ilan Bluestone", 0.87),
        ("Oceanlab", 0.86),
        ("Spencer Brown", 0.83),
    ]


@pytest.mark.parametrize(
    ("target", "positions"),
    [
        pytest.param("ID - ID", [3], id="nobody-knows"),
        pytest.param("ID", [3], id="title-alone-unknown"),
        pytest.param("ID - Frozen Ground", [4], id="title-known-artist-not"),
        pytest.param("Frozen Ground", [1, 4], id="title-alone"),
        pytest.param("ilan bluestone - frozen ground", [1], id="both-known"),
        pytest.param("Nobody - Nothing", [], id="not-there"),
    ],
)
def test_slots_of_a_target(target, positions):
    raw = a_set("X", "2022-01-01", ILAN, SPENCER, UNKNOWN, ("ID", "Frozen Ground", None))

    found = asyncio.run(extract_contexts_from_1001tracklists(tracklist_data=raw, target_track_title=target))

    assert [c.position for c in found] == positions


def test_no_contexts_no_artists():
    assert asyncio.run(CoOccurrenceAnalyzer().analyze_track_context(track_title="ID - ID", contexts=[])) == []
