"""Played slots as numbered tables, and the context of every unknown: the known plays around its slots.

Reads a frame TRACKLISTS (columns beyond `set_id` and `position` may be absent), writes nothing, opens no socket.
Everything after this module works on small integers in one in-memory DuckDB; names come back at the very end.

Words, as the whole engine uses them:

* **Slot**: one row, known by (`set_id`, `position`). Of several rows for one slot a known artist goes before an
  unknown one, then the smallest row in text order is kept: the order of the rows never matters.
* **Unknown slot**: `artist` is null or an unknown-word (`enrich.text.words.is_unknown_artist`).
* **Unknown**: all unknown slots of one `track_key`; without one, the slot alone, called `set_id#position`.
* **Known play**: any other slot. It counts once for every artist its credit names (`enrich.text.credits`): main and
  featured, not remixers, who did not make the track; unknown-words (`ID & Armin van Buuren`) name nobody.
* **Context**: the known plays of the same set whose `position` differs by at most `window` from one of the
  unknown's slots. Positions may have gaps: the difference of the numbers counts, not the rows between.
* **DJ**: every name in the row's `dj`, split like an artist credit: `A b2b B` is two DJs.
* **Alias**: two names of one artist's row (`artist` and its `alias`es); it does not chain from row to row.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from enrich.contracts.schemas import TRACKLISTS, TRACKLISTS_REQUIRED
from enrich.errors import EnrichError
from enrich.sql import DUCKDB
from enrich.text.credits import split_credits
from enrich.text.normalise import artist_key, label_key
from enrich.text.words import is_unknown_artist

#: Known plays up to this many positions away are an unknown's context.
WINDOW = 2

#: One row per unknown slot and known play near it. `distance` is the play's position minus the slot's.
CONTEXTS = pl.Schema(
    {
        "track_key": pl.String,
        "set_id": pl.String,
        "position": pl.Int32,
        "distance": pl.Int32,
        "dj": pl.String,
        "artist": pl.String,
        "title": pl.String,
        "label": pl.String,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plays:
    """Tracklists as numbered tables; `connect` puts them into DuckDB under the same names.

    Numbers follow the sorted keys, so that a smaller number is an earlier key.
    """

    slots: pl.DataFrame
    """slot_no, set_no, position, credit_no?, label_no?, dj_credit_no?, unknown_no?: one row per slot."""
    credits: pl.DataFrame
    """credit_no, artist_no: who a credit names."""
    dj_credits: pl.DataFrame
    """dj_credit_no, dj_no: who a DJ credit names; `dj_no` and `artist_no` number the same names."""
    names: pl.DataFrame
    """artist_no, artist_key, artist: every artist and DJ, in the spelling seen most."""
    labels: pl.DataFrame
    """label_no, label_key, label: likewise."""
    sets: pl.DataFrame
    """set_no, set_id."""
    unknowns: pl.DataFrame
    """unknown_no, track_key."""
    same_artist: pl.DataFrame
    """artist_no, alias_no: names of one artist, each with itself and both ways round."""

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A fresh in-memory DuckDB holding these tables. The caller closes it."""
        con = duckdb.connect()
        for name in self.__slots__:
            con.from_arrow(getattr(self, name).to_arrow()).create(name)
        return con


