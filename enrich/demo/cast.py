"""Who lives in the demo world: labels, artists with aliases, and DJs with taste and sometimes a label of their own.

Drawn from the random generator passed in and the word lists of `data/seed/`, made-up names all, apart from the label
spellings of the database notes and the specification's worked example, which is always there: Above & Beyond, who run
Anjunabeats, and their artists Ilan Bluestone and Spencer Brown.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from enrich.errors import EnrichError

SCENES = ("trance", "progressive", "melodic", "techno", "house", "bass")
#: How near two scenes are for a DJ who plays the first: own scene 1, neighbours less, the rest a little.
_NEIGHBOURS = dict(
    zip(SCENES, ("progressive", "melodic", "progressive", "melodic", "progressive", "house"), strict=True)
)
_ARTISTS, _DJS, _OWN_LABELS, _ALTER_EGOS, _RELEASES_A_DAY = 236, 28, 13, 8, 1.27


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A record label: how it is spelled, what it releases, and how often."""

    name: str
    spellings: tuple[str, ...]
    scene: str
    prefix: str
    """Of its catalogue numbers."""
    cadence_days: float
    """Mean days between two releases."""
    roster: tuple[int, ...]
    """Artists, the busiest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artist:
    """A name on releases. `aliases` are other names of the same person, some of them artists of their own."""

    name: str
    scene: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dj:
    """Someone who plays sets: may be an artist, may run a label."""

    name: str
    scene: str
    artist: int | None
    label: int | None
    favourites: tuple[int, ...]
    shows: str
    """The radio show most sets are episodes of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Everybody."""

    labels: tuple[Label, ...]
    """Those that release; compilation labels are apart."""
    compilers: tuple[Label, ...]
    artists: tuple[Artist, ...]
    djs: tuple[Dj, ...]

    def label_index(self, name: str) -> int:
        """Where the label of this name stands."""
        return next(i for i, label in enumerate(self.labels) if label.name == name)


@cache
def words(kind: str) -> tuple[str, ...]:
    """All values of one kind (`given`, `family`, `title_first`, …) in the order of the file."""
    return tuple(row["value"] for row in _seed_rows("names.csv") if row["kind"] == kind)


def label_names() -> list[tuple[str, str]]:
    """(scene, label) of every label, in the order of the file; scene `compilation` only gathers others' tracks."""
    return [(row["scene"], row["value"]) for row in _seed_rows("names.csv") if row["kind"] == "label"]


@cache
def error_texts(*, retriable: bool) -> tuple[tuple[str, float], ...]:
    """(message, weight) as earlier enrichment runs left them on failed tracks."""
    wanted = str(retriable).lower()
    rows = _seed_rows("errors.csv")
    return tuple((row["message"], float(row["weight"])) for row in rows if row["retriable"] == wanted)


