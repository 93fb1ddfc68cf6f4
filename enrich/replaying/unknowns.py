"""The unknowns of a replayed history: promos as they looked while it happened, and what came of each unknown.

A recording of known artist and title is chosen by lot; in its plays of the first weeks the artist, the label and
whatever else would give it away are hidden, the title kept for one half of the chosen and hidden for the other. Its
later plays stay as they are: there, and only there, can the name be learned. Recordings never played again are chosen
too, for real promos of that kind exist, and naming one of them is a mistake that precision must count.

`read_outcomes` reads the scratch database, `read_replay` the file `enrich replay` wrote; all else is pure.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from enrich.database.connection import connect
from enrich.errors import EnrichError, InputFileError
from enrich.frames.inputs import parse_json, read_input
from enrich.rules import PROJECTED_DAYS, PROJECTED_PERCENT
from enrich.settings import Settings
from enrich.sql import DUCKDB, QueryBook, in_memory
from enrich.text.credits import credits_alike
from enrich.text.normalise import artist_key, title_key
from enrich.text.words import is_unknown_artist
from enrich.tracklists.checking import is_unnamed_title

_REPLAYING = QueryBook("replaying")
_S: Any = pl.String

#: The share of tracks the specification counts as failed.
PROMO_SHARE = 0.25
PROMO_WEEKS = 6

TITLE_KEPT, TITLE_HIDDEN, REAL = "title kept", "title hidden", "real"

#: One row per unknown slot. `true_artist` is null where nobody knows; `known_from` is the first later day on which the
#: recording is played under its name, null where that never happens.
UNKNOWNS = pl.Schema(
    {"set_id": _S, "position": pl.Int32, "dj": _S, "set_date": pl.Date, "title": _S, "kind": _S, "true_artist": _S}
    | {"true_title": _S, "known_from": pl.Date}
)

#: UNKNOWNS and what became of each. `days` from the set to the name; `right` is null where the truth is not known.
OUTCOMES = pl.Schema(
    dict(UNKNOWNS)
    | {"track_id": _S, "found_artist": _S, "found_on": pl.Date, "days": pl.Int32, "tier": pl.Int16, "source": _S}
    | {"confidence": pl.Float64, "retries": pl.Int32, "status": _S, "right": pl.Boolean}
)

#: Artist proposals for unknowns, written or not.
PROPOSED = pl.Schema(
    {"track_id": _S, "kind": _S, "proposed_artist": _S, "tier": pl.Int16, "source": _S, "probability": pl.Float64}
    | {"confidence": pl.Float64, "status": _S, "right": pl.Boolean}
)

_UNTOLD = {*UNKNOWNS, "days", "right"} - {"set_id", "position"}
_SLOTS = pl.Schema({name: dtype for name, dtype in OUTCOMES.items() if name not in _UNTOLD})
_PROPOSALS = pl.Schema({name: dtype for name, dtype in PROPOSED.items() if name not in ("kind", "right")})

#: What `recovery_curve` returns.
CURVE = pl.Schema({"kind": _S, "days": pl.Int32} | dict.fromkeys(("watched", "recovered", "right", "known"), pl.Int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Promos:
    """Which recordings begin as promos. Raises EnrichError: a value out of range."""

    share: float = PROMO_SHARE
    """Of the recordings, 0–1."""
    weeks: int = PROMO_WEEKS
    """How long they stay so; >= 1."""
    seed: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise EnrichError(f"the share of promos must lie between 0 and 1, got {self.share}")
        if self.weeks < 1:
            raise EnrichError(f"promos must stay so for at least one week, got {self.weeks}")


def plant_promos(slots: pl.DataFrame, promos: Promos) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Hide what a share of all recordings was while it was new (SLOTS, all dated); the same seed, the same promos.

    Returns:
        The slots as they would have been written, and UNKNOWNS: the planted ones and those that were unknown anyway.
    """
    rows = slots.with_row_index("slot").with_columns(
        is_nobody=is_unknown_artist(pl.col("artist")),
        is_named=~is_unknown_artist(pl.col("artist")) & ~is_unnamed_title(pl.col("title")),
        artist_key=artist_key(pl.col("artist")),
        title_key=title_key(pl.col("title")),
    )
    chosen = _chosen(rows.filter("is_named"), promos)
    rows = rows.join(chosen, on=["artist_key", "title_key"], how="left", maintain_order="left").with_columns(
        is_promo=(pl.col("is_named") & (pl.col("set_date") < pl.col("promo_until"))).fill_null(value=False)
    )
    kept = pl.when("keeps_title").then(pl.lit(TITLE_KEPT)).otherwise(pl.lit(TITLE_HIDDEN))
    unknowns = (
        rows.filter(pl.col("is_promo") | pl.col("is_nobody"))
        .with_columns(
            kind=pl.when(~pl.col("is_promo")).then(pl.lit(REAL)).otherwise(kept),
            true_artist=pl.when("is_promo").then("artist"),
            true_title=pl.when("is_promo").then("title"),
            known_from=pl.when("is_promo").then("known_from"),
        )
        .with_columns(title=pl.when(pl.col("kind") != TITLE_HIDDEN).then("title"))
        .select(UNKNOWNS.names())
        .cast(dict(UNKNOWNS))  # type: ignore[arg-type]
    )
    return _hidden(rows).select(slots.columns), unknowns


