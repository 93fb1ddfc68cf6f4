"""What hangs together: whoever is paired with whoever is paired with me is one with me. Pure."""

from __future__ import annotations

import numpy as np
import polars as pl
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components


def grouped(pairs: pl.DataFrame) -> pl.DataFrame:
    """The groups that pairs make (connected components).

    Args:
        pairs: Two columns of one type, without nulls.

    Returns:
        node, first: every value of either column, and the least value of its group; by node.
    """
    ends = pairs.get_columns()
    node = pl.concat([end.alias("node") for end in ends]).unique().sort()
    rows, columns = (node.search_sorted(end).to_numpy() for end in ends)
    graph = sp.coo_matrix((np.ones(pairs.height), (rows, columns)), shape=(len(node), len(node)))
    group = pl.Series("group", connected_components(graph, directed=False)[1])
    return pl.DataFrame([node, group]).select("node", first=pl.col("node").first().over("group"))
