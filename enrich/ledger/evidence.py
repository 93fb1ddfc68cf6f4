"""Evidence as a person reads it: what a tier stored as JSON, told in short sentences.

Pure. Nothing is left out: what no rule here knows is told by its own name.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_Pieces = dict[str, Any]


def told(stored: str | None) -> list[str]:
    """The sentences of a proposal's evidence, weightiest first; `stored` is JSON of the ledger, or anything."""
    if not stored:
        return []
    try:
        parsed = json.loads(stored)
    except ValueError:
        return [stored]
    if not isinstance(parsed, dict):
        return [f"{_spoken(parsed)}"]
    left: _Pieces = {str(name): value for name, value in parsed.items() if value not in (None, "", [], {})}
    sentences = [sentence for tell in _TELLERS for sentence in tell(left) if sentence]
    return sentences + [f"{name.replace('_', ' ')}: {_spoken(value)}" for name, value in sorted(left.items())]


def _context(left: _Pieces) -> Iterator[str]:
    if isinstance(left.get("sentences"), list):
        yield from map(_spoken, left.pop("sentences"))
    yield _said(left, "context_rank", "Number {} by its company alone")
    if _is_number(left.get("occurrence")):
        names = [n for n in ("occurrence", "label", "dj", "position") if _is_number(left.get(n))]
        parts = ", ".join(f"{name} {left.pop(name):.2f}" for name in names)
        yield f"Score: {parts}{_said(left, 'occurrence_count', '; near it in {} sets')}"
        yield _said(left, "label_support", "Label of its company: {}")


def _title(left: _Pieces) -> Iterator[str]:
    if "in_title" in left:
        yield _said(left, "in_title", "The title says “{}”") + _said(left, "title", ": {}")
        yield _said(left, "known_as", "Known to the database as {}") or "Not known to the database"


def _alike(left: _Pieces) -> Iterator[str]:
    if "like" in left:
        like = _said(left, "like", "Like “{}” on the same label")
        yield like + (f", similarity {left.pop('similarity'):.2f}" if _is_number(left.get("similarity")) else "")
        if _is_number(left.get("share")):
            yield f"{100 * left.pop('share'):.0f} % of the label's tracks are by this artist"
    if "example" in left:
        others = left.pop("others") if isinstance(left.get("others"), int) else 1
        yield _said(left, "example", "In the database: {}") + (f", and {others - 1} more" if others > 1 else "")
    if "components" in left:
        yield f"Parts: {_joined(left.pop('components'), ' + ')}"


def _measured(left: _Pieces) -> Iterator[str]:
    of = _said(left, "bucket", " ({})")
    if all(_is_number(left.get(name)) for name in ("cases", "low", "high")):
        low, high = 100 * left.pop("low"), 100 * left.pop("high")
        cases = left.pop("cases")
        yield f"Such proposals{of} are right {low:.0f} to {high:.0f} % of the time, measured in {cases} cases"
        of = ""
    if isinstance(left.get("n"), int) and isinstance(left.get("correct"), int):
        n, correct = left.pop("n"), left.pop("correct")
        yield f"{correct} of {n} known tracks came out right when hidden ({100 * correct / n:.0f} %)" if n else ""
    if _is_number(left.get("people")) and _is_number(left.get("people_right")):
        yield f"People found {left.pop('people_right')} of {left.pop('people')} of this source right"
        for name in ("base", "base_cases"):
            left.pop(name, None)
    if _is_number(left.get("chance")):
        chance = left.pop("chance")
        # Less than one in two hundred is not worth a line.
        yield f"Of such answers {100 * chance:.1f} % are chance" if chance >= 0.005 else ""
    yield of and f"Kind of evidence{of}"


def _identity(left: _Pieces) -> Iterator[str]:
    if "named_in" in left:
        found = left.pop("found", [])
        yield from (_sentence(_spoken(one)) for one in (found if isinstance(found, list) else [found]))
        days = left.pop("days") if isinstance(left.get("days"), int) else None
        when = "" if days is None else f", {abs(days)} days {'later' if days >= 0 else 'earlier'}"
        named_in, named_set = left.pop("named_in"), left.pop("named_set", None)
        yield f"Named in {_spoken(named_set or named_in)}{when}"
        called = [_spoken(left.pop(name)) for name in ("artists", "title", "recording_id") if name in left]
        yield f"Recording: {', '.join(called)}" if called else ""
        yield _said(left, "blank", "Missing was: {}")
        yield _said(left, "label", "On {}")


def _release(left: _Pieces) -> Iterator[str]:
    if "release" in left:
        facts = [_spoken(left.pop("release"))]
        facts += [f"on {left.pop('label')}"] if isinstance(left.get("label"), str) else []
        facts += [_spoken(left.pop(name)) for name in ("release_date", "catalog_number") if name in left]
        yield f"Release: {', '.join(facts)}"
    if "artists" in left:
        yield f"Artists: {_joined(left.pop('artists'), ', ')}"
    parts = [f"{name[5:]} {_short(left.pop(name))}" for name in sorted(left) if name.startswith("part_")]
    yield f"Match: {', '.join(parts)}" if parts else ""
    yield _sentence(_said(left, "reason", "{}"))
    yield _said(left, "rivals", "Rivals: {}")
    rule = [_said(left, "rule", "Rule: {}").replace("_", " "), _said(left, "hits", "{} hits")]
    rule += [f"score {_short(left.pop('score'))}"] if "score" in left else []
    yield "; ".join(filter(None, rule))
    yield _said(left, "url", "{}")


_TELLERS: tuple[Callable[[_Pieces], Iterator[str]], ...] = (_identity, _context, _title, _alike, _measured, _release)


def _said(left: _Pieces, name: str, form: str) -> str:
    """What is told of a piece, which is then told; nothing where it is not there."""
    return form.format(_spoken(left.pop(name))) if name in left else ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _short(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else _spoken(value)


def _joined(value: object, between: str) -> str:
    return between.join(map(_spoken, value)) if isinstance(value, list) else _spoken(value)


def _spoken(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(map(_spoken, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_spoken(one)}" for name, one in value.items())
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
