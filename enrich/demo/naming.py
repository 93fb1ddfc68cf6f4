"""How the demo world writes things down: credits, titles, and the dirt musicdb's rows have.

Pure string work on one recording at a time; what is random comes from the generator passed in.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from enrich.demo.cast import Cast, Label, words
from enrich.demo.recordings import Recording

#: Words that stand where a label should, and are none.
NON_LABELS = ("White", "CDR", "Promo", "Unreleased", "Label Unknown")
_ID_TITLES = ("ID", "ID - ID", "Unknown Track", "Untitled", "ID 2", "???", "Unknown", "ID ID")
_ID_WEIGHTS = (0.46, 0.22, 0.08, 0.07, 0.06, 0.04, 0.04, 0.03)


def mix_name(recording: Recording, cast: Cast) -> str | None:
    """`X Remix` for a remix, None for an original."""
    if recording.remixer is None:
        return None
    return f"{cast.artists[recording.remixer].name} {recording.remix_word}"


def credited(recording: Recording, cast: Cast) -> str:
    """Main artists, parted by a comma: no name in the world contains one."""
    return ", ".join(cast.artists[a].name for a in recording.artists)


def clean_title(recording: Recording, cast: Cast) -> str:
    """The title as its label would print it."""
    mix = mix_name(recording, cast)
    return f"{recording.base_title} ({mix})" if mix else recording.base_title


def catalogue_title(recording: Recording, cast: Cast, rng: np.random.Generator) -> str:
    """A title as a known track's row has it: the mix sometimes spelled out, a label now and then."""
    title = clean_title(recording, cast)
    if recording.featured is not None and rng.random() < 0.6:
        title = f"{recording.base_title} feat. {cast.artists[recording.featured].name}"
        title += f" ({mix_name(recording, cast)})" if recording.is_remix else ""
    elif not recording.is_remix:
        draw = rng.random()
        title += " (Original Mix)" if draw < 0.22 else " (Extended Mix)" if draw < 0.30 else ""
    if rng.random() < 0.06:
        title += f" [{spell_label(cast.labels[recording.label], rng)}]"
    draw = rng.random()
    if draw < 0.01:
        title = title.upper()
    elif draw < 0.02:
        title = title.replace(" ", "  ", 1)
    return title


def spell_label(label: Label, rng: np.random.Generator, *, dirt: float = 0.18) -> str:
    """The label's name, in `dirt` of the cases another of its spellings."""
    if rng.random() >= dirt:
        return label.name
    return str(rng.choice(label.spellings[1:]))


def with_label(title: str, label: Label, rng: np.random.Generator) -> str:
    """The title with a label hint: `[Label]`, sometimes `(Label)` or with a catalogue number."""
    name = spell_label(label, rng)
    draw = rng.random()
    if draw < 0.12:
        return f"{title} ({name})"
    if draw < 0.20:
        return f"{title} [{name} - {label.prefix} {int(rng.integers(1, 99)):03d}]"
    return f"{title} [{name}]"


def with_non_label(title: str, rng: np.random.Generator) -> str:
    """The title with a word in the label's place that is no label."""
    return f"{title} [{rng.choice(NON_LABELS)}]"


def plain_failed_title(recording: Recording, cast: Cast, rng: np.random.Generator) -> str:
    """A readable title of a track whose artist got lost."""
    title = clean_title(recording, cast)
    if not recording.is_remix:
        draw = rng.random()
        title += " (Original Mix)" if draw < 0.25 else " (Extended Mix)" if draw < 0.33 else ""
    return title


def dirty_title(recording: Recording, cast: Cast, rng: np.random.Generator) -> str:
    """A title the way a hasty typist leaves it."""
    title = plain_failed_title(recording, cast, rng)
    ways: tuple[Callable[[], str], ...] = (
        lambda: misspell(recording.base_title, rng) + title[len(recording.base_title) :],
        title.lower,
        lambda: f"w/ {title}",
        lambda: f"{title} OUT NOW",
        lambda: f"Unknown Artist - {title}",
        lambda: f"ID - {title}",
        lambda: f"{misspell(title, rng)} (Free Download)",
    )
    return ways[int(rng.integers(len(ways)))]()


def misspell(text: str, rng: np.random.Generator) -> str:
    """One letter dropped, doubled or swapped with its neighbour."""
    at = int(rng.integers(1, max(2, len(text) - 2)))
    ends = (text[at + 1 :], text[at] + text[at:], text[at + 1 : at + 2] + text[at] + text[at + 2 :])
    return text[:at] + ends[int(rng.integers(3))]


def id_title(rng: np.random.Generator) -> str:
    """What stands where nobody knows the title."""
    return str(rng.choice(_ID_TITLES, p=_ID_WEIGHTS))


def working_title(recording: Recording, rng: np.random.Generator, *, honest: bool) -> str:
    """`... ID (Working Title)`; an honest one is the title of the later release."""
    name = recording.base_title if honest else str(rng.choice(words("working")))
    lead = rng.choice(("ID", "New ID", "Unreleased ID"), p=(0.7, 0.15, 0.15))
    return f"{lead} ({name})"


def mashup_title(first: Recording, second: Recording, maker: str, rng: np.random.Generator) -> str:
    """`A vs. B`, usually with its maker."""
    joint = rng.choice((" vs. ", " vs ", " w/ "), p=(0.6, 0.3, 0.1))
    title = f"{first.base_title}{joint}{second.base_title}"
    return f"{title} ({maker} Mashup)" if rng.random() < 0.7 else title
