"""Unknown slots are named by other listings, by their key, and by what is played later; never by what is not there."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

import enrich
from enrich.errors import ModelError
from enrich.identity.identify import IDENTITIES
from enrich.identity.listings import LISTINGS, pair_listings, played
from enrich.identity.measured import load, share
from enrich.text.normalise import artist_key

SCHEMA = {
    "set_id": pl.String,
    "dj": pl.String,
    "set_name": pl.String,
    "set_date": pl.Date,
    "position": pl.Int32,
    "artist": pl.String,
    "title": pl.String,
    "track_key": pl.String,
}
SONGS = [(f"Act {n}", f"Long Song {n}") for n in range(40)]


def a_set(
    set_id: str,
    rows: list[tuple[str | None, str | None]],
    *,
    dj: str = "Nova Kai",
    name: str | None = None,
    day: int = 0,
    keys: dict[int, str] | None = None,
) -> pl.DataFrame:
    when = date(2021, 5, 1) + timedelta(days=day)
    keys = keys or {}
    return pl.DataFrame(
        [(set_id, dj, name or f"{dj} {set_id}", when, n, a, t, keys.get(n)) for n, (a, t) in enumerate(rows, 1)],
        schema=SCHEMA,
        orient="row",
    )


def verdicts(*sets: pl.DataFrame) -> list[str]:
    table = pl.concat(sets)
    listings, _ = pair_listings(table, played(table))
    assert listings.schema == LISTINGS
    return listings["verdict"].to_list()


def best(*sets: pl.DataFrame) -> pl.DataFrame:
    found = enrich.identify(pl.concat(sets))
    assert found.schema == IDENTITIES
    return found.filter(rank=1)


def test_the_same_set_from_another_site_names_the_id() -> None:
    one = a_set("site-a", [*SONGS[:4], ("ID", "ID"), *SONGS[5:9]], name="Nova Kai @ Halle")
    other = a_set("site-b", [*SONGS[:4], ("Vale", "Ember"), *SONGS[5:9]], name="Nova Kai @ Halle, Cologne")

    found = best(one, other)

    row = found.row(0, named=True)
    assert (row["set_id"], row["position"], row["track_key"]) == ("site-a", 5, "site-a#5")
    assert (row["source"], row["artist"], row["title"], row["blank"]) == ("other-listing", "Vale", "Ember", "both")
    assert row["confidence"] > 0.95
    assert row["named_in"] == "site-b"
    assert "site-b" in row["evidence"][0]


@pytest.mark.parametrize(
    ("name", "other_name", "day", "rows", "verdict"),
    [
        pytest.param("Nova Kai @ Halle", "NOVA KAI @ HALLE!", 0, SONGS[:8], ["one"], id="case and marks"),
        pytest.param("Nova Kai @ Halle", "Nova Kai @ Halle, Cologne", 1, SONGS[:8], ["one"], id="past midnight"),
        pytest.param("Nova Kai @ Halle", "Nova Kai @ Halle, Cologne", 40, SONGS[:8], ["review"], id="an upload's day"),
        pytest.param("Nova Kai @ Halle", "Nova Kai @ Pier", 1, SONGS[:8], [], id="tour nights"),
        pytest.param("Night Show 12", "Night Show 13", 7, SONGS[:8], [], id="neighbouring episodes"),
        pytest.param("Fest 2021 part 2", "Fest 2021 part 7", 0, SONGS[:8], [], id="parts of an event"),
        pytest.param("Night Show", "Night Show year mix", 20, SONGS[7::-1], [], id="another order"),
        pytest.param("Nova Kai @ Halle", "Nova Kai @ Halle", 0, SONGS[:3] + SONGS[20:25], [], id="three in common"),
    ],
)
def test_which_sets_are_one(
    name: str, other_name: str, day: int, rows: list[tuple[str, str]], verdict: list[str]
) -> None:
    assert verdicts(a_set("a", SONGS[:8], name=name), a_set("b", rows, name=other_name, day=day)) == verdict


def test_an_hour_within_a_night_is_the_same_set() -> None:
    night = a_set("night", SONGS[:30], dj="Vale & Nova Kai", name="Vale & Nova Kai @ Halle")
    assert verdicts(night, a_set("hour", SONGS[12:20], name="Nova Kai @ Halle")) == ["one"]


def test_a_key_that_has_a_name_elsewhere() -> None:
    found = best(
        a_set("a", [("ID", "ID"), SONGS[0]], keys={1: "k-7"}),
        a_set("b", [SONGS[1], ("Vale", "Ember")], day=30, keys={2: "k-7"}),
    )
    assert found.select("track_key", "source", "artist", "days").rows() == [("k-7", "same-key", "Vale", 30)]
    assert found["confidence"].item() > 0.9


def test_a_key_with_two_names_is_sure_of_neither() -> None:
    found = enrich.identify(
        pl.concat(
            [
                a_set("a", [("ID", "ID")], keys={1: "k"}),
                a_set("b", [("Vale", "Ember")], day=1, keys={1: "k"}),
                a_set("c", [("Ruth", "Tide")], day=2, keys={1: "k"}),
            ]
        )
    )
    assert found["rank"].to_list() == [1, 2]
    assert found["confidence"].max() <= 0.5  # type: ignore[operator]


def test_the_artists_first_new_recording_comes_first() -> None:
    weeks = [a_set(f"w{n}", [SONGS[n], ("Vale", "Old Ember"), SONGS[n + 1]], day=n * 7 - 140) for n in range(20)]
    found = enrich.identify(
        pl.concat(
            [
                *weeks,
                a_set("asked", [SONGS[30], ("Vale", "ID"), SONGS[31]]),
                a_set("soon", [SONGS[32], ("Vale", "Ember Rising"), SONGS[33]], day=7),
                a_set("again", [SONGS[34], ("Vale", "Ember Rising"), SONGS[35]], day=14),
                a_set("late", [SONGS[36], ("Vale", "Next Year's Song"), SONGS[37]], day=400),
            ]
        )
    ).filter(set_id="asked")
    assert found.filter(rank=1).select("title", "blank", "source").rows() == [("Ember Rising", "title", "named-later")]
    # What was played under its name before that day is no promo any more.
    assert "Old Ember" not in found["title"].to_list()
    assert found["confidence"].is_sorted(descending=True)
    assert "7 days later" in found["evidence"][0][0]


def test_a_title_that_has_an_artist_elsewhere() -> None:
    found = best(
        a_set("a", [(None, "Clear Blue Lake (Acetate)"), SONGS[0]]),
        a_set("b", [("Lange Nacht", "Clear Blue Lake (Original Mix)"), SONGS[1]], day=63),
    )
    assert found.select("blank", "artist", "days").rows() == [("artist", "Lange Nacht", 63)]


def test_without_a_date_the_most_played_of_few_is_named() -> None:
    named = [a_set(f"n{n}", [("Vale", "Ember Rising"), SONGS[n], ("Ruth", "Long Harbour")], day=n) for n in range(3)]
    asked = a_set("asked", [("Vale", "ID"), SONGS[9], (None, "Long Harbour"), ("ID", "ID")])
    asked = asked.with_columns(set_date=pl.lit(None, pl.Date))
    found = enrich.identify(pl.concat([*named, asked]))

    assert found.select("position", "artist", "title", "source", "days").rows() == [
        (1, "Vale", "Ember Rising", "named-later", None), (3, "Ruth", "Long Harbour", "named-later", None),
    ]  # fmt: skip
    assert found["confidence"].is_between(0.4, 0.9).all()
    assert "no date of its set is known" in found["evidence"][0][0]
    many = [a_set(f"m{n}", [("Vale", f"Ember Number {n}")]) for n in range(6)]
    assert best(*many, asked).is_empty()


def test_nothing_elsewhere_names_nothing() -> None:
    assert best(a_set("a", [("ID", "ID"), *SONGS[:3]]), a_set("b", SONGS[10:14], dj="Vale")).is_empty()
    assert enrich.identify(a_set("a", []).clear()).schema == IDENTITIES


def test_the_order_of_rows_changes_nothing() -> None:
    table = pl.concat(
        [
            a_set("a", [*SONGS[:4], ("Vale", "ID"), *SONGS[5:9]]),
            a_set("b", [*SONGS[:4], ("Vale", "Ember"), *SONGS[5:9]]),
            a_set("c", [("Vale", "Tide"), ("Ruth", "Harbour")], day=9),
        ]
    )
    assert enrich.identify(table).equals(enrich.identify(table.sample(fraction=1, shuffle=True, seed=4)))


def test_shares_are_never_certain() -> None:
    assert share(10, 10) < 1
    assert share(0, 0) == 0.5


def test_a_damaged_model_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ModelError, match="no stored ranker"):
        load(tmp_path)


@pytest.mark.shared
def test_real_unknowns_get_their_artist(shared_data) -> None:  # type: ignore[no-untyped-def]
    truth = pl.read_parquet(shared_data / "id_resolved.parquet").with_columns(pl.col("position").cast(pl.Int32))
    rows = pl.read_parquet(shared_data / "tracklists.parquet").with_columns(track_key=pl.lit(None, pl.String))
    found = enrich.identify(rows).filter(rank=1)
    right = truth.join(found, on=["set_id", "position"]).filter(
        artist_key(pl.col("true_artist")) == artist_key(pl.col("artist"))
    )
    assert right.height >= 35


@pytest.mark.slow
@pytest.mark.shared
def test_real_second_listings_are_recognised(shared_data) -> None:  # type: ignore[no-untyped-def]
    from bench.identity import listings

    shares, verdicts = listings(pl.read_parquet(shared_data / "second_listings.parquet"))
    assert verdicts.get("none", 0) <= 0.05 * sum(verdicts.values())
    assert share(*shares["other-listing one certain"]) >= 0.98
