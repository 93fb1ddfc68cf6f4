"""The layers of ARCHITECTURE.md: none imports upwards."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import enrich

#: Package-level modules that stand above or beside all layers.
FREE = {"__init__", "__main__"}


def _layers(project: Path) -> list[str]:
    """The layers in order, as ARCHITECTURE.md lists them: one truth, the document's."""
    text = (project / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = text.split("| layer | what lives there |", 1)[1].split("\n\n", 1)[0]
    rows = [re.findall(r"`(\w+)`", line.split("|")[1]) for line in table.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in row]


def _imports(path: Path) -> list[str]:
    """First-level enrich modules that a file imports, wherever in it the import stands."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.append(node.module or "")
    return [name.split(".")[1] for name in found if name.startswith("enrich.")]


def _upward(project: Path) -> list[str]:
    layers = _layers(project)
    wrong = []
    for path in sorted((project / "enrich").rglob("*.py")):
        relative = path.relative_to(project / "enrich")
        own = relative.parts[0].removesuffix(".py")
        if own in FREE:
            continue
        if own not in layers:
            wrong.append(f"{relative}: {own} is no layer of ARCHITECTURE.md")
            continue
        wrong += [
            f"{relative}: imports enrich.{name}, a layer below its own"
            for name in _imports(path)
            if name in layers and layers.index(name) > layers.index(own)
        ]
    return wrong


def test_no_layer_imports_upwards(project):
    assert _upward(project) == []


@pytest.mark.parametrize("layer", ["errors", "text", "frames", "cooccurrence", "tiers", "cli"])
def test_the_document_lists_the_layers(project, layer):
    assert layer in _layers(project)


def test_an_upward_import_is_seen(tmp_path, project):
    package = tmp_path / "enrich"
    (package / "text").mkdir(parents=True)
    (package / "text" / "bad.py").write_text("def f():\n    from enrich.cli import main\n    return main\n")
    (tmp_path / "ARCHITECTURE.md").write_text((project / "ARCHITECTURE.md").read_text(encoding="utf-8"))

    assert _upward(tmp_path) == ["text/bad.py: imports enrich.cli, a layer below its own"]


def test_a_sub_package_named_like_a_public_function_does_not_hide_it():
    import_module("enrich.demo.loading")

    assert not isinstance(enrich.demo, ModuleType)
    assert callable(enrich.demo)
