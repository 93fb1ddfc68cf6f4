"""The snapshot an analyst asks: one line a question, answers as frames or as small objects that show evidence.

    snap = enrich.open_snapshot()              the latest snapshot; demo="before" or "after": the demo world
    snap.failed()                              failed tracks, most played first
    snap.track("Frozen Ground").why()          why a track has no name, and who it may be by
    snap.neighbours("Frozen Ground")           who is played near it
    snap.labels.hunt(limit=100)                labels found on the snapshot alone
    snap.artists.rank("Frozen Ground")         who it may be by
    snap.cooldown.falls_due(days=60)           who waits for a release
    snap.review()                              the review, as a widget

Questions read the snapshot; `proposals`, `review`, `writeback` and `undo` read and write the ledger in Postgres, and
say so. `dir(snap)` lists what there is; `enrich.charts` draws the frames.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import networkx as nx
import polars as pl

from enrich.analyst import questions
from enrich.analyst.explanation import Explanation, explain
from enrich.analyst.graphs import GraphQuestions, of_extra
from enrich.analyst.html import Prose, answer, page, table, text
from enrich.analyst.questions import Artists, Cooldown, Labels
from enrich.charts.tracks import draw_ego_net, set_timeline
from enrich.cooccurrence.graph import ego_net
from enrich.errors import DatabaseError, EnrichError
from enrich.ledger import audits, writing
from enrich.ledger.policy import read_policy
from enrich.pipeline.weighing import PolicyView, weighed
from enrich.rules import AUDIT_SIZE
from enrich.text.words import is_unknown_artist

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from enrich.analyst.evaluation import Evaluation
    from enrich.analyst.widgets import ReviewWidget


Clock = Callable[[], datetime]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class AnalystSnapshot(GraphQuestions):
    """An open snapshot and the questions one asks of it. Close it, or use it in a `with`."""

    @cached_property
    def labels(self) -> Labels:
        """Questions about labels."""
        return Labels(self)

    @cached_property
    def artists(self) -> Artists:
        """Questions about the artists of unknown tracks."""
        return Artists(self)

    @cached_property
    def cooldown(self) -> Cooldown:
        """Questions about the cool-down queue."""
        return Cooldown(self)

    def failed(self) -> pl.DataFrame:
        """Failed tracks, most played first; columns: `enrich.analyst.questions.FAILED`."""
        return self.sql("analyst_failed").match_to_schema(questions.FAILED)

    def failure_table(self, *, since: AnalystSnapshot | None = None) -> pl.DataFrame:
        """The specification's table of the current state, beside the one of `since`: metric, tracks, share_pct."""
        now = self.sql("analyst_failure_table")
        return now if since is None else since.failure_table().join(now, on="metric", suffix="_after")

    def answer(self, question: str, **at_hand: Any) -> Prose:
        """The answer to a notebook's question, one of `html.QUESTIONS`, in sentences counted from this snapshot.

        `at_hand` is what the notebook has computed already, as that question needs it. It shows itself as Markdown.
        """
        return answer(question, self, **at_hand)

    def failure_reasons(self) -> pl.DataFrame:
        """What the errors say, commonest first: error (numbers as #), tracks, share_pct, retriable, with_label."""
        return self.sql("analyst_failure_reasons")

    def clues(self) -> pl.DataFrame:
        """What each failed track offers: track_id, title and the Booleans of `enrich.analyst.questions.CLUES`."""
        return questions.clues(self.workspace.tracks, self.workspace.tracklists)

    def lacking(self) -> pl.DataFrame:
        """How many failed tracks lack each clue: clue, have, lack, lack_pct."""
        return questions.lacking(self.clues())

    def track(self, which: str) -> Track:
        """One track, by id, title or `Artist - Title`. Raises EnrichError: there is none; names the closest titles."""
        found = questions.find(self.workspace.tracks, which)
        return Track(self, found.row(0, named=True), others=found.height - 1)

    def example(self, prefer: str | None = None) -> Track:
        """A track worth telling of: `prefer` where there is one, else the most played that failed, waits or is unknown.

        Raises EnrichError: the snapshot holds no tracks.
        """
        tracks = self.workspace.tracks
        if prefer is not None and tracks["title"].is_in([prefer]).any():
            return self.track(prefer)
        waits = pl.col("status") == "pending_re_enrichment"
        order = [pl.col("is_failed"), waits.fill_null(value=False), ~pl.col("is_known_artist"), pl.col("plays")]
        first = tracks.sort([*order, pl.col("track_id")], descending=[True] * 4 + [False]).head(1)
        if first.is_empty():
            raise EnrichError(f"snapshot {self.manifest.snapshot_id} holds no tracks")
        return Track(self, first.row(0, named=True))

    def neighbours(self, which: str, *, window: int = 2) -> pl.DataFrame:
        """Artists played near a track; columns: `questions.NEIGHBOURS`."""
        return self.track(which).neighbours(window=window)

    def unknowns(self) -> pl.DataFrame:
        """Tracks no one has named, those of most sets first: track_id, title, label, plays, sets, djs."""
        slots = self.workspace.tracklists.filter(is_unknown_artist(pl.col("artist")))
        heard = slots.group_by(track_id="track_key").agg(sets=pl.col("set_id").n_unique(), djs=pl.col("dj").n_unique())
        return (
            self.workspace.tracks.join(heard, on="track_id")
            .select("track_id", "title", "label", "plays", "sets", "djs")
            .sort(["sets", "plays", "track_id"], descending=[True, True, False])
        )

    def unknown(self) -> Track:
        """The unknown heard in most sets. Raises EnrichError: every track of every set is known."""
        heard = self.unknowns()
        if heard.is_empty():
            raise EnrichError(f"no set of snapshot {self.manifest.snapshot_id} holds an unknown track")
        return self.track(heard["track_id"][0])

    def evaluate(
        self,
        tracklists: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
        *,
        sample: int = 800,
        seed: int = 0,
    ) -> Evaluation:
        """Hide known recordings, rank them, and count how often that is right: seconds on the demo world, else minutes.

        Args:
            tracklists, sample: Files, and recordings asked for of them; None: the snapshot's sets, `evaluation.QUICK`.
            seed: Of every random choice.

        Raises EnrichError: too few known recordings come back in a second set.
        """
        # Loads the rankers and what they are compared with: seconds that no other question should cost.
        from enrich.analyst.evaluation import evaluate

        return evaluate(self.workspace, tracklists=tracklists, sample=sample, seed=seed)

    def policy(self) -> PolicyView:
        """What the policy accepts of each source, at what precision, and what more of it costs. Reads Postgres."""
        return weighed(read_policy(self.settings), self.proposals())

    def audit(
        self, source: str, n: int = AUDIT_SIZE, *, seed: int = 0, by: str | None = None, clock: Clock = _utc_now
    ) -> ReviewWidget:
        """A random sample of what waits of a source (`label:beatport` names the kind as well), to decide in the widget;
        then one key accepts the others. `by` and `clock` as in `review`.

        Raises EnrichError: nothing of that source waits.
        """
        who = by or getpass.getuser()
        found = audits.audit(self.settings, source, by=who, now=clock(), n=n, seed=seed)
        return self._widget(by=who, status=None, clock=clock, audit=found.audit_id)

    def review(self, *, by: str | None = None, status: str = "proposed", clock: Clock = _utc_now) -> ReviewWidget:
        """The review as a widget: sort, filter, read evidence, accept and reject; decisions go to the ledger.

        Args:
            by: Who decides; None: the login name.
            status: Which proposals to show first.
            clock: Gives the time of a decision.

        Raises EnrichError: ipywidgets and anywidget are not installed.
        """
        return self._widget(by=by, status=status, clock=clock)

    def _widget(self, **options: Any) -> ReviewWidget:
        view = of_extra("enrich.analyst.widgets", doing="review").ReviewWidget
        found: ReviewWidget = view(self.settings, judged=None if self.truth is None else self._judged, **options)
        return found

    def writeback(self, *, apply: bool = False, now: datetime | None = None) -> writing.WriteResult:
        """Write accepted proposals into the music tables; without `apply` only say what would be written."""
        return writing.writeback(self.settings, now=now or _utc_now(), apply=apply)

    def undo(self, run_id: str, *, by: str | None = None, now: datetime | None = None) -> writing.UndoResult:
        """Put back what a run of `writeback` wrote; values that were edited since are left alone."""
        return writing.undo(self.settings, run_id, now=now or _utc_now(), by=by or getpass.getuser())

    def in_ledger(self, track_id: str) -> pl.DataFrame | None:
        """Proposals on record for a track; None where the ledger cannot be reached."""
        try:
            return self.proposals().filter(pl.col("track_id") == track_id)
        except DatabaseError:
            return None

    def _repr_html_(self) -> str:
        taken = f"{self.manifest.taken_at:%Y-%m-%d %H:%M} UTC"
        rows = [(name, f"{n:,}") for name, n in self.manifest.rows.items() if "." not in name]
        return page(
            f"<p><b>Snapshot {text(self.manifest.snapshot_id)}</b> of {text(self.manifest.database)}, {taken}</p>",
            table(("table", "rows"), rows),
        )

    def __dir__(self) -> list[str]:
        return sorted(name for name in super().__dir__() if not name.startswith("_"))


