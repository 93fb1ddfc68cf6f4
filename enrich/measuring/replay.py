"""Masked replay of the rules: known tracks of the snapshot are hidden, the rules asked, and what they say judged.

    hidden alone      a rule is asked about a known track whose own rows are gone: how often is it right?
    hidden whole      all its namesakes by the same artists are gone as well: whatever a rule that goes by titles says
                      now is chance. A blank is seldom a track the database knows twice, so that being right on known
                      tracks alone would flatter such a rule; set against how many blanks it answers, chance says how
                      many of these answers are worth nothing
    first plays       what identities are asked: the first play is an unknown, the later ones carry the name, or there
                      are none and it is never named, in the share in which that happens here

Reads a workspace; writes nothing; the same seed hides the same tracks. Entry point: `measure`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from enrich.frames.evidence import proposed_artists
from enrich.measuring.hiding import FIRST, namesakes, with_first_plays, without_artists, without_labels
from enrich.measuring.judging import judge
from enrich.measuring.shares import LEAST, drawn, moved, odds
from enrich.measuring.shipped import BUCKET, shipped
from enrich.tiers.confirming import ConfirmedCandidates
from enrich.tiers.identities import identities
from enrich.tiers.internal import association, mashups, same_title
from enrich.tiers.local_labels import database_labels, title_labels
from enrich.tiers.proposing import no_proposals
from enrich.tiers.same_title import speaks
from enrich.tiers.workspace import Workspace

#: Tracks hidden at once, at most, and passes: over tracks of shared titles, and over first plays where tracks are few.
_CASES, _PASSES = 1_500, 4
#: Blanks asked about, at most: how often a rule answers needs no more.
_BLANKS = 10_000
#: Share of blanks taken to have a true answer in a bucket before any is seen, and the weight of that guess in blanks.
_TRUE_SHARE, _TRUE_BLANKS = 0.02, 50.0

#: One row per bucket: `right` of `n` hidden known tracks; `chance`, the share of the answers to blanks that are worth
#: nothing (null where a rule does not go by titles alone); the share right, 0–1, drawn from these and from what was
#: shipped; and in how many cases it is measured.
MEASURED = pl.Schema(
    dict.fromkeys(BUCKET, pl.String())
    | dict.fromkeys(("n", "right"), pl.Int64())
    | dict.fromkeys(("chance", "share", "cases"), pl.Float64())
)

Rule = Callable[[Workspace, pl.Series], pl.DataFrame]


#: Rules asked about artists.
_OF_ARTISTS: tuple[Rule, ...] = (mashups, same_title, association)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """What the rules said of hidden tracks: PROPOSALS with bucket and is_right."""

    alone: pl.DataFrame
    whole: pl.DataFrame
    tried: float
    """For how many known tracks those hidden whole stand."""


def measure(ws: Workspace, *, artists: bool = True, seed: int = 0) -> pl.DataFrame:
    """What the rules of the database itself are worth on this snapshot.

    Args:
        ws: The workspace before anything is accepted.
        artists: Whether rules that name artists are asked as well.
        seed: Decides which tracks are hidden.

    Returns:
        MEASURED, by kind, source and bucket.
    """
    labels = _hidden_labels(ws, seed=seed)
    blanks = ws.tracks.filter(~pl.col("is_known_artist"))
    if blanks.height > _BLANKS:
        blanks = blanks.sort("track_id").sample(_BLANKS, seed=seed)
    nameless = blanks.filter(pl.col("label_key").is_null())
    found = labels.alone
    chance = _chance(labels, ask(ws, (database_labels,), nameless["track_id"]), asked=_titled(nameless))
    if artists:
        named = _hidden_artists(ws, seed=seed)
        answers = ask(ws, (*_OF_ARTISTS, ConfirmedCandidates(())), blanks["track_id"])
        chance = pl.concat([chance, _chance(named, answers, asked=_titled(blanks))])
        found = pl.concat([found, named.alone, _first_plays(ws, seed=seed)])
    return drawn_together(counts(found), chance)


def hidden_answers(ws: Workspace, *, seed: int = 0) -> pl.DataFrame:
    """What the rules say of tracks hidden alone and of first plays: PROPOSALS with bucket and is_right."""
    return pl.concat(
        [_hidden_artists(ws, seed=seed).alone, _hidden_labels(ws, seed=seed).alone, _first_plays(ws, seed=seed)]
    )


def counts(told: pl.DataFrame) -> pl.DataFrame:
    """BUCKET, n, right, of `hidden_answers`; what is shipped elsewhere."""
    return (
        told.group_by(BUCKET).agg(n=pl.len().cast(pl.Int64), right=pl.col("is_right").sum().cast(pl.Int64)).sort(BUCKET)
    )


def ask(ws: Workspace, rules: tuple[Rule, ...], ids: pl.Series) -> pl.DataFrame:
    """What the rules say of these tracks: PROPOSALS with `bucket`."""
    return pl.concat([no_proposals(), *(rule(ws, ids) for rule in rules)]).with_columns(
        bucket=pl.col("evidence").str.json_path_match("$.bucket")
    )


def _titled(tracks: pl.DataFrame) -> int:
    return tracks.filter(speaks(pl.col("base_key"))).height


def _hidden_artists(ws: Workspace, *, seed: int) -> _Heard:
    known = ws.tracks.filter("is_known_artist").join(ws.credits, on="track_id", how="semi")
    rules = (same_title, ConfirmedCandidates(()))
    passes = []
    for alone, whole, tried in _by_title(ws, known, value="artist_key", seed=seed):
        masked = without_artists(ws, pl.concat([alone, namesakes(ws, whole)]).unique())
        said = ask(masked, rules, pl.concat([alone, whole]))
        passes.append(_heard(ws, said, alone, whole, tried=tried))
    for rule, eligible in ((association, pl.col("label_key").is_not_null()), (mashups, pl.col("is_mashup"))):
        some = _some(known.filter(eligible), seed=seed)
        passes.append(_heard(ws, ask(without_artists(ws, some), (rule,), some), some))
    return _together(passes)


def _hidden_labels(ws: Workspace, *, seed: int) -> _Heard:
    """Labels of tracks without an artist are asked by their titles alone, the others under their artists."""
    labelled = ws.tracks.filter(pl.col("label_key").is_not_null())
    passes = []
    for alone, whole, tried in _by_title(ws, labelled, value="label_key", seed=seed):
        every = pl.concat([alone, namesakes(ws, whole)]).unique()
        masked = without_labels(without_artists(ws, every), every)
        passes.append(_heard(ws, ask(masked, (database_labels,), pl.concat([alone, whole])), alone, whole, tried=tried))
        passes.append(_heard(ws, ask(without_labels(ws, alone), (database_labels,), alone), alone))
    # A track with a label of its own has something else in its brackets: it speaks for the labels nobody knows alone.
    in_title = labelled.filter(pl.col("title_label").is_not_null())["track_id"].sort().shuffle(seed)
    for part in (in_title.head(2 * _CASES).gather_every(2, offset) for offset in (0, 1)):
        said = ask(without_labels(ws, part), (title_labels,), part)
        passes.append(_heard(ws, said.filter(pl.col("bucket").str.contains("not known")), part))
    return _together(passes)


def _first_plays(ws: Workspace, *, seed: int) -> pl.DataFrame:
    """What is said of first plays taken for unknowns, judged by the tracks' names; never of many at once."""
    played = ws.tracklists.select(track_id="track_key")
    known = ws.tracks.filter("is_known_artist").join(ws.credits, on="track_id", how="semi")
    ids = known.join(played, on="track_id", how="semi")["track_id"].sort().shuffle(seed).head(_CASES)
    parts = min(_PASSES, -(-_PASSES * len(ids) // max(known.height, 1)))
    found = [ask(ws, (), ids)]
    for n in range(parts):
        split, first = with_first_plays(ws, ids.gather_every(parts, n))
        # The rule asks for others besides: tracks that wait, and titles that are missing.
        said = ask(split, (identities,), first).filter(pl.col("track_id").is_in(first.implode()))
        found.append(said.with_columns(pl.col("track_id").str.strip_suffix(FIRST)))
    told = pl.concat(found)
    named = told.with_columns(kind=pl.lit("artist"), value=proposed_artists().list.join(", "))
    return told.with_columns(with_truth(ws, named)["is_right"])


def _some(tracks: pl.DataFrame, *, seed: int) -> pl.Series:
    """Some of the tracks: as many as may be hidden at once."""
    most = min(_CASES, -(-tracks.height // 4))
    return tracks["track_id"].sort().sample(min(most, tracks.height), shuffle=True, seed=seed)


def _by_title(
    ws: Workspace, tracks: pl.DataFrame, *, value: str, seed: int
) -> Iterator[tuple[pl.Series, pl.Series, float]]:
    """Tracks to hide in each pass, alone and whole, never two of one title; and for how many the latter stand.

    A title that stands once has no answer, whoever hides it: only those that may have one are asked.
    """
    said = tracks
    if value not in tracks.columns:
        primary = ws.credits.filter(pl.col("role") == "primary")
        said = tracks.join(primary.group_by("track_id").agg(pl.col(value).min()), on="track_id")
    shared = (
        said.filter(speaks(pl.col("base_key")))
        .sort("track_id")
        .select(
            "track_id",
            "base_key",
            place=pl.int_range(pl.len()).shuffle(seed).over("base_key"),
            of=pl.len().over("base_key"),
            values=pl.col(value).n_unique().over("base_key"),
            part=pl.col("base_key").hash(seed) % 2,
        )
        .filter(pl.col("of") > 1)
        .sort(pl.col("base_key").hash(seed + 1), "place")
    )
    for n in range(_PASSES):
        now = shared.filter(pl.col("place") == n // 2)
        alone = now.filter(pl.col("part") == n % 2)["track_id"].head(_CASES // 2)
        whole = now.filter((pl.col("part") != n % 2) & (pl.col("values") > 1))["track_id"].head(_CASES // 2)
        if len(alone) + len(whole):
            yield alone, whole, len(whole) * _titled(tracks) / max(shared.filter(pl.col("values") > 1).height, 1)


def _heard(
    ws: Workspace, said: pl.DataFrame, alone: pl.Series, whole: pl.Series | None = None, *, tried: float = 0.0
) -> _Heard:
    judged = with_truth(ws, said)

    def of(ids: pl.Series) -> pl.DataFrame:
        return judged.filter(pl.col("track_id").is_in(ids.implode()))

    return _Heard(alone=of(alone), whole=of(alone.clear() if whole is None else whole), tried=tried)


def _together(passes: list[_Heard]) -> _Heard:
    none = no_proposals().with_columns(bucket=pl.lit(None, pl.String), is_right=pl.lit(None, pl.Boolean))
    return _Heard(
        alone=pl.concat([none, *(one.alone for one in passes)]),
        whole=pl.concat([none, *(one.whole for one in passes)]),
        tried=sum(one.tried for one in passes),
    )


def with_truth(ws: Workspace, said: pl.DataFrame) -> pl.DataFrame:
    """`said` with is_right, by the workspace in which nothing is hidden."""
    names = ws.credits.filter(pl.col("role") == "primary").group_by("track_id").agg(pl.col("artist").str.join(", "))
    truth = ws.tracks.select("track_id", true_label="label").join(names, on="track_id", how="left")
    aliases = ws.artists.select(name="artist", aliases="aliases")
    return judge(said, truth.rename({"artist": "true_artist"}), aliases=aliases)


def _chance(heard: _Heard, answers: pl.DataFrame, *, asked: int) -> pl.DataFrame:
    """BUCKET, chance and in how many cases it is measured: of the answers to blanks, by rules that go by titles."""
    by_title = pl.col("source").is_in(["same-title", "confirmed-database"])
    by_title |= pl.col("bucket").str.starts_with("title alone")
    false = heard.whole.filter(by_title & ~pl.col("is_right")).group_by(BUCKET).agg(decoys=pl.len().cast(pl.Float64))
    given = answers.filter(by_title).group_by(BUCKET).agg(answered=pl.len().cast(pl.Float64))
    decoys = pl.col("decoys") + 0.5
    rate = decoys / (heard.tried + 1)
    # Blanks with a true answer: those answered, less those answered by chance.
    true = (pl.col("answered") - rate * asked + _TRUE_SHARE * _TRUE_BLANKS).clip(0.0) / (asked + _TRUE_BLANKS)
    chance = (rate * (1 - true) / (true + rate * (1 - true))).clip(0.001, 0.999)
    return (
        given.join(false, on=BUCKET, how="full", coalesce=True)
        .with_columns(pl.col("decoys", "answered").fill_null(0.0))
        .with_columns(chance=chance)
        .with_columns(chance_cases=(1 - pl.col("chance")) * decoys / pl.col("chance"))
        .select(*BUCKET, "chance", "chance_cases")
    )


def drawn_together(counted: pl.DataFrame, chance: pl.DataFrame | None = None) -> pl.DataFrame:
    """MEASURED: what was shipped, moved to where the source stands here, and drawn to by each bucket's own counts.

    Args:
        counted: See `counts`.
        chance: BUCKET, chance and in how many cases it is measured; None: left out.
    """
    if chance is None:
        chance = counted.select(BUCKET, chance=0.0, chance_cases=0.0)
    columns = ("n", "right", "shipped_n", "shipped_right", "chance_cases")
    source = ["kind", "source"]
    rows = (
        counted.join(shipped(), on=BUCKET, how="full", coalesce=True)
        .join(chance, on=BUCKET, how="full", coalesce=True)
        .with_columns(pl.col(columns).fill_null(0), by_chance=1 - pl.col("chance").fill_null(0.5))
        .with_columns(
            total=pl.col("shipped_n").sum().over(source), all_right=pl.col("shipped_right").sum().over(source)
        )
        .with_columns(of_source=(pl.col("all_right") + 0.5) / (pl.col("total") + 1))
        .filter((pl.col("n").sum() + pl.col("shipped_n").sum()).over(source) > 0)
        .sort(BUCKET)
    )
    known, cases = drawn(rows["shipped_right"], rows["shipped_n"], to=rows["of_source"], weight=LEAST)
    here = pl.col("n") + pl.col("chance_cases")
    found = pl.col("right") + pl.col("by_chance") * pl.col("chance_cases")
    rows = rows.with_columns(known=pl.Series(known), cases=pl.Series(cases)).with_columns(
        here=here.sum().over(source),
        found=found.sum().over(source),
        expected=((here * pl.col("known")).sum() / here.sum()).over(source),
    )
    expected = rows["expected"].fill_nan(0.5)
    agreed, _ = drawn(rows["found"], rows["here"], to=expected, weight=rows["total"].cast(pl.Float64) + LEAST)
    known = moved(rows["known"], np.where(rows["here"].to_numpy() > 0, odds(agreed) - odds(expected), 0.0))
    known, cases = drawn(rows["right"], rows["n"], to=known, weight=rows["cases"])
    # Both are of this snapshot: neither is capped.
    against, few = rows["by_chance"] * rows["chance_cases"], rows["chance_cases"]
    known, cases = drawn(against, few, to=known, weight=cases, most=float("inf"))
    return rows.with_columns(share=pl.Series(known), cases=pl.Series(cases)).match_to_schema(
        MEASURED, extra_columns="ignore"
    )
