"""Tier 2, external: the artist an outside source lists for a title, where the artist is what is missing.

    isrc             the hit has the track's own ISRC
    title-and-label  title and version agree, and the hit is on the label the track is known to be on
    title            title and version agree, nothing else is known; worth as much as the title is rare

Hits that agree must name the same artists. Measured with the artist hidden by `python -m bench.artists`.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from enrich.labels.book import LabelBook
from enrich.matching.choice import distinct_hits, probability
from enrich.matching.recordings import hit_recordings, query_recordings, track_queries
from enrich.matching.scores import score_pairs
from enrich.matching.values import Hit, SourceAnswer, TrackQuery
from enrich.rules import MATCH_FLOOR
from enrich.tiers.internal import speaks
from enrich.tiers.proposing import AskingTier, propose_by_source, unnamed, with_artist_id
from enrich.tiers.workspace import Workspace

#: A title with as many letters or words names its track by itself.
RARE_LETTERS, RARE_WORDS = 15, 4
#: From this match on a hit fits in full.
IN_FULL = 0.99

#: One row per query that got an artist: its index, the names as the source spells them, and why.
NAMED = pl.Schema(
    {"query": pl.UInt32(), "artists": pl.List(pl.String()), "rule": pl.String(), "score": pl.Float64()}
    | {"release": pl.String(), "label": pl.String(), "url": pl.String(), "hits": pl.UInt32()}
)


def name_artists(
    asked: pl.DataFrame, hits: Sequence[Sequence[Hit]], *, labels: Sequence[str | None], book: LabelBook
) -> pl.DataFrame:
    """NAMED, by query: whom the hits of one source name, `hits[i]` for row i of `asked` (schema RECORDINGS).

    `labels` are those the tracks are known to be on; the book tells when two spellings are one label.
    """
    distinct, pairs = distinct_hits(hits)
    if not distinct:
        return pl.DataFrame(schema=NAMED)
    asked, offered = asked.with_columns(row=pl.int_range(pl.len(), dtype=pl.UInt32)), hit_recordings(distinct)
    known = asked.select(query="row", known_label=pl.Series(labels, dtype=pl.String), words="title_key")
    candidates = (
        score_pairs(asked, offered, pairs)
        .filter(pl.col.refused.is_null())
        .join(_listed(distinct, offered), on="hit")
        .join(known, on="query")
    )
    book.read_all([*labels, *(hit.label for hit in distinct)])
    same_label = [book.same_label(a, b) for a, b in candidates.select("known_label", "label").iter_rows()]
    evidence = candidates.with_columns(same_label=pl.Series(same_label, dtype=pl.Boolean)).with_columns(kind=_kind())
    strength = pl.col.kind.replace_strict({"isrc": 3, "title-and-label": 2, "title": 1}, default=None)
    return (
        # A hit on another label than the track's is no evidence.
        evidence.with_columns(strength=strength)
        .filter(pl.col.strength == pl.col.strength.max().over("query"))
        .sort(["query", "total", "hit"], descending=[False, True, False])
        .group_by("query", maintain_order=True)
        .agg(
            pl.col("words", "kind", "release", "label", "url").first(),
            rivals=pl.col.artist_set.n_unique(),
            artists=pl.col.names.first(),
            score=pl.col.total.first(),
            hits=pl.len(),
        )
        .filter((pl.col.rivals == 1) & (pl.col.score >= MATCH_FLOOR))
        .with_columns(rule=_rule())
        .match_to_schema(NAMED, extra_columns="ignore", integer_cast="upcast")
    )


def _listed(hits: Sequence[Hit], offered: pl.DataFrame) -> pl.DataFrame:
    """What hits with an artist say: hit, names, label, release, url, artist_set."""
    return offered.select(
        hit="row",
        names=pl.Series([list(hit.artists) for hit in hits], dtype=pl.List(pl.String)),
        label=pl.Series([hit.label for hit in hits], dtype=pl.String),
        release=pl.Series([hit.release_title for hit in hits], dtype=pl.String),
        url=pl.Series([hit.url for hit in hits], dtype=pl.String),
        artist_set=pl.col.artists.list.sort().list.join("|"),
    ).filter(pl.col.artist_set != "")


def _kind() -> pl.Expr:
    """By what a hit is the track; null where its label says it is not."""
    return (
        pl.when(pl.col.isrc == 1)
        .then(pl.lit("isrc"))
        .when("same_label")
        .then(pl.lit("title-and-label"))
        .when(pl.col.known_label.is_null())
        .then(pl.lit("title"))
    )


def _rule() -> pl.Expr:
    """A kind with how much the title says: what is measured as one."""
    is_rare = pl.col.words.str.count_matches(r"\S") >= RARE_LETTERS
    is_rare |= pl.col.words.str.count_matches(r"\S+") >= RARE_WORDS
    how = pl.format("{}, {}", "kind", pl.when(is_rare).then(pl.lit("rare")).otherwise(pl.lit("common")))
    fits = pl.when(pl.col.score < IN_FULL).then(pl.lit(", fits in part")).otherwise(pl.lit(""))
    return pl.when(pl.col.kind == "isrc").then("kind").otherwise(pl.concat_str(how, fits))


class OutsideArtists(AskingTier[tuple[TrackQuery, str | None], pl.DataFrame]):
    """Tier 2 over a workspace: artists, source by source; a track is asked again once its label has become known."""

    def __call__(self, ws: Workspace, track_ids: pl.Series) -> pl.DataFrame:
        """Proposals for the tracks of `track_ids` that have a title and no artist."""
        self.asking(ws, track_ids)()
        asked = self._questions(ws, track_ids)
        found = pl.concat([pl.DataFrame(schema=_ANSWERS), *(self._known[p] for p in asked if p in self._known)])
        found = found.with_columns(pl.col.artists.list.join(" & ").alias("value"), bucket="rule")
        told = ["bucket", "artists", "score", "release", "label", "url", "hits"]
        return propose_by_source(with_artist_id(ws, found), kind="artist", tier=2, evidence=told)

    def _questions(self, ws: Workspace, track_ids: pl.Series) -> list[tuple[TrackQuery, str | None]]:
        titled = unnamed(ws, track_ids if self._sources else track_ids.clear()).filter(speaks(pl.col.base_key))
        return list(zip(track_queries(titled.drop("artist")), titled["label"], strict=True))

    def _ask(self, pairs: Sequence[tuple[TrackQuery, str | None]], book: LabelBook) -> None:
        labels = {query.track_id: label for query, label in pairs}
        named: dict[str, list[dict[str, Any]]] = {query.track_id: [] for query, _ in pairs}

        read = query_recordings([query for query, _ in pairs])
        place = {query: number for number, (query, _) in enumerate(pairs)}

        def judge(answered: Sequence[tuple[TrackQuery, SourceAnswer]]) -> list[bool]:
            rows = name_artists(
                read[[place[query] for query, _ in answered]],
                [answer.hits for _, answer in answered],
                labels=[labels[query.track_id] for query, _ in answered],
                book=book,
            )
            settled = [False] * len(answered)
            for row in rows.iter_rows(named=True):
                query, answer = answered[row["query"]]
                said = {"track_id": query.track_id, "source": answer.source}
                named[query.track_id].append({**row, **said, "probability": probability(answer.source, row["score"])})
                settled[row["query"]] = True
            return settled

        found = self._search([query for query, _ in pairs], judge)
        for query, label in pairs:
            if query.track_id not in found.unfinished:
                self._known[query, label] = pl.DataFrame(named[query.track_id], schema=_ANSWERS)


_ANSWERS = pl.Schema({"track_id": pl.String(), "source": pl.String(), "probability": pl.Float64(), **NAMED})
