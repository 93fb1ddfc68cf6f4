"""Which recording an unknown track is: by what tracklists say of it elsewhere (tier 1, `enrich.identity`), and by what
its artist released after it was played, where the title is missing (tier 2, `NewReleases`).

How often the latter is right is not measured: such proposals have no confidence and are for a person in any policy.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import polars as pl

from enrich.frames.schemas import PROPOSALS
from enrich.identity.candidates import MAX_DAYS
from enrich.identity.identify import recordings_meant
from enrich.labels.book import LabelBook
from enrich.matching.values import Hit, TrackQuery
from enrich.sources.base import Source
from enrich.text.credits import credit_keys
from enrich.text.versions import base_key
from enrich.text.words import is_unknown_title
from enrich.tiers.proposing import AskingTier, band_of, propose_by_source
from enrich.tiers.workspace import Workspace

#: Statuses of tracks that are asked besides those of the run: a name that turns up ends their wait.
_WAITING = ("pending_re_enrichment",)
#: Sources of proposals that imports make.
_IMPORTED = ("rescraped", "same-key")
#: Candidates, or releases, kept for one track; below that confidence they are worth nobody's time.
KEPT, WORTH = 3, 0.05


def imported(ledger: pl.DataFrame) -> Callable[[Workspace, pl.Series], pl.DataFrame]:
    """A tier of what an import has proposed and nobody has decided: a file that names an unknown of a set it knows.

    `ledger` are the proposals on record: PROPOSALS without artist_id.
    """
    waiting = (
        ledger.filter(pl.col.source.is_in(_IMPORTED), pl.col.status == "proposed")
        .with_columns(pl.lit(None, pl.String).alias("artist_id"), pl.col.tier.cast(pl.Int8))
        .match_to_schema(PROPOSALS, extra_columns="ignore")
    )

    def names_of_imports(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
        return waiting

    return names_of_imports


def identities(ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
    """PROPOSALS (tier 1, kind identity; source other-listing, same-key or named-later), surest first within a track.

    Besides `track_ids` those are asked for that wait in cool-down, and those whose artist alone is known, which no
    other rule asks for. The evidence has recording_id, artists, title, label, named_in (named_set: as people call it),
    days, and what was found, as sentences.
    """
    no_title = pl.col.is_known_artist & is_unknown_title(pl.col.title)
    asked = ws.tracks.filter(pl.col.track_id.is_in(track_ids.implode()) | pl.col.status.is_in(_WAITING) | no_title)
    if "meant" not in ws.memo:
        ws.memo["meant"] = recordings_meant(ws.listed, aliases=ws.aliases)
    found = (
        ws.memo["meant"]
        .join(asked.select(track_key="track_id"), on="track_key", how="semi")
        .filter(pl.col.recording_key.is_not_null(), pl.col.recording_key != pl.col.track_key)
        .sort("track_key", "confidence", "recording_key", descending=[False, True, False])
        .unique(["track_key", "recording_key"], keep="first", maintain_order=True)
        .filter(pl.col.confidence >= WORTH)
        .group_by("track_key", maintain_order=True)
        .head(KEPT)
    )
    names = ws.primary.sort("track_id", "position").group_by(recording_key="track_id").agg(artists=pl.col.artist)
    answers = found.join(names, on="recording_key", how="left", maintain_order="left")
    sets = ws.named_sets()
    answers = answers.join(sets, left_on="named_in", right_on="set_id", how="left", maintain_order="left").with_columns(
        pl.coalesce("artists", pl.concat_list("artist")),
        track_id="track_key",
        recording_id="recording_key",
        value=pl.format("{} - {}", "artist", "title"),
        probability="confidence",
        found=ws.in_words(pl.col.evidence),
        bucket=band_of("confidence"),
    )
    told = ["bucket", "recording_id", "artists", "title", "label", "named_in", "named_set", "days", "blank", "found"]
    return propose_by_source(answers, kind="identity", tier=1, evidence=told)


_RELEASED = pl.Schema(
    {"track_id": pl.String(), "source": pl.String(), "artists": pl.List(pl.String()), "title": pl.String()}
    | {"label": pl.String(), "released": pl.Date(), "url": pl.String()}
)
#: What the evidence says.
_TOLD = ["bucket", "artists", "title", "label", "named_in", "days", "blank", "found", "url", "recording_id"]


class NewReleases(AskingTier[TrackQuery, list[dict[str, object]]]):
    """Tier 2 over a workspace: PROPOSALS of kind identity; a question once asked is not asked again in a run."""

    def __init__(self, sources: Sequence[Source], *, stop: threading.Event | None = None) -> None:
        super().__init__([source for source in sources if source.lists_new], stop=stop)

    def __call__(self, ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
        """Proposals for tracks of a known artist without a title, as many as `track_ids` besides those among them."""
        self.asking(ws, track_ids)()
        asked = self._asked(ws, track_ids)
        found = [row for query in _queries(asked) for row in self._known.get(query, ())]
        rows = pl.DataFrame(found, schema=_RELEASED).join(
            asked.select("track_id", day="first_played", keys=credit_keys(asked["artist"])), on="track_id"
        )
        return propose_by_source(_new(rows, ws), kind="identity", tier=2, named="new-release-{}", evidence=_TOLD)

    def _questions(self, ws: Workspace, track_ids: pl.Series) -> list[TrackQuery]:
        return _queries(self._asked(ws, track_ids))

    def _asked(self, ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
        """Tracks to ask for, those of the run and those played last first."""
        is_played = pl.col.first_played.is_not_null()
        nameless = ws.tracks.filter(pl.col.is_known_artist, is_unknown_title(pl.col.title), is_played)
        of_run = pl.col.track_id.is_in(track_ids.implode())
        first = nameless.sort(of_run, "first_played", "track_id", descending=[True, True, False])
        return first.head(track_ids.len() if self._sources else 0)

    def _ask(self, queries: Sequence[TrackQuery], book: LabelBook) -> None:
        done = self._search(queries, None)
        for query in queries:
            if query.track_id not in done.unfinished:
                answers = done.answers.get(query.track_id, ())
                self._known[query] = [_row(query, hit) for answer in answers for hit in answer.hits]


def _row(query: TrackQuery, hit: Hit) -> dict[str, object]:
    said = {"source": hit.source, "artists": list(hit.artists), "title": hit.titled, "label": hit.label, "url": hit.url}
    return {"track_id": query.track_id, "released": hit.release_date, **said}


def _queries(asked: pl.DataFrame) -> list[TrackQuery]:
    return [
        TrackQuery(track_id=track, title="", artist=artist, released=(day, day + timedelta(days=MAX_DAYS)))
        for track, artist, day in asked.select("track_id", "artist", "first_played").iter_rows()
    ]


def _new(rows: pl.DataFrame, ws: Workspace) -> pl.DataFrame:
    """Releases by the artist, after the play, each recording once, with what is told of them."""
    credit = pl.col.artists.list.join(" & ")
    by_artist = (
        ws.known.with_columns(artist_key=pl.col.artist_keys.list.first())
        .select("artist_key", "base_key", recording_id="track_id")
        .unique(["artist_key", "base_key"], keep="first", maintain_order=True)
    )
    return (
        rows.with_columns(
            credit=credit, base_key=base_key(pl.col.title), theirs=credit_keys(rows.select(credit)["artists"])
        )
        .filter(
            pl.col.keys.list.set_intersection("theirs").list.len() > 0,
            pl.col.released > pl.col.day,
            ~is_unknown_title(pl.col.title),
        )
        .sort("track_id", "released", "title")
        .unique(["track_id", "base_key"], keep="first", maintain_order=True)
        .group_by("track_id", maintain_order=True)
        .head(KEPT)
        .with_columns(artist_key=pl.col.theirs.list.first(), days=(pl.col.released - pl.col.day).dt.total_days())
        .join(by_artist, on=["artist_key", "base_key"], how="left", maintain_order="left")
        .with_columns(
            value=pl.format("{} - {}", "credit", "title"),
            bucket=pl.lit("rule"),
            blank=pl.lit("title"),
            named_in=pl.col.source,
            found=pl.concat_list(pl.format("{} lists it as first released on {}", "source", "released")),
        )
    )
