"""The Label Hunter on real label facts, beside OneTagger's rule and beets' distance.

    python -m bench.labels [FACTS] [--queries 3000] [--calibrate] [--json FILE]

FACTS is `labels.parquet` (artist, title, mix, label; raw spellings), by default in `../shared/data`. What is done:

* Facts are grouped into recordings by a judge of its own (`bench.label_facts`) and split by recording. One half is
  the catalogue: raw spellings, rival remixes, rival labels, misspellings; one recording in twelve is on a compilation
  under a foreign label, too. Queries are drawn evenly from both halves.
* A query is another source's row of the same track where two sources have it (its rows then leave the catalogue), else
  the row as a DJ might type it: case, order of artists, accents, guests moved, Original Mix dropped or added, typos.
* A search like a shop's gives the 25 best hits; all three hunters choose among the same.
* Labels are learned (`LabelBook`) from the catalogue's half alone.

`precision` counts a find as right if its label is one of the labels any source gives the recording, spellings of one
label being one (`same_label`); `strict` wants equal keys of the labels as listed, which no merging can help. `recall`
is right finds among the recordings the catalogue holds. `false finds` are labels given for recordings it does not
hold by the judge's grouping; they split into `right`, the recording's own label after all (the catalogue has it under
another spelling or in another version of the same release), and `wrong`, any other label. `--wrong` lists the latter,
for reading. `ECE` over all finds, ten bands. --calibrate measures on recordings that the table never hunts, and
stores the figures in `enrich/matching/calibration.json`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy.optimize import isotonic_regression

from bench import peer_beets, peer_onetagger
from bench.label_facts import Hunted, Trial, load, trial
from bench.options import Options
from enrich.labels.book import LabelBook
from enrich.matching.choice import ACCEPTED_PRECISION, Choice, choose_all, confidence, probability
from enrich.matching.values import Hit, Outcome
from enrich.rules import RELIABILITY
from enrich.text.normalise import label_key

PROJECT = Path(__file__).resolve().parent.parent
FACTS = PROJECT.parent / "shared" / "data" / "labels.parquet"
STORED = PROJECT / "enrich" / "matching" / "calibration.json"
SEED = 20251

#: What a source's wire format leaves of a release; the hits are otherwise the same.
SHAPES: dict[str, Callable[[Hit], Hit]] = {
    "beatport": lambda hit: hit,
    "traxsource": lambda hit: replace(hit, isrc=None, catalog_number=None),
    # The mix is part of the title, the artists one string.
    "juno": lambda hit: replace(hit, title=_joined(hit), mix=None, isrc=None),
    "musicbrainz": lambda hit: replace(hit, title=_joined(hit), mix=None),
    # Search gives the first artist only.
    "deezer": lambda hit: replace(hit, artists=(hit.artists[0].split(" & ")[0],), catalog_number=None),
    "discogs": lambda hit: replace(hit, title=_joined(hit), mix=None, isrc=None, duration_ms=None),
}


def _joined(hit: Hit) -> str:
    return f"{hit.title} ({hit.mix})" if hit.mix else hit.title


Find = tuple[str, float] | None
"""A label with its confidence, or nothing found."""


def book_of(run: Trial) -> LabelBook:
    """Labels learned from the catalogue's half."""
    held = run.facts.filter(pl.col("recording").is_in(sorted(run.held)))
    return LabelBook.learn(held.group_by("label").agg(tracks=pl.len()), facts=held)


def measure(
    name: str,
    hunted: Sequence[Hunted],
    finds: Sequence[Find],
    book: LabelBook,
    seconds: float,
    listed: Sequence[str | None],
) -> dict[str, Any]:
    """One row of the table; `listed` are the labels found, as the catalogue spells them."""
    right = [
        find is not None and any(book.same_label(find[0], truth) for truth in h.labels)
        for h, find in zip(hunted, finds, strict=True)
    ]
    strict = [
        find is not None and label is not None and _key(label) in {_key(truth) for truth in h.labels}
        for h, find, label in zip(hunted, finds, listed, strict=True)
    ]
    found = np.array([find is not None for find in finds])
    held = np.array([h.is_held for h in hunted])
    right_, strict_ = np.array(right), np.array(strict)
    sure = np.array([find[1] if find else 0.0 for find in finds])
    return {
        "hunter": name,
        "found": int(found.sum()),
        "precision": _share(right_[found]),
        "strict": _share(strict_[found]),
        "recall": _share(right_[held]),
        "false_finds": _share(found[~held]),
        "right": _share((found & right_)[~held]),
        "wrong": _share((found & ~right_)[~held]),
        "ece": ece(sure[found], right_[found]),
        "seconds": round(seconds, 1),
    }


