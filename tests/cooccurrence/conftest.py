"""Fixtures of co-occurrence."""

from small_world import world

__all__ = ["world"]
