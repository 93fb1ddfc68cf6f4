"""How fast titles are parsed, against a plain `re` loop over the core of the same rules; and how right the labels are.

python -m bench.titles                  # 1,000,000 titles made from the words of the demo patterns below
python -m bench.titles titles.parquet   # the titles of a file, varied until there are a million; labels judged too
"""

from __future__ import annotations

import re
import sys
from itertools import product
from pathlib import Path
from time import perf_counter, process_time

import polars as pl

from enrich.text.normalise import label_key
from enrich.text.title_words import FEATURE, NOTE, VERSION
from enrich.text.titles import parse_titles

WORDS = ["Frozen", "Night", "Signal", "Rain", "Ocean", "Glass", "Echo", "Silver", "Desert", "Orbit"]
MIXES = ["", " (Extended Mix)", " (Deep Dish Remix)", " (feat. Someone)", " (Radio Edit)", " (X vs. Y Bootleg)"]
LABELS = ["", " [Deepwell]", " [Armada - ARDI 1393]", " (Platipus)", " [White]"]

_BRACKET = re.compile(r"\[[^\[\]]*\]|\([^()]*\)")
_RULES = [re.compile(pattern) for pattern in (FEATURE, NOTE, VERSION)]
_MARKS = re.compile(r"[^\w&+]+")


def many(count: int, seed: list[str]) -> pl.Series:
    """`count` different titles, made from `seed` by changing their first word."""
    times = -(-count // len(seed))
    base = pl.Series("title", seed)
    return pl.concat([base.str.replace(r"^(\S*)", f"${{1}}{i} ") for i in range(times)]).head(count)


def loop(titles: list[str]) -> list[str | None]:
    """The core of the rules, one title at a time: the last bracket that is no guest, note or version."""
    labels = []
    for title in titles:
        label = None
        for found in _BRACKET.findall(title):
            inner = _MARKS.sub(" ", found.lower()).strip()
            if inner and not any(rule.search(inner) for rule in _RULES):
                label = found[1:-1]
        labels.append(label)
    return labels


def timing(titles: pl.Series, *, sample: int = 50_000) -> list[tuple[str, float]]:
    """Titles a second, ours over all of `titles` and the loop over a sample, in one run."""
    started, worked = perf_counter(), process_time()
    parse_titles(titles)
    ours, cpu_s = len(titles) / (perf_counter() - started), process_time() - worked
    part = titles.head(sample).to_list()
    started = perf_counter()
    loop(part)
    theirs = len(part) / (perf_counter() - started)
    return [
        ("parse_titles, all fields", ours),
        ("  its CPU seconds", cpu_s),
        ("re loop, label only", theirs),
        ("ratio", ours / theirs),
    ]


def accuracy(facts: pl.DataFrame) -> tuple[float, float]:
    """Precision and recall of the label in one pass over the file, no label known beforehand."""
    parsed = parse_titles(facts["title"], artists=facts["artist"])
    key = label_key(pl.col("label"))
    both = parsed.select(said=key).hstack(facts.select(truth=key))
    right = (both["said"] == both["truth"]).sum()
    return right / both["said"].count(), right / both["truth"].count()


def main() -> None:
    if len(sys.argv) > 1:
        facts = pl.read_parquet(Path(sys.argv[1]))
        seed = facts["title"].drop_nulls().to_list()
        print("label: precision {:.4f}, recall {:.4f}".format(*accuracy(facts)))
    else:
        seed = [f"{a} {b}{mix}{label}" for a, b, mix, label in product(WORDS, WORDS, MIXES, LABELS)]
    titles = many(1_000_000, seed)
    print(f"{len(titles):,} titles, {titles.n_unique():,} different")
    for name, value in timing(titles):
        print(f"{name:<28}{value:>14,.1f}{'' if 'CPU' in name else ' ×' if name == 'ratio' else ' titles/s'}")


if __name__ == "__main__":
    main()
