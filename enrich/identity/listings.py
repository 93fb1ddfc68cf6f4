"""The slots of tracklists as identity compares them, and which sets are one set listed twice. Pure.

Such have the same recordings in the same order, at one time, by one DJ. Neighbouring episodes, tour nights a day apart
and year mixes share recordings, too: their order, their day, or what their names say tells them apart.
"""

import polars as pl

from enrich.cooccurrence.slots import credited_slots, group_recordings, remixers, slot_rows
from enrich.identity.alignment import align
from enrich.text.credits import credit_keys
from enrich.text.normalise import artist_key, fold, label_key
from enrich.text.persons import persons
from enrich.text.versions import base_key
from enrich.text.words import is_unknown_title

#: One row per two sets that are one, the one of the smaller id first. `in_order` recordings stand in the same order
#: in both, `share` is their part of the shorter listing's. `verdict`: one (surely one set), review (days apart).
LISTINGS = pl.Schema(
    dict.fromkeys(("set_id", "other_id"), pl.String())
    | {"in_order": pl.Int32(), "share": pl.Float64(), "days": pl.Int32(), "verdict": pl.String()}
)

#: Two listings have at least this many recordings in the same order …
LEAST_IN_ORDER = 4
#: … which are this share of the shorter listing; where their dates differ, this one.
LEAST_SHARE, LEAST_SHARE_APART = 0.5, 0.7
#: Dates this far apart may be one night's; further apart, the day an upload was made.
SAME_NIGHT = 1
MAX_APART = 400
#: Recordings of more sets than this say nothing about two listings being one, and cost the square of their number.
COMMON = 200
#: Recordings spelled alike that two sets share before they are aligned.
LEAST_SHARED = 2

_DATE = r"\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}"
_S, _STRINGS = pl.String(), pl.List(pl.String)

#: One row per slot. `blank` says what is missing: artist, title, both; null where nothing is. `unit` is the recording
#: of a slot that is whole, all its versions as one; `before` and `after` those of its neighbours. `keys` are the
#: artists, `title_key` the base title where it says enough to be compared, `working` the words of a working title;
#: `day` counts from 1970.
PLAYED = pl.Schema(
    {"slot": pl.Int64(), "set_id": _S, "position": pl.Int32(), "artist": _S, "title": _S, "label": _S, "track_key": _S}
    | {"dj_key": _S, "series": _S, "day": pl.Int32(), "blank": _S, "unit": _S, "keys": _STRINGS, "title_key": _S}
    | {"working": _S, "remixer_key": _S, "label_key": _S, "before": _S, "after": _S}
)

#: A base title of fewer letters says too little ("Go", "One").
LEAST_LETTERS = 5

_ASKED = r"^\s*\?+\s*-?\s*"
_WORKING = r"(?i)\bID\b(?:\s*#?\d{1,2})?|\(?working title\)?|\([^)]*\)|\[[^\]]*\]"


def played(tracklists: pl.DataFrame) -> pl.DataFrame:
    """PLAYED of TRACKLISTS, in order of set and position."""
    rows = slot_rows(tracklists)
    credited = credited_slots(rows)
    keys = credited.group_by("slot").agg(keys=pl.col.key.unique().sort())
    title = pl.col.title.str.replace(_ASKED, "")
    base = base_key(title)
    words = fold(title.str.replace_all(_WORKING, " ")).str.strip_chars()
    return (
        rows.with_columns(group_recordings(rows, credited, versions_together=True))
        .join(keys, on="slot", how="left", maintain_order="left")
        .join(remixers(rows["title"]), on="title", how="left", maintain_order="left")
        .with_columns(no_title=is_unknown_title(pl.col.title))
        .with_columns(
            pl.col.keys.fill_null(pl.lit([], _STRINGS)),
            dj_key=artist_key(pl.col.dj),
            series=pl.col.set_id.str.split("-").list.first(),
            day=pl.col.set_date.cast(pl.Int32),
            # `? - Clear Blue Moon` asks for the artist of a title that is there.
            words=words,
            titled=~pl.col.no_title | (pl.col.title.str.contains(_ASKED + r"\S") & ~is_unknown_title(title)),
            label_key=label_key(pl.col.label),
        )
        .with_columns(
            blank=pl.when(~pl.col.is_unknown & pl.col.no_title)
            .then(pl.lit("title"))
            .when(pl.col.is_unknown & pl.col.titled)
            .then(pl.lit("artist"))
            .when("is_unknown")
            .then(pl.lit("both"))
        )
        .with_columns(
            unit=pl.when(pl.col.blank.is_null()).then("recording"),
            title_key=pl.when(pl.col.titled & (base.str.len_chars() >= LEAST_LETTERS)).then(base),
            working=pl.when(pl.col.blank == "title", _says(pl.col.words)).then("words"),
        )
        .with_columns(before=pl.col.unit.shift(1).over("set_id"), after=pl.col.unit.shift(-1).over("set_id"))
        .match_to_schema(PLAYED, extra_columns="ignore")
    )


def _says(words: pl.Expr) -> pl.Expr:
    return (words.str.len_chars() >= LEAST_LETTERS) & ~is_unknown_title(words)


