"""The recovery report: one HTML page that opens offline, and its figures as JSON beside it.

Reads Postgres in one transaction; writes two files, each whole or not at all. Figures that have moved since the report
before are set beside it; that one's JSON is kept for it. A former report is only ever read for numbers and names; what
an older version did not write is left blank.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined

from enrich import charts
from enrich.cooldown.simulation import simulated_year
from enrich.errors import EnrichError, InputFileError
from enrich.frames.files import check_place, replacing
from enrich.frames.inputs import parse_json, read_input
from enrich.ledger.policy import STEPS
from enrich.pipeline.weighing import PolicyView, policy
from enrich.reporting.dashboards import read_counts
from enrich.reporting.figures import figures
from enrich.rules import ACCEPT_PRECISION, AUDIT_SIZE, DECISION_S, PROJECTED_DAYS, PROJECTED_PERCENT
from enrich.settings import Settings
from enrich.text.showing import short

HTML_NAME, JSON_NAME = "recovery-report.html", "recovery-report.json"
#: The figures of the report before, kept where they differ from those at hand.
FORMER_NAME = "recovery-report-former.json"
#: Figures set side by side: path in the report, words, unit, and whether more or less of it is better.
COMPARED: tuple[tuple[tuple[str, ...], str, str, str | None], ...] = (
    (("headline", "tracks"), "Tracks with an enrichment status", "tracks", None),
    (("headline", "completed_after"), "Completed", "tracks", "more"),
    (("headline", "success_rate_after_pct"), "Success rate", "%", "more"),
    (("headline", "unresolved_after"), "Unresolved (failed or in the queue)", "tracks", "less"),
    (("headline", "in_cooldown_after"), "In the cool-down queue", "tracks", None),
    (("headline", "permanently_failed_after"), "Permanently failed", "tracks", "less"),
    (("headline", "recovered"), "Recovered", "tracks", "more"),
    (("headline", "recovered_precision", "precision"), "Recovered and right, of those recovered", "share", "more"),
    (("headline", "labels_written"), "Labels written", "tracks", "more"),
    (("headline", "labels_precision", "precision"), "Labels right, of those written", "share", "more"),
    (("headline", "artists_written"), "Artists written", "tracks", "more"),
    (("label_coverage", "failed_at_start", "after_pct"), "Tracks failed at the start that have a label", "%", "more"),
)
_BY = ("kind", "tier", "source")
#: Bytes of a report's figures.
_LARGEST = 1 << 26
#: Of a report, but no figure: it differs from one report to the next while nothing has moved.
_NO_FIGURES = ("generated_at", "comparison")
#: Columns of the report's tables that hold nothing but nulls where nothing is known.
_NUMBERS: dict[str, Any] = dict.fromkeys(("low", "high", "actual", "precision"), pl.Float64) | {"verdict": pl.String}


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

        Raises EnrichError: there is no such table; names those there are.
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
    try:
        check_place(folder / JSON_NAME)
    except InputFileError as error:
        raise InputFileError(f"{error}; name another folder with --out") from None
    named = None if former is None else read_former(Path(former))
    counted = read_figures(settings, now=now)
    before = _former_of(folder, plain(counted))
    against = named if named is not None else before
    counted["comparison"] = None if against is None else compare(against, counted)
    files = {folder / JSON_NAME: _as_json(counted), folder / HTML_NAME: render(counted, today=now.date())}
    if before is not None:
        files[folder / FORMER_NAME] = _as_json(before)
    # All or none: they belong together.
    with replacing(*files) as parts:
        for part, text in zip(parts, files.values(), strict=True):
            part.write_text(text, encoding="utf-8", errors="replace")
    return ReportResult(path_json=folder / JSON_NAME, path_html=folder / HTML_NAME, figures=counted)


def read_figures(settings: Settings, *, now: datetime) -> dict[str, Any]:
    """All figures of the report: counted in Postgres, and beside them, under `simulated_year`, a year of the queue.

    Raises DatabaseError: Postgres is down or not migrated.
    """
    found = figures(read_counts(settings, now=now), now=now)
    weighed = policy(settings)
    in_force = {**weighed.asdict(), "steps": weighed.steps.to_dicts()}
    return {**found, "simulated_year": _simulated_year(), "policy": in_force, "answer": _answer(found, weighed)}


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
    """Dates as ISO text."""
    return json.dumps(values, ensure_ascii=False, indent=2, default=lambda day: day.isoformat()) + "\n"


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
    drawn = draw(counted, today=today)
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


def draw(counted: dict[str, Any], *, today: date) -> dict[str, str]:
    """Every chart of the page as SVG, by its name there."""
    table, year = frames(counted), counted["simulated_year"]
    before, after = (counted["headline"][f"success_rate_{when}_pct"] for when in ("before", "after"))
    steps, asked = pl.DataFrame(counted["policy"]["steps"], schema=STEPS), counted["policy"]["precision"]
    drawn = {
        "coverage": charts.label_coverage(table["label_coverage"]),
        "projected": charts.projected_and_actual(table["projections"]),
        "tiers": charts.tiers(table["tiers"]),
        "funnel": charts.funnel(table["funnel"]),
        "trend": charts.success_trend(table["success_trend"], before=before, after=after),
        "queue": charts.queue_calendar(table["queue"], today=today),
        "strategies": charts.strategy_recoveries(pl.DataFrame(year["by_week"]), pl.DataFrame(year["rows"])),
        "policy": charts.policy_steps(steps, asked=asked or ACCEPT_PRECISION),
        "bands": charts.confidence_bands(table["confidence_bands"]),
    }
    return {name: charts.as_svg(figure) for name, figure in drawn.items()}


def plain(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures as JSON gives them back: dates as ISO text."""
    found: dict[str, Any] = json.loads(_as_json(figures))
    return found


