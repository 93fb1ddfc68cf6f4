"""Is this hit that track? Scores with named parts, many queries against many hits at once.

`score_pairs` compares rows of RECORDINGS, as `recordings` reads them. Pure. What the scores mean for the track and its
label is decided in `choice`.

Base title, artist set (in any order), version class and remixer are compared apart. Original, Extended, Radio and plain
titles of one base share a label. Another remixer, VIP, bootleg, mash-up, live take, cover or acoustic take is another
recording: refused, whatever the rest says. Duration is soft (10 s are free, 40 s count nothing) and says nothing
between Extended and Radio. Equal ISRCs settle it.
"""

from collections.abc import Mapping
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import OSA

from enrich.matching.values import MatchScore

#: What each part counts in the total: the weighted mean of the parts that can be compared.
WEIGHTS = {"title": 0.35, "artist": 0.30, "version": 0.15, "remixer": 0.10, "duration": 0.10}

#: A part below this, and the hit is refused by the part's name.
REFUSED_BELOW = {"title": 0.80, "artist": 0.60, "remixer": 0.01, "version": 0.01}

#: Equal ISRCs make at least this total.
ISRC_TOTAL = 0.98

DURATION_FREE_MS, DURATION_ZERO_MS = 10_000, 40_000

#: Classes of one release: they share a label.
OWN_RELEASE = ("plain", "original", "extended", "radio", "remaster")
#: The artist's own other mixes; the same release more often than not, but another recording.
_OWN_MIXES = ("club", "dub", "instrumental", "acappella", "edit", "remix", "other")
#: Another recording unless both say so.
_APART = ("vip", "bootleg", "mashup", "live", "acoustic", "cover")

PARTS = ("title", "artist", "version", "remixer", "duration", "isrc")

#: One row per compared pair; a part is null where one side says nothing. `refused` is null for a possible match.
SCORES = pl.Schema(
    {"query": pl.UInt32, "hit": pl.UInt32, "total": pl.Float64, "refused": pl.String} | dict.fromkeys(PARTS, pl.Float64)
)


