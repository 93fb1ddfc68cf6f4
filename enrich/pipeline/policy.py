"""The auto-accept policy: which proposals are accepted without a person.

By default, of each kind and source, the largest set of proposals whose precision has a lower 95 % bound of at least
`ENRICH_ACCEPT_PRECISION` (0.95), from what was measured and what people decided (`enrich.measuring`): the surest
first, as far as the bound holds. `ENRICH_AUTO_ACCEPT` is `default`, `none`, or a comma list of changes, each item
`kind:source=threshold` (a confidence, 0–1) or `kind:source=never`:

    label:title=0.65,artist:association=never

A proposal without a measured confidence goes to review, whatever the policy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from enrich.errors import SettingsError
from enrich.frames.schemas import KINDS
from enrich.measuring.shares import lower_bound
from enrich.rules import ACCEPT_PRECISION
from enrich.settings import Settings
from enrich.text.normalise import artist_key, label_key

_ITEM = re.compile(rf"^(?P<kind>{'|'.join(KINDS)}):(?P<source>[\w-]+)=(?P<threshold>never|[01](?:\.\d+)?)$")

#: The steps of a policy, one row per source and distinct confidence: if all from there on were accepted, how many that
#: is, the share expected right and its lower bound. `is_accepted`: whether the policy goes as far.
STEPS = pl.Schema(
    {
        "kind": pl.String,
        "source": pl.String,
        "confidence": pl.Float64,
        "accepted": pl.Int64,
        "precision": pl.Float64,
        "low": pl.Float64,
        "is_accepted": pl.Boolean,
    }
)
_PLACE = ["kind", "source"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A name (kept in the ledger with each decision), fixed thresholds by kind and source (None: never), and for all
    others the precision to keep (None: nothing is accepted)."""

    name: str
    fixed: Mapping[tuple[str, str], float | None]
    precision: float | None = ACCEPT_PRECISION
    refused: pl.DataFrame | None = None
    """track_id, kind, value: what a person has rejected or undone, under whatever spelling or source it comes again."""

    def accepts(self, proposals: pl.DataFrame, pool: pl.DataFrame | None = None) -> pl.Series:
        """True for each of PROPOSALS that is accepted without a person.

        Args:
            proposals: kind, source, confidence, evidence.
            pool: All proposals that the sets are made of, these among them; None: these alone.
        """
        from_here = (
            self.steps(proposals if pool is None else pool)
            .filter("is_accepted")
            .group_by(_PLACE)
            .agg(threshold=pl.col("confidence").min())
        )
        passed = proposals.join(from_here, on=_PLACE, how="left", maintain_order="left").with_columns(
            accepted=((pl.col("confidence") + 1e-9) >= pl.col("threshold")).fill_null(value=False)
        )
        if self.refused is None or self.refused.is_empty():
            return passed["accepted"]
        key = pl.when(pl.col("kind") == "label").then(label_key(pl.col("value"))).otherwise(artist_key(pl.col("value")))
        gone = self.refused.select("track_id", "kind", key=key).unique().with_columns(is_refused=True)
        return (
            passed.with_columns(key=key)
            .join(gone, on=["track_id", "kind", "key"], how="left", maintain_order="left")
            .select(accepted=pl.col("accepted") & pl.col("is_refused").is_null())
        )["accepted"]

    def steps(self, pool: pl.DataFrame) -> pl.DataFrame:
        """STEPS: what accepting everything from a confidence on would accept, surest first within a source."""
        told = pool.drop_nulls("confidence").select(
            *_PLACE,
            "confidence",
            bucket=pl.col("evidence").str.json_path_match("$.bucket").fill_null(""),
            cases=pl.col("evidence").str.json_path_match("$.cases").cast(pl.Float64, strict=False).fill_null(0.0),
        )
        found = [self._of_source(place, rows) for place, rows in told.group_by(_PLACE, maintain_order=True)]
        return pl.concat([STEPS.to_frame(), *found]).sort(
            "kind", "source", "confidence", descending=[False, False, True]
        )

    def _of_source(self, place: tuple[object, ...], rows: pl.DataFrame) -> pl.DataFrame:
        kind, source = map(str, place)
        each = rows.with_columns(pl.col("confidence").round(9)).sort("confidence", "bucket", descending=True)
        buckets = each["bucket"].unique().to_list()
        number = {bucket: n for n, bucket in enumerate(buckets)}
        count, total, cases = (np.zeros(len(buckets)) for _ in range(3))
        steps = []
        for (at,), group in each.group_by("confidence", maintain_order=True):
            for bucket, measured_in in group.select("bucket", "cases").iter_rows():
                n = number[bucket]
                count[n], total[n], cases[n] = count[n] + 1, total[n] + float(str(at)), measured_in
            precision, low = set_precision(count, total, cases)
            steps.append((kind, source, at, int(count.sum()), precision, low))
        frame = pl.DataFrame(steps, schema=STEPS.names()[:-1], orient="row")
        return frame.with_columns(is_accepted=self._reaches(kind, source, frame)).match_to_schema(STEPS)

    def _reaches(self, kind: str, source: str, steps: pl.DataFrame) -> pl.Series:
        if (kind, source) in self.fixed or self.precision is None:
            threshold = self.fixed.get((kind, source))
            return steps["confidence"] + 1e-9 >= (2.0 if threshold is None else threshold)
        holds = (steps["low"] >= self.precision).to_numpy()
        last = np.flatnonzero(holds)[-1] if holds.any() else -1
        return pl.Series(np.arange(steps.height) <= last)


def set_precision(count: np.ndarray, total: np.ndarray, cases: np.ndarray) -> tuple[float, float]:
    """The share expected right in a set of several buckets, and its lower bound.

    Args:
        count: Proposals of each bucket in the set.
        total: The sum of their confidences.
        cases: In how many cases each bucket's confidence is measured.
    """
    here = count > 0
    n, share, cases = count[here], total[here] / count[here], cases[here]
    precision = float(total.sum() / n.sum())
    # Buckets are measured apart: the variance of the whole is that of the parts by their weight.
    variance = float(((n / n.sum()) ** 2 * np.clip(share * (1 - share), 1e-9, None) / (cases + 1)).sum())
    worth = max(precision * (1 - precision) / variance - 1, 0.0) if (cases > 0).all() else 0.0
    return precision, float(lower_bound(precision, worth))


def read_policy(settings: Settings) -> Policy:
    """The policy of `ENRICH_AUTO_ACCEPT` and `ENRICH_ACCEPT_PRECISION`.

    Raises:
        SettingsError: an item that cannot be read.
    """
    spoken = settings.auto_accept.strip().lower()
    if spoken == "none":
        return Policy(name="none", fixed={}, precision=None)
    fixed: dict[tuple[str, str], float | None] = {}
    for item in filter(None, (part.strip() for part in spoken.split(","))):
        if item == "default":
            continue
        found = _ITEM.match(item)
        if not found or (found["threshold"] != "never" and float(found["threshold"]) > 1):
            raise SettingsError(
                f"ENRICH_AUTO_ACCEPT: cannot read {item!r}; write default, none, or items such as label:title=0.65"
            )
        fixed[found["kind"], found["source"]] = None if found["threshold"] == "never" else float(found["threshold"])
    return Policy(name=spoken or "default", fixed=fixed, precision=settings.accept_precision)
