"""Pictures of frames, for notebooks and reports: each function takes a frame, states its columns, returns a Figure.

    import enrich
    enrich.charts.failure_reasons(snap.failure_reasons())

Loaded when first used: matplotlib takes its time. The names are those of `__init__.pyi`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
