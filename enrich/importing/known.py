"""What the database holds already, as the importer compares with it. Reads Postgres; writes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha1
from typing import Any
from uuid import UUID

import polars as pl
import psycopg

from enrich.database.layout import writable
from enrich.sql import IMPORTING
from enrich.text.normalise import artist_key, title_key
from enrich.tracklists.marks import MARKS
from enrich.tracklists.naming import KEPT_APART, holdings, own_id, renamed
from enrich.tracklists.slots import NOTES

#: Never change: ids of rows imported before were made with it.
_NAMESPACE = UUID("6f1c3a52-9d0b-5e0e-8a55-3d1f0c2b7e91")
SEP = "\x1f"
_S = pl.String()
_PLACES = {**dict.fromkeys(("source", "set_id", "setlist_id", "there"), _S), "position": pl.Int32()}
_TEXTS = ("source", "set_id", "setlist_id", "there", "id_text", "notes", "title", "artist")
KNOWN_SLOTS = pl.Schema({**dict.fromkeys(_TEXTS, _S), "position": pl.Int32(), "is_id": pl.Boolean()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Keys of everything an import could meet again. Where two rows share a key, the older one counts."""

    artists: pl.DataFrame  # `key, artist_id, own_key`: by name, else by the name as normalised there, else by alias
    artist_names: pl.Series  # names and aliases as written
    tracks: pl.DataFrame  # `signature, title_key, track_id`: tracks with a known artist (see `signature`)
    isrcs: pl.Series
    slots: pl.DataFrame  # `source, set_id, setlist_id, there` (the track), `position` of sets about to be imported
    named_slots: Callable[[pl.Series], pl.DataFrame]  # KNOWN_SLOTS by setlist_id: most sets need no names read
    sets: pl.DataFrame  # `source, set_id, setlist_id`
    keys: pl.DataFrame  # `track_key, key_track, key_is_named`
    performers: pl.DataFrame  # `key, performer_id`
    performers_are_artists: bool  # whether DJs stand in no table of their own


def read_known(cur: psycopg.Cursor[Any], *, slots: pl.DataFrame) -> Known:
    """Read the keys inside the importing transaction of `cur`; `slots`: SLOTS about to be imported."""

    def frame(name: str, schema: dict[str, pl.DataType], **params: object) -> pl.DataFrame:
        return IMPORTING[name].fetch(cur, pl.Schema(schema), **params)

    names: dict[str, pl.DataType] = {"name": _S, "normalized_name": _S}
    artists = frame("known_artists", {"artist_id": _S, **names, "aliases": pl.List(pl.String)})
    tracks = frame("known_tracks", {"track_id": _S, "title": _S, "artist_ids": _S})
    performers = frame("known_performers", {"performer_id": _S, **names})
    own = artists.select("artist_id", own_key=name_key(pl.col.name))
    sources = slots["source"].unique().to_list()
    sets = frame("known_sets", {"setlist_id": _S, "source": _S, "set_id": _S}, sources=sources)
    asked = slots.select("source", "set_id", "id_from_name").unique()
    namesakes = asked.filter("id_from_name")["set_id"].implode()
    theirs = pl.concat(
        [
            sets.join(asked, on=["source", "set_id"], how="semi")["setlist_id"],
            sets.filter(pl.col.set_id.str.replace(MARKS.namesake.pattern, "").is_in(namesakes))["setlist_id"],
        ]
    )
    keys = slots["track_key"].drop_nulls().unique()
    # Imports from before the keys were recorded made a key's unknown under this id.
    made = ids("track", "key" + SEP + keys).to_list()
    meant: dict[str, pl.DataType] = {"track_key": _S, "key_track": _S, "key_is_named": pl.Boolean()}
    return Known(
        artists=_by_key(artists, "artist_id").join(own, on="artist_id", maintain_order="left"),
        artist_names=pl.concat([artists["name"], artists["aliases"].explode(empty_as_null=True).drop_nulls()]),
        tracks=tracks.with_columns(pl.col.artist_ids.str.split(" "))
        .explode("artist_ids")
        .join(own, left_on="artist_ids", right_on="artist_id", maintain_order="left")
        .group_by("track_id", "title", maintain_order=True)
        .agg(signature=signature(pl.col.own_key))
        .select("signature", "track_id", title_key=title_key(pl.col.title))
        .unique(["signature", "title_key"], keep="first", maintain_order=True),
        isrcs=frame("known_isrcs", {"isrc": _S})["isrc"],
        slots=frame("known_places", _PLACES, setlist_ids=theirs.unique().to_list()),
        named_slots=lambda ids: frame("known_slots", dict(KNOWN_SLOTS), setlist_ids=ids.unique().to_list()),
        sets=sets,
        keys=frame("known_keys", meant, keys=keys.to_list(), made=made),
        performers=_by_key(performers, "performer_id"),
        performers_are_artists="artist_id" not in writable(cur, "performers"),
    )


