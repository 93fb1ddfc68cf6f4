"""What a query and a hit say about their recording, in comparable form. One row each, whole lists at a time.

A DJ writes `Goin Crazy feat. Bjorn Maria (Kolombo Remix)` in one field, a shop keeps artist, title, mix and remixer
apart. `query_recordings` and `hit_recordings` bring both into the frame RECORDINGS; `matching` compares its rows.
Pure: reads and writes nothing.
"""

import threading
from collections.abc import Collection, Sequence

import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import OSA

from enrich.matching.values import Hit, TrackQuery
from enrich.text.credits import split_credits
from enrich.text.normalise import artist_key, fold, isrc_code, label_key
from enrich.text.titles import parse_titles
from enrich.text.versions import version_class, without_guests
from enrich.text.words import LISTS, is_unknown_artist, is_unknown_title

#: `row` is the index in the list given. Keys are for comparing, never for showing. `artists` are the main ones,
#: `guests` the featured; `text_key` is the whole title, versions included, without guests, label and Original or
#: Extended Mix; `remixers` empty where nobody is named; `mix_key` is the version as
#: written, `mix_name` what is left of it without the remixer and the words every version has.
_S, _STRINGS, _FLAG = pl.String(), pl.List(pl.String()), pl.Boolean()
RECORDINGS = pl.Schema(
    {"row": pl.UInt32(), "title_key": _S, "text_key": _S, "version_class": _S, "mix_key": _S, "mix_name": _S}
    | {"remixers": _STRINGS, "artists": _STRINGS, "guests": _STRINGS, "credit_key": _S, "duration_ms": pl.Int64()}
    | {"isrcs": _STRINGS, "is_mashup": _FLAG, "is_unknown_title": _FLAG, "title_label": _S}
    | {"title_label_confidence": pl.Float64()}
)
#: A query or a hit as it is written.
_WRITTEN = {"title": _S, "mix": _S, "credit": _S, "duration_ms": pl.Int64(), "isrcs": _STRINGS}


def track_queries(tracks: pl.DataFrame) -> list[TrackQuery]:
    """One query a row of `track_id, title`, and `artist, is_guess, duration_ms, isrc` where there are such columns."""
    more = (name for name in ("artist", "is_guess", "duration_ms", "isrc") if name in tracks.columns)
    rows = tracks.select("track_id", pl.col.title.fill_null(""), *more)
    return [TrackQuery(**row) for row in rows.iter_rows(named=True)]


def query_recordings(queries: Sequence[TrackQuery], *, known_labels: Collection[str] | None = None) -> pl.DataFrame:
    """What is asked for; schema RECORDINGS. An artist inside the title (`A - T`) counts where the field is blank."""
    asked = [(q.title, None, q.artist, q.duration_ms, [q.isrc]) for q in queries]
    written = pl.DataFrame(asked, schema=_WRITTEN, orient="row")
    written = written.with_columns(credit=pl.when(~is_unknown_artist(pl.col.credit)).then(pl.col.credit))
    parsed = parse_titles(written["title"], artists=written["credit"], known_labels=known_labels or (), guess=True)
    parsed = parsed.with_columns(
        artist=pl.coalesce(written["credit"], pl.when(~is_unknown_artist(pl.col.artist)).then(pl.col.artist))
    )
    keys = pl.DataFrame({"label": list(known_labels or ())}, schema={"label": pl.String}).select(
        label_key(pl.col.label)
    )
    nobody = pl.Series([[]] * len(queries), dtype=pl.List(pl.String))
    return _recordings(parsed, written, remixers=nobody, known_labels=frozenset(keys["label"]) - {""})


def hit_recordings(hits: Sequence[Hit]) -> pl.DataFrame:
    """What is offered; schema RECORDINGS. A hit is read once a process: track after track meets the same releases."""
    return _MEMORY.of(hits).with_columns(row=pl.int_range(pl.len(), dtype=pl.UInt32))


