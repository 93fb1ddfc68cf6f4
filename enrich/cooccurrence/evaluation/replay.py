"""Masked replay over real tracklists: how often each ranker is right, and whether its confidence means what it says.

Known recordings of two sets or more are hidden in groups of `Plan.size`, everywhere at once, and ranked from what is
left. Test recordings are hidden all the while the ranker's training examples are made, so that training sees neither
their names nor their plays.

* **random**: test groups drawn at random; one ranker, trained on recordings outside all of them.
* **versions_together**: the same ranker, asked for recordings of which every remix is hidden too. Stricter than what a
  real unknown meets, whose other versions may be known; none of its plays were trained on.
* **time**: the sets are cut at dates. The ranker is trained on recordings first played before the first cut, in a world
  that ends there. A group holds recordings first played between one cut and the next, ranked in a world that ends at
  the next cut: nothing later is ever seen.

Calibration and the auto-accept threshold of a group are fitted on the other groups (time: on earlier groups only; the
first is then not reported). `evaluate` reads files; `evaluate_frame` a frame; nothing is written but the JSON asked
for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from enrich.cooccurrence.calibration import (
    Calibration,
    evidence,
    fit_calibration,
)
from enrich.cooccurrence.evaluation.baselines import baselines
from enrich.cooccurrence.evaluation.figures import CALIBRATED, figures
from enrich.cooccurrence.evaluation.world import World, about_world, number_world, true_artists, unit_numbers
from enrich.cooccurrence.formula_ranking import rank_and_about
from enrich.cooccurrence.learned.features import Examples, examples
from enrich.cooccurrence.learned.ranker import MAX_TRAINING, Ranker, masked_examples, order, train
from enrich.cooccurrence.masking import hide, random_folds, without_duplicate_sets
from enrich.errors import EnrichError
from enrich.text.normalise import artist_key
from enrich.text.persons import with_known
from enrich.tracklists.reading import read_tracklists

_TOP = 50
_ANSWERS = ("scorer", "track_key", "rank", "artist", "probability", "occurrence_count", "is_right", "pool_has")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is measured, and with how much."""

    seed: int = 0
    folds: int = 4
    """Random test groups."""
    size: int = 500
    """Recordings hidden and asked for at once."""
    max_training: int = MAX_TRAINING
    time_folds: int = 3
    """Test groups by date, the first of which only calibrates the next."""
    time_training: int = 2500
    versions_together: bool = True
    """Ask the stricter question too."""


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A ranker for use, its calibrations as JSON, what it was made from and what it showed."""

    ranker: Ranker
    calibration: dict[str, Any]
    about: dict[str, Any]
    figures: dict[str, Any]


def evaluate(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]],
    *,
    out: str | PathLike[str] | None = None,
    aliases: pl.DataFrame | None = None,
    seed: int = 0,
    sample: int | None = None,
) -> dict[str, Any]:
    """Measure every ranker by masked replay over tracklist files.

    Args:
        paths: Tracklist files.
        out: JSON file for the result; None: none.
        aliases: Columns `artist`, `alias`: a candidate is right under any name of the artist.
        seed: Of every random choice.
        sample: Recordings asked for in all, at most (training shrinks with it); None: the whole plan.

    Returns:
        `random`, `versions_together` and `time`, each with `scorers` (n, hit_at_1, hit_at_5, hit_at_20, mrr, gate,
        policy, ece, brier, reliability), `candidate_recall`, `by_sets`, `by_dj_history`, `by_source`, `failures`; and
        `data`, `plan`.

    Raises:
        EnrichError: too few known recordings come back in a second set.
    """
    plan = Plan(seed=seed)
    if sample is not None:
        size = max(20, min(plan.size, sample // plan.folds))
        plan = Plan(seed=seed, size=size, max_training=2 * sample, time_training=sample)
    result = evaluate_frame(read_tracklists(paths).rows, aliases=aliases, plan=plan)
    if out is not None:
        Path(out).write_text(json.dumps(result, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
    return result


def evaluate_frame(
    tracklists: pl.DataFrame, *, aliases: pl.DataFrame | None = None, plan: Plan | None = None
) -> dict[str, Any]:
    """`evaluate` over a frame TRACKLISTS."""
    plan = plan or Plan()
    aliases = with_known(aliases)
    world = number_world(without_duplicate_sets(tracklists), aliases)
    if world.eligible.height < 2 * plan.folds:
        raise EnrichError(
            f"evaluate: only {world.eligible.height} known recordings are played in two sets or more; "
            "give more tracklists"
        )
    random = _random(world, aliases, plan)
    result = {
        "data": about_world(world, tracklists),
        "plan": asdict(plan),
        "random": random.figures,
    }
    if plan.versions_together:
        result["versions_together"] = _versions_together(world, aliases, plan, random)
    return result | {"time": _time(world, aliases, plan)}


def fit_for_use(tracklists: pl.DataFrame, *, plan: Plan) -> Fitted:
    """Calibrate on held-out recordings, then train on all: what `enrich train-ranker` stores."""
    aliases = with_known(None)
    world = number_world(without_duplicate_sets(tracklists), aliases)
    random = _random(world, aliases, plan)
    figures = random.figures
    calibration = {scorer: _fitted(random.ranked, scorer).as_json() for scorer in CALIBRATED}
    # What was held out to measure is learned from too, once it is measured.
    held_out = masked_examples(world.corpus, unit_numbers(world, random.tested), batch=plan.size)
    ranker = train(world.corpus, [*random.parts, *held_out], seed=plan.seed)
    chosen = pl.concat([random.training, random.tested])
    shown = {s: {k: v for k, v in row.items() if k != "reliability"} for s, row in figures["scorers"].items()}
    about = about_world(world, tracklists) | {"training_recordings": len(chosen)}
    return Fitted(ranker=ranker, calibration=calibration, about=about, figures=shown)


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """Random folds: what they showed, all answers with their confidence, the ranker, and what it was trained on."""

    figures: dict[str, Any]
    ranked: pl.DataFrame
    ranker: Ranker
    training: pl.Series
    parts: list[Examples]
    """The examples of the training recordings."""
    tested: pl.Series


def _random(world: World, aliases: pl.DataFrame, plan: Plan) -> _Measured:
    groups = random_folds(world.eligible["unit"], folds=plan.folds, size=_group_size(world, plan), seed=plan.seed)
    tested = pl.concat(groups)
    others = world.eligible["unit"].filter(~world.eligible["unit"].is_in(tested.implode()))
    training = random_folds(others, folds=1, size=plan.max_training, seed=plan.seed + 1)[0]
    parts = masked_examples(world.corpus, unit_numbers(world, training), also_hidden=unit_numbers(world, tested))
    ranker = train(world.corpus, parts, seed=plan.seed)
    ranked = pl.concat([_ranked(world, group, ranker, aliases).with_columns(group=i) for i, group in enumerate(groups)])
    own = pl.col("group")
    judged = pl.concat([_judged(ranked.filter(own == i), fit=ranked.filter(own != i)) for i in range(len(groups))])
    asked = pl.concat([g.to_frame("track_key").with_columns(group=i) for i, g in enumerate(groups)])
    shown = figures(world, judged, asked, trained=len(training))
    return _Measured(figures=shown, ranked=judged, ranker=ranker, training=training, parts=parts, tested=tested.sort())


def _versions_together(world: World, aliases: pl.DataFrame, plan: Plan, random: _Measured) -> dict[str, Any]:
    """One group of recordings with all their remixes, judged by the calibration the random folds would ship."""
    whole = number_world(world.tracklists, aliases, versions_together=True)
    place = ["set_id", "position"]
    trained = world.units.filter(pl.col("unit").is_in(random.training.implode())).select(place)
    seen = whole.units.join(trained, on=place, how="semi")["unit"].unique()
    fresh = whole.eligible["unit"].filter(~whole.eligible["unit"].is_in(seen.implode()))
    if not len(fresh):
        return {"n": 0, "reason": "every recording was trained on"}
    group = random_folds(fresh, folds=1, size=_group_size(whole, plan), seed=plan.seed)[0]
    judged = _judged(_ranked(whole, group, random.ranker, aliases), fit=random.ranked)
    return figures(whole, judged, group.to_frame("track_key"), trained=len(random.training))


def _fitted(ranked: pl.DataFrame, scorer: str) -> Calibration:
    rows = ranked.filter(pl.col("scorer") == scorer)
    return fit_calibration(rows, rows["is_right"].to_numpy(), recordings=rows["track_key"].n_unique())


def _group_size(world: World, plan: Plan) -> int:
    # Half of the recordings are left for training where there are few.
    return min(plan.size, max(1, world.eligible.height // (2 * plan.folds)))


def _time(world: World, aliases: pl.DataFrame, plan: Plan) -> dict[str, Any]:
    dated = world.eligible.drop_nulls("first_date")
    if dated.height < 4 * plan.time_folds:
        return {"n": 0, "reason": "too few dated recordings"}
    shares = np.linspace(0.6, 1.0, plan.time_folds + 1)[:-1]
    days = dated["first_date"].sort()
    cuts = sorted({days[int(s * (len(days) - 1))] for s in shares})
    past = _until(world, cuts[0], aliases)
    training = random_folds(past.eligible["unit"], folds=1, size=plan.time_training, seed=plan.seed + 1)[0]
    ranker = train(past.corpus, masked_examples(past.corpus, unit_numbers(past, training)), seed=plan.seed)
    all_ranked, asked = [], []
    for i, cut in enumerate(cuts):
        end = cuts[i + 1] if i + 1 < len(cuts) else None
        now = _until(world, end, aliases)
        fresh = now.eligible.filter(pl.col("first_date") >= cut)
        if not fresh.height:
            continue
        group = random_folds(fresh["unit"], folds=1, size=plan.size, seed=plan.seed)[0]
        all_ranked.append(_ranked(now, group, ranker, aliases).with_columns(group=i))
        asked.append(group.to_frame("track_key").with_columns(group=i))
    ranked = pl.concat(all_ranked)
    own = pl.col("group")
    judged = pl.concat([_judged(ranked.filter(own == i), fit=ranked.filter(own < i)) for i in range(1, len(cuts))])
    shown = figures(world, judged, pl.concat(asked).filter(own >= 1), trained=len(training))
    return shown | {"cuts": [c.isoformat() for c in cuts]}


def _until(world: World, end: date | None, aliases: pl.DataFrame) -> World:
    """The world as it was before `end`; sets without a date have no place in it."""
    kept = world.tracklists.filter(pl.col("set_date").is_not_null())
    if end is not None:
        kept = kept.filter(pl.col("set_date") < end)
    return number_world(without_duplicate_sets(kept), aliases)


def _ranked(world: World, group: pl.Series, ranker: Ranker, aliases: pl.DataFrame) -> pl.DataFrame:
    """All scorers' answers for one group, 50 each, with the evidence of calibration and whether they are right."""
    hidden = hide(world.tracklists, world.units, group)
    ranking, about = rank_and_about(hidden, aliases=aliases, only=group)
    frames = [*_by_number(world, group, ranker), _by_formula(world, ranking)]
    return pl.concat(
        [
            evidence(f, about)
            if f["scorer"][0] in CALIBRATED
            else f.join(about, on="track_key", how="left", maintain_order="left")
            for f in frames
            if f.height
        ],
        how="diagonal",
    )


