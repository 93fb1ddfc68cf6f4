"""Naming an unknown from the plays around it: contexts, signals, scoring, calibration, graph and evaluation.

from enrich.cooccurrence import CoOccurrenceAnalyzer, extract_contexts_from_1001tracklists, rank
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "ArtistProbability": "analyzer",
    "CoOccurrenceAnalyzer": "analyzer",
    "TrackContext": "analyzer",
    "extract_contexts_from_1001tracklists": "analyzer",
    "rank": "ranking",
}

__all__ = sorted(_PUBLIC)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
