"""From the raw tables of a snapshot to its marts: staging views (`staged`: the same columns everywhere, what is lacking
empty or null), keys and parsed titles by column, tables by named SQL (`stored`: ids as Postgres has them), marts.
Where the tracks at hand are some of a snapshot's (`mending`), the views `every_…` add what it holds of the others.
"""

from collections.abc import Iterable, Mapping

import polars as pl
import pyarrow as pa

from enrich.rules import MAX_ATTEMPTS
from enrich.snapshots.reading import KEY, NAMING, STAGED, Catalog, Con
from enrich.sql import DUCKDB
from enrich.text.normalise import artist_key, label_key, title_key
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
    parsed, words = parse_beside(rows["title"], rows["artist"], known, beside)
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
