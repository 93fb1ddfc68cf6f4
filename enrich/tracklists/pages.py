"""Saved 1001Tracklists pages: rows, cues, labels, `w/`, IDs and mashups; and the one plain list of another site's page.

Reads the schema.org metas of each row and falls back to what the eye sees. Markup of 2021 to 2026, `div.tlpItem`
and the older `tr.tlpItem`. A page that is a challenge instead of a tracklist is an error that says so.
"""

import re
from contextlib import suppress
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import polars as pl
from selectolax.lexbor import LexborHTMLParser, LexborNode

from enrich.errors import InputFileError
from enrich.frames.files import column_key
from enrich.frames.inputs import parse_json
from enrich.text.words import is_unknown_artist, names_no_label
from enrich.tracklists.dj_programs import columns_of, draft_of_table
from enrich.tracklists.lines import led, split_artist_title
from enrich.tracklists.marks import MARKS, TABLES
from enrich.tracklists.naming import SetInfo, date_in, dj_in, id_in_url, is_title_line, named_set
from enrich.tracklists.scraped_json import is_tracklist_document, read_documents
from enrich.tracklists.slots import Draft, Written, draft
from enrich.tracklists.text_forms import SOURCE, read_text
from enrich.tracklists.times import seconds
from enrich.tracklists.wrapping import may_be_name

_MAX_DEPTH = 4_000
#: Of a list on another site's page: rows at least, the share of them that name both, what stands for a line's end.
_TRACKLIST = re.compile(r"(?i)\b(?:track|set|play)\W?list")
_FEW, _MOST, _LINE, _BLOCKS = 3, 0.75, "\ue000", "p, div, pre, td, body, section, article"


def looks_like_html(text: str) -> bool:
    """Whether a text is a web page."""
    return bool(re.match(r"(?is)\s*(?:<!--.*?-->\s*)*<(?:!doctype|html|head|body|div|table|meta|title)\b", text[:5000]))


def read_page(text: str, path: Path) -> Draft:
    """Read one saved page. Raises InputFileError: the page is a challenge or a block, or holds no tracklist."""
    _refuse_nesting(text, path)
    tree = LexborHTMLParser(text)
    items = tree.css(".tlpItem")
    if not items:
        if tree.css_first("#tlTab") is None and MARKS.challenge.search(text):
            raise InputFileError(f"{path}: {TABLES['refused']['challenge']}")
        data = []
        for script in tree.css('script[type="application/ld+json"]'):
            # What a page says of other things may be broken; the list is looked for in the rest.
            with suppress(InputFileError):
                data.append(parse_json(script.text(), where=path))
        if any(map(is_tracklist_document, data)):
            return read_documents(data, path)
        if len(found := _other_lists(text, path)) == 1:
            head = [pl.lit(value).alias(name) for name, value in _head(tree, path).columns().items()]
            return replace(found[0], table=found[0].table.with_columns(head), source=SOURCE)
        raise InputFileError(f"{path}: no tracklist in this page (no #tlTab, no .tlpItem); save the tracklist's page")
    rows: list[Written] = []
    for number, item in enumerate(items, start=1):
        slot = _slot(item)
        is_component = item.attributes.get("data-mashpos") == "true" or "tlpSubTog" in _classes(item)
        if is_component and rows and slot:
            rows[-1][2]["components"].append({name: slot[name] for name in ("artist", "title", "label")})
            rows[-1][2]["is_mashup"] = True
        else:
            rows.append((number, _text_of(item)[:2000], slot))
    if not any(slot for _, _, slot in rows):
        raise InputFileError(f"{path}: the page's tracklist has no row with an artist or a title")
    return draft([(_head(tree, path), rows)], source=SOURCE)


def _other_lists(text: str, path: Path) -> list[Draft]:
    """Lists of artists and titles on another site's page: tables that say so, other lists where most rows name both."""
    tree = LexborHTMLParser(re.sub(r"(?i)<br\s*/?>", _LINE, text))
    found, said = [], _TRACKLIST.search(text) is not None
    for node in tree.css(f"ol, ul, table, {_BLOCKS}"):
        inner = len(node.css("ol, ul, table" if node.tag in ("ol", "ul", "table") else f"ol, ul, table, {_BLOCKS}")) - 1
        # A block for each row, or one of lines.
        blocks = [child for child in node.iter() if child.tag in ("p", "div")] if inner else []
        if inner > 0 and inner != len(blocks):
            continue
        rows = [[_text_of(cell) for cell in row.css("td, th")] for row in node.css("tr")]
        header = [column_key(cell) for cell in rows[0]] if rows else []
        divider = " - " if all(len(row) > 2 and MARKS.number_alone.fullmatch(row[0]) for row in rows) else " "
        within = [divider.join(row) for row in rows] or [_text_of(one) for one in blocks or node.css("li")]
        within = within or node.text(deep=True, separator="").split("\n" if node.tag == "pre" else _LINE)
        lines = [" ".join(line.split()) for line in within if line.strip()]
        marks = [led(line) for line in lines]
        # Without numbers or a word for it a list may be of news, with dates of nights.
        is_said = node.tag == "ol" or 2 * sum(x.strong for x in marks) > len(lines) or said
        named = [split_artist_title(x.rest) for x in marks if not is_title_line(x.rest)]
        both = [one for one in named if one[0] and one[1] and may_be_name(one[0]) and may_be_name(one[1])]
        many = min(len(both), 2 * len({artist for artist, _ in both}) - 1)
        with suppress(InputFileError):
            if {"artist", "title"} <= columns_of(header).keys() and len(rows) > _FEW:
                records = [(n, " ".join(row), row) for n, row in enumerate(rows, 1) if len(row) == len(header)]
                found.append(draft_of_table(header, records[1:], path))
            elif is_said and many >= max(_FEW, _MOST * len(lines)):
                found.append(read_text("\n".join(lines), path))
    return found