def _by_number(world: World, group: pl.Series, ranker: Ranker) -> list[pl.DataFrame]:
    """Answers of the learned ranker and of the baselines, who know recordings and artists by their numbers."""
    corpus, numbers = world.corpus, unit_numbers(world, group)
    context = corpus.hide(numbers)
    of = examples(context, numbers)
    scored = {"learned": order(of, ranker.score(of)).filter(pl.col("rank") <= _TOP)}
    scored |= {name: scorer(context, numbers) for name, scorer in baselines().items()}
    near = pl.DataFrame({"unit_no": of.unit, "artist_no": of.artist, "occurrence_count": of.column("near_2")})
    truth = corpus.truth().with_columns(is_right=pl.lit(value=True))
    names = corpus.units.select("unit_no", track_key="unit")
    artists = corpus.artists.select("artist_no", "artist")
    pool = (
        near.join(truth, on=["unit_no", "artist_no"])
        .select("unit_no")
        .unique()
        .with_columns(pool_has=pl.lit(value=True))
    )
    return [
        answers.with_columns(scorer=pl.lit(scorer))
        .join(near, on=["unit_no", "artist_no"], how="left")
        .join(truth, on=["unit_no", "artist_no"], how="left")
        .join(pool, on="unit_no", how="left")
        .join(names, on="unit_no")
        .join(artists, on="artist_no")
        .with_columns(
            pl.col("is_right", "pool_has").fill_null(value=False),
            pl.col("occurrence_count").fill_null(0).cast(pl.Int32),
        )
        .select(_ANSWERS)
        for scorer, answers in scored.items()
    ]


