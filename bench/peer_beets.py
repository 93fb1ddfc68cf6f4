"""beets' distance between a single track and a candidate, from its documented behaviour: not its code.

String distance is Levenshtein over the longer length, letters and digits only, transliterated, `&` as `and`; parts
that are cheap to miss are cut first, each for its price (a leading "the" 0.1, a guest clause 0.1, round brackets 0.3,
square brackets 0.3, a part number 0.2). A track's distance is the weighted mean of title 3, artist 2 and length 2
where known. Below 0.04 it is tagged without asking, up to 0.25 it is offered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from enrich.matching.values import Hit, TrackQuery

STRONG, MEDIUM = 0.04, 0.25

_CHEAP = (
    (re.compile(r"^the "), 0.1),
    (re.compile(r"[\[(]?(?:ep|single)[\])]?"), 0.0),
    (re.compile(r"[\[(]?(?:featuring|feat|ft)[. :].+"), 0.1),
    (re.compile(r"\(.*?\)"), 0.3),
    (re.compile(r"\[.*?\]"), 0.3),
    (re.compile(r"(?:, )?(?:pt\.|part) .+"), 0.2),
)
_WEIGHTS = {"title": 3.0, "artist": 2.0, "length": 2.0}


def string_distance(a: str, b: str) -> float:
    """beets' distance of two strings, 0–1."""
    a, b = a.lower(), b.lower()
    for end in (", the", ", a", ", an"):
        a = f"{end[2:]} {a[: -len(end)]}" if a.endswith(end) else a
        b = f"{end[2:]} {b[: -len(end)]}" if b.endswith(end) else b
    a, b = a.replace("&", "and"), b.replace("&", "and")
    base, penalty = _basic(a, b), 0.0
    for pattern, price in _CHEAP:
        cut_a, cut_b = pattern.sub("", a), pattern.sub("", b)
        if (cut_a, cut_b) == (a, b):
            continue
        cut = _basic(cut_a, cut_b)
        saved = max(0.0, base - cut)
        if saved == 0.0:
            continue
        a, b, base = cut_a, cut_b, cut
        penalty += price * saved
    return base + penalty


def _basic(a: str, b: str) -> float:
    a, b = _letters(a), _letters(b)
    if not a and not b:
        return 0.0
    return Levenshtein.distance(a, b) / max(len(a), len(b))


def _letters(text: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]", "", plain.lower())


def cleaned(title: str) -> str:
    """A title without what is cheap to miss, letters and digits only: what `string_distance` compares in the end."""
    text = title.lower().replace("&", "and")
    for pattern, _ in _CHEAP:
        text = pattern.sub("", text)
    return _letters(text)


def distance(query: TrackQuery, hit: Hit) -> float:
    """Weighted mean of the parts that can be compared, 0 (same) to 1."""
    title = hit.title if not hit.mix or hit.mix == "Original Mix" else f"{hit.title} ({hit.mix})"
    parts = {"title": string_distance(query.title, title)}
    if query.artist:
        parts["artist"] = string_distance(query.artist, ", ".join(hit.artists))
    if query.duration_ms and hit.duration_ms:
        gap = abs(query.duration_ms - hit.duration_ms) / 1000 - 10
        parts["length"] = min(max(gap, 0.0) / 30, 1.0)
    return sum(_WEIGHTS[p] * d for p, d in parts.items()) / sum(_WEIGHTS[p] for p in parts)


def find(query: TrackQuery, hits: Sequence[Hit], *, limit: float = STRONG) -> tuple[Hit, float] | None:
    """The nearest hit with its similarity (1 − distance), or None beyond `limit`."""
    if not hits:
        return None
    best = min(hits, key=lambda hit: distance(query, hit))
    d = distance(query, best)
    return (best, 1.0 - d) if d <= limit else None
