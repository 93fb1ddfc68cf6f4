"""Evidence as a person reads it: what a tier stored as JSON, told in short sentences.

Pure. Nothing is left out: what no rule here knows is told by its own name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

_Pieces = dict[str, Any]


def told(stored: str | None) -> list[str]:
    """The sentences of a proposal's evidence, weightiest first.

    Args:
        stored: JSON as the ledger holds it; may be anything.
    """
    if not stored:
        return []
    try:
        parsed = json.loads(stored)
    except ValueError:
        return [stored]
    if not isinstance(parsed, dict):
        return [f"{_spoken(parsed)}"]
    left: _Pieces = {str(name): value for name, value in parsed.items() if value not in (None, "", [], {})}
    sentences = [sentence for tell in _TELLERS for sentence in tell(left)]
    return sentences + [f"{name.replace('_', ' ')}: {_spoken(value)}" for name, value in sorted(left.items())]


def _context(left: _Pieces) -> list[str]:
    found = left.pop("sentences") if isinstance(left.get("sentences"), list) else []
    sentences = [_spoken(one) for one in found]
    if "context_rank" in left:
        sentences.append(f"Number {_spoken(left.pop('context_rank'))} by its company alone")
    if _is_number(left.get("occurrence")):
        names = [n for n in ("occurrence", "label", "dj", "position") if _is_number(left.get(n))]
        parts = ", ".join(f"{name} {left.pop(name):.2f}" for name in names)
        sets = f"; near it in {_spoken(left.pop('occurrence_count'))} sets" if "occurrence_count" in left else ""
        sentences.append(f"Score: {parts}{sets}")
        if "label_support" in left:
            sentences.append(f"Label of its company: {_spoken(left.pop('label_support'))}")
    return sentences


def _title(left: _Pieces) -> list[str]:
    if "in_title" not in left:
        return []
    said = f"The title says “{_spoken(left.pop('in_title'))}”"
    title = f": {_spoken(left.pop('title'))}" if "title" in left else ""
    known = left.pop("known_as", None)
    return [
        said + title,
        f"Known to the database as {_spoken(known)}" if known is not None else "Not known to the database",
    ]


def _alike(left: _Pieces) -> list[str]:
    sentences = []
    if "like" in left:
        like = f"Like “{_spoken(left.pop('like'))}” on the same label"
        sentences.append(
            like + (f", similarity {left.pop('similarity'):.2f}" if _is_number(left.get("similarity")) else "")
        )
        if _is_number(left.get("share")):
            sentences.append(f"{100 * left.pop('share'):.0f} % of the label's tracks are by this artist")
    if "example" in left:
        others = left.pop("others") if isinstance(left.get("others"), int) else 1
        more = f", and {others - 1} more" if others > 1 else ""
        sentences.append(f"In the database: {_spoken(left.pop('example'))}{more}")
    if "components" in left:
        sentences.append(f"Parts: {_joined(left.pop('components'), ' + ')}")
    return sentences


def _measured(left: _Pieces) -> list[str]:
    sentences = []
    of = f" ({_spoken(left.pop('bucket'))})" if "bucket" in left else ""
    if _is_number(left.get("cases")) and _is_number(left.get("low")) and _is_number(left.get("high")):
        low, high = 100 * left.pop("low"), 100 * left.pop("high")
        sentences.append(
            f"Such proposals{of} are right {low:.0f} to {high:.0f} % of the time, measured in {left.pop('cases')} cases"
        )
        of = ""
    if isinstance(left.get("n"), int) and isinstance(left.get("correct"), int):
        n, correct = left.pop("n"), left.pop("correct")
        sentences += (
            [f"{correct} of {n} known tracks came out right when hidden ({100 * correct / n:.0f} %)"] if n else []
        )
    if _is_number(left.get("people")) and _is_number(left.get("people_right")):
        sentences.append(f"People found {left.pop('people_right')} of {left.pop('people')} of this source right")
        for name in ("base", "base_cases"):
            left.pop(name, None)
    if _is_number(left.get("chance")):
        chance = left.pop("chance")
        # Less than one in two hundred is not worth a line.
        sentences += [f"Of such answers {100 * chance:.1f} % are chance"] if chance >= 0.005 else []
    return sentences + ([f"Kind of evidence{of}"] if of else [])


def _identity(left: _Pieces) -> list[str]:
    if "named_in" not in left:
        return []
    found = left.pop("found", [])
    sentences = [_sentence(_spoken(one)) for one in (found if isinstance(found, list) else [found])]
    days = left.pop("days", None)
    when = f", {abs(days)} days {'later' if days >= 0 else 'earlier'}" if isinstance(days, int) else ""
    sentences.append(f"Named in {_spoken(left.pop('named_in'))}{when}")
    called = [_spoken(left.pop(name)) for name in ("artists", "title", "recording_id") if name in left]
    sentences += [f"Recording: {', '.join(called)}"] if called else []
    sentences += [f"Missing was: {_spoken(left.pop('blank'))}"] if "blank" in left else []
    return sentences + ([f"On {_spoken(left.pop('label'))}"] if "label" in left else [])


def _release(left: _Pieces) -> list[str]:
    sentences = []
    if "release" in left:
        facts = [_spoken(left.pop("release"))]
        facts += [f"on {left.pop('label')}"] if isinstance(left.get("label"), str) else []
        facts += [_spoken(left.pop(name)) for name in ("release_date", "catalog_number") if name in left]
        sentences.append(f"Release: {', '.join(facts)}")
    if "artists" in left:
        sentences.append(f"Artists: {_joined(left.pop('artists'), ', ')}")
    parts = {name[5:]: left.pop(name) for name in sorted(left) if name.startswith("part_")}
    if parts:
        sentences.append(f"Match: {', '.join(f'{name} {_short(value)}' for name, value in parts.items())}")
    if "reason" in left:
        sentences.append(_sentence(_spoken(left.pop("reason"))))
    if "rivals" in left:
        sentences.append(f"Rivals: {_spoken(left.pop('rivals'))}")
    rule = [f"Rule: {_spoken(left.pop('rule')).replace('_', ' ')}"] if "rule" in left else []
    rule += [f"{_spoken(left.pop('hits'))} hits"] if "hits" in left else []
    rule += [f"score {_short(left.pop('score'))}"] if "score" in left else []
    if rule:
        sentences.append("; ".join(rule))
    if "url" in left:
        sentences.append(_spoken(left.pop("url")))
    return sentences


_TELLERS: tuple[Callable[[_Pieces], list[str]], ...] = (_identity, _context, _title, _alike, _measured, _release)


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
