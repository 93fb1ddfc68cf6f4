"""Write-back: accepted proposals into the music tables, in one transaction, each change on record.

Fills blanks only. What changed since the snapshot is a conflict: reported and left alone. The same run applied
twice changes nothing. A run is undone exactly, but for values edited since, which are reported and left alone.

An accepted identity moves an unknown track's slots to the recording it is. A recording that the database does not have
is made of the track itself: it gets the title, and as artist and label proposals would give them, artists and label.
The evidence of such a proposal is JSON with `artists`, `title`, `label` and, where the database has the recording,
`recording_id`. SQL: sql/ledger/writing.sql, sql/ledger/identities.sql, sql/duckdb/writeback.sql.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import polars as pl
import psycopg

from enrich.database.connection import connect, temporary_table
from enrich.database.errors import database_errors
from enrich.database.layout import writable
from enrich.errors import EnrichError
from enrich.frames.schemas import proposed_artists
from enrich.labels.book import WEAK_REASONS, refusal
from enrich.ledger.proposals import close_run, open_run
from enrich.settings import Settings
from enrich.sql import DUCKDB, LEDGER, in_memory
from enrich.text.normalise import artist_key, label_key, title_key
from enrich.text.words import is_unknown_artist

# One write-back at a time; a second waits. The number is arbitrary but fixed.
_LOCK = 8_022_009
_NAME_LIMIT = 255
#: Columns of tracks in which some installations keep a label, or the artist, beside the places of their own.
LABEL_COLUMNS, ARTIST_COLUMN = ("label", "record_label"), "artist_name"
_NEW_ARTISTS = {"id": "uuid", "proposal_id": "uuid", "name": "text", "normalized_name": "varchar(255)"}
_LINKS = dict.fromkeys(("proposal_id", "track_id", "artist_id"), "uuid") | {"place": "int"}
#: What writes an identity, what undoes it, and the place both write.
_IDENTITY_PLACES = {
    ("relink_slots", "undo_slots"): "setlist_tracks.track_id",
    ("relink_playlists", "undo_playlists"): "playlist_tracks.track_id",
    ("name_titles", "undo_titles"): "tracks.title",
}
_IDENTIFIED = dict.fromkeys(("proposal_id", "track_id", "recording_id"), "uuid")
_IDENTIFIED |= dict.fromkeys(("title", "normalized_title"), "text")
#: Steps of undo in order, and the place each writes.
_UNDO = {undo: place for (_, undo), place in _IDENTITY_PLACES.items()} | {
    "undo_statuses": "enrichment_status.status",
    "undo_added_statuses": "enrichment_status.status",
    "undo_links": "track_artists.track_id",
    "undo_placeholders": "track_artists.track_id",
    "undo_artists": "artists.name",
    "undo_labels": "tracks.metadata",
}
_STRINGS: Any = pl.List(pl.String)

_ACCEPTED = pl.Schema(
    {**dict.fromkeys(("proposal_id", "track_id", "kind", "value"), pl.String), "tier": pl.Int16, "source": pl.String}
    | {"confidence": pl.Float64, "evidence": pl.String, "seen_title": pl.String}
)
_TRACKS = pl.Schema({"track_id": pl.String, "title": pl.String, "labels": _STRINGS, "artist_name": pl.String})
_PRIMARY = pl.Schema({"track_id": pl.String, "artist_id": pl.String, "name": pl.String})
_ARTISTS = pl.Schema({"artist_id": pl.String, "name": pl.String, "aliases": _STRINGS})

# The temporary table of that name; `completes`: with it, the track has an artist.
_JUDGED = {"proposal_id": "uuid", "track_id": "uuid", "completes": "boolean"}
_JUDGED |= dict.fromkeys(("kind", "value", "outcome", "reason"), "text")

#: What became of each accepted proposal.
OUTCOMES = pl.Schema(
    {name: _ACCEPTED[name] for name in ("proposal_id", "track_id", "kind", "value", "source", "confidence")}
    | dict.fromkeys(("outcome", "reason"), pl.String)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteResult:
    """What write-back did, or would do where `applied` is False."""

    run_id: str | None
    applied: bool
    labels_written: int
    artists_written: int
    artists_created: int
    identities_written: int
    conflicts: int
    superseded: int
    outcomes: pl.DataFrame

    def asdict(self) -> dict[str, Any]:
        """As JSON prints it, conflicts in full."""
        conflicts = self.outcomes.filter(pl.col("outcome") == "conflict").to_dicts()
        return {k: v for k, v in asdict(self).items() if k != "outcomes"} | {"conflict_list": conflicts}


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoResult:
    """What undo did: values put back this time, and those left alone because they were edited since."""

    run_id: str
    undone: int
    kept: int
    kept_writes: tuple[dict[str, Any], ...]

    def asdict(self) -> dict[str, Any]:
        """As JSON prints it."""
        return asdict(self)


def writeback(
    settings: Settings, *, now: datetime, apply: bool = False, run_ids: Sequence[str] | None = None
) -> WriteResult:
    """Write the accepted proposals, or say what would be written.

    Args:
        now: Time of record.
        apply: False is a dry run: everything is judged, nothing written.
        run_ids: Only proposals of these runs; None: all.
    """
    with database_errors(settings, doing="write-back"), connect(settings) as con, con.cursor() as cur:
        result = write_accepted(cur, now=now, run_ids=run_ids, apply=apply)
        if not apply:
            con.rollback()
    return result


def write_accepted(
    cur: psycopg.Cursor[Any], *, now: datetime, run_ids: Sequence[str] | None = None, apply: bool = True
) -> WriteResult:
    """`writeback` within the caller's transaction."""
    cur.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
    of_runs = list(run_ids) if run_ids is not None else None
    accepted = LEDGER["lock_accepted"].fetch(cur, _ACCEPTED, run_ids=of_runs)
    if accepted.is_empty():
        return _result(None, applied=apply, created=0, outcomes=pl.DataFrame(schema=OUTCOMES))

    tracks = LEDGER["lock_tracks"].fetch(cur, _TRACKS, run_ids=of_runs)
    primary = LEDGER["primary_artists"].fetch(cur, _PRIMARY, run_ids=of_runs)
    on_tracks = tracks.select("track_id", name="artist_name").drop_nulls()
    primary = pl.concat([primary, on_tracks], how="diagonal").unique(["track_id", "name"], maintain_order=True)

    meant = LEDGER["recordings_meant"].fetch(cur, pl.Schema({"recording_id": pl.String}), run_ids=of_runs)
    judged = judge(accepted, tracks, primary, recordings=meant["recording_id"])
    outcomes = judged.select(OUTCOMES.names())
    if not apply:
        return _result(None, applied=False, created=0, outcomes=outcomes)

    run_id = open_run(cur, "writeback", now=now, parameters={"runs": list(run_ids) if run_ids else "all"})
    free = judged.filter(pl.col("outcome") == "written")
    identified = free.filter(pl.col("kind") == "identity")
    filled = pl.concat([free, _as_blanks(identified)])
    artists = filled.filter(pl.col("kind") == "artist")
    completes = pl.col("proposal_id").is_in(_completing(free, primary).implode())
    # In the order of the ids, neighbours in an index are written one after the other.
    rows = pl.concat([judged.filter(pl.col("outcome") != "written"), filled]).with_columns(completes=completes)
    temporary_table(cur, "judged", _JUDGED, rows.sort("track_id"))
    if not identified.is_empty():
        _relink(cur, identified, run_id=run_id, now=now)
    if "label" in filled["kind"]:
        _write_labels(cur, run_id=run_id, now=now)
    created = _write_artists(cur, artists, primary, run_id=run_id, now=now) if not artists.is_empty() else 0
    completed = rows.filter("completes")["track_id"].to_list()
    LEDGER["add_statuses"].execute(cur, run_id=run_id, now=now, track_ids=completed)
    LEDGER["complete_statuses"].execute(cur, run_id=run_id, now=now)
    LEDGER["settle_proposals"].execute(cur, now=now)
    result = _result(run_id, applied=True, created=created, outcomes=outcomes)
    counts = {k: v for k, v in result.asdict().items() if isinstance(v, int) and not isinstance(v, bool)}
    close_run(cur, run_id, now=now, summary=counts)
    return result


