"""The marts of the former snapshot (`snap`), mended where `raw` changed by the rows of `come` and `gone`: tracks that
a change can reach, those with a bracket that is now a label or no longer among them, are built from copies of their
raw rows by the queries that build all, and take the place of what the snapshot held. Equal to marts built anew.
"""

import polars as pl

from enrich.snapshots.building import NAMED, Others, fill, key_artists, name_sets, name_titles, stage
from enrich.snapshots.reading import STAGED, Catalog, Con
from enrich.sql import DUCKDB
from enrich.text.title_brackets import column_speaks, recurring_keys

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