def number_plays(tracklists: pl.DataFrame, *, aliases: pl.DataFrame | None = None) -> Plays:
    """Number every slot, artist, DJ, label and unknown of `tracklists`.

    Args:
        tracklists: TRACKLISTS; absent optional columns count as null.
        aliases: Columns `artist`, `alias`: one row per further name of an artist. None: no aliases.

    Raises:
        EnrichError: `set_id` or `position` is missing, or `aliases` lacks a column.
    """
    rows = _kept_rows(tracklists)
    credit = _numbered(rows.lazy().filter(~pl.col("is_unknown")).collect(), "artist")
    dj_credit = _numbered(rows, "dj")
    label = _numbered(rows, "label")
    sets = _numbered(rows, "set_id").select(set_no="no", set_id="text")

    credited = _credited(credit)
    djs = _credited(dj_credit)
    names = _names(credited, djs, aliases)
    labels, label_of = _labels(label)
    unknowns = (
        rows.filter("is_unknown")
        .select(track_key=_unknown_key())
        .unique()
        .sort("track_key")
        .with_row_index("unknown_no")
        .select("unknown_no", "track_key")
    )
    slots = (
        rows.lazy()
        .with_columns(
            known_artist=pl.when(~pl.col("is_unknown")).then("artist"),
            unknown_key=pl.when("is_unknown").then(_unknown_key()),
        )
        .join(sets.lazy(), on="set_id", how="left")
        .join(credit.lazy().select("text", credit_no="no"), left_on="known_artist", right_on="text", how="left")
        .join(dj_credit.lazy().select("text", dj_credit_no="no"), left_on="dj", right_on="text", how="left")
        .join(label_of.lazy(), left_on="label", right_on="text", how="left")
        .join(unknowns.lazy(), left_on="unknown_key", right_on="track_key", how="left")
        .select("set_no", "position", "credit_no", "label_no", "dj_credit_no", "unknown_no")
        .sort("set_no", "position")
        .with_row_index("slot_no")
        .collect()
    )
    number = names.select("artist_no", "artist_key")
    return Plays(
        slots=slots,
        credits=_edges(credited, number, "credit_no", "artist_no"),
        dj_credits=_edges(djs, number, "dj_credit_no", "dj_no"),
        names=names,
        labels=labels,
        sets=sets,
        unknowns=unknowns,
        same_artist=_same_artist(aliases, number),
    )


def contexts(tracklists: pl.DataFrame, *, window: int = WINDOW) -> pl.DataFrame:
    """The context of every unknown, as an analyst reads it.

    Returns:
        CONTEXTS, sorted by track_key, set_id, position, distance: one row per unknown slot and known play near it,
        with the play's artist, title and label as written.
    """
    rows = _kept_rows(tracklists)
    slots = rows.filter("is_unknown").select("set_id", "position", "dj", track_key=_unknown_key())
    near = pl.DataFrame({"distance": [d for d in range(-window, window + 1) if d]}, schema={"distance": pl.Int32})
    known = rows.filter(~pl.col("is_unknown")).select("set_id", "artist", "title", "label", other="position")
    return (
        slots.join(near, how="cross")
        .with_columns(other=pl.col("position") + pl.col("distance"))
        .join(known, on=["set_id", "other"])
        .sort("track_key", "set_id", "position", "distance")
        .match_to_schema(CONTEXTS, extra_columns="ignore")
        .select(CONTEXTS.names())
    )


def load_contexts(con: duckdb.DuckDBPyConnection, *, window: int = WINDOW) -> None:
    """Make the tables `context_plays` and `context_artists` in a connection of `Plays.connect`."""
    if window < 1:
        raise ValueError(f"window must be >= 1, got {window}")
    DUCKDB["cooccurrence_context_plays"].run(con, window=window)
    DUCKDB["cooccurrence_context_artists"].run(con)