def with_truth(unknowns: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """UNKNOWNS with what real ones turned out to be.

    `truth` has set_id, position, true_artist; optional true_title, and evidence_date: when the name was first seen.
    """
    told = truth.select(
        "set_id",
        pl.col("position").cast(pl.Int32),
        told_artist=pl.col("true_artist").cast(pl.String),
        told_title=_optional(truth, "true_title", pl.String()),
        told_from=_optional(truth, "evidence_date", pl.Date()),
    ).unique(["set_id", "position"], keep="first", maintain_order=True)
    return (
        unknowns.join(told, on=["set_id", "position"], how="left", maintain_order="left")
        .with_columns(
            true_artist=pl.coalesce("true_artist", "told_artist"),
            true_title=pl.coalesce("true_title", "told_title"),
            known_from=pl.coalesce("known_from", pl.when(pl.col("kind") == REAL).then("told_from")),
        )
        .select(UNKNOWNS.names())
    )


def _optional(frame: pl.DataFrame, name: str, kind: pl.DataType) -> pl.Expr:
    return pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, kind)


def _chosen(named: pl.DataFrame, promos: Promos) -> pl.DataFrame:
    """artist_key, title_key, promo_until, known_from, keeps_title of the recordings that were promos."""
    recordings = (
        named.group_by("artist_key", "title_key")
        .agg(promo_until=pl.col("set_date").min() + timedelta(weeks=promos.weeks), days=pl.col("set_date"))
        .sort("artist_key", "title_key")
    )
    lots = np.random.default_rng(promos.seed).random((recordings.height, 2))
    return (
        recordings.with_columns(keeps_title=pl.Series(lots[:, 1] < 0.5))
        .filter(pl.Series(lots[:, 0] < promos.share))
        .explode("days")
        .group_by("artist_key", "title_key", "promo_until", "keeps_title", maintain_order=True)
        .agg(known_from=pl.col("days").filter(pl.col("days") >= pl.col("promo_until")).min())
    )


def _hidden(rows: pl.DataFrame) -> pl.DataFrame:
    """The slots with everything blank that names a promo; neighbours and the set itself stay."""
    is_promo = pl.col("is_promo")
    telling = ["artist", "label", "label_note", "catalog_number", "isrc", "duration_ms", "genre", "track_key"]
    blanks = [pl.when(~is_promo).then(c).alias(c) for c in telling if c in rows.columns]
    return rows.with_columns(
        *blanks,
        title=pl.when(is_promo & ~pl.col("keeps_title").fill_null(value=False)).then(None).otherwise("title"),
        is_id=pl.when(is_promo).then(pl.lit(value=True)).otherwise("is_id"),
    )


