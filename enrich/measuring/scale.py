"""The one scale: a proposal gets the share right among those of the same evidence, its cases and its interval. Pure.

A proposal of the database's own rules takes what was measured of its bucket; one whose tier has measured it already (a
calibrated ranking, a source's match) keeps that. What people have decided of a source moves all its proposals by their
odds, so that none overtakes another. What nothing measured stays null, shown as `rule`: no policy accepts it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from enrich.frames.schemas import evidence_json
from enrich.measuring.judging import drawn, interval, moved, odds
from enrich.measuring.replay import BUCKET, MEASURED, shipped
from enrich.rules import AUDIT_SIZE
from enrich.settings import SOURCES

#: What people decided of each source: right of n, and what these were taken to be worth.
DECIDED = pl.Schema({"kind": pl.String, "source": pl.String, "n": pl.Int64, "right": pl.Int64, "stated": pl.Float64})

#: What a status says where a person decided it.
_VERDICTS = {"accepted": True, "written": True, "rejected": False}


def by_person() -> pl.Expr:
    """Whether a proposal (schema LISTED of the ledger) was looked at by a person: not by the policy, nor in bulk."""
    decided_by = pl.col("decided_by")
    return decided_by.is_not_null() & ~decided_by.str.contains("^(?:policy|audit):")


def verdicts(listed: pl.DataFrame) -> pl.DataFrame:
    """The ledger's proposals with is_right: what a person decided; null where none did."""
    verdict = pl.col("status").replace_strict(_VERDICTS, default=None, return_dtype=pl.Boolean)
    return listed.with_columns(is_right=pl.when(by_person()).then(verdict))


def decided(listed: pl.DataFrame) -> pl.DataFrame:
    """DECIDED, of the ledger's proposals."""
    return (
        verdicts(listed)
        .drop_nulls("is_right")
        .group_by("kind", "source")
        .agg(
            n=pl.len(),
            right=pl.col("is_right").sum(),
            stated=pl.coalesce(_number("base"), "confidence").mean(),
        )
        .sort("kind", "source")
        .match_to_schema(DECIDED, integer_cast="upcast")
    )


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What gives proposals their confidence: `measured` on the snapshot (MEASURED), and `decided` by people."""

    measured: pl.DataFrame
    decided: pl.DataFrame

    @classmethod
    def shipped(cls) -> Scale:
        """What is known without a snapshot."""
        return cls(measured=MEASURED.to_frame(), decided=DECIDED.to_frame())

    def __call__(self, proposals: pl.DataFrame) -> pl.DataFrame:
        """PROPOSALS, or rows of the ledger, with `confidence`, and in the evidence how it was measured."""
        if proposals.is_empty():
            return proposals
        rows = self._rows(proposals)
        texts = map(_told, proposals["evidence"], rows.iter_rows(named=True))
        return proposals.with_columns(rows["confidence"], pl.Series("evidence", list(texts), dtype=pl.String))

    def _rows(self, proposals: pl.DataFrame) -> pl.DataFrame:
        """confidence, and what the evidence tells of it (_TOLD)."""
        known = (
            proposals.select(
                "kind",
                "source",
                bucket=pl.col("evidence").str.json_path_match("$.bucket"),
                own=pl.coalesce(_number("base"), "confidence"),
                own_cases=pl.coalesce(_number("base_cases"), _number("cases")),
                measured_as=_measured_as(),
            )
            .join(self.decided, on=["kind", "source"], how="left", maintain_order="left")
            .rename({"n": "people", "right": "people_right"})
            .join(
                self._measures.rename({"source": "measured_as"}),
                on=["kind", "measured_as", "bucket"],
                how="left",
                maintain_order="left",
            )
            .with_columns(
                pl.col("people", "people_right").fill_null(0),
                pl.col("stated").fill_null(0.5),
                base=pl.coalesce("own", "share"),
                base_cases=pl.coalesce("own_cases", "cases").fill_null(0.0),
            )
        )
        agreed, _ = drawn(known["people_right"], known["people"], to=known["stated"], weight=known["base_cases"])
        by = np.where(known["people"].to_numpy() > 0, odds(agreed) - odds(known["stated"]), 0.0)
        confidence = (
            pl.when(pl.col("base").is_not_null())
            .then(pl.when(pl.col("people") > 0).then("moved").otherwise("base"))
            .when(pl.col("people") >= AUDIT_SIZE)
            .then((pl.col("people_right") + 0.5) / (pl.col("people") + 1))
        )
        known = known.with_columns(
            moved=pl.Series(moved(known["base"].fill_null(0.5), by)), cases=pl.col("base_cases") + pl.col("people")
        ).with_columns(confidence=confidence, correct="right")
        low, high = interval(known["confidence"].fill_null(0.5), known["cases"])
        return known.with_columns(low=pl.Series(low), high=pl.Series(high))

    @cached_property
    def _measures(self) -> pl.DataFrame:
        """The snapshot's measures, and what was shipped of sources it cannot measure."""
        own = self.measured.select(*BUCKET, "n", "right", "chance", "share", "cases")
        other = shipped().join(own, on=BUCKET, how="anti").filter(pl.col("shipped_n") > 0)
        share, cases = drawn(0, 0, to=other["shipped_right"] / other["shipped_n"], weight=other["shipped_n"])
        lent = other.select(*BUCKET).with_columns(share=pl.Series(share), cases=pl.Series(cases))
        return pl.concat([own, lent], how="diagonal_relaxed")


#: What the evidence tells of a confidence: counts on the snapshot's hidden tracks, cases and interval; and, where
#: people decided, what it was before, so that their decisions are never counted twice.
_TOLD = ("n", "correct", "chance", "cases", "low", "high")
_BEFORE_PEOPLE = ("people", "people_right", "base", "base_cases")


def _number(name: str) -> pl.Expr:
    return pl.col("evidence").str.json_path_match(f"$.{name}").cast(pl.Float64, strict=False)


def _measured_as() -> pl.Expr:
    """The name a source is measured under: outside sources are measured as one, and whoever they confirm as well."""
    source = pl.col("source")
    confirmed = pl.when(source.str.starts_with("confirmed-")).then(pl.lit("confirmed-database")).otherwise(source)
    return pl.when(source.is_in(SOURCES)).then(pl.lit("outside")).otherwise(confirmed)


def _told(evidence: str | None, row: dict[str, Any]) -> str:
    found = json.loads(evidence or "{}")
    if row["confidence"] is None:
        return evidence or "{}"
    measured = {
        name: row[name] for name in (*_TOLD, *(_BEFORE_PEOPLE if row["people"] else ())) if row[name] is not None
    }
    return evidence_json({**found, **measured, "cases": round(row["cases"])})
