"""Rounds: the tiers over a workspace, accepted results fed back at once, until a round finds nothing new.

The tiers that ask outside sources, as one run uses them: each question once, one ranking for all, silence noted.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import polars as pl

from enrich.cooccurrence.stored import has_ranker
from enrich.errors import EnrichError
from enrich.frames.schemas import proposed_artists
from enrich.ledger.policy import Policy
from enrich.ledger.proposals import with_ids
from enrich.measuring.scale import Scale
from enrich.rules import CONTESTED, LABEL_FLOOR, PROPOSAL_FLOOR
from enrich.sources.base import Source
from enrich.text.normalise import artist_key, label_key
from enrich.tiers.context import ConfirmedCandidates, ContextRankings, context_tier
from enrich.tiers.external import OutsideArtists
from enrich.tiers.identities import NewReleases, identities, imported
from enrich.tiers.internal import association, mashups, same_title
from enrich.tiers.label_hunter import by_source_text
from enrich.tiers.labels import OutsideLabels, database_labels, title_labels
from enrich.tiers.proposing import no_proposals
from enrich.tiers.workspace import Workspace

#: The last step: what follows it is a commit, and whoever wants to stop the run has to stop it here.
COMMITTING = "committing"

#: Called with the step, and how many of how many tracks are done where that can be said.
Progress = Callable[[str, int, int | None], None]

#: A tier over a workspace: the tracks asked for in, PROPOSALS without ids out.
Tier = Callable[[Workspace, pl.Series], pl.DataFrame]

LABEL_TIERS: tuple[Tier, ...] = (title_labels, database_labels)
ARTIST_TIERS: tuple[Tier, ...] = (mashups, identities, same_title, association)
CONTEXT_TIERS: tuple[Tier, ...] = (context_tier("formula"),)

#: The loop ends by itself, for each round fills a blank; this only bounds a mistake.
MAX_ROUNDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the tiers came to: the workspace with accepted results, all proposals with ids, and which were accepted."""

    workspace: Workspace
    proposals: pl.DataFrame
    accepted_ids: tuple[str, ...]
    rounds: int


def run_tiers(
    ws: Workspace,
    track_ids: pl.Series,
    *,
    policy: Policy,
    scale: Scale | None = None,
    pool: pl.DataFrame | None = None,
    label_tiers: Sequence[Tier] = LABEL_TIERS,
    artist_tiers: Sequence[Tier] = ARTIST_TIERS,
    context_tiers: Sequence[Tier] = CONTEXT_TIERS,
    on_progress: Progress | None = None,
) -> Found:
    """Repeat the tiers, accepted results fed back at once, until a round finds nothing new.

    Args:
        ws, track_ids: The workspace to begin with, and the tracks to answer for.
        policy, scale: What accepts without a person, and gives proposals their confidence (None: what is shipped).
        pool: Proposals of former runs that the policy's sets are made of, beside those of this one.
        label_tiers, artist_tiers: Tiers 0 and 1; a later one is asked only for what the earlier left blank.
        context_tiers: Tier 2; asked when tiers 0 and 1 find nothing more, for they change the context.
        on_progress: Told of each step.

    Returns:
        All proposals, those superseded within the run included once, and the ids accepted.
    """
    gathered = no_proposals()
    judge = _Judge(policy=policy, scale=scale or Scale.shipped(), pool=pool if pool is not None else no_proposals())
    accepted: dict[str, None] = {}
    rounds = 0
    while rounds < MAX_ROUNDS:
        rounds += 1
        before = ws
        for tier in (*label_tiers, *artist_tiers):
            tell(on_progress, f"round {rounds}: {_spoken(tier)}")
            ws, gathered = judge.one_tier(ws, tier, track_ids, gathered, accepted)
        if _blanks(ws, track_ids) < _blanks(before, track_ids):
            continue
        for tier in context_tiers:
            tell(on_progress, f"round {rounds}: {_spoken(tier)}")
            ws, gathered = judge.one_tier(ws, tier, track_ids, gathered, accepted)
        if _blanks(ws, track_ids) == _blanks(before, track_ids):
            break
    return Found(workspace=ws, proposals=gathered, accepted_ids=tuple(accepted), rounds=rounds)


def tell(on_progress: Progress | None, step: str) -> None:
    """Say which step begins, where somebody listens."""
    if on_progress is not None:
        on_progress(step, 0, None)


