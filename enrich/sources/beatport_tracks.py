"""A track as Beatport's interface writes it, and its site on the pages of releases, labels and charts."""

from __future__ import annotations

from typing import Any

from enrich.matching.values import Hit
from enrich.sources.reading import listed, part, read_clock, read_date


def track_hit(track: dict[str, Any], release: dict[str, Any]) -> Hit:
    """A track as the interface and the site's catalogue pages write it, on a release."""
    number, slug = track.get("id"), track.get("slug")
    return Hit(
        source="beatport",
        title=track["name"],
        mix=track.get("mix_name"),
        artists=_names(track.get("artists")),
        remixers=_names(track.get("remixers")),
        label=part(release.get("label")).get("name"),
        catalog_number=track.get("catalog_number") or release.get("catalog_number"),
        # Published is when the shop put it up, which may be years after the release.
        release_date=read_date(track.get("new_release_date")) or read_date(track.get("publish_date")),
        duration_ms=track.get("length_ms") or read_clock(track.get("length")),
        isrc=track.get("isrc"),
        release_title=release.get("name"),
        is_compilation=_is_compilation(release),
        url=f"https://www.beatport.com/track/{slug}/{number}" if slug and number else None,
    )


def _is_compilation(release: dict[str, Any]) -> bool:
    kind = release.get("type")
    name = kind.get("name") if isinstance(kind, dict) else kind
    various = any(name.casefold() == "various artists" for name in _names(release.get("artists")))
    return various or str(name or "").casefold() in {"compilation", "mix", "dj mix"}


def _names(people: object) -> tuple[str, ...]:
    return tuple(str(person["name"]) for person in listed(people))


def credit(track: dict[str, Any]) -> str:
    """Everybody and everything that may name the artist asked for."""
    return " ".join([*_names(track.get("artists")), *_names(track.get("remixers")), str(track.get("mix_name") or "")])