def judge(
    accepted: pl.DataFrame, tracks: pl.DataFrame, primary: pl.DataFrame, *, recordings: pl.Series | None = None
) -> pl.DataFrame:
    """Say of each accepted proposal (see `lock_accepted`) whether its blank is still one. Pure.

    Args:
        accepted: The proposals; they come back with outcome (OUTCOMES) and reason (null when written).
        tracks: track_id, title, labels: what stands where a label may, the place that counts most first.
        primary: track_id, artist_id, name of today's primary artists; without an id, written on the track itself.
        recordings: Ids of the recordings that identities name and the database has; None: of none.
    """
    meant = pl.Series("recording_id", [] if recordings is None else recordings, dtype=pl.String)
    tables = {"accepted": _with_names(accepted), "recordings": meant.to_frame()}
    with in_memory(labels=_labels_now(tracks), artists=_artists_now(primary), **tables) as con:
        return DUCKDB["writeback_judged"].frame(con, most_signs=_NAME_LIMIT)


def undo(settings: Settings, run_id: str, *, now: datetime, by: str) -> UndoResult:
    """Take back what one write-back run wrote, exactly; values edited since stay and are reported.

    `by` and `now`, who asks and when, are kept in the ledger.

    Raises:
        EnrichError: no such run, or not one that wrote.
    """
    with database_errors(settings, doing="undo"), connect(settings) as con, con.cursor() as cur:
        return undo_written(cur, run_id, now=now, by=by)


