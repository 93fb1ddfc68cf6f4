"""How often rankers are right when known recordings are hidden, as frames for charts: seconds; of files minutes."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import polars as pl
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from enrich.cooccurrence.evaluation import replay
from enrich.cooccurrence.evaluation.replay import CrossValidation
from enrich.cooccurrence.learned import load_ranker
from enrich.tiers.workspace import Workspace

#: Rankers of our own; the others are what they are to beat.
OURS = ("formula", "learned")
_S: Any = pl.String
_HITS: dict[str, Any] = dict.fromkeys(("hit_at_1", "hit_at_5", "hit_at_20", "mrr"), pl.Float64)
_ACCEPTED: Any = {"accepted": pl.Int64, "correct": pl.Int64, "precision": pl.Float64, "coverage": pl.Float64}
_BAND: Any = dict.fromkeys(("low", "high", "n", "confidence", "precision"), pl.Float64) | {"n": pl.Int64}
#: For a notebook, in seconds: the ranker in use. Its figures have wide errors; `make bench` measures properly.
QUICK = CrossValidation(folds=2, size=150, kinds=("in_use",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Masked replay as frames; `result` is the whole of it, as `enrich evaluate` writes it."""

    result: dict[str, Any]

    @property
    def _part(self) -> dict[str, Any]:
        """The ranker in use; of files unseen half-years, where there are too few of these recordings at random."""
        return next(part for name in ("in_use", "half_years", "random") if (part := self.result.get(name, {})).get("n"))

    @property
    def trained_on(self) -> dict[str, Any]:
        """What the learned ranker was trained on, and whether that was these very sets: then nothing is held out."""
        told = self._part.get("trained_on")
        if told is None:
            return {"ranker": "trained for this, each time on recordings not asked", "held out": True}
        return {
            "ranker": "the one in use",
            "trained on sets of public tracklists": told["sets"],
            "hidden recordings of these": told["hidden_recordings"],
            "sets here whose DJ and day are compared": told["sets_compared"],
            "of them trained on": told["sets_known"],
            "held out": not told["sets_known"],
        }

    @property
    def scorers(self) -> pl.DataFrame:
        """One row per scorer, ours last: scorer, n, hit_at_1, hit_at_5, hit_at_20, mrr, is_ours."""
        told = [{"scorer": name, **row, "is_ours": name in OURS} for name, row in self._part["scorers"].items()]
        return pl.DataFrame(told, schema={"scorer": _S, "n": pl.Int64, **_HITS, "is_ours": pl.Boolean})

    @property
    def reliability(self) -> pl.DataFrame:
        """Confidence and precision by band, calibrated scorers: scorer, low, high, n, confidence, precision."""
        rows = [(name, self._part["scorers"].get(name, {})) for name in OURS]
        bands = [{"scorer": name, **band} for name, row in rows for band in row.get("reliability", ())]
        return pl.DataFrame(bands, schema={"scorer": _S, **_BAND})

    @property
    def thresholds(self) -> pl.DataFrame:
        """What acceptance would have written: scorer, rule (gate or policy), accepted, correct, precision, coverage."""
        rows = [(name, self._part["scorers"].get(name, {})) for name in OURS]
        told = [{"scorer": s, "rule": of, **row[of]} for s, row in rows for of in ("gate", "policy") if row.get(of)]
        return pl.DataFrame(told, schema={"scorer": _S, "rule": _S, **_ACCEPTED})

    @property
    def by_sets(self) -> pl.DataFrame:
        """hit@1 by the number of sets the recording is played in: sets, n, formula, learned."""
        bands = self._part["by_sets"]
        return pl.DataFrame(
            [{"sets": b["band"], "n": b["n"], **{s: b[s]["hit_at_1"] for s in OURS if s in b}} for b in bands]
        )

    @property
    def shipped(self) -> pl.DataFrame:
        """What the ranker in use showed on the real tracklists it was trained on, held out; ours last.

        Returns:
            scorer, n, hit_at_1, hit_at_5, hit_at_20, mrr, ece (null without a probability), policy_accepted,
            policy_correct; from the manifest beside the ranker, which `enrich train-ranker` writes.
        """
        figures: dict[str, Any] = load_ranker().manifest["figures"]["scorers"]
        rows = [
            {"scorer": name, **row, **{f"policy_{k}": v for k, v in row.get("policy", {}).items()}}
            for name, row in sorted(figures.items(), key=lambda item: (item[0] in OURS, item[1]["hit_at_1"]))
        ]
        policy = {"policy_accepted": pl.Int64, "policy_correct": pl.Int64}
        return pl.DataFrame(rows, schema={"scorer": _S, "n": pl.Int64, **_HITS, "ece": pl.Float64, **policy})


def evaluate(
    workspace: Workspace,
    *,
    tracklists: str | PathLike[str] | Sequence[str | PathLike[str]] | None,
    sample: int,
    seed: int,
) -> Evaluation:
    """See `AnalystSnapshot.evaluate`."""
    # On problems this small threads stand in each other's way; the baselines' package warns of it at length.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.filterwarnings("ignore", module=r"implicit\b")
        if tracklists:
            return Evaluation(result=replay.evaluate(tracklists, sample=sample, seed=seed))
        plan = replace(QUICK, seed=seed)
        return Evaluation(result=replay.evaluate(workspace.tracklists, aliases=workspace.aliases, plan=plan))
