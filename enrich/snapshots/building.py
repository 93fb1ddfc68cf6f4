"""From the raw tables of a snapshot to its marts: staging views (`staged`: the same columns everywhere, what is lacking
empty or null), keys and parsed titles by column, tables by named SQL (`stored`: ids as Postgres has them), marts.

Where `raw` changed by the rows of `come` and `gone`, the marts of the former snapshot (`snap`) are mended: tracks that
a change can reach, those with a bracket that is now a label or no longer among them, are built from copies of their
raw rows by the queries that build all, and take the place of what the snapshot held; the views `every_…` add what it
holds of the others. Equal to marts built anew.
"""

from collections.abc import Iterable, Mapping

import polars as pl
import pyarrow as pa

from enrich.rules import MAX_ATTEMPTS
from enrich.snapshots.reading import KEY, NAMING, STAGED, Catalog, Con
from enrich.sql import DUCKDB
from enrich.text.normalise import artist_key, label_key, title_key
from enrich.text.title_brackets import column_speaks, recurring_keys
from enrich.text.titles import parse_beside
from enrich.text.words import is_label, is_unknown_artist

#: Two sets of one DJ on one day from two sources are the same when they share this many recordings …
SAME_SET_SHARED = 3
#: … and this share of the shorter one's.
SAME_SET_OVERLAP = 0.5

_BATCH_ROWS = 50_000

#: The marts, in the order they are listed to people.
MARTS = ("artists", "credits", "tracks", "labels", "album_labels", "sets", "tracklists")

#: Table → the query of the rows that a snapshot holds of other tracks, with its columns; see the module.
Others = Mapping[str, str]
NAMED = "track_id, is_known_artist, is_known_title, artist_key, base_key"


def name_tracks(con: Con, catalog: Catalog) -> None:
    """First half: keys, shown artists, labels and parsed titles. Needs the tables `NAMING` only.

    The other half must be asked of the same connection: it reads temporary tables.
    """
    con.execute("set timezone = 'UTC'")
    con.execute("create schema staged; create schema if not exists stored")
    stage(con, catalog, NAMING)
    key_artists(con)
    name_titles(con)


def build_marts(con: Con, catalog: Catalog) -> dict[str, int]:
    """Second half: make every mart; returns rows by mart."""
    stage(con, catalog, [table for table in STAGED if table not in NAMING])
    name_sets(con)
    con.execute("create temp view slots as from every_slot")
    fill(con)
    for mart in (*MARTS, "second_listings"):
        DUCKDB[f"marts_{mart}"].run(con)
    stage(con, catalog, STAGED, numbered=False)
    return count_marts(con)


def count_marts(con: Con) -> dict[str, int]:
    """Rows by mart."""
    return {mart: con.table(mart).shape[0] for mart in MARTS}


def stage(con: Con, catalog: Catalog, tables: Iterable[str], *, numbered: bool = True, into: str = "staged") -> None:
    """A view of each raw table, or into schema `changed` of its changes; `numbered` for as long as marts are made."""
    for table in tables:
        there = {column.name for column in catalog.columns.get(table, ())}
        typed = {name: catalog.key_type if kind == KEY else kind for name, kind in STAGED[table].items()}
        chosen = ", ".join(
            f"{name}::{kind} as {name}" if name in there else f"null::{kind} as {name}" for name, kind in typed.items()
        )
        chosen += (", rowid as row_no" if there else ", null::bigint as row_no") if numbered else ""
        origin = f"raw.{table}" if into == "staged" else f"(from come.{table} union all by name from gone.{table})"
        origin = origin if there else "(select 1) where false"
        con.execute(f"create or replace view {into}.{table} as select {chosen} from {origin}")  # noqa: S608


def key_artists(con: Con) -> None:
    """Table stored.artists, with the keys of all names."""
    names, name = con.sql("select row_no, name from staged.artists").pl(), pl.col("name")
    keyed = names.select("row_no", artist_key=artist_key(name), is_unknown=is_unknown_artist(name))
    _keep(con, "artist_names", keyed)
    DUCKDB["stored_artists"].run(con)


