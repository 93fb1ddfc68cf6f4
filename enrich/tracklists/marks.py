"""What people write around the names of a tracklist: the patterns of `marks.toml`, compiled once. Pure."""

import re
import tomllib
from importlib.resources import files
from types import SimpleNamespace

#: As they are written.
TABLES = tomllib.loads(files("enrich.tracklists").joinpath("marks.toml").read_text(encoding="utf-8"))
_SAID: dict[str, str] = {}


def expanded(written: str | list[str]) -> str:
    """A pattern as it is meant: a list is its parts in a row, `@{name}` one of the marks above."""
    return re.sub(r"@\{(\w+)\}", lambda found: _SAID[found[1]], "".join(written))


for _name, _written in TABLES["marks"].items():
    _SAID[_name] = expanded(_written)
MARKS = SimpleNamespace(**{name: re.compile(text) for name, text in _SAID.items()})
