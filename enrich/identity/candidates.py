"""Which recordings an unknown slot may be, by what was played under a name elsewhere, and what speaks for each. Pure.

Title missing: the recordings of its artist that nobody had played under their name before that day. Artist missing: the
recordings of that title. Both missing: what the same DJ played within weeks between the same neighbours.
"""

import polars as pl
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

#: Names that come later than this are no longer looked at where only the artist is known.
MAX_DAYS = 548
#: Two sets of a DJ this many days apart may hold the same unknown between the same neighbours.
NEAR_DAYS = 42
#: Of a slot without a day one of so many at most is proposed.
MOST_OPTIONS = 3
#: Titles played under a name in more slots than this say nothing.
_COMMON = 400

#: What speaks for a candidate, as the ranker reads it; null where it does not apply. Days are counted from the set of
#: the unknown: `first` to the first play under the name anywhere, `dj` to the nearest by the same DJ, `nearest` to the
#: nearest at all. `place` and `dj_place` order the unknown's candidates by these; `rivals` counts those within 60 days,
#: `dj_rivals` those this DJ ever played, `plays_60`, `plays_14` sets within so many days, `repeats` the DJ's unknowns
#: of the same artist, `past` and `habit` the artist's earlier recordings, in a year and at this DJ.
SIGNS = (
    "is_title", "is_artist", "first", "dj", "nearest", "place", "dj_place", "rivals", "dj_rivals", "candidates",
    "plays_60", "plays", "djs", "series", "label", "remixer", "credit", "artists", "working", "repeats", "sides",
    "own", "titles", "past", "dj_plays", "sets_since", "shared", "habit", "plays_14",
)  # fmt: skip


def candidates(slots: pl.DataFrame, asked: pl.DataFrame | None = None) -> pl.DataFrame:
    """Candidates of unknown slots among the recordings named elsewhere.

    Args:
        slots: PLAYED.
        asked: The unknown slots asked for, rows of `slots`; None: all.

    Returns:
        slot, blank, unit, named_slot (the play that names it: this DJ's nearest, else the nearest), days, and SIGNS as
        Float64; by slot and unit. A recording that the unknown's own set names is no candidate.
    """
    asked = slots.filter(pl.col.blank.is_not_null()) if asked is None else asked
    asked = asked.drop_nulls("day")
    known = slots.drop_nulls(["unit", "day"])
    pairs = pl.concat([_of_artist(asked, known), _of_title(asked, known), _between_neighbours(asked, known)])
    pairs = pairs.group_by("slot", "unit").agg(pl.col.sides.max())
    own_set = asked.select("slot", "set_id").join(known.select("set_id", "unit").unique(), on="set_id")
    pairs = pairs.join(own_set, on=["slot", "unit"], how="anti")
    return _signs(pairs, asked, known, slots).sort("slot", "unit")


