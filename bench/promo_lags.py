"""How long promos take: days from a recording's first play to its release, or for how long none was seen. Pure.

Three kinds of evidence, one row per recording:

    promo       first played with a promo word in the label's place (White, CDR, Acetate, Unreleased, …)
    unlabelled  first played without a label, in a series of sets that prints one for most tracks
    dated       first played before the release date a shop or collection gives

The first two are over when the recording is first played with a label: at the latest then it was out, so the days are
an upper bound. One that is never played with a label was, on the day of its last play, still without one: censored.
A fourth kind, `unknown`, is not about releases: from the play of an unknown artist's titled track to the first set that
names it, censored at the end of its series.
"""

from __future__ import annotations

import polars as pl

from enrich.cooldown.simulation import LAGS
from enrich.text.normalise import artist_key, title_key
from enrich.text.titles import parse_titles
from enrich.text.words import is_unknown_artist
from enrich.tracklists.checking import is_unnamed_title

#: Words in the label's place that say the record is not out.
PROMO_WORDS = (
    r"(?i)\b(?:white|cdr?|acetate|promo|unreleased|dub ?plates?|test ?press\w*|forthcoming|advance|exclusive)\b"
)
#: A series prints labels where at least this share of its slots has one.
PRINTS_LABELS = 0.5


def release_lags(slots: pl.DataFrame, releases: pl.DataFrame | None = None) -> pl.DataFrame:
    """Days from first play to release, for recordings first played before it.

    Args:
        slots: TRACKLISTS, dated; optional label_note, and source (else sets are one series per DJ).
        releases: artist, title, release_date, optional mix and date_precision (only `day` counts); one row per release.

    Returns:
        LAGS. A recording with a release date counts as `dated` only.
    """
    plays = _plays(slots)
    # A play of another series tells of the release as well as one of its own.
    recordings = (
        plays.sort("set_date", "has_label")
        .group_by("artist_key", "base_key", "remixer_key", maintain_order=True)
        .agg(
            first_played=pl.col("set_date").first(),
            last_played=pl.col("set_date").last(),
            labelled_on=pl.col("set_date").filter("has_label").min(),
            is_promo=pl.col("is_promo").first(),
            prints_labels=pl.col("prints_labels").first(),
        )
    )
    out = _release_days(releases)
    if out is not None:
        recordings = recordings.join(out, on=["artist_key", "base_key", "remixer_key"], how="left")
    else:
        recordings = recordings.with_columns(released_on=pl.lit(None, pl.Date))
    is_dated = pl.col("released_on").is_not_null()
    over_on = pl.coalesce("released_on", "labelled_on")
    return (
        recordings.with_columns(over_on=over_on)
        # What had its label, or was out, at its first play is no promo.
        .filter(pl.col("over_on").is_null() | (pl.col("over_on") > pl.col("first_played")))
        .with_columns(
            cohort=pl.when(is_dated)
            .then(pl.lit("dated"))
            .when("is_promo")
            .then(pl.lit("promo"))
            .when("prints_labels")
            .then(pl.lit("unlabelled"))
        )
        .filter(pl.col("cohort").is_not_null())
        .select(
            "cohort",
            "first_played",
            days=(pl.coalesce("over_on", "last_played") - pl.col("first_played")).dt.total_days().cast(pl.Int32),
            is_over=pl.col("over_on").is_not_null(),
        )
        .match_to_schema(LAGS)
    )


def naming_lags(slots: pl.DataFrame, resolved: pl.DataFrame) -> pl.DataFrame:
    """Days from an unknown artist's titled play to the first set that names it.

    Args:
        slots: As for `release_lags`.
        resolved: set_id, position, days_to_evidence of those that were named; known before (days < 1) are left out.

    Returns:
        LAGS, cohort `unknown`, one row per slot.
    """
    named = resolved.select("set_id", pl.col("position").cast(pl.Int32), named_after="days_to_evidence")
    dated = _with_series(slots.filter(pl.col("set_date").is_not_null()))
    return (
        dated.with_columns(series_ends=pl.col("set_date").max().over("series"))
        .filter(is_unknown_artist(pl.col("artist")) & ~is_unnamed_title(pl.col("title")))
        .join(named, on=["set_id", "position"], how="left", maintain_order="left")
        .filter(pl.col("named_after").is_null() | (pl.col("named_after") > 0))
        .select(
            cohort=pl.lit("unknown"),
            first_played="set_date",
            days=pl.coalesce("named_after", (pl.col("series_ends") - pl.col("set_date")).dt.total_days()).cast(
                pl.Int32
            ),
            is_over=pl.col("named_after").is_not_null(),
        )
        .match_to_schema(LAGS)
    )


def _with_series(slots: pl.DataFrame) -> pl.DataFrame:
    series = "source" if "source" in slots.columns else "dj"
    return slots.with_columns(series=pl.col(series).fill_null(""))


def _plays(slots: pl.DataFrame) -> pl.DataFrame:
    """Plays of named recordings: their keys, set_date, has_label, is_promo, prints_labels."""
    note = pl.col("label_note") if "label_note" in slots.columns else pl.lit(None, pl.String)
    rows = (
        _with_series(slots)
        .filter(
            pl.col("set_date").is_not_null() & ~is_unknown_artist(pl.col("artist")) & ~is_unnamed_title(pl.col("title"))
        )
        .with_columns(
            has_label=pl.col("label").is_not_null(), is_promo=note.str.contains(PROMO_WORDS).fill_null(value=False)
        )
        .with_columns(prints_labels=pl.col("has_label").mean().over("series") >= PRINTS_LABELS)
    )
    return _with_keys(rows)


def _with_keys(rows: pl.DataFrame) -> pl.DataFrame:
    """Add artist_key, base_key, remixer_key: one recording, whatever its mix is called."""
    parsed = parse_titles(rows["title"], artists=rows["artist"])
    return rows.with_columns(parsed.select("base_title", "remixer").get_columns()).with_columns(
        artist_key=artist_key(pl.col("artist")),
        base_key=title_key(pl.col("base_title")),
        remixer_key=artist_key(pl.col("remixer")).fill_null(""),
    )


def _release_days(releases: pl.DataFrame | None) -> pl.DataFrame | None:
    if releases is None:
        return None
    exact = releases.filter(pl.col("release_date").is_not_null())
    if "date_precision" in releases.columns:
        exact = exact.filter(pl.col("date_precision") == "day")
    mix = pl.col("mix") if "mix" in releases.columns else pl.lit(None, pl.String)
    titled = exact.with_columns(
        title=pl.when(mix.is_not_null()).then(pl.format("{} ({})", "title", mix)).otherwise("title")
    )
    return (
        _with_keys(titled.drop_nulls(["artist", "title"]))
        .group_by("artist_key", "base_key", "remixer_key")
        .agg(released_on=pl.col("release_date").min())
    )
