"""Naming an unknown from the plays around it: contexts, signals, scoring, calibration, graph and evaluation.

from enrich.cooccurrence import CoOccurrenceAnalyzer, extract_contexts_from_1001tracklists, rank
"""

import lazy_loader

_NAMES = ["ArtistProbability", "CoOccurrenceAnalyzer", "TrackContext", "extract_contexts_from_1001tracklists", "rank"]
__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={"ranking": _NAMES})
