"""Read a track title as DJs write it: base title, mix, remixer, guests, label, catalogue number, mashup parts. Pure.

    "Frozen Ground (Extended Mix) [Anjunabeats]"       Frozen Ground · Extended Mix · label Anjunabeats
    "Exploration of Space [Armada - ARDI 1393]"        label Armada, catalogue number ARDI 1393
    "A vs. B - T1 vs. T2 (X Mashup)"                   mashup of A - T1 and B - T2

Which bracket is the label: the last `[..]`, else the last `(..)` at the end, that is no version, guest, note, date or
part of the title; see `title_brackets`.
"""

from collections.abc import Callable, Collection
from functools import cache, partial
from typing import Any

import numpy as np
import polars as pl

from enrich.rules import ROUND_KNOWN, ROUND_UNKNOWN, SQUARE_KNOWN, SQUARE_UNKNOWN
from enrich.text.credits import split_credits
from enrich.text.normalise import artist_key, fold, fold_texts
from enrich.text.recalled import recalled
from enrich.text.title_brackets import MARK, VERSION_MEANINGS, judged_brackets
from enrich.text.versions import ADJECTIVES, BEHIND, CLASSES, DASHED, IN_NAMES, MANNER, NAMELESS, REMIX_WORD
from enrich.text.words import LISTS, is_unknown_title

#: `parse-titles`: one row per title, in the order given; see `parse_titles`.
_TEXTS, _STRINGS = ("title", "artist", "base_title", "mix", "version_class", "remixer"), pl.List(pl.String())
PARSED_TITLES = pl.Schema(
    dict.fromkeys(_TEXTS, pl.String())
    | {"features": _STRINGS, "label": pl.String(), "label_confidence": pl.Float64(), "catalog_number": pl.String()}
    | {"is_mashup": pl.Boolean(), "components": _STRINGS, "is_unknown": pl.Boolean()}
)

_PART = r"^(.*?\S)\s+[-–—]\s+(\S.*)$"
_TIGHT_PART = r"^(.*\S\S)[-–—]\s+(\S.*)$"
_VERSUS = r"(?i)\s+(?:vs?\.|vs|versus|w/)\s+"
_GUESTS = r"(?i)\s+(?:featuring|feat|ft)(?:[.:]+|\s)\s*(.+)$"
_MIX = r"(?:re(?:mix|work|verb)|mix|edit|dub|version|bootleg|mash-?up|instrumental|acapella|vip|demo|sped up|slowed)"
_LOOSE_MIX = rf"(?i)^(.*?\S)\s+[-–—]\s+((?:[^-–—]*\b{_MIX}\s+[-–—]\s+)?[^-–—]*\b{_MIX})\s*$"
_PLAIN_LOOSE_MIX = rf"(?i)^(.*\S)\s+[-–—]\s+((?:{ADJECTIVES}\s+)*{_MIX})\s*$"
_BARE_MIX = r"(?i)^(.*\S)\s+((?:original|extended|radio|club|dub|vocal|instrumental)\s+(?:mix|edit|version))\s*$"

#: What brackets and dashes are elsewhere, and what they are here.
_MARKS = {"（": " (", "）": ") ", "［": " [", "］": "] ", "【": " [", "】": "] "} | dict.fromkeys("−‐‒―", "-")
#: `(feat. Cara - Beta Remix)`: two brackets in one.
_GUEST_AND_MIX = rf"(?i)([(\[])\s*((?:feat|ft|featuring)\b[^()\[\]]*?)\s+[-–—]\s+([^()\[\]]*\b{_MIX})\s*([)\]])"
#: What sets and channels say of a track before its names.
_BEFORE = r"^(?:(?:w/|\+) ?|(?i:(?:world )?premi[eè]re|exclusive|free (?:download|dl)|out now)\s*[:|]\s*)"
#: What cleaning a title can change.
_UNCLEAN = (
    rf"[（）［］【】−‐‒―]|{_GUEST_AND_MIX}|{BEHIND}|{_BEFORE}"
    r"|[\x00-\x1f\x7f\u200b-\u200f\ufeff<]|[^\S ]|''|  |^ | $|^\[?\d{1,2}:"
)
_WORKING_TITLE = r"(?i)[(\[]working title[)\]]"
_GUEST_WORD = r"(?i)^(?:features?\s|featuring:?|feat[.:]*|ft[.:]*|with|w/|duet with)\s*"


