"""A ranker and its calibrations as files: a manifest that names what they were made from, and the fingerprint of each.

`trees.ubj`, `calibration.json` and `manifest.json` lie in one folder; the manifest is written last, so that half a
ranker is never read. Trees in XGBoost's own format and JSON: no names.
"""

import json
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import Any

from enrich.cooccurrence.calibration import Calibration
from enrich.errors import ModelError
from enrich.frames.files import check_place
from enrich.frames.inputs import open_input, parse_json, read_input

#: Layout of a stored ranker, another number is refused; and the most bytes of one of its files.
FORMAT, _LARGEST = 2, 1 << 28
SHIPPED = Path(__file__).resolve().parent / "models"


def has_ranker() -> bool:
    """Whether a trained ranker is stored with the package."""
    return (SHIPPED / "manifest.json").is_file()


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a stored ranker, its format checked."""
    path = folder / "manifest.json"
    if not path.exists():
        raise ModelError(f"{folder}: no stored ranker here; make one with `enrich train-ranker FILE --out {folder}`")
    content = read_input(path, at_most=_LARGEST, error=ModelError)
    manifest: dict[str, Any] = parse_json(content, where=path, error=ModelError)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ModelError(f"{folder}: a ranker of another format; train again with `enrich train-ranker`")
    return manifest


def read_stored(folder: Path, name: str, manifest: dict[str, Any]) -> bytes:
    """A file of a stored ranker, compared with its fingerprint in the manifest."""
    with open_input(folder / name, at_most=_LARGEST, error=ModelError) as opened:
        content = opened.read()
    fingerprints = manifest.get("sha256")
    if not isinstance(fingerprints, dict) or sha256(content).hexdigest() != fingerprints.get(name):
        raise ModelError(f"{folder / name}: changed since it was trained; train again with `enrich train-ranker`")
    return content


def write_stored(folder: Path, files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    """Write the files and, last, the manifest with their fingerprints."""
    check_place(folder / "manifest.json")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    manifest = manifest | {"sha256": {name: sha256(content).hexdigest() for name, content in files.items()}}
    (folder / "manifest.json").write_text(as_json(manifest), encoding="utf-8")


def load_calibration(folder: str | PathLike[str] | None = None) -> dict[str, Calibration]:
    """The calibrations stored beside a ranker, by scorer; empty where no ranker is stored.

    Raises ModelError: the file is damaged or does not belong to the ranker.
    """
    source = SHIPPED if folder is None else Path(folder)
    if not (source / "manifest.json").is_file():
        return {}
    content = read_stored(source, "calibration.json", read_manifest(source))
    stored = parse_json(content, where="calibration.json", error=ModelError)
    try:
        return {scorer: Calibration.of_json(one) for scorer, one in stored.items()}
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise ModelError(f"{source / 'calibration.json'}: no calibration ({error!r}); train again") from None


def as_json(value: dict[str, Any]) -> str:
    """Text that is the same for the same value."""
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
