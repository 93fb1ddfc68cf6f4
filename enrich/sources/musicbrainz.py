"""MusicBrainz: a recording search (or the ISRC) carries no labels; what could be the track is asked for its releases.

A video or a cut of a DJ mix is never the track, a live take only where one is asked for; what is on compilations alone
is asked last. Each label of each release is a hit.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import Any

from enrich.matching.choice import CONCERT
from enrich.matching.scores import DURATION_ZERO_MS, version_fit
from enrich.matching.values import Hit, TrackQuery
from enrich.sources.base import Source, SourceOptions, WebSource
from enrich.sources.http import Requests
from enrich.sources.reading import LONGEST_MS, clean_text, listed, number_in, part, read_date, unless
from enrich.sources.replies import listing
from enrich.sources.terms import Terms, as_asked, lucene, search_terms, worth_a_look
from enrich.text.normalise import normalise_isrc
from enrich.text.versions import is_version, split_version, version_class

_VARIOUS = "89ad4ac3-39f7-470e-963a-56509c546377"
_NO_LABEL = "157afde4-4bf5-4039-8ad2-5a15acc85176"
_PAGE = 25
_RELEASE_PAGE = 100
#: Recordings asked for their labels, and those on compilations alone.
_MOST_RECORDINGS, _MOST_COMPILED = 4, 2
_MOST_RELEASE_PAGES = 5
_LIVE = re.compile(
    r"^\d{4}-\d\d-\d\d\b|\b(?:live|concert|sessions?|unplugged|broadcast|performances?|rehearsals?|soundcheck)\b",
    re.IGNORECASE,
)
_CUT = re.compile(
    r"\bdj\W?mix\b|\bmixed\b|\bmegamix\b|\bcontinuous\b|\bvideo\b|\bvisuali[sz]er\b|\bcrossfade[ds]?\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Take:
    """A recording, and what is told of it before its releases are asked for."""

    recording: dict[str, Any]
    title: str
    mix: str | None
    artists: tuple[str, ...]
    is_cut: bool  # a video, or cut out of a mix
    releases: int  # how many of its own it is on: neither compilations nor concerts, neither bootlegs nor broadcasts
    isrcs: tuple[str, ...]

    @property
    def id(self) -> str:
        return str(self.recording["id"])

    @property
    def length_ms(self) -> int | None:
        return number_in(self.recording.get("length"), 1, LONGEST_MS)

    def is_far(self, query: TrackQuery) -> bool:
        lengths = query.duration_ms or 0, self.length_ms or 0
        return all(lengths) and abs(lengths[0] - lengths[1]) >= DURATION_ZERO_MS


class MusicBrainz(WebSource):
    """MusicBrainz web service 2."""

    name = "musicbrainz"
    lists_new = True

    def _find(self, query: TrackQuery, requests: Requests) -> Iterator[Hit]:
        terms = search_terms(query)
        if isrc := normalise_isrc(query.isrc):
            asked = {"inc": "artist-credits isrcs", "fmt": "json"}
            body = requests.get(f"/isrc/{isrc}", asked, read=listing("recordings"), absent=(404,))
            if body:
                yield from self._identified(terms, isrc, listed(body["recordings"]), requests)
                return
        takes = [take for take in self._search(terms, requests) if not take.is_cut or _CUT.search(terms.mix or "")]
        fits = {take.id: _fit(terms, take) for take in takes}
        best = max(fits.values(), default=0.0)
        if best == 0.0:
            # None could win: their labels are not worth a request, that they are listed is worth a word.
            yield from (hit for take in takes for hit in _hits(take, {}))
            return
        ranked = sorted(
            (take for take in takes if fits[take.id] >= best - 0.1),
            key=lambda take: (-fits[take.id], take.is_far(query), -_words_shared(terms, take), -take.releases),
        )
        yield from self._labelled([take for take in ranked if take.releases][:_MOST_RECORDINGS], ranked, requests)

    def _new(self, terms: Terms, days: tuple[date, date], requests: Requests) -> Iterator[Hit]:
        """Recordings by the day of their first release, on releases of their own."""
        query = f"{_by_anyone(terms)} AND firstreleasedate:[{days[0]} TO {days[1]}]"
        asked: dict[str, str | int] = {"query": query, "limit": _RELEASE_PAGE, "fmt": "json"}
        found = requests.get("/recording", asked, read=listing("recordings"))
        for recording in listed(found["recordings"] if found else []):
            take = _take(terms, recording, listed(recording.get("releases")))
            if take.releases and not take.is_cut:
                first = read_date(recording.get("first-release-date"), by_year=False)
                url = f"https://musicbrainz.org/recording/{take.id}"
                yield from (replace(hit, release_date=first, url=url) for hit in _hits(take, {}))

    def _identified(
        self, terms: Terms, isrc: str, recordings: list[dict[str, Any]], requests: Requests
    ) -> Iterator[Hit]:
        takes = [_take(terms, recording, [], isrc) for recording in recordings]
        # A video is often given the code of the track it was made for.
        for take in ([take for take in takes if not take.is_cut] or takes)[:_MOST_RECORDINGS]:
            found = list(self._releases(take.id, requests))
            whole = _take(terms, take.recording, found, isrc)
            for release in found:
                yield from _hits(whole, release)

    def _labelled(self, own: Sequence[_Take], ranked: Sequence[_Take], requests: Requests) -> Iterator[Hit]:
        """The hits of takes on releases of their own; those of the others where these bring no label."""
        is_labelled = False
        for take in own:
            for release in self._releases(take.id, requests):
                for hit in _hits(take, release):
                    is_labelled |= hit.label is not None
                    yield hit
        if not is_labelled:
            for take in [take for take in ranked if not take.releases][:_MOST_COMPILED]:
                for release in self._releases(take.id, requests):
                    yield from _hits(take, release)

    def _search(self, terms: Terms, requests: Requests) -> list[_Take]:
        if terms.is_guess and self._listed(terms, "", requests) == []:
            return []
        return self._listed(terms, f" AND {_by_anyone(terms)}" if terms.artists else "", requests) or []

    def _listed(self, terms: Terms, by: str, requests: Requests) -> list[_Take] | None:
        """Plausible recordings of the title; None where there are none, and more than are listed."""
        query = f'recording:"{lucene(terms.base)}"{by}'
        asked: dict[str, str | int] = {"query": query, "limit": _PAGE, "offset": 0, "fmt": "json"}
        found = requests.get("/recording", asked, read=listing("recordings"), fresh=terms.is_guess and not by) or {}
        every = listed(found.get("recordings"))
        good = worth_a_look(terms, every, lambda one: (str(one["title"]), " ".join(chain(*_credit(one)))))
        takes = [_take(terms, one, listed(one.get("releases"))) for one in good]
        return takes if takes or len(every) >= int(found.get("count") or 0) else None

    def _releases(self, recording: str, requests: Requests) -> Iterator[dict[str, Any]]:
        """All releases of a recording; pages may come shorter than asked for, so the offset counts what came."""
        offset = 0
        for _ in range(_MOST_RELEASE_PAGES):
            # Written with +, which is how a space travels in a query string.
            inc = "labels release-groups media artist-credits"
            of_it: dict[str, str | int] = {"recording": recording, "inc": inc, "limit": _RELEASE_PAGE}
            asked = of_it | {"offset": offset, "fmt": "json"}
            body = requests.get("/release", asked, read=listing("releases"), absent=(404,))
            if not body:
                return
            yield from listed(body["releases"])
            offset = int(body.get("release-offset") or 0) + len(body["releases"])
            if offset >= int(body["release-count"]):
                return


def open_source(options: SourceOptions) -> Source:
    """MusicBrainz needs nothing but its address and a contact."""
    return MusicBrainz.open(options, rate=options.rate or 1.0)


def _by_anyone(terms: Terms) -> str:
    """`(artist:"Alpha Kid" OR artistname:"Alpha Kid")`, as credited or else: whole credit, then parts."""
    anyone = (f'{field}:"{lucene(name)}"' for name in terms.names for field in ("artist", "artistname"))
    return f"({' OR '.join(anyone)})"


def _take(terms: Terms, recording: dict[str, Any], releases: list[dict[str, Any]], isrc: str | None = None) -> _Take:
    title, mix = split_version(str(recording["title"]))
    told = clean_text(recording.get("disambiguation")) or ""
    if _LIVE.search(told) or (mix is None and releases and all(map(_is_concert, releases))):
        mix = mix if version_class(mix) == "live" else f"{mix or ''} live".strip()
    elif mix is None and told and is_version(told):
        mix = told
    kinds = [_kinds(release) for release in releases]
    is_mixed = bool(kinds) and all("dj-mix" in kind for kind in kinds)
    own = [one for one in releases if _is_official(one) and not _is_compiled(one) and not _is_concert(one)]
    # A search names no releases of a recording that has none; the look-up by ISRC names none at all.
    isrcs = dict.fromkeys([*([isrc] if isrc else []), *(str(one) for one in recording.get("isrcs") or [])])
    return _Take(
        recording=recording,
        title=title,
        mix=mix,
        artists=as_asked(terms.artist, _credit(recording)),
        is_cut=recording.get("video") is True or is_mixed or bool(_CUT.search(f"{told} {mix or ''}")),
        releases=len(own) if releases else int("releases" not in recording),
        isrcs=tuple(isrcs),
    )


def _fit(terms: Terms, take: _Take) -> float:
    """How well the version fits the one asked for, 0–1: 0 is another recording."""
    asked, offered = version_class(terms.mix), version_class(take.mix)
    shared = _words_shared(terms, take)
    if asked == offered == "remix" and not shared:
        return 0.0
    return version_fit(asked, offered, is_named=shared > 0)


def _words_shared(terms: Terms, take: _Take) -> int:
    """Words of the version asked for that the take's version has, too, beside those that only say what it is."""
    asked, offered = (set(re.findall(r"\w+", (mix or "").casefold())) for mix in (terms.mix, take.mix))
    return len((asked & offered) - {"remix", "mix", "edit", "version", "the", "dub", "live"})