def read_former(path: Path) -> dict[str, Any]:
    """The figures of a former report. Raises InputFileError: the file is missing, or holds no report's figures."""
    try:
        found = parse_json(read_input(path, at_most=_LARGEST), where=path)
    except InputFileError as error:
        raise InputFileError(f"{error}; --compare takes the JSON that `enrich report` writes") from None
    if not isinstance(found, dict) or not isinstance(found.get("headline"), dict):
        raise InputFileError(f"{path}: holds no report's figures; --compare takes the JSON that `enrich report` writes")
    return found


def same_figures(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two reports, both as JSON holds them, say the same, whenever they were made."""
    return all(one.get(name) == other.get(name) for name in {*one, *other} - {*_NO_FIGURES})


def compare(former: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Set a former report's figures (as `read_former` gives them) beside those at hand.

    Returns:
        former (generated_at, database; text), is_same_start (whether both began with the same tracks and failures),
        rows (key, figure, unit: `tracks`, `%` or `share`; former, now, change, is_better) and by_source (kind, tier,
        source, former and now of proposals and written, has_moved). What either side does not know is None.
    """
    rows = []
    for path, words, unit, good in COMPARED:
        before, after = _number(former, path), _number(now, path)
        change = None if before is None or after is None else round(after - before, 4)
        is_better = None if not change or good is None else (change > 0) == (good == "more")
        row = {"key": ".".join(path), "figure": words, "unit": unit, "former": before, "now": after}
        rows.append({**row, "change": change, "is_better": is_better})
    start = [("headline", name) for name in ("tracks", "failed_before", "failed_with_label_before")]
    return {
        "former": {name: str(former.get(name) or "") for name in ("generated_at", "database")},
        "is_same_start": all(_number(former, path) == _number(now, path) for path in start),
        "rows": rows,
        "by_source": _by_source(former, now),
    }


def _by_source(former: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    sides = [_sources(former), _sources(now)]
    keys = sorted({*sides[0], *sides[1]}, key=lambda key: (key[0] != "label", key))
    return [
        {
            **dict(zip(_BY, key, strict=True)),
            **{
                f"{figure}_{when}": side.get(key, {}).get(figure, 0)
                for figure in ("proposals", "written")
                for when, side in zip(("former", "now"), sides, strict=True)
            },
            "has_moved": sides[0].get(key) != sides[1].get(key),
        }
        for key in keys
    ]


def _sources(figures: Mapping[str, Any]) -> dict[tuple[str, int, str], dict[str, int]]:
    found = figures.get("by_source")
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    return {
        (str(row.get("kind")), int(_number(row, ("tier",)) or 0), str(row.get("source"))): {
            figure: int(_number(row, (figure,)) or 0) for figure in ("proposals", "written")
        }
        for row in rows
    }


def _number(figures: Mapping[str, Any], path: tuple[str, ...]) -> float | None:
    value: Any = figures
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
