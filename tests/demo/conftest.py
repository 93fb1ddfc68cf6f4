"""The fixtures of `catalogue_stock`."""

from catalogue_stock import (  # noqa: F401 - fixtures
    _no_sources_set,
    big_catalogue,
    catalogue,
    hands,
    lanes,
    night_signal,
    nothing,
    open_one,
    settings,
    stocked,
)
