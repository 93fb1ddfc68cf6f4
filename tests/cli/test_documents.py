"""The documents name every command and every setting, and none that is not there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from test_commands import IDS

from enrich.settings import SOURCES, Settings

#: Words behind `enrich` that open a command; groups (`enrich db`) among them.
GROUPS = {name.split(" ")[0] for name in IDS}
SETTINGS = {f"ENRICH_{name.upper()}" for name in Settings.model_fields}


def _pages(project: Path) -> dict[str, str]:
    files = [
        project / "README.md",
        project / "CONTRIBUTING.md",
        project / "ARCHITECTURE.md",
        project / "deploy" / "README.md",
    ]
    files += sorted((project / "docs").glob("*.md"))
    return {path.relative_to(project).as_posix(): path.read_text(encoding="utf-8") for path in files}


def _settings(text: str) -> set[str]:
    """Settings a text names: `ENRICH_API_HOST`, `_PORT` are two, and `<SOURCE>` stands for each of them."""
    named = set()
    for name, more in re.findall(r"(ENRICH_[A-Z_<>]*[A-Z>])`?((?:, `_[A-Z]+`)*)", text):
        stem = name.rpartition("_")[0]
        names = [name, *(f"{stem}{ending}" for ending in re.findall(r"_[A-Z]+", more))]
        named |= {n.replace("<SOURCE>", source.upper()) for n in names for source in SOURCES}
    return named


def test_every_command_is_in_the_readme(project):
    readme = _pages(project)["README.md"]

    assert [name for name in IDS if f"enrich {name}" not in readme] == []


def test_every_setting_is_in_the_readme(project):
    assert sorted(SETTINGS - _settings(_pages(project)["README.md"])) == []


def test_no_page_names_a_command_that_is_not_there(project):
    for page, text in _pages(project).items():
        for line in re.findall(r"`enrich ([^`]+)`", text) + re.findall(r"^enrich (.+)$", text, flags=re.MULTILINE):
            words = line.split()
            assert words[0] in GROUPS, f"{page}: enrich {line}"
            if words[0] not in IDS and len(words) > 1:
                assert " ".join(words[:2]) in IDS, f"{page}: enrich {line}"


def test_no_page_names_a_setting_that_is_not_there(project):
    cells = "".join(
        "".join(cell["source"])
        for path in (project / "notebooks").glob("*.ipynb")
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
    )
    parameters = set(re.findall(r'environ\.get\("(ENRICH_\w+)"', cells))
    for page, text in _pages(project).items():
        assert sorted(_settings(text) - SETTINGS - parameters) == [], page


def test_the_readme_is_short(project):
    assert len(_pages(project)["README.md"].splitlines()) <= 150


def test_links_between_pages_lead_somewhere(project):
    for page, text in _pages(project).items():
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if "://" not in target:
                assert (project / page).parent.joinpath(target).exists(), f"{page}: {target}"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("`ENRICH_API_HOST`, `_PORT`", {"ENRICH_API_HOST", "ENRICH_API_PORT"}),
        ("set ENRICH_DATA_DIR to", {"ENRICH_DATA_DIR"}),
        ("`ENRICH_<SOURCE>_URL`", {f"ENRICH_{source.upper()}_URL" for source in SOURCES}),
    ],
)
def test_settings_are_read_out_of_words(text, names):
    assert _settings(text) == names
