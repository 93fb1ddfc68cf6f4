"""How fast titles are parsed, against a plain `re` loop over the core of the same rules; and how right the labels are.

python -m bench.titles                  # titles made from the words of the patterns below
python -m bench.titles titles.parquet   # the titles of a file, varied until there are enough; labels judged too
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import polars as pl

from bench import peer_beets, peer_onetagger
from bench.measuring import race
from bench.options import Options
from bench.rows import Row, compared
from enrich.text.normalise import label_key
from enrich.text.titles import parse_titles
from enrich.text.versions import FEATURE, NOTE, VERSION

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


def ours(count: int, file: str | None = None) -> Callable[[], int]:
    """All fields of every title, the column at once."""
    titles = many(count, _seed(file))
    return lambda: parse_titles(titles).height


def re_loop(count: int, file: str | None = None) -> Callable[[], int]:
    """Labels only, by a plain loop."""
    titles = many(count, _seed(file)).to_list()
    return lambda: len(loop(titles))


def beets(count: int, file: str | None = None) -> Callable[[], int]:
    """beets' cleaning of one title before it is compared: ends, case, cheap parts cut, letters and digits only."""
    titles = many(count, _seed(file)).to_list()
    return lambda: sum(1 for title in titles if peer_beets.cleaned(title) is not None)


def onetagger(count: int, file: str | None = None) -> Callable[[], int]:
    """OneTagger's cleaning of one title before it is searched for."""
    titles = many(count, _seed(file)).to_list()
    return lambda: sum(1 for title in titles if peer_onetagger.clean_title(title) is not None)


def _seed(file: str | None) -> list[str]:
    if file is not None:
        return pl.read_parquet(file)["title"].drop_nulls().to_list()
    return [f"{a} {b}{mix}{label}" for a, b, mix, label in product(WORDS, WORDS, MIXES, LABELS)]


def rows(options: Options) -> Iterator[Row]:
    """Titles a second: ours gives all fields of half a million, each peer what it does of a fifth of them."""
    count = options.size(500_000)
    file = options.file("titles.parquet")
    given = {"count": count, "file": None if file is None else str(file)}
    kind = "real titles, varied" if file else "made-up titles"
    for peer, against in (
        ("re_loop", "plain re loop, label only"),
        ("beets", "beets' cleaning rules, no label"),
        ("onetagger", "OneTagger's cleaning rules, no label"),
    ):
        mine, other = race(
            "bench.titles:ours", f"bench.titles:{peer}", given, other_arguments={**given, "count": count // 5}, runs=2
        )
        # Per title: the peers are given fewer, for patience.
        whole = replace(other, seconds=other.seconds * 5, cpu_s=other.cpu_s * 5)
        yield compared(
            "titles", "title parsing, all fields", against, f"{count:,} {kind}", mine, whole, sense="gain",
            note="peers: a fifth of the titles, times five",
        )  # fmt: skip


def accuracy(facts: pl.DataFrame) -> tuple[float, float]:
    """Precision and recall of the label in one pass over the file, no label known beforehand."""
    parsed = parse_titles(facts["title"], artists=facts["artist"])
    key = label_key(pl.col("label"))
    both = parsed.select(said=key).hstack(facts.select(truth=key))
    right = (both["said"] == both["truth"]).sum()
    return right / both["said"].count(), right / both["truth"].count()


def main() -> None:
    """The accuracy, and how fast."""
    facts = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if facts is not None:
        print("label: precision {:.4f}, recall {:.4f}".format(*accuracy(pl.read_parquet(facts))))
    for row in rows(Options(data=facts.parent if facts else Path("none"))):
        print(f"{row.what}, {row.size}, against {row.against}: {row.text}")


if __name__ == "__main__":
    main()