def undo_written(cur: psycopg.Cursor[Any], run_id: str, *, now: datetime, by: str) -> UndoResult:
    """`undo` within the caller's transaction."""
    cur.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
    try:
        LEDGER["lock_run"].execute(cur, run_id=run_id)
    except psycopg.errors.InvalidTextRepresentation as error:
        raise EnrichError(f"not a run id: {run_id!r}") from error
    run = cur.fetchone()
    if run is None or run[1] != "writeback":
        raise EnrichError(f"no writeback run {run_id}; `enrich report` and the table enrich_runs list them")
    LEDGER["undo_summary"].execute(cur, run_id=run_id)
    before, _ = cur.fetchone() or (0, 0)
    for step, place in _UNDO.items():
        _execute_where_possible(cur, step, place, run_id=run_id, now=now)
    for column in sorted({*LABEL_COLUMNS, ARTIST_COLUMN} & writable(cur, "tracks")):
        LEDGER["undo_column"].on(column).execute(cur, run_id=run_id, now=now)
    LEDGER["reopen_undone"].execute(cur, run_id=run_id, now=now, decided_by=by)
    LEDGER["mark_run_undone"].execute(cur, run_id=run_id, now=now)
    LEDGER["undo_summary"].execute(cur, run_id=run_id)
    undone, kept = cur.fetchone() or (0, 0)
    LEDGER["kept_writes"].execute(cur, run_id=run_id)
    left = tuple({"track_id": track, "target": target, "row_key": key} for track, target, key in cur.fetchall())
    return UndoResult(run_id=run_id, undone=undone - before, kept=kept, kept_writes=left)


