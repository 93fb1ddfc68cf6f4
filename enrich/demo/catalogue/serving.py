"""Serve tables of releases on loopback until told to stop. Entry point: `catalogue`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from enrich.demo.catalogue.misbehaving import Manner
from enrich.demo.catalogue.releases import read_releases
from enrich.demo.catalogue.server import Catalogue
from enrich.errors import InputFileError
from enrich.settings import SOURCES


def catalogue(
    files: Iterable[str | Path],
    *,
    port: int = 0,
    sources: Sequence[str] = SOURCES,
    rate: float | None = None,
    misbehave: Mapping[str, Manner] | None = None,
    on_ready: Callable[[Catalogue], None] | None = None,
    stop: threading.Event | None = None,
) -> dict[str, Any]:
    """Serve the releases in `files` on 127.0.0.1 in all six wire formats.

    Args:
        files: Tables (Parquet, CSV, JSONL) with `title`, and best also `artist, mix, label, catalog_number,
            release_date, duration_ms, isrc`; `../shared/data/labels.parquet` is one.
        port: 0 takes any free one.
        sources: Which sources the printed settings name.
        rate: Requests a second in the printed settings; None leaves the real services' pace.
        misbehave: What each source does wrong; see `enrich.demo.catalogue.misbehaving`.
        on_ready: Told once requests are taken, with the server.
        stop: Serving ends when it is set; None returns at once, with the server closed again.

    Returns:
        `tracks`, `releases`, `labels` served, `address`, `settings` (the ENRICH_* variables), `requests` answered.

    Raises:
        InputFileError: a file cannot be read, or the port is taken.
    """
    server = Catalogue(read_releases(files), misbehave=misbehave, port=port)
    try:
        server.start()
    except OSError as error:
        raise InputFileError(f"port {port}: {error.strerror}; leave --port out to take a free one") from None
    try:
        result = {
            "tracks": len(server.shop.listings),
            "releases": len({one.release for one in server.shop.listings}),
            "labels": len(server.shop.labels),
            "address": server.address,
            "settings": server.environment(sources, rate=rate),
        }
        if on_ready is not None:
            on_ready(server)
        while stop is not None and not stop.wait(0.2):
            pass
        return {**result, "requests": server.count()}
    finally:
        server.stop()
