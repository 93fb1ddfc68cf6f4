"""Masked replay: how often each ranker is right, whether its confidence means what it says, and a ranker of one's own.

Known recordings are hidden a fold at once, everywhere, and ranked from what is left; a fold is scored by a ranker
trained on the others, and its confidence is calibrated on theirs.

* **half_years**: whole half-years of each series are asked for, and recordings played in no other: as in use.
* **random**: recordings at random inside known months. Easier; it stands beside, never instead.
* **time**: recordings that came up after a day, by a ranker trained and calibrated on the world before it.
* **in_use**: recordings at random, by the shipped ranker and its calibration, as `rank-artists --scorer learned` takes
  them. It says how many of these sets that ranker was trained on: of those it holds no figure out.

Counted are hit rates with intervals, comparisons by pairs and calibration, in all and by kind.

Reads files or a frame; writes the JSON or the ranker asked for and nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from enrich.cooccurrence.calibration import Calibration, brier, ece, fit_calibration, interval, reliability
from enrich.cooccurrence.evaluation.folds import (
    Fold,
    World,
    answer,
    cut_by_time,
    half_year_folds,
    random_folds,
    right_and_wrong,
)
from enrich.cooccurrence.learned import NEGATIVES, SETTINGS, TREES, load_ranker, store, train
from enrich.cooccurrence.signs import COLUMNS, schema_hash
from enrich.cooccurrence.slots import fingerprint, sketch, without_duplicate_sets
from enrich.cooccurrence.stored import FORMAT, load_calibration
from enrich.errors import EnrichError
from enrich.frames.files import check_place, write_json
from enrich.rules import GATE_PROBABILITY, GATE_SETS
from enrich.tracklists.reading import read_tracklists

#: Files, or a frame TRACKLISTS.
Tracklists = str | PathLike[str] | Sequence[str | PathLike[str]] | pl.DataFrame

#: Share of the recordings that had been played before the cut by time.
_PAST = 0.8

#: Kinds of folds, in the order of the report; `in_use` is asked for by name.
KINDS = ("half_years", "random", "time")

#: In the order of the table: rankers to beat, then ours.
SCORERS = ("popularity", "dj_prior", "item_knn", "als", "formula", "learned")
#: Ours, whose output is a probability: these are calibrated.
CALIBRATED = ("formula", "learned")

_HISTORY_BANDS = ("none", "1-4", "5-24", "25-99", "100+")
_PLACES = (1, 5, 20)
_FAILURES = 12


@dataclass(frozen=True, kw_only=True)
class CrossValidation:
    """What is measured, and with how much."""

    seed: int = 0
    folds: int = 3
    size: int | None = None
    """Recordings hidden at once, at most; None: all of a fold."""
    kinds: tuple[str, ...] = KINDS
    told: Callable[[str], None] = lambda step: None
    """Told what is hidden, and which fold is asked."""


def evaluate(
    tracklists: Tracklists,
    *,
    out: str | PathLike[str] | None = None,
    aliases: pl.DataFrame | None = None,
    seed: int = 0,
    sample: int | None = None,
    plan: CrossValidation | None = None,
    told: Callable[[str], None] = lambda step: None,
) -> dict[str, Any]:
    """Measure every ranker by masked replay.

    Args:
        tracklists, out: Files, or a frame TRACKLISTS; and the JSON file for the result (None: none).
        aliases: Columns `artist`, `alias`: a candidate is right under any name of the artist.
        seed, sample: Of every random choice; and recordings asked for of each kind, at most (None: all).
        plan: What is measured, and with how much, in place of `seed` and `sample`.
        told: Told each step.

    Returns:
        `half_years`, `random` and `time`, each with `scorers` (n, hit_at_1, hit_at_5, hit_at_20, mrr, intervals,
        named_at_k: under the very name; gate, policy, surest, ece, brier, inversions, reliability), `compared` (the
        learned ranker against each other, by pairs), `candidate_recall`, `by_sets`, `by_dj_history`, `by_source`,
        `failures`; and `data`, `plan`.

    Raises EnrichError: too few known recordings come back in a second set.
    """
    if out is not None:
        check_place(Path(out))
    plan = plan or _plan(seed, sample, told, least=20)
    rows = _rows(tracklists)
    world = World.of(without_duplicate_sets(rows))
    result: dict[str, Any] = {"data": _about(world, rows), "plan": asdict(plan)}
    del result["plan"]["told"]
    for kind in plan.kinds:
        try:
            result[kind] = _ASKED.get(kind, _in_folds)(world, aliases, plan, kind)
        except EnrichError as error:
            # Small worlds have no second half-year, or no dates; random folds they must have.
            if kind in ("random", "in_use"):
                raise
            result[kind] = {"n": 0, "reason": str(error)}
    if out is not None:
        write_json(result, Path(out))
    return result


def train_ranker(
    tracklists: Tracklists,
    *,
    out: str | PathLike[str],
    now: str,
    seed: int = 0,
    sample: int | None = None,
    told: Callable[[str], None] = lambda step: None,
) -> dict[str, Any]:
    """Measure and calibrate on held-out half-years of tracklists, train on all of them, and store both.

    Where half-years hold too little, recordings are hidden at random.

    Args:
        tracklists, told: As `evaluate` takes them; a frame such as the snapshot's mart.
        out: Folder of the stored ranker; made where it is missing.
        now: When, for the manifest.
        seed, sample: Of every random choice; and recordings to train on at most.

    Returns:
        The manifest: fingerprint of the data, numbers of sets and recordings, columns, seed, held-out figures.

    Raises ModelError: too little to train on.
    """
    plan, rows = _plan(seed, sample, told, least=10), _rows(tracklists)
    world = World.of(without_duplicate_sets(rows))
    try:
        kind, folds = "half_years", _folds(world, None, plan, "half_years")
    except EnrichError:
        kind, folds = "random", _folds(world, None, plan, "random")
    answers = _crossed(folds, plan)
    calibration = {s: asdict(c) for s, c in _calibrations(pl.concat(answers), load_calibration()).items()}
    held_out = figures(_judged_apart(answers), pl.concat(fold.asked for fold in folds))
    ranker = train(*right_and_wrong(folds), seed=plan.seed)
    about = _about(world, rows) | {"training_recordings": held_out["n"], "hidden": kind}
    about["sketch"] = " ".join(sketch(world.tracklists))
    manifest = {
        "format": FORMAT,
        "trained_at": now,
        "seed": seed,
        "schema": schema_hash(),
        "columns": list(COLUMNS),
        "settings": SETTINGS | {"trees": TREES, "negatives": NEGATIVES},
        "data": about,
        "figures": {name: value for name, value in held_out.items() if name != "failures"},
    }
    store(replace(ranker, manifest=manifest), calibration, out)
    return manifest


def _plan(seed: int, sample: int | None, told: Callable[[str], None], *, least: int) -> CrossValidation:
    plan = CrossValidation(seed=seed, told=told)
    return plan if sample is None else replace(plan, size=max(least, sample // plan.folds))


def _rows(tracklists: Tracklists) -> pl.DataFrame:
    return tracklists if isinstance(tracklists, pl.DataFrame) else read_tracklists(tracklists).rows


def _about(world: World, tracklists: pl.DataFrame) -> dict[str, Any]:
    return {
        "slots": world.slots.height,
        "sets": world.slots["set_id"].n_unique(),
        "recordings": world.played["recording"].n_unique(),
        "fingerprint": fingerprint(tracklists),
    }


def _folds(
    world: World, aliases: pl.DataFrame | None, plan: CrossValidation, kind: str, *, rivals: bool = True
) -> list[Fold]:
    dealt = half_year_folds if kind == "half_years" else random_folds
    groups = [group for group in dealt(world, folds=plan.folds, size=plan.size, seed=plan.seed) if len(group)]
    if len(groups) < 2 or sum(map(len, groups)) < 4 * plan.folds:
        raise EnrichError(
            f"evaluate: only {sum(map(len, groups))} known recordings are played in two sets or more; "
            "give more tracklists"
        )
    found = []
    for n, group in enumerate(groups, start=1):
        plan.told(f"{kind.replace('_', ' ')}: rankings of fold {n} of {len(groups)}")
        found.append(answer(world, group, aliases=aliases, rivals=rivals))
    return found


def _in_folds(world: World, aliases: pl.DataFrame | None, plan: CrossValidation, kind: str) -> dict[str, Any]:
    folds = _folds(world, aliases, plan, kind)
    return _figures(_judged_apart(_crossed(folds, plan)), folds)


def _in_use(world: World, aliases: pl.DataFrame | None, plan: CrossValidation, kind: str) -> dict[str, Any]:
    folds = _folds(world, aliases, plan, "random")
    ranker = load_ranker()
    answers = pl.concat(part for fold in folds for part in (fold.learned(ranker), fold.others))
    about, here = ranker.manifest["data"], sketch(world.tracklists)
    told = about.get("sketch", "").split()
    # Of a sketch only what lies below its end can be compared.
    compared = [day for day in here if told and day <= told[-1]]
    known = {"sets_compared": len(compared), "sets_known": len({*compared} & {*told})}
    trained_on = {"sets": about["sets"], "hidden_recordings": about["training_recordings"], **known}
    return _figures(_judged(answers, load_calibration()), folds) | {"trained_on": trained_on}


def _by_time(world: World, aliases: pl.DataFrame | None, plan: CrossValidation, kind: str) -> dict[str, Any]:
    past, fresh = cut_by_time(world, share=_PAST)
    before = _folds(past, aliases, plan, "random", rivals=False)
    ranker = train(*right_and_wrong(before), seed=plan.seed)
    now = answer(world, fresh if plan.size is None else fresh.head(plan.size), aliases=aliases)
    answers = pl.concat([now.learned(ranker), now.others])
    return _figures(_judged(answers, _calibrations(pl.concat(_crossed(before, plan)))), [now])


_ASKED = {"time": _by_time, "in_use": _in_use}


def _crossed(folds: list[Fold], plan: CrossValidation) -> list[pl.DataFrame]:
    """Answers for each fold, those of the learned ranker by one that was trained on the others."""
    found = []
    for i, fold in enumerate(folds):
        plan.told(f"learned ranker for fold {i + 1} of {len(folds)}")
        ranker = train(*right_and_wrong(folds[:i] + folds[i + 1 :]), seed=plan.seed)
        found.append(pl.concat([fold.learned(ranker), fold.others]))
    return found


def _judged_apart(answers: list[pl.DataFrame]) -> pl.DataFrame:
    """The answers of every fold, judged by calibrations on the other folds."""
    others = (pl.concat(answers[:i] + answers[i + 1 :]) for i in range(len(answers)))
    return pl.concat(_judged(own, _calibrations(rest)) for own, rest in zip(answers, others, strict=True))


def _calibrations(answers: pl.DataFrame, prior: Mapping[str, Calibration] | None = None) -> dict[str, Calibration]:
    found = {}
    for scorer in CALIBRATED:
        rows = answers.filter(pl.col("scorer") == scorer)
        asked, known = rows["track_key"].n_unique(), (prior or {}).get(scorer)
        found[scorer] = fit_calibration(rows, rows["is_right"].to_numpy(), recordings=asked, prior=known)
    return found


def _judged(answers: pl.DataFrame, calibrations: Mapping[str, Calibration]) -> pl.DataFrame:
    """Answers with `confidence` and `accepted` by calibrations; null for scorers without one."""
    plain = answers.filter(~pl.col("scorer").is_in(CALIBRATED)).with_columns(
        confidence=pl.lit(None, pl.Float64), accepted=pl.lit(None, pl.Boolean)
    )
    parts = [plain]
    for scorer in CALIBRATED:
        rows, calibration = answers.filter(pl.col("scorer") == scorer), calibrations[scorer]
        least = calibration.accept_from if calibration.accept_from is not None else 2.0
        parts.append(
            rows.with_columns(confidence=pl.Series(calibration(rows), dtype=pl.Float64)).with_columns(
                accepted=(pl.col("rank") == 1) & (pl.col("confidence") >= least)
            )
        )
    return pl.concat(parts)


def _figures(judged: pl.DataFrame, folds: list[Fold]) -> dict[str, Any]:
    found = figures(judged, pl.concat(fold.asked for fold in folds))
    reached = sum(fold.candidates.filter("is_right")["track_key"].n_unique() for fold in folds)
    return found | {"candidate_recall": round(reached / max(found["n"], 1), 4)}


def figures(answers: pl.DataFrame, asked: pl.DataFrame) -> dict[str, Any]:
    """All figures of one way of hiding: n, scorers, compared, by_sets, by_dj_history, by_source, failures.

    Args:
        answers: `folds.ANSWERS`, confidence and accepted; the last two null for scorers that have none.
        asked: track_key, sets, history, source: everything that was hidden.
    """
    about = _bands(asked)
    scorers = [name for name in SCORERS if (answers["scorer"] == name).any()]
    placed = {name: _places(answers.filter(pl.col("scorer") == name), asked) for name in scorers}
    bands = {"by_sets": "sets_band", "by_dj_history": "history_band", "by_source": "source"}
    return {
        "n": asked.height,
        "scorers": {name: _scorer(answers.filter(pl.col("scorer") == name), placed[name]) for name in scorers},
        "compared": [_compared(name, placed) for name in scorers if name != "learned" and "learned" in placed],
        **{name: _by(placed, about, band) for name, band in bands.items()},
        "failures": _failures(answers.filter(pl.col("scorer") == "learned")),
    }


def _places(rows: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """track_key, right (place of the first right answer), named (of the first under its very name); 0: none."""
    first = rows.group_by("track_key").agg(
        right=pl.col("rank").filter("is_right").min(), named=pl.col("rank").filter("is_named").min()
    )
    return asked.select("track_key").join(first, on="track_key", how="left").fill_null(0).sort("track_key")


def _hits(places: pl.Series, place: int) -> NDArray[np.float64]:
    hits: NDArray[np.float64] = places.is_between(1, place).to_numpy().astype(float)
    return hits


def _rates(placed: pl.DataFrame) -> dict[str, Any]:
    right = placed["right"]
    inverse = (1 / right.filter(right > 0)).sum()
    return {
        **{f"hit_at_{k}": _rounded(_hits(right, k).mean()) for k in _PLACES},
        "mrr": _rounded(float(inverse or 0) / max(len(right), 1)),
    }


def _scorer(rows: pl.DataFrame, placed: pl.DataFrame) -> dict[str, Any]:
    n = placed.height
    found = {"n": n, **_rates(placed)}
    for k in (1, 20):
        low, high = interval(_hits(placed["right"], k).sum(), n)
        found[f"interval_at_{k}"] = [_rounded(low), _rounded(high)]
        found[f"named_at_{k}"] = _rounded(_hits(placed["named"], k).mean())
    if rows["confidence"].null_count() == rows.height:
        return found
    first, sure = rows.filter(pl.col("rank") == 1), pl.col("confidence")
    gate = first.filter(pl.col("probability") >= GATE_PROBABILITY, pl.col("occurrence_count") >= GATE_SETS)
    confidence, right = first["confidence"].to_numpy(), first["is_right"].to_numpy()
    rising = rows.sort("track_key", "rank").filter(sure > sure.shift(1).over("track_key") + 1e-12)
    return found | {
        "gate": _counted(gate, n),
        "policy": _counted(first.filter("accepted"), n),
        "surest": _counted(first.sort("confidence", "track_key", descending=[True, False]).head(max(n // 33, 20)), n),
        "ece": _rounded(ece(confidence, right)),
        "brier": _rounded(brier(confidence, right)),
        "inversions": rising["track_key"].n_unique(),
        "reliability": reliability(confidence, right).with_columns(pl.col(pl.Float64).round(4)).to_dicts(),
    }


def _compared(name: str, placed: dict[str, pl.DataFrame]) -> dict[str, Any]:
    """The learned ranker against another on the same recordings: the difference and its 95 % interval."""
    found: dict[str, Any] = {"scorer": "learned", "against": name}
    for k in (1, 20):
        apart = _hits(placed["learned"]["right"], k) - _hits(placed[name]["right"], k)
        half = 1.96 * apart.std() / np.sqrt(max(len(apart), 1))
        found[f"hit_at_{k}"] = _rounded(apart.mean())
        found[f"interval_at_{k}"] = [_rounded(apart.mean() - half), _rounded(apart.mean() + half)]
    return found


def _counted(accepted: pl.DataFrame, n: int) -> dict[str, Any]:
    correct = int(accepted["is_right"].sum())
    low, high = interval(correct, accepted.height)
    return {
        "accepted": accepted.height,
        "correct": correct,
        "precision": _rounded(correct / accepted.height) if accepted.height else None,
        "interval": [_rounded(low), _rounded(high)] if accepted.height else None,
        "coverage": _rounded(accepted.height / max(n, 1)),
    }


def _bands(asked: pl.DataFrame) -> pl.DataFrame:
    """track_key, sets_band, history_band, source."""
    sets = pl.when(pl.col("sets") >= 6).then(pl.lit("6+")).when(pl.col("sets") >= 4).then(pl.lit("4-5"))
    exceeded = pl.sum_horizontal(pl.col("history") > top for top in (0, 4, 24, 99))
    history = exceeded.replace_strict(dict(enumerate(_HISTORY_BANDS)), return_dtype=pl.String)
    return asked.select(
        "track_key", "source", sets_band=sets.otherwise(pl.col("sets").cast(pl.String)), history_band=history
    )


def _by(placed: dict[str, pl.DataFrame], about: pl.DataFrame, band: str) -> list[dict[str, Any]]:
    """Hit rates of formula and learned ranker for each band of recordings, and how the two differ."""
    rows = []
    for value in about[band].unique().sort():
        keys = about.filter(pl.col(band) == value).select("track_key")
        part = {s: placed[s].join(keys, on="track_key", how="semi") for s in CALIBRATED if s in placed}
        row = {"band": value, "n": keys.height, **{s: _rates(found) for s, found in part.items()}}
        if len(part) == len(CALIBRATED):
            row["compared"] = _compared("formula", part)
        rows.append(row)
    return rows


def _failures(learned: pl.DataFrame) -> list[dict[str, Any]]:
    """The surest wrong answers: what an analyst should look at first."""
    right = learned.filter("is_right").group_by("track_key").agg(rank_of_truth=pl.col("rank").min())
    return (
        learned.filter(pl.col("rank") == 1, ~pl.col("is_right"))
        .sort(["confidence", "track_key"], descending=[True, False])
        .head(_FAILURES)
        .join(right, on="track_key", how="left", maintain_order="left")
        .select("track_key", "sets", "rank_of_truth", answer="artist", confidence=pl.col("confidence").round(3))
        .to_dicts()
    )


def _rounded(value: Any) -> float:
    return round(float(value), 4)
