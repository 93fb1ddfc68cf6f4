"""The upgrade canary: what the newest releases of our packages would break, tried in a throw-away environment.

    python deploy/canary.py [--keep FOLDER] [-- pytest arguments]

Installs the newest release of everything pyproject.toml names (lower bounds kept, upper bounds and pins ignored), runs
the fast tests there, runs those that fail once more with the pinned packages, and prints versions old → new and the
tests that only the new ones fail. Exit code 1 if there are any, or if the new releases cannot be installed together.
Standard library only; packages come from wherever pip is set up to take them from.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path
from xml.etree import ElementTree

PROJECT = Path(__file__).resolve().parent.parent
#: Extras the fast tests use.
EXTRAS = ("api", "notebooks", "survival", "dev")
FAST = ["-m", "not slow and not browser and not spark", "-n", "2", "--dist", "worksteal", "tests"]
_NAME = re.compile(r"^\s*(?P<name>[A-Za-z0-9._-]+)\s*(?P<extras>\[[^\]]*\])?\s*(?P<bounds>[^;]*)(?P<marker>;.*)?$")


def without_upper_bounds(requirement: str) -> str:
    """`name[extra]>=1,<2` → `name[extra]>=1`: what asks for the newest release."""
    found = _NAME.match(requirement)
    if found is None:
        raise SystemExit(f"pyproject.toml: cannot read the requirement {requirement!r}")
    lower = [bound.strip() for bound in found["bounds"].split(",") if bound.strip().startswith(">")]
    return f"{found['name']}{found['extras'] or ''}{','.join(lower)}{found['marker'] or ''}"


def wanted() -> list[str]:
    """Everything pyproject.toml asks for, at its newest."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *(one for name in EXTRAS for one in extras[name])]
    return sorted({without_upper_bounds(one) for one in asked})


def versions(python: Path) -> dict[str, str]:
    """Installed packages by their normalised names."""
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return {re.sub(r"[-_.]+", "-", one["name"]).lower(): one["version"] for one in json.loads(listed.stdout)}


def pinned() -> dict[str, str]:
    """requirements.txt."""
    lines = (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = (line.split(";")[0].strip().split("==") for line in lines if "==" in line)
    return {re.sub(r"[-_.]+", "-", name.split("[")[0]).lower(): version for name, version in pins}


def install(folder: Path) -> Path:
    """A new environment with the newest releases; its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, "--upgrade", "--upgrade-strategy", "eager", *wanted()], check=True)
    subprocess.run([*pip, "--no-deps", "--editable", PROJECT], check=True)
    return python


def failing(python: Path, arguments: list[str], folder: Path) -> tuple[dict[str, str], int]:
    """Tests that fail or cannot be collected, with the first line of why, and how many were run.

    pytest's memory of what failed is kept in `folder`: `--last-failed` means the run before in the same folder.
    """
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    command = [python, "-m", "pytest", "-q", "--no-header", "--tb=line", f"--junit-xml={report}"]
    subprocess.run(
        [*command, "-o", f"cache_dir={folder / 'cache'}", *arguments], cwd=PROJECT, check=False, stdout=sys.stderr
    )
    if not report.is_file():
        raise SystemExit("pytest did not get as far as a report; its message is above")
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    broken: dict[str, str] = {}
    for case in cases:
        for fault in (*case.findall("failure"), *case.findall("error")):
            name = f"{case.get('classname', '')}::{case.get('name', '')}".lstrip(":")
            broken[name] = (fault.get("message") or fault.text or "").strip().splitlines()[0][:160]
    return broken, len(cases)


def main() -> None:
    """Install, test, say what broke."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="make the environment here and leave it")
    parser.add_argument("tests", nargs="*", help="pytest arguments instead of all fast tests")
    asked = parser.parse_args()
    arguments = asked.tests or FAST
    with tempfile.TemporaryDirectory(prefix="canary-") as temporary:
        folder = asked.keep or Path(temporary) / "venv"
        try:
            new_python = install(folder)
        except subprocess.CalledProcessError:
            raise SystemExit("the newest releases cannot be installed together; pip's message is above") from None
        old, new = pinned(), versions(new_python)
        broken, ran = failing(new_python, arguments, Path(temporary))
        # Only what the pinned packages pass is the upgrade's doing.
        again = [*arguments, "--last-failed"]
        before = failing(Path(sys.executable), again, Path(temporary))[0] if broken else {}
    changed = {name: (old[name], new[name]) for name in sorted(old) if name in new and new[name] != old[name]}
    print(f"{len(changed)} of {len(old)} pinned packages have a newer release")
    for name, (was, now) in changed.items():
        print(f"  {name:<32}{was:>14} → {now}")
    print(
        f"{ran} tests run, {len(broken)} fail with the newest releases, "
        f"{len(broken.keys() & before.keys())} of them with the pinned ones too"
    )
    for name, why in sorted(broken.items()):
        if name not in before:
            print(f"  BROKEN {name}: {why}")
    if broken.keys() - before.keys():
        raise SystemExit(1)


if __name__ == "__main__":
    main()