def undated(slots: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """The likeliest candidate of slots of which nobody knows the day, where at most `MOST_OPTIONS` come into question.

    Of PLAYED and its rows `asked` without artist, or without title: slot, blank, unit, named_slot, options (artists who
    have the title, or recordings of the artist), plays (sets that name this one, the most), by slot.
    """
    known = slots.drop_nulls("unit").select("set_id", "unit", "title_key", "keys", named_slot="slot")
    titled = known.with_columns(key="title_key", option=pl.col.keys.list.first())
    credited = known.explode("keys").with_columns(key="keys", option="unit")
    about = asked.select("slot", "set_id", "blank", "title_key", "keys")
    pairs = [
        about.filter(blank=blank).with_columns(key=key).explode("key").drop_nulls("key").join(those, on="key")
        for blank, key, those in (("artist", pl.concat_list("title_key"), titled), ("title", pl.col.keys, credited))
    ]
    columns = ("slot", "blank", "set_id", "set_id_right", "unit", "option", "named_slot")
    return (
        pl.concat([some.select(columns) for some in pairs])
        .filter(~(pl.col.set_id == pl.col.set_id_right).any().over("slot", "unit"))
        .sort("slot", "option", "named_slot")
        .group_by("slot", "blank", "option", maintain_order=True)
        .agg(pl.col("unit", "named_slot").first(), plays=pl.col.set_id_right.n_unique())
        .with_columns(options=pl.len().over("slot"))
        .filter(pl.col.options <= MOST_OPTIONS)
        .sort("slot", "plays", "option", descending=[False, True, False])
        .unique("slot", keep="first", maintain_order=True)
        .drop("option")
    )


def _of_artist(asked: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    first = known.group_by("unit").agg(first=pl.col.day.min())
    by_artist = known.select("unit", "keys").explode("keys").drop_nulls("keys").unique().join(first, on="unit")
    return (
        asked.filter(pl.col.blank == "title")
        .select("slot", "day", "keys")
        .explode("keys")
        .drop_nulls("keys")
        .join(by_artist, on="keys")
        .filter(pl.col.first.is_between(pl.col.day, pl.col.day + MAX_DAYS))
        .select("slot", "unit", sides=pl.lit(None, pl.Float64))
    )


def _of_title(asked: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    titled = known.drop_nulls("title_key").select("title_key", "unit")
    often = titled.group_by("title_key").len().filter(pl.col.len <= _COMMON)
    return (
        asked.filter(pl.col.blank == "artist")
        .select("slot", "title_key")
        .drop_nulls("title_key")
        .join(titled.join(often, on="title_key", how="semi").unique(), on="title_key")
        .select("slot", "unit", sides=pl.lit(None, pl.Float64))
    )


def _between_neighbours(asked: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    bare = asked.filter(pl.col.blank == "both")
    held = ["set_id", "dj_key", "day"]
    pairs = [
        bare.select("slot", *held, neighbour=side)
        .drop_nulls(["neighbour", "dj_key"])
        .join(
            known.select("unit", *held, neighbour=side).drop_nulls(["neighbour", "dj_key"]), on=["dj_key", "neighbour"]
        )
        .filter(pl.col.set_id != pl.col.set_id_right, (pl.col.day_right - pl.col.day).abs() <= NEAR_DAYS)
        .select("slot", "unit", side=pl.lit(side))
        for side in ("before", "after")
    ]
    return pl.concat(pairs).group_by("slot", "unit").agg(sides=pl.col.side.n_unique().cast(pl.Float64))


def _signs(pairs: pl.DataFrame, asked: pl.DataFrame, known: pl.DataFrame, slots: pl.DataFrame) -> pl.DataFrame:
    both = ("slot", "set_id", "day", "dj_key", "series", "keys", "label_key", "remixer_key")
    about, plays = asked.select(*both, "blank", "working"), known.select(*both, "unit", "title_key")
    rows = _of_plays(pairs.join(about, on="slot").join(plays, on="unit").filter(pl.col.set_id != pl.col.set_id_right))
    # How much of a working title stands in the candidate's, 0–1.
    titles = (rows[name].fill_null("").to_list() for name in ("working_title", "title_key"))
    told = pl.Series(cpdist(*titles, scorer=fuzz.token_set_ratio, workers=1), dtype=pl.Float64) / 100
    rows = rows.with_columns(
        days=pl.coalesce("dj", "nearest").cast(pl.Int32),
        label=pl.when("has_label").then("label"),
        working=pl.when(pl.col.working_title.is_not_null()).then(pl.lit(told)),
        is_title=(pl.col.blank == "title").cast(pl.Float64),
        is_artist=(pl.col.blank == "artist").cast(pl.Float64),
    )
    rows = rows.with_columns(
        place=pl.col.first.rank("min").over("slot"),
        dj_place=pl.col.dj.rank("min").over("slot"),
        rivals=pl.col.first.is_between(0, 60).sum().over("slot"),
        dj_rivals=pl.col.dj.is_not_null().sum().over("slot"),
        candidates=pl.len().over("slot"),
        titles=pl.col.key.n_unique().over("slot"),
    )
    # Recordings of the candidate's artist: all up to the day before and a year before that, and those of this DJ.
    ever, older = (_until(rows, known, ["key"], back) for back in (1, 366))
    habit = _until(rows.drop_nulls("dj_key"), known.drop_nulls("dj_key"), ["dj_key", "key"], 1)
    rows = (
        rows.join(_repeats(asked, slots), on="slot", how="left")
        .join(ever, on=["slot", "unit"], how="left")
        .join(older.rename({"n": "older"}), on=["slot", "unit"], how="left")
        .with_columns(past=pl.col.n - pl.col.older)
        .join(_shared(rows, known), on=["set_id", "named_set"], how="left")
        .join(_sets_since(rows, slots), on=["slot", "unit"], how="left")
        .join(habit.rename({"n": "habit"}), on=["slot", "unit"], how="left")
    )
    return rows.select(
        "slot", "blank", "unit", "named_slot", "days", *(pl.col(name).cast(pl.Float64) for name in SIGNS)
    )


def _repeats(asked: pl.DataFrame, slots: pl.DataFrame) -> pl.DataFrame:
    """slot, repeats: sets in which this DJ played an unknown of the same artists within 60 days."""
    ids = slots.filter(pl.col.blank == "title").select("set_id", "dj_key", "day", "keys")
    return (
        asked.filter(pl.col.blank == "title")
        .select("slot", "set_id", "dj_key", "day", "keys")
        .join(ids, on=["dj_key", "keys"])
        .filter((pl.col.day - pl.col.day_right).abs() <= 60)
        .group_by("slot")
        .agg(repeats=pl.col.set_id_right.n_unique())
    )


def _shared(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """set_id, named_set, shared: recordings that the unknown's set has in common with the set that names it."""
    held = known.select("set_id", "unit").unique()
    return (
        rows.select("set_id", "named_set")
        .unique()
        .join(held, on="set_id")
        .join(held, left_on=["named_set", "unit"], right_on=["set_id", "unit"])
        .group_by("set_id", "named_set")
        .agg(shared=pl.len())
    )


def _sets_since(rows: pl.DataFrame, slots: pl.DataFrame) -> pl.DataFrame:
    """slot, unit, sets_since: sets of this DJ from the unknown's to the nearest that names the candidate."""
    days = slots.drop_nulls(["dj_key", "day"]).select("dj_key", "day").unique().sort("dj_key", "day")
    days = days.with_columns(n=pl.int_range(pl.len()).over("dj_key").cast(pl.Float64))
    at = rows.drop_nulls("dj").select("slot", "unit", "dj_key", "day", then=(pl.col.day + pl.col.dj).cast(pl.Int32))
    return (
        at.join(days, on=["dj_key", "day"])
        .join(days, left_on=["dj_key", "then"], right_on=["dj_key", "day"])
        .select("slot", "unit", sets_since=pl.col.n_right - pl.col.n)
    )


def _until(rows: pl.DataFrame, known: pl.DataFrame, by: list[str], back: int) -> pl.DataFrame:
    """slot, unit, n: recordings of the same `by` first played up to so many days before the unknown's."""
    firsts = (
        known.with_columns(key=pl.col.keys.list.first())
        .drop_nulls("key")
        .group_by(*by, "unit")
        .agg(first_day=pl.col.day.min())
        .sort(*by, "first_day")
        .with_columns(n=pl.int_range(pl.len()).over(by).cast(pl.Float64) + 1)
    )
    asked = rows.select("slot", "unit", *by, until=pl.col.day - back).sort(*by, "until")
    found = asked.join_asof(firsts.drop("unit"), left_on="until", right_on="first_day", by=by, check_sortedness=False)
    return found.select("slot", "unit", pl.col.n.fill_null(0.0))


def _of_plays(plays: pl.DataFrame) -> pl.DataFrame:
    """One row per slot and unit, from one per play of the unit (its columns `…_right`) beside the slot."""
    gap = (pl.col.day_right - pl.col.day).cast(pl.Float64)
    same_dj = (pl.col.dj_key == pl.col.dj_key_right).fill_null(value=False)
    same_version = pl.col.remixer_key.eq_missing(pl.col.remixer_key_right)
    by_dj = pl.col.gap.filter(~pl.col.other_dj)
    return (
        plays.with_columns(gap=gap, apart=gap.abs(), other_dj=~same_dj, other_version=~same_version)
        .sort("slot", "unit", "slot_right")
        .group_by("slot", "unit", maintain_order=True)
        .agg(
            pl.col.sides.first(),
            pl.col.blank.first(),
            first=pl.col.gap.min(),
            dj=by_dj.sort_by(by_dj.abs()).first(),
            nearest=pl.col.gap.sort_by("apart").first(),
            named_slot=pl.col.slot_right.sort_by(["other_version", "other_dj", "apart", "slot_right"]).first(),
            plays=pl.col.set_id_right.n_unique().cast(pl.Float64),
            plays_60=pl.col.set_id_right.filter(pl.col.gap.is_between(0, 60)).n_unique().cast(pl.Float64),
            dj_plays=by_dj.len().cast(pl.Float64),
            plays_14=pl.col.set_id_right.filter(pl.col.gap.is_between(0, 14)).n_unique().cast(pl.Float64),
            set_id=pl.col.set_id.first(),
            dj_key=pl.col.dj_key.first(),
            named_set=pl.col.set_id_right.sort_by(["other_version", "other_dj", "apart", "slot_right"]).first(),
            djs=pl.col.dj_key_right.n_unique().cast(pl.Float64),
            series=(pl.col.series == pl.col.series_right).any().cast(pl.Float64),
            label=(pl.col.label_key == pl.col.label_key_right).any().cast(pl.Float64),
            has_label=(pl.col.label_key.is_not_null() & pl.col.label_key_right.is_not_null()).any(),
            remixer=(~pl.col.other_version).any().cast(pl.Float64),
            credit=(pl.col.keys == pl.col.keys_right).any().cast(pl.Float64),
            artists=pl.col.keys.first().list.len().cast(pl.Float64),
            own=pl.col.keys_right.first().list.contains(pl.col.dj_key.first()).cast(pl.Float64),
            title_key=pl.col.title_key.drop_nulls().first(),
            working_title=pl.col.working.first(),
            key=pl.col.keys_right.first().list.first(),
            day=pl.col.day.first(),
        )
    )