def name_titles(con: Con, others: Others | None = None) -> None:
    """Who is shown as artist, which label is written, and what every title says: table track_names."""
    # Some installations write the artist on the track itself.
    written: pl.DataFrame = con.sql("select distinct artist_name from staged.tracks where trim(artist_name) <> ''").pl()
    name = pl.col("artist_name")
    _keep(con, "written_names", written.with_columns(artist_key=artist_key(name)).filter(~is_unknown_artist(name)))
    for query in ("staging_written_artists", "staging_shown_artists", "staging_label_candidates"):
        DUCKDB[query].run(con)
    _every(con, "label_candidates", "from stored.label_candidates", others)
    spellings, label = DUCKDB["staging_label_spellings"].frame(con), pl.col("label")
    _keep(con, "spelled", spellings.with_columns(label_key=label_key(label), is_label=is_label(label)))
    con.execute("create or replace table stored.label_names as from spelled")
    DUCKDB["staging_track_labels"].run(con)
    _parse_titles(con, others)
    named = f"select t.id as {NAMED} from staged.tracks t join track_names using (row_no)"  # noqa: S608
    _every(con, "named_tracks", named, others)


def _parse_titles(con: Con, others: Others | None) -> None:
    known = con.sql("select distinct label from stored.label_names where is_label").pl()["label"].to_list()
    rows: pl.DataFrame = con.sql(
        "select t.row_no, t.title, a.artist, a.artist_key "
        "from staged.tracks t left join shown_artists a on a.track_id = t.id"
    ).pl()
    beside = None if others is None else con.sql(f"select * exclude (track_id) {others['title_brackets']}").pl()
    parsed, words = parse_beside(rows["title"], rows["artist"], known, others=beside)
    _keep(con, "bracket_words", words.with_columns(row=rows["row_no"].gather(words["row"])))
    con.execute(
        "create or replace table stored.title_brackets as select t.id as track_id, w.* exclude (row) "
        "from bracket_words w join staged.tracks t on t.row_no = w.row"
    )
    names = parsed.select(
        pl.col("base_title", "version_class", "remixer", "components"),
        title_label="label",
        title_label_confidence="label_confidence",
        parsed_catalog_number="catalog_number",
        parsed_is_mashup="is_mashup",
        is_known_title=~pl.col("is_unknown"),
        base_key=title_key(pl.col("base_title")),
    )
    known_artist = pl.col("artist").is_not_null()
    named = rows.hstack(names).with_columns(title_key=title_key(pl.col("title")), is_known_artist=known_artist)
    _keep(con, "track_names", named)


def name_sets(con: Con) -> None:
    """Table stored.sets: which sets there are, and which of them is another one again. View every_slot: their slots."""
    DUCKDB["staging_sets"].run(con)
    djs: pl.DataFrame = con.sql("select distinct dj from all_sets where dj is not null").pl()
    _keep(con, "dj_names", djs.with_columns(dj_key=artist_key(pl.col("dj"))))
    for query in ("staging_keyed_sets", "staging_slots", "staging_rival_slots"):
        DUCKDB[query].run(con)
    DUCKDB["staging_duplicate_sets"].run(con, min_shared=SAME_SET_SHARED, min_overlap=SAME_SET_OVERLAP)
    DUCKDB["stored_sets"].run(con)


def fill(con: Con, others: Others | None = None) -> None:
    """The tables of schema stored that need all of the above, from the view `slots` of the slots that count here."""
    DUCKDB["stored_tracks"].run(con, max_attempts=MAX_ATTEMPTS)
    _every(con, "tracks", "from stored.tracks", others)
    for query in ("stored_album_labels", "stored_tracklists"):
        DUCKDB[query].run(con)


def _every(con: Con, name: str, own: str, others: Others | None) -> None:
    more = "" if others is None else f" union all by name ({others[name]})"
    con.execute(f"create or replace temp view every_{name} as ({own}){more}")


def _keep(con: Con, name: str, frame: pl.DataFrame) -> None:
    """Make a frame readable under a name for as long as the connection is open."""
    # Without a copy, and in batches, so that all cores read.
    table = frame.to_arrow(compat_level=pl.CompatLevel.newest())
    con.register(name, pa.Table.from_batches(table.to_batches(max_chunksize=_BATCH_ROWS), table.schema))


