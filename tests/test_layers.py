"""The house: no layer imports upwards, nothing goes round in a circle, no room is too big to see through."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import networkx as nx
import pytest

import enrich

#: Package-level modules that stand above or beside all layers.
FREE = {"__init__", "__main__"}
#: Lines of a module, of a function (its docstring included), of `enrich/` without the demo, of the demo.
MAX_MODULE, MAX_FUNCTION, MAX_ENRICH, MAX_DEMO = 450, 60, 28_000, 3_300

#: Imports of ours that stand inside a function, with the reason; all others stand at the top, where they are seen.
LAZY = {
    ("analyst/opening.py", "enrich.main_job"): "the whole pipeline, for a demo world that is missing",
    ("analyst/snapshot.py", "enrich.analyst.evaluation"): "loads the rankers and what they are compared with",
    ("cooccurrence/ranking.py", "enrich.cooccurrence.spark"): "optional extra: pyspark",
}
#: Packages whose functions may import what they need when they are called.
LAZY_PACKAGES = {"cli/": "all commands are loaded to explain themselves: a command loads its libraries when it runs"}
#: What is still allowed; the numbers only ever get smaller, and go when the house is small enough.
DEMO_LEFT = 3_233
ENRICH_LEFT = 27_959

#: Modules that may name functions by the lazy front door (`enrich.resolve`), which no import shows.
FRONT_DOOR = ("cli/",)


@dataclass(frozen=True, slots=True)
class Import:
    """One import of ours: where it stands, what it imports, and whether it stands inside a function."""

    file: str
    target: str
    in_function: bool


def _layers(project: Path) -> list[str]:
    """The layers in order, as ARCHITECTURE.md lists them: one truth, the document's."""
    text = (project / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = text.split("| layer | what lives there |", 1)[1].split("\n\n", 1)[0]
    rows = [re.findall(r"`(\w+)`", line.split("|")[1]) for line in table.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in row]


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _files(project: Path) -> dict[str, Path]:
    """Path within `enrich/` → file."""
    house = project / "enrich"
    return {path.relative_to(house).as_posix(): path for path in sorted(house.rglob("*.py"))}


def _module(file: str) -> str:
    return ".".join(("enrich", *Path(file).with_suffix("").parts)).removesuffix(".__init__")


def _imports(project: Path) -> list[Import]:
    """Every import of ours, wherever in a file it stands; `from package import module` counts as the module."""
    files = _files(project)
    modules = {_module(file) for file in files}
    found = []
    for file, path in files.items():
        for node, in_function in _walk(_tree(path)):
            if isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                inner = [f"{node.module}.{alias.name}" for alias in node.names]
                targets = [name if name in modules else str(node.module) for name in inner]
            else:
                continue
            ours = sorted({name for name in targets if name.split(".")[0] == "enrich"})
            found += [Import(file, name, in_function) for name in ours]
    return found


def _walk(node: ast.AST, in_function: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    for child in ast.iter_child_nodes(node):
        yield child, in_function
        yield from _walk(child, in_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef))


def _upward(project: Path) -> list[str]:
    layers = _layers(project)
    wrong = []
    for file in _files(project):
        own = Path(file).parts[0].removesuffix(".py")
        if own not in FREE and own not in layers:
            wrong.append(f"{file}: {own} is no layer of ARCHITECTURE.md")
    for one in _imports(project):
        own, name = Path(one.file).parts[0].removesuffix(".py"), [*one.target.split("."), ""][1]
        if own in layers and name in layers and layers.index(name) > layers.index(own):
            wrong.append(f"{one.file}: imports enrich.{name}, a layer below its own")
    return wrong


def _circles(project: Path) -> list[str]:
    """Circles among the members of each package, modules and sub-packages; an import of any kind is an arrow."""
    arrows: dict[str, nx.DiGraph] = defaultdict(nx.DiGraph)
    for one in _imports(project):
        if one.file.endswith("__init__.py"):
            continue
        here, there = _module(one.file).split("."), one.target.split(".")
        shared = next((n for n, (a, b) in enumerate(zip(here, there, strict=False)) if a != b), None)
        if shared is not None:
            arrows[".".join(here[:shared])].add_edge(here[shared], there[shared])
    return sorted(
        f"{package}: {' ↔ '.join(sorted(members))}"
        for package, graph in arrows.items()
        for members in nx.strongly_connected_components(graph)
        if len(members) > 1
    )


def _too_long(project: Path) -> list[str]:
    wrong = []
    for file, path in _files(project).items():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MAX_MODULE:
            wrong.append(file)
        for node, _ in _walk(_tree(path)):
            is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            if is_function and (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION:
                wrong.append(f"{file}: {node.name}")
    return wrong


def test_no_layer_imports_upwards(project):
    assert _upward(project) == []


def test_no_package_holds_a_circle(project):
    assert _circles(project) == []


def test_imports_stand_at_the_top(project):
    inside = {(one.file, one.target) for one in _imports(project) if one.in_function}
    hidden = {one for one in inside - set(LAZY) if not one[0].startswith(tuple(LAZY_PACKAGES))}

    assert sorted(hidden) == []
    assert sorted(set(LAZY) - inside) == [], "no longer there: take them off the list"


def test_nobody_below_the_command_line_uses_the_front_door(project):
    wrong = [
        one.file
        for one in _imports(project)
        if one.target == "enrich" and not one.file.startswith(FRONT_DOOR) and "__version__" not in _names(project, one)
    ]

    assert wrong == []


def _names(project: Path, one: Import) -> set[str]:
    """What `from enrich import …` takes in a file."""
    return {
        alias.name
        for node, _ in _walk(_tree(project / "enrich" / one.file))
        if isinstance(node, ast.ImportFrom) and node.module == "enrich"
        for alias in node.names
    }


def test_no_module_and_no_function_is_too_long(project):
    assert _too_long(project) == []


def test_the_house_stays_small(project):
    lines = {file: len(path.read_text(encoding="utf-8").splitlines()) for file, path in _files(project).items()}
    demo = sum(n for file, n in lines.items() if file.startswith("demo/"))

    assert demo <= max(MAX_DEMO, DEMO_LEFT)
    assert sum(lines.values()) - demo <= max(MAX_ENRICH, ENRICH_LEFT)


@pytest.mark.parametrize("layer", ["errors", "text", "frames", "cooccurrence", "tiers", "cli"])
def test_the_document_lists_the_layers(project, layer):
    assert layer in _layers(project)


@pytest.fixture
def small_house(tmp_path, project):
    """A house of two rooms that know of each other, one by an import inside a function."""
    text = tmp_path / "enrich" / "text"
    text.mkdir(parents=True)
    (text / "bad.py").write_text("def f():\n    from enrich.cli import main\n    return main\n")
    (text / "one.py").write_text("from enrich.text.two import g\n")
    (text / "two.py").write_text("def g():\n    from enrich.text import one\n    return one\n" + "\n" * MAX_MODULE)
    (tmp_path / "ARCHITECTURE.md").write_text((project / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    return tmp_path


def test_an_upward_import_is_seen(small_house):
    assert _upward(small_house) == ["text/bad.py: imports enrich.cli, a layer below its own"]


def test_a_circle_is_seen(small_house):
    assert _circles(small_house) == ["enrich.text: one ↔ two"]


def test_a_long_module_is_seen(small_house):
    assert _too_long(small_house) == ["text/two.py"]


def test_a_sub_package_named_like_a_public_function_does_not_hide_it():
    import_module("enrich.demo.loading")

    assert not isinstance(enrich.demo, ModuleType)
    assert callable(enrich.demo)


def test_only_the_command_line_and_the_main_job_import_the_demo(project):
    allowed = {"demo", "cli", "main_job.py"}
    importing = {
        path.relative_to(project / "enrich").parts[0]
        for path in (project / "enrich").rglob("*.py")
        if re.search(r"(?:from|import) enrich\.demo\b", path.read_text(encoding="utf-8"))
    }
    assert importing <= allowed


def test_import_loads_nothing_slow_that_it_does_not_need_and_starts_no_thread():
    """Neither matplotlib nor, by way of ADBC's DB-API, pandas; and whoever forks with Polars' threads running hangs."""
    slow = "matplotlib.figure", "pandas", "sqlglot.parser", "networkx"
    code = (
        "import enrich.api.app, enrich.main_job, sys, pathlib\n"
        f"print(*(name for name in {slow} if name in sys.modules))\n"
        "print(*(name for task in pathlib.Path('/proc/self/task').glob('*/comm')"
        " if (name := task.read_text().strip()).startswith('polars-0')))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert told.stdout.split() == []
