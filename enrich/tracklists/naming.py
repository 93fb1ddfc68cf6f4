"""What a set's written name tells: DJ, event and date; and a set's id where a file gives none. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([-._/])(0?[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01]|[1-9])(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(0?[1-9]|[12]\d|3[01])\.(0?[1-9]|1[0-2])\.((?:19|20)\d\d)(?!\d)")
#: Headings of a list, and keys of one: no name of a set.
GENERIC = re.compile(
    r"(?i)^(?:full\s+|the\s+|complete\s+)*(?:track\s*-?\s*list(?:ing)?s?|playlist|set\s*-?\s*list|songs?|tracks?|chapters?"
    r"|time\s*stamps?|tracks? played|scan results\b.*|items?|data|results?)(?:\s+(?:below|here|for\b.*))?$"
)
_URL_ID = re.compile(r"(?:/tracklist/|1001\.tl/)(?P<id>[A-Za-z0-9]+)")
_PAGE = re.compile(r"^(?P<date>\d{4}(?:-\d\d(?:-\d\d)?)?)\s+-\s+(?P<dj>.+?)(?:\s+(?:-|@)\s+(?P<rest>.+))?$")


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
        return {
            "id_from_name": self.id_from_name or None,
            "set_id": self.set_id,
            "dj": self.dj,
            "set_name": self.name,
            "set_date": self.date,
            "source_url": self.url,
        }


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


def page_parts(title: str) -> tuple[str | None, str | None, str]:
    """Date, DJ and name of a MixesDB page title such as `2004-05-02 - Some DJ - Essential Mix`."""
    found = _PAGE.match(title.strip())
    if not found:
        return date_in(title), dj_in(title), title.strip()
    full = found["date"] if len(found["date"]) == 10 else None
    return full, found["dj"], found["rest"] or title.strip()


def slug(text: str) -> str:
    """A text as an id: lower-case letters and digits of any script, joined by hyphens."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()
    return re.sub(r"[^\w]+|_+", "-", plain).strip("-")[:200]
