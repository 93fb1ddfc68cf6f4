"""The Label Hunter: find the label of a track, from its title and then from the sources, in their order.

    title        [Label] in brackets; no source is asked
    sources      the first label at or above the floor ends the search, and so do rival labels, for review
    (X Records)  a round bracket that is called like a company, or stands behind several artists' titles, is worth the
                 floor itself: it counts once no source knows better

A track without a label that a silent source might have known is `unavailable`, never `none`. Entry points: `hunt`, and
without a database `hunt_label_file` from a file to a file, `hunt_table` over a frame.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs

from enrich.errors import InputFileError
from enrich.frames.files import check_output, read_table, require_columns, with_known_names, write_table
from enrich.labels.book import LabelBook
from enrich.matching.choice import Choice, choose_among, confidence, probability
from enrich.matching.recordings import query_recordings, track_queries
from enrich.matching.scores import PARTS
from enrich.matching.values import Availability, Outcome, SourceAnswer, TrackQuery
from enrich.rules import LABEL_FLOOR
from enrich.settings import Settings
from enrich.sources.base import ClosedSource, Source, open_sources
from enrich.sources.searching import search_all

#: One row per query, in the order given. `label` is canonical; with outcome `review` it is the best guess, and
#: `rivals` are the labels beside it. `probability` is what the rule says, `confidence` what was measured. The parts
#: of the match and the release are null where the title itself named the label.
_S, _F = pl.String(), pl.Float64()
HUNTED = pl.Schema(
    {"track_id": _S, "label": _S, "source": _S, "probability": _F, "confidence": _F, "outcome": _S, "rule": _S}
    | {"reason": _S, "rivals": pl.List(_S), **{f"part_{name}": _F for name in PARTS}}
    | {"release": _S, "catalog_number": _S, "release_date": pl.Date(), "url": _S}
)

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
            **{str(one): outcomes.get(one, 0) for one in (Outcome.REVIEW, Outcome.NONE, Outcome.UNAVAILABLE)},
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
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Hunt:
    """Find the labels of tracks, whose ids must differ, at sources in the order of preference.

    `book` has what the database calls its labels; once `stop` is set, tracks not asked to the end are `unavailable`.
    """
    book = book or LabelBook()
    read = query_recordings(queries, known_labels=book.spellings or None)
    tracks = _tracks(queries, read, book)
    counts: dict[str, Counter[str]] = {source.name: Counter() for source in sources}
    open_tracks = [track.query for track in tracks.values() if track.is_asked and not track.is_named]
    done = len(tracks) - len(open_tracks)

    def judge(answered: Sequence[tuple[TrackQuery, SourceAnswer]]) -> list[bool]:
        about = [(tracks[query.track_id], answer) for query, answer in answered]
        heard = [(track, answer) for track, answer in about if answer.availability is Availability.OK]
        rows = read[[track.place for track, _ in heard]]
        choices = iter(choose_among(rows, [answer.hits for _, answer in heard], book=book) if heard else ())
        return [
            track.weigh(answer, next(choices) if answer.availability is Availability.OK else None, counts)
            for track, answer in about
        ]

    def show(asked: int, _: int) -> None:
        if on_progress is not None:
            on_progress(done + asked, len(tracks), counts)

    found = search_all(open_tracks, sources, judge=judge, on_progress=show, stop=stop)
    unfinished = set(found.unfinished)
    rows = [track.row(is_unfinished=name in unfinished) for name, track in tracks.items()]
    told: dict[str, Any] = {"unavailable": found.unavailable, "unfinished": found.unfinished}
    return Hunt(tracks=pl.DataFrame(rows, schema=HUNTED), counts=counts, **told)


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
    return [s for s in open_sources(settings) if settings.sources is not None or not isinstance(s, ClosedSource)]


@dataclass(slots=True, kw_only=True)
class _Track:
    """What is known of one track while the hunt goes on."""

    query: TrackQuery
    place: int
    is_asked: bool
    title_label: str | None = None
    title_confidence: float = 0.0
    choices: list[tuple[str, Choice, float]] = field(default_factory=list)
    """Source, what its hits say, and how sure that is."""
    silent: dict[str, SourceAnswer] = field(default_factory=dict)

    @property
    def is_named(self) -> bool:
        """True if the title settles it. A guess worth the bare floor waits for what the sources say."""
        return self.title_label is not None and self.title_confidence > LABEL_FLOOR

    def weigh(self, answer: SourceAnswer, choice: Choice | None, counts: Mapping[str, Counter[str]]) -> bool:
        """Take in an answer, and what its hits say if it is one; True where no other source need be asked."""
        if choice is None:
            self.silent[answer.source] = answer
            counts[answer.source][answer.availability.value] += 1
            return False
        sure = confidence(answer.source, choice)
        self.choices.append((answer.source, choice, sure))
        is_find = choice.outcome is Outcome.FOUND and sure >= LABEL_FLOOR
        counts[answer.source]["found" if is_find else "review" if choice.label is not None else "missed"] += 1
        # Rivals are for a person: a source that happens to list only one of them does not settle it.
        return is_find or choice.rule == "rival_labels"

    def row(self, *, is_unfinished: bool) -> dict[str, Any]:
        """The track's row of HUNTED."""
        finds = [c for c in self.choices if c[1].outcome is Outcome.FOUND and c[2] >= LABEL_FLOOR]
        if self.is_named or (not finds and self.title_confidence >= LABEL_FLOOR):
            sure = dict.fromkeys(("probability", "confidence"), self.title_confidence)
            return self._row(Outcome.FOUND, "title", label=self.title_label, source="title", **sure)
        if finds:
            return self._chosen(Outcome.FOUND, *finds[0])
        reviews = [c for c in self.choices if c[1].label is not None]
        if reviews:
            return self._chosen(Outcome.REVIEW, *max(reviews, key=lambda c: c[2]))
        if is_unfinished:
            return self._row(Outcome.UNAVAILABLE, "stopped", reason="stopped before every source was asked")
        if self.silent:
            reasons = "; ".join(a.reason or f"{name} {a.availability.value}" for name, a in self.silent.items())
            return self._row(Outcome.UNAVAILABLE, "unavailable", reason=reasons)
        if not self.query.title.strip():
            return self._row(Outcome.NONE, "unknown_title", reason="no title")
        if not self.is_asked:
            return self._row(Outcome.NONE, "unknown_title", reason="the title is unknown; not searched for")
        if not self.choices:
            return self._row(Outcome.NONE, "no_source", reason="no source is switched on")
        _, nearest, _ = max(self.choices, key=lambda c: (c[1].score, c[1].rule != "no_hit"))
        return self._row(Outcome.NONE, nearest.rule, reason=nearest.reason)

    def _chosen(self, outcome: Outcome, source: str, choice: Choice, sure: float) -> dict[str, Any]:
        hit = choice.hit
        assert hit is not None
        return self._row(
            outcome,
            choice.rule,
            label=choice.label,
            source=source,
            probability=probability(source, choice.score),
            confidence=sure,
            reason=choice.reason,
            rivals=[rival.label for rival in choice.rivals],
            release=" - ".join(filter(None, (", ".join(hit.artists), hit.titled))),
            **{name: getattr(hit, name) for name in ("catalog_number", "release_date", "url")},
            **{f"part_{name}": choice.parts.get(name) for name in PARTS},
        )

    def _row(self, outcome: Outcome, rule: str, **values: object) -> dict[str, Any]:
        about = {"track_id": self.query.track_id, "outcome": outcome.value, "rule": rule}
        return {**dict.fromkeys(HUNTED), "rivals": [], **about, **values}