def pair_listings(
    tracklists: pl.DataFrame, slots: pl.DataFrame, aliases: pl.DataFrame | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sets that are listed twice, and their rows beside each other.

    Args:
        tracklists: TRACKLISTS; of it set_id and set_name are read.
        slots: PLAYED of them.
        aliases: artist, alias: further names of DJs.

    Returns:
        LISTINGS by set_id, and pair (`set_id|other_id`), slot, other_slot, relation, certain, among: the rows both
        have.
    """
    near = _sharing(slots, _sets(tracklists, slots, aliases))
    old, new = _side(slots, near, "set_id"), _side(slots, near, "other_id")
    rows = _rows(align(old, new), old, new)
    run = rows.filter(pl.col.relation.is_in(["same", "respelled"]) & pl.col.whole).group_by("pair").len("in_order")
    judged = (
        near.join(run, on="pair")
        .with_columns(share=pl.col.in_order / pl.min_horizontal("named", "named_right"))
        .with_columns(verdict=_verdict(pl.col.in_order, pl.col.share))
        .drop_nulls("verdict")
        .sort("set_id", "other_id")
    )
    listings = judged.select(pl.col(name).cast(dtype) for name, dtype in LISTINGS.items())
    return listings, rows.join(judged.select("pair", "verdict"), on="pair").drop("whole")


def _sets(tracklists: pl.DataFrame, slots: pl.DataFrame, aliases: pl.DataFrame | None) -> pl.DataFrame:
    """set_id, named (rows with a full name), day, djs (persons), words and numbers of the name beyond DJ and date."""
    about = tracklists.group_by("set_id").agg(pl.col("set_name", "dj").drop_nulls().min())
    person = persons(aliases)
    djs = (
        about.select("set_id", key=credit_keys(about["dj"]))
        .explode("key")
        .join(person, on="key", how="left")
        .group_by("set_id")
        .agg(djs=pl.coalesce("person", "key").drop_nulls().unique().sort())
    )
    name = fold(pl.col.set_name.str.replace_all(_DATE, " ")).fill_null("")
    own = fold(pl.col.dj).fill_null("").str.split(" ")
    words = name.str.split(" ").list.set_difference(own).list.filter(pl.element() != "")
    return (
        slots.group_by("set_id")
        .agg(named=pl.col.unit.count(), day=pl.col.day.min())
        .join(about.with_columns(words=words), on="set_id", how="left")
        .join(djs, on="set_id", how="left")
        .with_columns(numbers=pl.col.words.list.filter(pl.element().str.contains(r"^\d+$")))
        .drop("set_name", "dj")
    )


def _sharing(slots: pl.DataFrame, sets: pl.DataFrame) -> pl.DataFrame:
    """Pairs of sets worth aligning, with both sets' figures: a DJ or a day in common, and recordings."""
    held = slots.drop_nulls("unit").select("set_id", "unit").unique()
    rare = held.join(held.group_by("unit").len().filter(pl.col.len <= COMMON), on="unit", how="semi")
    shared = (
        rare.join(rare, on="unit")
        .filter(pl.col.set_id < pl.col.set_id_right)
        .group_by("set_id", other_id="set_id_right")
        .len("shared")
        .filter(pl.col.shared >= LEAST_SHARED)
    )
    return (
        shared.join(sets, on="set_id")
        .join(sets, left_on="other_id", right_on="set_id")
        .with_columns(
            days=(pl.col.day_right - pl.col.day).abs(),
            one_dj=pl.col.djs.list.set_intersection("djs_right").list.len() > 0,
            pair=pl.concat_str("set_id", "other_id", separator="|"),
        )
        .filter(
            pl.col.one_dj | (pl.col.days <= SAME_NIGHT),
            pl.col.days.fill_null(0) <= MAX_APART,
            worth_aligning("named"),
            # By names and days alone some never are one, whatever they share.
            _verdict(in_order=pl.lit(LEAST_IN_ORDER), share=pl.lit(1.0)).is_not_null(),
        )
    )


def worth_aligning(size: str) -> pl.Expr:
    """Whether two sets share enough (`shared`, of `size` and its twin `_right`) to be one set listed twice."""
    least = LEAST_SHARE * pl.min_horizontal(size, f"{size}_right")
    return (pl.col.shared >= LEAST_SHARED) & (2 * pl.col.shared >= least)


def _side(slots: pl.DataFrame, near: pl.DataFrame, column: str) -> pl.DataFrame:
    return (
        near.select("pair", set_id=column)
        .join(slots, on="set_id")
        .select("pair", "slot", "position", "artist", "title", "unit")
    )


def _rows(aligned: pl.DataFrame, old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """pair, slot, other_slot, relation, certain, among, whole: rows that both listings have, or may have."""
    both = aligned.drop_nulls(["old_row", "new_row"])
    return both.select(
        "pair",
        pl.lit(old["slot"]).gather("old_row").alias("slot"),
        pl.lit(new["slot"]).gather("new_row").alias("other_slot"),
        "relation",
        "certain",
        "among",
        pl.lit(old["unit"]).gather("old_row").is_not_null().alias("whole"),
    )


def _verdict(in_order: pl.Expr, share: pl.Expr) -> pl.Expr:
    """`one`, `review` or null, of a pair with days, one_dj, words and numbers of both names."""

    def each_has_own(words: str) -> pl.Expr:
        own, other = pl.col(words).list, pl.col(f"{words}_right").list
        return (own.set_difference(f"{words}_right").list.len() > 0) & (other.set_difference(words).list.len() > 0)

    # Numbers are of episodes, or of the parts of an event.
    names_agree, episodes_differ = ~each_has_own("words"), each_has_own("numbers")
    alike = (in_order >= LEAST_IN_ORDER) & (share >= LEAST_SHARE)
    mostly = share >= LEAST_SHARE_APART
    same_day, one_night = pl.col.days == 0, pl.col.days <= SAME_NIGHT
    known_by = pl.col.one_dj | names_agree
    return (
        pl.when(~alike | episodes_differ | ~known_by)
        .then(None)
        .when((one_night & names_agree) | (same_day & mostly))
        .then(pl.lit("one"))
        .when(pl.col.one_dj, names_agree, mostly)
        .then(pl.lit("review"))
    )
