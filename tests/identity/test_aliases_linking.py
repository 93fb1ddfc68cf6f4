from datetime import date, timedelta

import polars as pl
import pytest

from enrich.identity.aliases import credit_aliases, played_aliases, propose_aliases
from enrich.identity.linking import LINKS, TRACED, link_ids, trace_ids


def table(*plays):
    """TRACKLISTS-like rows of (set, day, position, artist, title)."""
    return pl.DataFrame(
        [
            {
                "set_id": s,
                "dj": "Armin",
                "set_date": date(2020, 1, 1) + timedelta(days=d),
                "position": p,
                "artist": a,
                "title": t,
            }
            for s, d, p, a, t in plays
        ]
    )


@pytest.mark.parametrize(
    ("credit", "pair"),
    [
        pytest.param("Armin van Buuren pres. Gaia", ("Armin van Buuren", "Gaia"), id="pres"),
        pytest.param("Action Man (aka Herve)", ("Action Man", "Herve"), id="aka-in-brackets"),
        pytest.param("Sterac a.k.a. Steve Rachmad", ("Sterac", "Steve Rachmad"), id="dotted"),
        pytest.param("A vs B pres. C", None, id="whose-alias"),
        pytest.param("Moonpres", None, id="inside-a-word"),
    ],
)
def test_credit_aliases(credit, pair):
    found = credit_aliases(table(("a", 0, 1, credit, "T")))

    assert found.select("artist", "alias").rows() == ([pair] if pair else [])


def test_a_name_that_fills_one_djs_sets_is_proposed(world):
    own = pl.DataFrame(
        {
            "set_id": [f"own-{s}" for s in range(12) for _ in range(4)],
            "dj": ["Dj Number 1"] * 48,
            "position": list(range(1, 5)) * 12,
            "artist": ["Night Name"] * 48,
            "title": [f"Piece {i % 16}" for i in range(48)],
        },
        schema_overrides={"position": pl.Int32},
    )
    both = pl.concat([world, own], how="diagonal")

    found = played_aliases(both)

    assert ("Dj Number 1", "Night Name") in found.select("artist", "alias").rows()
    assert "48 of Dj Number 1's" in found.filter(pl.col("alias") == "Night Name")["evidence"].item()
    assert propose_aliases(both)["score"].is_between(0, 1).all()


def test_one_working_title_is_one_unknown():
    links = link_ids(
        table(
            ("a", 0, 1, "Cirez D", "The Ave 2024 ID (Working Title)"),
            ("b", 7, 3, "Cirez D", "The Ave 2024 ID (Working Title)"),
            ("c", 9, 2, "Cirez D", "Brooklyn ID (Working Title)"),
            ("d", 9, 2, "Cirez D", "ID"),
            ("e", 12, 2, "Cirez D", "ID"),
        )
    )

    assert links.schema == LINKS
    assert links["set_id"].to_list() == ["a", "b"]
    assert links["track_key"].unique().to_list() == ["a#1"]


def test_the_same_neighbours_within_weeks_link_and_months_do_not():
    known = [(f"k{i}", 7 * i, p, f"Act {p}", f"Song {p}") for i in range(8) for p in (1, 2, 3)]
    asked = [("x", 0), ("y", 7), ("z", 300)]
    unknown = [
        row
        for s, d in asked
        for row in ((s, d, 1, "Act 1", "Song 1"), (s, d, 2, None, "ID"), (s, d, 3, "Act 3", "Song 3"))
    ]

    links = link_ids(table(*known, *unknown))

    assert links["set_id"].to_list() == ["x", "y"]
    assert "7 days apart" in links["evidence"][0][0]
    assert links["probability"].is_between(0.5, 1).all()


def test_a_name_given_later_is_traced():
    played = table(
        ("a", 0, 1, None, "Clear Blue Moon (Acetate)"),
        ("b", 7, 1, None, "Clear Blue Moon"),
        ("c", 63, 1, "Lange", "Clear Blue Moon (Original Mix)"),
        ("c", 63, 2, "Other", "Elsewhere"),
    )

    traced = trace_ids(played)

    assert traced.schema == TRACED
    assert traced.select("set_id", "artist", "days", "sets_before", "scope").rows() == [
        ("a", "Lange", 63, 2, "same_dj"),
        ("b", "Lange", 56, 2, "same_dj"),
    ]
    assert "played as ID on 2 sets before c named it" in traced["evidence"][0]


@pytest.mark.shared
def test_real_ids_get_their_names(shared_data):
    from enrich.text.normalise import artist_key

    truth = pl.read_parquet(shared_data / "id_resolved.parquet")
    traced = trace_ids(pl.read_parquet(shared_data / "tracklists.parquet"))
    joined = truth.join(traced, on=["set_id", "position"]).filter(
        artist_key(pl.col("true_artist")) == artist_key(pl.col("artist"))
    )

    assert joined.height >= 35
