"""The auto-accept policy: which proposals are accepted without a person.

By default, of each kind and source, the largest set of proposals whose precision has a lower 95 % bound of at least
`ENRICH_ACCEPT_PRECISION` (0.95), from what was measured and what people decided (`enrich.measuring`): the surest
first, as far as the bound holds. `ENRICH_AUTO_ACCEPT` is `default`, `none`, or a comma list of changes, each item
`kind:source=threshold` (a confidence, 0–1) or `kind:source=never`:

    label:title=0.65,artist:association=never

A proposal without a measured confidence goes to review, whatever the policy.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from enrich.errors import SettingsError
from enrich.frames.schemas import KINDS
from enrich.measuring.judging import lower_bound
from enrich.rules import ACCEPT_PRECISION
from enrich.settings import Settings
from enrich.text.normalise import artist_key, label_key

_ITEM = re.compile(rf"^(?P<kind>{'|'.join(KINDS)}):(?P<source>[\w-]+)=(?P<threshold>never|[01](?:\.\d+)?)$")

#: The steps of a policy, one row per source and distinct confidence: if all from there on were accepted, how many that
#: is, the share expected right and its lower bound. `is_accepted`: whether the policy goes as far.
STEPS = pl.Schema(
    {"kind": pl.String, "source": pl.String, "confidence": pl.Float64, "accepted": pl.Int64, "precision": pl.Float64}
    | {"low": pl.Float64, "is_accepted": pl.Boolean}
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
        """True for each of PROPOSALS (kind, source, confidence, evidence) that is accepted without a person.

        `pool`: all proposals that the sets are made of, these among them; None: these alone.
        """
        pool = proposals if pool is None else pool.join(proposals, on=_PLACE, how="semi")
        from_here = self.steps(pool).filter("is_accepted").group_by(_PLACE).agg(threshold=pl.col("confidence").min())
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
        text = pl.col("evidence")
        bucket = [*_PLACE, "bucket"]
        told = (
            pool.drop_nulls("confidence")
            .select(
                *_PLACE,
                pl.col("confidence").round(9),
                bucket=text.str.json_path_match("$.bucket").fill_null(""),
                cases=text.str.json_path_match("$.cases").cast(pl.Float64, strict=False).fill_null(0.0),
            )
            .sort(*_PLACE, "confidence", "bucket", descending=[False, False, True, True])
        )
        # Buckets are measured apart: the variance of a set's sum is that of its buckets' sums, and each proposal
        # changes that of its own bucket alone.
        n, total = pl.int_range(1, pl.len() + 1).over(bucket), pl.col("confidence").cum_sum().over(bucket)
        variance = (total * (1 - total / n) * n).clip(1e-9 * n.pow(2)) / (pl.col("cases") + 1)
        found = (
            told.with_columns(variance=variance, unmeasured=(pl.col("cases") <= 0).cast(pl.Int64))
            .with_columns(_change("variance", bucket), _change("unmeasured", bucket))
            .with_columns(
                pl.col("variance", "unmeasured").cum_sum().over(_PLACE),
                accepted=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(_PLACE),
                precision=pl.col("confidence").cum_sum().over(_PLACE),
            )
            .group_by(*_PLACE, "confidence", maintain_order=True)
            .last()
            .with_columns(precision=pl.col("precision") / pl.col("accepted"))
        )
        spread = pl.col("precision") * (1 - pl.col("precision")) * pl.col("accepted").pow(2) / pl.col("variance")
        worth = found.select(pl.when(pl.col("unmeasured") == 0).then((spread - 1).clip(0)).otherwise(0.0)).to_series()
        found = found.with_columns(low=pl.Series(lower_bound(found["precision"], worth)))
        holds = pl.col("low") >= (2.0 if self.precision is None else self.precision)
        fixed = pl.DataFrame(
            [(*place, 2.0 if threshold is None else threshold) for place, threshold in self.fixed.items()],
            schema={"kind": pl.String, "source": pl.String, "threshold": pl.Float64},
            orient="row",
        )
        # As far as the bound holds anywhere further down.
        far = holds.cast(pl.Int8).reverse().cum_max().reverse().over(_PLACE) == 1
        by_hand = pl.col("confidence") + 1e-9 >= pl.col("threshold")
        return (
            found.join(fixed, on=_PLACE, how="left", maintain_order="left")
            .with_columns(is_accepted=pl.when(pl.col("threshold").is_null()).then(far).otherwise(by_hand))
            .match_to_schema(STEPS, extra_columns="ignore")
        )


def _change(name: str, place: list[str]) -> pl.Expr:
    """By how much a row changes a running figure of its place."""
    return pl.col(name) - pl.col(name).shift(1, fill_value=0).over(place)


def read_policy(settings: Settings) -> Policy:
    """The policy of `ENRICH_AUTO_ACCEPT` and `ENRICH_ACCEPT_PRECISION`.

    Raises SettingsError: an item that cannot be read.
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
