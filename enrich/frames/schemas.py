"""Frames the parts hand to each other, as Polars schemas, and the evidence in them, one JSON object a proposal. Pure.

A function that returns one of these says so and ends in `.match_to_schema(NAME)`.
"""

import json
from collections.abc import Mapping

import polars as pl

#: One row per played slot of a DJ set: what files hold, what the snapshot's mart `tracklists` holds, and what
#: the co-occurrence engine reads. `position` counts from 1. A row whose `artist` is null or an unknown-word is
#: an unknown slot; equal `track_key` means the same recording (for unknowns: the same unknown).
TRACKLISTS = pl.Schema(
    {
        "set_id": pl.String,
        "dj": pl.String,
        "set_name": pl.String,
        "set_date": pl.Date,
        "position": pl.Int32,
        "artist": pl.String,
        "title": pl.String,
        "label": pl.String,
        "is_id": pl.Boolean,
        "track_key": pl.String,
    }
)

#: Columns a tracklist file must have; the others of TRACKLISTS are filled with nulls when absent.
TRACKLISTS_REQUIRED = ("set_id", "position")

#: `rank-artists`: one row per unknown and candidate, `rank` from 1, at most 50 an unknown.
RANKING = pl.Schema(
    {"track_key": pl.String(), "rank": pl.Int32(), "artist": pl.String()}
    | {"probability": pl.Float64(), "confidence": pl.Float64(), "occurrence_count": pl.Int32()}
    | {"label_support": pl.String(), "evidence": pl.List(pl.String)}
    | dict.fromkeys(("occurrence", "label", "dj", "position"), pl.Float64())
)

#: Kinds of proposals: what fills a blank of a track, or which recording it is.
KINDS = ("label", "artist", "identity")

#: A proposal for one track. `kind` is one of KINDS; `tier` 0, 1 or 2; `source` names the rule or service;
#: `probability` is what the rule says (null: it has no number of its own), `confidence` the measured share of right
#: answers among those of the same evidence (null: nothing was measured, shown as `rule`); both 0–1. `evidence` is JSON.
PROPOSALS = pl.Schema(
    dict.fromkeys(("proposal_id", "track_id", "kind", "value", "artist_id"), pl.String())
    | {"tier": pl.Int8(), "source": pl.String(), "probability": pl.Float64(), "confidence": pl.Float64()}
    | {"status": pl.String(), "evidence": pl.String()}
)


def evidence_json(evidence: Mapping[str, object]) -> str:
    """What a rule goes by, without what is unknown; shares with four digits."""
    return json.dumps(
        {k: round(v, 4) if isinstance(v, float) else v for k, v in evidence.items() if v is not None},
        ensure_ascii=False,
        default=str,
    )


def proposed_artists() -> pl.Expr:
    """List(String): the artists a proposal (`value`, `evidence`) means; several where its evidence lists them."""
    # JSON is read where it can list any: most evidence does not.
    telling = pl.when(pl.col("evidence").str.contains('"artists"', literal=True)).then("evidence")
    listed = telling.map_elements(_listed, return_dtype=pl.List(pl.String), skip_nulls=True)
    return pl.coalesce(listed, pl.concat_list("value"))


def _listed(evidence: str) -> list[str] | None:
    parsed = json.loads(evidence)
    names = parsed.get("artists") if isinstance(parsed, dict) else None
    return [str(name) for name in names] or None if isinstance(names, list) else None
