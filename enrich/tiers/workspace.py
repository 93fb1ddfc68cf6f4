"""What the tiers work on: a snapshot's marts in memory, with this run's accepted results already where they belong
(track, credit, artist–label map, setlists), so that later tracks of the same run profit.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from enrich.frames.schemas import TRACKLISTS, proposed_artists
from enrich.labels.book import LabelBook
from enrich.snapshots.opening import Snapshot
from enrich.text.normalise import artist_key, label_key

#: TRACKLISTS, and the set that each slot's set is a second listing of.
SECOND_LISTINGS = pl.Schema({**TRACKLISTS, "duplicate_of": pl.String()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The marts `tracks`, `credits`, `artists`, `labels`, `tracklists` of one snapshot, see ARCHITECTURE.md.

    `second_listings` are the slots of sets that are in `tracklists` by another listing; nothing counts their plays.
    """

    snapshot_id: str
    tracks: pl.DataFrame
    credits: pl.DataFrame
    artists: pl.DataFrame
    labels: pl.DataFrame
    tracklists: pl.DataFrame
    second_listings: pl.DataFrame = field(default_factory=lambda: SECOND_LISTINGS.to_frame())
    #: What is worked out once a snapshot, shared by the workspaces that come of it by accepting.
    memo: dict[str, pl.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, snapshot: Snapshot) -> Workspace:
        """Copy the marts into memory."""
        marts = ("tracks", "credits", "artists", "labels", "tracklists", "second_listings")
        frames: dict[str, Any] = {name: snapshot.frame(name) for name in marts}
        return cls(snapshot_id=str(snapshot.manifest.snapshot_id), **frames)

    @property
    def primary(self) -> pl.DataFrame:
        """The credits of those a track is by: neither guests nor remixers."""
        return self.credits.filter(pl.col.role == "primary")

    @property
    def known(self) -> pl.DataFrame:
        """Tracks of known artist: id, title, its keys and version, remixer, label_key, artist, artist_keys (list)."""
        keys = self.primary.group_by("track_id").agg(artist_keys=pl.col.artist_key.unique().sort())
        return (
            self.tracks.filter(pl.col.is_known_artist)
            .select("track_id", "title", "base_key", "title_key", "version_class", "remixer", "label_key", "artist")
            .join(keys, on="track_id")
        )

    @property
    def listed(self) -> pl.DataFrame:
        """TRACKLISTS of all sets, those listed a second time among them."""
        return pl.concat([self.tracklists, self.second_listings.drop("duplicate_of")])

    def named_sets(self) -> pl.DataFrame:
        """One row per set with a name or a DJ: set_id, and named_set, as people call it and with its day."""
        if "named_sets" in self.memo:
            return self.memo["named_sets"]
        name, day = pl.coalesce("set_name", "dj"), pl.col.set_date.cast(pl.String)
        when = pl.when(~name.str.contains(day, literal=True)).then(day)
        called = pl.concat_str(name, when, separator=", ", ignore_nulls=True)
        sets = self.listed.filter(name.is_not_null()).select("set_id", named_set=called)
        return self.memo.setdefault("named_sets", sets.unique("set_id", keep="first"))

    def in_words(self, sentences: pl.Expr) -> pl.Expr:
        """Lists of sentences, with the sets in them called by their names instead of their UUIDs."""
        sets = self.named_sets().filter(pl.col.set_id.str.len_chars() == 36)
        ids, names = (pl.lit(sets[name].to_list(), pl.List(pl.String)) for name in ("set_id", "named_set"))
        return sentences.list.eval(pl.element().str.replace_many(ids, names))

    @property
    def aliases(self) -> pl.DataFrame:
        """One row per other name of an artist: artist, alias."""
        return self.artists.select("artist", pl.col.aliases.alias("alias")).explode("alias").drop_nulls("alias")

    @property
    def artist_ids(self) -> pl.DataFrame:
        """One row per artist key: artist_key, artist_id."""
        return self.artists.select("artist_key", "artist_id").unique("artist_key", keep="first", maintain_order=True)

    @property
    def label_spellings(self) -> pl.DataFrame:
        """One row per label key: label_key, and how the database spells it best."""
        return self.labels.select("label_key", "label").unique("label_key", keep="first", maintain_order=True)

    def label_book(self) -> LabelBook:
        """The database's labels, learned."""
        facts = self.tracks.filter(pl.col.label.is_not_null() & pl.col.is_known_artist)
        return LabelBook.learn(self.labels.select("label", "tracks"), facts=facts.select("artist", "title", "label"))

    def seen(self) -> pl.DataFrame:
        """What stood in the blanks at the snapshot: track_id, seen_title, seen_label, seen_artist."""
        artist = pl.when("is_known_artist").then("artist")
        return self.tracks.select("track_id", seen_title="title", seen_label="label", seen_artist=artist)

    def with_accepted(self, accepted: pl.DataFrame) -> Workspace:
        """The workspace with accepted PROPOSALS in place; a blank already filled stays as it is."""
        is_label = pl.col.kind == "label"
        labels, artists = _winners(accepted.filter(is_label)), _winners(accepted.filter(~is_label))
        return _with_artists(_with_labels(self, labels), artists)


