"""Masked replay of the rules: known tracks of the snapshot are hidden, the rules asked, and what they say judged.

    hidden alone      a rule is asked about a known track whose own rows are gone: how often is it right?
    hidden whole      all its namesakes by the same artists are gone as well: whatever a rule that goes by titles says
                      now is chance. A blank is seldom a track the database knows twice, so that being right on known
                      tracks alone would flatter such a rule; set against how many blanks it answers, chance says how
                      many of these answers are worth nothing
    first plays       what identities are asked: the first play is an unknown, the later ones carry the name, or there
                      are none and it is never named, in the share in which that happens here

What is hidden is gone everywhere: from the track, its credits, its setlists, and a label that stood on hidden tracks
alone from the list of labels. Writes nothing; the same seed hides the same tracks. Entry point: `measure`. The
counts in `shipped.json` beside this module were made elsewhere, by `python -m bench.measures`.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from enrich.frames.schemas import proposed_artists
from enrich.measuring.judging import LEAST, drawn, judge, moved, odds
from enrich.resources import resource
from enrich.tiers.context import ConfirmedCandidates
from enrich.tiers.identities import identities
from enrich.tiers.internal import association, mashups, same_title, speaks
from enrich.tiers.labels import database_labels, title_labels
from enrich.tiers.proposing import no_proposals
from enrich.tiers.workspace import SECOND_LISTINGS, Workspace

#: Tracks hidden at once, at most, and passes: over tracks of shared titles, and over first plays where tracks are few.
_CASES, _PASSES = 1_500, 4
#: Blanks asked about, at most: how often a rule answers needs no more.
_BLANKS = 10_000
#: Share of blanks taken to have a true answer in a bucket before any is seen, and the weight of that guess in blanks.
_TRUE_SHARE, _TRUE_BLANKS = 0.02, 50.0

#: What is measured as one: a kind of proposal, its source, and the kind and strength of its evidence.
BUCKET = ("kind", "source", "bucket")
_BUCKET = {"kind": pl.String, "source": pl.String, "bucket": pl.String}
SHIPPED = pl.Schema(_BUCKET | {"shipped_n": pl.Int64, "shipped_right": pl.Int64})
#: One row per bucket: `right` of `n` hidden known tracks; `chance`, the share of the answers to blanks that are worth
#: nothing (null where a rule does not go by titles alone); the share right, 0–1, drawn from these and from what was
#: shipped; and in how many cases it is measured.
MEASURED = pl.Schema(
    _BUCKET | {"n": pl.Int64, "right": pl.Int64, "chance": pl.Float64, "share": pl.Float64, "cases": pl.Float64}
)

#: What the id of a first play taken for an unknown ends in.
FIRST = "#first"

Rule = Callable[[Workspace, pl.Series], pl.DataFrame]


@cache
def shipped() -> pl.DataFrame:
    """What was measured elsewhere, SHIPPED; outside sources stand under the name `outside`."""
    return pl.DataFrame(resource("measuring/shipped.json"), schema=SHIPPED, orient="row")


def measure(
    ws: Workspace, *, artists: bool = True, seed: int = 0, told: Callable[[str], None] = lambda what: None
) -> pl.DataFrame:
    """What the rules of the database itself are worth on this snapshot: MEASURED, by kind, source and bucket.

    Of a workspace before anything is accepted. With `artists` rules that name artists are asked as well; `seed` decides
    which tracks are hidden; `told` is told what is hidden or asked next.
    """
    told("hidden labels")
    found, tried = _hidden_labels(ws, seed=seed)
    told("blank labels")
    blanks = ws.tracks.filter(~pl.col("is_known_artist"))
    if blanks.height > _BLANKS:
        blanks = blanks.sort("track_id").sample(_BLANKS, seed=seed)
    nameless = blanks.filter(pl.col("label_key").is_null())
    chance = _chance(found, tried, ask(ws, (database_labels,), nameless["track_id"]), asked=_titled(nameless))
    if artists:
        told("hidden artists")
        named, tried = _hidden_artists(ws, seed=seed)
        told("blank artists")
        answers = ask(ws, (mashups, same_title, association, ConfirmedCandidates(())), blanks["track_id"])
        chance = pl.concat([chance, _chance(named, tried, answers, asked=_titled(blanks))])
        told("first plays")
        found = pl.concat([found, named, _first_plays(ws, seed=seed)])
    return drawn_together(counts(found), chance)


def hidden_answers(ws: Workspace, *, seed: int = 0) -> pl.DataFrame:
    """What the rules say of tracks hidden alone and of first plays: PROPOSALS with bucket, is_right and is_whole."""
    parts = (_hidden_artists(ws, seed=seed)[0], _hidden_labels(ws, seed=seed)[0], _first_plays(ws, seed=seed))
    return pl.concat(parts).filter(~pl.col("is_whole"))


def counts(told: pl.DataFrame) -> pl.DataFrame:
    """BUCKET, n, right, of what is said of tracks hidden alone; what is shipped elsewhere."""
    right = pl.col("is_right").sum().cast(pl.Int64)
    return told.filter(~pl.col("is_whole")).group_by(BUCKET).agg(n=pl.len().cast(pl.Int64), right=right).sort(BUCKET)


def ask(ws: Workspace, rules: tuple[Rule, ...], ids: pl.Series) -> pl.DataFrame:
    """What the rules say of these tracks, and of no others: PROPOSALS with `bucket`."""
    said = pl.concat([no_proposals(), *(rule(ws, ids) for rule in rules)])
    bucket = pl.col("evidence").str.json_path_match("$.bucket")
    return said.filter(pl.col("track_id").is_in(ids.implode())).with_columns(bucket=bucket)


def with_truth(ws: Workspace, said: pl.DataFrame, whole: pl.Series | None = None) -> pl.DataFrame:
    """`said` with is_right, by the workspace in which nothing is hidden, and is_whole: of tracks hidden `whole`."""
    names = ws.primary.group_by("track_id").agg(pl.col("artist").str.join(", "))
    truth = ws.tracks.select("track_id", true_label="label").join(names, on="track_id", how="left")
    judged = judge(said, truth.rename({"artist": "true_artist"}), aliases=ws.artists.select("aliases", name="artist"))
    is_whole = pl.lit(value=False) if whole is None else pl.col("track_id").is_in(whole.implode())
    return judged.with_columns(is_whole=is_whole)


def _masked(ws: Workspace, **hidden: Any) -> Workspace:
    # Other listings, and what was worked out before, would tell what is hidden.
    return replace(ws, second_listings=SECOND_LISTINGS.to_frame(), memo={}, **hidden)


def without_artists(ws: Workspace, hidden: pl.Series) -> Workspace:
    """The workspace with these tracks' artists hidden."""
    gone, played = _is_in("track_id", hidden), _is_in("track_key", hidden)
    is_known = pl.col("is_known_artist") & ~gone
    tracks = ws.tracks.with_columns(artist=pl.when(~gone).then("artist"), is_known_artist=is_known)
    slots = ws.tracklists.with_columns(artist=pl.when(~played).then("artist"), is_id=pl.col("is_id") | played)
    return _masked(ws, tracks=tracks, credits=ws.credits.filter(~gone), tracklists=slots)


