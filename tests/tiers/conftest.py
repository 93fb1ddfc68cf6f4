"""A workspace from a few rows, with the text keys made by the same rules as the marts."""

from __future__ import annotations

import polars as pl
import pytest

from enrich.frames.schemas import TRACKLISTS
from enrich.text.normalise import artist_key, label_key, title_key
from enrich.text.titles import parse_titles
from enrich.tiers.workspace import Workspace

_CREDITS = pl.Schema(
    {"track_id": pl.String, "artist_id": pl.String, "artist": pl.String, "artist_key": pl.String, "role": pl.String,
     "position": pl.Int32}
)  # fmt: skip


def build(tracks, *, aliases=None, plays=()):
    """tracks: id → (title, artists tuple, label) ; plays: (set_id, dj, position, track id)."""
    titles = pl.Series([t[0] for t in tracks.values()], dtype=pl.String)
    labels = [t[2] for t in tracks.values()]
    known = sorted({label for label in labels if label})
    parsed = parse_titles(titles, known_labels=known)
    frame = pl.DataFrame(
        {"track_id": list(tracks), "title": titles, "label": pl.Series(labels, dtype=pl.String)}
    ).with_columns(
        title_key=title_key(pl.col("title")),
        base_key=parsed.select(title_key(pl.col("base_title"))).to_series(),
        version_class=parsed["version_class"],
        remixer=parsed["remixer"],
        title_label=parsed["label"],
        title_label_confidence=parsed["label_confidence"],
        is_mashup=parsed["is_mashup"],
        components=parsed["components"],
        label_key=label_key(pl.col("label")),
        label_source=pl.lit(None, pl.String),
        artist=pl.Series([" & ".join(t[1]) or None for t in tracks.values()], dtype=pl.String),
        is_known_artist=pl.Series([bool(t[1]) for t in tracks.values()]),
        status=pl.lit("failed"),
        last_attempt=pl.lit(None, pl.Datetime("us", "UTC")),
    )
    credits = pl.DataFrame(
        [(i, f"id:{a}", a, "", "primary", n) for i, t in tracks.items() for n, a in enumerate(t[1])],
        schema=_CREDITS, orient="row",
    ).with_columns(artist_key=artist_key(pl.col("artist")))  # fmt: skip
    artists = credits.select("artist_id", "artist", "artist_key").unique("artist_key", maintain_order=True)
    artists = artists.with_columns(
        aliases=pl.Series([(aliases or {}).get(a, []) for a in artists["artist"]], dtype=pl.List(pl.String))
    )
    names = {i: (t[0], " & ".join(t[1]) or None, t[2]) for i, t in tracks.items()}
    return Workspace(
        snapshot_id="test",
        tracks=frame,
        credits=credits,
        artists=artists,
        labels=frame.drop_nulls("label").group_by("label_key", "label").len("tracks").sort("label_key")
        .select("label_key", "label", pl.col("tracks").cast(pl.Int64)),
        tracklists=pl.DataFrame(
            [(s, d, s, None, p, names[t][1], names[t][0], names[t][2], not names[t][1], t) for s, d, p, t in plays],
            schema=TRACKLISTS, orient="row",
        ),
    )  # fmt: skip


@pytest.fixture
def workspace():
    return build
