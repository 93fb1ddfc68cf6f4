"""Two reports side by side: what moved between a former report's figures and those at hand.

A former report is only ever read for numbers and names; what an older version did not write is left blank.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from enrich.errors import InputFileError
from enrich.frames.inputs import parse_json, read_input

#: Figures set side by side: path in the report, words, unit, and whether more or less of it is better.
COMPARED: tuple[tuple[tuple[str, ...], str, str, str | None], ...] = (
    (("headline", "tracks"), "Tracks with an enrichment status", "tracks", None),
    (("headline", "completed_after"), "Completed", "tracks", "more"),
    (("headline", "success_rate_after_pct"), "Success rate", "%", "more"),
    (("headline", "unresolved_after"), "Unresolved (failed or in the queue)", "tracks", "less"),
    (("headline", "in_cooldown_after"), "In the cool-down queue", "tracks", None),
    (("headline", "permanently_failed_after"), "Permanently failed", "tracks", "less"),
    (("headline", "recovered"), "Recovered", "tracks", "more"),
    (("headline", "recovered_precision", "precision"), "Recovered and right, of those recovered", "share", "more"),
    (("headline", "labels_written"), "Labels written", "tracks", "more"),
    (("headline", "labels_precision", "precision"), "Labels right, of those written", "share", "more"),
    (("headline", "artists_written"), "Artists written", "tracks", "more"),
    (("label_coverage", "failed_at_start", "after_pct"), "Tracks failed at the start that have a label", "%", "more"),
)
_BY = ("kind", "tier", "source")
#: Bytes of a report's figures.
_LARGEST = 1 << 26
#: Of a report, but no figure: it differs from one report to the next while nothing has moved.
_NO_FIGURES = ("generated_at", "comparison")


def read_former(path: Path) -> dict[str, Any]:
    """The figures of a former report.

    Raises:
        InputFileError: the file is missing, or holds no report's figures.
    """
    try:
        found = parse_json(read_input(path, at_most=_LARGEST), where=path)
    except InputFileError as error:
        raise InputFileError(f"{error}; --compare takes the JSON that `enrich report` writes") from None
    if not isinstance(found, dict) or not isinstance(found.get("headline"), dict):
        raise InputFileError(f"{path}: holds no report's figures; --compare takes the JSON that `enrich report` writes")
    return found


def same_figures(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two reports, both as JSON holds them, say the same, whenever they were made."""
    names = {*one, *other} - {*_NO_FIGURES}
    return all(one.get(name) == other.get(name) for name in names)


def compare(former: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Set a former report's figures (as `read_former` gives them) beside those at hand.

    Returns:
        former (generated_at, database; text), is_same_start (whether both began with the same tracks and failures),
        rows (key, figure, unit: `tracks`, `%` or `share`; former, now, change, is_better) and by_source (kind, tier,
        source, former and now of proposals and written, has_moved). What either side does not know is None.
    """
    rows = []
    for path, words, unit, good in COMPARED:
        before, after = _number(former, path), _number(now, path)
        change = None if before is None or after is None else round(after - before, 4)
        is_better = None if not change or good is None else (change > 0) == (good == "more")
        row = {"key": ".".join(path), "figure": words, "unit": unit, "former": before, "now": after}
        rows.append({**row, "change": change, "is_better": is_better})
    start = [("headline", name) for name in ("tracks", "failed_before", "failed_with_label_before")]
    return {
        "former": {name: str(former.get(name) or "") for name in ("generated_at", "database")},
        "is_same_start": all(_number(former, path) == _number(now, path) for path in start),
        "rows": rows,
        "by_source": _by_source(former, now),
    }


def _by_source(former: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    sides = [_sources(former), _sources(now)]
    keys = sorted({*sides[0], *sides[1]}, key=lambda key: (key[0] != "label", key))
    return [
        {
            **dict(zip(_BY, key, strict=True)),
            **{
                f"{figure}_{when}": side.get(key, {}).get(figure, 0)
                for figure in ("proposals", "written")
                for when, side in zip(("former", "now"), sides, strict=True)
            },
            "has_moved": sides[0].get(key) != sides[1].get(key),
        }
        for key in keys
    ]


def _sources(figures: Mapping[str, Any]) -> dict[tuple[str, int, str], dict[str, int]]:
    found = figures.get("by_source")
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    return {
        (str(row.get("kind")), int(_number(row, ("tier",)) or 0), str(row.get("source"))): {
            figure: int(_number(row, (figure,)) or 0) for figure in ("proposals", "written")
        }
        for row in rows
    }


def _number(figures: Mapping[str, Any], path: tuple[str, ...]) -> float | None:
    value: Any = figures
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