def _hits(take: _Take, release: dict[str, Any]) -> Iterator[Hit]:
    """A hit for each label of a release; one without label where there is none, or no release."""
    known = next((one for one in listed(take.recording.get("releases")) if one.get("id") == release.get("id")), {})
    infos = listed(release.get("label-info")) or [{}]
    # By the kind of its group: what a release is called is looked at where hits are chosen.
    is_other_take = version_class(take.mix) != "live" and "live" in _kinds(release)
    labels = dict.fromkeys((_label(info), unless(info.get("catalog-number"), "[none]")) for info in infos)
    for label, catalog_number in labels:
        yield Hit(
            source=MusicBrainz.name,
            title=take.title,
            mix=take.mix,
            artists=take.artists,
            label=label,
            catalog_number=catalog_number,
            release_date=read_date(release.get("date")),
            duration_ms=take.length_ms,
            isrc=take.isrcs[0] if take.isrcs else None,
            more_isrcs=take.isrcs[1:],
            release_title=release.get("title"),
            is_compilation=_is_compiled(release) or _is_compiled(known) or is_other_take,
            is_official=_is_official(release),
            url=f"https://musicbrainz.org/release/{release['id']}" if release else None,
        )


def _label(info: dict[str, Any]) -> str | None:
    label = part(info.get("label"))
    return None if label.get("id") == _NO_LABEL else unless(label.get("name"), "[no label]", "[none]")