def _labels_now(tracks: pl.DataFrame) -> pl.DataFrame:
    """track_id, title, label_now, label_key_now: the first of the places a label may stand that holds one."""
    blanks = _blank_words(tracks["labels"].explode())
    first = pl.col("labels").list.eval(pl.element().filter(~pl.element().is_in(blanks.to_list()))).list.first()
    now = tracks.select("track_id", "title", label_now=first)
    return now.with_columns(label_key_now=label_key(pl.col("label_now")))


def _artists_now(primary: pl.DataFrame) -> pl.DataFrame:
    """track_id, artist_now, artist_keys_now: today's known primary artists."""
    return (
        primary.filter(~is_unknown_artist(pl.col("name")))
        .group_by("track_id")
        .agg(artist_now=pl.col("name").sort().str.join(" & "), artist_keys_now=artist_key(pl.col("name")).sort())
    )


def _blank_words(labels: pl.Series) -> pl.Series:
    """Those of the labels that say there is none; each spelling is judged once."""
    spelled = labels.drop_nulls().unique().rename("label").to_frame()
    # "White", "CDR" and the like are blanks; a doubtful word such as a genre's may be somebody's label and stays.
    return spelled.filter(refusal(pl.col("label")).is_in(sorted(WEAK_REASONS)).not_().fill_null(value=False))["label"]


def _with_names(accepted: pl.DataFrame) -> pl.DataFrame:
    """`accepted` with value_key, as of a label; names, the artists each proposal means; name_keys, theirs in order."""
    named = accepted.with_columns(names=proposed_artists(), value_key=label_key(pl.col("value"))).with_columns(
        name_keys=pl.col("names").list.eval(artist_key(pl.element()))
    )
    # One key is in order as it is; to sort a hundred thousand lists of one takes seconds.
    several = pl.col("names").list.len() > 1
    return pl.concat([named.filter(~several), named.filter(several).with_columns(pl.col("name_keys").list.sort())])


def _write_artists(
    cur: psycopg.Cursor[Any], artists: pl.DataFrame, primary: pl.DataFrame, *, run_id: str, now: datetime
) -> int:
    known = LEDGER["all_artists"].fetch(cur, _ARTISTS).lazy()
    # A name means the artist of that name before one that has it as an alias; the smallest id makes it certain.
    aliases = known.select("artist_id", name="aliases").explode("name").drop_nulls("name")
    keys = (
        pl.concat(
            of.select("artist_id", name_key=artist_key(pl.col("name")), is_alias=pl.lit(n))
            for n, of in enumerate((known, aliases))
        )
        .sort("name_key", "is_alias", "artist_id")
        .unique("name_key", keep="first", maintain_order=True)
        .select("name_key", "artist_id")
        .collect()
    )
    credits = (
        artists.select("proposal_id", "track_id", name=pl.col("names"))
        .explode("name")
        .with_columns(name_key=artist_key(pl.col("name")))
        .unique(["track_id", "name_key"], keep="first", maintain_order=True)
        .with_columns(place=pl.int_range(pl.len()).over("track_id"))
    )
    missing = (
        credits.join(keys, on="name_key", how="anti")
        .sort("proposal_id", "place")
        .unique("name_key", keep="first", maintain_order=True)
        .rename({"name_key": "normalized_name"})
    )
    if ARTIST_COLUMN in writable(cur, "tracks"):
        LEDGER["write_column"].on(ARTIST_COLUMN).execute(cur, run_id=run_id, now=now, kind="artist")
    if not writable(cur, "track_artists"):
        return 0
    created = 0
    if not missing.is_empty():
        missing = missing.with_columns(id=pl.Series([str(uuid4()) for _ in range(missing.height)]))
        temporary_table(cur, "new_artists", _NEW_ARTISTS, missing)
        columns = [column for column in ("id", "name", "normalized_name") if column in writable(cur, "artists")]
        created = LEDGER["create_artists"].on(", ".join(columns)).execute(cur, run_id=run_id, now=now)
        made = LEDGER["created_artists"].fetch(cur, pl.Schema({"name_key": pl.String, "artist_id": pl.String}))
        keys = pl.concat([keys, made])
    links = (
        credits.join(keys, on="name_key")
        .unique(["track_id", "artist_id"], keep="first", maintain_order=True)
        .sort("track_id", maintain_order=True)
    )
    temporary_table(cur, "artist_links", _LINKS, links)
    unknown = primary.filter(is_unknown_artist(pl.col("name")))["artist_id"].drop_nulls().unique().sort()
    LEDGER["remove_placeholders"].execute(cur, run_id=run_id, now=now, placeholder_ids=unknown.to_list())
    LEDGER["write_links"].execute(cur, run_id=run_id, now=now)
    return created


