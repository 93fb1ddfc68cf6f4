"""Sets of one name and other content: both are kept, under ids of their own. Pure.

An id made of a name is shared by whoever has that name. Listings that share recordings are versions of one set; one
that shares none with those known gets the name and a mark of what it holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import polars as pl

from enrich.rules import SAME_SET
from enrich.text.normalise import fold
from enrich.text.words import is_unknown_artist, is_unknown_title

#: What an id of its own ends in.
NAMESAKE = r"-[0-9a-f]{8}$"
#: Said of a set that got an id of its own.
KEPT_APART = pl.format("another set has this name and plays other recordings: this one is kept as {}", "set_id")


def holdings(slots: pl.DataFrame, *by: str) -> dict[tuple[str, ...], frozenset[str]]:
    """What is played under each value of the columns `by`: named recordings, folded."""
    known = ~is_unknown_artist(pl.col.artist) & ~is_unknown_title(pl.col.title)
    played = pl.when(known).then(fold(pl.concat_str("artist", "title", separator=" ")))
    held = slots.select(*by, played=played).group_by(by, maintain_order=True).agg(pl.col.played.drop_nulls())
    return {tuple(key): frozenset(words) for *key, words in held.iter_rows()}


def own_id(set_id: str, held: frozenset[str], taken: Mapping[str, frozenset[str]]) -> str:
    """The id of a listing among sets of its name: that of the set it is a version of, else one of its own.

    Args:
        set_id: Made of the name.
        held: See `holdings`.
        taken: Ids made of this name, and what those sets hold.
    """
    if not taken:
        return set_id
    shares = {other: _share(held, words) for other, words in taken.items()}
    best = max(shares, key=lambda other: (shares[other], other == set_id))
    if shares[best] >= SAME_SET:
        return best
    return f"{set_id}-{sha256(chr(10).join(sorted(held)).encode()).hexdigest()[:8]}"


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    """Of the shorter; a listing without a name in it may be any."""
    return len(one & other) / min(len(one), len(other)) if one and other else 1.0


def told_apart(slots: pl.DataFrame) -> pl.DataFrame:
    """SLOTS of several files, in order of their paths: sets of one name and other content under different ids."""
    named = slots.filter("id_from_name")
    several = named.group_by("source", "set_id").agg(n=pl.col.file.n_unique()).filter(pl.col.n > 1)
    if several.is_empty():
        return slots
    held = holdings(named.join(several, on=["source", "set_id"], how="semi"), "source", "set_id", "file")
    taken: dict[tuple[str, str], dict[str, frozenset[str]]] = {}
    new: list[tuple[str, str, str, str]] = []
    for (source, set_id, file), words in held.items():
        others = taken.setdefault((source, set_id), {})
        own = own_id(set_id, words, others)
        others[own] = others.get(own, frozenset()) | words
        if own != set_id:
            new.append((source, set_id, file, own))
    return renamed(slots, new)


def renamed(slots: pl.DataFrame, new: list[tuple[str, str, str, str]]) -> pl.DataFrame:
    """`slots` with new ids: source, set_id, file, new id."""
    if not new:
        return slots
    table = pl.DataFrame(new, schema=["source", "set_id", "file", "own"], orient="row")
    found = slots.join(table, on=["source", "set_id", "file"], how="left", maintain_order="left")
    return found.with_columns(set_id=pl.coalesce("own", "set_id")).drop("own")
