"""Who an unknown may be, by either scorer: `rank` works on a frame, `rank_artists` on files.

Nothing is written but the file asked for. The result does not depend on the order of the rows. Over `rank` stands the
analyzer of the specification: one track, from 1001Tracklists-shaped data.

    contexts = await extract_contexts_from_1001tracklists(tracklist_data=raw, target_track_title="ID - ID")
    artists = await CoOccurrenceAnalyzer().analyze_track_context(track_title="ID - ID", contexts=contexts)

Whoever passes several contexts says that they are of one track: that two slots are called `ID - ID` does not make them
one. The functions are coroutines, as the specification calls them, and wait for nothing.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import date
from os import PathLike
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from enrich.cooccurrence.answers import Asked, Scorer, Told, counted_ranking, rank_files, rank_frame
from enrich.cooccurrence.engines import DuckDB, Engine
from enrich.cooccurrence.learned import load_ranker
from enrich.cooccurrence.learned import scorer as learned_scorer
from enrich.cooccurrence.slots import unknown_key
from enrich.cooccurrence.stored import load_calibration
from enrich.errors import EnrichError, InputFileError, undoing
from enrich.frames.files import check_output
from enrich.frames.schemas import TRACKLISTS
from enrich.rules import GATE_PROBABILITY, GATE_SETS, MAX_RANK, WINDOW
from enrich.text.normalise import artist_key, normalise_artist, normalise_title, title_key
from enrich.text.words import is_unknown_artist, is_unknown_title
from enrich.tracklists.checking import check
from enrich.tracklists.reading import read_json, read_tracklists

SCORERS = ("formula", "learned")
ENGINES = ("duckdb", "spark")
_TARGET = "\x00target"
_SLOT = ["set_id", "position"]


def rank(
    tracklists: pl.DataFrame,
    *,
    aliases: pl.DataFrame | None = None,
    window: int = WINDOW,
    scorer: str = "formula",
    max_rank: int = MAX_RANK,
    only: pl.Series | None = None,
    model: str | PathLike[str] | None = None,
    told: Told = lambda done, total: None,
) -> pl.DataFrame:
    """Rank the artists every unknown may be by, all unknowns in one pass.

    Args:
        tracklists: TRACKLISTS; columns beyond set_id and position may be absent.
        aliases: Columns `artist`, `alias`; an artist under several names is one candidate.
        window: Positions to either side of an unknown's slot; >= 1.
        scorer: `formula` (the specification's, explainable) or `learned`.
        max_rank: Candidates kept for one unknown; with at least 2 the confidence is what it is with all.
        only: Keys of the unknowns wanted; None: all.
        model: Folder of a stored ranker and its calibrations; None: the shipped one.
        told: Told how many of the unknowns of `only` are done.

    Returns:
        RANKING, by track_key and rank:

        track_key         String   the unknown: its track_key, else `set_id#position`
        rank              Int32    from 1
        artist            String   the name the unknown's DJ played most near its date, in the spelling seen most
        probability       Float64  0.5 × occurrence + 0.3 × label + 0.2 × dj; learned: the ranker's own
        confidence        Float64  calibrated on masked replay, never rising with rank; null where nothing was measured
        occurrence_count  Int32    sets of the unknown with the artist within the window
        label_support     String   top label of the context, where the artist releases on it; else null
        evidence          List     sentences
        occurrence, label, dj, position   Float64  the signals (`formula`)

    Raises:
        EnrichError: a required column is missing, or the scorer is not known.
        ModelError: the stored ranker is missing, damaged, or reads other columns.
    """
    asked = Asked(window=window, max_rank=max_rank, only=only, told=told)
    return rank_frame(tracklists, scorer=_scorer_named(scorer, model=model), aliases=aliases, asked=asked)


def _scorer_named(name: str, *, model: str | PathLike[str] | None = None) -> Scorer:
    if name not in SCORERS:
        raise EnrichError(f"scorer {name!r} is not known; use {' or '.join(SCORERS)}")
    calibration = load_calibration(model).get(name)
    return Scorer(calibration=calibration) if name == "formula" else learned_scorer(load_ranker(model), calibration)


def rank_artists(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]], *, scorer: str = "formula", window: int = WINDOW
) -> pl.DataFrame:
    """`rank` over tracklist files (Parquet, CSV, JSONL, 1001Tracklists-shaped JSON and HTML, MixesDB text).

    Raises InputFileError: none of the files can be used.
    """
    return rank(read_tracklists(paths).rows, scorer=scorer, window=window)


def rank_in_scratch(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]],
    out: str | Path,
    *,
    scorer: str = "formula",
    engine: str = "duckdb",
    memory_limit: str | None = None,
    master: str = "local[*]",
    scratch: str | PathLike[str] | None = None,
    window: int = WINDOW,
) -> dict[str, int]:
    """`answers.rank_files` with an engine of its own (`duckdb`, `spark`), in a folder that is gone afterwards.

    Args:
        engine, memory_limit, master: See `engines.DuckDB` and `spark.Spark`; the other arguments as of `rank_files`.
        scratch: Where the folder is made; None: the system's temporary folder. Spark's executors must see it.

    Raises:
        EnrichError: as `rank_files`; also an engine that is not known or cannot start.
        InputFileError: as `rank_files`; also no folder `scratch`.
    """
    check_output(out)
    if scratch is not None and not Path(scratch).is_dir():
        raise InputFileError(f"{scratch}: no such folder for the files on the way")
    if engine not in ENGINES:
        raise EnrichError(f"engine {engine!r} is not known; use {' or '.join(ENGINES)}")
    if engine == "spark" and memory_limit is not None:
        raise EnrichError("a memory limit is DuckDB's; Spark takes spark.driver.memory and spark.executor.memory")
    if engine == "spark" and scorer != "formula":
        raise EnrichError("Spark runs the formula; the learned ranker runs on DuckDB, with a memory limit on disk")
    chosen = _scorer_named(scorer)
    with TemporaryDirectory(prefix="enrich-", dir=scratch) as folder, undoing(lambda: rmtree(folder, True)):
        if engine == "spark":
            # An optional extra, and a heavy import that most runs do without.
            from enrich.cooccurrence.spark import Spark

            running: Engine = Spark(Path(folder), master=master)
        else:
            running = DuckDB(Path(folder), memory_limit=memory_limit)
        with closing(running):
            return rank_files(paths, out, engine=running, scorer=chosen, window=window)


def ranking_figures(tracklists: pl.DataFrame, ranking: pl.DataFrame) -> dict[str, int]:
    """What a ranking came to: unknowns, those with candidates, and those at the specification's thresholds."""
    slots = tracklists.filter(is_unknown_artist(pl.col("artist")))
    return {
        "sets": tracklists["set_id"].n_unique(),
        "slots": tracklists.height,
        "unknown_slots": slots.height,
        "unknowns": slots.select(unknown_key()).n_unique(),
        **counted_ranking(ranking),
    }


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

    Raises InputFileError: there is no tracklist in the data.
    """
    where = Path("tracklist_data")
    rows = check([(str(where), read_json(json.dumps(tracklist_data, default=str), where))]).rows.sort(_SLOT)
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
