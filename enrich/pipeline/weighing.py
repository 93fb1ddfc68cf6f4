"""What the policy in force makes of the ledger: what it would accept of each source, how surely, and at what cost."""

from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from enrich.ledger.policy import Policy, read_policy
from enrich.ledger.proposals import proposals
from enrich.measuring.replay import MEASURED
from enrich.measuring.scale import Scale, decided
from enrich.rules import ACCEPT_PRECISION
from enrich.settings import Settings

#: Precisions whose cost in proposals is told, beside the one asked for.
_ASKED = (0.90, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)

#: One row per kind and source: proposals on record, those waiting, those of them the policy would accept; the set it
#: accepts: from which confidence, the share expected right, its lower bound; and what people decided so far.
SOURCES = pl.Schema(
    dict.fromkeys(("kind", "source"), pl.String())
    | dict.fromkeys(("proposals", "waiting", "would_accept"), pl.Int64())
    | dict.fromkeys(("from_confidence", "precision", "low"), pl.Float64())
    | {"people_right": pl.Int64(), "people": pl.Int64(), "stopped": pl.Boolean()}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """The policy at work: `sources` (schema SOURCES), and `costs`: what each further percent of precision costs."""

    name: str
    precision: float | None
    sources: pl.DataFrame
    costs: pl.DataFrame
    """asked, accepted (proposals, all sources), expected_right."""
    steps: pl.DataFrame
    """`policy.STEPS`, for the picture."""
    expected_right: float
    """Of what waits, the surest for each blank: how many are expected to be right."""

    def asdict(self) -> dict[str, Any]:
        """As JSON prints it."""
        tables = {"sources": self.sources.to_dicts(), "costs": self.costs.to_dicts()}
        return {"policy": self.name, "precision": self.precision, **tables}

    def text(self) -> str:
        """For a terminal."""
        head = f"{'':<28}{'on record':>10}{'waiting':>9}{'accepts':>9}{'from':>7}{'right':>8}"
        lines = [f"{head}{'at least':>10}{'people':>10}"]
        for row in self.sources.iter_rows(named=True):
            known = [f"{row[c]:.2f}" if row[c] is not None else "–" for c in ("from_confidence", "precision", "low")]
            people = f"{row['people_right']}/{row['people']}" if row["people"] else "–"
            said = "  stopped: people reject it" if row["stopped"] else ""
            lines.append(
                f"{row['kind'] + ' ' + row['source']:<28}{row['proposals']:>10,}{row['waiting']:>9,}"
                f"{row['would_accept']:>9,}{known[0]:>7}{known[1]:>8}{known[2]:>10}{people:>10}{said}"
            )
        lines += ["", "Asked of every source's set, at 95 %: how many are accepted, and how many of them are right"]
        lines += [
            f"  {row['asked']:.2f}  {row['accepted']:>6,}  {row['expected_right']:>8.1f}"
            for row in self.costs.iter_rows(named=True)
        ]
        return "\n".join(lines)


def policy(settings: Settings) -> PolicyView:
    """What the policy of the settings accepts of the ledger's proposals.

    Raises:
        SettingsError: the policy cannot be read.
        DatabaseError: Postgres is down or the ledger is missing.
    """
    return weighed(read_policy(settings), proposals(settings))


def weighed(in_force: Policy, listed: pl.DataFrame) -> PolicyView:
    """`policy` of the ledger's rows (schema LISTED)."""
    people = decided(listed)
    rows = Scale(measured=MEASURED.to_frame(), decided=people)(listed)
    steps = in_force.steps(rows)
    place = ["kind", "source"]
    last = steps.filter("is_accepted").group_by(place).last()
    waiting = rows.filter(pl.col("status") == "proposed")
    accepts = waiting.filter(in_force.accepts(waiting, rows)).group_by(place).len("would_accept")
    # As if nobody had decided: what the policy accepted before people rejected it is said to be stopped.
    before = in_force.steps(listed).filter("is_accepted").select(place).unique().with_columns(was_accepted=True)
    table = (
        rows.group_by(place)
        .agg(proposals=pl.len(), waiting=(pl.col("status") == "proposed").sum())
        .join(accepts, on=place, how="left")
        .join(last.select(*place, "precision", "low", from_confidence="confidence"), on=place, how="left")
        .join(people.select(*place, people_right="right", people="n"), on=place, how="left")
        .join(before, on=place, how="left")
        .with_columns(pl.col("would_accept", "people_right", "people").fill_null(0))
        .with_columns(
            stopped=pl.col("was_accepted").fill_null(value=False)
            & pl.col("precision").is_null()
            & (pl.col("people_right") < pl.col("people"))
        )
        .sort(place)
        .match_to_schema(SOURCES, extra_columns="ignore", integer_cast="upcast")
    )
    costs = []
    for precision in sorted({*_ASKED, in_force.precision or ACCEPT_PRECISION}):
        chosen = rows.filter(replace(in_force, fixed={}, precision=precision).accepts(rows))
        costs.append((precision, chosen.height, round(float(chosen["confidence"].sum()), 1)))
    columns = {"asked": pl.Float64, "accepted": pl.Int64, "expected_right": pl.Float64}
    return PolicyView(
        name=in_force.name,
        precision=in_force.precision,
        sources=table,
        costs=pl.DataFrame(costs, schema=columns, orient="row"),
        steps=steps,
        expected_right=float(waiting.group_by("track_id", "kind").agg(pl.col("confidence").max())["confidence"].sum()),
    )
