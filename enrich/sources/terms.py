"""What to type into a source's search box, and which results are worth a second request. Pure, and no judgement of
matches: a title loses what makes a shop find nothing, a result is dropped that has next to nothing in common.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

import polars as pl
from rapidfuzz import fuzz

from enrich.matching.values import Hit, TrackQuery
from enrich.text.normalise import fold_texts, normalise_isrc
from enrich.text.versions import BEHIND, GUEST, is_version, stands_behind_dash
from enrich.text.words import LISTS, is_unknown_artist, is_unknown_title

T = TypeVar("T")

_GUESTS = re.compile(rf"\s*[(\[]\s*{GUEST}[^)\]]*[)\]]|\s+{GUEST}\s+[^()\[\]]*", re.IGNORECASE)
_ROUND = re.compile(r"\(([^()]*)\)")
_SQUARE = re.compile(r"\[[^\]]*\]")
#: Versions a shop lists under the bare title, or not at all: better left out of a search.
_GENERIC = re.compile(
    rf"^(?:the\s+)?(?:{'|'.join(LISTS['in_sources']['generic'])})(?:\s+(?:mix|version|edit|cut))?$", re.IGNORECASE
)
#: Rougher than `split_credits`: a shop's search finds `A/B` by either name, and no name need stay whole.
_BETWEEN_ARTISTS = re.compile(rf"\s*(?:{'|'.join(LISTS['in_sources']['between_artists'])})\s*", re.IGNORECASE)
_DASH = re.compile(r"\s+[-–—−]\s+")
_LUCENE = re.compile(r'([+\-&|!(){}\[\]^"~*?:\\/])')

#: Likeness (0–100) of folded titles or credits below which a result is not looked at twice.
_TITLE_LIKENESS = 75.0
_ARTIST_LIKENESS = 70.0
#: And from which on a spelling of a name is the one asked for.
_NAME_LIKENESS = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A track in words to search by."""

    artist: str | None  # the whole credit; None when unknown
    artists: tuple[str, ...]  # the credit split at its joins, roughly
    base: str  # the title without brackets and feat clause
    mix: str | None  # the version, unless it is one of those that every shop lists under the bare title
    is_guess: bool = False  # see `TrackQuery.is_guess`

    @property
    def names(self) -> tuple[str, ...]:
        """What to put into a field for artists: the whole credit first, then its parts."""
        whole = " ".join(_GUESTS.sub(" ", self.artist).split()) if self.artist else ""
        return tuple(dict.fromkeys(name for name in (whole, *self.artists) if name))

    @property
    def text(self) -> str:
        """Everything, free of brackets: `Alpha Kid Night Signal Beta Remix`."""
        return " ".join(part for part in (*self.artists, self.base, self.mix) if part)

    @property
    def titled(self) -> str:
        """Everything, the version as the one bracket: `Alpha Kid Night Signal (Beta Remix)`."""
        return " ".join(part for part in (*self.artists, self.base, self.mix and f"({self.mix})") if part)


def search_terms(query: TrackQuery) -> Terms:
    """The words for a track.

    Example:
        >>> search_terms(TrackQuery(track_id="1", artist="A & B", title="Night (Beta Remix) [Deepwell]")).text
        'A B Night Beta Remix'
    """
    title = re.sub(BEHIND, "", _GUESTS.sub(" ", query.title))
    artist = None if _holds(is_unknown_artist, query.artist) else query.artist
    bare, brackets = _SQUARE.sub(" ", title), []
    while _ROUND.search(bare):
        # Innermost first: brackets in brackets leave none behind.
        brackets += [text.strip() for text in _ROUND.findall(bare)]
        bare = _ROUND.sub(" ", bare)
    bare = " ".join(re.sub(r"[()\[\]]", " ", bare).split()).strip(" -")
    *front, last = _DASH.split(bare)
    while front and stands_behind_dash(last):
        # As players write it: `Night Signal - 2015 Remaster`.
        brackets += [last] if is_version(last, in_bracket=False) else []
        bare, (*front, last) = " - ".join(front), front
    if artist is None and front:
        # As written, for a bracket may be of the name: `Ø [Phase] - Title`.
        artist, bare = _DASH.split(title.strip())[0], " - ".join([*front[1:], last])
    versions = [text for text in brackets if is_version(text) and not _GENERIC.match(text)]
    bare = bare or " ".join(title.split())
    artists = tuple(part for part in _BETWEEN_ARTISTS.split(artist) if part) if artist else ()
    return Terms(artist=artist, artists=artists, base=bare, mix=next(reversed(versions), None), is_guess=query.is_guess)


