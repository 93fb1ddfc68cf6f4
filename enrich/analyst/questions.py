"""Questions about tracks, answered from marts in memory (others are queries of sql/duckdb/analyst.sql). Pure."""

from __future__ import annotations

from typing import Any, Protocol

import polars as pl
from rapidfuzz import fuzz, process

from enrich.errors import EnrichError
from enrich.measuring.scale import Scale
from enrich.snapshots.opening import Manifest
from enrich.sql import DUCKDB, in_memory
from enrich.text.normalise import artist_key, normalise_artist, normalise_title
from enrich.text.words import is_unknown_artist, is_unknown_title
from enrich.tiers.internal import speaks
from enrich.tiers.workspace import Workspace

_S: Any = pl.String

#: A failed track as an analyst reads it.
FAILED = pl.Schema(
    {"track_id": _S, "title": _S, "artist": _S, "label": _S, "is_retriable": pl.Boolean}
    | {"is_permanently_failed": pl.Boolean, "retry_count": pl.Int64, "error_message": _S, "plays": pl.Int64}
    | {"first_played": pl.Date, "last_played": pl.Date}
)

#: What a track offers those who would name it, one Boolean each.
CLUES = {
    "has_title": "a title that says something",
    "has_label": "a label",
    "has_label_hint": "a label, or one in the brackets of its title",
    "has_namesake": "another track of the same title, artist known",
    "has_roster": "known artists on its label",
    "has_neighbour": "a known artist within two slots",
    "has_two_sets": "two sets it is played in",
}

#: One row per artist played near a track.
NEIGHBOURS = pl.Schema(
    {"artist": _S, "sets": pl.Int64, "plays": pl.Int64, "nearest": pl.Int64, "djs": pl.Int64, "labels": pl.List(_S)}
)


class Source(Protocol):
    """The snapshot that `labels`, `artists` and `cooldown` hang on: what they need of it, read when it is needed."""

    manifest: Manifest

    def sql(self, name: str, **params: object) -> pl.DataFrame: ...  # noqa: D102

    @property
    def workspace(self) -> Workspace: ...  # noqa: D102

    @property
    def scale(self) -> Scale: ...  # noqa: D102

    def judged_proposals(self) -> pl.DataFrame: ...  # noqa: D102


def clues(tracks: pl.DataFrame, tracklists: pl.DataFrame) -> pl.DataFrame:
    """What each failed track offers those who would name it, from both marts: track_id, title, the columns of CLUES."""
    lost = tracks.filter("is_failed")
    known = tracks.filter("is_known_artist")
    namesakes = known.filter(speaks(pl.col("base_key"))).select("base_key").unique()
    rosters = known.drop_nulls("label_key").select("label_key").unique()
    asked = lost.select(track_key="track_id")
    heard = _of_slots("analyst_heard", tracklists, asked, window_slots=2)
    near, twice = heard.filter("has_neighbour")["track_key"], heard.filter(pl.col("sets") >= 2)["track_key"]
    has_label = pl.col("label").is_not_null()
    return lost.sort("track_id").select(
        "track_id",
        "title",
        has_title=speaks(pl.col("base_key")).fill_null(value=False),
        has_label=has_label,
        has_label_hint=has_label | pl.col("title_label").is_not_null(),
        has_namesake=pl.col("base_key").is_in(namesakes["base_key"].to_list()).fill_null(value=False),
        has_roster=pl.col("label_key").is_in(rosters["label_key"].to_list()).fill_null(value=False),
        has_neighbour=pl.col("track_id").is_in(near.to_list()),
        has_two_sets=pl.col("track_id").is_in(twice.to_list()),
    )


