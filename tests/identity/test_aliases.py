from datetime import date, timedelta

import polars as pl
import pytest

from enrich.identity.aliases import credit_aliases, played_aliases, propose_aliases


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
