"""The snapshot as an analyst's room: one line a question, answers as frames or as small objects that show evidence.

    snap.failed()                              failed tracks, most played first
    snap.track("Frozen Ground").why()          the story of one track
    snap.neighbours("Frozen Ground")           who is played near it
    snap.labels.hunt(limit=100)                labels found on the snapshot alone
    snap.artists.rank("Frozen Ground")         who it may be by
    snap.review()                              the review, as a widget

Questions read the snapshot; `proposals`, `review` and what they lead to read and write the ledger in Postgres, and say
so. `dir(snap)` lists what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from enrich.analyst import questions
from enrich.analyst.showing import page, show_figures, table, text
from enrich.cooccurrence.ranking import rank
from enrich.errors import DatabaseError, EnrichError
from enrich.ledger.proposals import proposals as list_proposals
from enrich.ledger.proposals import with_ids
from enrich.reporting.planted_truth import judge, read_truth
from enrich.settings import Settings, load_settings
from enrich.snapshots.manifest import Manifest
from enrich.snapshots.opening import Snapshot
from enrich.text.words import is_unknown_artist
from enrich.tiers.local_labels import database_labels, title_labels
from enrich.tiers.workspace import Workspace

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.figure import Figure

    from enrich.analyst.review_widget import ReviewWidget
    from enrich.analyst.why import Story


#: What a person's decision says of a proposal.
_VERDICTS = {"accepted": True, "written": True, "rejected": False}


class Room(Snapshot):
    """An open snapshot and the questions one asks of it. Close it, or use it in a `with`."""

    def __init__(
        self, path: Path, con: duckdb.DuckDBPyConnection, manifest: Manifest, *, settings: Settings | None = None
    ) -> None:
        super().__init__(path, con, manifest)
        self._settings = settings
        show_figures()

    @property
    def settings(self) -> Settings:
        """Where the ledger is, and the policy; read from the environment at first need, unless they were given."""
        if self._settings is None:
            self._settings = load_settings()
        return self._settings

    @cached_property
    def workspace(self) -> Workspace:
        """The marts in memory, as the tiers take them."""
        return Workspace.of(self)

    @cached_property
    def labels(self) -> Labels:
        """Questions about labels."""
        return Labels(self)

    @cached_property
    def artists(self) -> Artists:
        """Questions about the artists of unknown tracks."""
        return Artists(self)

    def failed(self) -> pl.DataFrame:
        """Failed tracks, most played first; columns: `enrich.analyst.questions.FAILED`."""
        return questions.failed(self.workspace.tracks)

    def failure_table(self) -> pl.DataFrame:
        """The specification's table of the current state: metric, tracks, share_pct."""
        return questions.failure_table(self.workspace.tracks)

    def failure_reasons(self) -> pl.DataFrame:
        """What the errors say: error, tracks, share_pct, retriable, with_label."""
        return questions.failure_reasons(self.workspace.tracks)

    def clues(self) -> pl.DataFrame:
        """What each failed track offers: track_id, title and the Booleans of `enrich.analyst.questions.CLUES`."""
        return questions.clues(self.workspace.tracks, self.workspace.tracklists)

    def lacking(self) -> pl.DataFrame:
        """How many failed tracks lack each clue: clue, have, lack, lack_pct."""
        return questions.lacking(self.clues())

    def track(self, which: str) -> Track:
        """One track, by id, title or `Artist - Title`.

        Raises:
            EnrichError: there is none; names the closest titles.
        """
        found = questions.find(self.workspace.tracks, which)
        return Track(self, found.row(0, named=True), others=found.height - 1)

    def example(self, prefer: str | None = None) -> Track:
        """A track worth telling of: `prefer` where there is one, else the most played that failed, waits or is unknown.

        Raises:
            EnrichError: the snapshot holds no tracks.
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
        """Artists played near a track; columns: `enrich.analyst.questions.NEIGHBOURS`."""
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

    def queue(self) -> pl.DataFrame:
        """Tracks in cool-down, next due first: track_id, title, label, retry_count, retry_after, error_message."""
        return (
            self.workspace.tracks.filter(pl.col("status") == "pending_re_enrichment")
            .select("track_id", "title", "label", "retry_count", "retry_after", "error_message")
            .sort("retry_after", "track_id")
        )

    def proposals(self, status: str | None = None) -> pl.DataFrame:
        """Proposals in the ledger, surest first; columns: `enrich.ledger.proposals.LISTED`. Reads Postgres."""
        return list_proposals(self.settings, status=status)

    def judged_proposals(self, status: str | None = None) -> pl.DataFrame:
        """`proposals` with `is_right`: by the truth planted in a demo world, elsewhere by what people decided."""
        found = self.proposals(status)
        truth = self.truth
        if truth is None:
            by_person = pl.col("decided_by").is_not_null() & ~pl.col("decided_by").str.starts_with("policy:")
            verdict = pl.col("status").replace_strict(_VERDICTS, default=None, return_dtype=pl.Boolean)
            return found.with_columns(is_right=pl.when(by_person).then(verdict))
        return judge(found, truth, aliases=self.workspace.artists.select(name="artist", aliases="aliases"))

    @cached_property
    def truth(self) -> pl.DataFrame | None:
        """What a demo world knows of its own tracks, schema `enrich.reporting.planted_truth.TRUTH`; None elsewhere."""
        from enrich.database.connection import connect

        with connect(self.settings) as con:
            return read_truth(con)

    def review(
        self,
        *,
        by: str | None = None,
        status: str = "proposed",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> ReviewWidget:
        """The review as a widget: sort, filter, read evidence, accept and reject; decisions go to the ledger.

        Args:
            by: Who decides; None: the login name.
            status: Which proposals to show first.
            clock: Gives the time of a decision.

        Raises:
            EnrichError: ipywidgets and anywidget are not installed.
        """
        from enrich.analyst.review_widget import review_widget

        return review_widget(self.settings, by=by, status=status, clock=clock, truth=self.truth)

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
    """One track of a room: `why()`, `plays()`, `neighbours()`, `candidates()`, `timeline()`, `picture()`, …"""

    def __init__(self, room: Room, row: dict[str, Any], *, others: int = 0) -> None:
        self._room = room
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

    def why(self) -> Story:
        """The story of the track: its sets, what each tier says, what is proposed, when it is tried again."""
        from enrich.analyst.why import tell

        return tell(
            self._room.workspace,
            self.id,
            ranking=self.candidates(),
            ledger=self._room.in_ledger(self.id),
            policy=self._room.settings.auto_accept,
            now=self._room.manifest.taken_at,
        )

    def plays(self, *, window: int = 2) -> pl.DataFrame:
        """Its slots and those around them; columns: `enrich.analyst.questions.plays_of`."""
        return questions.plays_of(self._room.workspace.tracklists, self.id, window=window)

    def neighbours(self, *, window: int = 2) -> pl.DataFrame:
        """Artists played near it; columns: `enrich.analyst.questions.NEIGHBOURS`."""
        return questions.neighbours(self._room.workspace.tracklists, self.id, window=window)

    def candidates(self) -> pl.DataFrame:
        """Who it may be by, from its company; schema RANKING. Empty for a track whose artist is known."""
        return self._room.artists.all_ranked.filter(pl.col("track_key") == self.id)

    def proposals(self) -> pl.DataFrame:
        """What the ledger holds about it. Reads Postgres."""
        return self._room.proposals().filter(pl.col("track_id") == self.id)

    def timeline(self) -> Figure:
        """Its sets over time, each slot of theirs a mark, the track's own in colour."""
        from enrich.reporting.pictures import set_timeline

        return set_timeline(self._room.workspace.tracklists, self.id, title=self.title)

    def ego_net(self, *, max_artists: int = 20) -> nx.Graph[str]:
        """The graph around it, for networkx or Gephi.

        Raises:
            EnrichError: its artist is known, or it is played in no set.
        """
        from enrich.cooccurrence.graph import ego_net

        return ego_net(
            self._room.workspace.tracklists, self.id, aliases=self._room.workspace.aliases, max_artists=max_artists
        )

    def picture(self) -> Figure:
        """The ego-net as a picture."""
        from enrich.cooccurrence.drawing import draw_ego_net

        return draw_ego_net(self.ego_net())

    def __repr__(self) -> str:
        artist = self.row["artist"] if self.row["is_known_artist"] else "unknown artist"
        more = f"; {self.others} more of this title" if self.others else ""
        return (
            f"Track({artist} - {self.title} [{self.row['label'] or 'no label'}], {self.row['status']}, "
            f"{self.row['plays']} plays{more}; ask .why())"
        )

    def _repr_html_(self) -> str:
        return page(f"<p>{text(repr(self))}</p>")

    def __dir__(self) -> list[str]:
        return sorted(name for name in super().__dir__() if not name.startswith("_"))