def without_labels(ws: Workspace, hidden: pl.Series) -> Workspace:
    """The workspace with these tracks' labels hidden; a label that no other track carries is known no more."""
    gone, played = _is_in("track_id", hidden), _is_in("track_key", hidden)
    tracks = ws.tracks.with_columns(pl.when(~gone).then(c).alias(c) for c in ("label", "label_key", "label_source"))
    labels = ws.labels.join(tracks.select("label_key").drop_nulls(), on="label_key", how="semi")
    slots = ws.tracklists.with_columns(label=pl.when(~played).then("label"))
    return _masked(ws, tracks=tracks, labels=labels, tracklists=slots)


def with_first_plays(ws: Workspace, chosen: pl.Series) -> tuple[Workspace, pl.Series]:
    """The workspace in which the first day's plays of these tracks are unknowns of their own; and the new ids.

    A track played on one day only is never named again, as many an unknown is not.
    """
    plays = ws.tracklists.filter(_is_in("track_key", chosen))
    days = plays.group_by("track_key").agg(first=pl.col("set_date").min()).drop_nulls()
    born = pl.concat_str("track_id", pl.lit(FIRST))
    twins = (
        ws.tracks.join(days, left_on="track_id", right_on="track_key", how="semi")
        .with_columns(born.alias("track_id"), artist=pl.lit(None, pl.String), is_known_artist=pl.lit(value=False))
        .select(ws.tracks.columns)
    )
    is_first = (pl.col("set_date") == pl.col("first")).fill_null(value=False)
    slots = (
        ws.tracklists.join(days.select("track_key", "first"), on="track_key", how="left", maintain_order="left")
        .with_columns(
            artist=pl.when(~is_first).then("artist"),
            is_id=pl.col("is_id") | is_first,
            track_key=pl.when(is_first).then(pl.concat_str("track_key", pl.lit(FIRST))).otherwise("track_key"),
        )
        .select(ws.tracklists.columns)
    )
    return _masked(ws, tracks=pl.concat([ws.tracks, twins]), tracklists=slots), twins["track_id"]


