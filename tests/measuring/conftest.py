"""The small workspaces of the tiers."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_TIERS = Path(__file__).resolve().parent.parent / "tiers" / "conftest.py"
_spec = importlib.util.spec_from_file_location("tiers_conftest", _TIERS)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)

workspace = _module.workspace
