"""From tracklists to a numbered `Corpus`."""

from __future__ import annotations

import polars as pl

from enrich.cooccurrence.learned.corpus import Corpus, Ints
from enrich.cooccurrence.masking import group_recordings
from enrich.cooccurrence.slots import credited_slots, slot_rows
from enrich.text.credits import learn_names, split_credits
from enrich.text.normalise import artist_key, fold, label_key
from enrich.text.persons import same_person
from enrich.text.words import is_unknown_artist

_REMIX = (
    r"(?i)[(\[]\s*([^()\[\]]+?)(?:['’´]?s['’´]?)?\s+(?:[\w']+\s+){0,2}?"
    r"(?:remix|rmx|mix|rework|bootleg|re-?edit|edit|refix|flip|dub|vip|mash-?up)\s*[)\]]"
)
_LONGEST_MENTION = 4


def build_corpus(
    tracklists: pl.DataFrame, *, aliases: pl.DataFrame | None = None, versions_together: bool = False
) -> Corpus:
    """Number the sets, artists, labels and units of `tracklists`.

    Args:
        tracklists: TRACKLISTS; absent optional columns count as null. Of several rows for one slot the one with a
            known artist counts, then the first in text order.
        aliases: Columns `artist`, `alias`: one row per further name of an artist.
        versions_together: All remixes of a title are one unit; see `enrich.cooccurrence.masking`.

    Raises:
        EnrichError: set_id or position is missing.
    """
    rows = slot_rows(tracklists)
    whole = learn_names(rows["artist"])
    credited = credited_slots(rows, whole)
    remixed = _remixed(rows, whole)
    dj = _djs(rows, whole)
    other_names = same_person(aliases)
    artists = _commonest(pl.concat([credited.select("key", "artist"), dj.select("key", "artist")])).select(
        artist_no="no", artist_key="key", artist="artist"
    )
    number = artists.select(key="artist_key", artist_no="artist_no")
    sets = (
        rows.group_by("set_id")
        .agg(pl.col("set_date").drop_nulls().first(), pl.col("set_name").drop_nulls().first())
        .sort("set_id")
        .with_row_index("set_no")
        .with_columns(pl.col("set_no").cast(pl.Int64), community=pl.col("set_id").str.split("-").list.first())
    )
    keyed = rows.select(key=label_key(pl.col("label")), label="label").filter(pl.col("key").fill_null("") != "")
    labels = _commonest(keyed).select(label_no="no", label_key="key", label="label")
    unit = group_recordings(rows, credited, versions_together=versions_together)
    slots = (
        rows.with_columns(unit, label_key=label_key(pl.col("label")))
        .join(sets.select("set_id", "set_no"), on="set_id", how="left", maintain_order="left")
        .join(labels.select("label_key", "label_no"), on="label_key", how="left", maintain_order="left")
    )
    units = _units(slots)
    slots = slots.join(units.select("unit", "unit_no"), on="unit", how="left", maintain_order="left")
    set_number = sets.select("set_id", "set_no")

    return Corpus(
        set_no=slots["set_no"].to_numpy(),
        position=slots["position"].cast(pl.Int64).to_numpy(),
        label_no=slots["label_no"].fill_null(-1).to_numpy(),
        unit_no=slots["unit_no"].fill_null(-1).to_numpy(),
        is_known=~slots["is_unknown"].to_numpy(),
        credits=_pairs(credited, number, "slot"),
        remixes=_pairs(remixed, number, "slot"),
        djs=_pairs(dj.join(set_number, on="set_id"), number, "set_no"),
        mentions=_pairs(_mentions(sets), number, "set_no"),
        aliases=_alias_numbers(other_names, number),
        members=_members(artists),
        sets=sets.select("set_no", "set_id", "set_date", "community"),
        artists=artists,
        labels=labels,
        units=units,
    )


def _commonest(spellings: pl.DataFrame) -> pl.DataFrame:
    """no, key and spelling: each key of two columns (key, spelling) in the spelling seen most."""
    name = spellings.columns[1]
    return (
        spellings.group_by("key", name)
        .len()
        .sort(["key", "len", name], descending=[False, True, False])
        .unique("key", keep="first", maintain_order=True)
        .with_row_index("no")
        .select(pl.col("no").cast(pl.Int64), "key", name)
    )