def is_searchable(query: TrackQuery) -> bool:
    """Whether there is anything to search by: a title that is one, or an ISRC."""
    return normalise_isrc(query.isrc) is not None or not _holds(is_unknown_title, query.title)


def worth_a_look(terms: Terms, results: Sequence[T], described: Callable[[T], tuple[str, str]]) -> list[T]:
    """Which results are worth a closer look, in their order; `described` gives a result's title, and who is named.

    Lenient on purpose: misspellings, other versions, other orders of artists pass, and any title where none is asked.
    """
    if not results:
        return []
    titles, names = zip(*map(described, results), strict=True)
    # A version in brackets would drown a misspelt title.
    short = [_SQUARE.sub(" ", _ROUND.sub(" ", title)) for title in titles]
    base, *wanted = fold_texts([terms.base, *terms.artists])

    def is_plausible(bare: str, whole: str, people: str) -> bool:
        if base and max(fuzz.token_set_ratio(base, bare), fuzz.token_set_ratio(base, whole)) < _TITLE_LIKENESS:
            return False
        return (
            not wanted
            or fuzz.token_set_ratio(" ".join(wanted), people) >= _ARTIST_LIKENESS
            or any(fuzz.token_set_ratio(one, f"{people} {whole}") >= _ARTIST_LIKENESS for one in wanted)
        )

    folded = fold_texts([*short, *titles, *names])
    n = len(results)
    parts = zip(results, folded[:n], folded[n : 2 * n], folded[2 * n :], strict=True)
    return [result for result, bare, whole, people in parts if is_plausible(bare, whole, people)]


def as_asked(asked: str | None, credit: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Each of those credited by the name, of all that he has, that is asked for; by the first where none is."""
    (wanted,) = fold_texts([asked or ""])

    def likeness(name: str) -> float:
        (folded,) = fold_texts([name])
        return fuzz.ratio(wanted, folded) if fuzz.token_set_ratio(wanted, folded) >= _NAME_LIKENESS else 0.0

    return tuple(max(names, key=likeness) for names in credit if names)


def plausible_hits(terms: Terms, hits: Sequence[Hit]) -> list[Hit]:
    """The hits that are worth a closer look, in their order."""
    return worth_a_look(terms, hits, lambda hit: (hit.title, " ".join([*hit.artists, *hit.remixers, hit.mix or ""])))


def lucene(text: str) -> str:
    """`text` with every character that Lucene reads as syntax escaped."""
    return _LUCENE.sub(r"\\\1", text)


_Rule = Callable[[pl.Expr], pl.Expr]
#: What was asked of a text before: the same names come back with every source, and a frame for one text is dear.
_HELD: dict[tuple[_Rule, str | None], bool] = {}
_MOST_HELD = 200_000


def read_ahead(queries: Sequence[TrackQuery]) -> None:
    """Ask of all queries at once what each source will ask of each: whether artist and title are known."""
    _read(is_unknown_artist, {query.artist for query in queries})
    _read(is_unknown_title, {query.title for query in queries})


def _holds(rule: _Rule, text: str | None) -> bool:
    held = _HELD.get((rule, text))
    return held if held is not None else _read(rule, {text})[rule, text]


def _read(rule: _Rule, texts: Collection[str | None]) -> dict[tuple[_Rule, str | None], bool]:
    if len(_HELD) > _MOST_HELD:
        _HELD.clear()
    frame = pl.DataFrame({"text": list(texts)}, schema={"text": pl.String})
    read = dict(zip(((rule, text) for text in texts), frame.select(rule(pl.col("text"))).to_series(), strict=True))
    _HELD.update(read)
    return read
