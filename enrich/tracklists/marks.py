"""The patterns of `marks.toml`: what people and programs write around the names of a tracklist. Pure."""

import re
from types import SimpleNamespace

from enrich.resources import resource

#: What people write around names, as it is written in `marks.toml`; there a list is the parts of a pattern in a row.
TABLES = resource("tracklists/marks.toml")
_SAID: dict[str, str] = {}


def expanded(written: str | list[str]) -> str:
    """A pattern as it is meant: `@{name}` is one of the marks above it."""
    return re.sub(r"@\{(\w+)\}", lambda found: _SAID[found[1]], "".join(written))


for _name, _written in TABLES["marks"].items():
    _SAID[_name] = expanded(_written)
MARKS = SimpleNamespace(**{name: re.compile(text) for name, text in _SAID.items()})
#: A line of more characters is none that somebody wrote.
LONGEST = 4_000
#: Of numbers; more is no list.
ROMAN: list[str] = TABLES["numerals"]["roman"]
#: What may stand between artist and title where no free dash does; the commonest in a list holds for all of it.
SEPARATORS = [(kind, re.compile(expanded(sign))) for kind, sign in TABLES["separators"].items()]
#: Marks that names have as well: where a line holds two of them, which one parts it is anybody's guess.
IN_NAMES = ("tight dash", "tight sign", "comma")
