"""Values of others as a person sees them, in a terminal or on a page: in bounds, and steering nothing. Pure.

JSON, CSV and Parquet hold them at full length.
"""

import re

#: Signs of one value, and of one line, which may hold several.
VALUE, LINE = 120, 1000
#: Controls but tab and line break, marks that turn the direction of reading, other line ends, halves of characters.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ud800-\udfff]"
)


def visible(text: str) -> str:
    """A text without what moves a cursor, turns the reading or is no character: `\\u…` in its place."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def short(value: object, most: int = VALUE) -> str:
    """A value on one line of at most `most` signs; None is empty."""
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def bounded(text: str) -> str:
    """A text each line of which has at most `LINE` signs."""
    return "\n".join(line if len(line) <= LINE else line[: LINE - 1] + "…" for line in text.split("\n"))
