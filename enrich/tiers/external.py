"""Tier 2, external: the artist an outside source lists for a title, where the artist is what is missing.

    isrc             the hit has the track's own ISRC
    title-and-label  title and version agree, and the hit is on the label the track is known to be on
    title            title and version agree, nothing else is known; worth as much as the title is rare

All hits that agree must name the same artists, else nobody is named. How often each rule is right was measured on
held-out label facts with the artist hidden, half of them absent from the catalogue (`python -m bench.artists`).
Asks sources (their pace and cache are their own); writes nothing. Entry point: `OutsideArtists` (a tier).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from enrich.labels.book import LabelBook
from enrich.matching.choice import distinct_hits
from enrich.matching.confidence import probability
from enrich.matching.recordings import hit_recordings, query_recordings
from enrich.matching.scores import score_pairs
from enrich.matching.values import Availability, Hit, SourceAnswer, TrackQuery
from enrich.rules import SOURCE_ARTIST_FLOOR
from enrich.sources.base import Source
from enrich.sources.searching import search_all
from enrich.text.normalise import artist_key
from enrich.tiers.label_hunter import workspace_book
from enrich.tiers.proposing import propose
from enrich.tiers.same_title import speaks
from enrich.tiers.workspace import Workspace

#: Share right on held-out facts, by rule and by how much the title says: `python -m bench.artists`.
MEASURED: Mapping[str, float] = {
    "isrc": 0.99,  # not in the facts: an identifier, less a margin for reused ones
    "title-and-label, rare": 0.99,
    "title-and-label, common": 0.98,
    "title, rare": 0.97,
    "title, common": 0.87,
}
#: A title with as many letters or words names its track by itself.
RARE_LETTERS, RARE_WORDS = 15, 4

#: One row per query that got an artist: its index, the names as the source spells them, and why.
NAMED = pl.Schema(
    {
        "query": pl.UInt32(),
        "artists": pl.List(pl.String()),
        "rule": pl.String(),
        "score": pl.Float64(),
        "confidence": pl.Float64(),
        "release": pl.String(),
        "label": pl.String(),
        "url": pl.String(),
        "hits": pl.UInt32(),
    }
)


def name_artists(
    queries: Sequence[TrackQuery],
    hits: Sequence[Sequence[Hit]],
    *,
    labels: Sequence[str | None],
    book: LabelBook,
    measured: Mapping[str, float] = MEASURED,
) -> pl.DataFrame:
    """Whom the hits of one source name.

    Args:
        queries: Tracks without an artist.
        hits: `hits[i]` are what the source gave for `queries[i]`.
        labels: The label each track is known to be on, or None.
        book: Tells when two spellings are one label.
        measured: Share right by rule.

    Returns:
        NAMED, by query.
    """
    distinct, pairs = distinct_hits(hits)
    if not distinct:
        return pl.DataFrame(schema=NAMED)
    asked, offered = query_recordings(queries), hit_recordings(distinct)
    scored = score_pairs(asked, offered, pairs).filter(pl.col("refused").is_null())
    facts = pl.DataFrame(
        {
            "hit": pl.Series(range(len(distinct)), dtype=pl.UInt32),
            "names": pl.Series([list(hit.artists) for hit in distinct], dtype=pl.List(pl.String)),
            "label": pl.Series([hit.label for hit in distinct], dtype=pl.String),
            "release": pl.Series([hit.release_title for hit in distinct], dtype=pl.String),
            "url": pl.Series([hit.url for hit in distinct], dtype=pl.String),
            "artist_set": offered["artists"].list.sort().list.join("|"),
        }
    ).filter(pl.col("artist_set") != "")
    known = pl.DataFrame(
        {
            "query": pl.Series(range(len(queries)), dtype=pl.UInt32),
            "known_label": pl.Series(list(labels), dtype=pl.String),
            "title_key": asked["title_key"],
        }
    )
    candidates = scored.join(facts, on="hit").join(known, on="query")
    same_label = [book.same_label(a, b) for a, b in candidates.select("known_label", "label").iter_rows()]
    words = pl.col("title_key").str.count_matches(r"\S+")
    letters = pl.col("title_key").str.count_matches(r"\S")
    is_rare = (letters >= RARE_LETTERS) | (words >= RARE_WORDS)
    kind = (
        pl.when(pl.col("isrc") == 1)
        .then(pl.lit("isrc"))
        .when("same_label")
        .then(pl.lit("title-and-label"))
        .when(pl.col("known_label").is_null())
        .then(pl.lit("title"))
    )
    strength = pl.DataFrame({"kind": ["isrc", "title-and-label", "title"], "strength": [3, 2, 1]})
    return (
        candidates.with_columns(same_label=pl.Series(same_label, dtype=pl.Boolean))
        .with_columns(kind=kind)
        .join(strength, on="kind")  # a hit on another label than the track's is no evidence
        .filter(pl.col("strength") == pl.col("strength").max().over("query"))
        .sort(["query", "total", "hit"], descending=[False, True, False])
        .group_by("query", maintain_order=True)
        .agg(
            rivals=pl.col("artist_set").n_unique(),
            artists=pl.col("names").first(),
            kind=pl.col("kind").first(),
            score=pl.col("total").first(),
            rare=is_rare.first(),
            release=pl.col("release").first(),
            label=pl.col("label").first(),
            url=pl.col("url").first(),
            hits=pl.len(),
        )
        .filter(pl.col("rivals") == 1)
        .with_columns(
            rule=pl.when(pl.col("kind") == "isrc")
            .then(pl.lit("isrc"))
            .otherwise(pl.format("{}, {}", "kind", pl.when("rare").then(pl.lit("rare")).otherwise(pl.lit("common"))))
        )
        .with_columns(confidence=pl.col("rule").replace_strict(dict(measured), default=0.0) * pl.col("score"))
        .match_to_schema(NAMED, extra_columns="ignore", integer_cast="upcast")
    )


class OutsideArtists:
    """Tier 2 over a workspace: proposals of artists, source by source, in the order of the sources.

    A track is asked again only when its label has become known since. What a source says of a track it was asked about
    for its label comes from the response cache.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        stop: threading.Event | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._sources = sources
        self._stop = stop
        self._on_progress = on_progress
        self._answered: dict[tuple[TrackQuery, str | None], pl.DataFrame] = {}
        self.unavailable: dict[str, str] = {}

    def __call__(self, ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
        """Proposals for the tracks of `track_ids` that have a title and no artist."""
        asked = _questions(ws, track_ids)
        new = [pair for pair in asked if pair not in self._answered]
        if new and self._sources:
            self._ask(new, workspace_book(ws))
        named = [self._answered[pair] for pair in asked if pair in self._answered]
        found = pl.concat([frame for frame in named if not frame.is_empty()] or [_no_answers()])
        ids = ws.artists.select("artist_key", "artist_id").unique("artist_key", keep="first", maintain_order=True)
        shaped = (
            found.filter(pl.col("confidence") >= SOURCE_ARTIST_FLOOR)
            .with_columns(value=pl.col("artists").list.join(" & "))
            .with_columns(artist_key=artist_key(pl.col("value")))
            .join(ids, on="artist_key", how="left", maintain_order="left")
        )
        evidence = ["rule", "artists", "score", "release", "label", "url", "hits"]
        proposals = [
            propose(group, kind="artist", tier=2, source=str(source), evidence=evidence)
            for (source,), group in shaped.group_by("source", maintain_order=True)
        ]
        return pl.concat(proposals) if proposals else propose(shaped, kind="artist", tier=2, source="", evidence=[])

    def _ask(self, pairs: Sequence[tuple[TrackQuery, str | None]], book: LabelBook) -> None:
        queries = [query for query, _ in pairs]
        labels = {query.track_id: label for query, label in pairs}
        named: dict[str, list[pl.DataFrame]] = {query.track_id: [] for query in queries}
        done: set[str] = set()

        def judge(told: Sequence[tuple[TrackQuery, Sequence[SourceAnswer]]]) -> list[bool]:
            answers = [(query, given[-1]) for query, given in told]
            for _, answer in answers:
                if answer.availability is not Availability.OK:
                    self.unavailable[answer.source] = answer.reason or answer.availability.value
            settled = []
            by_query = name_artists(
                [query for query, _ in answers],
                [answer.hits for _, answer in answers],
                labels=[labels[query.track_id] for query, _ in answers],
                book=book,
            )
            rows = {row["query"]: row for row in by_query.iter_rows(named=True)}
            for place, (query, answer) in enumerate(answers):
                row = rows.get(place)
                if row is not None:
                    named[query.track_id].append(_answer(row, query, answer.source))
                is_settled = row is not None and row["confidence"] >= SOURCE_ARTIST_FLOOR
                settled.append(is_settled)
                if is_settled or len(told[place][1]) == len(self._sources):
                    done.add(query.track_id)
            if self._on_progress is not None:
                self._on_progress(len(done), len(queries))
            return settled

        asked = search_all(queries, self._sources, judge=judge, stop=self._stop)
        unfinished = set(asked.unfinished)
        for pair in pairs:
            if pair[0].track_id not in unfinished:
                rows = named[pair[0].track_id]
                self._answered[pair] = pl.concat(rows) if rows else _no_answers()


def _questions(ws: Workspace, track_ids: pl.Series) -> list[tuple[TrackQuery, str | None]]:
    unnamed = ws.tracks.filter(
        ~pl.col("is_known_artist") & pl.col("track_id").is_in(track_ids.to_list()) & speaks(pl.col("base_key"))
    )
    return [
        (
            TrackQuery(
                track_id=row["track_id"],
                title=row["title"],
                artist=None,
                duration_ms=row["duration_ms"],
                isrc=row["isrc"],
            ),
            row["label"],
        )
        for row in unnamed.select("track_id", "title", "duration_ms", "isrc", "label").iter_rows(named=True)
    ]


def _answer(row: dict[str, Any], query: TrackQuery, source: str) -> pl.DataFrame:
    rule = {"track_id": query.track_id, "source": source, "probability": probability(source, row["score"])}
    return pl.DataFrame([{**row, **rule}], schema=_ANSWERS)


_ANSWERS = pl.Schema({"track_id": pl.String(), "source": pl.String(), "probability": pl.Float64(), **NAMED})


def _no_answers() -> pl.DataFrame:
    return pl.DataFrame(schema=_ANSWERS)