def _winners(accepted: pl.DataFrame) -> pl.DataFrame:
    # One value a blank: the surest, ties by tier and id, as write-back decides it too.
    return (
        accepted.sort(["confidence", "tier", "proposal_id"], descending=[True, False, False], nulls_last=True)
        .unique("track_id", keep="first", maintain_order=True)
        .select("track_id", "value", "evidence", "source")
    )


def _with_labels(ws: Workspace, labels: pl.DataFrame) -> Workspace:
    blank = ws.tracks.filter(pl.col.label.is_null())
    found = labels.join(blank, on="track_id", how="semi").select(
        "track_id", new_label="value", new_key=label_key(pl.col.value), by="source"
    )
    if found.is_empty():
        return ws
    tracks = (
        ws.tracks.join(found, on="track_id", how="left", maintain_order="left")
        .with_columns(
            label_source=pl.when(pl.col.label.is_null() & pl.col.by.is_not_null()).then("by").otherwise("label_source"),
            label_key=pl.coalesce("label_key", "new_key"),
            label=pl.coalesce("label", "new_label"),
        )
        .drop("new_label", "new_key", "by")
    )
    by_key = found.select("new_label", track_key="track_id")
    tracklists = (
        ws.tracklists.join(by_key, on="track_key", how="left", maintain_order="left")
        .with_columns(label=pl.coalesce("label", "new_label"))
        .drop("new_label")
    )
    return replace(ws, tracks=tracks, tracklists=tracklists)


def _with_artists(ws: Workspace, artists: pl.DataFrame) -> Workspace:
    unknown = ws.tracks.filter(~pl.col.is_known_artist).select("track_id")
    names = artists.join(unknown, on="track_id", how="semi").with_columns(name=proposed_artists())
    if names.is_empty():
        return ws
    shown = names.select("track_id", new_artist=pl.col.name.list.join(" & "))
    new_credits = (
        names.select("track_id", "name")
        .explode("name")
        .with_columns(artist_key=artist_key(pl.col.name), place=pl.int_range(pl.len()).over("track_id"))
        .join(ws.artist_ids, on="artist_key", how="left")
        .with_columns(artist="name", role=pl.lit("primary"), position="place")
        .select(ws.credits.columns)
        .cast(ws.credits.schema)
    )
    replaced = ws.credits.filter(~((pl.col.role == "primary") & pl.col.track_id.is_in(names["track_id"].implode())))
    tracks = (
        ws.tracks.join(shown, on="track_id", how="left", maintain_order="left")
        .with_columns(
            artist=pl.coalesce("new_artist", "artist"),
            is_known_artist=pl.col.is_known_artist | pl.col.new_artist.is_not_null(),
        )
        .drop("new_artist")
    )
    tracklists = (
        ws.tracklists.join(shown.rename({"track_id": "track_key"}), on="track_key", how="left", maintain_order="left")
        .with_columns(artist=pl.coalesce("new_artist", "artist"))
        .drop("new_artist")
    )
    return replace(ws, tracks=tracks, credits=pl.concat([replaced, new_credits]), tracklists=tracklists)
