"""What stands beside the code as data: words, patterns and sentences in TOML, what was measured elsewhere in JSON."""

import json
import tomllib
from importlib.resources import files
from typing import Any


def resource(path: str) -> Any:
    """The content of a TOML or JSON file of the package, by its path in `enrich/`."""
    text = files("enrich").joinpath(path).read_text(encoding="utf-8")
    return tomllib.loads(text) if path.endswith(".toml") else json.loads(text)