def namesakes(ws: Workspace, chosen: pl.Series) -> pl.Series:
    """`chosen` and all tracks of the same base title that share an artist with one of them."""
    titled = ws.tracks.select("track_id", "base_key").join(ws.primary.select("track_id", "artist_key"), on="track_id")
    own = titled.filter(_is_in("track_id", chosen)).select("base_key", "artist_key").unique()
    same = titled.join(own, on=["base_key", "artist_key"], how="semi")["track_id"]
    return pl.concat([chosen, same]).unique(maintain_order=True)


def _is_in(column: str, ids: pl.Series) -> pl.Expr:
    return pl.col(column).is_in(ids.implode())


def _credited(ws: Workspace) -> pl.DataFrame:
    return ws.tracks.filter("is_known_artist").join(ws.credits, on="track_id", how="semi")


def _titled(tracks: pl.DataFrame) -> int:
    return tracks.filter(speaks(pl.col("base_key"))).height


def _hidden_artists(ws: Workspace, *, seed: int) -> tuple[pl.DataFrame, float]:
    """Answers about hidden artists, as `hidden_answers`; and for how many tracks those hidden whole stand."""
    known = _credited(ws)
    found, tried = [with_truth(ws, ask(ws, (), known["track_id"]))], 0.0
    for alone, whole, of in _by_title(ws, known, value="artist_key", seed=seed):
        masked = without_artists(ws, pl.concat([alone, namesakes(ws, whole)]).unique())
        said = ask(masked, (same_title, ConfirmedCandidates(())), pl.concat([alone, whole]))
        found.append(with_truth(ws, said, whole))
        tried += of
    for rule, eligible in ((association, pl.col("label_key").is_not_null()), (mashups, pl.col("is_mashup"))):
        tracks = known.filter(eligible)
        some = tracks["track_id"].sort().sample(min(_CASES, -(-tracks.height // 4)), shuffle=True, seed=seed)
        found.append(with_truth(ws, ask(without_artists(ws, some), (rule,), some)))
    return pl.concat(found), tried


def _hidden_labels(ws: Workspace, *, seed: int) -> tuple[pl.DataFrame, float]:
    """The same of labels: of tracks without an artist they are asked by titles alone, else under their artists."""
    labelled = ws.tracks.filter(pl.col("label_key").is_not_null())
    found, tried = [with_truth(ws, ask(ws, (), labelled["track_id"]))], 0.0
    for alone, whole, of in _by_title(ws, labelled, value="label_key", seed=seed):
        every = pl.concat([alone, namesakes(ws, whole)]).unique()
        masked = without_labels(without_artists(ws, every), every)
        found.append(with_truth(ws, ask(masked, (database_labels,), pl.concat([alone, whole])), whole))
        found.append(with_truth(ws, ask(without_labels(ws, alone), (database_labels,), alone)))
        tried += of
    # A track with a label of its own has something else in its brackets: it speaks for the labels nobody knows alone.
    in_title = labelled.filter(pl.col("title_label").is_not_null())["track_id"].sort().shuffle(seed)
    for part in (in_title.head(2 * _CASES).gather_every(2, offset) for offset in (0, 1)):
        said = ask(without_labels(ws, part), (title_labels,), part)
        found.append(with_truth(ws, said.filter(pl.col("bucket").str.contains("not known"))))
    return pl.concat(found), tried


def _first_plays(ws: Workspace, *, seed: int) -> pl.DataFrame:
    """What is said of first plays taken for unknowns, judged by the tracks' names; never of many at once."""
    known = _credited(ws)
    played = known.join(ws.tracklists, left_on="track_id", right_on="track_key", how="semi")
    ids = played["track_id"].sort().shuffle(seed).head(_CASES)
    parts = min(_PASSES, -(-_PASSES * len(ids) // max(known.height, 1)))
    found = [ask(ws, (), ids)]
    for n in range(parts):
        split, first = with_first_plays(ws, ids.gather_every(parts, n))
        found.append(ask(split, (identities,), first).with_columns(pl.col("track_id").str.strip_suffix(FIRST)))
    told = pl.concat(found)
    named = told.with_columns(kind=pl.lit("artist"), value=proposed_artists().list.join(", "))
    return told.with_columns(with_truth(ws, named).select("is_right", "is_whole"))


def _by_title(
    ws: Workspace, tracks: pl.DataFrame, *, value: str, seed: int
) -> Iterator[tuple[pl.Series, pl.Series, float]]:
    """Tracks to hide in each pass, alone and whole, never two of one title; and for how many the latter stand.

    A title that stands once has no answer, whoever hides it: only those that may have one are asked.
    """
    said = tracks
    if value not in tracks.columns:
        said = tracks.join(ws.primary.group_by("track_id").agg(pl.col(value).min()), on="track_id")
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


def _chance(heard: pl.DataFrame, tried: float, answers: pl.DataFrame, *, asked: int) -> pl.DataFrame:
    """BUCKET, chance and in how many cases it is measured: of the answers to blanks, by rules that go by titles."""
    by_title = pl.col("source").is_in(["same-title", "confirmed-database"])
    by_title |= pl.col("bucket").str.starts_with("title alone")
    wrong = heard.filter(by_title, "is_whole", ~pl.col("is_right"))
    false = wrong.group_by(BUCKET).agg(decoys=pl.len().cast(pl.Float64))
    given = answers.filter(by_title).group_by(BUCKET).agg(answered=pl.len().cast(pl.Float64))
    decoys = pl.col("decoys") + 0.5
    rate = decoys / (tried + 1)
    # Blanks with a true answer: those answered, less those answered by chance.
    true = (pl.col("answered") - rate * asked + _TRUE_SHARE * _TRUE_BLANKS).clip(0.0) / (asked + _TRUE_BLANKS)
    chance = (rate * (1 - true) / (true + rate * (1 - true))).clip(0.001, 0.999)
    return (
        given.join(false, on=BUCKET, how="full", coalesce=True)
        .with_columns(pl.col("decoys", "answered").fill_null(0.0))
        .with_columns(chance=chance)
        .select(*BUCKET, "chance", chance_cases=(1 - pl.col("chance")) * decoys / pl.col("chance"))
    )


def drawn_together(counted: pl.DataFrame, chance: pl.DataFrame | None = None) -> pl.DataFrame:
    """MEASURED: what was shipped, moved to where the source stands here, and drawn to by each bucket's own `counts`.

    `chance` is BUCKET, chance and in how many cases it is measured; None: left out.
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
