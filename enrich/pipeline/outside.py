"""The tiers that ask outside sources, as one run uses them: each question once, one ranking for all, silence noted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from enrich.cooccurrence.stored import has_ranker
from enrich.pipeline.rounds import Progress, Tier
from enrich.sources.base import Source
from enrich.tiers.context import ConfirmedCandidates, ContextRankings, context_tier
from enrich.tiers.external import OutsideArtists
from enrich.tiers.identities import NewReleases
from enrich.tiers.label_hunter import by_source_text
from enrich.tiers.labels import OutsideLabels
from enrich.tiers.workspace import Workspace


class OutsideTiers:
    """The tiers that ask outside sources, for one run, with what they could not ask."""

    def __init__(
        self,
        sources: Sequence[Source],
        on_progress: Progress | None,
        stop: threading.Event | None,
        *,
        names_artists: bool = True,
    ) -> None:
        def shown(step: str) -> Callable[[int, int], None]:
            return lambda done, total: on_progress(step, done, total) if on_progress is not None else None

        def labels(done: int, total: int, counts: Mapping[str, Counter[str]]) -> None:
            shown("labels: " + by_source_text(counts))(done, total)

        self.labels = OutsideLabels(sources, on_progress=labels, stop=stop)
        self.artists = OutsideArtists(sources, on_progress=shown("artists at the sources"), stop=stop)
        self.rankings = ContextRankings(shown("ranking"))
        self.new_releases = NewReleases(sources, stop=stop)
        self.confirmed = ConfirmedCandidates(sources, stop=stop, rankings=self.rankings)
        # Candidates are worth a question once it is seen whom the sources themselves name: from the second round on.
        first = [self.labels.asking, *([self.artists.asking] if names_artists else [])]
        self._askers, self._later = first, [*first, *([self.confirmed.asking] if names_artists else [])]

    def outside_labels(self, ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
        """Tier 0 at the sources, and asked beside it what the other tiers want to know: each keeps it for its turn."""
        searches = [asking(ws, track_ids) for asking in self._askers]
        self._askers = self._later
        with ThreadPoolExecutor(len(searches)) as pool:
            list(pool.map(lambda search: search(), searches))
        return self.labels(ws, track_ids)

    def context_tiers(self, *, learned: bool) -> tuple[Tier, ...]:
        """Candidates confirmed at the sources, then what the context alone says, by one scorer or both."""
        scorers = ("formula", "learned") if learned and has_ranker() else ("formula",)
        return (self.confirmed, *(context_tier(scorer, self.rankings) for scorer in scorers))

    @property
    def unavailable(self) -> dict[str, str]:
        """Source → why it could not answer."""
        asked = (self.new_releases, self.confirmed, self.artists, self.labels)
        return {source: reason for tier in asked for source, reason in tier.unavailable.items()}