class Labels:
    """Questions about labels: `hunt`, `coverage`, `misleading`, `measured`."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def hunt(self, tracks: str | Iterable[str] | None = None, *, limit: int | None = None) -> pl.DataFrame:
        """Labels found on the snapshot alone: in titles, and on other versions of the same track. Asks no source.

        Args:
            tracks: A title or id, or several; None: all failed tracks without a label.
            limit: At most this many tracks, most played first.

        Returns:
            track_id, title, label, source, confidence, rule (how it was found), evidence (JSON); surest first. Tracks
            without a find are left out.
        """
        wanted = self._wanted(tracks)
        if limit is not None:
            wanted = wanted.head(limit)
        ws, found = self._room.workspace, []
        for tier in (title_labels, database_labels):
            answers = with_ids(tier(ws, wanted["track_id"]))
            found.append(answers)
            # What is named needs no second answer.
            wanted = wanted.filter(~pl.col("track_id").is_in(answers["track_id"].to_list()))
        return (
            pl.concat(found)
            .join(ws.tracks.select("track_id", "title"), on="track_id")
            .sort(["confidence", "track_id"], descending=[True, False])
            .select(
                "track_id",
                "title",
                label="value",
                source="source",
                confidence="confidence",
                rule=pl.coalesce(
                    pl.col("evidence").str.json_path_match("$.rule"),
                    pl.col("evidence").str.json_path_match("$.bucket"),
                    pl.lit("brackets of the title"),
                ),
                evidence="evidence",
            )
        )

    def coverage(self) -> pl.DataFrame:
        """Tracks with a label by status: status, tracks, with_label, share_pct."""
        return (
            self._room.workspace.tracks.group_by(status=pl.col("status").fill_null("no status"))
            .agg(tracks=pl.len(), with_label=pl.col("label").is_not_null().sum())
            .with_columns(share_pct=(100 * pl.col("with_label") / pl.col("tracks")).round(1))
            .sort("status")
        )

    def misleading(self) -> pl.DataFrame:
        """Titles with brackets that name no label, so that nobody takes them for one: title, in_brackets, tracks."""
        return (
            self._room.workspace.tracks.filter(pl.col("title_label").is_null())
            .with_columns(in_brackets=pl.col("title").str.extract(r"[(\[]([^)\]]+)[)\]]\s*$"))
            .drop_nulls("in_brackets")
            .group_by("in_brackets")
            .agg(tracks=pl.len(), title=pl.col("title").sort().first())
            .sort(["tracks", "in_brackets"], descending=[True, False])
            .select("in_brackets", "tracks", "title")
        )

    def measured(self) -> pl.DataFrame:
        """Label proposals of the ledger by source and band of confidence; see `precision_by_band`. Reads Postgres."""
        return precision_by_band(self._room.judged_proposals().filter(pl.col("kind") == "label"))

    def _wanted(self, tracks: str | Iterable[str] | None) -> pl.DataFrame:
        mart = self._room.workspace.tracks
        if tracks is None:
            return mart.filter(pl.col("is_failed") & pl.col("label").is_null()).sort(
                ["plays", "track_id"], descending=[True, False]
            )
        names = [tracks] if isinstance(tracks, str) else list(tracks)
        return pl.concat([questions.find(mart, name).head(1) for name in names]).unique("track_id", maintain_order=True)

    def __repr__(self) -> str:
        return "Labels: hunt(), coverage(), misleading(), measured()"


class Artists:
    """Questions about the artists of unknown tracks: `rank`, `measured`."""

    def __init__(self, room: Room) -> None:
        self._room = room

    @cached_property
    def all_ranked(self) -> pl.DataFrame:
        """The formula's candidates for every unknown of the snapshot; schema RANKING."""
        return rank(self._room.workspace.tracklists, aliases=self._room.workspace.aliases)

    def rank(self, track: str | None = None, *, scorer: str = "formula", window: int = 2) -> pl.DataFrame:
        """Who an unknown may be by.

        Args:
            track: A title or id; None: all unknowns.
            scorer: `formula` (the specification's) or `learned`.
            window: Slots to either side that count as near.

        Returns:
            Schema RANKING, best first: probability and its parts, confidence, evidence in sentences.
        """
        ws = self._room.workspace
        if scorer == "formula" and window == 2:
            ranked = self.all_ranked
        else:
            ranked = rank(ws.tracklists, aliases=ws.aliases, scorer=scorer, window=window)
        return ranked if track is None else ranked.filter(pl.col("track_key") == self._room.track(track).id)

    def measured(self) -> pl.DataFrame:
        """Artist proposals of the ledger by source and band of confidence; see `precision_by_band`. Reads Postgres."""
        return precision_by_band(self._room.judged_proposals().filter(pl.col("kind") == "artist"))

    def __repr__(self) -> str:
        return "Artists: rank(), measured()"