def _units(slots: pl.DataFrame) -> pl.DataFrame:
    return (
        slots.drop_nulls("unit")
        .group_by("unit")
        .agg(
            pl.col("is_unknown").first(),
            sets=pl.col("set_id").n_unique().cast(pl.Int64),
            first_date=pl.col("set_date").min(),
            last_date=pl.col("set_date").max(),
        )
        .sort("unit")
        .with_row_index("unit_no")
        .with_columns(pl.col("unit_no").cast(pl.Int64))
    )


def _pairs(frame: pl.DataFrame, number: pl.DataFrame, left: str) -> Ints:
    joined = frame.join(number, on="key").select(left, "artist_no").unique().sort(left, "artist_no")
    array: Ints = joined.cast(pl.Int64).to_numpy().reshape(-1, 2)
    return array


def _remixed(rows: pl.DataFrame, whole: frozenset[str]) -> pl.DataFrame:
    """slot, key: remixers named in the brackets of a title or credit."""
    named = pl.concat(
        [
            rows.filter(~pl.col("is_unknown"))
            .select("slot", remixer=pl.col(column).str.extract(_REMIX, 1))
            .drop_nulls()
            for column in ("title", "artist")
        ]
    )
    parts = split_credits(named["remixer"], known_artists=whole)
    return parts.select(key=artist_key(pl.col("artist")), slot=pl.lit(named["slot"]).gather("row"))


def _djs(rows: pl.DataFrame, whole: frozenset[str]) -> pl.DataFrame:
    """set_id, artist, key: who plays each set."""
    named = rows.select("set_id", "dj").filter(~is_unknown_artist(pl.col("dj"))).unique().sort("set_id", "dj")
    return (
        split_credits(named["dj"], known_artists=whole)
        .select("artist", key=artist_key(pl.col("artist")), set_id=pl.lit(named["set_id"]).gather("row"))
        .filter(pl.col("key") != "")
    )


def _mentions(sets: pl.DataFrame) -> pl.DataFrame:
    """set_no, key: every run of up to four words of a set's name; the caller keeps those that are artists."""
    words = sets.select("set_no", word=fold(pl.col("set_name")).str.split(" ")).explode("word").drop_nulls()
    runs = []
    run = pl.col("word")
    for length in range(1, _LONGEST_MENTION + 1):
        if length > 1:
            run = pl.concat_str(run, pl.lit(" "), pl.col("word").shift(1 - length).over("set_no"))
        # A single short word ("the", "one") is no name.
        runs.append(words.select("set_no", key=run).filter(pl.col("key").str.len_chars() >= (5 if length == 1 else 4)))
    return pl.concat(runs).drop_nulls()


def _members(artists: pl.DataFrame) -> Ints:
    """Pairs of a name and the artists it takes apart into when only well-known acts stay whole."""
    parts = split_credits(artists["artist"]).filter(pl.col("role") != "remixer")
    array: Ints = (
        parts.select(part=artist_key(pl.col("artist")), artist_no=pl.lit(artists["artist_no"]).gather("row"))
        .join(artists.select(part="artist_key", part_no="artist_no"), on="part")
        .filter(pl.col("artist_no") != pl.col("part_no"))
        .select("artist_no", "part_no")
        .unique()
        .sort("artist_no", "part_no")
        .cast(pl.Int64)
        .to_numpy()
        .reshape(-1, 2)
    )
    return array


def _alias_numbers(same: pl.DataFrame, number: pl.DataFrame) -> Ints:
    """Pairs of names of one person."""
    pairs = (
        same.join(number, on="key")
        .join(number.rename({"artist_no": "other_no"}), left_on="other", right_on="key")
        .select("artist_no", "other_no")
        .sort("artist_no", "other_no")
    )
    array: Ints = pairs.cast(pl.Int64).to_numpy().reshape(-1, 2)
    return array