def parse_titles(
    titles: pl.Series,
    *,
    artists: pl.Series | None = None,
    known_labels: Collection[str] | None = None,
    one_by_one: bool = False,
    guess: bool = False,
) -> pl.DataFrame:
    """Parse a column of titles.

    Args:
        titles: As written; null counts as unknown.
        artists: The artist of each title, where there is such a column. Without it, and where it is null or blank,
            `Artist - Title` is divided at the first spaced dash.
        known_labels: Names, in any spelling, of labels known to the database. None: the column speaks for itself.
        one_by_one: Read each title as if it were the only one: what else is in the column decides nothing.
        guess: A round bracket that nobody knows and that looks like a name is shown as a label worth nothing, for
            whoever asks the sources next. Else it is of the title.

    Returns:
        Schema PARSED_TITLES, one row per title in the order given:

        title             String        as given
        artist            String        as given, or what stands before the dash; null when nobody is named
        base_title        String        without versions, guests, label and notes
        mix               String        the version as written, null where none is said
        version_class     String        see `versions.CLASSES`; `plain` where nothing is said, else `other`
        remixer           String        who made the version, where named
        features          List(String)  guests named in the title
        label             String        as written
        label_confidence  Float64       0.70 or 0.65 in [..], 0.65 or 0.60 in (..): known label or not; null: a guess
        catalog_number    String        `ARDI 1393`
        is_mashup         Boolean
        components        List(String)  of a mashup, `Artist - Title` where the artists are known one by one
        is_unknown        Boolean       the title is missing or an unknown-word

    Raises ValueError: `artists` is not as long as `titles`.
    """
    return parse_beside(titles, artists, known_labels, one_by_one=one_by_one, guess=guess)[0]