def _write_labels(cur: psycopg.Cursor[Any], *, run_id: str, now: datetime) -> None:
    """Into the metadata and into every column an installation has for it, also through a view."""
    there = writable(cur, "tracks")
    columns = [column for column in LABEL_COLUMNS if column in there]
    if "metadata" in there:
        LEDGER["write_labels"].execute(cur, run_id=run_id, now=now)
    elif not columns:
        raise EnrichError(f"tracks: no column metadata, {' or '.join(LABEL_COLUMNS)} to be written; see db status")
    for column in columns:
        LEDGER["write_column"].on(column).execute(cur, run_id=run_id, now=now, kind="label")


def _as_blanks(identities: pl.DataFrame) -> pl.DataFrame:
    """What identities fill in on their track, as proposals of kind artist and label of the same ids.

    The artist where the track has none; the label where the track itself becomes the recording.
    """
    artists = identities.filter(pl.col("artist_now").is_null()).with_columns(kind=pl.lit("artist"))
    labels = identities.filter(
        pl.col("recording_id").is_null(), pl.col("recording_label").is_not_null(), pl.col("label_now").is_null()
    ).with_columns(kind=pl.lit("label"), value="recording_label")
    return pl.concat([artists, labels])


def _relink(cur: psycopg.Cursor[Any], identities: pl.DataFrame, *, run_id: str, now: datetime) -> None:
    """Move the slots of written identities to their recordings, and name those that are none yet."""
    plan = identities.with_columns(title="recording_title", normalized_title=title_key(pl.col("recording_title")))
    temporary_table(cur, "identified", _IDENTIFIED, plan)
    for (step, _), place in _IDENTITY_PLACES.items():
        _execute_where_possible(cur, step, place, run_id=run_id, now=now)


def _execute_where_possible(cur: psycopg.Cursor[Any], step: str, place: str, **values: object) -> None:
    """Run a statement of the ledger if the installation has the place it writes, `table.column`."""
    table, _, column = place.partition(".")
    there = writable(cur, table)
    if column in there:
        LEDGER[step].within(there).execute(cur, **values)


def _completing(free: pl.DataFrame, primary: pl.DataFrame) -> pl.Series:
    """The proposals whose writing leaves a track with an artist, one a track."""
    named = primary.filter(~is_unknown_artist(pl.col("name")))["track_id"].unique()
    return (
        free.sort("kind")  # an artist names the proposal that completed the track, where both were written
        .unique("track_id", keep="first", maintain_order=True)
        .filter(pl.col("kind").is_in(["artist", "identity"]) | pl.col("track_id").is_in(named.implode()))["proposal_id"]
    )


def _result(run_id: str | None, *, applied: bool, created: int, outcomes: pl.DataFrame) -> WriteResult:
    written = dict(outcomes.filter(pl.col("outcome") == "written").group_by("kind").len().iter_rows())
    others = dict(outcomes.group_by("outcome").len().iter_rows())
    return WriteResult(
        run_id=run_id,
        applied=applied,
        labels_written=written.get("label", 0),
        artists_written=written.get("artist", 0),
        artists_created=created,
        identities_written=written.get("identity", 0),
        conflicts=others.get("conflict", 0),
        superseded=others.get("superseded", 0),
        outcomes=outcomes,
    )
