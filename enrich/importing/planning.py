"""Slots into the rows of the database's tables: who is credited, which slots are one track, what is new.

Pure and set-based. Ids follow from names (UUIDs of version 5), so the same slot makes the same row whenever it is
imported. A known recording is its primary artists and its title; an unknown one is its track key, else its slot.
"""

from dataclasses import dataclass

import polars as pl

from enrich.importing.comparing import changes, compare, proposed, sets_of, slots_to_be, told_apart
from enrich.importing.crediting import credited
from enrich.importing.known import SEP, Known, ids, name_key, own_ids, signature
from enrich.text.normalise import fold, isrc_code, label_key, title_key
from enrich.text.titles import parse_titles
from enrich.text.words import is_non_label, is_unknown_artist
from enrich.tracklists.checking import is_unnamed_title
from enrich.tracklists.slots import MAX_NAME, MAX_TITLE

#: What a slot says beside its track.
_NOTES = ("layered", "cue_seconds", "section", "label_note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Rows to insert, columns as in the tables; none is in the database yet, but for slots of sets that change."""

    artists: pl.DataFrame
    performers: pl.DataFrame
    links: pl.DataFrame  # `id, artist_id`: performers that are there, and the artist of their name
    setlists: pl.DataFrame
    tracks: pl.DataFrame
    track_artists: pl.DataFrame
    slots: pl.DataFrame
    fills: pl.DataFrame  # `id, label`: tracks that are there, and a label the files know for them
    changed: pl.DataFrame  # `setlist_id, file`: sets that are there, and whose slots are written anew
    days: pl.DataFrame  # `setlist_id, day` of the sets that get slots
    changes: pl.DataFrame  # CHANGES: how the files differ from what is there, row by row
    keys: pl.DataFrame  # `track_key, track_id, is_named`
    proposals: pl.DataFrame  # PROPOSALS: unknowns that have a name now, and names against names
    conflicts: list[str]  # ids of those that are for review
    seen: pl.DataFrame  # `track_id, seen_title, seen_label, seen_artist` of their tracks
    named: pl.DataFrame  # `track_id, setlist_id, file`: the sets in which the files name them
    apart: pl.DataFrame  # NOTES: sets whose name another set has
    plays: int
    already_there: int
    unknown_slots: int  # new slots whose artist nobody knows
    id_slots: int  # new slots marked as an ID: the artist, the title or the remixer is missing


def plan_import(slots: pl.DataFrame, known: Known) -> Plan:
    """Work out what slots (schema SLOTS) add to what is known, and how they differ from it."""
    slots, apart = own_ids(slots, known)
    slots = _with_labels(slots).with_columns(
        pl.col.title.str.strip_chars(), slot=pl.format("{}#{}", pl.col.set_id, pl.col.position)
    )
    recordings, component_of = _recordings(slots)
    parsed = _parsed(recordings)
    recordings = recordings.join(parsed, on=["artist", "title"], how="left", nulls_equal=True, maintain_order="left")
    artists, credits = credited(recordings, known)
    identified = _identified(recordings, credits, known)
    in_sets = identified.filter(pl.col.position.is_not_null())
    said = told_apart(compare(in_sets, known), in_sets)
    compared = said.filter(pl.col.relation != "perhaps")
    there = compared.filter(pl.col.recording.is_not_null() & pl.col.track_id.is_not_null())
    fresh = in_sets.join(there, on="recording", how="anti")
    components = component_of.join(fresh.select("recording"), left_on="whole", right_on="recording", how="semi")
    is_played = pl.col.track_id.is_in(fresh["track_id"].implode())
    added = identified.filter("is_new", is_played | pl.col.recording.is_in(components["recording"].implode()))
    tracks = _tracks(added, known)
    track_artists = _track_artists(added, credits)
    performers = _performers(slots, artists, known)
    setlists = _setlists(fresh, performers, known)
    djs = performers.filter(pl.col.is_new & pl.col.performer_id.is_in(setlists["performer_id"].implode()))
    needed = pl.concat([track_artists["artist_id"], djs["artist_id"].drop_nulls()]).implode()
    rows = _new_slots(fresh, setlists)
    same = there.filter(pl.col.relation.is_in(["same", "respelled", "moved"])).select("recording", held="track_id")
    by_name = fresh.filter(~pl.col.is_new).select("track_id", "label")
    by_place = identified.join(same, on="recording").select(track_id="held", label="label")
    proposals, conflicts, seen = proposed(said, identified, credits, artists, known, made=added["track_id"])
    return Plan(
        artists=_named(artists.filter(pl.col.is_new & pl.col.artist_id.is_in(needed)), id="artist_id"),
        performers=_named(
            djs.unique("performer_id", keep="first", maintain_order=True), id="performer_id", artist_id="artist_id"
        ),
        links=performers.filter(~pl.col.is_new).select(id="performer_id", artist_id="artist_id").drop_nulls().unique(),
        setlists=setlists.filter("is_new").drop("is_new"),
        tracks=tracks,
        track_artists=track_artists,
        slots=slots_to_be(rows, compared),
        fills=_best_label(pl.concat([by_name, by_place])).rename({"track_id": "id"}),
        changed=sets_of(compared.filter("is_changed"), slots),
        days=setlists.select("set_date", setlist_id="id").rename({"set_date": "day"}),
        changes=changes(compared, identified),
        keys=_keys(identified),
        proposals=proposals,
        conflicts=conflicts,
        seen=seen,
        named=sets_of(compared.filter(pl.col.track_id.is_in(proposals["track_id"].implode())), slots, "track_id"),
        apart=apart,
        plays=fresh.height,
        already_there=in_sets.height - fresh.height,
        unknown_slots=fresh.filter(~pl.col.has_artist).height,
        id_slots=fresh.filter(_is_id()).height,
    )


def _keys(identified: pl.DataFrame) -> pl.DataFrame:
    """track_key, track_id, is_named: what the files' keys mean; a named track before an unknown."""
    return (
        identified.drop_nulls("track_key")
        .sort("is_whole", descending=True, maintain_order=True)
        .unique("track_key", keep="first", maintain_order=True)
        .select("track_key", "track_id", is_named="is_whole")
    )


def _with_labels(slots: pl.DataFrame) -> pl.DataFrame:
    """Words that are no label leave the label's place."""
    is_note = is_non_label(fold(pl.col.label))
    return slots.with_columns(
        label_note=pl.coalesce("label_note", pl.when(is_note).then("label")), label=pl.when(~is_note).then("label")
    )


def _recordings(slots: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Slots and the known components of their mashups as one frame, `recording` its row number.

    The second frame says which recordings are components of which (`whole`).
    """
    columns = [
        "source", "set_id", "position", "slot", "set_date", "artist", "title", "label", "label_note", "catalog_number",
        "is_id", "is_mashup", "track_key", "set_name", "dj", "source_url", "duration_ms", "isrc", "genre", "layered",
        "cue_seconds", "section",
    ]  # fmt: skip
    plays = slots.with_row_index("recording").with_columns(pl.col.recording.cast(pl.Int64))
    parts = (
        plays.select("recording", "components", "source", "set_id")
        .explode("components", empty_as_null=True)
        .unnest("components")
        .filter(~is_unknown_artist(pl.col.artist) & ~is_unnamed_title(pl.col.title))
        .rename({"recording": "whole"})
        .with_row_index("no")
        .with_columns(recording=pl.col.no.cast(pl.Int64) + plays.height)
    )
    named = (
        plays.select("recording", part=pl.col.components)
        .explode("part", empty_as_null=True)
        .drop_nulls("part")
        .unnest("part")
        .group_by("recording")
        .agg(components=pl.concat_str("artist", "title", separator=" - ", ignore_nulls=True))
    )
    # A part's own line of the file is the mashup's: it counts as no slot.
    own = parts.select("recording", "source", "set_id", "artist", "title", "label")
    recordings = pl.concat([plays.select("recording", *columns), own], how="diagonal")
    recordings = recordings.join(named, on="recording", how="left", maintain_order="left")
    return recordings, parts.select("whole", "recording")


def _parsed(recordings: pl.DataFrame) -> pl.DataFrame:
    pairs = recordings.select("artist", "title").unique(maintain_order=True)
    said = parse_titles(pairs["title"], artists=pairs["artist"])
    said = said.rename({"is_mashup": "said_mashup", "components": "said_components"})
    return pairs.with_columns(
        said.select("features", "remixer", "mix", "version_class", "said_mashup", "said_components")
    )


def _identified(recordings: pl.DataFrame, credits: pl.DataFrame, known: Known) -> pl.DataFrame:
    """Each recording's `track_id`, and whether the database lacks it (`is_new`)."""
    primaries = credits.filter(pl.col.role == "primary").group_by("recording").agg(signature=signature(pl.col.own_key))
    rows = recordings.join(primaries, on="recording", how="left", maintain_order="left").with_columns(
        has_artist=pl.col.signature.is_not_null(),
        is_unnamed=is_unnamed_title(pl.col.title),
        title_key=title_key(pl.col.title),
    )
    is_named = pl.col.has_artist & ~pl.col.is_unnamed
    rows = rows.with_columns(
        identity=pl.when(is_named)
        .then(pl.concat_str(pl.lit("named"), "signature", "title_key", separator=SEP))
        .when(pl.col.track_key.is_not_null())
        .then(pl.concat_str(pl.lit("key"), "track_key", separator=SEP))
        .otherwise(pl.concat_str(pl.lit("slot"), "source", "slot", separator=SEP))
    )
    # Where the same key is named in another slot, the unknown is that track.
    named = (
        rows.filter(is_named & pl.col.track_key.is_not_null())
        .sort("set_date", "set_id", "position", nulls_last=True)
        .unique("track_key", keep="first", maintain_order=True)
        .select("track_key", named="identity", named_signature="signature", named_title="title_key")
    )
    rows = (
        rows.join(named, on="track_key", how="left", maintain_order="left")
        .with_columns(
            identity=pl.coalesce("named", "identity"),
            signature=pl.coalesce("named_signature", pl.when(is_named).then("signature")),
            title_key=pl.coalesce("named_title", "title_key"),
            is_whole=is_named,
        )
        .drop("named", "named_signature", "named_title")
        .join(known.tracks, on=["signature", "title_key"], how="left", maintain_order="left")
        .with_columns(is_new=pl.col.track_id.is_null())
    )
    identities = rows.filter("is_new").select("identity").unique(maintain_order=True)
    made = identities.with_columns(made=ids("track", identities["identity"]))
    rows = rows.join(made, on="identity", how="left", maintain_order="left").join(
        known.keys, on="track_key", how="left", maintain_order="left"
    )
    # A key on record means its track, but where the file names it and the record does not.
    by_key = pl.col.key_track.is_not_null() & ~pl.col.is_whole & pl.col.signature.is_null()
    return rows.with_columns(
        track_id=pl.when(by_key).then("key_track").otherwise(pl.coalesce("track_id", "made")),
        is_new=pl.col.is_new & ~by_key,
    )


def _best_label(rows: pl.DataFrame) -> pl.DataFrame:
    """`track_id, label`: the label most slots give, in its commonest spelling."""
    return (
        rows.drop_nulls("label")
        .with_columns(label_key=label_key(pl.col.label))
        .with_columns(n_key=pl.len().over("track_id", "label_key"), n=pl.len().over("track_id", "label"))
        .sort("n_key", "n", "label_key", "label", descending=[True, True, False, False])
        .group_by("track_id", maintain_order=True)
        .agg(pl.col.label.first())
    )


def _tracks(added: pl.DataFrame, known: Known) -> pl.DataFrame:
    tracks = (
        added.sort(~pl.col.is_whole, "set_date", "set_id", "position", "recording", nulls_last=True)
        .group_by("track_id", maintain_order=True)
        .agg(
            pl.col("title", "is_unnamed", "remixer", "version_class", "said_mashup", "said_components").first(),
            pl.col("label_note", "catalog_number", "duration_ms", "isrc", "genre", "components").drop_nulls().first(),
            pl.col("is_mashup", "has_artist").any(),
        )
        .join(_best_label(added), on="track_id", how="left", maintain_order="left")
        .with_columns(pl.col.title.fill_null("ID"), isrc=isrc_code(pl.col.isrc))
    )
    is_free = ~pl.col.isrc.is_in(known.isrcs.implode()) & pl.col.isrc.is_first_distinct()
    components = pl.coalesce("components", pl.when(pl.col.said_components.list.len() > 1).then("said_components"))
    listed = pl.struct(parts=components).struct.json_encode().str.strip_prefix('{"parts":').str.strip_suffix("}")
    long_title = pl.when(pl.col.title.str.len_chars() > MAX_TITLE).then("title")
    long_genre = pl.when(pl.col.genre.str.len_chars() > 100).then("genre")
    original = pl.struct(long_title, "label", "label_note", "catalog_number", long_genre)
    status = (
        pl.when(~pl.col.has_artist)
        .then(pl.lit("pending"))
        .when(pl.col.label.is_not_null() & ~pl.col.is_unnamed)
        .then(pl.lit("completed"))
        .otherwise(pl.lit("partial"))
    )
    return tracks.select(
        id="track_id",
        title=pl.col.title.str.head(MAX_TITLE),
        normalized_title=title_key(pl.col.title).str.head(MAX_TITLE),
        isrc=pl.when(is_free).then("isrc"),
        duration_ms="duration_ms",
        genre=pl.col.genre.str.head(100),
        mashup_components=pl.when(components.list.len() > 0).then(listed),
        is_remix=pl.col.remixer.is_not_null() | pl.col.version_class.is_in(["remix", "bootleg"]).fill_null(value=False),
        is_mashup=pl.col.is_mashup.fill_null(value=False) | pl.col.said_mashup.fill_null(value=False),
        metadata=pl.concat_str(pl.lit('{"original_data": '), _json(original), pl.lit("}")),
        status=status,
        label="label",
    )


def _track_artists(added: pl.DataFrame, credits: pl.DataFrame) -> pl.DataFrame:
    telling = added.sort(~pl.col.is_whole, "recording").unique("track_id", keep="first", maintain_order=True)
    rows = telling.select("track_id", "recording").join(credits, on="recording", maintain_order="left")
    place = (pl.int_range(pl.len()).over("track_id", "role") + 1).cast(pl.Int32)
    ordered = rows.sort("track_id", "role", "at", maintain_order=True)
    return ordered.select("track_id", "artist_id", "role", position=place)


def _performers(slots: pl.DataFrame, artists: pl.DataFrame, known: Known) -> pl.DataFrame:
    """One row per set with a DJ: `source, set_id, performer_id, …`."""
    djs = (
        slots.filter(~is_unknown_artist(pl.col.dj))
        .group_by("source", "set_id", maintain_order=True)
        .agg(pl.col.dj.first())
        .with_columns(key=name_key(pl.col.dj))
    )
    named = artists.select("key", named_id="artist_id").join(known.artists, on="key", how="full", coalesce=True)
    named = named.select("key", artist_id=pl.coalesce("named_id", "artist_id"))
    distinct = (
        djs.select("key", "dj")
        .unique("key", keep="first", maintain_order=True)
        .join(known.performers, on="key", how="left", maintain_order="left")
        .join(named, on="key", how="left", maintain_order="left")
        .with_columns(is_new=pl.col.performer_id.is_null())
    )
    kind = "performer"
    if known.performers_are_artists:
        distinct, kind = distinct.with_columns(performer_id=pl.coalesce("performer_id", "artist_id")), "artist"
    distinct = distinct.with_columns(performer_id=pl.coalesce("performer_id", ids(kind, distinct["key"])))
    return djs.drop("dj").join(distinct.rename({"dj": "name"}), on="key", maintain_order="left")


def _setlists(fresh: pl.DataFrame, performers: pl.DataFrame, known: Known) -> pl.DataFrame:
    """One row per set of the new slots; `is_new` where the database lacks it."""
    place = ["source", "set_id"]
    sets = (
        fresh.group_by(place, maintain_order=True)
        .agg(pl.col("set_name", "set_date", "dj", "source_url").drop_nulls().first())
        .join(known.sets, on=place, how="left", maintain_order="left")
        .join(performers.select(*place, "performer_id"), on=place, how="left", maintain_order="left")
        .with_columns(is_new=pl.col.setlist_id.is_null(), metadata=_json(pl.struct("dj", name="set_name")))
    )
    made = ids("setlist", sets.select(pl.concat_str(place, separator=SEP)).to_series())
    sets = sets.with_columns(id=pl.coalesce("setlist_id", made), source_id="set_id")
    return sets.select("id", "performer_id", "set_date", "source", "source_url", "source_id", "metadata", "is_new")


def _is_id() -> pl.Expr:
    return ~pl.col.has_artist | pl.col.is_id.fill_null(value=False)


def _new_slots(fresh: pl.DataFrame, setlists: pl.DataFrame) -> pl.DataFrame:
    is_id = _is_id()
    written = pl.concat_str(pl.col.artist.fill_null("ID"), pl.col.title.fill_null("ID"), separator=" - ")
    silent = ~pl.col.layered.fill_null(value=False) & pl.all_horizontal(pl.col(_NOTES[1:]).is_null())
    return fresh.join(
        setlists.select("source", set_id="source_id", setlist_id="id"), on=["source", "set_id"], maintain_order="left"
    ).select(
        "recording",
        "setlist_id",
        "track_id",
        "position",
        is_id=is_id,
        id_text=pl.when(is_id).then(written.str.head(MAX_TITLE)),
        notes=pl.when(~silent).then(_json(pl.struct(_NOTES))),
    )


def _named(rows: pl.DataFrame, **ids: str) -> pl.DataFrame:
    """Ids, name, its key and metadata; of a name longer than its column, metadata holds the whole."""
    is_long = pl.col.name.str.len_chars() > MAX_NAME
    return rows.select(
        **ids,
        name=pl.col.name.str.head(MAX_NAME),
        normalized_name=pl.col.key.str.head(MAX_NAME),
        metadata=pl.when(is_long).then(_json(pl.struct(full_name="name"))).otherwise(pl.lit("{}")),
    )


def _json(struct: pl.Expr) -> pl.Expr:
    """A struct as JSON without its nulls."""
    return struct.struct.json_encode().str.replace_all(r'"\w+":null,?', "").str.replace(r",\}$", "}")
