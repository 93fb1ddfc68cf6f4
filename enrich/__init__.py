"""`enrich`: names the tracks nobody can name.

Every command of the command line is one function here, loaded when first used:

    import enrich
    snap = enrich.open_snapshot()
    ranking = enrich.rank_artists("tracklists.parquet")

Importing this package connects to nothing and reads no settings.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

#: Public name → where it lives. Sorted; a test checks that each resolves and is documented.
_PUBLIC: dict[str, str] = {
    "EnrichError": "enrich.errors",
    "accept": "enrich.ledger.review",
    "catalogue": "enrich.demo.catalogue.serving",
    "dashboards": "enrich.reporting.dashboards",
    "demo": "enrich.demo.loading",
    "evaluate": "enrich.cooccurrence.evaluation",
    "graph": "enrich.cooccurrence.graph_files",
    "hunt_label_file": "enrich.tiers.label_hunter",
    "hunt_labels": "enrich.pipeline.cycle",
    "import_": "enrich.importing.running",
    "link_ids": "enrich.identity.linking",
    "load_settings": "enrich.settings",
    "open_snapshot": "enrich.analyst.opening",
    "parse_titles": "enrich.text.titles",
    "proposals": "enrich.ledger.proposals",
    "propose_aliases": "enrich.cooccurrence.aliases",
    "rank_artists": "enrich.cooccurrence.ranking",
    "read_tracklists": "enrich.tracklists.reading",
    "reject": "enrich.ledger.review",
    "replay": "enrich.replaying.running",
    "report": "enrich.reporting.recovery",
    "resolve": "enrich.pipeline.cycle",
    "run": "enrich.main_job",
    "serve": "enrich.api.serving",
    "snapshot": "enrich.snapshots.taking",
    "trace_ids": "enrich.identity.linking",
    "train_ranker": "enrich.cooccurrence.learned",
    "trigger": "enrich.pipeline.cycle",
    "writeback": "enrich.ledger.writing",
}

#: Sub-packages a notebook uses by name (`enrich.cooldown.period_days`).
_SUBPACKAGES = ("analyst", "cooldown")

__all__ = sorted([*_PUBLIC, "__version__"])  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    if name in _SUBPACKAGES:
        return import_module(f"enrich.{name}")
    raise AttributeError(f"module 'enrich' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
