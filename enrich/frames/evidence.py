"""The evidence of a proposal as the ledger keeps it: one JSON object. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping


def evidence_json(evidence: Mapping[str, object]) -> str:
    """What a rule goes by, without what is unknown; shares with four digits."""
    return json.dumps(
        {k: round(v, 4) if isinstance(v, float) else v for k, v in evidence.items() if v is not None},
        ensure_ascii=False,
        default=str,
    )


def listed_artists(evidence: str) -> list[str]:
    """The names a proposal lists in its evidence under `artists`; empty where it lists none."""
    parsed = json.loads(evidence)
    names = parsed.get("artists") if isinstance(parsed, dict) else None
    return [str(name) for name in names] if isinstance(names, list) else []