def parse_beside(
    titles: pl.Series, artists: pl.Series | None, known_labels: Collection[str] | None, **how: Any
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Titles as `parse_titles` reads them, and the words of their brackets; `how` is as for `judged_brackets`.

    Of some titles of a column the keyword `others` takes the words of all the others, for they decide as well.
    """
    if artists is not None and len(artists) != len(titles):
        raise ValueError(f"artists must be as long as titles ({len(titles)}), got {len(artists)}")
    given = artists.cast(pl.String) if artists is not None else pl.Series([None] * len(titles), dtype=pl.String)
    rows = _cleaned(titles.cast(pl.String), given)
    brackets, words = judged_brackets(rows, known_labels, **how)
    return _assembled(rows, brackets).select(PARSED_TITLES.names()).match_to_schema(PARSED_TITLES), words


def parse_title_table(table: pl.DataFrame) -> pl.DataFrame:
    """PARSED_TITLES of a table's `title` and, where there is one, `artist`; then its other columns, in their order."""
    artists = table["artist"].cast(pl.String) if "artist" in table.columns else None
    parsed = parse_titles(table["title"].cast(pl.String), artists=artists)
    others = [column for column in table.get_columns() if column.name not in parsed.columns]
    return parsed.hstack(others) if others else parsed


def title_figures(parsed: pl.DataFrame) -> dict[str, Any]:
    """Counts over a frame of `parse_titles` run without known labels: titles, labels by bracket, mashups, unknown."""
    square = (parsed["label_confidence"] >= SQUARE_UNKNOWN).sum()
    labels = parsed["label"].count()
    classes = parsed["version_class"].value_counts(sort=True).rows()
    return {
        "titles": parsed.height,
        "labels_found": labels,
        "labels_in_square_brackets": square,
        "labels_in_round_brackets": labels - square,
        "distinct_labels": parsed["label"].drop_nulls().n_unique(),
        "catalog_numbers": parsed["catalog_number"].count(),
        "mashups": int(parsed["is_mashup"].sum()),
        "unknown": int(parsed["is_unknown"].sum()),
        "version_classes": {str(name): count for name, count in classes},
    }


def _cleaned(titles: pl.Series, artists: pl.Series) -> pl.DataFrame:
    """row, title, given (artist), text: markup, cue times, row numbers and `w/` in front taken off."""
    rows = pl.DataFrame({"title": titles, "given": artists, "text": titles.fill_null("")}).with_row_index("row")
    clean = (
        pl.col.text.str.replace_many(_MARKS)
        .str.replace_all(_GUEST_AND_MIX, "${1}${2}${4} ${1}${3}${4}")
        .str.replace_all(r"[\x00-\x1f\x7f\u200b-\u200f\ufeff]|<[^<>]{0,200}>", " ")
        .str.replace_all(r"'{2,}", "")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
        .str.replace(r"^\[?\d{1,2}:\d{2}(?::\d{2})?\]? (\S)", "${1}")
        .str.replace(rf"{_BEFORE}(\S)", "${1}")
        .str.replace(BEHIND, "")
    )
    rows = _changed(rows, pl.col.text.str.contains(_UNCLEAN), lambda some: some.select(clean))
    untidy, tidy = r"[\x00-\x1f\x7f]|^\s|\s$", pl.col.given.str.replace_all(r"[\x00-\x1f\x7f]", " ").str.strip_chars()
    rows = _changed(rows, pl.col.given.str.contains(untidy), lambda some: some.select(tidy))
    rows = rows.with_columns(given=pl.when(pl.col.given != "").then("given"))
    # `Artist - Title` beside the artist: said twice.
    said = pl.col.text.str.to_lowercase().str.starts_with(pl.col.given.str.to_lowercase())
    rest = pl.col.text.str.slice(pl.col.given.str.len_chars())
    again = said.fill_null(False) & rest.str.contains(r"^\s*[-–—]\s+\S")
    return _changed(rows, again, lambda some: some.select(text=rest.str.replace(r"^\s*[-–—]\s+", "")))


def _changed(rows: pl.DataFrame, where: pl.Expr, change: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    """`rows` with some columns as `change` gives them for the rows `where` says so.

    Most titles are plain: a cheap test spares them the dear rules.
    """
    chosen = rows.select(where).to_series().fill_null(value=False)
    if not chosen.any():
        return rows
    index = chosen.arg_true()
    # scatter writes in place.
    return rows.with_columns(
        rows[column.name].clone().scatter(index, column) for column in change(rows.filter(chosen)).get_columns()
    )


def _assembled(rows: pl.DataFrame, brackets: pl.DataFrame) -> pl.DataFrame:
    """One row per title, all fields of PARSED_TITLES."""
    label, meaning, inner = pl.col.is_label, pl.col.meaning, pl.col.inner
    is_version = meaning.is_in(VERSION_MEANINGS) & ~label
    # Behind the label stands nothing of the title ("25% of votes", "WAV"), but another half of a mashup may.
    behind = pl.when(label).then("row").forward_fill().shift(1).eq_missing(pl.col.row)
    in_title = inner.is_null() & (~behind | pl.col.piece.str.contains("(?i)^vs"))
    in_title |= meaning.is_in(["open", "company", "credit"]) & ~label & pl.col.is_round
    # Another part is another recording.
    in_title |= pl.col.in_name | (pl.col.is_round & inner.str.contains(r"(?i)^(?:part|pt)\b"))
    square, is_known = pl.col.is_square, pl.when("is_known")
    of_square = is_known.then(SQUARE_KNOWN).otherwise(SQUARE_UNKNOWN)
    of_round = is_known.then(ROUND_KNOWN).when(~pl.col.is_guess).then(ROUND_UNKNOWN)
    worth = pl.when(square).then(of_square).otherwise(of_round)
    number = pl.when(pl.col.is_catalog & square & ~label).then(inner).when(label).then("catalog_number")
    # Filtered apart: a group of one needs no aggregation, and most titles have one mix and one label.
    # `m[ono]`: the mark keeps the bracket at its word.
    piece = pl.when(pl.col.in_name & pl.col.glued).then(pl.lit(MARK) + pl.col.piece).otherwise("piece")
    base = brackets.filter(in_title).select("row", base=piece)
    mix = brackets.filter(is_version).select("row", mix="inner")
    guest = brackets.filter(meaning == "feature").select("row", guest="inner")
    named = brackets.filter(label).select("row", label="name", label_confidence=worth)
    numbers = brackets.select("row", catalog_number=number).drop_nulls().unique("row", keep="last")
    found = [_at_rows(part, rows.height) for part in (*map(_one_a_row, (base, mix, guest)), named, numbers)]
    parsed = rows.hstack([column for columns in found for column in columns])
    text = pl.coalesce(pl.when(pl.col.base != "").then(pl.col.base.str.replace_all(f" {MARK}", "")), "text")
    return _finished(parsed.with_columns(base=text))


def _one_a_row(pieces: pl.DataFrame) -> pl.DataFrame:
    """Join the texts of a title by spaces. Columns: row, in order, and the text."""
    row, text = pl.col.row, pieces.columns[-1]
    several = (row == row.shift(1)).fill_null(False) | (row == row.shift(-1)).fill_null(False)
    joined = pieces.filter(several).group_by("row", maintain_order=True).agg(pl.col(text).str.join(" "))
    return pl.concat([pieces.filter(~several), joined])


def _at_rows(part: pl.DataFrame, height: int) -> list[pl.Series]:
    """The columns of `part`, each value at its `row` of `height` rows, null elsewhere.

    A join by a dense index: several times faster over a million titles than a join by hash.
    """
    place = np.full(height, part.height, dtype=np.uint32)
    place[part["row"].to_numpy()] = np.arange(part.height, dtype=np.uint32)
    index = pl.Series(place)
    index = pl.select(pl.when(index < part.height).then(index)).to_series()
    return part.drop("row").select(pl.all().gather(index)).get_columns()


def _finished(parsed: pl.DataFrame) -> pl.DataFrame:
    """From base text, mix and guests to the last columns: artist, remixer, class, mashup parts."""
    base, mix, given = pl.col.base, pl.col.mix, pl.col.given
    parsed = parsed.with_columns(mix=pl.when(mix != "").then(mix), artist="given")
    loose = base.str.contains(rf"(?i)\b{_MIX}\s*$") | base.str.contains(DASHED)
    parsed = _changed(parsed, mix.is_null() & loose, _mix_of_base)
    # Whoever made the version may stand where the artist should: an uploader.
    is_remixer = mix.str.to_lowercase().str.contains(given.str.to_lowercase(), literal=True)
    nameless = given.is_null() | is_remixer.fill_null(False)
    parsed = _changed(parsed, nameless & base.str.contains("[-–—]"), _artist_of_base)
    parsed = parsed.with_columns(guests=pl.lit(None, pl.String), base_title="base")
    guest_word = base.str.contains_any(["feat", "ft"], ascii_case_insensitive=True)
    parsed = _changed(parsed, (pl.col.guest != "") | guest_word, _guests)
    title = pl.col.base_title.str.strip_chars(" -–—|")
    parsed = parsed.with_columns(base_title=pl.when(title != "").then(title), features=_names(parsed["guests"]))
    parsed = parsed.join(_versions(parsed["mix"]), on="mix", how="left", maintain_order="left")
    is_unknown = is_unknown_title(pl.col.base_title) | pl.col.text.str.contains(_WORKING_TITLE)
    return _with_components(parsed.with_columns(pl.col.version_class.fill_null("plain"), is_unknown=is_unknown))


def _mix_of_base(parsed: pl.DataFrame) -> pl.DataFrame:
    """mix, base: the mix that ends a base text without brackets."""
    base, mix = pl.col.base, pl.col.mix
    # "Artist - Song Remix" is a title; "Song - Club Mix" and "Artist - Song - X Remix" end in a mix.
    ends_in_mix = pl.col.given.is_not_null() | (base.str.count_matches(r"\s[-–—]\s") > 1)
    for loose, where in ((_LOOSE_MIX, ends_in_mix), (DASHED, True), (_PLAIN_LOOSE_MIX, True), (_BARE_MIX, True)):
        found = mix.is_null() & where & base.str.contains(loose)
        parsed = parsed.with_columns(
            mix=pl.when(found).then(base.str.extract(loose, 2)).otherwise("mix"),
            base=pl.when(found).then(base.str.extract(loose, 1)).otherwise("base"),
        )
    # Where a track is from is no version of it.
    return parsed.select(
        mix=pl.when(~mix.str.contains(r"(?i)^(?:from|bonus track)\b").fill_null(False)).then(mix), base=base
    )


def _artist_of_base(parsed: pl.DataFrame) -> pl.DataFrame:
    """artist, base: `Artist - Title` divided at the first spaced dash."""
    spaced = pl.col.base.str.extract_groups(_PART).struct
    tight = pl.col.base.str.extract_groups(_TIGHT_PART).struct
    left, right = (pl.coalesce(spaced.field(n), tight.field(n)) for n in "12")
    name = left.str.replace(r"^(?:#\s*)?(?:\[\d{1,3}\]|\d{1,3}[.)])\s+", "").str.replace_all(r"\s+([,;])", "${1}")
    # `Mina - Mina - Still Sea`: said twice.
    twice = (right + " - ").str.to_lowercase().str.starts_with(pl.concat_str(name.str.to_lowercase(), pl.lit(" - ")))
    rest = right.str.slice(name.str.len_chars() + 3)
    right = pl.when(twice & (rest != "")).then(rest).otherwise(right)
    return parsed.select(artist=pl.coalesce(name, "artist"), base=pl.coalesce(right, "base"))


def _guests(parsed: pl.DataFrame) -> pl.DataFrame:
    """guests, base_title: who is named in the base text and in brackets, as one credit."""
    base, guest = pl.col.base, pl.col.guest
    named = base.str.extract(_GUESTS, 1), pl.when(guest != "").then(guest.str.replace_all(_GUEST_WORD, ""))
    guests = pl.concat_str(*named, separator=", ", ignore_nulls=True)
    return parsed.select(guests=guests, base_title=base.str.replace(_GUESTS, ""))


def _with_components(parsed: pl.DataFrame) -> pl.DataFrame:
    """Add is_mashup and components; change artist and base_title of `A - One vs. B - Two`."""
    several = pl.col.base_title.str.contains(_VERSUS).fill_null(False)
    found = _at_rows(_components(parsed.filter(several)), parsed.height)
    artist, base_title, components = (pl.lit(column) for column in found)
    return parsed.with_columns(
        is_mashup=several | (pl.col.version_class == "mashup"),
        artist=pl.coalesce(artist, "artist"),
        base_title=pl.coalesce(base_title, "base_title"),
        components=components.fill_null(pl.Series([[]], dtype=pl.List(pl.String))),
    )


def _components(parsed: pl.DataFrame) -> pl.DataFrame:
    """row, artist, base_title, components of titles of several parts."""
    titles, artists = (
        c.str.replace_all(_VERSUS, MARK).str.split(MARK) for c in (pl.col.base_title, pl.col.artist.fill_null(""))
    )
    parsed = _in_turn(parsed.with_columns(titles=titles, artists=artists))
    paired = parsed.filter(pl.col.titles.list.len() == pl.col.artists.list.len()).explode("artists", "titles")
    pair = pl.concat_str(pl.col.artists.str.strip_chars(), pl.lit(" - "), pl.col.titles.str.strip_chars())
    pairs = paired.group_by("row", maintain_order=True).agg(pairs=pair)
    joined = parsed.join(pairs, on="row", how="left", maintain_order="left")
    return joined.select("row", "artist", "base_title", components=pl.coalesce("pairs", "titles"))


def _in_turn(parsed: pl.DataFrame) -> pl.DataFrame:
    """`A - One vs. B - Two`: artists and titles in turn, read as `A vs. B` and `One vs. Two`."""
    titles = pl.col.titles
    every_part_named = titles.list.slice(1).list.eval(pl.element().str.contains(_PART)).list.all()
    in_turn = pl.col.given.is_null() & (pl.col.artists.list.len() == 1) & (pl.col.artist != "")
    several = parsed.filter(in_turn & (titles.list.len() > 1) & every_part_named).explode("titles")
    first = pl.int_range(pl.len()).over("row") == 0
    who, what = (
        pl.when(first).then(own).otherwise(titles.str.extract(_PART, n)).str.strip_chars()
        for n, own in ((1, "artist"), (2, "titles"))
    )
    found = several.select("row", who=who, what=what).group_by("row", maintain_order=True).all()
    return parsed.join(found, on="row", how="left", maintain_order="left").with_columns(
        artist=pl.coalesce(pl.col.who.list.join(" vs. "), "artist"),
        base_title=pl.coalesce(pl.col.what.list.join(" vs. "), "base_title"),
        artists=pl.coalesce("who", "artists"),
        titles=pl.coalesce("what", "titles"),
    )


@partial(recalled, on="mix")
def _versions(mixes: pl.Series) -> pl.DataFrame:
    """Class and remixer of each distinct mix: mix, version_class, remixer."""
    by_pattern = [pl.when(pl.col.folded.str.contains(p)).then(pl.lit(name)) for name, p in CLASSES]
    named = pl.when(pl.col.remixer.is_not_null()).then(pl.lit("remix"))
    read = mixes.to_frame().with_columns(remixer=_remixer(pl.col.mix))
    # The remixer's name says nothing of the version: Radio Slave, Live Element.
    name, mix = pl.col.remixer.fill_null(""), pl.col.mix.str.replace(r"^\d{4}\s+", "")
    read = read.with_columns(folded=fold(mix.str.strip_prefix(name).str.strip_suffix(name)))
    return read.select("mix", "remixer", version_class=pl.coalesce(*by_pattern, named, pl.lit("other")))


# Acts by name; not worked out at import, when no thread may start: who forks then hangs.
_known = cache(lambda: fold_texts(sum(LISTS["artists"]["aliases"], LISTS["artists"]["of_genres"])))


def _remixer(mix: pl.Expr) -> pl.Expr:
    """Who made a version: the words before the version's own, unless they are only adjectives."""
    by = mix.str.extract(
        r"(?i)\b(?:remix|remixed|edit|edited|rework|reworked|mix|mixed|version|bootleg)\s+by\s+(.+)$", 1
    )
    owner = mix.str.extract(rf"(?i)^(.+?)['’′]s?\s+(?:\S+\s+)*{REMIX_WORD}\b", 1)
    plain = mix.str.extract(rf"(?i)^(.*?\S)(?:\s+{ADJECTIVES})*\s+{REMIX_WORD}\b", 1)
    # A word that ends names as well, and one that cannot end a name: Adventure Club, Art of Trance.
    named = mix.str.extract(rf"(?i)^((?:.*?\S)\s+{IN_NAMES})\s+(?:remix|rmx|remx|rework|bootleg)\b", 1)
    whole = mix.str.extract(rf"(?i)^(.*?\S)\s+{REMIX_WORD}\b", 1)
    named = pl.coalesce(named, pl.when(plain.str.contains(r"(?i)\s(?:of|the|and|&|de|du|del)$")).then(whole))
    name = pl.coalesce(by, owner, named, plain).str.replace(r"^\d{4}\s+", "").str.replace(MANNER, "").str.strip_chars()
    # `Phonk D` is no genre, whatever its words are; nor is who is known (`TV Rock`).
    is_name = name.str.contains(r"[^&]\s[A-Z]$") & ~name.str.contains(r"(?i)\b(?:part|pt|side|mix|version) \S$")
    is_name |= artist_key(name).is_in(_known())
    is_name |= ~name.str.contains(rf"(?i)^(?:{NAMELESS}(?:\s&\s|[\s.'\"″”-]+|$))+$") & ~name.str.contains(
        r"^(?:\d0(?:s|ies)?|9\d|(?:19|20)\d\ds?)$"
    )
    return pl.when(is_name).then(name)


def _names(guests: pl.Series) -> pl.Series:
    """The guests of each title, one by one."""
    (names,) = _at_rows(split_credits(guests).group_by("row", maintain_order=True).agg(pl.col.artist), len(guests))
    return names.fill_null(pl.Series([[]], dtype=pl.List(pl.String)))
