"""Label facts as a benchmark: which rows are one recording, what the catalogue holds, how a DJ would write a query.

The judge here is written apart from `enrich.text.titles` and `enrich.matching`, so that a fault of theirs
shows. Two facts are one recording if an artist is in both credits, the titles outside brackets are equal, and the
versions are equal, where Original, Extended, Radio and nothing said count as equal. Versions are what stands in
brackets or in the column `mix`, guests apart.
"""

from __future__ import annotations

import math
import random
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import polars as pl
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from enrich.labels.book import refusal
from enrich.matching.values import Hit, TrackQuery
from enrich.text.normalise import artist_key, fold, label_key
from enrich.text.words import is_unknown_artist, is_unknown_title

#: Folded version texts that are the release's own recording.
OWN = {
    "", "original", "original mix", "original version", "extended", "extended mix", "extended version", "radio edit",
    "radio mix", "radio version", "radio cut", "album version", "full length", "original edit", "extended edit",
    "single version", "main mix", "edit", "single edit", "album mix", "album edit", "full length mix", "remastered",
}  # fmt: skip

_GUEST = r"(?i)[(\[]?\s*\b(?:feat\.?|ft\.?|featuring)\s+([^()\[\]]+)[)\]]?"
_BETWEEN = (
    r"(?i)\s*(?:,|;|/|&|\+|\bvs\.?\s|\bpres\.?\s|\bpresents\s|\bfeat\.?\s|\bft\.?\s|\bfeaturing\s|\bx\s"
    r"|\band\s|\bwith\s)\s*"
)


@dataclass(frozen=True, slots=True)
class Hunted:
    """One query with what is true about it."""

    query: TrackQuery
    recording: int
    labels: tuple[str, ...]
    is_held: bool
    spelled_by: str


def load(path: Path) -> pl.DataFrame:
    """Track facts with a usable label, each with its `recording`: the judge's grouping."""
    facts = pl.read_parquet(path).filter(
        pl.col("kind") == "track",
        ~is_unknown_artist(pl.col("artist")),
        ~is_unknown_title(pl.col("title")),
        refusal(pl.col("label")).is_null(),
        pl.col("label_note").is_null(),
    )
    titles = pl.col("title").str.replace_all(_GUEST, " ")
    brackets = titles.str.extract_all(r"[(\[][^()\[\]]*[)\]]?").list.join(" ")
    facts = facts.with_columns(
        base=fold(titles.str.replace_all(r"[(\[][^()\[\]]*[)\]]?", " ")).str.replace_all(" ", ""),
        version=fold(pl.concat_str(brackets, pl.col("mix").fill_null(""), separator=" ")),
        names=pl.concat_str(
            pl.col("artist").str.replace_all(_BETWEEN, "\x00"),
            pl.col("title").str.extract(_GUEST, 1).fill_null(""),
            separator="\x00",
        ).str.split("\x00"),
        label_key=label_key(pl.col("label")),
    ).filter(pl.col("base") != "", ~pl.col("base").is_in(["id", "untitled", "intro", "outro", "unknown"]))
    facts = facts.with_columns(
        version=pl.when(pl.col("version").is_in(sorted(OWN)))
        .then(pl.lit(""))
        # "Someone Mix" and "Someone Remix" are one; "Mix" and "Remix" alone are kept.
        .otherwise(pl.col("version").str.replace(r" (?:re)?mix$| rmx$", " remix"))
    ).with_row_index("fact")
    return facts.join(_recordings(facts), on="fact", maintain_order="left")


def _recordings(facts: pl.DataFrame) -> pl.DataFrame:
    edges = (
        facts.select("fact", "base", "version", name="names")
        .explode("name")
        .with_columns(name=artist_key(pl.col("name")).str.replace_all(" ", ""))
        .filter(pl.col("name") != "")
        .group_by("base", "version", "name")
        .agg(first=pl.col("fact").min(), fact="fact")
        .explode("fact")
    )
    size = len(facts)
    links = coo_array((np.ones(len(edges)), (edges["first"], edges["fact"])), shape=(size, size))
    _, component = connected_components(links, directed=False)
    return pl.DataFrame({"fact": facts["fact"], "recording": pl.Series(component, dtype=pl.UInt32)})