def precision_by_band(judged: pl.DataFrame, *, width: float = 0.1) -> pl.DataFrame:
    """Proposals by source and band of confidence, and how many were right.

    Args:
        judged: source, confidence, status, is_right (null: not known).
        width: Of a band; 0–1.

    Returns:
        source, low, high, n, written, judged, right, precision (null where none was judged), confidence (its mean).
    """
    if not 0 < width <= 1:
        raise EnrichError(f"width of a band must lie in 0–1, got {width}")
    bands = round(1 / width)
    low = ((pl.col("confidence") * bands + 1e-9).floor().clip(0, bands - 1) / bands).round(4)
    return (
        judged.group_by("source", low=low)
        .agg(
            n=pl.len().cast(pl.Int64),
            written=(pl.col("status") == "written").sum().cast(pl.Int64),
            judged=pl.col("is_right").count().cast(pl.Int64),
            right=pl.col("is_right").sum().cast(pl.Int64),
            confidence=pl.col("confidence").mean().round(4),
        )
        .with_columns(
            high=(pl.col("low") + width).round(4),
            precision=pl.when(pl.col("judged") > 0).then((pl.col("right") / pl.col("judged")).round(4)),
        )
        .sort("source", "low")
        .select("source", "low", "high", "n", "written", "judged", "right", "precision", "confidence")
    )
