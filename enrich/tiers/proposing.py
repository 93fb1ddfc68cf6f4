"""What the tiers have in common: from a rule's answers to PROPOSALS, evidence as JSON, values as the database spells
them; and for those that ask outside sources each question once a run, and silence noted (`AskingTier`).
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

import polars as pl

from enrich.frames.schemas import PROPOSALS, evidence_json
from enrich.labels.book import LabelBook
from enrich.matching.values import TrackQuery
from enrich.sources.base import Source
from enrich.sources.searching import Judge, OnProgress, SearchResults, search_all
from enrich.text.normalise import artist_key
from enrich.tiers.workspace import Workspace


def propose(answers: pl.DataFrame, *, kind: str, tier: int, source: str, evidence: Sequence[str]) -> pl.DataFrame:
    """Shape answers as PROPOSALS without ids: `proposal_id` empty, `status` proposed.

    Args:
        answers: track_id, value; probability where the rule has a number of its own, confidence where it was measured
            elsewhere (`enrich.measuring` gives the others theirs); artist_id where the database knows the artist; and
            the columns named by `evidence`, among them `bucket`: the kind and strength of evidence measured as one.
        kind, tier: `label`, `artist` or `identity`; 0, 1 or 2.
        source: The rule's name.
        evidence: Columns that go into the evidence, by their names.
    """
    if answers.is_empty():
        return no_proposals()
    texts = [evidence_json(row) for row in answers.select(evidence).iter_rows(named=True)]
    said = {"proposal_id": "", "kind": kind, "tier": tier, "source": source, "status": "proposed"}
    told = answers.with_columns(pl.Series("evidence", texts), **{name: pl.lit(value) for name, value in said.items()})
    told = told.cast({name: dtype for name, dtype in PROPOSALS.items() if name in told.columns})
    return told.match_to_schema(PROPOSALS, missing_columns="insert", extra_columns="ignore")


def propose_by_source(
    answers: pl.DataFrame, *, kind: str, tier: int, named: str = "{}", evidence: Sequence[str]
) -> pl.DataFrame:
    """`propose` for answers with a column `source`, source by source; `named` makes the rule's name of the source's."""
    proposals = [
        propose(group, kind=kind, tier=tier, source=named.format(source), evidence=evidence)
        for (source,), group in answers.group_by("source", maintain_order=True)
    ]
    return pl.concat(proposals) if proposals else no_proposals()


def band_of(confidence: str) -> pl.Expr:
    """The band a calibrated confidence falls in, which is measured as one: tenths, the last one in three."""
    p = pl.col(confidence) + 1e-9
    low = ((p * 10).floor() / 10).round(1)
    band = pl.format("confidence {}–{}", low, (low + 0.1).round(1))
    for least, most in ((0.9, 0.95), (0.95, 0.98), (0.98, 1.0)):
        band = pl.when(p >= least).then(pl.lit(f"confidence {least}–{most}")).otherwise(band)
    return band


def no_proposals() -> pl.DataFrame:
    """An empty PROPOSALS frame."""
    return pl.DataFrame(schema=PROPOSALS)


def with_artist_id(ws: Workspace, answers: pl.DataFrame) -> pl.DataFrame:
    """Add artist_id where the artist in `value` is known to the database."""
    keyed = answers.with_columns(artist_key=artist_key(pl.col.value))
    return keyed.join(ws.artist_ids, on="artist_key", how="left", maintain_order="left")


def unnamed(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
    """Those of `track_ids` whose artist is blank."""
    return ws.tracks.filter(~pl.col.is_known_artist & pl.col.track_id.is_in(track_ids.to_list()))


def unlabelled(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
    """Those of `track_ids` whose label is blank."""
    return ws.tracks.filter(pl.col.label.is_null() & pl.col.track_id.is_in(track_ids.to_list()))


def voters(ws: Workspace) -> pl.DataFrame:
    """Tracks of known artist with the artists as one text: `Workspace.known` and artist_text (keys joined by |)."""
    return ws.known.with_columns(artist_text=pl.col.artist_keys.list.join("|"))


def with_names(ws: Workspace, answers: pl.DataFrame) -> pl.DataFrame:
    """Add value (names joined), artists (list), artist_id (of a single one) for artist_text (keys joined by |)."""
    names = (
        ws.credits.group_by("artist_key")
        .agg(pl.col.artist.mode().sort().first(), pl.col.artist_id.drop_nulls().sort().first())
        .rename({"artist": "name"})
    )
    shown = (
        answers.select("track_id", artist_key=pl.col.artist_text.str.split("|"))
        .explode("artist_key")
        .unique(["track_id", "artist_key"], keep="first", maintain_order=True)
        .join(names, on="artist_key", how="left", maintain_order="left")
        .group_by("track_id", maintain_order=True)
        .agg(
            value=pl.col.name.str.join(" & "),
            artists=pl.col.name,
            artist_id=pl.when(pl.len() == 1).then(pl.col.artist_id.first()),
        )
    )
    return answers.join(shown, on="track_id", maintain_order="left")


Q = TypeVar("Q")
A = TypeVar("A")


class AskingTier(ABC, Generic[Q, A]):
    """A tier over a workspace whose questions Q have answers A; `unavailable`: sources that were silent, and why."""

    def __init__(
        self, sources: Sequence[Source], *, stop: threading.Event | None = None, on_progress: OnProgress | None = None
    ) -> None:
        self._sources, self._stop, self._on_progress = sources, stop, on_progress
        self._known: dict[Q, A] = {}
        self.unavailable: dict[str, str] = {}

    def asking(self, ws: Workspace, track_ids: pl.Series) -> Callable[[], None]:
        """What asks the sources all that was not asked yet; answers are kept for the tier's turn."""
        new = [question for question in self._questions(ws, track_ids) if question not in self._known]
        return partial(self._ask, new, ws.label_book()) if new else lambda: None

    @abstractmethod
    def _questions(self, ws: Workspace, track_ids: pl.Series) -> list[Q]: ...

    @abstractmethod
    def _ask(self, questions: Sequence[Q], book: LabelBook) -> None: ...

    def _search(self, queries: Sequence[TrackQuery], judge: Judge | None) -> SearchResults:
        found = search_all(queries, self._sources, judge=judge, on_progress=self._on_progress, stop=self._stop)
        self.unavailable.update(found.unavailable)
        return found
