"""`enrich`: names the tracks nobody can name.

Every command of the command line is one function here, loaded when first used:

    import enrich
    snap = enrich.open_snapshot()
    ranking = enrich.rank_artists("tracklists.parquet")

Importing this package connects to nothing and reads no settings. The names, and where each lives: `__init__.pyi`.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ = sorted([*__all__, "__version__"])  # pyright: ignore[reportUnsupportedDunderAll]
