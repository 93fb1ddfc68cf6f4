"""The specification's worked example as data: one set of Above & Beyond with an unknown in its middle."""

from __future__ import annotations

from typing import Any

_PLAYED = (
    ("Ilan Bluestone", "Frozen Ground", "Anjunabeats"),
    ("ID", "ID", None),
    ("Spencer Brown", "Rainy Road", "Anjunabeats"),
)

#: In the form that scrapers of 1001Tracklists emit.
ABGT_500: dict[str, Any] = {
    "name": "ABGT 500 London",
    "artist": "Above & Beyond",
    "tracks": [{"name": title, "artist": artist, "publisher": label} for artist, title, label in _PLAYED],
}