def _refuse_nesting(text: str, path: Path) -> None:
    """The parser's time grows with the square of the depth: 200,000 levels take it an hour."""
    depths = accumulate(-1 if closes else 1 for closes in MARKS.nesting.findall(text))
    if any(depth > _MAX_DEPTH for depth in depths):
        raise InputFileError(f"{path}: a page nested more than {_MAX_DEPTH:,} levels deep, which no tracklist is")


def _head(tree: LexborHTMLParser, path: Path) -> SetInfo:
    tab = tree.css_first("#tlTab")
    title = tree.css_first("title")
    heading = tree.css_first("#pageTitle") or tree.css_first("h1")
    named = _text_of(title).removesuffix("| 1001Tracklists").strip()
    name = _own_meta(tab, "name") or _text_of(heading) or named or path.stem
    url = _address(tree)
    djs = [text for link in (heading.css('a[href*="/dj/"]') if heading else []) if (text := _text_of(link))]
    date = date_in(_own_meta(tab, "datePublished")) or date_in(name) or date_in(url)
    return named_set(name, path=path, url=url, dj=" & ".join(dict.fromkeys(djs)) or dj_in(name), date=date)


def _address(tree: LexborHTMLParser) -> str | None:
    said = ((node, attribute) for query, attribute in TABLES["addresses"].items() for node in tree.css(query))
    url = next(filter(id_in_url, (node.attributes.get(attribute) for node, attribute in said)), None)
    return url if not url or url.startswith("http") else f"https://www.1001tracklists.com{url}"


def _own_meta(tab: LexborNode | None, name: str) -> str | None:
    """A meta of the playlist itself, not of a row in it."""
    children = (child.attributes for child in (tab.iter() if tab else ()) if child.tag == "meta")
    return next((_tidy(said.get("content")) for said in children if said.get("itemprop") == name), None)


def _slot(item: LexborNode) -> dict[str, Any]:
    metas: dict[str, list[str]] = {}
    for meta in item.css("meta[itemprop]"):
        content = _tidy(meta.attributes.get("content"))
        if content:
            metas.setdefault(meta.attributes.get("itemprop") or "", []).append(content)
    said = {name: contents[0] for name, contents in metas.items()}
    written = said.get("name") or _text_of(item.css_first(".trackValue") or item.css_first(".trackFormat"))
    if not written:
        return {}
    artist, title = split_artist_title(written)
    artist = artist or said.get("byArtist") or ("ID" if written.strip("? ").upper() in ("ID", "") else None)
    number = item.css_first('[id$="_tracknumber_value"]') or item.css_first(".tracknumber_value")
    named = metas.get("publisher") or [text for node in item.css(".trackLabel") if (text := _text_of(node))]
    # The site's own id of a track nobody has named: its page means the same unknown wherever it is played.
    tracks = (re.search(r"/track/([A-Za-z0-9]+)/", url) for url in metas.get("url", []) if "/track/" in url)
    track = found[1] if (found := next(tracks, None)) else None
    is_nobody = pl.select(is_unknown_artist(pl.lit(artist, dtype=pl.String))).item()
    return {
        "artist": artist,
        "title": title,
        "label": next((name for name in named if not names_no_label(name)), None),
        "label_note": next(filter(names_no_label, named), None),
        "is_id": "ID" in _text_of(item.css_first(".trackStatus")).split() or None,
        "layered": _text_of(number).lower().startswith("w/"),
        "cue_seconds": _cue(item),
        "duration_ms": (seconds(said.get("duration")) or 0) * 1000 or None,
        "genre": said.get("genre"),
        "is_mashup": item.css_first(".mashupTrack") is not None or "subPosTog" in _classes(item),
        "components": [],
        "track_key": f"1001tl-{track}" if track and is_nobody else None,
    }


def _cue(item: LexborNode) -> int | None:
    """Seconds; the hidden field's 0 means unknown unless the page shows a time."""
    shown = item.css_first(".cue") or item.css_first(".cueValueField")
    hidden = item.css_first('input[id$="_cue_seconds"]')
    return (seconds(hidden.attributes.get("value")) if hidden else None) or seconds(_text_of(shown))


def _classes(item: LexborNode) -> list[str]:
    return (item.attributes.get("class") or "").split()


def _text_of(node: LexborNode | None) -> str:
    return " ".join(node.text(deep=True, separator="").split()) if node else ""


def _tidy(text: str | None) -> str | None:
    return " ".join((text or "").replace("\0", "").split()) or None
