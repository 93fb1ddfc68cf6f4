"""How often an identity is right: recordings hidden at their first plays, and listings of one set beside each other.

    python -m bench.identity [--data FOLDER] [--write]

Recordings are hidden where they were first played, some with their title gone, some with both, and some with their
artist gone at any play. Of half of them no other play is named. Whole blocks (series, DJ, half-year) are held out in
five folds; the figures are those of the folds. `--write` fits on all of them and stores what
`enrich.identity.measured` loads.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import xgboost as xgb

from bench.rescraped import rescraped
from enrich.cooccurrence.stored import as_json, write_stored
from enrich.frames.schemas import TRACKLISTS
from enrich.identity.alignment import align
from enrich.identity.candidates import candidates, undated
from enrich.identity.listings import pair_listings, played
from enrich.identity.measured import COUNTS, SHIPPED, TREES, listing_ground, matrix, schema, undated_ground

FOLDS, BATCHES = 5, 8
#: How the hidden plays are blanked; real unknowns lack their title most often, and mostly their label as well.
BLANKS = {"title": 0.6, "artist": 0.3, "both": 0.1}
KEPT_LABELS = 0.25


#: Of the trees, and their number.
SETTINGS: dict[str, Any] = {
    "objective": "binary:logistic",
    "max_depth": 5,
    "eta": 0.05,
    "min_child_weight": 5,
    "reg_lambda": 2,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "nthread": 1,
}
N_TREES = 300


def train(candidates: pl.DataFrame, right: pl.Series, *, seed: int) -> xgb.Booster:
    """Fit trees on candidates (SIGNS) of hidden plays, and whether each is right."""
    data = xgb.DMatrix(matrix(candidates), right.cast(pl.Int8).to_numpy(), nthread=1)
    return xgb.train({**SETTINGS, "seed": seed}, data, N_TREES)


def store(
    booster: xgb.Booster, counts: Mapping[str, tuple[int, int]], figures: dict[str, Any], folder: Path = SHIPPED
) -> None:
    """Write trees, counts and, last, the manifest with `figures`."""
    files = {TREES: bytes(booster.save_raw("ubj")), COUNTS: as_json(dict(counts)).encode()}
    write_stored(folder, files, {"format": 2, "schema": schema(), **figures})


def read(path: Path) -> pl.DataFrame:
    """TRACKLISTS of a file of the shared data."""
    rows = pl.read_parquet(path)
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in TRACKLISTS.items()
    )


def questions(slots: pl.DataFrame, seed: int) -> pl.DataFrame:
    """true (recording), first (day), fold, batch, role (later, never, single), blank: the recordings to be hidden."""
    rng = np.random.default_rng(seed)
    half = pl.from_epoch("day", time_unit="d")
    block = pl.concat_str("series", "dj_key", half.dt.year(), half.dt.month() > 6, separator="|", ignore_nulls=True)
    plays = slots.drop_nulls(["unit", "day"]).with_columns(block=block).sort("day", "slot")
    first = plays.group_by("unit", maintain_order=True).agg(
        pl.col("day").first().alias("first"),
        pl.col("block").first(),
        later=(pl.col("day") > pl.col("day").first() + 1).any(),
        days=pl.col("day").unique().sort(),
    )
    blocks = first["block"].unique().sort()
    folds = pl.DataFrame({"block": blocks, "fold": rng.permutation(len(blocks)) % FOLDS})
    first = first.join(folds, on="block").sort("unit")
    again = first.filter("later")
    again = again.with_columns(role=pl.Series(np.where(rng.random(again.height) < 0.7, "later", "never")))
    missing = int((again["role"] == "later").sum() - (again["role"] == "never").sum())
    once = first.filter(~pl.col("later")).sample(missing, seed=seed).with_columns(role=pl.lit("single"))
    asked = pl.concat([again, once]).sort("unit")
    asked = asked.with_columns(
        blank=pl.Series(rng.choice(list(BLANKS), asked.height, p=list(BLANKS.values()))),
        batch=pl.Series(rng.integers(0, BATCHES, asked.height)),
        at=pl.Series(rng.random(asked.height)),
    )
    # A title may lack its artist at any play; one whose title is missing is new.
    any_play = pl.col("days").list.get((pl.col("at") * pl.col("days").list.len()).floor().cast(pl.Int32))
    first = pl.when(pl.col("blank") == "artist").then(any_play).otherwise("first")
    return asked.select("fold", "role", "blank", "batch", true="unit", first=first)


def hidden(
    tracklists: pl.DataFrame, slots: pl.DataFrame, asked: pl.DataFrame, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tracklists with first plays of `asked` blanked (all plays of `never`), and slot, true, fold, role of each."""
    at_first = pl.col("day").is_between("first", pl.col("first") + 1)
    marked = slots.select("slot", "set_id", "position", "day", true="unit").join(asked, on="true", how="left")
    marked = marked.with_columns(
        mask=pl.when(at_first).then("blank").when(pl.col("role") == "never").then(pl.lit("both"))
    )
    rows = tracklists.join(
        marked.select("set_id", "position", "mask"), on=["set_id", "position"], how="left", maintain_order="left"
    )
    keeps = pl.Series(np.random.default_rng(seed).random(rows.height) < KEPT_LABELS)
    no_title, no_artist = (pl.col("mask").is_in([what, "both"]) for what in ("title", "artist"))
    blanked = rows.with_columns(
        title=pl.when(no_title).then(pl.lit("ID")).otherwise("title"),
        artist=pl.when(no_artist).then(pl.lit("ID")).otherwise("artist"),
        label=pl.when(no_title | (no_artist & ~keeps)).then(None).otherwise("label"),
    )
    queries = (
        marked.filter(at_first, pl.col("role").is_not_null())
        .sort("slot")
        .unique("true", keep="first", maintain_order=True)
    )
    return blanked.drop("mask"), queries.select("slot", "true", "fold", "role", "blank")


