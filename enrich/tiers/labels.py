"""Tier 0: a label in the title's brackets, known for the track elsewhere in the database, or hunted at the sources."""

import threading
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import polars as pl

from enrich.labels.book import LabelBook
from enrich.matching.choice import MEASURED_RULES
from enrich.matching.recordings import track_queries
from enrich.matching.scores import PARTS
from enrich.matching.values import Outcome, TrackQuery
from enrich.resources import resource
from enrich.rules import LABEL_FLOOR
from enrich.sources.base import Source
from enrich.text.normalise import label_key
from enrich.tiers.internal import SAME_RECORDING, agreeing
from enrich.tiers.label_hunter import HUNTED, OnProgress, hunt
from enrich.tiers.proposing import AskingTier, propose, propose_by_source, unlabelled
from enrich.tiers.workspace import Workspace


def title_labels(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
    """PROPOSALS (tier 0, source `title`): labels in the titles, `[Armada]` 0.70 known, 0.65 not; `(Armada)` 0.65.

    A round bracket nobody knows is left to the Label Hunter, which asks the sources first.
    """
    spelling = ws.label_spellings.rename({"label": "known_as"})
    found = (
        unlabelled(ws, track_ids)
        .filter(pl.col.title_label.is_not_null() & (pl.col.title_label_confidence > LABEL_FLOOR))
        .with_columns(label_key=label_key(pl.col.title_label))
        .join(spelling, on="label_key", how="left", maintain_order="left")
        .with_columns(
            value=pl.coalesce("known_as", "title_label"),
            probability="title_label_confidence",
            in_title="title_label",
            bucket=bracket_bucket(),
        )
    )
    return propose(found, kind="label", tier=0, source="title", evidence=["title", "in_title", "known_as", "bucket"])


def database_labels(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
    """PROPOSALS (tier 0, source `database`): labels the database knows for another version of the same track.

    With a known artist the title must agree under that artist; without, the title alone.
    """
    keys = ws.known.select("track_id", artist_text=pl.col.artist_keys.list.join("|"))
    tracks = ws.tracks.select("track_id", "title", "base_key", "version_class", "remixer", "label_key").join(
        keys, on="track_id", how="left"
    )
    labelled = tracks.filter(pl.col.label_key.is_not_null() & pl.col.version_class.is_in(SAME_RECORDING))
    asked = unlabelled(ws, track_ids).select("track_id")
    # The artist's key and the title's, as one: nothing but the same pair can meet it.
    under_artist = pl.concat_str("artist_text", pl.lit(" ¦ "), "base_key")
    theirs = [of.drop_nulls("artist_text").with_columns(base_key=under_artist) for of in (tracks, labelled)]
    by_artist = _answers(*theirs, asked=asked, rule="same artist, ")
    nameless = tracks.filter(pl.col.artist_text.is_null())
    by_title = _answers(pl.concat([labelled, nameless]).unique("track_id"), labelled, asked=asked, rule="title alone, ")
    found = pl.concat([by_artist, by_title]).join(ws.label_spellings.rename({"label": "value"}), on="label_key")
    return propose(found, kind="label", tier=0, source="database", evidence=["example", "others", "bucket"])


def _answers(tracks: pl.DataFrame, labelled: pl.DataFrame, *, asked: pl.DataFrame, rule: str) -> pl.DataFrame:
    blanks = tracks.filter(pl.col.version_class.is_in(SAME_RECORDING) & pl.col.label_key.is_null())
    answers = agreeing(blanks.join(asked, on="track_id", how="semi"), labelled, value="label_key")
    return answers.with_columns(bucket=pl.concat_str(pl.lit(rule), "bucket"))


def bracket_bucket() -> pl.Expr:
    """How a label stands in a title: of `title`, `title_label` and `known_as` (null: the database does not know it)."""
    label = pl.col.title_label.str.to_lowercase()
    inside = pl.col.title.str.to_lowercase().str.extract_all(r"\[[^\]]*").list.join(" ")
    is_square = inside.str.contains(label, literal=True).fill_null(value=False)
    return pl.format(
        "{}, {}known to the database",
        pl.when(is_square).then(pl.lit("[…]")).otherwise(pl.lit("(…)")),
        pl.when(pl.col.known_as.is_null()).then(pl.lit("not ")).otherwise(pl.lit("")),
    )


#: Why a track has no label, by the rule that decided it.
WITHOUT: Mapping[str, str] = resource("tiers/without.toml")


class OutsideLabels(AskingTier[TrackQuery, dict[str, Any]]):
    """Tier 0 over a workspace: PROPOSALS of the Label Hunter, source by source; `unavailable` is of the whole run.

    In later rounds of a run a track is asked again only if its artist has become known since.
    """

    def __init__(
        self, sources: Sequence[Source], *, on_progress: OnProgress | None = None, stop: threading.Event | None = None
    ) -> None:
        super().__init__(sources, stop=stop)
        self._on_hunt = on_progress
        self.unavailable_tracks: set[str] = set()

    def __call__(self, ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
        """Proposals for the tracks of `track_ids` that have no label."""
        self.asking(ws, track_ids)()
        rows = [self._known[query] for query in self._questions(ws, track_ids)]
        silent = {row["track_id"] for row in rows if row["outcome"] == Outcome.UNAVAILABLE.value}
        self.unavailable_tracks = (self.unavailable_tracks - {row["track_id"] for row in rows}) | silent
        return hunt_proposals(pl.DataFrame(rows, schema=HUNTED))

    def _questions(self, ws: Workspace, track_ids: pl.Series) -> list[TrackQuery]:
        return track_queries(unlabelled(ws, track_ids).with_columns(artist=pl.when("is_known_artist").then("artist")))

    def _ask(self, new: Sequence[TrackQuery], book: LabelBook) -> None:
        found = hunt(new, sources=self._sources, book=book, on_progress=self._on_hunt, stop=self._stop)
        self._known.update(zip(new, found.tracks.iter_rows(named=True), strict=True))
        self.unavailable.update(found.unavailable)

    def why_without(self, track_ids: Collection[str]) -> dict[str, int]:
        """Why tracks of `track_ids` got no label, in words, and how many for each reason, the commonest first."""
        wanted = set(track_ids)
        rows = {row["track_id"]: row for row in self._known.values() if row["track_id"] in wanted}
        reasons = Counter(WITHOUT.get(row["rule"], row["rule"]) for row in rows.values())
        return dict(sorted(reasons.items(), key=lambda entry: (-entry[1], entry[0])))


def _bucket() -> pl.Expr:
    """What a found label is measured as: by its rule where one has a measure of its own, else by the match alone."""
    return (
        pl.when(pl.col.source == "title")
        .then(pl.lit("(…), not known to the database"))
        .when(pl.col.rule.is_in(MEASURED_RULES))
        .then("rule")
        .otherwise(pl.lit("found by the match"))
    )


def hunt_proposals(tracks: pl.DataFrame) -> pl.DataFrame:
    """PROPOSALS (kind `label`, tier 0) of a hunt's finds and of what it leaves to review; schema HUNTED in."""
    found = tracks.filter(pl.col.label.is_not_null()).rename({"label": "value"})
    at_source = pl.col.source != "title"
    return propose_by_source(
        # What a title says that no source knows is measured with the other titles.
        found.with_columns(bucket=_bucket(), confidence=pl.when(at_source).then("confidence")),
        kind="label",
        tier=0,
        evidence=[
            "bucket", "reason", "rivals", "release", "catalog_number", "release_date", "url",
            *(f"part_{name}" for name in PARTS),
        ],
    )  # fmt: skip
