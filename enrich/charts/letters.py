"""Text as a chart may draw it. Pure; knows the letters of the charts' font.

Entry point: `drawable`.
"""

from __future__ import annotations

from functools import cache

#: The font of all charts; it comes with matplotlib.
FONT = "DejaVu Sans"


def drawable(text: object, most: int | None = None) -> str:
    """Text from a database for a chart: on one line, cut to `most` characters, never read as mathematics.

    Letters the font lacks become hollow boxes here, where matplotlib would warn of each of them.
    """
    flat = " ".join(str(text).split())
    cut = flat if most is None or len(flat) <= most else flat[: most - 1].rstrip() + "…"
    letters = _letters()
    return "".join(letter if ord(letter) in letters else "▯" for letter in cut).replace("$", r"\$")


@cache
def _letters() -> frozenset[int]:
    from matplotlib import font_manager
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(font_manager.findfont(FONT)).get_charmap())
