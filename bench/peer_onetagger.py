"""OneTagger's rule for one track among search hits, from its documented behaviour: not its code.

Titles are cleaned (lower case, hyphens to spaces, fixed version tags and guest clauses dropped) and compared in
stages from exact to loose; an exact stage scores 1.0. Otherwise the normalised Levenshtein similarity of
"title (version)" must reach the strictness, 0.7 by default. One artist must agree exactly, or be contained, or the
joined artists must reach the strictness. Duration is off by default; compilations lose a tie.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from enrich.matching.values import Hit, TrackQuery

STRICTNESS = 0.7

_ATTRIBUTES = (
    "(intro)", "(clean)", "(intro clean)", "(dirty)", "(intro dirty)", "(clean extended)", "(intro outro)",
    "(extended)", "(instrumental)", "(quick hit)", "(club version)", "(radio version)", "(club)", "(radio)", "(main)",
    "(radio edit)", "(ck cut)", "(super cut)", "(mega cutz)", "(snip hitz)", "(jd live cut)", "(djcity intro)",
    "(vdj jd edit)", "(edit)",
)  # fmt: skip
_SEPARATORS = re.compile(r"\s*(?:,|;|/|&|\bvs\.?\s|\bfeat\.?\s|\bft\.?\s|\bx\s)\s*", re.IGNORECASE)


def clean_title(title: str) -> str:
    """A title as OneTagger searches for it."""
    text = title.lower().replace("-", " ")
    text = re.sub(r"\(?\boriginal (?:mix|version|edit)\b\)?", "", text)
    for attribute in _ATTRIBUTES:
        text = text.replace(attribute, "")
    text = re.sub(r"\(?\b(?:feat|ft|featuring)\.? [^()]*\)?", "", text)
    return " ".join(text.split())


def _for_matching(title: str) -> str:
    text = clean_title(title).replace("edit", "")
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w\s]", "", text).split())


def _artists_agree(ours: list[str], theirs: list[str]) -> bool:
    if any(a == b or a in b or b in a for a in ours for b in theirs if a and b):
        return True
    joined, other = ", ".join(sorted(ours)), ", ".join(sorted(theirs))
    return Levenshtein.normalized_similarity(joined, other) >= STRICTNESS


def find(query: TrackQuery, hits: Sequence[Hit]) -> tuple[Hit, float] | None:
    """The hit OneTagger would tag from, with its score, or None."""
    ours = [a.casefold() for a in _SEPARATORS.split(query.artist or "") if a]
    scored = []
    for hit in hits:
        theirs = [a.casefold() for credit in hit.artists for a in _SEPARATORS.split(credit) if a]
        if ours and not _artists_agree(ours, theirs):
            continue
        full = f"{hit.title} ({hit.mix})" if hit.mix else hit.title
        stages = (
            query.title.casefold() == full.casefold(),
            query.title.casefold() == hit.title.casefold(),
            clean_title(query.title) == clean_title(full),
            clean_title(query.title) == clean_title(hit.title),
            _for_matching(query.title) == _for_matching(full) != "",
            _for_matching(query.title) == _for_matching(hit.title) != "",
        )
        if any(stages):
            scored.append((-1.0, stages.index(True), hit.is_compilation, hit))
            continue
        similarity = Levenshtein.normalized_similarity(_for_matching(query.title), _for_matching(full))
        if similarity >= STRICTNESS:
            scored.append((-similarity, len(stages), hit.is_compilation, hit))
    if not scored:
        return None
    best = min(scored, key=lambda entry: entry[:3])
    return best[3], -best[0]