def lacking(clues: pl.DataFrame) -> pl.DataFrame:
    """How many failed tracks lack each of `clues`: clue, have, lack, lack_pct; last, how many have any but plays."""
    total = max(clues.height, 1)
    rows = [(words, int(clues[name].sum()), int((~clues[name]).sum())) for name, words in CLUES.items()]
    use = [name for name in CLUES if name not in ("has_two_sets", "has_title")]
    some = int(clues.select(pl.any_horizontal(use).sum()).item())
    rows.append(("any of a label, a namesake, a roster, a neighbour", some, clues.height - some))
    told = [(words, have, lack, round(100 * lack / total, 1)) for words, have, lack in rows]
    return pl.DataFrame(told, schema=["clue", "have", "lack", "lack_pct"], orient="row")


def find(tracks: pl.DataFrame, which: str) -> pl.DataFrame:
    """The tracks `which` may mean, likeliest first: those that failed, then those without an artist, then by plays.

    Args:
        tracks: The mart.
        which: A track id, a title, or `Artist - Title`; a title may be given without its brackets, or in part.

    Raises:
        EnrichError: none; names the closest titles.
    """
    exact = tracks.filter(pl.col("track_id") == which.strip().lower())
    if not exact.is_empty():
        return exact
    wanted = normalise_title(which) or ""
    artist, dash, title = which.partition(" - ")
    of_artist = (pl.col("title_key") == normalise_title(title)) & (
        artist_key(pl.col("artist")) == normalise_artist(artist)
    )
    for rule in (
        pl.col("title_key") == wanted,
        of_artist if dash else pl.lit(value=False),
        pl.col("base_key") == wanted,
        pl.col("title_key").str.contains(wanted, literal=True) & pl.lit(len(wanted) >= 3),
    ):
        found = tracks.filter(rule)
        if not found.is_empty():
            return found.sort(
                [pl.col("is_failed"), ~pl.col("is_known_artist"), pl.col("plays"), pl.col("track_id")],
                descending=[True, True, True, False],
            )
    keys = tracks["title_key"].drop_nulls().unique().sort().to_list()
    close = [key for key, _, _ in process.extract(wanted, keys, scorer=fuzz.WRatio, limit=3)]
    spelled = tracks.filter(pl.col("title_key").is_in(close))["title"].unique().sort().head(3).to_list()
    hint = f"; close are {', '.join(repr(t) for t in spelled)}" if spelled else ""
    raise EnrichError(f"no track {which!r} in this snapshot{hint}")


def plays_of(tracklists: pl.DataFrame, track_key: str, *, window: int = 2) -> pl.DataFrame:
    """Every slot a track is played in, and the slots around it, sets in order of their dates.

    Returns:
        set_id, set_date, dj, set_name, length (last position of the set), position, offset (0: the track itself),
        artist (null: unknown), title, label.
    """
    return _of_slots("analyst_plays", tracklists, track_key=track_key, window_slots=window)


def neighbours(tracklists: pl.DataFrame, track_key: str, *, window: int = 2) -> pl.DataFrame:
    """Artists played within `window` slots (>= 1) of a track, those of most sets first.

    Returns:
        Schema NEIGHBOURS: sets and plays near the track, the smallest distance, DJs who played them so, their labels.
    """
    if window < 1:
        raise EnrichError(f"window must be >= 1, got {window}")
    asked = pl.DataFrame({"track_key": [track_key]})
    return _of_slots("analyst_neighbours", tracklists, asked, window_slots=window).match_to_schema(NEIGHBOURS)


def shown_title(title: str | None) -> str:
    """A title, or what stands for one that says nothing."""
    return title or "(no title)"


def says_nothing(title: str | None) -> bool:
    """Whether a title is an unknown-word."""
    found: bool = pl.DataFrame({"t": [title]}, schema={"t": pl.String}).select(is_unknown_title(pl.col("t"))).item()
    return title is None or found


def _of_slots(name: str, tracklists: pl.DataFrame, asked: pl.DataFrame | None = None, **values: object) -> pl.DataFrame:
    """A named query over `slots`, where the artists of unknown ones are null, and `asked` (track_key)."""
    slots = tracklists.with_columns(artist=pl.when(~is_unknown_artist(pl.col("artist"))).then("artist"))
    with in_memory(slots=slots, **({} if asked is None else {"asked": asked})) as con:
        return DUCKDB[name].frame(con, **values)
