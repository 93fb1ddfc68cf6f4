import polars as pl
import pytest

from enrich.cooccurrence.slots import base_key, hide, recordings, without_duplicate_sets


def rows(*plays, set_id="a-1", dj="X", day="2020-01-01"):
    return pl.DataFrame(
        [
            {"set_id": set_id, "dj": dj, "set_date": day, "position": i, "artist": a, "title": t}
            for i, (a, t) in enumerate(plays, start=1)
        ]
    ).with_columns(pl.col("set_date").str.to_date())


@pytest.mark.parametrize(
    ("title", "base"),
    [
        pytest.param("Opus (Four Tet Remix)", "opus", id="remix"),
        pytest.param("Opus [Virgin]", "opus", id="label"),
        pytest.param("Alone Tonight feat. Zoë", "alone tonight", id="guest"),
        pytest.param("Age Of Love - Solomun Renaissance Remix", "age of love", id="dashed-mix"),
        pytest.param("(Untold)", "untold", id="brackets-alone"),
    ],
)
def test_base_key(title, base):
    assert pl.DataFrame({"t": [title]}).select(base_key(pl.col("t"))).item() == base


REMIXES = (
    ("Tiësto & Kirsty", "Just Be (Wally Remix)"),
    ("Kirsty & Tiesto", "Just Be"),
    ("Tiesto feat. Somebody", "Just Be (Extended Mix)"),
    ("Kirsty", "Just Be (WALLY rmx)"),
    ("Other", "Just Be"),
    ("Tiesto", "Another"),
)


def test_spellings_and_mixes_of_one_recording_are_one_unit_and_a_remix_is_another():
    recording = recordings(rows(*REMIXES))["recording"]

    assert recording[1] == recording[2]
    assert recording[0] == recording[3]
    assert recording.n_unique() == 4


def test_versions_together_are_one_unit():
    recording = recordings(rows(*REMIXES), versions_together=True)["recording"]

    assert recording[:4].n_unique() == 1
    assert recording.n_unique() == 3


def test_hide_blanks_every_slot_of_a_unit_and_nothing_else():
    played = pl.concat([rows(("A", "T"), ("B", "U")), rows(("B", "U"), ("A", "T (Dub)"), set_id="a-2")])
    slots = recordings(played)
    recording = slots["recording"][0]

    hidden = hide(played, slots, pl.Series([recording]))

    blank = hidden.filter(pl.col("artist").is_null())
    assert blank.select("set_id", "position").rows() == [("a-1", 1), ("a-2", 2)]
    assert blank["title"].null_count() == blank["label"].null_count() == 2
    assert blank["track_key"].to_list() == [recording, recording]
    assert hidden.filter(pl.col("artist").is_not_null())["artist"].to_list() == ["B", "B"]


def test_a_second_listing_of_a_set_is_dropped_and_a_later_night_is_not():
    plays = [("A", "One"), ("B", "Two"), ("C", "Three"), ("D", "Four"), ("E", "Five")]
    first, shorter = rows(*plays), rows(*plays[:4], set_id="b-1", day="2020-01-02")
    later = rows(*plays, set_id="c-1", day="2020-02-02")

    kept = without_duplicate_sets(pl.concat([first, shorter, later]))

    assert set(kept["set_id"]) == {"a-1", "c-1"}
