"""The analyzer of the specification, over the engine of this package: one track, from 1001Tracklists-shaped data.

    contexts = await extract_contexts_from_1001tracklists(tracklist_data=raw, target_track_title="ID - ID")
    artists = await CoOccurrenceAnalyzer().analyze_track_context(track_title="ID - ID", contexts=contexts)

Whoever passes several contexts says that they are of one track: that two slots are called `ID - ID` does not make them
one. The functions are coroutines, as the specification calls them, and wait for nothing. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from enrich.cooccurrence.ranking import rank
from enrich.frames.schemas import TRACKLISTS
from enrich.rules import GATE_PROBABILITY, GATE_SETS, WINDOW
from enrich.text.normalise import artist_key, normalise_artist, normalise_title, title_key
from enrich.text.words import is_unknown_artist, is_unknown_title
from enrich.tracklists.checking import check
from enrich.tracklists.reading import read_json

_TARGET = "\x00target"
_SLOT = ["set_id", "position"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearbyPlay:
    """One slot near the track."""

    position: int
    artist: str | None
    title: str | None
    label: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackContext:
    """One slot of the track, and what was played around it."""

    set_id: str
    set_name: str | None
    dj: str | None
    set_date: date | None
    position: int
    before: tuple[NearbyPlay, ...]
    after: tuple[NearbyPlay, ...]
    tracklists: pl.DataFrame = field(repr=False, compare=False)
    """All sets of the data the context was found in (TRACKLISTS): what its DJs and labels are judged by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtistProbability:
    """A candidate, with the fields of the specification's example."""

    artist_name: str
    probability: float
    confidence: float | None
    """Calibrated on masked replay; None where nothing was measured."""
    occurrence_count: int
    label_support: str | None
    evidence: tuple[str, ...]

    def asdict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {**asdict(self), "evidence": list(self.evidence)}


async def extract_contexts_from_1001tracklists(
    tracklist_data: Mapping[str, Any] | Sequence[Any], target_track_title: str, *, window: int = WINDOW
) -> list[TrackContext]:
    """Find every slot of a track and what was played around it.

    Args:
        tracklist_data: Parsed JSON of one set or a list of sets, in any shape that tracklist files may have.
        target_track_title: `Artist - Title` or `Title`. An unknown-word stands for any: `ID - ID` finds every slot
            nobody knows; `ID - Frozen Ground` those of that title without an artist.
        window: Positions to either side that belong to the context.

    Returns:
        One context per slot, by set_id and position.

    Raises:
        InputFileError: there is no tracklist in the data.
    """
    where = Path("tracklist_data")
    draft = read_json(json.dumps(tracklist_data, default=str), where)
    rows = check([(str(where), draft)]).rows.sort(_SLOT)
    found = rows.filter(_is_target(target_track_title))
    return [_context(slot, rows, window) for slot in found.iter_rows(named=True)]


class CoOccurrenceAnalyzer:
    """Ranks the artists a track may be by; the thresholds are the specification's."""

    def __init__(
        self,
        *,
        min_probability: float = GATE_PROBABILITY,
        min_occurrences: int = GATE_SETS,
        window: int = WINDOW,
        aliases: pl.DataFrame | None = None,
    ) -> None:
        self.min_probability, self.min_occurrences = min_probability, min_occurrences
        self.window, self.aliases = window, aliases

    async def analyze_track_context(
        self, track_title: str, contexts: Sequence[TrackContext]
    ) -> list[ArtistProbability]:
        """The artists at or above both thresholds, best first; none without contexts.

        Args:
            track_title: What the track is called; for the reader's sake, the contexts say where it was played.
            contexts: All slots of this one track.
        """
        if not contexts:
            return []
        places, schema = [(c.set_id, c.position) for c in contexts], {name: TRACKLISTS[name] for name in _SLOT}
        slots = pl.DataFrame(places, schema=schema, orient="row").unique()
        data = pl.concat({id(c.tracklists): c.tracklists for c in contexts}.values()).unique()
        # Its own slots are masked, whatever stood there: a track is not evidence of itself.
        others = data.join(slots, on=_SLOT, how="anti")
        nothing = pl.lit(None, pl.String)
        own = data.join(slots, on=_SLOT).with_columns(artist=nothing, label=nothing, track_key=pl.lit(_TARGET))
        ranking = rank(pl.concat([others, own]), aliases=self.aliases, window=self.window)
        chosen = ranking.filter(
            pl.col("track_key") == _TARGET,
            pl.col("probability") >= self.min_probability,
            pl.col("occurrence_count") >= self.min_occurrences,
        )
        fields = ("probability", "confidence", "occurrence_count", "label_support")
        return [
            ArtistProbability(
                artist_name=row["artist"], evidence=tuple(row["evidence"]), **{name: row[name] for name in fields}
            )
            for row in chosen.iter_rows(named=True)
        ]


def _is_target(wanted: str) -> pl.Expr:
    artist, dash, title = wanted.partition(" - ")
    if not dash:
        artist, title = "", wanted
    by = is_unknown_artist(pl.col("artist"))
    if dash and not pl.select(is_unknown_artist(pl.lit(artist))).item():
        by = artist_key(pl.col("artist")) == normalise_artist(artist)
    elif not dash:
        by = pl.lit(value=True)
    if pl.select(is_unknown_title(pl.lit(title))).item():
        # A title alone that says nothing (`ID`) means the slots nobody knows.
        return (by if dash else is_unknown_artist(pl.col("artist"))) & is_unknown_title(pl.col("title"))
    return by & (title_key(pl.col("title")) == normalise_title(title))


def _context(slot: Mapping[str, Any], rows: pl.DataFrame, window: int) -> TrackContext:
    at = slot["position"]
    near = rows.filter(pl.col("set_id") == slot["set_id"], pl.col("position").is_between(at - window, at + window))
    plays = [NearbyPlay(**r) for r in near.select("position", "artist", "title", "label").iter_rows(named=True)]
    return TrackContext(
        **{name: slot[name] for name in ("set_id", "set_name", "dj", "set_date", "position")},
        before=tuple(play for play in plays if play.position < at),
        after=tuple(play for play in plays if play.position > at),
        tracklists=rows,
    )
