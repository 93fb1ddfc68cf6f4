"""The slots of tracklists as identity compares them: what of each is known, and how it meets others. Pure."""

import polars as pl

from enrich.cooccurrence.slots import credited_slots, group_recordings, remixers, slot_rows
from enrich.text.normalise import artist_key, fold, label_key
from enrich.text.versions import base_key
from enrich.text.words import is_unknown_title

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