def replay(tracklists: pl.DataFrame, seed: int = 0) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, tuple[int, int]]]:
    """Candidates of hidden first plays with `right` and `fold`; the questions: slot (over batches), blank, role; and
    right and all of the names found as if nobody knew the day, by ground."""
    slots = played(tracklists)
    asked = questions(slots, seed)
    truth = slots.select("slot", true_title="title_key", true_keys="keys")
    found, bare, questioned = [], [], []
    for batch in range(BATCHES):
        blanked, queries = hidden(tracklists, slots, asked.filter(batch=batch), seed + batch)
        left = played(blanked)
        rows = left.join(queries, on="slot", how="semi")
        about = queries.drop("blank", "role").join(truth, on="slot")
        found.append(_judged(candidates(left, rows), about, left))
        bare.append(_judged(undated(left, rows), about, left))
        questioned.append(queries)
    by = pl.concat(bare).group_by(ground=undated_ground()).agg(pl.col("right").sum(), n=pl.len()).sort("ground")
    counts = {str(ground): (int(right), n) for ground, right, n in by.iter_rows()}
    return pl.concat(found).sort("slot", "unit"), pl.concat(questioned).sort("slot"), counts


def _judged(found: pl.DataFrame, about: pl.DataFrame, left: pl.DataFrame) -> pl.DataFrame:
    """`found` with fold and right."""
    named = left.select("title_key", "keys", named_slot="slot")
    # Hiding slots may rename the recording of the others: it is right by title and artist, too.
    same = (pl.col("title_key") == pl.col("true_title")) & (
        pl.col("keys").list.set_intersection("true_keys").list.len() > 0
    )
    judged = found.join(about, on="slot").join(named, on="named_slot")
    right = (pl.col("unit") == pl.col("true")) | same.fill_null(value=False)
    return judged.with_columns(right=right).drop("true", "true_title", "true_keys", "title_key", "keys")


def held_out(found: pl.DataFrame, seed: int = 0) -> pl.Series:
    """Confidence of every candidate by trees that saw no block of its fold."""
    confidence = np.zeros(found.height)
    for fold in range(FOLDS):
        inside = (found["fold"] == fold).to_numpy()
        trees = train(found.filter(~pl.Series(inside)), found["right"].filter(~pl.Series(inside)), seed=seed)
        confidence[inside] = trees.inplace_predict(matrix(found.filter(pl.Series(inside))))
    return pl.Series("confidence", confidence)


def figures(found: pl.DataFrame, asked: pl.DataFrame) -> dict[str, Any]:
    """By blank: how many were named later, hit@1 of those with its interval, the sure ones, ECE of the first ranks."""
    best = found.sort("slot", "confidence", "unit", descending=[False, True, False]).unique(
        "slot", keep="first", maintain_order=True
    )
    rows = asked.join(best.select("slot", "confidence", "right"), on="slot", how="left")
    return {blank: _figures(rows.filter(blank=blank)) for blank in BLANKS}


def _figures(rows: pl.DataFrame) -> dict[str, Any]:
    later = rows.filter(role="later")["right"].fill_null(value=False)
    hit = float(later.mean() or 0)  # type: ignore[arg-type]
    sure = rows.filter(pl.col("confidence") >= 0.9)
    answered = rows.drop_nulls("confidence").with_columns(bin=(pl.col("confidence") * 10).floor().clip(0, 9))
    bins = answered.group_by("bin").agg(pl.len(), pl.col("confidence").mean(), pl.col("right").mean())
    off = float((bins["len"] * (bins["confidence"] - bins["right"]).abs()).sum() / max(1, answered.height))
    spread = 1.96 * (hit * (1 - hit) / max(1, later.len())) ** 0.5
    return {
        "asked": rows.height,
        "named_later": later.len(),
        "hit_at_1": round(hit, 4),
        "interval": [round(hit - spread, 4), round(hit + spread, 4)],
        "sure": sure.height,
        "sure_right": int(sure["right"].sum()),
        "sure_of_1600": round(1600 * sure.height / rows.height),
        "ece": round(off, 4),
    }