def ece(sure: np.ndarray, right: np.ndarray, *, bands: int = 10) -> float:
    """Expected calibration error: the mean gap between confidence and share right, over equal bands of confidence."""
    if not len(sure):
        return 0.0
    band = np.minimum((sure * bands).astype(int), bands - 1)
    gaps = [
        abs(sure[band == b].mean() - right[band == b].mean()) * (band == b).mean()
        for b in range(bands)
        if (band == b).any()
    ]
    return float(sum(gaps))


def _as_listed(choices: Sequence[Choice]) -> list[str | None]:
    return [c.hit.label if c.hit else None for c in choices]


def _share(flags: np.ndarray) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def _key(label: str) -> str:
    if label not in _KEYS:
        _KEYS[label] = pl.select(label_key(pl.lit(label))).item()
    return _KEYS[label]


_KEYS: dict[str, str] = {}


def ours(run: Trial, hits: Sequence[Sequence[Hit]], book: LabelBook, *, source: str = "beatport") -> list[Choice]:
    """What our rules choose."""
    shaped = [[replace(SHAPES[source](hit), source=source) for hit in group] for group in hits]
    return choose_all([h.query for h in run.hunted], shaped, book=book)


def compare(facts: pl.DataFrame, *, queries: int, seed: int = SEED) -> dict[str, Any]:
    """The whole table."""
    run = trial(facts, queries=queries, seed=seed, part="test")
    book = book_of(run)
    # All at once: one by one, label names take longer to read than everything else here.
    book.read_all(facts["label"].unique(maintain_order=True))
    hits = run.search([h.query for h in run.hunted])
    rows = []
    wrong: list[str] = []
    for source in ("beatport", "musicbrainz", "deezer"):
        started = time.perf_counter()
        choices = ours(run, hits, book, source=source)
        finds = [(c.label, confidence(source, c)) if c.outcome is Outcome.FOUND and c.label else None for c in choices]
        took = time.perf_counter() - started
        wrong = wrong or [
            _in_words(h, c, c.hit)
            for h, c in zip(run.hunted, choices, strict=True)
            if not h.is_held and c.outcome is Outcome.FOUND and c.hit is not None and not _right(c, h, book)
        ]
        row = measure(f"enrich, as {source}", run.hunted, finds, book, took, _as_listed(choices))
        rows.append({**row, "review": _share(np.array([c.outcome is Outcome.REVIEW for c in choices]))})
    peers: dict[str, Callable[[Hunted, Sequence[Hit]], tuple[Hit, float] | None]] = {
        "OneTagger's rule": lambda h, group: peer_onetagger.find(h.query, group),
        "beets, strong": lambda h, group: peer_beets.find(h.query, group, limit=peer_beets.STRONG),
        "beets, medium": lambda h, group: peer_beets.find(h.query, group, limit=peer_beets.MEDIUM),
    }
    for name, peer in peers.items():
        started = time.perf_counter()
        answers = [peer(h, group) for h, group in zip(run.hunted, hits, strict=True)]
        finds = [(a[0].label, a[1]) if a and a[0].label else None for a in answers]
        took = time.perf_counter() - started
        raw = [a[0].label if a else None for a in answers]
        rows.append({**measure(name, run.hunted, finds, book, took, raw), "review": 0.0})
    held = [h for h in run.hunted if h.is_held]
    return {
        "facts": facts.height,
        "recordings": facts["recording"].n_unique(),
        "catalogue": len(run.catalogue),
        "hunted": len(run.hunted),
        "held": len(held),
        "spelled_by_another_source": sum(h.spelled_by == "another source" for h in run.hunted),
        "rows": rows,
        "wrong": wrong,
        "agreement": agreement(facts, book),
        "title_alone": title_alone(run, hits, book),
    }