class _Memory:
    """Hits read before, by what is read of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[tuple[object, ...], int] = {}
        self._frame = RECORDINGS.to_frame()

    def of(self, hits: Sequence[Hit]) -> pl.DataFrame:
        """The rows of `hits`, in their order."""
        keys = [(h.title, h.mix, h.artists, h.remixers, h.duration_ms, h.isrc, h.more_isrcs) for h in hits]
        with self._lock:
            if len(self._rows) > _MOST_REMEMBERED:
                self._rows, self._frame = {}, RECORDINGS.to_frame()
            new = {key: hit for key, hit in zip(keys, hits, strict=True) if key not in self._rows}
            if new:
                self._rows.update(zip(new, range(self._frame.height, self._frame.height + len(new)), strict=True))
                self._frame = pl.concat([self._frame, _read_hits(list(new.values()))], rechunk=True)
            return self._frame[[self._rows[key] for key in keys]]


_MEMORY = _Memory()
_MOST_REMEMBERED = 100_000


def _read_hits(hits: Sequence[Hit]) -> pl.DataFrame:
    said = [(h.title, h.mix, "; ".join(h.artists) or None, h.duration_ms, [h.isrc, *h.more_isrcs]) for h in hits]
    written = pl.DataFrame(said, schema=_WRITTEN, orient="row")
    mix = pl.col.mix.str.strip_chars("()[] ")
    # Beatport's search repeats the mix name in the track name.
    is_apart = (mix.str.len_chars() > 0) & ~fold(pl.col.title).str.ends_with(fold(mix))
    # A bare `Remix` is the remix by whom the source names.
    is_apart &= ~(fold(mix).is_in(["remix", "rmx", "re mix"]) & pl.Series([bool(h.remixers) for h in hits]))
    title = pl.when(is_apart).then(pl.format("{} ({})", "title", mix)).otherwise(pl.col.title)
    # A remixer in a field of its own counts as written in the title, unless the title says so already.
    # Beside an Original Mix it is somebody else's part in it.
    named = [() if version_class(h.mix) == "original" else h.remixers for h in hits]
    remixer = pl.Series("remixer", [" & ".join(names) or None for names in named], dtype=pl.String)
    first = pl.Series("first", [names[0] if names else None for names in named], dtype=pl.String)
    written = written.with_columns(remixer, first, title=title)
    is_said = fold(pl.col.title).str.contains(fold(pl.col.first), literal=True).fill_null(True)
    written = written.with_columns(
        title=pl.when(is_said).then("title").otherwise(pl.format("{} ({} Remix)", "title", "remixer"))
    )
    # Hits come in batches of any size and order: what came along with a hit must not change how it is read.
    parsed = parse_titles(written["title"], artists=written["credit"], known_labels=(), one_by_one=True, guess=True)
    parsed = parsed.with_columns(artist=pl.coalesce(written["credit"], "artist"))
    remixers = pl.Series([list(names) for names in named], dtype=pl.List(pl.String))
    return _recordings(parsed, written, remixers=remixers)


def _recordings(
    parsed: pl.DataFrame, written: pl.DataFrame, *, remixers: pl.Series, known_labels: Collection[str] = ()
) -> pl.DataFrame:
    rows = pl.int_range(pl.len(), dtype=pl.UInt32)
    # A round bracket nobody knows as a label may as well be a version: (VIP Roller), (Breakdown). What else stands in
    # the same column must not decide it.
    known = label_key(pl.col.label).is_in(sorted(known_labels))
    in_square = pl.col.title.str.contains(pl.format("[{}", "label"), literal=True).fill_null(False)
    is_guess = pl.col.label.is_not_null() & ~known & ~in_square & pl.col.mix.is_null()
    parsed = parsed.with_columns(
        mix=pl.when(is_guess).then("label").otherwise("mix"),
        version_class=pl.when(is_guess).then(pl.lit("other")).otherwise("version_class"),
        is_guess=is_guess,
    )
    frame = parsed.with_columns(
        written.select("duration_ms", pl.col.isrcs.list.eval(isrc_code(pl.element()).drop_nulls())), row=rows
    )
    mains, guests, remixers_by_row = _people(frame, remixers)
    for extra in (mains, guests, remixers_by_row):
        frame = frame.join(extra, on="row", how="left", maintain_order="left")
    frame = _with_spelled_versions(frame.with_columns(pl.col.remixers.fill_null([])))
    return frame.with_columns(
        title_key=comparable_title(pl.col.base_title.fill_null("")),
        text_key=_text_key(
            has_artist=written["credit"].is_null() & frame["artist"].is_not_null() & ~frame["is_mashup"]
        ),
        mix_key=fold(pl.col.mix).fill_null(""),
        mix_name=_mix_names(frame),
        credit_key=_credit_key(pl.col.artist.fill_null("")),
        is_unknown_title=pl.col.is_unknown | is_unknown_title(pl.col.base_title),
        title_label="label",
        title_label_confidence="label_confidence",
        artists=pl.col.artists.fill_null([]),
        guests=pl.col.guests.fill_null([]),
        is_mashup=pl.col.is_mashup.fill_null(False),
    ).match_to_schema(RECORDINGS, extra_columns="ignore")


def _people(frame: pl.DataFrame, remixers: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Main artists, guests and remixers of each row, from the credit, the title and the source's own fields."""
    credits = pl.concat(
        [
            frame.select("row", name="artist", part=pl.lit("credit")),
            frame.select("row", name="features", part=pl.lit("guest")).explode("name"),
            frame.select("row", name="remixer", part=pl.lit("remixer")),
            frame.select("row", name=remixers, part=pl.lit("remixer")).explode("name"),
        ]
    ).drop_nulls("name")
    # Taken apart in one go: splitting costs by the call.
    split = split_credits(credits["name"])
    named = split.select(
        "artist",
        "role",
        pl.Series("row", credits["row"].gather(split["row"])),
        part=credits["part"].gather(split["row"]),
    )
    is_credit = pl.col.part == "credit"
    return (
        _names_of(named.filter(is_credit & (pl.col.role == "primary")), "artists"),
        _names_of(named.filter((is_credit & (pl.col.role == "featured")) | (pl.col.part == "guest")), "guests"),
        _names_of(named.filter(pl.col.part == "remixer"), "remixers"),
    )


