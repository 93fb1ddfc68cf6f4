"""Slots of tracklists: the quick way of settling rows that share a slot equals sorting everything by everything."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from enrich.cooccurrence.slots import slot_rows
from enrich.frames.schemas import TRACKLISTS
from enrich.text.words import is_unknown_artist

_ORDER = ["set_id", "position", "is_unknown", "artist", "title", "label", "track_key", "dj"]
_TEXT = st.sampled_from([None, "", "ID", "Armin", "b", "Ć"])


def _sorted_whole(tracklists: pl.DataFrame) -> pl.DataFrame:
    return (
        tracklists.filter(pl.col("set_id").is_not_null(), pl.col("position").is_not_null())
        .with_columns(is_unknown=is_unknown_artist(pl.col("artist")))
        .sort(_ORDER, nulls_last=True)
        .unique(["set_id", "position"], keep="first", maintain_order=True)
        .with_columns(slot=pl.int_range(pl.len(), dtype=pl.Int64))
    )


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["s1", "s2", "s10", None]), st.one_of(st.none(), st.integers(1, 4)), _TEXT, _TEXT, _TEXT
        ),
        max_size=40,
    )
)
def test_slot_rows_are_those_of_a_whole_sort(rows: list[tuple[object, ...]]) -> None:
    frame = pl.DataFrame(
        [dict(zip(("set_id", "position", "artist", "title", "dj"), row, strict=True)) for row in rows],
        schema={name: TRACKLISTS[name] for name in ("set_id", "position", "artist", "title", "dj")},
    ).select((pl.col(n) if n in ("set_id", "position", "artist", "title", "dj") else pl.lit(None, d)).alias(n)
             for n, d in TRACKLISTS.items())  # fmt: skip

    assert_frame_equal(slot_rows(frame), _sorted_whole(frame))