def read_outcomes(settings: Settings, unknowns: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the scratch database says: OUTCOMES, one row per unknown slot that was imported, by date; and PROPOSED."""
    with connect(settings) as con, con.cursor() as cur:
        slots = _REPLAYING["slots_in_the_end"].fetch(cur, _SLOTS)
        proposed = _REPLAYING["artists_proposed"].fetch(cur, _PROPOSALS)
    outcomes = unknowns.join(slots, on=["set_id", "position"], maintain_order="left")
    # A step ends at midnight after its last day; that is when the name is there. A slot that comes in under a track
    # that has its name by then waits no day.
    days = (pl.col("found_on") - pl.col("set_date")).dt.total_days().clip(0).cast(pl.Int32)
    judged = proposed.join(outcomes.select("track_id", "kind", "true_artist"), on="track_id", maintain_order="left")
    outcomes = outcomes.with_columns(
        days=days, right=credits_alike(outcomes["true_artist"], outcomes["found_artist"])
    ).sort("set_date", "set_id", "position")
    judged = judged.with_columns(right=credits_alike(judged["true_artist"], judged["proposed_artist"]))
    return outcomes.select(OUTCOMES.names()), judged.select(PROPOSED.names())


def recovery_curve(outcomes: pl.DataFrame, *, ends: date, grid_days: Sequence[int]) -> pl.DataFrame:
    """The share of unknowns (OUTCOMES) that had their name by so many days after the set; history ends on `ends`.

    Returns:
        CURVE, one row per kind (and `all`) and grid point with unknowns `watched` that long; of them `recovered` had a
        written artist by then, `right` the right one, and `known` were played under their name in a later set by then:
        nothing can find more from sets.
    """
    with in_memory(outcomes=outcomes) as con:
        return DUCKDB["replayed_curve"].frame(con, ends=ends, grid_days=list(grid_days))


def by_kind(outcomes: pl.DataFrame) -> pl.DataFrame:
    """How each kind of unknown fared, and `all`: unknowns, named_later (played under their name in a later set),
    recovered, right, wrong, unjudged (no truth), precision (of the judged; null without any), median_days,
    median_retries.
    """
    with in_memory(outcomes=outcomes) as con:
        return DUCKDB["replayed_by_kind"].frame(con)


def by_source(outcomes: pl.DataFrame, proposed: pl.DataFrame) -> pl.DataFrame:
    """What each tier and source got right: written, written_right, written_judged, written_precision, and the same of
    all it proposed for unknowns (one proposal a track: its surest).
    """
    with in_memory(outcomes=outcomes, proposed=proposed.with_row_index("place")) as con:
        return DUCKDB["replayed_by_source"].frame(con)


def by_threshold(proposed: pl.DataFrame) -> pl.DataFrame:
    """What each source would have written at other thresholds of the policy, 0.05 apart, where any is judged: tracks
    (with a proposal as sure as that), judged, right, precision.
    """
    with in_memory(proposed=proposed.with_row_index("place")) as con:
        return DUCKDB["replayed_by_threshold"].frame(con)


def recovered_after(curve: pl.DataFrame, days: int) -> dict[str, dict[str, float | int]]:
    """Percent recovered, right and knowable by kind at one grid point of `recovery_curve`."""
    return {
        str(row["kind"]): {
            "watched": row["watched"],
            **{f"{n}_percent": round(100 * row[n] / row["watched"], 1) for n in ("recovered", "right", "known")},
        }
        for row in curve.filter(pl.col("days") == days).iter_rows(named=True)
    }


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did. `ends` is the day after its last."""

    ends: date
    sets: int
    slots: int
    retried: int
    """Tracks whose cool-down had ended."""
    tried: int
    artists_written: int
    labels_written: int
    into_cooldown: int
    permanently_failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """What replayed history gave; `asdict` is what the JSON file holds."""

    parameters: dict[str, Any]
    start: date
    end: date
    steps: list[Step]
    outcomes: pl.DataFrame
    """OUTCOMES: one row per unknown."""
    proposed: pl.DataFrame
    """PROPOSED."""
    curve: pl.DataFrame
    """See `recovery_curve`."""

    def asdict(self) -> dict[str, Any]:
        """Figures, curve and every resolved unknown by name, ready for JSON."""
        return {
            "parameters": self.parameters,
            "history": {"start": self.start, "end": self.end, "steps": len(self.steps)}
            | {
                name: sum(getattr(step, of) for step in self.steps)
                for name, of in (("sets", "sets"), ("slots", "slots"), ("look_ups", "tried"), ("retries", "retried"))
            },
            "by_kind": by_kind(self.outcomes).to_dicts(),
            "by_source": by_source(self.outcomes, self.proposed).to_dicts(),
            "by_threshold": by_threshold(self.proposed).to_dicts(),
            "recovery": {
                "projected_percent": list(PROJECTED_PERCENT),
                "projected_over": "6 to 12 months",
                "after_6_months": recovered_after(self.curve, PROJECTED_DAYS[0]),
                "after_12_months": recovered_after(self.curve, PROJECTED_DAYS[1]),
            },
            "curve": self.curve.to_dicts(),
            "resolved": self.resolved().to_dicts(),
            "steps": [asdict(step) for step in self.steps],
        }

    def resolved(self) -> pl.DataFrame:
        """The unknowns that got a name: which slot, what it was called, the name written, and whether it is right."""
        names = "set_id position dj set_date kind title found_artist true_artist true_title right found_on days retries"
        found = self.outcomes.filter(pl.col("found_artist").is_not_null())
        return found.select(*names.split(), "tier", "source", "confidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """`curve` as `recovery_curve` gives it, `by_kind`, `by_source`, and `resolved`: one row per unknown named."""

    curve: pl.DataFrame
    by_kind: pl.DataFrame
    by_source: pl.DataFrame
    resolved: pl.DataFrame


def read_replay(path: str | PathLike[str] | None) -> Replayed:
    """Read the JSON of a replay; None: one without rows, of which charts say that there is nothing.

    Raises InputFileError: the file cannot be read or is not of a replay.
    """
    if path is None:
        nothing = pl.DataFrame()
        return Replayed(curve=pl.DataFrame(schema=CURVE), by_kind=nothing, by_source=nothing, resolved=nothing)
    told = parse_json(read_input(Path(path)), where=Path(path))
    try:
        frames = {name: pl.DataFrame(told[name], infer_schema_length=None) for name in ("by_kind", "by_source")}
        resolved = pl.DataFrame(told["resolved"], infer_schema_length=None)
        return Replayed(curve=pl.DataFrame(told["curve"], schema=CURVE), resolved=resolved, **frames)
    except (ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise InputFileError(f"{path}: holds no replay ({error}); make it with `enrich replay`") from error
