"""Questions about tracks, answered from marts in memory (others are queries of sql/duckdb/analyst.sql).

By topic, as `snap.labels`, `snap.artists` and `snap.cooldown` take them: frames that notebooks show.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import cached_property
from typing import Any

import polars as pl
from rapidfuzz import fuzz, process

from enrich.analyst.graphs import GraphQuestions
from enrich.cooccurrence.ranking import rank, ranking_figures
from enrich.cooldown.periods import STRATEGIES, period_days
from enrich.cooldown.simulation import (
    MIN_RELEASES,
    Simulation,
    database_lags,
    default_curves,
    fit_curve,
    simulated_year,
)
from enrich.errors import EnrichError
from enrich.ledger.proposals import with_ids
from enrich.reporting.dashboards import precision_by_band
from enrich.rules import MAX_ATTEMPTS
from enrich.sql import DUCKDB, in_memory
from enrich.text.normalise import artist_key, normalise_artist, normalise_title
from enrich.text.words import is_unknown_artist, is_unknown_title
from enrich.tiers.internal import speaks
from enrich.tiers.labels import database_labels, title_labels

_S: Any = pl.String
#: Tracks of which the strategies that look at the track say different things: name, has a label, age in days.
_EXAMPLES = (("no label, old", False, 200.0), ("with a label", True, 200.0), ("younger than 30 days", False, 10.0))

#: A failed track as an analyst reads it.
FAILED = pl.Schema(
    {"track_id": _S, "title": _S, "artist": _S, "label": _S, "is_retriable": pl.Boolean}
    | {"is_permanently_failed": pl.Boolean, "retry_count": pl.Int64, "error_message": _S, "plays": pl.Int64}
    | {"first_played": pl.Date, "last_played": pl.Date}
)

#: What a track offers those who would name it, one Boolean each.
CLUES = {
    "has_title": "a title that says something",
    "has_label": "a label",
    "has_label_hint": "a label, or one in the brackets of its title",
    "has_namesake": "another track of the same title, artist known",
    "has_roster": "known artists on its label",
    "has_neighbour": "a known artist within two slots",
    "has_two_sets": "two sets it is played in",
}

#: One row per artist played near a track: sets and plays so, the smallest distance, DJs who played them so, labels.
NEIGHBOURS = pl.Schema(
    {"artist": _S, "sets": pl.Int64, "plays": pl.Int64, "nearest": pl.Int64, "djs": pl.Int64, "labels": pl.List(_S)}
)


def clues(tracks: pl.DataFrame, tracklists: pl.DataFrame) -> pl.DataFrame:
    """What each failed track offers those who would name it, from both marts: track_id, title, the columns of CLUES."""
    lost = tracks.filter("is_failed")
    known = tracks.filter("is_known_artist")
    namesakes = known.filter(speaks(pl.col("base_key"))).select("base_key").unique()
    rosters = known.drop_nulls("label_key").select("label_key").unique()
    heard = _of_slots("analyst_heard", tracklists, lost.select(track_key="track_id"), window_slots=2)
    near, twice = heard.filter("has_neighbour")["track_key"], heard.filter(pl.col("sets") >= 2)["track_key"]
    has_label = pl.col("label").is_not_null()
    return lost.sort("track_id").select(
        "track_id",
        "title",
        has_title=speaks(pl.col("base_key")).fill_null(value=False),
        has_label=has_label,
        has_label_hint=has_label | pl.col("title_label").is_not_null(),
        has_namesake=pl.col("base_key").is_in(namesakes["base_key"].to_list()).fill_null(value=False),
        has_roster=pl.col("label_key").is_in(rosters["label_key"].to_list()).fill_null(value=False),
        has_neighbour=pl.col("track_id").is_in(near.to_list()),
        has_two_sets=pl.col("track_id").is_in(twice.to_list()),
    )


def lacking(clues: pl.DataFrame) -> pl.DataFrame:
    """How many failed tracks lack each of `clues`: clue, have, lack, lack_pct; last, how many have any but plays."""
    total = max(clues.height, 1)
    rows = [(words, int(clues[name].sum()), int((~clues[name]).sum())) for name, words in CLUES.items()]
    use = [name for name in CLUES if name not in ("has_two_sets", "has_title")]
    some = int(clues.select(pl.any_horizontal(use).sum()).item())
    rows.append(("any of a label, a namesake, a roster, a neighbour", some, clues.height - some))
    told = [(words, have, lack, round(100 * lack / total, 1)) for words, have, lack in rows]
    return pl.DataFrame(told, schema=["clue", "have", "lack", "lack_pct"], orient="row")


def find(tracks: pl.DataFrame, which: str) -> pl.DataFrame:
    """The tracks `which` may mean, likeliest first: those that failed, then those without an artist, then by plays.

    It is a track id, a title, or `Artist - Title`; a title may be given without its brackets, or in part.

    Raises EnrichError: none; names the closest titles.
    """
    exact = tracks.filter(pl.col("track_id") == which.strip().lower())
    if not exact.is_empty():
        return exact
    wanted = normalise_title(which) or ""
    artist, dash, title = which.partition(" - ")
    of_artist = (pl.col("title_key") == normalise_title(title)) & (
        artist_key(pl.col("artist")) == normalise_artist(artist)
    )
    for rule in (
        pl.col("title_key") == wanted,
        of_artist if dash else pl.lit(value=False),
        pl.col("base_key") == wanted,
        pl.col("title_key").str.contains(wanted, literal=True) & pl.lit(len(wanted) >= 3),
    ):
        found = tracks.filter(rule)
        if not found.is_empty():
            return found.sort(
                [pl.col("is_failed"), ~pl.col("is_known_artist"), pl.col("plays"), pl.col("track_id")],
                descending=[True, True, True, False],
            )
    keys = tracks["title_key"].drop_nulls().unique().sort().to_list()
    close = [key for key, _, _ in process.extract(wanted, keys, scorer=fuzz.WRatio, limit=3)]
    spelled = tracks.filter(pl.col("title_key").is_in(close))["title"].unique().sort().head(3).to_list()
    hint = f"; close are {', '.join(repr(t) for t in spelled)}" if spelled else ""
    raise EnrichError(f"no track {which!r} in this snapshot{hint}")


def plays_of(tracklists: pl.DataFrame, track_key: str, *, window: int = 2) -> pl.DataFrame:
    """Every slot a track is played in, and the slots around it, sets in order of their dates.

    Returns:
        set_id, set_date, dj, set_name, length (last position of the set), position, offset (0: the track itself),
        artist (null: unknown), title, label.
    """
    return _of_slots("analyst_plays", tracklists, track_key=track_key, window_slots=window)


def neighbours(tracklists: pl.DataFrame, track_key: str, *, window: int = 2) -> pl.DataFrame:
    """Artists played within `window` slots (>= 1) of a track, those of most sets first; schema NEIGHBOURS."""
    if window < 1:
        raise EnrichError(f"window must be >= 1, got {window}")
    asked = pl.DataFrame({"track_key": [track_key]})
    return _of_slots("analyst_neighbours", tracklists, asked, window_slots=window).match_to_schema(NEIGHBOURS)


def shown_title(title: str | None) -> str:
    """A title, or what stands for one that says nothing."""
    return title or "(no title)"


def says_nothing(title: str | None) -> bool:
    """Whether a title is an unknown-word."""
    found: bool = pl.DataFrame({"t": [title]}, schema={"t": pl.String}).select(is_unknown_title(pl.col("t"))).item()
    return title is None or found


def _of_slots(name: str, tracklists: pl.DataFrame, asked: pl.DataFrame | None = None, **values: object) -> pl.DataFrame:
    """A named query over `slots`, where the artists of unknown ones are null, and `asked` (track_key)."""
    slots = tracklists.with_columns(artist=pl.when(~is_unknown_artist(pl.col("artist"))).then("artist"))
    with in_memory(slots=slots, **({} if asked is None else {"asked": asked})) as con:
        return DUCKDB[name].frame(con, **values)


class _Topic:
    def __init__(self, snapshot: GraphQuestions) -> None:
        self._snapshot = snapshot


class _Proposed(_Topic):
    _kind: str

    def precision(self, *, by_band: bool = True, source: str = "") -> pl.DataFrame:
        """Proposals of the ledger by source and band of confidence, and how many were right. Reads Postgres.

        Columns: `enrich.reporting.dashboards.precision_by_band`; with `by_band=False` one row a source; only
        sources whose names begin with `source`.
        """
        found = self._snapshot.judged_proposals()
        of_kind = found.filter(pl.col("kind") == self._kind, pl.col("source").str.starts_with(source))
        return precision_by_band(of_kind, width=0.1 if by_band else 1.0)


class Labels(_Proposed):
    """Questions about labels: `hunt`, `coverage`, `coverage_since`, `misleading`, `precision`."""

    _kind = "label"

    def hunt(self, tracks: str | Iterable[str] | None = None, *, limit: int | None = None) -> pl.DataFrame:
        """Labels found on the snapshot alone: in titles, and on other versions of the same track. Asks no source.

        Args:
            tracks: A title or id, or several; None: all failed tracks without a label.
            limit: At most this many tracks, most played first.

        Returns:
            track_id, title, label, source, confidence, rule (how it was found), evidence (JSON); surest first. Tracks
            without a find are left out.
        """
        ws, found, said = self._snapshot.workspace, [], pl.col("evidence").str.json_path_match
        if tracks is None:
            lacking = ws.tracks.filter("is_failed", pl.col("label").is_null())
            wanted = lacking.sort(["plays", "track_id"], descending=[True, False])
        else:
            named = [find(ws.tracks, name).head(1) for name in ([tracks] if isinstance(tracks, str) else tracks)]
            wanted = pl.concat(named).unique("track_id", maintain_order=True)
        wanted = wanted if limit is None else wanted.head(limit)
        for tier in (title_labels, database_labels):
            answers = tier(ws, wanted["track_id"])
            found.append(answers if answers.is_empty() else with_ids(self._snapshot.scale(answers)))
            # What is named needs no second answer.
            wanted = wanted.filter(~pl.col("track_id").is_in(answers["track_id"].to_list()))
        return (
            pl.concat(found)
            .join(ws.tracks.select("track_id", "title"), on="track_id")
            .sort(["confidence", "track_id"], descending=[True, False])
            .with_columns(rule=pl.coalesce(said("$.rule"), said("$.bucket"), pl.lit("brackets of the title")))
            .select("track_id", "title", pl.col("value").alias("label"), "source", "confidence", "rule", "evidence")
        )

    def rules(self) -> pl.DataFrame:
        """What `hunt` finds by how it finds it: source, rule, labels, confidence (its mean)."""
        found = self.hunt().group_by("source", "rule").agg(labels=pl.len(), confidence=pl.col("confidence").mean())
        return found.sort(["labels", "rule"], descending=[True, False])

    def coverage(self) -> pl.DataFrame:
        """Tracks with a label by status: status, tracks, with_label, share_pct."""
        return self._snapshot.sql("analyst_label_coverage")

    def misleading(self) -> pl.DataFrame:
        """Titles with brackets that name no label, so that nobody takes them for one: title, in_brackets, tracks."""
        return self._snapshot.sql("analyst_misleading")

    def coverage_since(self, before: Labels) -> pl.DataFrame:
        """Tracks with a label here and in an earlier snapshot of the same database: group, tracks, before, after.

        The second group are the tracks that had failed in the earlier snapshot; a group of no tracks is left out.
        """
        both = before._snapshot.workspace.tracks.select("track_id", "is_failed", "label").join(
            self._snapshot.workspace.tracks.select("track_id", label_after="label"), on="track_id"
        )
        groups = (("All tracks", both), ("Failed at the start", both.filter("is_failed")))
        counts = [(name, rows.height, rows["label"].count(), rows["label_after"].count()) for name, rows in groups]
        columns = {"group": pl.String, "tracks": pl.Int64, "before": pl.Int64, "after": pl.Int64}
        return pl.DataFrame(counts, schema=columns, orient="row").filter(pl.col("tracks") > 0)


class Artists(_Proposed):
    """Questions about the artists of unknown tracks: `rank`, `ranking_figures`, `precision`."""

    _kind = "artist"

    @cached_property
    def all_ranked(self) -> pl.DataFrame:
        """The formula's candidates for every unknown of the snapshot; schema RANKING."""
        return self._ranked()

    def _ranked(self, **how: Any) -> pl.DataFrame:
        ws = self._snapshot.workspace
        return rank(ws.tracklists, aliases=ws.aliases, **how).with_columns(ws.in_words(pl.col.evidence))

    def rank(self, track: str | None = None, *, scorer: str = "formula", window: int = 2) -> pl.DataFrame:
        """Who an unknown (title or id; None: all) may be by; schema RANKING, best first.

        `scorer` is `formula` (the specification's) or `learned`; `window` slots to either side count as near.
        """
        is_default = scorer == "formula" and window == 2
        ranked = self.all_ranked if is_default else self._ranked(scorer=scorer, window=window)
        if track is None:
            return ranked
        return ranked.filter(pl.col.track_key == find(self._snapshot.workspace.tracks, track)["track_id"][0])

    def ranking_figures(self) -> pl.DataFrame:
        """The ranking in numbers (figure, n): slots, unknowns, those with candidates, those at the gate."""
        figures = ranking_figures(self._snapshot.workspace.tracklists, self.all_ranked)
        return pl.DataFrame(list(figures.items()), schema={"figure": pl.String, "n": pl.Int64}, orient="row")


