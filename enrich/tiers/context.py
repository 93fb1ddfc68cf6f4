"""Tier 2 from context: the artist to whom the plays around an unknown point; of the formula only for review.

Its first candidates are tried as `artist + title` in database and sources (`ConfirmedCandidates`). How sure a release
of that very title is depends on how much it says; where two are confirmed, none is proposed.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from enrich.cooccurrence.ranking import rank
from enrich.frames.schemas import RANKING
from enrich.labels.book import LabelBook
from enrich.matching.choice import choose_among, probability
from enrich.matching.recordings import query_recordings, track_queries
from enrich.matching.values import Outcome, SourceAnswer, TrackQuery
from enrich.rules import DATABASE_CONFIDENCE, GATE_PROBABILITY, GATE_SETS
from enrich.sources.base import Source
from enrich.text.normalise import artist_key
from enrich.tiers.internal import SAME_RECORDING, speaks, title_words
from enrich.tiers.proposing import (
    AskingTier,
    band_of,
    no_proposals,
    propose,
    propose_by_source,
    unnamed,
    with_artist_id,
)
from enrich.tiers.workspace import Workspace

#: Candidates kept of each ranking: what is tried as `artist + title` at most; two suffice for the first's confidence.
CANDIDATES = 3
#: A learned ranking below this is not worth a reviewer's time.
MIN_LEARNED_CONFIDENCE = 0.10


class ContextRankings:
    """Rankings of one run, made once for each state of its setlists: several tiers ask for the same."""

    def __init__(self, told: Callable[[int, int], None] = lambda done, total: None) -> None:
        self._told = told
        self._made: dict[str, tuple[pl.DataFrame, pl.DataFrame, frozenset[str], pl.DataFrame]] = {}

    def of(self, ws: Workspace, track_ids: pl.Series, *, scorer: str) -> pl.DataFrame:
        """RANKING, the first `CANDIDATES`, of those of `track_ids` that have no artist and stand in a set."""
        played = ws.tracklists.select(track_id="track_key")
        asked = unnamed(ws, track_ids).join(played, on="track_id", how="semi")["track_id"]
        if asked.is_empty():
            return pl.DataFrame(schema=RANKING)
        if scorer in self._made:
            tracklists, artists, keys, ranking = self._made[scorer]
            # The very same frames: nothing was accepted since that could change a rank.
            if tracklists is ws.tracklists and artists is ws.artists and keys == frozenset(asked):
                return ranking
        ranking = rank(
            ws.tracklists, aliases=ws.aliases, scorer=scorer, max_rank=CANDIDATES, only=asked, told=self._told
        )
        ranking = ranking.with_columns(ws.in_words(pl.col.evidence))
        self._made[scorer] = (ws.tracklists, ws.artists, frozenset(asked), ranking)
        return ranking


def context_tier(
    scorer: str, rankings: ContextRankings | None = None
) -> Callable[[Workspace, pl.Series], pl.DataFrame]:
    """Tier 2 from context, `context_artists` by one scorer, with the rankings of a run."""

    def tier(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
        return context_artists(ws, track_ids, scorer=scorer, rankings=rankings)

    tier.__name__ = f"context_{scorer}"
    return tier


def context_artists(
    ws: Workspace, track_ids: pl.Series, *, scorer: str = "formula", rankings: ContextRankings | None = None
) -> pl.DataFrame:
    """PROPOSALS (tier 2, source `context-formula` or `context-learned`): each unknown's first artist, if past the gate.

    `rankings` are those of this run, None: made anew.
    """
    ranking = (rankings or ContextRankings()).of(ws, track_ids, scorer=scorer).filter(pl.col.rank == 1)
    if ranking.is_empty():
        return no_proposals()
    if scorer == "formula":
        passed = ranking.filter((pl.col.probability >= GATE_PROBABILITY) & (pl.col.occurrence_count >= GATE_SETS))
    else:
        passed = ranking.filter(pl.col.confidence >= MIN_LEARNED_CONFIDENCE)
    found = passed.rename({"track_key": "track_id", "artist": "value", "evidence": "sentences"})
    found = found.with_columns(bucket=band_of("confidence"))
    told = ["sentences", "occurrence_count", "label_support", "occurrence", "label", "dj", "position", "bucket"]
    return propose(with_artist_id(ws, found), kind="artist", tier=2, source=f"context-{scorer}", evidence=told)


_TEXT = pl.String()
_CONFIRMED = pl.Schema(
    {"track_id": _TEXT, "value": _TEXT, "context_rank": pl.Int64(), "sentences": pl.List(_TEXT), "source": _TEXT}
    | {"probability": pl.Float64(), **dict.fromkeys(("bucket", "release", "label", "url"), _TEXT)}
)


class ConfirmedCandidates(AskingTier[TrackQuery, dict[str, Any] | None]):
    """Tier 2 over a workspace: PROPOSALS, source by source; a question once asked is not asked again in a run."""

    def __init__(
        self, sources: Sequence[Source], *, stop: threading.Event | None = None, rankings: ContextRankings | None = None
    ) -> None:
        super().__init__(sources, stop=stop)
        self._rankings = rankings or ContextRankings()

    def __call__(self, ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
        """Proposals for the tracks of `track_ids` that have a title, no artist, and stand in a set."""
        self.asking(ws, track_ids)()
        candidates = self._candidates(ws, track_ids)
        confirmed = pl.concat([_in_database(ws, candidates), self._at_sources(candidates)])
        alone = pl.col.value.n_unique().over("track_id") == 1
        told = ["context_rank", "sentences", "release", "label", "url", "bucket"]
        answers = with_artist_id(ws, confirmed.filter(alone))
        return propose_by_source(answers, kind="artist", tier=2, named="confirmed-{}", evidence=told)

    def _candidates(self, ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
        """The first candidates of each track: those of RANKING, and bucket.

        All tracks are ranked, those without a title too: the context tiers ask for the same ranking.
        """
        ranking = self._rankings.of(ws, track_ids, scorer="formula")
        rank = pl.col.rank.cast(pl.Int64)
        ranked = ranking.select(track_id="track_key", value="artist", context_rank=rank, sentences="evidence")
        titled = ws.tracks.filter(~pl.col.is_known_artist & speaks(pl.col.base_key))
        titled = titled.select("track_id", "title", "base_key", "version_class", bucket=title_words(pl.col.base_key))
        return titled.join(ranked, on="track_id").sort("track_id", "context_rank")

    def _questions(self, ws: Workspace, track_ids: pl.Series) -> list[TrackQuery]:
        return _questions(self._candidates(ws, track_ids)) if self._sources else []

    def _at_sources(self, candidates: pl.DataFrame) -> pl.DataFrame:
        rows = candidates.select("track_id", "value", "context_rank", "sentences", "bucket").iter_rows(named=True)
        found = [
            {**row, **answer}
            for row, query in zip(rows, _questions(candidates), strict=True)
            if (answer := self._known.get(query)) is not None
        ]
        return pl.DataFrame(found, schema=_CONFIRMED)

    def _ask(self, queries: Sequence[TrackQuery], book: LabelBook) -> None:
        read = query_recordings(queries)
        place = {query: number for number, query in enumerate(queries)}

        def judge(answered: Sequence[tuple[TrackQuery, SourceAnswer]]) -> list[bool]:
            asked = read[[place[query] for query, _ in answered]]
            choices = choose_among(asked, [answer.hits for _, answer in answered], book=book)
            settled = []
            for (query, answer), choice in zip(answered, choices, strict=True):
                hit = choice.hit if choice.outcome is Outcome.FOUND else None
                if hit is not None:
                    self._known[query] = {
                        "source": answer.source,
                        "probability": probability(answer.source, choice.score),
                        "release": hit.release_title,
                        "label": choice.label,
                        "url": hit.url,
                    }
                settled.append(hit is not None)
            return settled

        found = self._search(queries, judge)
        for query in queries:
            if query.track_id not in found.unfinished:
                self._known.setdefault(query, None)


def _questions(candidates: pl.DataFrame) -> list[TrackQuery]:
    """One question a candidate, the same whatever rank it has."""
    track_id = pl.format("{}#{}", "track_id", "value")
    return track_queries(candidates.select("title", track_id=track_id, artist="value", is_guess=pl.lit(value=True)))


def _in_database(ws: Workspace, candidates: pl.DataFrame) -> pl.DataFrame:
    """Candidates the database itself has a recording of that title by."""
    known = (
        ws.tracks.filter(pl.col.is_known_artist & pl.col.version_class.is_in(SAME_RECORDING))
        .select("track_id", "base_key", "label")
        .join(ws.primary.select("track_id", "artist_key"), on="track_id")
        .select("base_key", "artist_key", "label")
        .unique(["base_key", "artist_key"], keep="first", maintain_order=True)
    )
    return (
        candidates.filter(pl.col.version_class.is_in(SAME_RECORDING))
        .with_columns(artist_key=artist_key(pl.col.value))
        .join(known, on=["base_key", "artist_key"])
        .with_columns(source=pl.lit("database"), probability=pl.lit(DATABASE_CONFIDENCE))
        .match_to_schema(_CONFIRMED, extra_columns="ignore", missing_columns="insert")
    )
