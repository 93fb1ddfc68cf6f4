"""The auto-accept policy: from which confidence on a proposal is accepted without a person.

`ENRICH_AUTO_ACCEPT` is `default`, `none`, or a comma list that changes the default, each item
`kind:source=threshold` (0–1) or `kind:source=never`:

    label:title=0.65,artist:association=never

What is not named goes to review. A context ranking by the formula is never accepted by default: its probability is
no measured quantity.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from enrich.errors import SettingsError
from enrich.settings import SOURCES
from enrich.text.normalise import artist_key, label_key

#: The default: (kind, source) → lowest confidence accepted.
DEFAULT_THRESHOLDS: Mapping[tuple[str, str], float] = {
    # A label in square brackets; round brackets the database does not know (0.60) go to review.
    ("label", "title"): 0.65,
    # Measured on the snapshot itself, see enrich.tiers.measured.
    ("label", "database"): 0.95,
    ("artist", "same-title"): 0.95,
    ("artist", "mashup"): 0.90,
    # Held-out precision of these is in docs/quality.md, `python -m bench.identity`.
    **{("identity", source): 0.95 for source in ("rescraped", "other-listing", "same-key", "named-later")},
    # Held-out precision of these rules is in enrich.tiers.external and enrich.matching.confidence.
    **{("artist", source): 0.95 for source in SOURCES},
    **{("artist", f"confirmed-{source}"): 0.95 for source in SOURCES},
    # Calibrated on masked replay; held-out precision at this confidence is in the model's manifest.
    ("artist", "context-learned"): 0.90,
}

_ITEM = re.compile(r"^(?P<kind>label|artist|identity):(?P<source>[\w-]+)=(?P<threshold>never|[01](?:\.\d+)?)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Thresholds by kind and source, and the text they came from (kept in the ledger with each decision)."""

    name: str
    thresholds: Mapping[tuple[str, str], float]
    refused: pl.DataFrame | None = None
    """track_id, kind, value: what a person has rejected or undone, under whatever spelling or source it comes again."""

    def accepts(self, proposals: pl.DataFrame) -> pl.Series:
        """True for each of PROPOSALS that is accepted without a person."""
        table = pl.DataFrame(
            [(kind, source, at) for (kind, source), at in sorted(self.thresholds.items())],
            schema={"kind": pl.String, "source": pl.String, "threshold": pl.Float64},
            orient="row",
        )
        passed = proposals.join(table, on=["kind", "source"], how="left", maintain_order="left").with_columns(
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


def read_policy(text: str, *, learned: Mapping[tuple[str, str], float] | None = None) -> Policy:
    """Read `ENRICH_AUTO_ACCEPT`.

    Args:
        text: The setting.
        learned: Thresholds that calibration has found (of outside sources), below the default ones in rank.

    Raises:
        SettingsError: an item that cannot be read.
    """
    spoken = text.strip().lower()
    if spoken == "none":
        return Policy(name="none", thresholds={})
    thresholds = {**(learned or {}), **DEFAULT_THRESHOLDS}
    if spoken in ("", "default"):
        return Policy(name="default", thresholds=thresholds)
    for item in filter(None, (part.strip() for part in spoken.split(","))):
        if item == "default":
            continue
        found = _ITEM.match(item)
        if not found or (found["threshold"] != "never" and float(found["threshold"]) > 1):
            raise SettingsError(
                f"ENRICH_AUTO_ACCEPT: cannot read {item!r}; write default, none, or items such as label:title=0.65"
            )
        place = (found["kind"], found["source"])
        thresholds.pop(place, None)
        if found["threshold"] != "never":
            thresholds[place] = float(found["threshold"])
    return Policy(name=spoken, thresholds=thresholds)