#: More than this share of the tracks, and so many: to build all anew is as cheap.
_LARGEST_SHARE, _LEAST = 0.2, 1000
#: Raw tables of which the rows of the tracks reached will do, and the column that says whose they are.
_BY_TRACK = {
    "tracks": "id", "track_artists": "track_id", "enrichment_status": "track_id", "album_tracks": "track_id",
    "enrich_attempts": "track_id",
}  # fmt: skip
#: Tables of schema stored with rows of single tracks.
_STORED = ("tracks", "written_credits", "label_candidates", "title_brackets", "album_labels")
_REACHED = "where track_id in (from reached)"


def mend_marts(con: Con, catalog: Catalog) -> bool:
    """Mend every mart; False, and nothing done, where so much changed that they are to be built anew."""
    con.execute("set timezone = 'UTC'")
    con.execute("create schema raw; create schema staged; create schema stored; create schema changed")
    for table in catalog.columns:
        rows = " limit 0" if table in _BY_TRACK else ""
        con.execute(f"create table raw.{table} as from snap.raw.{table}{rows}")
    stage(con, catalog, STAGED)
    stage(con, catalog, STAGED, numbered=False, into="changed")
    key_artists(con)
    DUCKDB["mending_reached"].run(con)
    others = {table: f"from snap.stored.{table} {_REACHED.replace(' in ', ' not in ')}" for table in _STORED}
    others["named_tracks"] = f"select {NAMED} {others['tracks']}"
    limit = max(_LARGEST_SHARE * con.table("snap.raw.tracks").shape[0], _LEAST)
    while con.table("reached").shape[0] <= limit:
        for table in catalog.columns.keys() & _BY_TRACK.keys():
            con.execute(
                f"truncate raw.{table}; insert into raw.{table} "
                f"from snap.raw.{table} where {_BY_TRACK[table]}::{catalog.key_type} in (from reached)"
            )
        name_titles(con, others)
        name_sets(con)
        con.register("flipped", _flipped(con, others))
        DUCKDB["mending_sets"].run(con)
        DUCKDB["mending_further"].run(con)
        if not con.table("further").shape[0]:
            con.execute(f"create temp view slots as from every_slot {_REACHED} or set_id in (from reached_sets)")
            fill(con, others)
            # What was built takes the place of what the snapshot held.
            con.execute("use snap")
            where = dict.fromkeys(_STORED, _REACHED) | {"tracklists": f"{_REACHED} or set_id in (from reached_sets)"}
            for table, rows in where.items():
                built = f"insert into stored.{table} from memory.stored.{table}"
                con.execute(f"delete from stored.{table} {rows}; {built}")  # noqa: S608
            for table in ("artists", "sets", "label_names"):
                con.execute(f"create or replace table stored.{table} as from memory.stored.{table}")
            DUCKDB["marts_labels"].run(con)
            return True
        con.execute("insert into reached from further")
    return False


def _flipped(con: Con, others: Others) -> pl.DataFrame:
    """Keys of brackets that name a label now and did not before, or the other way round."""
    rest, before, after = (
        con.sql(f"select * exclude (track_id) {rows}").pl()
        for rows in (
            others["title_brackets"],
            f"from snap.stored.title_brackets {_REACHED}",
            "from stored.title_brackets",
        )
    )
    beside = rest.join(pl.concat([before, after]).select("key").unique(), on="key", how="semi")
    was, now = (recurring_keys(pl.concat([beside, own])) for own in (before, after))
    then_known, now_known = (
        con.sql(f"from {place}stored.label_names where is_label").pl()["label_key"].unique().hash()
        for place in ("snap.", "")
    )
    pairs = ((was, now), (now, was), (then_known, now_known), (now_known, then_known))
    flipped = pl.concat([one.filter(~one.is_in(other.implode())).rename("key") for one, other in pairs]).to_frame()
    spoke, speaks = (column_speaks(pl.concat([rest, own])) for own in (before, after))
    return flipped if spoke == speaks else rest.select("key")