@cache
def _seed_rows(name: str) -> tuple[dict[str, str], ...]:
    """A seed table: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent.parent
    for path in (package / "_seed" / name, package.parent / "data" / "seed" / name):
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as file:
                return tuple(csv.DictReader(file))
    raise EnrichError(f"data/seed/{name} is missing beside the package; restore it from the repository")


def scene_affinity(of: str, to: str) -> float:
    """How much of scene `to` somebody of scene `of` plays, 0–1."""
    if of == to:
        return 1.0
    return 0.18 if _NEIGHBOURS[of] == to else 0.03


def build_cast(rng: np.random.Generator) -> Cast:
    """Draw everybody."""
    artists = _artists(rng)
    labels = _labels(rng, artists)
    djs = _djs(rng, artists, labels)
    compilers = tuple(_label(name, "compilation", 60.0, ()) for scene, name in label_names() if scene == "compilation")
    return Cast(labels=labels, compilers=compilers, artists=artists, djs=djs)


def _artists(rng: np.random.Generator) -> tuple[Artist, ...]:
    monikers = list(rng.permutation(words("moniker")))
    given, family = words("given"), words("family")
    names: dict[str, None] = {"Above & Beyond": None, "Ilan Bluestone": None, "Spencer Brown": None}
    egos = [str(monikers.pop()) for _ in range(_ALTER_EGOS)]
    more = [str(monikers.pop()) for _ in range(10)]
    while len(names) < _ARTISTS - _ALTER_EGOS:
        if monikers and rng.random() < 0.4:
            names[str(monikers.pop())] = None
        else:
            names[f"{rng.choice(given)} {rng.choice(family)}"] = None
    scenes = ["trance"] * 3 + [str(s) for s in rng.choice(SCENES, len(names) - 3)]
    people = list(names)[3:]
    # The first egos have a row of their own, each naming the other; the later ones are known as aliases only.
    owners = [str(name) for name in rng.choice(people, len(egos) + len(more), replace=False)]
    aliases = {owner: (ego,) for owner, ego in zip(owners, [*egos, *more], strict=True)}
    known = [
        Artist(name=name, scene=scene, aliases=aliases.get(name, ())) for name, scene in zip(names, scenes, strict=True)
    ]
    scene_of = {artist.name: artist.scene for artist in known}
    doubles = [
        Artist(name=ego, scene=scene_of[owner], aliases=(owner,))
        for owner, ego in zip(owners[: len(egos)], egos, strict=True)
    ]
    return (*known, *doubles)


def _labels(rng: np.random.Generator, artists: tuple[Artist, ...]) -> tuple[Label, ...]:
    by_scene = {s: [i for i, artist in enumerate(artists) if artist.scene == s] for s in SCENES}
    names = [(scene, name) for scene, name in label_names() if scene != "compilation"]
    pace = rng.uniform(17, 45, len(names))
    # However the paces fall, all labels together release about as much.
    pace *= float((1 / pace).sum()) / (_RELEASES_A_DAY)
    labels = []
    for (scene, name), cadence_days in zip(names, pace, strict=True):
        size = min(int(rng.integers(7, 15)), len(by_scene[scene]))
        roster = [int(i) for i in rng.choice(by_scene[scene], size, replace=False)]
        if name == "Anjunabeats":
            roster = list(dict.fromkeys([1, 2, 0, *roster]))
        else:
            # The worked example's artists stay with their label.
            roster = [i for i in roster if i > 2] or [int(by_scene[scene][-1])]
        labels.append(_label(name, scene, float(cadence_days) if name != "Anjunabeats" else 16.0, roster))
    return tuple(labels)


def _label(name: str, scene: str, cadence_days: float, roster: Sequence[int]) -> Label:
    letters = [c for c in name.upper() if c.isalpha()]
    initials = "".join(w[0] for w in name.upper().split() if w[0].isalpha())
    prefix = initials + "".join(letters[1:3]) if len(initials) > 1 else "".join(letters[:4])
    # As people write a label: as is first, then joined, with a suffix, in capitals.
    first, *rest = name.split(" ")
    joined = first + "".join(rest).lower() if len(rest) == 1 else name
    ways = (name, joined, f"{name} {'Records' if len(name) % 2 else 'Recordings'}", name.upper())
    spellings, members = tuple(dict.fromkeys(ways)), tuple(roster)
    return Label(name=name, spellings=spellings, scene=scene, prefix=prefix, cadence_days=cadence_days, roster=members)


def _djs(rng: np.random.Generator, artists: tuple[Artist, ...], labels: tuple[Label, ...]) -> tuple[Dj, ...]:
    shows = [str(show) for show in rng.permutation(words("show"))]
    own = [int(i) for i in rng.permutation(len(labels)) if labels[i].name != "Anjunabeats"][: _OWN_LABELS - 1]
    anjuna = next(i for i, label in enumerate(labels) if label.name == "Anjunabeats")
    djs = [Dj(name="Above & Beyond", scene="trance", artist=0, label=anjuna, favourites=(1, 2), shows="ABGT")]
    taken = {0, 1, 2}
    for n in range(_DJS - 1):
        label = own[n] if n < len(own) else None
        scene = labels[label].scene if label is not None else str(rng.choice(SCENES))
        pool = [i for i, artist in enumerate(artists) if artist.scene == scene and i not in taken]
        roster = [i for i in labels[label].roster if i not in taken] if label is not None else []
        artist: int | None = roster[0] if roster else int(rng.choice(pool))
        # Some DJs never release: they are performers only.
        if label is None and rng.random() < 0.3:
            artist = None
        if artist is not None:
            taken.add(artist)
        name = artists[artist].name if artist is not None else f"DJ {rng.choice(words('family'))}"
        liked = rng.choice(pool, min(4, len(pool)), replace=False)
        favourites, show = tuple(int(i) for i in liked), shows[n % len(shows)]
        djs.append(Dj(name=name, scene=scene, artist=artist, label=label, favourites=favourites, shows=show))
    return tuple({dj.name: dj for dj in djs}.values())
