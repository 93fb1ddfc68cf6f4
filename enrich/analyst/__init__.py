"""The analyst's room: a snapshot that answers in one line, stories of single tracks, the review as a widget.

import enrich
snap = enrich.open_snapshot()                # or enrich.analyst.room(None): the demo world
snap.track("Frozen Ground").why()
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "ABGT_500": "worked_example",
    "Room": "room",
    "Story": "why",
    "demo_snapshot": "demo_room",
    "evaluation": "studies",
    "falls_due": "studies",
    "funnel": "studies",
    "label_coverage": "studies",
    "projections": "studies",
    "queue_weeks": "studies",
    "queue_year": "studies",
    "release_curves": "studies",
    "retry_table": "studies",
    "shipped_evaluation": "studies",
    "review_widget": "review_widget",
    "room": "demo_room",
}

__all__ = sorted(_PUBLIC)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        module = import_module(f"{__name__}.{_PUBLIC[name]}")
        # A submodule of the same name, once imported, would hide its function.
        found = getattr(module, name)
        globals()[name] = found
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
