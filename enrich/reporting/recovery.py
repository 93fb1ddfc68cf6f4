"""The recovery report: one HTML page that opens offline, and its figures as JSON beside it.

Reads Postgres in one transaction; writes two files, each whole or not at all. Figures that have moved since the report
before are set beside it; that one's JSON is kept for it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from enrich.charts import recovery as charts
from enrich.charts.style import as_svg
from enrich.cooldown.simulation import simulated_year
from enrich.errors import EnrichError, InputFileError
from enrich.frames.files import replacing
from enrich.ledger.policy import STEPS
from enrich.pipeline.weighing import PolicyView, policy
from enrich.reporting.comparison import compare, read_former, same_figures
from enrich.reporting.counts import read_counts
from enrich.reporting.figures import figures
from enrich.rules import ACCEPT_PRECISION, AUDIT_SIZE, DECISION_S, PROJECTED_DAYS, PROJECTED_PERCENT
from enrich.settings import Settings
from enrich.text.showing import short

HTML_NAME, JSON_NAME = "recovery-report.html", "recovery-report.json"
#: The figures of the report before, kept where they differ from those at hand.
FORMER_NAME = "recovery-report-former.json"

#: Columns of the report's tables that hold nothing but nulls where nothing is known.
_NUMBERS: dict[str, Any] = {
    "low": pl.Float64,
    "high": pl.Float64,
    "actual": pl.Float64,
    "precision": pl.Float64,
    "verdict": pl.String,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportResult:
    """Where the report is, and its figures."""

    path_html: Path
    path_json: Path
    figures: dict[str, Any]

    def asdict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {"path_html": str(self.path_html), "path_json": str(self.path_json), **plain(self.figures)}

    def table(self) -> str:
        """Projected beside counted as aligned text, for a terminal."""
        suffix = {"%": " %", "points": " pts"}
        rows = [("", "projected", "counted", "of", "verdict", "right")]
        for row in self.figures["projections"]["rows"]:
            unit = suffix.get(row["unit"], "")
            right = "" if row["precision"] is None else f"{100 * row['precision']:.1f} % of {row['precision_n']:,}"
            projected = "–" if row["low"] is None else f"{row['low']:g}–{row['high']:g}{unit}"
            verdict = (row["verdict"] or "–") + (" (better)" if row["is_better"] else "")
            rows.append((row["metric"], projected, f"{row['actual']:,}{unit}", f"{row['of']:,}", verdict, right))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(f"{cell:{'<' if n in (0, 4) else '>'}{widths[n]}}" for n, cell in enumerate(row)).rstrip()
            for row in rows
        )

    def frame(self, name: str) -> pl.DataFrame:
        """One table of the figures as `enrich.charts` draws it: funnel, tiers, projections, confidence_bands, ….

        Raises:
            EnrichError: there is no such table; names those there are.
        """
        found = frames(self.figures)
        if name not in found:
            raise EnrichError(f"the report has no table {name!r}; there are {', '.join(found)}")
        return found[name]


def report(settings: Settings, *, out: Path | None = None, now: datetime, former: Path | None = None) -> ReportResult:
    """Write the recovery report.

    Args:
        settings: `database_url`, `search_path`, `data_dir` are read.
        out: Folder of the two files; None: `<data_dir>/reports`.
        now: Time of the report.
        former: JSON of the report to compare with; None: the last one in the folder whose figures were others.

    Raises:
        DatabaseError: Postgres is down or not migrated.
        InputFileError: the folder cannot be written to, or the disk is full; a former report stays as it was. Or
            `former` holds no report's figures.
    """
    folder = Path(out) if out is not None else settings.data_dir / "reports"
    _check_folder(folder)
    named = None if former is None else read_former(Path(former))
    counted = read_figures(settings, now=now)
    before = _former_of(folder, plain(counted))
    against = named if named is not None else before
    counted["comparison"] = None if against is None else compare(against, counted)
    page = render(counted, today=now.date())
    files = {folder / JSON_NAME: _as_json(plain(counted)), folder / HTML_NAME: page}
    if before is not None:
        files[folder / FORMER_NAME] = _as_json(before)
    # All or none: they belong together.
    with replacing(*files) as parts:
        for part, text in zip(parts, files.values(), strict=True):
            part.write_text(text, encoding="utf-8", errors="replace")
    return ReportResult(path_json=folder / JSON_NAME, path_html=folder / HTML_NAME, figures=counted)


def read_figures(settings: Settings, *, now: datetime) -> dict[str, Any]:
    """All figures of the report: counted in Postgres, and beside them, under `simulated_year`, a year of the queue.

    Raises:
        DatabaseError: Postgres is down or not migrated.
    """
    found = figures(read_counts(settings, now=now), now=now)
    weighed = policy(settings)
    return {
        **found,
        "simulated_year": _simulated_year(),
        "policy": {**weighed.asdict(), "steps": weighed.steps.to_dicts()},
        "answer": _answer(found, weighed),
    }


def _answer(found: dict[str, Any], weighed: PolicyView) -> dict[str, Any]:
    """What the reader wants to know first: what waits for a person, for time, and what is out of reach."""
    head, waits = found["headline"], weighed.sources.filter(pl.col("waiting") > 0)
    decisions = int(waits["waiting"].clip(upper_bound=AUDIT_SIZE).sum())
    return {
        "waiting": int(waits["waiting"].sum()),
        "waiting_sources": waits.height,
        "would_be_right": round(weighed.expected_right),
        "audit_decisions": decisions,
        "audit_minutes": -(-decisions * DECISION_S // 60),
        "waits_for_time": head["in_cooldown_after"],
        "out_of_reach": head["permanently_failed_after"],
        "stopped": weighed.sources.filter("stopped").select("kind", "source").to_dicts(),
    }


def _former_of(folder: Path, at_hand: dict[str, Any]) -> dict[str, Any] | None:
    """The last report of the folder that said something else: a report made twice still shows what moved."""
    for name in (JSON_NAME, FORMER_NAME):
        try:
            found = read_former(folder / name)
        except InputFileError:
            # None yet, or not one of ours: nothing to compare with is no reason to give no report.
            continue
        if not same_figures(found, at_hand):
            return found
    return None


def _as_json(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, indent=2) + "\n"


def _simulated_year() -> dict[str, Any]:
    """What the strategies recover in a simulated year, beside what the specification projects; no row is counted."""
    year = simulated_year()
    rows = year.summary
    for name, day in zip(("after_6_months_pct", "after_12_months_pct"), PROJECTED_DAYS, strict=True):
        at = year.by_day.filter(pl.col("day") == day).select("strategy", pl.col("recovered").alias(name))
        rows = rows.join(at, on="strategy", maintain_order="left")
    return {
        "projected_percent": list(PROJECTED_PERCENT),
        "projected_days": list(PROJECTED_DAYS),
        "rows": rows.with_columns(pl.col(pl.Float64).round(2)).to_dicts(),
        # Weekly: as fine as a chart of a year shows.
        "by_week": year.by_day.filter((pl.col("day") % 7 == 0) | (pl.col("day") == PROJECTED_DAYS[1])).to_dicts(),
    }


def render(counted: dict[str, Any], *, today: date) -> str:
    """The page as one string, charts inline. Everything that comes from the database is escaped."""
    loader = PackageLoader("enrich.reporting", ".")
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    pages.filters["short"] = short
    drawn = {name: as_svg(figure) for name, figure in draw(counted, today=today).items()}
    return pages.get_template("report.html.j2").render(f={"comparison": None, **counted}, charts=drawn)


def frames(counted: dict[str, Any]) -> dict[str, pl.DataFrame]:
    """The tables that are drawn, from the figures alone, each in the columns its chart takes."""
    coverage = counted["label_coverage"]
    groups = {"All tracks": coverage["all_tracks"], "Failed at the start": coverage["failed_at_start"]}
    rows = {
        "label_coverage": [{"group": name, **counts} for name, counts in groups.items() if counts["tracks"]],
        "projections": counted["projections"]["rows"],
        "queue": counted["queue"]["by_week"],
        **{name: counted[name] for name in ("tiers", "funnel", "success_trend", "confidence_bands")},
    }
    return {
        name: pl.DataFrame(of, schema_overrides=_NUMBERS, infer_schema_length=None, strict=False)
        for name, of in rows.items()
    }


def draw(counted: dict[str, Any], *, today: date) -> dict[str, Figure]:
    """Every chart of the page by its name there."""
    table, year = frames(counted), counted["simulated_year"]
    before, after = (counted["headline"][f"success_rate_{when}_pct"] for when in ("before", "after"))
    return {
        "coverage": charts.label_coverage(table["label_coverage"]),
        "projected": charts.projected_and_actual(table["projections"]),
        "tiers": charts.tiers(table["tiers"]),
        "funnel": charts.funnel(table["funnel"]),
        "trend": charts.success_trend(table["success_trend"], before=before, after=after),
        "queue": charts.queue_calendar(table["queue"], today=today),
        "strategies": charts.strategy_recoveries(pl.DataFrame(year["by_week"]), pl.DataFrame(year["rows"])),
        "policy": charts.policy_steps(
            pl.DataFrame(counted["policy"]["steps"], schema=STEPS),
            asked=counted["policy"]["precision"] or ACCEPT_PRECISION,
        ),
        "bands": charts.confidence_bands(table["confidence_bands"]),
    }


def plain(value: Any) -> Any:
    """The figures with dates as ISO text, for JSON."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value.isoformat() if isinstance(value, datetime | date) else value


def _check_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputFileError(f"{folder}: cannot be made: {error.strerror}; name another folder with --out") from None
    if not os.access(folder, os.W_OK):
        raise InputFileError(f"{folder}: may not be written to; name another folder with --out")