def _with_spelled_versions(frame: pl.DataFrame) -> pl.DataFrame:
    """Mend the version class: `Orignal Mix` is the original, and a named remixer makes a plain title a remix."""
    written = frame.select(fold(pl.col.mix).fill_null("")).to_series()
    unread = pl.Series(written.str.len_chars() >= 8) & frame["version_class"].is_in(["remix", "other", "edit"])
    mended: list[str | None] = [None] * len(frame)
    for row in unread.arg_true():
        match = process.extractOne(written[row], list(_PHRASES), scorer=OSA.distance, score_cutoff=2)
        mended[row] = _PHRASES[match[0]] if match and match[1] > 0 else None
    mend = pl.Series(mended, dtype=pl.String)
    remixers = pl.when(mend.is_null()).then(pl.col.remixers).otherwise(pl.lit([], dtype=pl.List(pl.String)))
    said = pl.coalesce(mend, "version_class", pl.lit("plain"))
    return frame.with_columns(remixers=remixers).with_columns(
        version_class=pl.when(said.is_in(["plain", "other"]) & (pl.col.remixers.list.len() > 0))
        .then(pl.lit("remix"))
        .otherwise(said)
    )


#: Version phrases every shop uses, and their classes: what a slip of the keyboard is read as.
_PHRASES = {phrase: name for name, phrases in LISTS["version_phrases"].items() for phrase in phrases}


def _mix_names(frame: pl.DataFrame) -> pl.Series:
    words = frame.select(fold(pl.col.mix).fill_null("").str.replace_all(_VERSION_WORDS, " ").str.replace_all(" ", ""))
    names = words.to_series().to_list()
    for row in (frame["remixers"].list.len() > 0).arg_true():
        for remixer in frame["remixers"][row]:
            names[row] = names[row].replace(remixer + "s", "").replace(remixer, "")
    return pl.Series(names, dtype=pl.String)


#: Words that say what kind of version it is, not which.
_VERSION_WORDS = (
    r"\b(?:remix|re mix|rmx|mix|edit|re edit|reedit|dub|vocal|club|extended|original|radio|version|rework|vip|cut"
    r"|instrumental|main|the|and|vs|remixed|by|short|long|full|length|album|single|bootleg|mashup|\d+)\b"
)


def person_key(name: pl.Expr) -> pl.Expr:
    """Key under which spellings of a person meet: `artist_key` without a country, a leading DJ, or spaces."""
    bare = name.str.replace(r"\s*[(\[](?:[A-Z]{2,3}|\d{1,3})[)\]]\s*$", "").str.replace(r"['’]s$", "")
    return artist_key(bare).str.replace(r"^dj (\S)", "${1}").str.replace_all(" ", "")


def _text_key(*, has_artist: pl.Series) -> pl.Expr:
    title = pl.col.title.fill_null("")
    title = pl.when(has_artist).then(title.str.replace(r"^.*?\S\s*[-–—−]\s+", "")).otherwise(title)
    without_label = title.str.replace(r"\s*\[[^\[\]]*\]?\s*$", "")
    text = pl.when(pl.col.label.is_not_null() & ~pl.col.is_guess).then(without_label).otherwise(title)
    own = r"\b(?:original|extended|radio|full length)(?: (?:mix|version|edit))?\b"
    words = comparable_title(without_guests(text)).str.replace_all(own, " ")
    return words.str.replace_all(r"\s+", " ").str.strip_chars()


def _credit_key(credit: pl.Expr) -> pl.Expr:
    """A credit's words in order, without connecting words: for acts split on one side and whole on the other."""
    words = fold(credit).str.replace_all(r"\b(?:and|vs|versus|feat|ft|featuring|pres|presents|with|x|dj)\b", " ")
    return (
        words.str.strip_chars()
        .str.split(" ")
        .list.eval(pl.element().filter(pl.element() != ""))
        .list.sort()
        .list.join("")
    )


def comparable_title(title: pl.Expr) -> pl.Expr:
    """A base title's words with numbers as digits, without a leading article: `The Path, Part II` → `path part 2`."""
    words = fold(title).str.replace(r"^(?:the|a|an) (\S)", "${1}")
    for number, spelled in enumerate(_NUMBERS, start=1):
        words = words.str.replace_all(rf"\b(?:{spelled})\b", str(number))
    return (
        words.str.replace_all(r"\bpt\b", "part").str.replace_all(r"\bvol\b", "volume").str.replace_all(r"\bn\b", "and")
    )


_NUMBERS = ("one", "two|ii", "three|iii", "four|iv", "five", "six|vi", "seven|vii", "eight|viii", "nine", "ten")


def _names_of(named: pl.DataFrame, column: str) -> pl.DataFrame:
    return (
        named.select("row", key=person_key(pl.col.artist))
        .filter(pl.col.key != "")
        .group_by("row", maintain_order=True)
        .agg(pl.col.key.unique(maintain_order=True).alias(column))
        .cast({"row": pl.UInt32})
    )