class Cooldown(_Topic):
    """Questions about the queue: `waiting`, `by_week`, `falls_due`, `periods`, `release_curves`, `simulated_year`."""

    def waiting(self) -> pl.DataFrame:
        """Tracks in cool-down, next due first: track_id, title, label, retry_count, retry_after, error_message."""
        return self._snapshot.sql("analyst_waiting")

    def by_week(self) -> pl.DataFrame:
        """Tracks in cool-down by the week they fall due: week (its Monday), tracks."""
        return (
            self.waiting()
            .group_by(week=pl.col("retry_after").dt.date().dt.truncate("1w"))
            .agg(tracks=pl.len().cast(pl.Int64))
            .sort("week")
        )

    def falls_due(self, *, days: int) -> pl.DataFrame:
        """Tracks that fall due within so many days of the snapshot; columns as `waiting`."""
        return self.waiting().filter(pl.col("retry_after") <= self._snapshot.manifest.taken_at + timedelta(days=days))

    def periods(self) -> pl.DataFrame:
        """Days to wait by strategy and attempt: strategy, track, attempt_0 … attempt_4."""
        attempts = range(MAX_ATTEMPTS)
        columns = ["strategy", "track", *(f"attempt_{n}" for n in attempts)]
        rows = [
            (strategy, example, *(period_days(strategy, attempt=n, has_label=label, age_days=age) for n in attempts))
            for strategy in STRATEGIES
            for example, label, age in (_EXAMPLES if strategy in ("adaptive", "learned") else _EXAMPLES[:1])
        ]
        return pl.DataFrame(rows, schema=columns, orient="row")

    def release_curves(self) -> pl.DataFrame:
        """How long releases take: curve, days, released, low, high (shares 0–1).

        The shipped curves, and the database's own where it shows enough releases.
        """
        curves = list(default_curves().values())
        lags = database_lags(self._snapshot.workspace.tracks, today=self._snapshot.manifest.taken_at.date())
        if lags["is_over"].sum() >= MIN_RELEASES:
            curves.append(fit_curve(lags, name="this database"))
        return pl.concat([curve.frame() for curve in curves])

    def simulated_year(self, *, seed: int = 0, tracks: int = 5_000) -> Simulation:
        """A simulated year of the queue under every strategy, releases drawn from the shipped curve."""
        return simulated_year(seed=seed, tracks=tracks)
