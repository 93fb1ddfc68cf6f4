"""Tier 0, outside: find the label of a track, from its title and then from the sources, in their order.

    title        [Label] in brackets; no source is asked
    sources      each gives hits, `matching` chooses among them and says how sure;
                 the first label at or above the floor ends the search, and so do rival labels, for review
    (Label)      a round bracket nobody knows is worth the floor itself: it counts once no source knows better

A source that is closed, blocked or down is *unavailable*: a track without a label that such a source might have known
is `unavailable`, never `none`. Asks sources (their pace and cache are their own); writes nothing.
Entry points: `hunt` (queries), `hunt_table` (a frame), `hunt_label_file` (a file), `OutsideLabels` (a tier).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import polars.selectors as cs

from enrich.errors import InputFileError
from enrich.frames.files import check_output, read_table, require_columns, write_table
from enrich.labels.book import LabelBook
from enrich.matching.choice import Choice, choose_among
from enrich.matching.confidence import confidence, probability
from enrich.matching.recordings import query_recordings
from enrich.matching.scores import PARTS
from enrich.matching.values import Availability, Hit, Outcome, SourceAnswer, TrackQuery
from enrich.rules import LABEL_FLOOR
from enrich.settings import Settings
from enrich.sources.base import ClosedSource, Source, open_sources
from enrich.sources.searching import search_all
from enrich.tiers.proposing import propose

if TYPE_CHECKING:
    from enrich.tiers.workspace import Workspace


#: One row per query, in the order given. `label` is canonical; with outcome `review` it is the best guess, and
#: `rivals` are the labels beside it. `probability` is what the rule says, `confidence` what was measured. The parts
#: of the match and the release are null where the title itself named the label.
HUNTED = pl.Schema(
    {
        "track_id": pl.String(),
        "label": pl.String(),
        "source": pl.String(),
        "probability": pl.Float64(),
        "confidence": pl.Float64(),
        "outcome": pl.String(),
        "rule": pl.String(),
        "reason": pl.String(),
        "rivals": pl.List(pl.String()),
        **{f"part_{name}": pl.Float64() for name in PARTS},
        "release": pl.String(),
        "catalog_number": pl.String(),
        "release_date": pl.Date(),
        "url": pl.String(),
    }
)

#: Why a track has no label, by the rule that decided it.
WITHOUT: Mapping[str, str] = {
    "unknown_title": "title unknown, not searched for",
    "no_source": "no source is switched on",
    "no_hit": "not listed anywhere",
    "refused": "only other tracks or versions listed",
    "no_label": "listed without a label",
    "rival_labels": "rival labels, for review",
    "weak_part": "fits only in part, for review",
    "common_title": "artist unknown and title common, for review",
    "compilation_only": "only on compilations, for review",
}

#: Called after every answer: tracks done, tracks in all, and by source what came of asking it
#: (`found`, `review`, `missed`, or how it was unavailable).
OnProgress = Callable[[int, int, Mapping[str, Counter[str]]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunt:
    """What a hunt came to: `tracks` of schema HUNTED, by source what came of asking it, and why sources were silent."""

    tracks: pl.DataFrame
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    unfinished: tuple[str, ...] = ()

    def summary(self) -> dict[str, Any]:
        """Counts for people and for JSON."""
        outcomes = dict(self.tracks.group_by("outcome").len().iter_rows())
        found = outcomes.get(Outcome.FOUND.value, 0)
        return {
            "processed": self.tracks.height,
            "labels_found": found,
            "review": outcomes.get(Outcome.REVIEW.value, 0),
            "none": outcomes.get(Outcome.NONE.value, 0),
            "unavailable": outcomes.get(Outcome.UNAVAILABLE.value, 0),
            "success_rate": f"{100 * found / self.tracks.height:.1f}%" if self.tracks.height else "0.0%",
            "by_source": {name: dict(counts) for name, counts in self.counts.items()},
            "sources_unavailable": self.unavailable,
            "unfinished": len(self.unfinished),
        }


def hunt(
    queries: Sequence[TrackQuery],
    *,
    sources: Sequence[Source],
    book: LabelBook | None = None,
    floor: float = LABEL_FLOOR,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Hunt:
    """Find the labels of tracks.

    Args:
        queries: Tracks; track_ids must differ.
        sources: In the order of preference.
        book: What the database calls its labels; None knows none.
        floor: Least confidence of a find; 0–1.
        on_progress: Told after every answer.
        stop: Set, it ends the asking; tracks not asked to the end are `unavailable`.
    """
    return _Hunter(queries, sources, book or LabelBook(), floor, on_progress).run(stop)


def hunt_table(
    table: pl.DataFrame,
    *,
    sources: Sequence[Source],
    book: LabelBook | None = None,
    floor: float = LABEL_FLOOR,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> tuple[pl.DataFrame, Hunt]:
    """Hunt for every row of a table `title, artist?, duration_ms?, isrc?`.

    Returns:
        The same rows in the same order, other columns carried along, with `label, source, confidence, outcome`, the
        parts and the rest of HUNTED; and the hunt. Columns of the same names are kept as `input_<name>`.
    """
    rows = table.select(
        _text(table, "title"), _text(table, "artist"), _milliseconds(table), _text(table, "isrc")
    ).with_row_index("row")
    # One question for rows that ask the same.
    asked = rows.unique(["title", "artist", "duration_ms", "isrc"], keep="first", maintain_order=True)
    queries = [
        TrackQuery(
            track_id=str(row["row"]),
            title=row["title"] or "",
            artist=row["artist"],
            duration_ms=row["duration_ms"],
            isrc=row["isrc"],
        )
        for row in asked.iter_rows(named=True)
    ]
    found = hunt(queries, sources=sources, book=book, floor=floor, on_progress=on_progress, stop=stop)
    key = ["title", "artist", "duration_ms", "isrc"]
    answers = asked.with_columns(track_id=pl.col("row").cast(pl.String)).join(found.tracks, on="track_id")
    by_row = rows.join(answers.drop("row", "track_id"), on=key, how="left", nulls_equal=True, maintain_order="left")
    # Files are compared: no more digits than were measured.
    by_row = by_row.with_columns(cs.float().round(4))
    new = by_row.drop("row", *key)
    carried = table.rename({name: f"input_{name}" for name in table.columns if name in new.columns})
    whole = Hunt(
        tracks=by_row.with_columns(track_id=pl.col("row").cast(pl.String)).match_to_schema(
            HUNTED, extra_columns="ignore"
        ),
        counts=found.counts,
        unavailable=found.unavailable,
        unfinished=found.unfinished,
    )
    return pl.concat([carried, new], how="horizontal"), whole


def hunt_label_file(
    path: str | Path,
    out: str | Path,
    *,
    settings: Settings,
    book: LabelBook | None = None,
    floor: float = LABEL_FLOOR,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Hunt:
    """Hunt for every row of a table file and write the rows with what was found; needs no database.

    Args:
        path: Parquet, CSV, TSV or JSONL with a column `title`, and `artist`, `duration_ms`, `isrc` where known.
        out: Where to write; by extension.
        settings: Which sources are on, and where.
        book, floor, on_progress, stop: See `hunt`.

    Raises:
        InputFileError: the file cannot be read or has no column `title`; `out` cannot be written.
    """
    check_output(out)
    table = read_table(path)
    require_columns(table, ["title"], path=path)
    if table.is_empty():
        raise InputFileError(f"{path}: no rows; expected one row per track under the header")
    rows, found = hunt_table(
        table, sources=enabled_sources(settings), book=book, floor=floor, on_progress=on_progress, stop=stop
    )
    write_table(rows, out)
    return found


def by_source_text(counts: Mapping[str, Counter[str]]) -> str:
    """`beatport 12/3/0 · deezer 2/1/0`: found, missed, blocked."""
    shown = []
    for name, kinds in counts.items():
        if kinds:
            found, missed = kinds["found"] + kinds["review"], kinds["missed"]
            shown.append(f"{name} {found}/{missed}/{kinds.total() - found - missed}")
    return " · ".join(shown)


def enabled_sources(settings: Settings) -> list[Source]:
    """The sources to ask: one nobody switched on is left out, one that was named says why it is closed."""
    opened = open_sources(settings)
    return [s for s in opened if settings.sources is not None or not isinstance(s, ClosedSource)]


class OutsideLabels:
    """Tier 0 over a workspace: a callable that returns PROPOSALS, source by source.

    Remembers what it has asked: in later rounds of a run a track is asked again only if its artist has become known
    since. `unavailable` and `counts` are of the whole run.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        floor: float = LABEL_FLOOR,
        on_progress: OnProgress | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._sources = sources
        self._floor = floor
        self._on_progress = on_progress
        self._stop = stop
        self._known: dict[TrackQuery, dict[str, Any]] = {}
        self.counts: dict[str, Counter[str]] = {}
        self.unavailable: dict[str, str] = {}
        self.unavailable_tracks: set[str] = set()

    def __call__(self, ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
        """Proposals for the tracks of `track_ids` that have no label."""
        queries = workspace_queries(ws, track_ids)
        new = [query for query in queries if query not in self._known]
        if new:
            found = hunt(
                new,
                sources=self._sources,
                book=workspace_book(ws),
                floor=self._floor,
                on_progress=self._on_progress,
                stop=self._stop,
            )
            self._known.update(zip(new, found.tracks.iter_rows(named=True), strict=True))
            for name, counts in found.counts.items():
                self.counts.setdefault(name, Counter()).update(counts)
            self.unavailable.update(found.unavailable)
        rows = [self._known[query] for query in queries]
        silent = {row["track_id"] for row in rows if row["outcome"] == Outcome.UNAVAILABLE.value}
        self.unavailable_tracks = (self.unavailable_tracks - {row["track_id"] for row in rows}) | silent
        return hunt_proposals(pl.DataFrame(rows, schema=HUNTED))

    def why_without(self, track_ids: Collection[str]) -> dict[str, int]:
        """Why tracks of `track_ids` got no label, in words, and how many for each reason, the commonest first."""
        wanted = set(track_ids)
        rows = {row["track_id"]: row for row in self._known.values() if row["track_id"] in wanted}
        reasons = Counter(WITHOUT.get(row["rule"], row["rule"]) for row in rows.values())
        return dict(sorted(reasons.items(), key=lambda entry: (-entry[1], entry[0])))


def workspace_queries(ws: Workspace, track_ids: pl.Series) -> list[TrackQuery]:
    """What to ask for the tracks of `track_ids` that have no label."""
    blank = ws.tracks.filter(pl.col("label").is_null() & pl.col("track_id").is_in(track_ids.to_list()))
    artist = pl.when("is_known_artist").then("artist")
    columns = blank.select("track_id", "title", artist.alias("artist"), "duration_ms", "isrc")
    return [
        TrackQuery(
            track_id=row["track_id"],
            title=row["title"] or "",
            artist=row["artist"],
            duration_ms=row["duration_ms"],
            isrc=row["isrc"],
        )
        for row in columns.iter_rows(named=True)
    ]


def workspace_book(ws: Workspace) -> LabelBook:
    """The database's labels, learned from a workspace."""
    facts = ws.tracks.filter(pl.col("label").is_not_null() & pl.col("is_known_artist"))
    return LabelBook.learn(ws.labels.select("label", "tracks"), facts=facts.select("artist", "title", "label"))


def hunt_proposals(tracks: pl.DataFrame) -> pl.DataFrame:
    """PROPOSALS (kind `label`, tier 0) of a hunt's finds and of what it leaves to review; schema HUNTED in."""
    labelled = tracks.filter(pl.col("label").is_not_null()).rename({"label": "value"})
    parts = [f"part_{name}" for name in PARTS]
    evidence = ["rule", "reason", "rivals", "release", "catalog_number", "release_date", "url", *parts]
    proposals = [
        propose(group, kind="label", tier=0, source=str(source), evidence=evidence)
        for (source,), group in labelled.group_by("source", maintain_order=True)
    ]
    return pl.concat(proposals) if proposals else propose(labelled, kind="label", tier=0, source="", evidence=[])


@dataclass(slots=True)
class _Track:
    """What is known of one track while the hunt goes on."""

    query: TrackQuery
    place: int
    is_asked: bool
    title_label: str | None = None
    title_confidence: float = 0.0
    choices: list[tuple[str, Choice, float]] = field(default_factory=list)
    silent: dict[str, SourceAnswer] = field(default_factory=dict)


class _Hunter:
    def __init__(
        self,
        queries: Sequence[TrackQuery],
        sources: Sequence[Source],
        book: LabelBook,
        floor: float,
        on_progress: OnProgress | None,
    ) -> None:
        self._queries = queries
        self._sources = sources
        self._book = book
        self._floor = floor
        self._on_progress = on_progress
        self._counts: dict[str, Counter[str]] = {source.name: Counter() for source in sources}
        self._asked = query_recordings(queries, known_labels=book.spellings or None)
        labels = book.read_all(self._asked["title_label"])
        self._tracks = {
            query.track_id: _Track(
                query=query,
                place=place,
                is_asked=not unknown or isrc is not None,
                title_label=label.canonical if label else None,
                title_confidence=(sure or 0.0) if label else 0.0,
            )
            for place, (query, label, sure, unknown, isrc) in enumerate(
                zip(
                    queries,
                    labels,
                    self._asked["title_label_confidence"],
                    self._asked["is_unknown_title"],
                    self._asked["isrc"],
                    strict=True,
                )
            )
        }

    def run(self, stop: threading.Event | None) -> Hunt:
        open_tracks = [t for t in self._tracks.values() if t.is_asked and not self._is_named(t)]
        done = len(self._tracks) - len(open_tracks)
        pending = {t.query.track_id for t in open_tracks}

        def judge(told: Sequence[tuple[TrackQuery, Sequence[SourceAnswer]]]) -> list[bool]:
            settled = self._judge([(self._tracks[query.track_id], answers[-1]) for query, answers in told])
            for (query, answers), is_settled in zip(told, settled, strict=True):
                if is_settled or len(answers) == len(self._sources):
                    pending.discard(query.track_id)
            if self._on_progress is not None:
                self._on_progress(done + len(open_tracks) - len(pending), len(self._tracks), self._counts)
            return settled

        asked = search_all([t.query for t in open_tracks], self._sources, judge=judge, stop=stop)
        unfinished = set(asked.unfinished)
        silent = {name: a for t in self._tracks.values() for name, a in t.silent.items()}
        return Hunt(
            tracks=pl.DataFrame(
                [self._row(t, is_unfinished=t.query.track_id in unfinished) for t in self._tracks.values()],
                schema=HUNTED,
            ),
            counts=self._counts,
            unavailable={name: a.reason or a.availability.value for name, a in silent.items()},
            unfinished=asked.unfinished,
        )

    def _is_named(self, track: _Track) -> bool:
        """True if the title settles it. A guess worth the bare floor waits for what the sources say."""
        return track.title_label is not None and track.title_confidence >= self._floor + (
            0.0 if track.title_confidence > LABEL_FLOOR else 1e-9
        )

    def _judge(self, arrived: Sequence[tuple[_Track, SourceAnswer]]) -> list[bool]:
        """Weigh the newest answers, all at once; True where no other source need be asked."""
        answered = [(t, a) for t, a in arrived if a.availability is Availability.OK]
        for track, answer in arrived:
            if answer.availability is not Availability.OK:
                track.silent[answer.source] = answer
                self._counts[answer.source][answer.availability.value] += 1
        settled = dict.fromkeys((t.query.track_id for t, _ in arrived), False)
        if answered:
            rows = self._asked[[t.place for t, _ in answered]]
            choices = choose_among(rows, [a.hits for _, a in answered], book=self._book)
            for (track, answer), choice in zip(answered, choices, strict=True):
                sure = confidence(answer.source, choice)
                track.choices.append((answer.source, choice, sure))
                is_find = choice.outcome is Outcome.FOUND and sure >= self._floor
                # Rivals are for a person: a source that happens to list only one of them does not settle it.
                settled[track.query.track_id] = is_find or choice.rule == "rival_labels"
                kind = "found" if is_find else "review" if choice.label is not None else "missed"
                self._counts[answer.source][kind] += 1
        return [settled[t.query.track_id] for t, _ in arrived]

    def _row(self, track: _Track, *, is_unfinished: bool) -> dict[str, Any]:
        finds = [c for c in track.choices if c[1].outcome is Outcome.FOUND and c[2] >= self._floor]
        if self._is_named(track) or (not finds and track.title_confidence >= self._floor):
            return self._blank(
                track,
                Outcome.FOUND,
                label=track.title_label,
                source="title",
                probability=track.title_confidence,
                confidence=track.title_confidence,
                rule="title",
            )
        if finds:
            return self._chosen(track, *finds[0], outcome=Outcome.FOUND)
        reviews = [c for c in track.choices if c[1].label is not None]
        if reviews:
            return self._chosen(track, *max(reviews, key=lambda c: c[2]), outcome=Outcome.REVIEW)
        if is_unfinished:
            return self._blank(
                track, Outcome.UNAVAILABLE, rule="stopped", reason="stopped before every source was asked"
            )
        if track.silent:
            reasons = "; ".join(a.reason or f"{name} {a.availability.value}" for name, a in track.silent.items())
            return self._blank(track, Outcome.UNAVAILABLE, rule="unavailable", reason=reasons)
        if not track.query.title.strip():
            return self._blank(track, Outcome.NONE, rule="unknown_title", reason="no title")
        if not track.is_asked:
            return self._blank(
                track, Outcome.NONE, rule="unknown_title", reason="the title is unknown; not searched for"
            )
        if not track.choices:
            return self._blank(track, Outcome.NONE, rule="no_source", reason="no source is switched on")
        nearest = max(track.choices, key=lambda c: (c[1].score, c[1].rule != "no_hit"))
        return self._blank(track, Outcome.NONE, rule=nearest[1].rule, reason=nearest[1].reason)

    def _chosen(self, track: _Track, source: str, choice: Choice, sure: float, *, outcome: Outcome) -> dict[str, Any]:
        hit = choice.hit
        assert hit is not None
        return self._blank(
            track,
            outcome,
            label=choice.label,
            source=source,
            probability=probability(source, choice.score),
            confidence=sure,
            rule=choice.rule,
            reason=choice.reason,
            rivals=[rival.label for rival in choice.rivals],
            release=_release(hit),
            catalog_number=hit.catalog_number,
            release_date=hit.release_date,
            url=hit.url,
            **{f"part_{name}": choice.parts.get(name) for name in PARTS},
        )

    def _blank(self, track: _Track, outcome: Outcome, **values: object) -> dict[str, Any]:
        return {
            **dict.fromkeys(HUNTED),
            "track_id": track.query.track_id,
            "outcome": outcome.value,
            "rivals": [],
            **values,
        }


def _release(hit: Hit) -> str:
    """The hit as a person reads it: `Alpha Kid - Night Signal (Extended Mix)`."""
    mix = f" ({hit.mix})" if hit.mix else ""
    return f"{', '.join(hit.artists)} - {hit.title}{mix}" if hit.artists else f"{hit.title}{mix}"


def _text(table: pl.DataFrame, name: str) -> pl.Expr:
    if name not in table.columns:
        return pl.lit(None, pl.String).alias(name)
    text = pl.col(name).cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text).alias(name)


def _milliseconds(table: pl.DataFrame) -> pl.Expr:
    if "duration_ms" not in table.columns:
        return pl.lit(None, pl.Int64).alias("duration_ms")
    number = pl.col("duration_ms").cast(pl.Float64, strict=False)
    return pl.when(number.is_finite() & (number > 0)).then(number).cast(pl.Int64, strict=False).alias("duration_ms")
