"""Planting promos: what is hidden, what stays, and that nothing gives the name away."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.errors import EnrichError
from enrich.replaying.unknowns import UNKNOWNS, Promos, plant_promos, with_truth
from enrich.tracklists.slots import SLOTS

DAY = date(2010, 1, 1)


def slots_of(rows):
    """rows: set_id, days after DAY, position, artist, title."""
    return pl.DataFrame(
        [
            {"set_id": s, "set_date": DAY + timedelta(days=d), "position": p, "artist": a, "title": t, "dj": "D",
             "label": "Armada" if a else None, "catalog_number": "ARM1", "track_key": f"{a}-{t}", "isrc": "X",
             "is_id": a is None}
            for s, d, p, a, t in rows
        ],
        schema=SLOTS,
    )  # fmt: skip


ROWS = [
    ("a", 0, 1, "X", "First Song"),
    ("b", 41, 1, "x", "First  song"),
    ("c", 42, 1, "X", "First Song"),
    ("c", 42, 2, None, "Real Unknown"),
    ("c", 42, 3, "X", "ID"),
    ("d", 50, 1, "Y", "Only Once"),
]


def test_plays_of_the_first_weeks_are_hidden_and_later_ones_are_not():
    seen, unknowns = plant_promos(slots_of(ROWS), Promos(seed=1, share=1.0, weeks=6))

    assert unknowns.schema == UNKNOWNS
    assert unknowns.select("set_id", "position").rows() == [("a", 1), ("b", 1), ("c", 2), ("d", 1)]
    assert unknowns["known_from"].to_list() == [DAY + timedelta(days=42)] * 2 + [None, None]
    assert unknowns["true_artist"].to_list() == ["X", "x", None, "Y"]
    assert seen["artist"].to_list() == [None, None, "X", None, "X", None]
    hidden = seen.filter(pl.col("artist").is_null() & (pl.col("title").is_null() | (pl.col("title") != "Real Unknown")))
    for telling in ("label", "catalog_number", "isrc", "track_key"):
        assert hidden[telling].null_count() == hidden.height
    assert hidden["is_id"].all()


def test_the_share_is_kept_and_half_of_the_titles_stay():
    rows = [(f"s{n}", n, 1, f"Band of {n} Men", f"Song of {n} Days") for n in range(2000)]
    _, unknowns = plant_promos(slots_of(rows), Promos(seed=3, share=0.25))

    counts = dict(unknowns.group_by("kind").len().iter_rows())
    assert 430 < unknowns.height < 570
    assert 0.4 < counts["title kept"] / unknowns.height < 0.6
    assert unknowns.filter(kind="title hidden")["title"].null_count() == counts["title hidden"]


def test_nothing_is_planted_at_share_zero_and_nonsense_is_refused():
    seen, unknowns = plant_promos(slots_of(ROWS), Promos(seed=1, share=0.0))

    assert seen.equals(slots_of(ROWS))
    assert unknowns["kind"].to_list() == ["real"]
    with pytest.raises(EnrichError, match="share"):
        plant_promos(slots_of(ROWS), Promos(seed=1, share=1.1))


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000), share=st.floats(0, 1), weeks=st.integers(1, 20))
def test_always_every_hidden_slot_is_on_record_with_what_it_was(seed, share, weeks):
    slots = slots_of(ROWS)
    seen, unknowns = plant_promos(slots, Promos(seed=seed, share=share, weeks=weeks))

    assert seen.schema == slots.schema
    changed = slots["artist"].is_not_null() & seen["artist"].is_null()
    on_record = unknowns.filter(pl.col("kind") != "real")
    assert slots.filter(changed)["artist"].to_list() == on_record["true_artist"].to_list()
    assert slots.filter(~changed).equals(seen.filter(~changed))
    assert (on_record["known_from"] > on_record["set_date"]).drop_nulls().all()
    again, _ = plant_promos(slots, Promos(seed=seed, share=share, weeks=weeks))
    assert again.equals(seen)


def test_truth_fills_what_real_unknowns_are_and_leaves_the_planted_alone():
    _, unknowns = plant_promos(slots_of(ROWS), Promos(seed=1, share=1.0))
    truth = pl.DataFrame({"set_id": ["c", "a"], "position": [2, 1], "true_artist": ["Found", "Wrong"],
                          "evidence_date": [DAY + timedelta(days=90)] * 2})  # fmt: skip

    told = with_truth(unknowns, truth)

    assert told["true_artist"].to_list() == ["X", "x", "Found", "Y"]
    assert told["known_from"].to_list()[2] == DAY + timedelta(days=90)
    assert told["known_from"].to_list()[0] == DAY + timedelta(days=42)
