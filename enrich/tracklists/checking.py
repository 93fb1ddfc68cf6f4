"""From a draft of a file to slots that fit the database: types coerced, bad rows set aside with a reason.

Set-based; pure. A row is set aside when it has no set, no usable position, an artist that can be no name, or
the place of a row before it; it is kept with a warning when only a detail had to give way.
"""

import re
from collections.abc import Sequence

import polars as pl

from enrich.errors import InputFileError
from enrich.frames.coding import coded, once_a_run, packed, runs
from enrich.frames.inputs import MOJIBAKE, MOJIBAKE_BEGINS, mended
from enrich.text.words import is_unknown_artist, is_unknown_title
from enrich.tracklists.marks import MARKS
from enrich.tracklists.naming import full_year, worded_date
from enrich.tracklists.slots import MAX_NAME, MAX_TITLE, NOTES, SLOTS, Draft, TracklistRead, notes
from enrich.tracklists.times import seconds

_TEXTS = tuple(name for name, dtype in SLOTS.items() if dtype == pl.String and name not in ("source", "file"))
#: Blank, NUL, white space at an end, doubled, or other than a space.
_UNTIDY = r"^$|\x00|^\s|\s$|\s\s|[^\S ]|[\x1c-\x1f]"
#: Order of the three figures of a date, and the dates of years of two figures.
_ORDERS = {"day": ["year_c", "b", "a"], "month": ["year_c", "a", "b"], "year": ["year_a", "b", "c"]}
_YEARS_IN_SHORT = {f"{n:02}": str(full_year(f"{n:02}")) for n in range(100)}
_INT32_MAX = 2_147_483_647
#: Years outside are a spreadsheet's or a scraper's mistake; there is no DJ set before the record player.
_YEARS = (1900, 2199)


def check(drafts: Sequence[tuple[str, Draft]]) -> TracklistRead:
    """Slots, bad rows and warnings of files with the same columns. Raises InputFileError: a column of no known kind."""
    table = pl.concat([draft.table for _, draft in drafts])
    bad_lines = notes([(file, n, why, _storable([raw])[0]) for file, draft in drafts for n, why, raw in draft.bad])
    places = pl.concat([_places(file, draft) for file, draft in drafts])
    typed = pl.concat([_typed(table, file=drafts[0][0]), places], how="horizontal")
    # Sentences are made for the rows that need one: most tables have none such.
    artists = typed["artist"].unique().drop_nulls()
    sums = typed["title"].filter(typed["artist"].is_null()).unique()
    no_names, totals = MARKS.no_name.pattern, MARKS.total.pattern
    faults = _faults(artists.filter(artists.str.contains(no_names)), sums.filter(sums.str.contains(totals)))
    faulty = typed.select(pl.any_horizontal(fault for fault, _ in faults).fill_null(value=False)).to_series()
    reasons = pl.coalesce(pl.when(fault).then(text) for fault, text in faults)
    refused = typed.filter(faulty).with_columns(reasons.alias("reason"))
    # A filter copies every column: not where it keeps every row.
    good = (typed.filter(~faulty) if faulty.any() else typed).with_columns(pl.lit(None, pl.String).alias("reason"))
    place = ["file", "set_id", "position"]
    slot = packed(_set_numbers(good["set_id"]), good["position"])
    if slot.is_sorted():
        # Slots that are the same stand beside one another: it needs no table of all that were seen.
        first = (slot != slot.shift(1)).fill_null(value=True) | (good["file"] != good["file"].shift(1))
    elif len(drafts) == 1:
        first = slot.is_first_distinct()
    else:
        first = good.select(pl.struct(pl.lit(slot), "file").is_first_distinct()).to_series()
    if not first.all():
        first_line = pl.col.line.first().over(place)
        repeats = pl.format("position {} of set {} is taken already by line {}", "position", "set_id", first_line)
        refused = pl.concat([refused, good.with_columns(reason=repeats).filter(~first)])
        good = good.filter(first)
    good = good.with_columns(set_date=pl.when(pl.col.set_date.dt.year().is_between(*_YEARS)).then("set_date"))
    if refused.height and all(draft.raws is None for _, draft in drafts):
        refused = _with_json(refused, table, places["line"])
    return TracklistRead(
        slots=_with_ids(good).select(SLOTS.names()).match_to_schema(SLOTS),
        bad=pl.concat([refused.select(NOTES.names()), bad_lines]).sort("file", "line", maintain_order=True),
        warnings=_warnings(good),
    )


