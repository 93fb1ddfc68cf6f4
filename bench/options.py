"""What every benchmark is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Given on the command line of `python -m bench`."""

    data: Path
    """Folder of real data; may be absent."""
    quick: bool = False
    """Only whether everything works: sizes are a hundredth."""

    def size(self, full: int) -> int:
        """`full`, or a hundredth of it."""
        return max(full // 100, 1) if self.quick else full

    def file(self, name: str) -> Path | None:
        """A file of real data, or None where it is absent."""
        path = self.data / name
        return path if path.is_file() else None