def _spoken(tier: Tier) -> str:
    return getattr(tier, "__name__", type(tier).__name__).replace("_", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """What decides of proposals in a run."""

    policy: Policy
    scale: Scale
    pool: pl.DataFrame
    said: dict[Tier, tuple[Workspace, pl.DataFrame]] = field(default_factory=dict)
    """What each tier said last, and of which workspace: of the same one it would say it again."""

    def one_tier(
        self, ws: Workspace, tier: Tier, track_ids: pl.Series, gathered: pl.DataFrame, accepted: dict[str, None]
    ) -> tuple[Workspace, pl.DataFrame]:
        """Ask a tier; the workspace with what is accepted of its proposals, and these beside the others."""
        if self.said.get(tier, (None,))[0] is not ws:
            self.said[tier] = ws, with_ids(worth_a_look(self.scale(tier(ws, track_ids))))
        proposals = self.said[tier][1]
        if proposals.is_empty():
            return ws, gathered
        gathered = pl.concat([proposals, gathered]).unique("proposal_id", keep="first", maintain_order=True)
        # The policy's sets are made of everything there is of a source, not of the last round's leavings.
        columns = ["proposal_id", "kind", "source", "confidence", "evidence"]
        pool = pl.concat([gathered.select(columns), self.pool.select(columns)]).unique("proposal_id", keep="first")
        winners = proposals.filter(self.policy.accepts(proposals, pool))
        if winners.is_empty():
            return ws, gathered
        winners = uncontested(winners, gathered)
        accepted.update(dict.fromkeys(winners["proposal_id"]))
        return ws.with_accepted(winners), gathered


def uncontested(winners: pl.DataFrame, gathered: pl.DataFrame) -> pl.DataFrame:
    """`winners` without those that another proposal as likely as not contradicts: these are for a person."""
    place = ["track_id", "kind"]
    said = _named(gathered.filter(pl.col("confidence") >= CONTESTED)).rename({"proposal_id": "other", "key": "said"})
    contested = (
        _named(winners)
        .join(said, on=place)
        .group_by("proposal_id", "other")
        .agg(agree=(pl.col("key") == pl.col("said")).any())
        .filter(~pl.col("agree"))
    )
    return winners.join(contested, on="proposal_id", how="anti", maintain_order="left")


def _named(proposals: pl.DataFrame) -> pl.DataFrame:
    """proposal_id, track_id, kind, key: each name a proposal means."""
    name = pl.col("name")
    key = pl.when(pl.col("kind") == "label").then(label_key(name)).otherwise(artist_key(name))
    named = proposals.select("proposal_id", "track_id", "kind", name=proposed_artists()).explode("name")
    return named.select("proposal_id", "track_id", "kind", key=key)


def worth_a_look(proposals: pl.DataFrame) -> pl.DataFrame:
    """PROPOSALS without what is measured to be worth nobody's time: a label below the floor is no find."""
    is_local_label = (pl.col("kind") == "label") & pl.col("source").is_in(["title", "database"])
    floor = pl.when(is_local_label).then(LABEL_FLOOR).otherwise(PROPOSAL_FLOOR)
    return proposals.filter((pl.col("confidence") >= floor).fill_null(value=True))


def _blanks(ws: Workspace, track_ids: pl.Series) -> int:
    chosen = ws.tracks.filter(pl.col("track_id").is_in(track_ids.to_list()))
    return int(chosen.select(pl.col("label").is_null().sum() + (~pl.col("is_known_artist")).sum()).item())


def select_tracks(ws: Workspace, *, statuses: Sequence[str], limit: int, blank: str) -> pl.Series:
    """At most `limit` tracks with a blank (`label`, `artist` or `any`), those never tried or longest untried first.

    `statuses` in order of preference; `retriable`: failed for a reason that passes, with retries left.
    """
    if limit < 1:
        raise EnrichError(f"limit must be >= 1, got {limit}")
    no_label, no_artist = pl.col("label").is_null(), ~pl.col("is_known_artist")
    wanted = {"label": no_label, "artist": no_artist, "any": no_label | no_artist}[blank]
    order = pl.DataFrame({"status": list(statuses), "preference": range(len(statuses))})
    passing = pl.col("is_retriable") & ~pl.col("is_permanently_failed") if "retriable" in statuses else pl.lit(False)
    return (
        ws.tracks.filter(wanted)
        .with_columns(status=pl.when(passing).then(pl.lit("retriable")).otherwise("status"))
        .join(order, on="status")
        .sort("preference", *(["hunted_at"] if blank == "label" else []), "last_attempt", "track_id", nulls_last=False)
        .head(limit)["track_id"]
    )


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
        self._names_artists = names_artists
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

    def tiers(self, ledger: pl.DataFrame, *, learned: bool) -> dict[str, Sequence[Tier]]:
        """All tiers, as `run_tiers` takes them; what context says by one scorer or both, after candidates confirmed."""
        labels: tuple[Tier, ...] = (*LABEL_TIERS, self.outside_labels)
        artists: tuple[Tier, ...] = ()
        context: tuple[Tier, ...] = ()
        if self._names_artists:
            scorers = ("formula", "learned") if learned and has_ranker() else ("formula",)
            artists = (imported(ledger), *ARTIST_TIERS, self.artists, self.new_releases)
            context = (self.confirmed, *(context_tier(scorer, self.rankings) for scorer in scorers))
        return {"label_tiers": labels, "artist_tiers": artists, "context_tiers": context}

    @property
    def unavailable(self) -> dict[str, str]:
        """Source → why it could not answer."""
        asked = (self.new_releases, self.confirmed, self.artists, self.labels)
        return {source: reason for tier in asked for source, reason in tier.unavailable.items()}
