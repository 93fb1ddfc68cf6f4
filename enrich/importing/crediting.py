"""Who is credited on the recordings of an import, and with what role. Pure and set-based."""

import polars as pl

from enrich.importing.known import Known, ids, name_key
from enrich.text.credits import learn_names, split_credits
from enrich.text.words import is_unknown_artist

#: Who made a version, whatever adjectives stand behind; and adjectives that are part of no name.
_WHOLE_REMIXER = r"(?i)^(.*\S)\s+(?:remix|rmx|remx|mix|edit|version|rework|bootleg)\s*$"
_OF_THE_MIX = r"(?i)^\s+(?:original|extended|radio|instrumental|vocal|dub|main|long|short|full|vip|re|\d)"
_SEPARATOR = r"(?i)[&+,/]| x | vs\.? | and "


def _sure_remixers(recordings: pl.DataFrame, known: Known, artists: pl.Series) -> pl.DataFrame:
    """Without remixers that may be half a name: of `Adventure Club Remix` the whole, where the whole or the half is
    an artist somewhere, that one; else nobody. A decade (`80's Mix`) is nobody."""
    keys = pl.concat([known.artists["key"], artists]).unique().implode()
    who = recordings.select("mix", "remixer").drop_nulls("remixer").unique(maintain_order=True)
    whole = who["mix"].str.extract(_WHOLE_REMIXER, 1)
    halves, wholes = (who.select(name_key(names)).to_series() for names in (pl.col("remixer"), pl.lit(whole)))
    dropped = pl.lit(whole).str.strip_prefix(pl.col("remixer"))
    in_doubt = (
        pl.lit(whole).str.starts_with(pl.col("remixer"))
        & dropped.str.contains(r"^\s")
        & ~dropped.str.contains(_OF_THE_MIX)
    )
    sure = who.with_columns(
        sure=pl.when(pl.col("remixer").str.contains(r"^(?:(?:19|20)?\d0)['’]?s?$"))
        .then(None)
        .when(in_doubt.fill_null(value=False) & wholes.is_in(keys))
        .then(pl.lit(whole))
        .when(~in_doubt.fill_null(value=False) | halves.is_in(keys))
        .then("remixer")
    )
    return recordings.join(sure, on=["mix", "remixer"], how="left", maintain_order="left").with_columns(remixer="sure")


def credited(recordings: pl.DataFrame, known: Known) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All artists named (`key, name, artist_id, is_new`), and who is credited on each recording with what role."""
    held = known.artist_names.filter(known.artist_names.str.contains(_SEPARATOR))
    acts = {*held, *learn_names(recordings["artist"])}
    main = _split(recordings["artist"], acts).rename({"credit": "artist"})
    recordings = _sure_remixers(recordings, known, main["key"])
    guests = _split(recordings["features"].explode(empty_as_null=True), acts).with_columns(role=pl.lit("featured"))
    remixers = _split(recordings["remixer"], acts).with_columns(role=pl.lit("remixer"))
    spelled = pl.concat([main, guests, remixers], how="diagonal")
    artists = (
        spelled.group_by("key", "name")
        .agg(pl.len().alias("n"), shouted=pl.col.name.first() == pl.col.name.first().str.to_uppercase())
        .sort("key", "n", "shouted", "name", descending=[False, True, False, False])
        .group_by("key", maintain_order=True)
        .agg(pl.col.name.first())
        .join(known.artists, on="key", how="left")
        .with_columns(is_new=pl.col.artist_id.is_null())
        .sort("key")
    )
    artists = artists.with_columns(
        artist_id=pl.coalesce("artist_id", ids("artist", artists["key"])), own_key=pl.coalesce("own_key", "key")
    )
    who = artists.select("key", "artist_id", "own_key")
    columns = ("recording", "key", "role", "at")
    credits = pl.concat(
        [
            recordings.join(main, on="artist", maintain_order="left").select(columns),
            recordings.select("recording", credit="features")
            .explode("credit", empty_as_null=True)
            .join(guests, on="credit", maintain_order="left")
            .select(*columns[:3], at=pl.col("at") + 100),
            recordings.join(remixers, left_on="remixer", right_on="credit", maintain_order="left").select(columns),
        ]
    ).join(who, on="key", maintain_order="left")
    return artists, credits.unique(["recording", "artist_id", "role"], keep="first", maintain_order=True)


def _split(column: pl.Series, acts: set[str]) -> pl.DataFrame:
    """`credit, name, key, role, at` of every distinct credit, without nobodies."""
    credits = column.drop_nulls().unique(maintain_order=True)
    parts = split_credits(credits, known_artists=acts)
    return (
        parts.with_columns(credit=credits.gather(parts["row"]), key=name_key(pl.col.artist))
        .filter(~is_unknown_artist(pl.col.artist))
        .select("credit", pl.col.artist.alias("name"), "key", "role", at="position")
    )
