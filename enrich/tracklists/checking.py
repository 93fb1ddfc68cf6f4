"""From a draft of a file to slots that fit the database: types coerced, bad rows set aside with a reason.

Set-based; pure. A row is set aside when it has no set or no usable position, a date that is none, or the place
of a row before it; it is kept with a warning when only a detail had to give way.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from enrich.errors import InputFileError
from enrich.text.words import is_unknown_artist, is_unknown_title
from enrich.tracklists.slots import MAX_NAME, MAX_TITLE, NOTES, SLOTS, Draft, TracklistRead

_TEXTS = (
    "set_id", "dj", "set_name", "artist", "title", "label", "track_key", "catalog_number", "label_note", "isrc",
    "genre", "section", "source_url",
)  # fmt: skip
_FLAGS = ("is_id", "layered", "is_mashup")
_INT32_MAX = 2_147_483_647
#: Years outside are a spreadsheet's or a scraper's mistake; there is no DJ set before the record player.
_YEARS = (1900, 2199)


def check(drafts: Sequence[tuple[str, Draft]]) -> TracklistRead:
    """Turn the drafts of one or more files, whose tables have the same columns, into slots, bad rows and warnings.

    Raises:
        InputFileError: a column has a type no text, number or date can be made of.
    """
    table = pl.concat([draft.table for _, draft in drafts])
    heights = [draft.table.height for _, draft in drafts]
    files = _repeated([file for file, _ in drafts], heights)
    lines = [line for _, draft in drafts for line in draft.lines]
    raws: list[str | None] = [
        draft.raws[i] if draft.raws is not None else None for _, draft in drafts for i in range(draft.table.height)
    ]
    bad_lines = pl.DataFrame(
        [(file, line, reason, *_storable([raw])) for file, draft in drafts for line, reason, raw in draft.bad],
        schema=NOTES,
        orient="row",
    )
    typed = _typed(table, file=drafts[0][0]).with_columns(
        pl.Series("file", files, dtype=pl.String),
        pl.Series("line", lines, dtype=pl.Int64),
        pl.Series("source", _repeated([draft.source for _, draft in drafts], heights), dtype=pl.String),
        pl.Series("raw", _storable(raws), dtype=pl.String),
    )
    judged = typed.with_columns(_reason().alias("reason"))
    good = judged.filter(pl.col.reason.is_null())
    first_line = pl.col.line.first().over("file", "set_id", "position")
    good = good.with_columns(
        pl.when(~pl.struct("file", "set_id", "position").is_first_distinct())
        .then(pl.format("position {} of set {} is taken already by line {}", "position", "set_id", first_line))
        .alias("reason")
    )
    refused = pl.concat([judged.filter(pl.col.reason.is_not_null()), good.filter(pl.col.reason.is_not_null())])
    good = good.filter(pl.col.reason.is_null()).with_columns(
        pl.when(pl.col.set_date.dt.year().is_between(*_YEARS)).then(pl.col.set_date).alias("set_date")
    )
    if all(draft.raws is None for _, draft in drafts):
        refused = _with_json(refused, table, lines)
    return TracklistRead(
        slots=good.with_columns(
            is_id=is_unknown_artist(pl.col.artist) | pl.col.is_id.fill_null(is_unnamed_title(pl.col.title))
        )
        .select(SLOTS.names())
        .match_to_schema(SLOTS),
        bad=pl.concat([refused.select(NOTES.names()), bad_lines]).sort("file", "line", maintain_order=True),
        warnings=_warnings(good),
    )


def _repeated(values: Sequence[str], times: Sequence[int]) -> list[str]:
    return [value for value, n in zip(values, times, strict=True) for _ in range(n)]


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
    columns = {
        name: _column(table, name, file=file) if name in table.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in SLOTS.items()
        if name not in ("file", "line", "source")
    }
    as_text = table.select(
        _text(table, name, file=file) for name in (*_TEXTS, "set_date", "position") if name in table.columns
    )
    has_nul = [pl.col(name).str.contains("\0", literal=True) for name in as_text.columns]
    extra = as_text.select(
        (pl.any_horizontal(has_nul).fill_null(value=False) if has_nul else pl.lit(value=False)).alias("had_nul"),
        *(
            (_clean(pl.col(name)) if name in as_text.columns else pl.lit(None, pl.String)).alias(f"given_{name}")
            for name in ("position", "set_date")
        ),
    )
    return table.select(columns.values()).with_columns(extra)


def _column(table: pl.DataFrame, name: str, *, file: str) -> pl.Expr:
    dtype = table.schema[name]
    if name in _TEXTS:
        return _clean(_text(table, name, file=file)).alias(name)
    if name in _FLAGS:
        return _flag(_text(table, name, file=file)).alias(name)
    if name == "set_date":
        if dtype == pl.Date:
            return pl.col(name)
        if isinstance(dtype, pl.Datetime):
            utc = pl.col(name).dt.convert_time_zone("UTC") if dtype.time_zone else pl.col(name)
            return utc.dt.date().alias(name)
        return _date(_clean(_text(table, name, file=file))).alias(name)
    if name == "components":
        return pl.col(name).cast(SLOTS[name])
    return _integer(table, name, file=file).alias(name)


def _text(table: pl.DataFrame, name: str, *, file: str) -> pl.Expr:
    dtype = table.schema[name]
    column = pl.col(name)
    if dtype == pl.String:
        return column
    if dtype.is_float():
        # 7.0 is the 7 that a column with blanks made of a whole number.
        whole = column.is_finite() & (column == column.floor()) & (column.abs() < 1e15)
        return (
            pl.when(whole).then(column.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(column.cast(pl.String))
        ).alias(name)
    if dtype == pl.List(pl.String):
        return column.list.join(" & ")
    if dtype == pl.Binary:
        return column.cast(pl.String, strict=False)
    if dtype.is_nested() or dtype == pl.Object:
        raise InputFileError(f"{file}: column {name} holds {dtype}; expected text")
    return column.cast(pl.String, strict=False)


def _clean(text: pl.Expr) -> pl.Expr:
    """Without NULs (Postgres cannot hold them), white space single and outside nothing; blank is null."""
    tidy = text.str.replace_all("\0", "", literal=True).str.replace_all(r"\s+", " ").str.strip_chars()
    return pl.when(tidy != "").then(tidy)


def _flag(text: pl.Expr) -> pl.Expr:
    word = text.str.strip_chars().str.to_lowercase()
    return (
        pl.when(word.is_in(["true", "t", "1", "yes", "y"]))
        .then(statement=True)
        .when(word.is_in(["false", "f", "0", "no", "n"]))
        .then(statement=False)
    )


def _date(text: pl.Expr) -> pl.Expr:
    """ISO dates, with a time behind them or not, also `2024/3/5` and `20240305`."""
    parts = text.str.extract_groups(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?$")
    separated = pl.concat_str(
        parts.struct.field("1"), parts.struct.field("2").str.zfill(2), parts.struct.field("3").str.zfill(2)
    )
    compact = text.str.extract(r"^(\d{8})$")
    return pl.coalesce(separated, compact).str.to_date("%Y%m%d", strict=False)


def _integer(table: pl.DataFrame, name: str, *, file: str) -> pl.Expr:
    """Whole numbers, also as `7.0` or " 07 "; anything else is null."""
    text = _text(table, name, file=file).str.replace_all("\0", "", literal=True).str.strip_chars()
    digits = text.str.extract(r"^\+?(\d{1,10})(?:\.0*)?$").cast(pl.Int64, strict=False)
    return pl.when(digits <= _INT32_MAX).then(digits).cast(pl.Int32)


def _reason() -> pl.Expr:
    """Why a row cannot be used; null where it can."""
    placeholder = pl.col.given_set_date.str.contains(r"^0000")
    return (
        pl.when(pl.col.set_id.is_null())
        .then(pl.lit("no set_id"))
        .when(pl.col.set_id.str.len_chars() > MAX_NAME)
        .then(pl.lit(f"set_id is longer than {MAX_NAME} characters"))
        .when(pl.col.given_position.is_null())
        .then(pl.lit("no position"))
        .when(pl.col.position.is_null() | (pl.col.position < 1))
        .then(pl.format("position {} is not a whole number from 1", _short(pl.col.given_position)))
        .when(pl.col.set_date.is_null() & pl.col.given_set_date.is_not_null() & ~placeholder)
        .then(pl.format("set_date {} is not a date like 2024-03-15", _short(pl.col.given_set_date)))
    )


def _warnings(good: pl.DataFrame) -> pl.DataFrame:
    """Where a row was kept, but not as written."""
    rules: list[tuple[pl.Expr, pl.Expr]] = [
        (pl.col.had_nul, pl.lit("NUL characters taken out")),
        (
            pl.col.title.str.len_chars() > MAX_TITLE,
            pl.format("title of {} characters: the database holds {} and the rest in metadata",
                      pl.col.title.str.len_chars(), pl.lit(MAX_TITLE)),
        ),
        (
            pl.col.given_set_date.is_not_null() & pl.col.set_date.is_null(),
            pl.format("set_date {} is implausible: read as no date", _short(pl.col.given_set_date)),
        ),
    ]  # fmt: skip
    return pl.concat([good.filter(rule).select("file", "line", text.alias("reason"), "raw") for rule, text in rules])


def _short(text: pl.Expr) -> pl.Expr:
    return pl.concat_str(text.str.head(40))


def _with_json(refused: pl.DataFrame, table: pl.DataFrame, lines: Sequence[int]) -> pl.DataFrame:
    """The refused rows with `raw` = the row of the file as JSON."""
    written = table.with_columns(pl.Series("__line", list(lines), dtype=pl.Int64)).filter(
        pl.col("__line").is_in(refused["line"].implode())
    )
    if written.is_empty():
        return refused
    as_json = written.select(
        pl.col("__line").alias("line"), pl.struct(pl.exclude("__line")).struct.json_encode().alias("as_json")
    )
    return (
        refused.join(as_json, on="line", how="left", maintain_order="left")
        .with_columns(raw=pl.col.as_json)
        .drop("as_json")
    )
