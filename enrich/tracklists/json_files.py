"""A JSON or JSONL file: tells rows of the flat table from scraped tracklists, and keeps going past broken lines."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

from enrich.errors import InputFileError
from enrich.tracklists import flat, scraped_json
from enrich.tracklists.slots import Draft


def looks_like_json(text: str) -> bool:
    """Whether a text begins as a JSON object or list (a wiki line `[030] Artist - Title` does not)."""
    head = text.lstrip()[:200]
    return (head.startswith("{") and not head.startswith(("{|", "{{"))) or _is_list(head)


def read_json(text: str, path: Path) -> Draft:
    """Read a JSON document, or one JSON value a line.

    Raises:
        InputFileError: it is not JSON, or there is no tracklist in it.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        whole = error
    else:
        parts = document if isinstance(document, list) else [document]
        if any(map(flat.is_row, parts)):
            return flat.read_rows([(i, json.dumps(v, ensure_ascii=False), v) for i, v in enumerate(parts, 1)], path)
        return scraped_json.read_documents([document], path)
    rows: list[tuple[int, str, object]] = []
    broken: list[tuple[int, str, str]] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if not line:
            continue
        try:
            rows.append((number, line, json.loads(line)))
        except (ValueError, RecursionError) as error:
            broken.append((number, f"not JSON ({error})", line))
    values = [value for _, _, value in rows]
    if not any(isinstance(value, dict) for value in values):
        raise InputFileError(f"{path}: not JSON, neither as a whole nor line by line ({whole})")
    sets: list[object] = values if any(map(scraped_json.is_tracklist_document, values)) else [values]
    if any(map(flat.is_row, values)) or not any(map(scraped_json.is_tracklist_document, sets)):
        draft = flat.read_rows(rows, path)
    else:
        draft = scraped_json.read_documents(sets, path)
    return replace(draft, bad=[*draft.bad, *broken])


def _is_list(head: str) -> bool:
    # `[[File:` begins a wiki page.
    return re.match(r'\[\s*(?:[{"\]]|\[\s*[\[{"\d\]-])', head) is not None