def _places(file: str, draft: Draft) -> pl.DataFrame:
    """line, file, source, raw: where each row of a draft stands. What is the same for all is held once."""
    return pl.DataFrame({"line": pl.Series(draft.lines, dtype=pl.Int64)}).with_columns(
        file=pl.lit(file),
        source=pl.lit(draft.source),
        raw=pl.lit(None, pl.String) if draft.raws is None else pl.Series(_storable(draft.raws), dtype=pl.String),
    )


def _set_numbers(set_id: pl.Series) -> pl.Series:
    """A number for every set; in order of appearance, and so cheap, where no set is left and come back to."""
    found = runs(set_id)
    return found[1] if found is not None and found[0].is_unique().all() else coded(set_id)[0]


def _with_ids(slots: pl.DataFrame) -> pl.DataFrame:
    """`is_id` as given, or by the title where the file does not say; true wherever the artist is unknown."""
    nobody = slots.select(is_unknown_artist(pl.col.artist)).to_series()
    unsaid = (slots["is_id"].is_null() & ~nobody).arg_true()
    unnamed = slots[unsaid].select(is_unnamed_title(pl.col.title)).to_series()
    return slots.with_columns(is_id=nobody | slots["is_id"].clone().scatter(unsaid, unnamed))


def _storable(texts: Sequence[str | None]) -> list[str | None]:
    """Half a surrogate pair becomes a question mark: Arrow holds characters only."""
    return [text if text is None or text.isascii() else text.encode("utf-8", "replace").decode() for text in texts]


def is_unnamed_title(title: pl.Expr) -> pl.Expr:
    """True where a title tells no recording from another: `ID`, `? (Some Remix)`, `Song (ID Remix)`."""
    bare = title.str.replace(r"(?:\s*[(\[][^()\[\]]*[)\]])+\s*[*]?$", "")
    by_nobody = title.str.contains(r"(?i)[(\[]\s*(?:ID|\?+)\s+(?:remix|rmx|mix|edit|rework|bootleg|mash-?up)\s*[)\]]")
    return is_unknown_title(title) | is_unknown_title(bare) | by_nobody.fill_null(value=False)


def _typed(table: pl.DataFrame, *, file: str) -> pl.DataFrame:
    """All columns of SLOTS the draft may give, in their types, beside what the rules need to know."""
    # What is a number or a date already is told in words only where a row is refused.
    typed = {
        "position": table.schema.get("position", pl.String()).is_integer(),
        "set_date": isinstance(table.schema.get("set_date"), pl.Date | pl.Datetime),
    }
    texts = table.select(
        _text(table, name, file=file) for name in (*_TEXTS, *typed) if name in table.columns and not typed.get(name)
    )
    # Texts are looked at once; numbers and dates written as text by us need no tidying.
    odd = pl.select(once_a_run(texts[name], _is_untidy).alias(name) for name in texts.columns)
    tidy = texts.with_columns(_tidied(texts[name], odd[name]) for name in texts.columns)
    columns = {
        name: _column(table, tidy, name, file=file) if name in table.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in SLOTS.items()
        if name not in ("file", "line", "source")
    }
    has_nul = [pl.col(name).str.contains("\0", literal=True) for name in texts.columns if odd[name].any()]
    had_nul = pl.any_horizontal(has_nul).fill_null(value=False) if has_nul else pl.repeat(value=False, n=pl.len())
    given = {name: table[name] if typed[name] else tidy.get_column(name, default=None) for name in typed}
    extra = texts.select(had_nul=had_nul).with_columns(
        (pl.lit(None, pl.String) if column is None else column).alias(f"given_{name}") for name, column in given.items()
    )
    return table.select(columns.values()).with_columns(extra)


def _is_untidy(text: pl.Expr) -> pl.Expr:
    return (text.str.contains(_UNTIDY) | text.str.contains_any(MOJIBAKE_BEGINS)).fill_null(value=False)


def _column(table: pl.DataFrame, tidy: pl.DataFrame, name: str, *, file: str) -> pl.Expr | pl.Series:
    dtype = table.schema[name]
    if name in _TEXTS:
        return tidy[name]
    if SLOTS[name] == pl.Boolean:
        return pl.col(name) if dtype == pl.Boolean else _flag(_text(table, name, file=file)).alias(name)
    if isinstance(dtype, pl.Datetime) and name == "set_date":
        return (pl.col(name).dt.convert_time_zone("UTC") if dtype.time_zone else pl.col(name)).dt.date().alias(name)
    if name == "set_date" and dtype != pl.Date:
        return _date(tidy[name])
    if name in ("set_date", "components"):
        return pl.col(name).cast(SLOTS[name])
    if name == "cue_seconds" and not dtype.is_integer():
        texts = table.select(_text(table, name, file=file)).to_series()
        known = {text: seconds(text) for text in texts.unique()}
        return texts.replace_strict(known, return_dtype=pl.Int32)
    return _integer(table, name, file=file).alias(name)