def plain_rule(found: pl.DataFrame, asked: pl.DataFrame) -> float:
    """hit@1 of "the artist's first new recording, the same DJ's first", where the title is missing."""
    order = found.filter(pl.col("is_title") == 1).with_columns(
        by_dj=pl.col("dj").is_null(), when=pl.coalesce("dj", "first")
    )
    best = order.sort("slot", "by_dj", "when", "unit").unique("slot", keep="first", maintain_order=True)
    later = asked.filter(role="later", blank="title").join(best.select("slot", "right"), on="slot", how="left")
    return float(later["right"].fill_null(value=False).mean())  # type: ignore[arg-type]


def listings(second: pl.DataFrame) -> tuple[dict[str, tuple[int, int]], dict[str, int]]:
    """Shares of right names by ground, each named row hidden once; and how the known pairs were judged."""
    ids = pl.concat_str("set_id", pl.lit("@"), "version", "pair_id")
    tracklists = second.with_columns(set_id=ids, track_key=pl.lit(None, pl.String)).select(TRACKLISTS.names())
    slots = played(tracklists)
    pairs, rows = pair_listings(tracklists, slots)
    truth = second.group_by("pair_id").agg(pl.concat_str("set_id", pl.lit("@"), "version", "pair_id").unique().sort())
    both = truth.select(pl.col("set_id").list.get(0), other_id=pl.col("set_id").list.get(1))
    verdicts = both.join(pairs, on=["set_id", "other_id"], how="left")["verdict"].fill_null("none")
    agreed = rows.filter(pl.col("relation").is_in(["same", "respelled", "renamed"]), pl.col("certain"))
    agree = agreed.filter(pl.col("relation") != "renamed").height
    shares = {"names agree": (agree, agreed.height)}
    ground = listing_ground(pl.col("verdict"), pl.col("certain"), pl.col("among"))
    for (name,), part in _hidden_rows(slots, pairs).group_by(ground):
        shares[str(name)] = (int(part["right"].sum()), part.height)
    return shares, {str(k): int(v) for k, v in verdicts.value_counts().iter_rows()}


def _hidden_rows(slots: pl.DataFrame, pairs: pl.DataFrame, every: int = 7) -> pl.DataFrame:
    """verdict, certain, among, right: names proposed for rows of a listing made unknown, one in `every` at a time."""
    sides = {
        side: pairs.select("verdict", pair=pl.concat_str("set_id", "other_id", separator="|"), set_id=side).join(
            slots, on="set_id"
        )
        for side in ("set_id", "other_id")
    }
    out = []
    for one, other in (("set_id", "other_id"), ("other_id", "set_id")):
        for turn in range(every):
            gone = pl.col("unit").is_not_null() & (pl.col("position") % every == turn)
            left = sides[one].with_columns(
                gone.alias("gone"),
                *(pl.when(gone).then(pl.lit("ID")).otherwise(name).alias(name) for name in ("artist", "title")),
            )
            named = align(left, sides[other]).drop_nulls(["old_row", "new_row"])
            named = named.filter(pl.col("relation").is_in(["named", "perhaps"]))
            was, now = sides[one], sides[other]
            rows = named.with_columns(
                left["gone"].gather(named["old_row"]), left["verdict"].gather(named["old_row"]),
                *(was[name].gather(named["old_row"]).alias(name) for name in ("unit", "artist", "title")),
                *(now[name].gather(named["new_row"]).alias(f"new_{name}") for name in ("unit", "artist", "title")),
            ).filter("gone")  # fmt: skip
            out.append(rows.with_columns(right=_same(rows)).select("verdict", "certain", "among", "right"))
    return pl.concat(out)


def _same(rows: pl.DataFrame) -> pl.Series:
    """Whether both names are one recording: by key, or by their words."""
    names = [
        rows.select(
            "pair", position=pl.int_range(1, pl.len() + 1), artist=f"{side}artist", title=f"{side}title"
        ).with_columns(pair=pl.int_range(pl.len()).cast(pl.String))
        for side in ("", "new_")
    ]
    relation = align(*names).drop_nulls(["old_row", "new_row"]).filter(pl.col("relation").is_in(["same", "respelled"]))
    return pl.int_range(rows.height, eager=True).is_in(relation["old_row"].implode()).alias("right")


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Measure, print, and store with `--write`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(argv)
    found, asked, undated_shares = replay(read(options.data / "tracklists.parquet"))
    found = found.with_columns(held_out(found))
    shares, verdicts = listings(pl.read_parquet(options.data / "second_listings.parquet"))
    shares |= undated_shares | rescraped(pl.read_parquet(options.data / "tracklists.parquet"))
    report = {
        "named_later": figures(found, asked),
        "plain_rule": round(plain_rule(found, asked), 4),
        "pairs": verdicts,
        "shares": dict(sorted(shares.items())),
    }
    print(json.dumps(report, indent=1))
    if options.write:
        store(train(found, found["right"], seed=0), shares, {"figures": report})
    return report


if __name__ == "__main__":
    main()
