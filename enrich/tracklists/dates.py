"""Dates as people write them, beside ISO: `15.3.2024`, `3/15/2024`, `15 March 2024`, `Mar 15th, 2024`. Pure."""

from __future__ import annotations

import polars as pl

_CLOCK = r"(?i)[T,\s]+\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?\s*(?:[ap]\.?m\.?|z|utc|gmt|[+-]\d\d:?\d\d)*$"
_WEEKDAY = r"(?i)^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[.,]*\s+"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_MONTH = r"(?i)^(\d{1,2})[\s./-]+([a-z]{3,9})\.?[\s,./-]+(\d{4}|\d\d)$"
_MONTH_DAY = r"(?i)^([a-z]{3,9})\.?[\s-]+(\d{1,2})[\s,./-]+(\d{4})$"


def written_dates(texts: pl.Series) -> pl.Series:
    """Dates of texts that are no ISO dates, null where one is none.

    `3/4/2024` is two days: the others of the same column say which part is the month; where they do not, it is none.
    """
    bare = pl.col("text").str.replace(_CLOCK, "").str.replace(_WEEKDAY, "").str.replace(r"(?i)\bof\s+", "")
    bare = bare.str.replace(r"(?i)(\d)(?:st|nd|rd|th)\b", "${1}").str.strip_chars()
    rows = pl.DataFrame({"text": texts}).with_columns(bare=bare)
    figures = pl.col("bare").str.extract_groups(r"^(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4}|\d\d)$")
    words, turned = pl.col("bare").str.extract_groups(_DAY_MONTH), pl.col("bare").str.extract_groups(_MONTH_DAY)
    rows = rows.with_columns(
        a=figures.struct.field("1").cast(pl.Int32),
        mark=figures.struct.field("2"),
        b=figures.struct.field("3").cast(pl.Int32),
        year=_year(pl.coalesce(figures.struct.field("4"), words.struct.field("3"), turned.struct.field("3"))),
        word_day=pl.coalesce(words.struct.field("1"), turned.struct.field("2")).cast(pl.Int32),
        month=_month(pl.coalesce(words.struct.field("2"), turned.struct.field("1"))),
    )
    dotted = pl.col("mark") == "."
    month_first = bool(rows.select(((pl.col("b") > 12) & ~dotted).any()).item())
    day_first = bool(rows.select(((pl.col("a") > 12) & ~dotted).any()).item())
    is_day_first = dotted | pl.lit(day_first and not month_first) | (pl.col("a") > 12)
    is_month_first = ~dotted & (pl.lit(month_first and not day_first) | (pl.col("b") > 12))
    day = pl.when(is_month_first).then("b").when(is_day_first | (pl.col("a") == pl.col("b"))).then("a")
    month = pl.when(is_month_first).then("a").when(is_day_first | (pl.col("a") == pl.col("b"))).then("b")
    iso = pl.concat_str(
        "year",
        pl.coalesce(month, "month").cast(pl.String).str.zfill(2),
        pl.coalesce(day, "word_day").cast(pl.String).str.zfill(2),
    )
    return rows.select(iso.str.to_date("%Y%m%d", strict=False)).to_series()


def _year(text: pl.Expr) -> pl.Expr:
    """Four figures; of two, those from 70 on are of the last century."""
    short = pl.when(text.cast(pl.Int32) >= 70).then(pl.lit("19")).otherwise(pl.lit("20"))
    return pl.when(text.str.len_chars() == 2).then(pl.concat_str(short, text)).otherwise(text)


def _month(word: pl.Expr) -> pl.Expr:
    numbers = {name: number for number, name in enumerate(_MONTHS, start=1)}
    return word.str.to_lowercase().str.head(3).replace_strict(numbers, default=None, return_dtype=pl.Int32)