def _text(table: pl.DataFrame, name: str, *, file: str) -> pl.Expr:
    dtype, column = table.schema[name], pl.col(name)
    if dtype == pl.List(pl.String):
        return column.list.join(" & ")
    if dtype == pl.Duration:
        return column.dt.total_seconds().cast(pl.String)
    if dtype.is_nested() or dtype == pl.Object:
        raise InputFileError(f"{file}: column {name} holds {dtype}; expected text")
    if dtype.is_float():
        # 7.0 is the 7 that a column with blanks made of a whole number.
        whole = column.is_finite() & (column == column.floor()) & (column.abs() < 1e15)
        as_whole = column.cast(pl.Int64, strict=False).cast(pl.String)
        return pl.when(whole).then(as_whole).otherwise(column.cast(pl.String))
    return column if dtype == pl.String else column.cast(pl.String, strict=False)


def _tidied(column: pl.Series, odd: pl.Series) -> pl.Series:
    """Without NULs, which Postgres cannot hold, and mojibake, white space single; only `odd` texts are looked at."""
    if not odd.any():
        return column
    text = pl.col(column.name)
    tidy = text.str.replace_all("\0", "", literal=True).str.replace_all(r"[\s\x1c-\x1f]+", " ").str.strip_chars()
    written = column.to_frame().filter(odd)
    broken = written.select(text.str.contains(MOJIBAKE)).to_series().arg_true()
    whole = [mended(value) for value in written[column.name].gather(broken)]
    written = written.with_columns(written[column.name].scatter(broken, whole)) if whole else written
    return column.clone().scatter(odd.arg_true(), written.select(pl.when(tidy != "").then(tidy)).to_series())


def _flag(text: pl.Expr) -> pl.Expr:
    word = text.str.strip_chars().str.to_lowercase()
    is_yes = word.is_in(["true", "t", "1", "yes", "y"])
    return pl.when(is_yes | word.is_in(["false", "f", "0", "no", "n"])).then(is_yes)


def _date(text: pl.Series) -> pl.Series:
    """ISO dates, a time behind them or not, also `2024/3/5`, `2024年3月5日` and `20240305`; else `_written_dates`."""
    column = pl.col(text.name)
    parts = column.str.extract_groups(
        r"^'?(\d{4})\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})(?:[日일.]?(?:[^\d].*)?)$"
    ).struct
    separated = pl.concat_str(parts.field("1"), parts.field("2").str.zfill(2), parts.field("3").str.zfill(2))
    compact = column.str.extract(r"^(\d{8})$")
    plain = text.to_frame().select(pl.coalesce(separated, compact).str.to_date("%Y%m%d", strict=False)).to_series()
    others = (plain.is_null() & text.is_not_null()).arg_true()
    return (plain.scatter(others, _written_dates(text.gather(others))) if len(others) else plain).alias(text.name)


