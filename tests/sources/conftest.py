"""The fixtures of `catalogue_stock`."""

from catalogue_stock import *  # noqa: F403 - its `__all__` are the fixtures
