"""MixesDB pages as wiki text: `# [030] Artist - Title [Label]`, one page a file, or a MediaWiki XML export of many.

Cues are minutes (`[030]`), minutes and seconds (`[057:12]`) or hours (`[1:02:30]`), with `?` for digits nobody
knows. `''…''` marks a doubtful entry, `+` and `w/` one played over the one before. The page title
(`2004-05-02 - Some DJ - Essential Mix`) is the file's name, or in the export; categories tell the DJ where it does not.
"""

import re
from html import unescape
from pathlib import Path
from typing import Any

from enrich.errors import InputFileError
from enrich.tracklists.dj_programs import parsed_xml
from enrich.tracklists.lines import led, split_line
from enrich.tracklists.marks import LONGEST, MARKS
from enrich.tracklists.naming import SetInfo, date_in, dj_in, slug
from enrich.tracklists.slots import Draft, Written, draft
from enrich.tracklists.times import clock

#: `setlists.source` of MixesDB pages.
SOURCE = "mixesdb"

_TAG = re.compile(r"<ref[^>]*>.*?</ref>|<!--.*?-->|</?[a-zA-Z][^>]*>|\{\{[^{}]*\}\}", re.DOTALL)


def looks_like_wiki(text: str) -> bool:
    """Whether a text is a MixesDB page: numbered lines with a dash, a cue or a question mark, or categories."""
    return bool(MARKS.wiki_line.search(text) or MARKS.category.search(text)) or "<list" in text.lower()


def read_wiki(text: str, path: Path) -> Draft:
    """Read the wiki text of one page. Raises InputFileError: no line is a tracklist entry."""
    return _draft([(path.stem.replace("_", " "), text)], path)


def read_export(text: str, path: Path) -> Draft:
    """Read all pages of a MediaWiki export, lines counted in each. Raises InputFileError: broken, or no tracklist."""
    pages = parsed_xml(text, path).iterfind(".//{*}page")
    texts = [(page.findtext("{*}title") or path.stem, page.findtext("{*}revision/{*}text") or "") for page in pages]
    return _draft(texts, path)


def _draft(pages: list[tuple[str, str]], path: Path) -> Draft:
    read = draft([(_head(title, text), _slots(text)) for title, text in pages], source=SOURCE)
    if read.table.is_empty():
        raise InputFileError(f"{path}: no line of a tracklist; expected lines like `# [012] Artist - Title [Label]`")
    return read


def _head(title: str, text: str) -> SetInfo:
    page = MARKS.page.match(title.strip())
    date, dj, rest = page.group("date", "dj", "rest") if page else (date_in(title), dj_in(title), None)
    named = (found["name"].strip() for found in MARKS.category.finditer(text))
    dj = dj or next((category for category in named if not MARKS.plain_categories.match(category)), None)
    date = date if date and len(date) == 10 else None
    return SetInfo(set_id=slug(title), dj=dj, name=rest or title.strip(), date=date, id_from_name=True)


def _slots(text: str) -> list[Written]:
    """Each entry of a page, also those that name nothing."""
    found: list[Written] = []
    section: str | None = None
    in_list = False
    for number, raw in enumerate(text.split("\n"), start=1):
        if MARKS.list.match(raw):
            in_list = not raw.strip().startswith("</")
            continue
        heading = MARKS.heading.match(raw)
        if heading and not raw.lstrip().startswith("#"):
            words = _plain(heading["a"] or heading["b"] or heading["c"])
            bare = words.casefold().rstrip(":")
            section = None if MARKS.page_heading.match(bare) or MARKS.generic.match(bare) else words
            continue
        entry = MARKS.entry.match(raw)
        rest = entry["rest"] if entry else raw.strip()
        is_typed = in_list and rest and not rest.startswith(("[[", "{", "|", "<"))
        if not (entry or is_typed or MARKS.cue_mixesdb.match(rest)):
            continue
        if rest:
            nested = bool(entry and len(entry["hash"]) > 1)
            found.append((number, raw, {**_slot(rest, nested=nested, typed=entry is None), "section": section}))
    return found


def _slot(rest: str, *, nested: bool, typed: bool) -> dict[str, Any]:
    if len(rest) > LONGEST:
        return {}
    rest, at = _plain(rest), None
    cue = MARKS.cue_mixesdb.match(rest)
    if cue:
        rest = rest[cue.end() :]
    if layered := MARKS.layered_mixesdb.match(rest):
        rest = rest[layered.end() :]
    # `[01] [02:30]` is a number and a cue.
    if (not cue or ":" not in cue["cue"]) and (later := MARKS.cue_mixesdb.match(rest)):
        cue, rest = later, rest[later.end() :]
    if cue and "?" not in cue["cue"].partition(":")[0]:
        # `030` is 30 minutes; of `161:??` the minutes are known.
        minutes = re.fullmatch(r"(\d+)(?::\d?\?+\d?)?", cue["cue"])
        at = int(minutes[1]) * 60 if minutes else clock(cue["cue"])
    rest = MARKS.remark.sub("", led(rest, weak=False, minutes=False, dotted=False).rest if typed else rest)
    return {**split_line(rest)._asdict(), "layered": bool(layered) or nested, "cue_seconds": at}


def _plain(text: str) -> str:
    """Without wiki marks: links, bold and italics, tags, templates, references; and a bold remark before a track."""
    text = re.sub(r"^((?:\[[\d?:]+\]\s*)?)(?:\'{3}[^\']+:\s*\'{3}|\'{3}[^\']+\'{3}\s*:)\s*(?=\S)", r"\1", text)
    text = _TAG.sub("", unescape(text))
    text = MARKS.web_link.sub(lambda m: m[1] or "", text)
    text = MARKS.link_mixesdb.sub(lambda m: m[1], text)
    return " ".join(re.sub(r"'{2,5}", "", text).split())