class Track:
    """One track of a snapshot: `why()`, `plays()`, `neighbours()`, `candidates()`, `timeline()`, `picture()`, …"""

    def __init__(self, snapshot: AnalystSnapshot, row: dict[str, Any], *, others: int = 0) -> None:
        self._snapshot = snapshot
        self.row = row
        self.others = others

    @property
    def id(self) -> str:
        """The track's id."""
        return str(self.row["track_id"])

    @property
    def title(self) -> str:
        """The title as the database has it."""
        return questions.shown_title(self.row["title"])

    def why(self) -> Explanation:
        """Why it has no name: its sets, what each tier says, what is proposed, when it is tried again."""
        return explain(
            self._snapshot.workspace,
            self.id,
            ranking=self.candidates(),
            ledger=self._snapshot.in_ledger(self.id),
            accepts=self._snapshot.accepts,
            scale=self._snapshot.scale,
            now=self._snapshot.manifest.taken_at,
        )

    def plays(self, *, window: int = 2) -> pl.DataFrame:
        """Its slots and those around them; columns: `enrich.analyst.questions.plays_of`."""
        return questions.plays_of(self._snapshot.workspace.tracklists, self.id, window=window)

    def neighbours(self, *, window: int = 2) -> pl.DataFrame:
        """Artists played near it; columns: `enrich.analyst.questions.NEIGHBOURS`."""
        return questions.neighbours(self._snapshot.workspace.tracklists, self.id, window=window)

    def candidates(self) -> pl.DataFrame:
        """Who it may be by, from what is played around it; schema RANKING. Empty for a track whose artist is known."""
        return self._snapshot.artists.all_ranked.filter(pl.col("track_key") == self.id)

    def proposals(self) -> pl.DataFrame:
        """What the ledger holds about it. Reads Postgres."""
        return self._snapshot.proposals().filter(pl.col("track_id") == self.id)

    def timeline(self) -> Figure:
        """Its sets over time, each slot of theirs a mark, the track's own in colour."""
        return set_timeline(self._snapshot.workspace.tracklists, self.id, title=self.title)

    def ego_net(self, *, max_artists: int = 20) -> nx.Graph[str]:
        """The graph around it, for networkx or Gephi.

        Raises EnrichError: its artist is known, or it is played in no set.
        """
        ws = self._snapshot.workspace
        return ego_net(ws.tracklists, self.id, aliases=ws.aliases, max_artists=max_artists)

    def picture(self) -> Figure:
        """The ego-net as a picture."""
        return draw_ego_net(self.ego_net())

    def __repr__(self) -> str:
        artist = self.row["artist"] if self.row["is_known_artist"] else "unknown artist"
        more = f"; {self.others} more of this title" if self.others else ""
        return (
            f"Track({artist} - {self.title} [{self.row['label'] or 'no label'}], {self.row['status']}, "
            f"{self.row['plays']} plays{more}; ask .why())"
        )

    def __dir__(self) -> list[str]:
        return sorted(name for name in super().__dir__() if not name.startswith("_"))