def _written_dates(texts: pl.Series) -> pl.Series:
    """Dates of texts that are no ISO dates, null where one is none.

    `3/4/2024` is two days: the others of the same column say which part is the month; where they do not, it is none.
    `24-03-15` begins with the year where the column's last figures change more than its first; where neither do more,
    if its year is the later one so. Numbers are seconds or milliseconds since 1970, or a spreadsheet's days since 1900.
    """
    known = {text: worded_date(text) for text in texts.unique() if re.search(r"[^\W\d]{3}", text)}
    number = pl.col.text.str.extract(r"^(\d{5}|\d{9,10}|\d{12,13})(?:\.\d*)?$").cast(pl.Int64)
    since = pl.when(number < 100_000).then((number - 25_569) * 86_400).when(number > 10**11).then(number // 1000)
    written = pl.DataFrame({"text": texts}).with_columns(f=pl.col.text.str.extract_groups(MARKS.three_figures.pattern))
    in_full = written.unnest("f").with_columns(pl.col("a", "c").replace(_YEARS_IN_SHORT).name.prefix("year_"))
    rows = in_full.select(
        worded=pl.col.text.replace_strict(known, default=None, return_dtype=pl.Date),
        is_short=pl.col.text.str.contains(r"^\d\d-\d\d?-\d\d(?:\D|$)"),
        counted=pl.from_epoch(since.otherwise(number)).dt.date(), dotted=pl.col.by == ".",
        first=pl.col.a.n_unique(), last=pl.col.c.n_unique(), later=pl.col.a > pl.col.c,
        **{name: pl.concat_str(at, separator="-").str.to_date("%F", strict=False) for name, at in _ORDERS.items()},
    )  # fmt: skip
    day, month, year = pl.col.day, pl.col.month, pl.col.year
    # As `2/3/24` a date never begins with its year; as `04-03-05` nobody knows.
    begins = pl.when(pl.col.first == pl.col.last).then(pl.col.later).otherwise(pl.col.first < pl.col.last)
    is_year = pl.col.is_short & year.is_not_null() & ((day.is_null() & month.is_null()) | (begins & month.is_null()))
    only_day, only_month = day.is_not_null() & month.is_null(), month.is_not_null() & day.is_null()
    sure = rows.filter(~pl.col.dotted & ~is_year)
    day_first, month_first = sure.select(only_day.any(), only_month.any().alias("m")).row(0)
    is_month = ~pl.col.dotted & (only_month | pl.lit(month_first and not day_first))
    is_day = pl.col.dotted | only_day | (day == month) | pl.lit(day_first and not month_first)
    numeric = pl.when(is_year).then(year).when(is_month).then(month).when(is_day).then(day)
    return rows.select(pl.coalesce("worded", numeric, "counted")).to_series()


def _integer(table: pl.DataFrame, name: str, *, file: str) -> pl.Expr:
    """Whole numbers, also as `7.0`, `#7`, `7/12` or " 07 "; anything else is null."""
    if table.schema[name].is_integer():
        return pl.when(pl.col(name).is_between(0, _INT32_MAX)).then(pl.col(name)).cast(pl.Int32)
    text = _text(table, name, file=file).str.replace_all("\0", "", literal=True).str.strip_chars()
    digits = text.str.extract(r"^[+#]?(\d{1,10})(?:\.0*|\)|\s?/\s?\d+)?$").cast(pl.Int64, strict=False)
    return pl.when(digits <= _INT32_MAX).then(digits).cast(pl.Int32)


def _faults(no_names: pl.Series, totals: pl.Series) -> list[tuple[pl.Expr, pl.Expr]]:
    """Why a row cannot be used, in words, first of all; `no_names`: artists that can be none, `totals`: titles too."""
    no_place = pl.col.position.is_null() | (pl.col.position < 1)
    return [
        (pl.col.artist.is_null() & pl.col.title.is_in(totals.implode()), pl.lit("a sum below a table")),
        (pl.col.set_id.is_null(), pl.lit("no set_id")),
        (pl.col.set_id.str.len_chars() > MAX_NAME, pl.lit(f"set_id is longer than {MAX_NAME} characters")),
        (pl.col.given_position.is_null(), pl.lit("no position")),
        (no_place, pl.format("position {} is not a whole number from 1", _short(pl.col.given_position))),
        (pl.col.artist.is_in(no_names.implode()), pl.format("artist {} can be no name", _short(pl.col.artist))),
    ]


def _warnings(good: pl.DataFrame) -> pl.DataFrame:
    """Where a row was kept, but not as written."""
    length, lacks = pl.col.title.str.len_chars(), f"the database holds {MAX_TITLE} and the rest in metadata"
    rules = {
        "NUL characters taken out": (pl.col.had_nul, None),
        f"title of {{}} characters: {lacks}": (length > MAX_TITLE, length),
        "set_date {} is implausible or in doubt: read as no date": (
            pl.col.given_set_date.is_not_null() & pl.col.set_date.is_null(), _short(pl.col.given_set_date)
        ),
    }  # fmt: skip
    changed = [
        good.filter(rule).select("file", "line", "raw", reason=pl.lit(text) if what is None else pl.format(text, what))
        for text, (rule, what) in rules.items()
    ]
    nobody = pl.col.artist.is_null().all() & pl.col.title.is_not_null().any() & (pl.len() > 1)
    files = good.group_by("file", maintain_order=True).agg(nobody=nobody, rows=pl.len()).filter("nobody")
    said = pl.format("not one of its {} rows names an artist: each is an unknown", "rows")
    nameless = files.select("file", line=pl.lit(None, pl.Int64), raw=pl.lit(None, pl.String), reason=said)
    return pl.concat([*changed, nameless]).select(NOTES.names())


def _short(text: pl.Expr) -> pl.Expr:
    return text.cast(pl.String).str.head(40)


def _with_json(refused: pl.DataFrame, table: pl.DataFrame, lines: pl.Series) -> pl.DataFrame:
    """The refused rows with `raw` = the row of the file as JSON."""
    written = table.with_columns(lines.alias("__line")).filter(pl.col("__line").is_in(refused["line"].implode()))
    as_json = written.select(line="__line", raw=pl.struct(pl.exclude("__line")).struct.json_encode())
    return refused.drop("raw").join(as_json, on="line", how="left", maintain_order="left")