def own_ids(slots: pl.DataFrame, known: Known) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sets of a known name and other content get ids of their own; and those it concerns, as NOTES."""
    named = slots.filter("id_from_name")
    if named.is_empty():
        return slots, NOTES.to_frame()
    bases = known.slots["set_id"].str.replace(MARKS.namesake.pattern, "")
    like_named = bases.is_in(named["set_id"].str.replace(MARKS.namesake.pattern, "").implode())
    held_now = known.named_slots(known.slots["setlist_id"].filter(like_named))
    there: dict[tuple[str, str], dict[str, frozenset[str]]] = {}
    for (source, set_id), held in holdings(held_now, "source", "set_id").items():
        there.setdefault((source, MARKS.namesake.sub("", set_id)), {})[set_id] = held
    new: list[tuple[str, str, str, str]] = []
    for (source, set_id, file), held in holdings(named, "source", "set_id", "file").items() if there else ():
        like = there.get((source, MARKS.namesake.sub("", set_id)), {})
        if (own := own_id(set_id, held, like)) != set_id:
            new.append((source, set_id, file, own))
    found = renamed(slots, new)
    apart = found.filter(found["set_id"] != slots["set_id"]).unique(["source", "set_id"], maintain_order=True)
    return found, apart.select("file", line=pl.lit(None, pl.Int64), reason=KEPT_APART, raw="set_name")


def ids(kind: str, keys: pl.Series) -> pl.Series:
    """One UUID (version 5) a key, the same every time; made by hand, for an import needs a hundred thousand."""
    begin = sha1(_NAMESPACE.bytes + f"{kind}{SEP}".encode(), usedforsecurity=False)
    return pl.Series([_uuid(begin, str(key)) for key in keys], dtype=pl.String)


def _uuid(begin: Any, key: str) -> str:
    digest = begin.copy()
    digest.update(key.encode())
    value = bytearray(digest.digest()[:16])
    value[6], value[8] = value[6] & 0x0F | 0x50, value[8] & 0x3F | 0x80
    text = value.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def name_key(name: pl.Expr) -> pl.Expr:
    """`artist_key`, but never empty: a name of one apostrophe is its own key."""
    key = artist_key(name)
    return pl.when(key == "").then(name.str.to_lowercase()).otherwise(key)


def signature(keys: pl.Expr) -> pl.Expr:
    """One text for all artists of a group, the same whether a duo was taken as one act or as two artists."""
    parts = keys.str.replace_all(r" (?:and|vs|versus|x|b2b|presents|pres) ", "\x1f").str.split("\x1f")
    return parts.explode(empty_as_null=True).unique().sort().str.join("\x1f")


def _by_key(rows: pl.DataFrame, id_column: str) -> pl.DataFrame:
    names = [
        rows.select(key=name_key(pl.col.name), id=id_column),
        # Its own convention may keep what ours drops; the unique index speaks that one.
        rows.select(key=pl.col.normalized_name, id=id_column),
        rows.select(key=name_key(pl.col.normalized_name), id=id_column),
    ]
    if "aliases" in rows.columns:
        aliases = rows.select("aliases", id=id_column).explode("aliases", empty_as_null=True)
        names.append(aliases.select(key=name_key(pl.col.aliases), id="id"))
    return pl.concat(names).drop_nulls("key").unique("key", keep="first", maintain_order=True).rename({"id": id_column})
