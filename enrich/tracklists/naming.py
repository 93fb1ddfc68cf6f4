"""What a set's written name tells: DJ, event and date; a set's id where a file gives none; sets of one name. Pure.

An id made of a name is shared by whoever has that name. Listings that share recordings are versions of one set; one
that shares none with those known gets the name and a mark of what it holds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from enrich.rules import SAME_SET
from enrich.text.normalise import fold
from enrich.text.words import is_unknown_artist, is_unknown_title

_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([-._/])(0?[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01]|[1-9])(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(0?[1-9]|[12]\d|3[01])\.(0?[1-9]|1[0-2])\.((?:19|20)\d\d)(?!\d)")
#: Headings of a list, and keys of one: no name of a set.
GENERIC = re.compile(
    r"(?i)^(?:full\s+|the\s+|complete\s+)*(?:track\s*-?\s*list(?:ing)?s?|playlist|set\s*-?\s*list|songs?|tracks?|chapters?"
    r"|time\s*stamps?|tracks? played|scan results\b.*|items?|data|results?)(?:\s+(?:below|here|for\b.*))?$"
)
#: What an id of its own ends in.
NAMESAKE = r"-[0-9a-f]{8}$"
#: Said of a set that got an id of its own.
KEPT_APART = pl.format("another set has this name and plays other recordings: this one is kept as {}", "set_id")
_URL_ID = re.compile(r"(?:/tracklist/|1001\.tl/)(?P<id>[A-Za-z0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetInfo:
    """Head of one set, common to all of its slots."""

    set_id: str
    dj: str | None = None
    name: str | None = None
    date: str | None = None
    url: str | None = None
    id_from_name: bool = False
    """The id is made of words: another set may have the same."""

    def columns(self) -> dict[str, Any]:
        """As the first columns of a slot."""
        named = {"set_id": self.set_id, "dj": self.dj, "set_name": self.name, "set_date": self.date}
        return {"id_from_name": self.id_from_name or None, **named, "source_url": self.url}


def is_heading(line: str) -> bool:
    """Whether a line, without what rules it off, says no more than that a list follows."""
    return bool(GENERIC.match(re.sub(r"^[\W_]+|[\W_]+$", "", line)))


def is_title_line(line: str) -> bool:
    """The set's own name above its tracks: it has an event's `@` or a date."""
    return bool(date_in(line)) or " @ " in line


def date_in(text: str | None) -> str | None:
    """The last date in a text, as ISO has it: `2024-03-15`, `2024.03.15` or `15.3.2024`."""
    if found := _DATE.findall(text or ""):
        return f"{found[-1][0]}-{int(found[-1][2]):02}-{int(found[-1][3]):02}"
    if days := _DAY_FIRST.findall(text or ""):
        return f"{days[-1][2]}-{int(days[-1][1]):02}-{int(days[-1][0]):02}"
    return None


def dj_in(name: str | None) -> str | None:
    """The DJ of `DJ @ Event …` or `DJ - Event …`; None where the name does not say."""
    parts = re.split(r"\s+@\s+|\s+[-–]\s+", name or "", maxsplit=1)
    return parts[0].strip() or None if len(parts) == 2 else None


def id_in_url(url: str | None) -> str | None:
    """1001Tracklists' id of a set, out of its address."""
    found = _URL_ID.search(url or "")
    return found["id"] if found else None


def named_set(name: str, *, path: Path, url: str | None = None, dj: str | None, date: str | None) -> SetInfo:
    """Head of a set whose id comes from its address, else from its name, else from its file's."""
    known = id_in_url(url)
    set_id = known or slug(name) or slug(path.stem) or path.stem
    return SetInfo(set_id=set_id, dj=dj, name=name, date=date, url=url, id_from_name=known is None)


def slug(text: str) -> str:
    """A text as an id: lower-case letters and digits of any script, joined by hyphens."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()
    return re.sub(r"[^\w]+|_+", "-", plain).strip("-")[:200]


def holdings(slots: pl.DataFrame, *by: str) -> dict[tuple[str, ...], frozenset[str]]:
    """What is played under each value of the columns `by`: named recordings, folded."""
    known = ~is_unknown_artist(pl.col.artist) & ~is_unknown_title(pl.col.title)
    played = pl.when(known).then(fold(pl.concat_str("artist", "title", separator=" ")))
    held = slots.select(*by, played=played).group_by(by, maintain_order=True).agg(pl.col.played.drop_nulls())
    return {tuple(key): frozenset(words) for *key, words in held.iter_rows()}


def own_id(set_id: str, held: frozenset[str], taken: Mapping[str, frozenset[str]]) -> str:
    """The id of a listing among sets of its name: that of the set it is a version of, else one of its own.

    `set_id` is made of the name; `held`: see `holdings`; `taken`: ids made of this name, and what those sets hold.
    """
    if not taken:
        return set_id
    # Shares of the shorter; a listing without a name in it may be any.
    shares = {k: len(held & x) / min(len(held), len(x)) if held and x else 1.0 for k, x in taken.items()}
    best = max(shares, key=lambda other: (shares[other], other == set_id))
    if shares[best] >= SAME_SET:
        return best
    return f"{set_id}-{sha256(chr(10).join(sorted(held)).encode()).hexdigest()[:8]}"


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
