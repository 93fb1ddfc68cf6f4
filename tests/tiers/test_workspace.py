"""What a workspace tells of its sets, as people call them."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import polars as pl

ONE, DATED, NAMELESS = (str(UUID(int=n)) for n in (1, 2, 3))
SETS = [
    (ONE, "Mira", "Night 7", date(2024, 3, 1)),
    (DATED, "Mira", "Mira @ Hall 2024-03-02", date(2024, 3, 2)),
    (NAMELESS, None, None, date(2024, 3, 3)),
    ("12", "Mira", None, None),
]


def test_sentences_call_sets_by_name_and_day_and_touch_nothing_else(workspace):
    ws = workspace({"a": ("Title", ("Artist",), None)}, plays=[(ONE, "Mira", 1, "a")])
    said = pl.DataFrame(SETS, schema=["set_id", "dj", "set_name", "set_date"], orient="row")
    row = ws.tracklists.head(1).drop(said.columns)
    sets = said.join(row, how="cross").match_to_schema(ws.tracklists.schema)
    ws = replace(ws, tracklists=sets)

    assert dict(ws.named_sets().iter_rows()) == {
        ONE: "Night 7, 2024-03-01", DATED: "Mira @ Hall 2024-03-02", "12": "Mira",
    }  # fmt: skip
    sentences = [f"Played after Kid 12 in set {ONE}", f"Listed in {NAMELESS}", f"{DATED} has it in 12 sets"]
    told = (
        pl.DataFrame({"evidence": [sentences, [], None, *[sentences[:1]] * 9]})
        .select(ws.in_words(pl.col("evidence")))
        .to_series()
    )
    assert told.to_list()[:3] == [
        [
            "Played after Kid 12 in set Night 7, 2024-03-01",
            f"Listed in {NAMELESS}",
            "Mira @ Hall 2024-03-02 has it in 12 sets",
        ],
        [],
        None,
    ]


def test_without_sets_sentences_stay(workspace):
    ws = workspace({"a": ("Title", ("Artist",), None)})

    assert pl.select(ws.in_words(pl.lit(["as it is"], pl.List(pl.String)))).item().to_list() == ["as it is"]
