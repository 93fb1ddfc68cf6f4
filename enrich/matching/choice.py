"""Which of a source's hits is the track, which of their labels is the track's, and how sure that is; once for a track.

Hits that score close to the best are one recording. Of its releases the earliest official one that is no compilation
names the label; two labels that remain go to review, and so does a common title without its artist.

`probability` = the source's reliability × the match score. `confidence` is calibrated: the share of held-out label
facts that were right at the same probability, by source, and by rule where a person should look. Both 0–1. The
figures are in `calibration.json` beside this module, written by `python -m bench.labels --calibrate`. They measure how
well a track is recognised, not how well a service keeps its labels: that stays the reliability's prior.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from enrich.labels.book import LabelBook, LabelName
from enrich.matching.recordings import hit_recordings, query_recordings
from enrich.matching.scores import REFUSED_BELOW, match_score, score_pairs
from enrich.matching.values import Hit, MatchScore, Outcome, TrackQuery
from enrich.resources import resource
from enrich.rules import MATCH_FLOOR, RELIABILITY, UNRATED
from enrich.text.words import LISTS

#: Hits within this of the best are taken for the same recording as the best.
MARGIN = 0.05

#: A part below this, and the hit is not written without a person.
REVIEWED_BELOW = {"title": 0.80, "artist": 0.60, "version": 0.80, "remixer": 0.80}

#: A release this much earlier than every other is the original, the others reissues or licences.
REISSUE_GAP = timedelta(days=180)

#: Share of at least four releases on one label that outvotes the rest.
MAJORITY = 0.75

#: Letters, or words, of a title that names its track without the artist. Measured on label facts hunted with the
#: artist hidden: such titles name the right track in 98 of 100 cases, shorter ones in 87 to 96.
DISTINCTIVE_LETTERS, DISTINCTIVE_WORDS = 15, 5

_COMPILATION = re.compile(rf"\b(?:{'|'.join(LISTS['in_sources']['compilations'])})\b", re.IGNORECASE)
_VIDEO = re.compile(r"(?i)\b(?:(?:official|music|lyrics?) video|visuali[sz]er)\b")
_TOLD_LIVE = re.compile(r"(?i)\b(?:live|sessions?|unplugged|concert|acoustic)\b")
#: What a release of a concert or a session is called; its takes are others than the studio's.
CONCERT = re.compile("|".join(LISTS["in_sources"]["concerts"]), re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A label that some release of the recording carries, with the best hit that says so."""

    label: str
    score: float
    hits: int
    hit: Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What one source's hits say about one track.

    `label` is canonical. With outcome `review` it is the best guess and `rivals` holds every label that stands beside
    it; with `found` the rivals are those that lost. `reason` says in words why it is not simply found; `rule` is the
    word for it: `clear`, `earliest`, `majority`, `sub_label`, `isrc`, `title_alone` (found); `rival_labels`,
    `weak_part`, `common_title`, `compilation_only` (review); `no_hit`, `refused`, `no_label`, `unknown_title` (none).
    """

    outcome: Outcome
    rule: str
    label: str | None = None
    score: float = 0.0
    hit: Hit | None = None
    parts: dict[str, float] = field(default_factory=dict)
    rivals: tuple[Rival, ...] = ()
    reason: str | None = None


def choose_all(
    queries: Sequence[TrackQuery], hits: Sequence[Sequence[Hit]], *, book: LabelBook | None = None
) -> list[Choice]:
    """Decide many tracks at once: `hits[i]` are what one source gave for `queries[i]`."""
    return choose_among(query_recordings(queries), hits, book=book or LabelBook())


def choose_among(asked: pl.DataFrame, hits: Sequence[Sequence[Hit]], *, book: LabelBook) -> list[Choice]:
    """`choose_all` for queries already read: `asked` has schema RECORDINGS, one row per entry of `hits`."""
    distinct, pairs = distinct_hits(hits)
    by_query: list[list[tuple[Hit, MatchScore]]] = [[] for _ in hits]
    if distinct:
        book.read_all([hit.label for hit in distinct])
        asked = asked.with_columns(row=pl.int_range(pl.len(), dtype=pl.UInt32))
        for row in score_pairs(asked, hit_recordings(distinct), pairs).iter_rows(named=True):
            by_query[row["query"]].append((distinct[row["hit"]], match_score(row)))
    known = zip(asked["title_key"], asked["artists"].list.len() > 0, asked["is_unknown_title"], strict=True)
    return [
        _choose(scored, title_key=title, has_artist=has_artist, is_unknown=is_unknown, book=book)
        for scored, (title, has_artist, is_unknown) in zip(by_query, known, strict=True)
    ]


def distinct_hits(hits: Sequence[Sequence[Hit]]) -> tuple[list[Hit], pl.DataFrame]:
    """Each distinct hit once, for many queries meet the same releases; and which query met which: `query, hit`."""
    index: dict[Hit, int] = {}
    pairs = pl.DataFrame(
        [(q, index.setdefault(hit, len(index))) for q, group in enumerate(hits) for hit in group],
        schema={"query": pl.UInt32, "hit": pl.UInt32},
        orient="row",
    )
    return list(index), pairs


def is_distinctive(title_key: str, artists: int) -> bool:
    """True if a title names its track without the artist: long, and all its hits by one artist."""
    words = title_key.split()
    return artists == 1 and (sum(map(len, words)) >= DISTINCTIVE_LETTERS or len(words) >= DISTINCTIVE_WORDS)


def is_compilation(hit: Hit) -> bool:
    """True if the source says so, if label or release (not like the track) is called like one, or if it is a video.

    Shops list compilations among releases without marking them, and their label is not the track's; nor is a concert's,
    unless the track is told to be live.
    """
    title, release = f"{hit.title} {hit.mix}", hit.release_title or ""
    if hit.is_compilation or _VIDEO.search(title) or re.search(r"(?i)compilations?$", hit.label or ""):
        return True
    if CONCERT.search(release) and not _TOLD_LIVE.search(title):
        return True
    return bool(_COMPILATION.search(release)) and not release.casefold().startswith(hit.title.casefold())


def _choose(
    scored: Sequence[tuple[Hit, MatchScore]], *, title_key: str, has_artist: bool, is_unknown: bool, book: LabelBook
) -> Choice:
    if is_unknown:
        # Only the ISRC can tell what a track without a title is.
        scored = [(hit, fit) for hit, fit in scored if fit.parts.get("isrc") == 1.0]
        if not scored:
            return Choice(outcome=Outcome.NONE, rule="unknown_title", reason="the title is unknown")
    if not scored:
        return Choice(outcome=Outcome.NONE, rule="no_hit", reason="no hit")
    possible = [(hit, fit) for hit, fit in scored if fit.refused is None and fit.total >= MATCH_FLOOR]
    if not possible:
        rules = sorted({fit.refused or "score" for _, fit in scored})
        return Choice(outcome=Outcome.NONE, rule="refused", reason=f"{len(scored)} hits, another {' or '.join(rules)}")
    identified = [(hit, fit) for hit, fit in possible if fit.parts.get("isrc") == 1.0]
    # One code may have been given to several recordings, and then the rest decides, and to a compilation's cut.
    fitting = [
        (hit, fit) for hit, fit in identified if all(fit.parts.get(p, 1.0) >= v for p, v in REFUSED_BELOW.items())
    ]
    if any(hit.is_official and not is_compilation(hit) for hit, _ in identified):
        possible = fitting or identified
    best = max(fit.total for _, fit in possible)
    same = [(hit, fit) for hit, fit in possible if fit.total >= best - MARGIN]
    labelled = [(hit, fit, name) for hit, fit in same if (name := book.read(hit.label)) is not None]
    if not labelled:
        reason = "listed without a label"
        return Choice(outcome=Outcome.NONE, rule="no_label", score=best, hit=same[0][0], reason=reason)
    regular = [entry for entry in labelled if entry[0].is_official and not is_compilation(entry[0])]
    choice = _labelled(_by_label(regular or labelled), book)
    if choice.outcome is Outcome.REVIEW:
        return choice
    if not regular:
        return _for_review(choice, "compilation_only", "only on compilations or unofficial releases")
    if choice.parts.get("isrc") == 1.0:
        return choice if choice.rule != "clear" else replace(choice, rule="isrc")
    weak = [part for part, least in REVIEWED_BELOW.items() if choice.parts.get(part, 1.0) < least]
    if weak:
        return _for_review(choice, "weak_part", f"{' and '.join(weak)} fits only in part")
    if "artist" not in choice.parts:
        acts = {tuple(sorted(a.casefold() for a in hit.artists)) for hit, _ in same}
        if has_artist or choice.parts["title"] < 1.0 or not is_distinctive(title_key, len(acts)):
            return _for_review(choice, "common_title", "nobody knows the artist, and the title is not distinctive")
        return replace(choice, rule="title_alone")
    return choice


def _labelled(groups: list[_Group], book: LabelBook) -> Choice:
    """The choice by labels alone: found, or for review where several stand side by side."""
    winner, rule = _winner(groups, book)
    others = [group for group in groups if group is not winner]
    choice = Choice(
        outcome=Outcome.FOUND,
        rule=rule,
        label=winner.label,
        score=winner.fit.total,
        hit=winner.hit,
        parts=winner.fit.parts,
        rivals=tuple(Rival(label=g.label, score=g.fit.total, hits=len(g.entries), hit=g.hit) for g in others),
    )
    if rule != "rival_labels":
        return choice
    names = " or ".join([winner.label, *(rival.label for rival in choice.rivals)])
    return _for_review(choice, rule, f"rival labels: {names}")


def _for_review(choice: Choice, rule: str, reason: str) -> Choice:
    return replace(choice, outcome=Outcome.REVIEW, rule=rule, reason=reason)


@dataclass(slots=True)
class _Group:
    """The hits of one recording that carry one label."""

    entities: set[str]
    names: list[LabelName] = field(default_factory=list)
    entries: list[tuple[Hit, MatchScore]] = field(default_factory=list)

    @property
    def first_release(self) -> date | None:
        return min((hit.release_date for hit, _ in self.entries if hit.release_date), default=None)

    @property
    def hit(self) -> Hit:
        return min(self.entries, key=lambda e: (e[0].release_date or date.max, -e[1].total))[0]

    @property
    def fit(self) -> MatchScore:
        return max((fit for _, fit in self.entries), key=lambda fit: fit.total)

    @property
    def label(self) -> str:
        spellings = [name.canonical for name in self.names]
        return max(dict.fromkeys(spellings), key=spellings.count)


def _by_label(entries: Sequence[tuple[Hit, MatchScore, LabelName]]) -> list[_Group]:
    """Group hits by label; a composite joins the group of any of its names. Most hits first."""
    groups: list[_Group] = []
    for hit, fit, name in sorted(entries, key=lambda e: len(e[2].also)):
        mine = next((g for g in groups if not g.entities.isdisjoint({name.entity, *name.also})), None)
        if mine is None:
            mine = _Group(entities={name.entity, *name.also})
            groups.append(mine)
        mine.names.append(name)
        mine.entries.append((hit, fit))
    return sorted(groups, key=lambda g: (-len(g.entries), -g.fit.total, g.label))


def _winner(groups: list[_Group], book: LabelBook) -> tuple[_Group, str]:
    """The group whose label is the track's, and by which rule."""
    if len(groups) == 1:
        return groups[0], "clear"
    parents = {p for g in groups for e in g.entities if (p := book.parent_of.get(e))} | {
        name.parent for g in groups for name in g.names if name.parent
    }
    children = [g for g in groups if g.entities.isdisjoint(parents)]
    if len(children) == 1:
        return children[0], "sub_label"
    dated = [(g.first_release, g) for g in groups if g.first_release is not None]
    if len(dated) == len(groups):
        (first, group), (second, _), *_ = sorted(dated, key=lambda entry: entry[0])
        if second - first >= REISSUE_GAP:
            return group, "earliest"
    top, votes = groups[0], sum(len(g.entries) for g in groups)
    if len(top.entries) >= 3 and len(top.entries) >= MAJORITY * votes:
        return top, "majority"
    return top, "rival_labels"


#: Rules whose choices are measured apart from the curve of their source.
MEASURED_RULES = ("common_title", "compilation_only", "rival_labels", "title_alone", "weak_part")

#: What an auto-accept threshold must keep.
ACCEPTED_PRECISION = 0.98


def probability(source: str, score: float) -> float:
    """What the rule says: reliability × match score."""
    return RELIABILITY.get(source, UNRATED) * score


def confidence(source: str, choice: Choice) -> float:
    """What was right as often, on held-out facts, as this choice looks; 0 where no label is chosen.

    An unmeasured source or rule gets the rule's own probability, a review's at most one half.
    """
    if choice.label is None:
        return 0.0
    raw = probability(source, choice.score)
    measured = _calibration()
    share = measured["rules"].get(choice.rule)
    if choice.outcome is Outcome.REVIEW:
        return min(raw, 0.5 if share is None else float(share))
    if share is not None:
        return float(share)
    curve = measured["sources"].get(source, {}).get("curve")
    if curve is None:
        return raw
    knots, shares = zip(*curve, strict=True)
    return float(np.interp(raw, knots, shares))


@cache
def _calibration() -> dict[str, Any]:
    stored: dict[str, Any] = resource("matching/calibration.json")
    return stored
