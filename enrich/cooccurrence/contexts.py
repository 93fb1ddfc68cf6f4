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
import numpy as np
import polars as pl

from enrich.errors import EnrichError
from enrich.frames.coding import at, coded, packed
from enrich.frames.schemas import TRACKLISTS, TRACKLISTS_REQUIRED
from enrich.rules import WINDOW
from enrich.sql import DUCKDB
from enrich.text.credits import split_credits
from enrich.text.normalise import artist_key, label_key
from enrich.text.words import is_unknown_artist


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
    dj_numbers: pl.DataFrame
    """dj_credit_no, dj_key_no: DJ credits whose whole text has one key share a number."""
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
        # DuckDB would draw its progress bar into the results on stdout.
        con = duckdb.connect()
        con.execute("set enable_progress_bar = false")
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
    rows, texts = _coded(tracklists)
    known = vocabulary(
        _counted(rows["artist"], texts["artist"]).filter(~is_unknown_artist(pl.col("text"))),
        _counted(rows["dj"], texts["dj"]),
        _counted(rows["label"], texts["label"]),
        aliases=aliases,
    )
    unknown_no, unknowns = _unknown_numbers(rows, texts)
    slots = rows.select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("slot_no"),
        "position",
        set_no="set_id",
        credit_no=pl.when(~pl.col("is_unknown")).then("artist"),
        label_no=at(known.label_of, rows["label"]),
        dj_credit_no="dj",
        unknown_no=unknown_no,
    )
    return Plays(
        slots=slots,
        credits=known.credits,
        dj_credits=known.dj_credits,
        dj_numbers=dj_numbers(texts["dj"].to_frame("text").with_row_index("no")).drop("text"),
        names=known.names,
        labels=known.labels,
        sets=texts["set_id"].to_frame("set_id").with_row_index("set_no"),
        unknowns=unknowns,
        same_artist=known.same_artist,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What the texts of tracklists name, by number: tables of `Plays`, and the label_no of each label text."""

    credits: pl.DataFrame
    dj_credits: pl.DataFrame
    names: pl.DataFrame
    labels: pl.DataFrame
    same_artist: pl.DataFrame
    label_of: pl.Series


def vocabulary(
    artists: pl.DataFrame, djs: pl.DataFrame, labels: pl.DataFrame, *, aliases: pl.DataFrame | None = None
) -> Vocabulary:
    """Read the names in distinct texts.

    Args:
        artists: no, text, plays: credits that are no unknown-word, and how often each occurs.
        djs: The same of DJ credits.
        labels: The same of labels, `no` counting from 0.
        aliases: See `number_plays`.
    """
    credited, dj_credited = _credited(artists), _credited(djs)
    names = _names(credited, dj_credited, aliases)
    number = names.select("artist_no", "artist_key")
    label_names, label_of = _labels(labels)
    return Vocabulary(
        credits=_edges(credited, number, "credit_no", "artist_no"),
        dj_credits=_edges(dj_credited, number, "dj_credit_no", "dj_no"),
        names=names,
        labels=label_names,
        same_artist=_same_artist(aliases, number),
        label_of=label_of,
    )


def dj_numbers(djs: pl.DataFrame) -> pl.DataFrame:
    """text, dj_credit_no, dj_key_no of DJ credits (no, text): a whole credit by its key, not taken apart."""
    return djs.select("text", dj_credit_no="no", dj_key_no=artist_key(pl.col("text")).rank("dense"))


def load_contexts(con: duckdb.DuckDBPyConnection, *, window: int = WINDOW) -> None:
    """Make the tables `context_plays` and `context_artists` in a connection of `Plays.connect`."""
    if window < 1:
        raise ValueError(f"window must be >= 1, got {window}")
    for name, parameters in context_steps(window):
        DUCKDB[name].run(con, **parameters)


def context_steps(window: int) -> list[tuple[str, dict[str, float]]]:
    """The named queries that make the contexts, in order, with their parameters."""
    return [("cooccurrence_context_plays", {"window": window}), ("cooccurrence_context_artists", {})]


_CREDITS_AT_ONCE = 200_000
_TEXTS = ("set_id", "dj", "artist", "label", "track_key")


def _checked(tracklists: pl.DataFrame) -> pl.DataFrame:
    """All columns of TRACKLISTS in their types; rows without set or position are left out."""
    missing = [name for name in TRACKLISTS_REQUIRED if name not in tracklists.columns]
    if missing:
        raise EnrichError(
            f"tracklists: column {', '.join(missing)} is missing; there are {', '.join(tracklists.columns) or 'none'}"
        )
    return tracklists.select(
        (pl.col(name) if name in tracklists.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in TRACKLISTS.items()
    ).filter(pl.col("set_id").is_not_null(), pl.col("position").is_not_null())


def _coded(tracklists: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, pl.Series]]:
    """One row per slot in slot order, texts as numbers: their places in the sorted texts, which come beside.

    Columns: those of `_TEXTS`, position, is_unknown, and `slot`, which packs set and position into one number.
    """
    table = _checked(tracklists)
    columns = {name: coded(table[name]) for name in _TEXTS}
    texts = {name: texts for name, (_, texts) in columns.items()}
    no_name = texts["artist"].to_frame("artist").select(is_unknown_artist(pl.col("artist"))).to_series()
    rows = pl.DataFrame([codes.alias(name) for name, (codes, _) in columns.items()]).with_columns(
        table["position"],
        is_unknown=at(no_name, columns["artist"][0]).fill_null(value=True),
        slot=packed(columns["set_id"][0], table["position"]),
    )
    if not rows["slot"].is_sorted():
        order = rows["slot"].arg_sort()
        rows, table = rows[order], table[order] if _repeats(rows["slot"][order]).any() else table
    repeats = _repeats(rows["slot"])
    if not repeats.any():
        return rows, texts
    contested = rows["slot"].is_in(rows["slot"].filter(repeats).unique().implode())
    by = ["is_unknown", "artist", "title", "label", "track_key", "dj", "set_name", "set_date", "is_id"]
    once = (
        rows.with_row_index("row")
        .filter(contested)
        .with_columns(table.filter(contested).select("title", "set_name", "set_date", "is_id"))
        .sort(["slot", *by], nulls_last=True)
        .unique("slot", keep="first", maintain_order=True)
    )
    return rows[pl.concat([contested.not_().arg_true(), once["row"]]).sort()], texts


def _repeats(slot: pl.Series) -> pl.Series:
    """True where a sorted slot is the one before it again."""
    return (slot == slot.shift(1)).fill_null(value=False)


def _counted(codes: pl.Series, texts: pl.Series) -> pl.DataFrame:
    """no, text, plays: every text by its number, and how often it occurs."""
    plays = np.bincount(codes.drop_nulls().to_numpy(), minlength=len(texts))
    return pl.DataFrame({"text": texts, "plays": plays}).with_row_index("no").cast({"plays": pl.UInt32})


def _unknown_numbers(rows: pl.DataFrame, texts: dict[str, pl.Series]) -> tuple[pl.Series, pl.DataFrame]:
    """The unknown_no of each row (null where known), and the unknowns (unknown_no, track_key) in key order."""
    where = rows["is_unknown"].arg_true()
    slots = rows[where]
    key = slots.select(
        "position",
        set_id=at(texts["set_id"], slots["set_id"]),
        track_key=at(texts["track_key"], slots["track_key"]),
    ).select(key=unknown_key())
    codes, keys = coded(key["key"])
    numbers = pl.Series("unknown_no", [None], dtype=pl.UInt32).new_from_index(0, rows.height).scatter(where, codes)
    return numbers, keys.to_frame("track_key").with_row_index("unknown_no")


def unknown_key() -> pl.Expr:
    """What an unknown slot is an unknown of: its `track_key`, else `set_id#position`."""
    own = pl.concat_str("set_id", pl.lit("#"), "position")
    return pl.when(pl.col("track_key").fill_null("") != "").then("track_key").otherwise(own)


def _credited(credit: pl.DataFrame) -> pl.DataFrame:
    """no, artist, artist_key, plays: the names in each credit, remixers and unknown-words left out."""
    # A part at a time: taking a million credits apart at once would need more memory than all that is made of them.
    return pl.concat(
        split_credits(part["text"])
        .filter(pl.col("role") != "remixer", ~is_unknown_artist(pl.col("artist")))
        .join(part.with_row_index("row"), on="row")
        .select("no", "artist", "plays", artist_key=artist_key(pl.col("artist")))
        for part in (credit.iter_slices(_CREDITS_AT_ONCE) if len(credit) else [credit])
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


def _labels(label: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """The labels (label_no, label_key, label), and the label_no of each text, by its number."""
    keyed = label.select("no", label="text", plays="plays", label_key=label_key(pl.col("text")), rank=pl.lit(0)).filter(
        pl.col("label_key").fill_null("") != ""
    )
    labels = _commonest(keyed, "label_key", "label").with_row_index("label_no")
    label_of = label.select("no").join(
        keyed.join(labels, on="label_key").select("no", "label_no"), on="no", how="left", maintain_order="left"
    )
    return labels, label_of["label_no"]


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
