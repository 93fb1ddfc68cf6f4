"""A rule stands once: in `enrich.rules`. SQL and modules take it from there."""

from __future__ import annotations

import ast
import re

import pytest

from enrich import rules

#: Names under which a rule could be written down a second time.
_NAMES = [name for name in vars(rules) if name.isupper()]


def _constants(tree: ast.Module) -> set[str]:
    """Names that a module's top level gives a plain number or string."""
    found: set[str] = set()
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            for name in target.elts if isinstance(target, ast.Tuple) else [target]:
                if isinstance(name, ast.Name):
                    found.add(name.id.lstrip("_"))
    return found


def test_no_module_writes_a_rule_down_again(project):
    again = [
        f"{path.relative_to(project)}: {name}"
        for path in sorted((project / "enrich").rglob("*.py"))
        if path.name != "rules.py"
        for name in sorted(_constants(ast.parse(path.read_text(encoding="utf-8"))) & set(_NAMES))
    ]
    assert again == []


@pytest.mark.parametrize("column", ["retry_count", "confidence", "probability"])
def test_no_query_holds_a_rule_as_a_number(project, column):
    # Nothing or something (`> 0`) is no rule.
    literal = re.compile(rf"\b{column}\b[^\n$%]*?[<>]=?\s*(?!0(?![.\d]))\d")
    found = [
        f"{path.relative_to(project)}: {line.strip()}"
        for path in sorted((project / "sql").rglob("*.sql"))
        if "postgres" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if not line.lstrip().startswith("--") and literal.search(line)
    ]
    assert found == []
