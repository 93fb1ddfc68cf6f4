"""Names grouped into persons: whoever releases under several names is one, and so is a group. Pure.

Aliases come as a frame of `artist` and `alias`, one row per further name; names are compared by artist key. Being one
person chains: where A is B and B is C, all three are one. An alias that is said of two artists who are not one by
other names (a project they share, two projects of one name) joins nobody.
"""

import numpy as np
import polars as pl
import scipy

from enrich.errors import EnrichError
from enrich.text.normalise import artist_key
from enrich.text.words import LISTS

#: One row per name that has another: its key, and the first of all the keys of that person.
PERSONS = pl.Schema({"key": pl.String, "person": pl.String})


def grouped(pairs: pl.DataFrame) -> pl.DataFrame:
    """The groups that pairs make (connected components): two columns of one type, without nulls.

    Given are node, first: every value of either column, and the least value of its group; by node.
    """
    ends = pairs.get_columns()
    node = pl.concat([end.alias("node") for end in ends]).unique().sort()
    rows, columns = (node.search_sorted(end).to_numpy() for end in ends)
    graph = scipy.sparse.coo_matrix((np.ones(pairs.height), (rows, columns)), shape=(len(node), len(node)))
    group = pl.Series("group", scipy.sparse.csgraph.connected_components(graph, directed=False)[1])
    return pl.DataFrame([node, group]).select("node", first=pl.col.node.first().over("group"))


def with_known(aliases: pl.DataFrame | None) -> pl.DataFrame:
    """The given names (columns artist, alias; EnrichError where one is missing) and those of `words.toml`."""
    rows = [(group[0], other) for group in LISTS["artists"]["aliases"] for other in group[1:]]
    known = pl.DataFrame(rows, schema={"artist": pl.String, "alias": pl.String}, orient="row")
    return known if aliases is None else pl.concat([_pairs(aliases), known]).unique().sort(pl.all())


def persons(aliases: pl.DataFrame | None) -> pl.DataFrame:
    """PERSONS of aliases (columns artist, alias; None: there are none), by key.

    Raises EnrichError: a column is missing.
    """
    if aliases is None:
        return PERSONS.to_frame()
    named = _pairs(aliases).drop_nulls().select(key=artist_key(pl.col.artist), other=artist_key(pl.col.alias))
    named = named.filter(pl.col.key != "", pl.col.other != "", pl.col.key != pl.col.other)
    owner = grouped(named.filter(pl.col.key.n_unique().over("other") == 1)).select(key="node", owner="first")
    # Who owns a name is asked of persons: their names all may claim it.
    claimed = named.join(owner, on="key", how="left").with_columns(pl.col.owner.fill_null(pl.col.key))
    agreed = claimed.filter(pl.col.owner.n_unique().over("other") == 1).select("key", "other")
    return grouped(agreed).rename({"node": "key", "first": "person"}).match_to_schema(PERSONS)


def _pairs(aliases: pl.DataFrame) -> pl.DataFrame:
    missing = {"artist", "alias"} - set(aliases.columns)
    if missing:
        raise EnrichError(f"aliases: column {', '.join(sorted(missing))} is missing; expected artist and alias")
    return aliases.select("artist", "alias")
