"""What a set's written name tells: DJ, event and date; a set's id where a file gives none; sets of one name. Pure.

An id made of a name is shared by whoever has that name. Listings that share recordings are versions of one set; one
that shares none with those known gets the name and a mark of what it holds.
"""

import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from enrich.rules import SAME_SET
from enrich.text.normalise import fold
from enrich.text.words import LISTS, is_unknown_artist, is_unknown_title
from enrich.tracklists.marks import MARKS

_MONTHS = {word: month for month, words in enumerate(LISTS["months"].values(), start=1) for word in words}
_DATES = [(MARKS.date, (0, 2, 3)), (MARKS.day_first, (2, 1, 0)), (MARKS.sure_day, (2, 1, 0))]
_DATES += [(MARKS.sure_month, (2, 0, 1))]
#: Said of a set that got an id of its own.
KEPT_APART = pl.format("another set has this name and plays other recordings: this one is kept as {}", "set_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetInfo:
    """Head of one set, common to all of its slots."""

    set_id: str
    dj: str | None = None
    name: str | None = None
    date: str | None = None
    url: str | None = None
    id_from_name: bool = False  # the id is made of words: another set may have the same

    def columns(self) -> dict[str, Any]:
        """As the first columns of a slot."""
        named = {"set_id": self.set_id, "dj": self.dj, "set_name": self.name, "set_date": self.date}
        return {"id_from_name": self.id_from_name or None, **named, "source_url": self.url}


def is_heading(line: str) -> bool:
    """Whether a line, without what rules it off, says no more than that a list follows."""
    return bool((bare := re.search(r"[^\W_](?:.*[^\W_])?", line)) and MARKS.generic.match(bare[0]))


def is_title_line(line: str) -> bool:
    """The set's own name above its tracks: it has an event's `@` or a date."""
    return bool(date_in(line)) or " @ " in line


def date_in(text: str | None) -> str | None:
    """The last date in a text, as ISO has it: `2024-03-15`, `20240315`, `15.3.2024` or `3/15/2024`."""
    for pattern, (year, month, day) in _DATES:
        if found := pattern.findall(text or ""):
            return f"{found[-1][year]}-{int(found[-1][month]):02}-{int(found[-1][day]):02}"
    worded = worded_date(text or "", short=False)
    return worded.isoformat() if worded else None


def worded_date(text: str, *, short: bool = True) -> date | None:
    """The first date in a text whose month is a word. `short`: its year may have two figures."""
    for found in MARKS.worded.finditer(_plain(text)):
        day, month, year = (next(filter(None, found.group(*at))) for at in ((1, 6, 8), (2, 5, 7), (3, 4, 9)))
        with suppress(KeyError, ValueError):
            if short or len(year) == 4:
                return date(full_year(year), _MONTHS[month], int(day))
    return None


def full_year(year: str) -> int:
    """A year; of those of two figures the ones from 70 on are of the last century."""
    return int(year) + (0 if len(year) == 4 else 2000 if year < "70" else 1900)


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()


def dj_in(name: str | None) -> str | None:
    """The DJ of `DJ @ Event …` or `DJ - Event …`; None where the name does not say."""
    parts = re.split(r"\s+@\s+|\s+[-–]\s+", re.sub(r"^\d{4}(?:-\d\d){0,2}\s+[-–]\s+", "", name or ""), maxsplit=1)
    return parts[0].strip() or None if len(parts) == 2 else None


def id_in_url(url: str | None) -> str | None:
    """1001Tracklists' id of a set, out of its address."""
    found = MARKS.url_id.search(url or "")
    return found["id"] if found else None


def named_set(name: str, *, path: Path, url: str | None = None, dj: str | None, date: str | None) -> SetInfo:
    """Head of a set whose id comes from its address, else from its name, else from its file's."""
    known = id_in_url(url)
    set_id = known or slug(name) or slug(path.stem) or path.stem
    return SetInfo(set_id=set_id, dj=dj, name=name, date=date, url=url, id_from_name=known is None)


def slug(text: str) -> str:
    """A text as an id: lower-case letters and digits of any script, joined by hyphens."""
    return re.sub(r"[^\w]+|_+", "-", _plain(text)).strip("-")[:200]


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