@dataclass(frozen=True)
class Trial:
    """A catalogue made of half the recordings, and queries drawn from both halves."""

    facts: pl.DataFrame
    held: frozenset[int]
    catalogue: list[Hit]
    hunted: list[Hunted]

    @cached_property
    def search(self) -> Search:
        return Search(self.catalogue)


def trial(facts: pl.DataFrame, *, queries: int, seed: int, part: str) -> Trial:
    """Split by recording and write the queries.

    `part` is `calibrate` or `test`: the recordings hunted in one are never hunted in the other; the catalogue is the
    same half for both.
    """
    rng = random.Random(seed)
    recordings = sorted(facts["recording"].unique())
    rng.shuffle(recordings)
    held = set(recordings[: len(recordings) // 2])
    wanted = [r for i, r in enumerate(recordings) if (i % 5 < 2) == (part == "calibrate")]
    chosen = rng.sample([r for r in wanted if r in held], queries // 2)
    chosen += rng.sample([r for r in wanted if r not in held], queries - queries // 2)
    by_recording = {key[0]: group for key, group in facts.group_by("recording")}
    hunted, withheld = [], set()
    for recording in chosen:
        group = by_recording[recording]
        sources = group["source"].unique().sort()
        row = group.row(rng.randrange(len(group)), named=True)
        labels = tuple(dict.fromkeys(group["label"]))
        is_held = recording in held
        if len(sources) > 1:
            # Another source's spelling of the same track, as it is; its row leaves the catalogue.
            withheld |= set(group.filter(pl.col("source") == row["source"])["fact"])
            query, spelled_by = _written(row, recording), "another source"
        else:
            query, spelled_by = _as_a_dj(row, recording, rng), "perturbation"
        hunted.append(Hunted(query=query, recording=recording, labels=labels, is_held=is_held, spelled_by=spelled_by))
    rows = facts.filter(pl.col("recording").is_in(sorted(held)), ~pl.col("fact").is_in(sorted(withheld)))
    return Trial(facts=facts, held=frozenset(held), catalogue=_catalogue(rows, rng), hunted=hunted)


def _written(row: dict[str, object], recording: int) -> TrackQuery:
    title = str(row["title"])
    if row["mix"]:
        title = f"{title} ({row['mix']})"
    return TrackQuery(track_id=str(recording), title=title, artist=str(row["artist"]))


def _as_a_dj(row: dict[str, object], recording: int, rng: random.Random) -> TrackQuery:
    """The row as a DJ might have typed it: each slip by its own odds."""
    artist, title, mix = str(row["artist"]), str(row["title"]), str(row["mix"] or "")
    if fold_text(mix) in ("original mix", "original") and rng.random() < 0.5:
        mix = ""
    elif not mix and "(" not in title and rng.random() < 0.15:
        mix = "Original Mix"
    guest = re.search(r"(?i)\s+(?:feat\.?|ft\.?|featuring)\s+(.+)$", artist)
    if guest and rng.random() < 0.5:
        artist, title = artist[: guest.start()], f"{title} feat. {guest[1]}"
    elif rng.random() < 0.3 and re.fullmatch(r"[^,]+ & [^,&]+", artist) and not guest:
        one, other = artist.split(" & ", 1)
        artist = rng.choice([f"{other} & {one}", f"{one}, {other}", f"{one} and {other}", f"{other} vs. {one}"])
    if mix:
        title = rng.choice(["{} ({})", "{} [{}]", "{} - {}"] if rng.random() < 0.3 else ["{} ({})"]).format(title, mix)
    if rng.random() < 0.15:
        title = _typo(title, rng)
    if rng.random() < 0.08:
        artist = _typo(artist, rng)
    if rng.random() < 0.5:
        artist, title = _without_accents(artist), _without_accents(title)
    case = rng.random()
    if case < 0.15:
        artist, title = artist.lower(), title.lower()
    elif case < 0.22:
        artist, title = artist.upper(), title.upper()
    return TrackQuery(track_id=str(recording), title=title, artist=artist)


def _typo(text: str, rng: random.Random) -> str:
    words = [m for m in re.finditer(r"[^\W\d_]{6,}", text)]
    if not words:
        return text
    word = rng.choice(words)
    i = rng.randrange(word.start() + 1, word.end() - 1)
    slip = rng.choice(("drop", "swap", "double"))
    if slip == "drop":
        return text[:i] + text[i + 1 :]
    if slip == "swap":
        return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    return text[:i] + text[i] + text[i:]


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


@cache
def fold_text(text: str) -> str:
    """`fold` of one text."""
    folded: str = pl.select(fold(pl.lit(text))).item()
    return folded


def _catalogue(rows: pl.DataFrame, rng: random.Random) -> list[Hit]:
    """Every row a release; one in twelve recordings is on a compilation, too, under another label."""
    labels = rows["label"].to_list()
    hits = []
    for row in rows.iter_rows(named=True):
        hit = Hit(
            source="beatport",
            title=row["title"],
            artists=(row["artist"],),
            label=row["label"],
            mix=row["mix"],
            catalog_number=row["catalog_number"],
            release_date=row["release_date"],
        )
        hits.append(hit)
        if rng.random() < 1 / 12:
            hits.append(
                Hit(
                    source="beatport",
                    title=row["title"],
                    artists=(row["artist"],),
                    label=rng.choice(labels),
                    mix=row["mix"],
                    release_title="Best Of The Year",
                    is_compilation=True,
                )
            )
    return hits


class Search:
    """A shop's search: releases ranked by the rarity of the words they share with the question."""

    def __init__(self, catalogue: list[Hit]) -> None:
        self._catalogue = catalogue
        texts = _folded([" ".join([*hit.artists, hit.title, hit.mix or ""]) for hit in catalogue])
        self._words = {word: n for n, word in enumerate(sorted({word for text in texts for word in text.split()}))}
        held = Counter(word for text in texts for word in set(text.split()))
        self._rarity = np.array([1 + math.log((1 + len(texts)) / (1 + held[word])) for word in self._words])
        self._matrix = self._weighed(texts).T.tocsc()

    def __call__(self, queries: list[TrackQuery], *, limit: int = 25) -> list[list[Hit]]:
        texts = _folded([f"{q.artist or ''} {q.title}" for q in queries])
        asked = self._weighed(texts)
        found = []
        for start in range(0, len(queries), 500):
            block = np.asarray((asked[start : start + 500] @ self._matrix).todense())
            top = np.argpartition(-block, limit, axis=1)[:, :limit]
            for i, columns in enumerate(top):
                ranked = sorted((c for c in columns if block[i, c] > 0), key=lambda c: -block[i, c])
                found.append([self._catalogue[c] for c in ranked])
        return found

    def _weighed(self, texts: list[str]) -> csr_array:
        """Texts × words: (1 + log of the count) × rarity, each text of length one."""
        counts = [Counter(word for word in text.split() if word in self._words) for text in texts]
        of = np.repeat(np.arange(len(texts)), [len(each) for each in counts])
        words = np.array([self._words[word] for each in counts for word in each], dtype=np.int64)
        weights = (1 + np.log([n for each in counts for n in each.values()])) * self._rarity[words]
        length = np.sqrt(np.bincount(of, weights**2, minlength=len(texts)))
        return csr_array((weights / length[of], (of, words)), shape=(len(texts), len(self._words)))


def _folded(texts: list[str]) -> list[str]:
    folded: list[str] = pl.DataFrame({"t": texts}).select(fold(pl.col("t"))).to_series().to_list()
    return folded