def _kept_rows(tracklists: pl.DataFrame) -> pl.DataFrame:
    """TRACKLISTS plus `is_unknown`, one row per slot; rows without set or position are left out."""
    missing = [name for name in TRACKLISTS_REQUIRED if name not in tracklists.columns]
    if missing:
        raise EnrichError(
            f"tracklists: column {', '.join(missing)} is missing; there are {', '.join(tracklists.columns) or 'none'}"
        )
    rows = tracklists.lazy().select(
        (pl.col(name) if name in tracklists.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in TRACKLISTS.items()
    )
    artists = rows.select("artist").unique().with_columns(is_unknown=is_unknown_artist(pl.col("artist")))
    kept = (
        rows.filter(pl.col("set_id").is_not_null(), pl.col("position").is_not_null())
        .join(artists, on="artist", how="left", nulls_equal=True)
        .collect()
    )
    slot = ["set_id", "position"]
    twice = kept.select(pl.struct(slot).is_duplicated()).to_series()
    if not twice.any():
        return kept
    order = ["is_unknown", "artist", "title", "label", "track_key", "dj", "set_name", "set_date", "is_id"]
    once = kept.filter(twice).sort([*slot, *order], nulls_last=True).unique(slot, keep="first", maintain_order=True)
    return pl.concat([kept.filter(~twice), once])


def _unknown_key() -> pl.Expr:
    own = pl.concat_str("set_id", pl.lit("#"), "position")
    return pl.when(pl.col("track_key").fill_null("") != "").then("track_key").otherwise(own)


def _numbered(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """no, text, plays: the distinct non-null texts of a column, numbered in their order."""
    return (
        rows.lazy()
        .filter(pl.col(column).is_not_null())
        .group_by(text=column)
        .agg(plays=pl.len())
        .sort("text")
        .with_row_index("no")
        .collect()
    )


def _credited(credit: pl.DataFrame) -> pl.DataFrame:
    """no, artist, artist_key, plays: the names in each credit, remixers and unknown-words left out."""
    return (
        split_credits(credit["text"])
        .filter(pl.col("role") != "remixer", ~is_unknown_artist(pl.col("artist")))
        .join(credit.select(pl.col("no").alias("row"), "plays"), on="row")
        .select(no="row", artist="artist", artist_key=artist_key(pl.col("artist")), plays="plays")
    )


def _names(credited: pl.DataFrame, djs: pl.DataFrame, aliases: pl.DataFrame | None) -> pl.DataFrame:
    """artist_no, artist_key, artist: artists, DJs and aliases; spelled as credits do, else as DJs, else as aliases."""
    parts = [
        credited.select("artist_key", "artist", "plays", rank=pl.lit(0)),
        djs.select("artist_key", "artist", "plays", rank=pl.lit(1)),
    ]
    if aliases is not None:
        missing = {"artist", "alias"} - set(aliases.columns)
        if missing:
            raise EnrichError(f"aliases: column {', '.join(sorted(missing))} is missing; expected artist and alias")
        parts += [
            aliases.select(artist_key=artist_key(pl.col(c)), artist=c, plays=pl.lit(1, pl.UInt32), rank=pl.lit(2))
            for c in ("artist", "alias")
        ]
    return _commonest(pl.concat(parts, how="vertical_relaxed"), "artist_key", "artist").with_row_index("artist_no")


def _labels(label: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The labels (label_no, label_key, label), and which of them each spelling is (text, label_no)."""
    keyed = label.select("text", "plays", label_key(pl.col("text")).alias("label_key")).filter(
        pl.col("label_key").fill_null("") != ""
    )
    labels = _commonest(
        keyed.select("label_key", label="text", plays="plays", rank=pl.lit(0)), "label_key", "label"
    ).with_row_index("label_no")
    return labels, keyed.join(labels, on="label_key").select("text", "label_no")


def _commonest(spellings: pl.DataFrame, key: str, name: str) -> pl.DataFrame:
    """One row per key in key order, with its commonest spelling of the lowest `rank`; ties go to the first in text."""
    return (
        spellings.drop_nulls([key, name])
        .group_by(key, name, "rank")
        .agg(pl.col("plays").sum())
        .sort([key, "rank", "plays", name], descending=[False, False, True, False])
        .unique(key, keep="first", maintain_order=True)
        .select(key, name)
    )


def _edges(named: pl.DataFrame, number: pl.DataFrame, left: str, right: str) -> pl.DataFrame:
    edges = named.join(number, on="artist_key").select(pl.col("no").alias(left), pl.col("artist_no").alias(right))
    return edges.unique().sort(left, right)


def _same_artist(aliases: pl.DataFrame | None, number: pl.DataFrame) -> pl.DataFrame:
    """artist_no, alias_no: pairs of names found in one artist's row; the identity is left to the queries."""
    if aliases is None:
        return pl.DataFrame(schema={"artist_no": pl.UInt32, "alias_no": pl.UInt32})
    keys = aliases.drop_nulls().select(owner=artist_key(pl.col("artist")), alias=artist_key(pl.col("alias")))
    owned = pl.concat([keys, keys.select("owner", alias="owner")]).unique()
    return (
        owned.join(owned, on="owner")
        .join(number, left_on="alias", right_on="artist_key")
        .join(number.rename({"artist_no": "alias_no"}), left_on="alias_right", right_on="artist_key")
        .select("artist_no", "alias_no")
        .unique()
        .sort("artist_no", "alias_no")
    )