def _by_formula(world: World, ranking: pl.DataFrame) -> pl.DataFrame:
    """Answers of the formula, which reads the tracklists themselves and knows artists by name."""
    right = true_artists(world.corpus).select("track_key", "artist_key", is_right=pl.lit(value=True))
    return (
        ranking.with_columns(
            scorer=pl.lit("formula"), artist_key=artist_key(pl.col("artist")), pool_has=pl.lit(value=False)
        )
        .join(right, on=["track_key", "artist_key"], how="left")
        .with_columns(pl.col("is_right").fill_null(value=False))
        .select(_ANSWERS)
    )


def _judged(here: pl.DataFrame, *, fit: pl.DataFrame) -> pl.DataFrame:
    """Answers with `confidence` and `accepted`, both fitted on the answers `fit`; null for scorers without either."""
    plain = here.filter(~pl.col("scorer").is_in(CALIBRATED)).with_columns(
        confidence=pl.lit(None, pl.Float64), accepted=pl.lit(None, pl.Boolean)
    )
    return pl.concat(
        [plain, *(_judge(here.filter(pl.col("scorer") == scorer), _fitted(fit, scorer)) for scorer in CALIBRATED)]
    )


def _judge(here: pl.DataFrame, calibration: Calibration) -> pl.DataFrame:
    confidence = pl.Series("confidence", calibration(here), dtype=pl.Float64)
    least = calibration.accept_from
    accepted = (pl.col("rank") == 1) & (pl.col("confidence") >= (least if least is not None else 2.0))
    return here.with_columns(confidence).with_columns(accepted=accepted)