def _in_words(hunted: Hunted, choice: Choice, hit: Hit) -> str:
    asked = f"{hunted.query.artist} - {hunted.query.title} [{' / '.join(hunted.labels)}]"
    return f"  {asked}: {choice.label}, of {', '.join(hit.artists)} - {_joined(hit)}"


def agreement(facts: pl.DataFrame, book: LabelBook) -> dict[str, float]:
    """How often two sources that both have a recording name one label: the bound no matching can pass."""
    pairs = facts.select("recording", "source", "label").unique(
        ["recording", "source"], keep="first", maintain_order=True
    )
    pairs = pairs.join(pairs, on="recording", suffix="_b").filter(pl.col("source") < pl.col("source_b"))
    same = [book.same_label(a, b) for a, b in pairs.select("label", "label_b").iter_rows()]
    keys = [_key(a) == _key(b) for a, b in pairs.select("label", "label_b").iter_rows()]
    return {"pairs": len(same), "same_key": float(np.mean(keys)), "same_label": float(np.mean(same))}


def title_alone(run: Trial, hits: Sequence[Sequence[Hit]], book: LabelBook) -> dict[str, Any]:
    """The same hunt with every artist unknown."""
    blind = [replace(h, query=replace(h.query, artist=None)) for h in run.hunted]
    groups = run.search([h.query for h in blind])
    choices = choose_all([h.query for h in blind], groups, book=book)
    finds = [(c.label, confidence("beatport", c)) if c.outcome is Outcome.FOUND and c.label else None for c in choices]
    row = measure("title alone", blind, finds, book, 0.0, _as_listed(choices))
    return {**row, "review": _share(np.array([c.outcome is Outcome.REVIEW for c in choices]))}


def calibrate(facts: pl.DataFrame, *, queries: int, seed: int = SEED) -> dict[str, Any]:
    """Measure on held-out recordings what each probability and each rule is worth."""
    run = trial(facts, queries=queries, seed=seed, part="calibrate")
    book = book_of(run)
    hits = run.search([h.query for h in run.hunted])
    blind = [replace(h.query, artist=None) for h in run.hunted]
    blind_choices = choose_all(blind, run.search(blind), book=book)
    rules: dict[str, list[bool]] = {}
    for h, c in zip(run.hunted, blind_choices, strict=True):
        if c.label is not None and (c.rule in ("title_alone", "common_title")):
            rules.setdefault(c.rule, []).append(_right(c, h, book))
    sources: dict[str, Any] = {}
    for source in SHAPES:
        choices = ours(run, hits, book, source=source)
        found = [
            (probability(source, c.score), _right(c, h, book))
            for h, c in zip(run.hunted, choices, strict=True)
            if c.outcome is Outcome.FOUND
        ]
        for h, c in zip(run.hunted, choices, strict=True):
            if c.outcome is Outcome.REVIEW:
                rules.setdefault(c.rule, []).append(_right(c, h, book))
        curve = fit(found)
        sources[source] = {"reliability": RELIABILITY[source], "curve": curve, **bands(found, curve)}
    return {
        "hunted": len(run.hunted),
        "rules": {rule: round((sum(flags) + 1) / (len(flags) + 2), 4) for rule, flags in sorted(rules.items())},
        "sources": sources,
    }


def _right(choice: Choice, hunted: Hunted, book: LabelBook) -> bool:
    return any(book.same_label(choice.label, truth) for truth in hunted.labels)