def score_pairs(queries: pl.DataFrame, hits: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """SCORES of `pairs` (`query, hit`: rows of the two frames, schema RECORDINGS), one row per pair in their order."""
    frame = (
        pairs.select(pl.col("query", "hit").cast(pl.UInt32))
        .join(queries.rename({"row": "query"}), on="query", how="left", maintain_order="left")
        .join(hits.rename({"row": "hit"}), on="hit", how="left", maintain_order="left", suffix="_h")
    )
    same_mix = (_similarity(frame, "mix_key") >= 0.92) & (pl.col.mix_key != "")
    frame = frame.with_columns(
        title=_title_likeness(frame["title_key"], frame["title_key_h"]),
        text=_title_likeness(frame["text_key"], frame["text_key_h"]),
        artist=_artist_part(frame),
        remixer=_remixer_part(frame),
        same_mix=same_mix & (_digits(pl.col.mix_key) == _digits(pl.col.mix_key_h)),
        other_mix=_other_mix(frame),
    )
    # The same words all through are the same title and version, wherever a parser draws the line between them.
    same_text = (pl.col.text >= REFUSED_BELOW["title"]) & (pl.col.text >= pl.col.title)
    frame = _version_part(frame).with_columns(
        title=pl.when(same_text).then("text").otherwise("title"),
        version=pl.when(same_text).then(pl.max_horizontal("version", 0.95)).otherwise("version"),
        remixer=pl.when(pl.col.same_mix | same_text).then(1.0).otherwise("remixer"),
        duration=_duration_part(),
        isrc=pl.when((pl.col.isrcs.list.len() > 0) & (pl.col.isrcs_h.list.len() > 0)).then(
            (pl.col.isrcs.list.set_intersection("isrcs_h").list.len() > 0).cast(pl.Float64)
        ),
    )
    present = [pl.when(pl.col(p).is_not_null()).then(w).otherwise(0.0) for p, w in WEIGHTS.items()]
    total = pl.sum_horizontal([pl.col(p).fill_null(0.0) * w for p, w in WEIGHTS.items()]) / pl.sum_horizontal(present)
    is_identified = (pl.col.isrc == 1.0).fill_null(False)
    refused = pl.coalesce(pl.when(pl.col(p) < least).then(pl.lit(p)) for p, least in REFUSED_BELOW.items())
    return frame.with_columns(
        total=pl.when(is_identified).then(pl.max_horizontal(total, ISRC_TOTAL)).otherwise(total).clip(0.0, 1.0),
        refused=pl.when(~is_identified).then(refused),
    ).match_to_schema(SCORES, extra_columns="ignore")


@cache
def version_fit(asked: str, offered: str, *, is_named: bool = False) -> float:
    """How well two version classes go together, 0–1; `is_named`: both sides name the same remixer."""
    return _version_fits().get((asked, offered, is_named), 0.0)


def match_score(row: Mapping[str, Any]) -> MatchScore:
    """One row of SCORES as a value."""
    parts = {name: float(row[name]) for name in PARTS if row[name] is not None}
    return MatchScore(total=float(row["total"]), parts=parts, refused=row["refused"])


def _title_likeness(a: pl.Series, b: pl.Series) -> pl.Series:
    """1 for the same title, down from there by the share of letters that differ; under 0.8 for more than a slip."""
    # One query for all that is read of the texts: of few rows its start is what costs.
    bare = [pl.col(text).str.replace_all(" ", "") for text in ("a", "b")]
    letters, numbers = [text.str.len_chars() for text in bare], _digits(pl.col.a) != _digits(pl.col.b)
    sizes = {"shorter": pl.min_horizontal(letters), "longer": pl.max_horizontal(letters)}
    rows = pl.DataFrame({"a": a, "b": b}).select(bare=bare[0], bare_h=bare[1], numbers=numbers, **sizes)
    shorter, edits = rows["shorter"].to_numpy(), _distance(rows["bare"], rows["bare_h"])
    likeness = 1.0 - edits / np.maximum(rows["longer"].to_numpy(), 1)
    is_slip = edits <= _allowed_slips(shorter)
    for i in np.flatnonzero(is_slip & (edits > 0)):
        is_slip[i] = not _swaps_a_word(a[int(i)], b[int(i)])
    likeness = np.where(is_slip, likeness, np.minimum(likeness, 0.79))
    likeness = np.where(rows["numbers"].to_numpy() & (edits > 0), np.minimum(likeness, 0.5), likeness)
    return pl.Series("title", np.where(shorter == 0, 0.0, likeness), dtype=pl.Float64)


def _artist_part(frame: pl.DataFrame) -> pl.Expr:
    """0.6 for one artist in common up to 1.0 for the same set; below that how alike the whole credits are."""
    asked, offered, matched, people = _in_common(frame, "artists", "artists", "guests")
    # One act split on one side and whole on the other.
    whole = _similarity(frame, "credit_key")
    alike = pl.when(whole >= 0.85).then(whole).otherwise(whole.clip(0.0, 0.59))
    part = pl.when(matched > 0).then(0.6 + 0.4 * matched / people).otherwise(alike)
    return pl.when(asked & offered).then(part.clip(0.0, 1.0))


def _remixer_part(frame: pl.DataFrame) -> pl.Expr:
    """1 for the same remixers, less where one side names more of them, 0 for others."""
    asked, offered, matched, people = _in_common(frame, "remixers", "remixers", prefixes=True)
    # "(Remix)" with nobody named beside "(Someone Remix)".
    vague = ((pl.col.version_class == "remix") & ~asked) | ((pl.col.version_class_h == "remix") & ~offered)
    part = pl.when(asked & offered).then(matched / people).otherwise(pl.when(vague).then(0.5).otherwise(0.0))
    return pl.when(~asked & ~offered).then(1.0).otherwise(part)


def _in_common(frame: pl.DataFrame, mains: str, *names: str, prefixes: bool = False) -> tuple[pl.Expr, ...]:
    """Pair by pair: whether each side names any of `mains`, how many the other has among `names`, and all of them."""
    mains_h, names_h, pair = f"{mains}_h", [f"{name}_h" for name in names], pl.int_range(pl.len()).alias("pair")
    forward = frame.lazy().select(pair, main=mains, name=pl.concat_list(names_h))
    backward = frame.lazy().select(pair, main=mains_h, name=pl.concat_list(names))
    matched = _named_again(forward, frame.height, prefixes) + _named_again(backward, frame.height, prefixes)
    sizes, sizes_h = pl.col(mains).list.len(), pl.col(mains_h).list.len()
    return sizes > 0, sizes_h > 0, pl.lit(pl.Series(matched)), sizes + sizes_h


def _version_part(frame: pl.DataFrame) -> pl.DataFrame:
    fits = pl.DataFrame(
        [(a, b, named, value) for (a, b, named), value in _version_fits().items()],
        schema={"version_class": pl.String, "version_class_h": pl.String, "named": pl.Boolean, "fit": pl.Float64},
        orient="row",
    )
    both_named = (pl.col.remixers.list.len() > 0) & (pl.col.remixers_h.list.len() > 0)
    is_own_text = (pl.col.version_class == "other") & (pl.col.version_class_h == "other") & ~pl.col.same_mix
    return (
        frame.with_columns(named=both_named)
        .join(fits, on=["version_class", "version_class_h", "named"], how="left", maintain_order="left")
        .with_columns(
            version=pl.when(pl.col.is_mashup != pl.col.is_mashup_h)
            .then(0.0)
            .when("same_mix")
            .then(1.0)
            .when(is_own_text & ~pl.col.named)
            .then(0.0)
            # One remixer, two mixes: "Back 2 The Future Remix" and "Third Contact Remix".
            .when("other_mix")
            .then(0.5)
            .otherwise(pl.col.fit.fill_null(0.0))
        )
    )


def _other_mix(frame: pl.DataFrame) -> pl.Expr:
    """True where both versions have a name of their own beside the remixer's, and not the same; or other numbers."""
    both = (pl.col.mix_name.str.len_chars() >= 3) & (pl.col.mix_name_h.str.len_chars() >= 3)
    digits, digits_h = _digits(pl.col.mix_key), _digits(pl.col.mix_key_h)
    numbered = (digits != "") & (digits_h != "") & (digits != digits_h)
    # A remixer's 2004 Remix is not the remixer's remix of the year before.
    years, years_h = digits.str.contains(_YEAR), digits_h.str.contains(_YEAR)
    named = (pl.col.remixers.list.len() > 0) & (pl.col.remixers_h.list.len() > 0)
    return (both & (_similarity(frame, "mix_name") < 0.6)) | numbered | (named & (years != years_h))


_YEAR = r"\b(?:19|20)\d\d\b"


@cache
def _version_fits() -> dict[tuple[str, str, bool], float]:
    """How well two version classes go together, by whether both sides name the same remixer. 0 is another recording."""
    fits = {(a, a, named): 1.0 for a in (*OWN_RELEASE, *_OWN_MIXES, *_APART) for named in (False, True)}

    def put(a: str, b: str, named: bool, value: float) -> None:
        fits[a, b, named] = fits[b, a, named] = value

    for a, b in combinations((*OWN_RELEASE, *_OWN_MIXES), 2):
        # A remixer's Extended Remix is the remix; the remixer's dub is another recording.
        put(a, b, True, 0.9 if a in OWN_RELEASE or b in OWN_RELEASE or "other" in (a, b) else 0.5)
    for a, b in combinations(OWN_RELEASE, 2):
        put(a, b, False, 0.95)
    put("plain", "original", False, 1.0)
    for a in OWN_RELEASE:
        for b in ("club", "dub", "instrumental", "acappella", "other"):
            put(a, b, False, 0.5)
        put(a, "edit", False, 0.9)
        put(a, "remix", False, 0.0)
    for a, b in combinations(("club", "dub", "instrumental", "acappella", "edit"), 2):
        put(a, b, False, 0.5)
    return fits


def _duration_part() -> pl.Expr:
    gap = (pl.col.duration_ms - pl.col.duration_ms_h).abs()
    value = 1.0 - (gap - DURATION_FREE_MS) / (DURATION_ZERO_MS - DURATION_FREE_MS)
    timed = ["extended", "radio", "club", "edit"]
    is_other_cut = (pl.col.version_class != pl.col.version_class_h) & (
        pl.col.version_class.is_in(timed) | pl.col.version_class_h.is_in(timed)
    )
    return pl.when((pl.col.duration_ms > 0) & (pl.col.duration_ms_h > 0) & ~is_other_cut).then(value.clip(0.0, 1.0))


def _named_again(pairs: pl.LazyFrame, height: int, prefixes: bool) -> np.ndarray:
    """How many of `main` are among `name`, pair by pair; a slip of the keyboard still counts.

    With `prefixes` so does the beginning of a name: remixers are often short for themselves (`Orjan Remix`).
    """
    shorter = pl.min_horizontal(pl.col("main", "name").str.len_chars())
    begins = pl.col.main.str.starts_with(pl.col.name) | pl.col.name.str.starts_with(pl.col.main)
    same = (pl.col.main == pl.col.name) | (prefixes & begins & (pl.col.shorter >= 4))
    each = pairs.explode("main").explode("name").drop_nulls().with_columns(shorter=shorter)
    names_of = each.with_columns(same=same).collect()
    slips = _distance(names_of["main"], names_of["name"]) <= _allowed_slips(names_of["shorter"].to_numpy())
    again = names_of.lazy().filter(pl.col.same | pl.Series(slips, dtype=pl.Boolean)).select("pair", "main").unique()
    counts = again.group_by("pair").len().collect()
    found = np.zeros(height, dtype=np.int64)
    found[counts["pair"].to_numpy()] = counts["len"].to_numpy()
    return found


def _similarity(frame: pl.DataFrame, text: str) -> pl.Expr:
    a, b = frame.select(pl.col(text, f"{text}_h").fill_null("")).get_columns()
    values = process.cpdist(a.to_list(), b.to_list(), scorer=OSA.normalized_similarity)
    return pl.lit(pl.Series(values, dtype=pl.Float64))


def _distance(a: pl.Series, b: pl.Series) -> np.ndarray:
    return np.asarray(process.cpdist(a.to_list(), b.to_list(), scorer=OSA.distance), dtype=np.float64)


def _allowed_slips(shorter: np.ndarray) -> np.ndarray:
    """Edits that still make a misspelling, by letters: one or two; in a short name a letter makes another name."""
    return np.select([shorter < 5, shorter < 10, shorter < 18], [0, 1, 2], 3)


def _swaps_a_word(a: str, b: str) -> bool:
    """True if one word stands for quite another: `Yet Another Day`, `Yet Another Dub`; `Samba Magic`, `Samba Music`."""
    words, others = a.split(), b.split()
    if len(words) != len(others):
        return False
    return any(OSA.normalized_similarity(x, y) <= 0.6 for x, y in zip(words, others, strict=True))


def _digits(keys: pl.Expr) -> pl.Expr:
    return keys.str.replace_all(r"[^\d]+", " ").str.strip_chars()