def _kinds(release: dict[str, Any]) -> set[str]:
    return {str(kind).casefold() for kind in part(release.get("release-group")).get("secondary-types") or []}


def _is_compiled(release: dict[str, Any]) -> bool:
    people = [(one.get("name"), part(one.get("artist"))) for one in listed(release.get("artist-credit"))]
    various = any("Various Artists" in (name, who.get("name")) or who.get("id") == _VARIOUS for name, who in people)
    return various or bool(_kinds(release) & {"compilation", "dj-mix"})


def _is_concert(release: dict[str, Any]) -> bool:
    return "live" in _kinds(release) or bool(CONCERT.search(str(release.get("title") or "")))


def _is_official(release: dict[str, Any]) -> bool:
    is_broadcast = part(release.get("release-group")).get("primary-type") == "Broadcast"
    return release.get("status") in (None, "", "Official") and not is_broadcast


def _credit(recording: dict[str, Any]) -> list[list[str]]:
    """Who made it, each as credited first, then under further names."""
    people = [(one.get("name"), part(one.get("artist"))) for one in listed(recording.get("artist-credit"))]
    also = [(name, who.get("name"), who.get("sort-name"), who.get("aliases")) for name, who in people]
    return [
        [str(text) for text in (*called, *(one.get("name") for one in listed(aliases))) if text]
        for *called, aliases in also
    ]