def _tracks(queries: Sequence[TrackQuery], read: pl.DataFrame, book: LabelBook) -> dict[str, _Track]:
    """The tracks by id, with the labels that their titles name."""
    named = read.select(pl.when(pl.col.title_label_confidence.is_not_null()).then("title_label")).to_series()
    labels = book.read_all(named)
    rows = read.select("title_label_confidence", "is_unknown_title", "isrcs").iter_rows()
    return {
        query.track_id: _Track(
            query=query,
            place=place,
            is_asked=not is_unknown or bool(isrcs),
            title_label=label.canonical if label else None,
            title_confidence=(sure or 0.0) if label else 0.0,
        )
        for place, (query, label, (sure, is_unknown, isrcs)) in enumerate(zip(queries, labels, rows, strict=True))
    }


#: What a row is asked by.
_ASKED = ["title", "artist", "duration_ms", "isrc"]


def hunt_label_file(
    path: str | Path,
    out: str | Path,
    *,
    settings: Settings,
    book: LabelBook | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Hunt:
    """Hunt for every row of a table file and write the rows with what was found.

    Args:
        path: Parquet, CSV, TSV or JSONL with a column `title`, and `artist`, `duration_ms`, `isrc` where known.
        out: Where to write; by extension.
        settings: Which sources are on, and where.
        book, on_progress, stop: See `hunt`.

    Raises:
        InputFileError: the file cannot be read or has no column `title`; `out` cannot be written.
    """
    check_output(out)
    table = with_known_names(read_table(path), _ASKED)
    require_columns(table, ["title"], path=path)
    if table.is_empty():
        raise InputFileError(f"{path}: no rows; expected one row per track under the header")
    rows, found = hunt_table(table, sources=enabled_sources(settings), book=book, on_progress=on_progress, stop=stop)
    write_table(rows, out)
    return found


def hunt_table(
    table: pl.DataFrame,
    *,
    sources: Sequence[Source],
    book: LabelBook | None = None,
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
    ).with_columns(track_id=pl.int_range(pl.len()).cast(pl.String))
    # One question for rows that ask the same.
    asked = rows.unique(_ASKED, keep="first", maintain_order=True)
    found = hunt(track_queries(asked), sources=sources, book=book, on_progress=on_progress, stop=stop)
    answers = asked.join(found.tracks, on="track_id").drop("track_id")
    by_row = rows.join(answers, on=_ASKED, how="left", nulls_equal=True, maintain_order="left")
    # Files are compared: no more digits than were measured.
    by_row = by_row.with_columns(cs.float().round(4))
    new = by_row.drop("track_id", *_ASKED)
    carried = table.rename({name: f"input_{name}" for name in table.columns if name in new.columns})
    return (
        pl.concat([carried, new], how="horizontal"),
        replace(found, tracks=by_row.match_to_schema(HUNTED, extra_columns="ignore")),
    )


def _text(table: pl.DataFrame, name: str) -> pl.Expr:
    if name not in table.columns:
        return pl.lit(None, pl.String).alias(name)
    text = pl.col(name).cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text).alias(name)


def _milliseconds(table: pl.DataFrame) -> pl.Expr:
    if "duration_ms" not in table.columns:
        return pl.lit(None, pl.Int64).alias("duration_ms")
    number = pl.col.duration_ms.cast(pl.Float64, strict=False)
    return pl.when(number.is_finite() & (number > 0)).then(number).cast(pl.Int64, strict=False).alias("duration_ms")