def fit(found: Sequence[tuple[float, bool]]) -> list[list[float]]:
    """A rising curve from probability to share right, as knots; each band is drawn a little towards the whole."""
    raw = np.array([p for p, _ in found])
    right = np.array([r for _, r in found], dtype=float)
    order = np.argsort(raw, kind="stable")
    # Most finds fit in full; those that do not are cut into bands of their own.
    partly = int(np.searchsorted(raw[order], raw.max() - 1e-9))
    edges = [*range(0, partly, max(40, partly // 6)), len(raw)]
    if len(edges) > 2 and partly - edges[-2] < 40:
        edges.pop(-2)
    edges = sorted({*edges, partly}) if partly and partly not in edges else edges
    groups = [order[a:b] for a, b in pairwise(edges) if b > a]
    mean = right.mean()
    x = np.array([raw[g].mean() for g in groups])
    y = np.array([(right[g].sum() + 10 * mean) / (len(g) + 10) for g in groups])
    rising = isotonic_regression(y, weights=[len(g) for g in groups]).x.clip(0.0, 1.0)
    return [[round(float(a), 4), round(float(b), 4)] for a, b in zip(x, rising, strict=True)]


def bands(found: Sequence[tuple[float, bool]], curve: list[list[float]]) -> dict[str, Any]:
    """The table of a source by confidence, and the lowest confidence from which on 98 in 100 are right."""
    sure = np.interp([p for p, _ in found], *zip(*curve, strict=True))
    right = np.array([r for _, r in found])
    order = np.argsort(-sure, kind="stable")
    kept = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # The lowest confidence all of whose betters, ties included, keep the precision.
    last_of_tie = np.append(sure[order][1:] != sure[order][:-1], True)
    enough = np.flatnonzero((kept >= ACCEPTED_PRECISION) & last_of_tie)
    threshold = float(np.floor(sure[order][enough[-1]] * 1e4) / 1e4) if len(enough) else None
    rows: list[dict[str, Any]] = []
    for low in (0.995, 0.99, 0.98, 0.95, 0.90, 0.0):
        high = rows[-1]["confidence_from"] if rows else 1.01
        inside, above = (sure >= low) & (sure < high), sure >= low
        if inside.any():
            rows.append(
                {
                    "confidence_from": low,
                    "n": int(inside.sum()),
                    "right": int(right[inside].sum()),
                    "precision": round(_share(right[inside]), 4),
                    "precision_from_here": round(_share(right[above]), 4),
                }
            )
    return {"auto_accept": threshold, "bands": rows}


_COLUMNS = {
    "hunter": ("<24", "<24"),
    "found": (">7", ">7,"),
    "precision": (">11", ">11.4f"),
    "strict": (">8", ">8.3f"),
    "recall": (">8", ">8.3f"),
    "review": (">8", ">8.3f"),
    "false_finds": (">13", ">13.4f"),
    "right": (">8", ">8.4f"),
    "wrong": (">8", ">8.4f"),
    "ece": (">7", ">7.3f"),
    "seconds": (">9", ">9.1f"),
}


def show(table: dict[str, Any]) -> str:
    """The table for people."""
    lines = [
        f"{table['facts']:,} facts, {table['recordings']:,} recordings; catalogue of {table['catalogue']:,} releases",
        f"{table['hunted']:,} hunted: {table['held']:,} held, {table['spelled_by_another_source']:,} as another source "
        "spells them",
        "",
        "".join(format(name, heading) for name, (heading, _) in _COLUMNS.items()),
    ]
    for row in [*table["rows"], table["title_alone"]]:
        lines.append("".join(format(row[name], cell) for name, (_, cell) in _COLUMNS.items()))
    a = table["agreement"]
    return "\n".join(
        [
            *lines,
            "",
            f"two sources that have one recording name one label in {a['same_label']:.3f} of {a['pairs']:,} pairs "
            f"({a['same_key']:.3f} by key)",
        ]
    )


def table(options: Options) -> tuple[str, dict[str, Any]]:
    """For `make bench`: the table as text and as figures; without the label facts a line that says so."""
    path = options.file(FACTS.name)
    if path is None:
        return f"SKIPPED: {options.data / FACTS.name} is absent; give --data FOLDER", {}
    found = compare(load(path), queries=options.size(3000))
    return show(found), found


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m bench.labels", description="The Label Hunter on real label facts.")
    parser.add_argument("facts", nargs="?", type=Path, default=FACTS)
    parser.add_argument("--queries", type=int, default=3000)
    parser.add_argument("--calibrate", action="store_true", help="measure and store calibration.json first")
    parser.add_argument("--wrong", action="store_true", help="list the wrong labels given for tracks not held")
    parser.add_argument("--json", type=Path, help="write the table here, too")
    options = parser.parse_args()
    if not options.facts.is_file():
        raise SystemExit(f"{options.facts}: no such file; give the path of labels.parquet")
    facts = load(options.facts)
    if options.calibrate:
        stored = calibrate(facts, queries=8000)
        STORED.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
        print(f"stored {STORED.relative_to(PROJECT)}")
    table = compare(facts, queries=options.queries)
    print(show(table))
    if options.wrong:
        print("\n".join(["", "not held, and given another label (as beatport):", *table["wrong"]]))
    if options.json:
        options.json.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
