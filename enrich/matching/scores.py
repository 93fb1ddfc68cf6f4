"""Is this hit that track, and which of its labels is the track's? Scores with named parts, then one choice.

`score_pairs` compares many queries with many hits at once; `score` is one pair, `choose` one query with its hits,
`choose_all` many. Pure: what is compared comes from `recordings`, what labels mean from `labels.LabelBook`.

The rules. Base title, artist set (in any order), version class and remixer are compared apart. Original, Extended,
Radio and plain titles of one base share a label. Another remixer, VIP, bootleg, mash-up, live take, cover or
acoustic take is another recording: refused, whatever the rest says. Duration is soft (10 s are free, 40 s count
nothing) and says nothing between Extended and Radio. Equal ISRCs settle it. Where the artist is unknown, the title
alone must be distinctive, else a person decides. Of several releases of the recording the earliest official one that
is no compilation names the label; two labels that remain side by side go to review, both shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations

import numpy as np
import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import OSA

from enrich.labels.book import LabelBook, LabelName
from enrich.matching.recordings import hit_recordings, query_recordings
from enrich.matching.values import Hit, MatchScore, Outcome, TrackQuery
from enrich.rules import MATCH_FLOOR

#: What each part counts in the total: the weighted mean of the parts that can be compared.
WEIGHTS = {"title": 0.35, "artist": 0.30, "version": 0.15, "remixer": 0.10, "duration": 0.10}

#: A part below this, and the hit is refused by the part's name.
REFUSED_BELOW = {"title": 0.80, "artist": 0.60, "remixer": 0.01, "version": 0.01}

#: A part below this, and the hit is not written without a person.
REVIEWED_BELOW = {"title": 0.80, "artist": 0.60, "version": 0.80, "remixer": 0.80}

#: Hits within this of the best are taken for the same recording as the best.
MARGIN = 0.05

#: Equal ISRCs make at least this total.
ISRC_TOTAL = 0.98

#: A release this much earlier than every other is the original, the others reissues or licences.
REISSUE_GAP = timedelta(days=180)

DURATION_FREE_MS, DURATION_ZERO_MS = 10_000, 40_000

#: Classes of one release: they share a label.
_OWN = ("plain", "original", "extended", "radio", "remaster")
#: The artist's own other mixes; the same release more often than not, but another recording.
_OWN_MIXES = ("club", "dub", "instrumental", "acappella", "edit", "remix", "other")
#: Another recording unless both say so.
_APART = ("vip", "bootleg", "mashup", "live", "acoustic", "cover")

#: One row per compared pair; a part is null where one side says nothing. `refused` is null for a possible match.
SCORES = pl.Schema(
    {
        "query": pl.UInt32,
        "hit": pl.UInt32,
        "total": pl.Float64,
        "refused": pl.String,
        "title": pl.Float64,
        "artist": pl.Float64,
        "version": pl.Float64,
        "remixer": pl.Float64,
        "duration": pl.Float64,
        "isrc": pl.Float64,
    }
)

PARTS = ("title", "artist", "version", "remixer", "duration", "isrc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A label that some release of the recording carries, with the best hit that says so."""

    label: str
    score: float
    hits: int
    hit: Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What one source's hits say about one track.

    `label` is canonical. With outcome `review` it is the best guess and `rivals` holds every label that stands beside
    it; with `found` the rivals are those that lost. `reason` says in words why it is not simply found; `rule` is the
    word for it: `clear`, `earliest`, `majority`, `sub_label`, `isrc`, `title_alone` (found); `rival_labels`,
    `weak_part`, `common_title`, `compilation_only` (review); `no_hit`, `refused`, `no_label`, `unknown_title` (none).
    """

    outcome: Outcome
    rule: str
    label: str | None = None
    score: float = 0.0
    hit: Hit | None = None
    parts: dict[str, float] = field(default_factory=dict)
    rivals: tuple[Rival, ...] = ()
    reason: str | None = None


def score(query: TrackQuery, hit: Hit) -> MatchScore:
    """How well one hit fits one query."""
    row = score_pairs(
        query_recordings([query]),
        hit_recordings([hit]),
        pl.DataFrame({"query": [0], "hit": [0]}),
    ).row(0, named=True)
    return _match_score(row)


def score_pairs(queries: pl.DataFrame, hits: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Score many pairs.

    Args:
        queries, hits: Schema RECORDINGS.
        pairs: `query, hit`: rows of the two frames to compare.

    Returns:
        Schema SCORES, one row per pair in the order given.
    """
    frame = (
        pairs.select(pl.col("query", "hit").cast(pl.UInt32))
        .join(queries.rename({"row": "query"}), on="query", how="left", maintain_order="left")
        .join(hits.rename({"row": "hit"}), on="hit", how="left", maintain_order="left", suffix="_h")
    )
    same_mix = _similarity(frame["mix_key"], frame["mix_key_h"]) >= 0.92
    frame = frame.with_columns(
        title=_title_likeness(frame["title_key"], frame["title_key_h"]),
        text=_title_likeness(frame["text_key"], frame["text_key_h"]),
        artist=_artist_part(frame),
        remixer=_remixer_part(frame),
        same_mix=same_mix & (frame["mix_key"] != "") & (_digits(frame["mix_key"]) == _digits(frame["mix_key_h"])),
        other_mix=_other_mix(frame),
    )
    # The same words all through are the same title and version, wherever a parser draws the line between them.
    same_text = (pl.col("text") >= REFUSED_BELOW["title"]) & (pl.col("text") >= pl.col("title"))
    frame = _version_part(frame).with_columns(
        title=pl.when(same_text).then("text").otherwise("title"),
        version=pl.when(same_text).then(pl.max_horizontal("version", 0.95)).otherwise("version"),
        remixer=pl.when(pl.col("same_mix") | same_text).then(1.0).otherwise("remixer"),
        duration=_duration_part(),
        isrc=pl.when(pl.col("isrc").is_not_null() & pl.col("isrc_h").is_not_null()).then(
            (pl.col("isrc") == pl.col("isrc_h")).cast(pl.Float64)
        ),
    )
    present = [pl.when(pl.col(p).is_not_null()).then(w).otherwise(0.0) for p, w in WEIGHTS.items()]
    total = pl.sum_horizontal([pl.col(p).fill_null(0.0) * w for p, w in WEIGHTS.items()]) / pl.sum_horizontal(present)
    is_identified = (pl.col("isrc") == 1.0).fill_null(False)
    refused = pl.coalesce(pl.when(pl.col(p) < least).then(pl.lit(p)) for p, least in REFUSED_BELOW.items())
    return frame.with_columns(
        total=pl.when(is_identified).then(pl.max_horizontal(total, ISRC_TOTAL)).otherwise(total).clip(0.0, 1.0),
        refused=pl.when(~is_identified).then(refused),
    ).match_to_schema(SCORES, extra_columns="ignore")


def choose(query: TrackQuery, hits: Sequence[Hit], *, book: LabelBook | None = None) -> Choice:
    """Decide one track by the hits of one source."""
    return choose_all([query], [hits], book=book)[0]


def choose_all(
    queries: Sequence[TrackQuery], hits: Sequence[Sequence[Hit]], *, book: LabelBook | None = None
) -> list[Choice]:
    """Decide many tracks at once: `hits[i]` are what one source gave for `queries[i]`."""
    return choose_among(query_recordings(queries), hits, book=book or LabelBook())


def choose_among(asked: pl.DataFrame, hits: Sequence[Sequence[Hit]], *, book: LabelBook) -> list[Choice]:
    """`choose_all` for queries already read: `asked` has schema RECORDINGS, one row per entry of `hits`."""
    # Many queries meet the same releases: each distinct hit is read once.
    index: dict[Hit, int] = {}
    pairs = pl.DataFrame(
        [(q, index.setdefault(hit, len(index))) for q, group in enumerate(hits) for hit in group],
        schema={"query": pl.UInt32, "hit": pl.UInt32},
        orient="row",
    )
    by_query: list[list[tuple[Hit, MatchScore]]] = [[] for _ in hits]
    if index:
        distinct = list(index)
        book.read_all([hit.label for hit in distinct])
        asked = asked.with_columns(row=pl.int_range(pl.len(), dtype=pl.UInt32))
        for row in score_pairs(asked, hit_recordings(distinct), pairs).iter_rows(named=True):
            by_query[row["query"]].append((distinct[row["hit"]], _match_score(row)))
    known = zip(asked["title_key"], asked["artists"].list.len() > 0, asked["is_unknown_title"], strict=True)
    return [
        _choose(scored, title_key=title, has_artist=has_artist, is_unknown=is_unknown, book=book)
        for scored, (title, has_artist, is_unknown) in zip(by_query, known, strict=True)
    ]


def is_distinctive(title_key: str, artists: int) -> bool:
    """True if a title names its track without the artist: long, and all its hits by one artist.

    Measured on label facts hunted with the artist hidden: titles of 15 letters or 5 words name the right track in 98
    of 100 cases, shorter ones in 87 to 96.
    """
    words = title_key.split()
    return artists == 1 and (sum(map(len, words)) >= 15 or len(words) >= 5)


def is_compilation(hit: Hit) -> bool:
    """True if the source says so, or if its label or its release is called like one, the release not like the track.

    Shops list compilations among releases without marking them, and their label is not the track's.
    """
    if hit.is_compilation or re.search(r"(?i)compilations?$", hit.label or ""):
        return True
    release = hit.release_title or ""
    return bool(_COMPILATION.search(release)) and not release.casefold().startswith(hit.title.casefold())


_COMPILATION = re.compile(
    r"(?i)\b(?:best of|greatest hits|hits|anthems|essentials?|compilation|compiled|mixed by|sampler|top \d+|year ?mix"
    r"|yearbook|various artists|dj mix|continuous mix|selected|selection|collection|collected|chillout|in the mix"
    r"|bundle|(?:summer|winter|ibiza|miami|wmc|ade|amsterdam|festival)[ ']+(?:19|20)?\d\d|years? of|the annual"
    r"|sessions? \d+)\b"
)


# -- parts ------------------------------------------------------------------------------------------------------------


def _title_likeness(a: pl.Series, b: pl.Series) -> pl.Series:
    """1 for the same title, down from there by the share of letters that differ; under 0.8 for more than a slip."""
    bare, bare_h = a.str.replace_all(" ", ""), b.str.replace_all(" ", "")
    edits = _distance(bare, bare_h)
    shorter = np.minimum(bare.str.len_chars().to_numpy(), bare_h.str.len_chars().to_numpy())
    longer = np.maximum(bare.str.len_chars().to_numpy(), bare_h.str.len_chars().to_numpy())
    likeness = 1.0 - edits / np.maximum(longer, 1)
    is_slip = edits <= _allowed_slips(bare, bare_h)
    for i in np.flatnonzero(is_slip & (edits > 0)):
        is_slip[i] = not _swaps_a_word(a[int(i)], b[int(i)])
    likeness = np.where(is_slip, likeness, np.minimum(likeness, 0.79))
    other_number = (_digits(a) != _digits(b)).to_numpy() & (edits > 0)
    likeness = np.where(other_number, np.minimum(likeness, 0.5), likeness)
    return pl.Series("title", np.where(shorter == 0, 0.0, likeness), dtype=pl.Float64)


def _artist_part(frame: pl.DataFrame) -> pl.Series:
    """0.6 for one artist in common up to 1.0 for the same set; below that how alike the whole credits are."""
    pairs = frame.select(
        pl.int_range(pl.len()).alias("pair"),
        mains="artists",
        mains_h="artists_h",
        names=pl.concat_list("artists", "guests"),
        names_h=pl.concat_list("artists_h", "guests_h"),
    )
    forward = _named_again(pairs.select("pair", "mains", names="names_h"))
    backward = _named_again(pairs.select("pair", "names", mains="mains_h"))
    matched = pl.Series("matched", forward + backward)
    people = frame["artists"].list.len() + frame["artists_h"].list.len()
    # One act split on one side and whole on the other.
    whole = _similarity(frame["credit_key"], frame["credit_key_h"])
    known = (frame["artists"].list.len() > 0) & (frame["artists_h"].list.len() > 0)
    return (
        pl.DataFrame({"matched": matched, "people": people, "whole": whole, "known": known})
        .select(
            pl.when("known").then(
                pl.when(pl.col("matched") > 0)
                .then(0.6 + 0.4 * pl.col("matched") / pl.col("people"))
                .otherwise(pl.when(pl.col("whole") >= 0.85).then("whole").otherwise(pl.col("whole").clip(0.0, 0.59)))
            )
        )
        .to_series()
        .clip(0.0, 1.0)
        .alias("artist")
    )


def _remixer_part(frame: pl.DataFrame) -> pl.Series:
    """1 for the same remixers, less where one side names more of them, 0 for others."""
    index = pl.int_range(pl.len()).alias("pair")
    forward = _named_again(frame.select(index, mains="remixers", names="remixers_h"), prefixes=True)
    backward = _named_again(frame.select(index, mains="remixers_h", names="remixers"), prefixes=True)
    people = frame["remixers"].list.len() + frame["remixers_h"].list.len()
    asked, offered = frame["remixers"].list.len() > 0, frame["remixers_h"].list.len() > 0
    vague = ((frame["version_class"] == "remix") & ~asked) | ((frame["version_class_h"] == "remix") & ~offered)
    return (
        pl.DataFrame(
            {"matched": forward + backward, "people": people, "asked": asked, "offered": offered, "vague": vague}
        )
        .select(
            pl.when(~pl.col("asked") & ~pl.col("offered"))
            .then(1.0)
            .when(pl.col("asked") & pl.col("offered"))
            .then(pl.col("matched") / pl.col("people"))
            # "(Remix)" with nobody named beside "(Someone Remix)".
            .when("vague")
            .then(0.5)
            .otherwise(0.0)
        )
        .to_series()
        .alias("remixer")
    )


def _version_part(frame: pl.DataFrame) -> pl.DataFrame:
    fits = pl.DataFrame(
        [(a, b, named, value) for (a, b, named), value in _version_fits().items()],
        schema={"version_class": pl.String, "version_class_h": pl.String, "named": pl.Boolean, "fit": pl.Float64},
        orient="row",
    )
    both_named = (pl.col("remixers").list.len() > 0) & (pl.col("remixers_h").list.len() > 0)
    is_own_text = (pl.col("version_class") == "other") & (pl.col("version_class_h") == "other") & ~pl.col("same_mix")
    return (
        frame.with_columns(named=both_named)
        .join(fits, on=["version_class", "version_class_h", "named"], how="left", maintain_order="left")
        .with_columns(
            version=pl.when(pl.col("is_mashup") != pl.col("is_mashup_h"))
            .then(0.0)
            .when("same_mix")
            .then(1.0)
            .when(is_own_text & ~pl.col("named"))
            .then(0.0)
            # One remixer, two mixes: "Back 2 The Future Remix" and "Third Contact Remix".
            .when("other_mix")
            .then(0.5)
            .otherwise(pl.col("fit").fill_null(0.0))
        )
    )


def _other_mix(frame: pl.DataFrame) -> pl.Series:
    """True where both versions have a name of their own beside the remixer's, and not the same; or other numbers."""
    mine, theirs = frame["mix_name"], frame["mix_name_h"]
    both = (mine.str.len_chars() >= 3) & (theirs.str.len_chars() >= 3)
    digits, digits_h = _digits(frame["mix_key"]), _digits(frame["mix_key_h"])
    numbered = (digits != "") & (digits_h != "") & (digits != digits_h)
    # A remixer's 2004 Remix is not the remixer's remix of the year before.
    years, years_h = digits.str.contains(_YEAR), digits_h.str.contains(_YEAR)
    named = (frame["remixers"].list.len() > 0) & (frame["remixers_h"].list.len() > 0)
    return (both & (_similarity(mine, theirs) < 0.6)) | numbered | (named & (years != years_h))


_YEAR = r"\b(?:19|20)\d\d\b"


def _version_fits() -> dict[tuple[str, str, bool], float]:
    """How well two version classes go together, by whether both sides name the same remixer. 0 is another recording."""
    fits: dict[tuple[str, str, bool], float] = {}

    def put(a: str, b: str, named: bool, value: float) -> None:
        fits[a, b, named] = fits[b, a, named] = value

    for a in (*_OWN, *_OWN_MIXES, *_APART):
        for named in (False, True):
            put(a, a, named, 1.0)
    for a, b in combinations((*_OWN, *_OWN_MIXES), 2):
        # A remixer's Extended Remix is the remix; the remixer's dub is another recording.
        put(a, b, True, 0.9 if a in _OWN or b in _OWN or "other" in (a, b) else 0.5)
    for a, b in combinations(_OWN, 2):
        put(a, b, False, 0.95)
    put("plain", "original", False, 1.0)
    for a in _OWN:
        for b in ("club", "dub", "instrumental", "acappella", "other"):
            put(a, b, False, 0.5)
        put(a, "edit", False, 0.9)
        put(a, "remix", False, 0.0)
    for a, b in combinations(("club", "dub", "instrumental", "acappella", "edit"), 2):
        put(a, b, False, 0.5)
    return fits


def _duration_part() -> pl.Expr:
    gap = (pl.col("duration_ms") - pl.col("duration_ms_h")).abs()
    value = 1.0 - (gap - DURATION_FREE_MS) / (DURATION_ZERO_MS - DURATION_FREE_MS)
    timed = ["extended", "radio", "club", "edit"]
    is_other_cut = (pl.col("version_class") != pl.col("version_class_h")) & (
        pl.col("version_class").is_in(timed) | pl.col("version_class_h").is_in(timed)
    )
    known = (pl.col("duration_ms") > 0) & (pl.col("duration_ms_h") > 0)
    return pl.when(known & ~is_other_cut).then(value.clip(0.0, 1.0))


def _named_again(pairs: pl.DataFrame, *, prefixes: bool = False) -> np.ndarray:
    """How many of `mains` are among `names`, pair by pair; a slip of the keyboard still counts.

    With `prefixes` so does the beginning of a name: remixers are often short for themselves (`Orjan Remix`).
    """
    names_of = pairs.select("pair", main="mains", name="names").explode("main").explode("name").drop_nulls()
    main, name = names_of["main"], names_of["name"]
    same = (main == name).to_numpy() | (_distance(main, name) <= _allowed_slips(main, name))
    if prefixes:
        begins = names_of.select(
            (pl.min_horizontal(pl.col("main", "name").str.len_chars()) >= 4)
            & (pl.col("main").str.starts_with(pl.col("name")) | pl.col("name").str.starts_with(pl.col("main")))
        )
        same |= begins.to_series().to_numpy()
    counts = names_of.filter(pl.Series(same, dtype=pl.Boolean)).select("pair", "main").unique().group_by("pair").len()
    found = np.zeros(len(pairs), dtype=np.int64)
    found[counts["pair"].to_numpy()] = counts["len"].to_numpy()
    return found


def _similarity(a: pl.Series, b: pl.Series) -> pl.Series:
    values = process.cpdist(a.fill_null("").to_list(), b.fill_null("").to_list(), scorer=OSA.normalized_similarity)
    return pl.Series(values, dtype=pl.Float64)


def _distance(a: pl.Series, b: pl.Series) -> np.ndarray:
    distances: np.ndarray = process.cpdist(a.to_list(), b.to_list(), scorer=OSA.distance).astype(np.float64)
    return distances


def _allowed_slips(a: pl.Series, b: pl.Series) -> np.ndarray:
    """Edits that still make a misspelling: a letter or two; in a short name a letter makes another name."""
    shorter = np.minimum(a.str.len_chars().to_numpy(), b.str.len_chars().to_numpy())
    return np.select([shorter < 5, shorter < 10, shorter < 18], [0, 1, 2], 3)


def _swaps_a_word(a: str, b: str) -> bool:
    """True if one word stands for quite another: `Yet Another Day`, `Yet Another Dub`; `Samba Magic`, `Samba Music`."""
    words, others = a.split(), b.split()
    if len(words) != len(others):
        return False
    return any(OSA.normalized_similarity(x, y) <= 0.6 for x, y in zip(words, others, strict=True))


def _digits(keys: pl.Series) -> pl.Series:
    return keys.str.replace_all(r"[^\d]+", " ").str.strip_chars()


def _match_score(row: dict[str, object]) -> MatchScore:
    parts = {name: float(row[name]) for name in PARTS if row[name] is not None}  # type: ignore[arg-type]
    return MatchScore(total=float(row["total"]), parts=parts, refused=row["refused"])  # type: ignore[arg-type]


# -- choice -----------------------------------------------------------------------------------------------------------


def _choose(
    scored: Sequence[tuple[Hit, MatchScore]], *, title_key: str, has_artist: bool, is_unknown: bool, book: LabelBook
) -> Choice:
    if is_unknown:
        # Only the ISRC can tell what a track without a title is.
        scored = [(hit, fit) for hit, fit in scored if fit.parts.get("isrc") == 1.0]
        if not scored:
            return Choice(outcome=Outcome.NONE, rule="unknown_title", reason="the title is unknown")
    if not scored:
        return Choice(outcome=Outcome.NONE, rule="no_hit", reason="no hit")
    possible = [(hit, fit) for hit, fit in scored if fit.refused is None and fit.total >= MATCH_FLOOR]
    if not possible:
        rules = sorted({fit.refused or "score" for _, fit in scored})
        return Choice(outcome=Outcome.NONE, rule="refused", reason=f"{len(scored)} hits, another {' or '.join(rules)}")
    identified = [(hit, fit) for hit, fit in possible if fit.parts.get("isrc") == 1.0]
    possible = identified or possible
    best = max(fit.total for _, fit in possible)
    same = [(hit, fit) for hit, fit in possible if fit.total >= best - MARGIN]
    labelled = [(hit, fit, name) for hit, fit in same if (name := book.read(hit.label)) is not None]
    if not labelled:
        return Choice(
            outcome=Outcome.NONE, rule="no_label", score=best, hit=same[0][0], reason="listed without a label"
        )
    regular = [entry for entry in labelled if entry[0].is_official and not is_compilation(entry[0])]
    groups = _by_label(regular or labelled)
    winner, rule = _winner(groups, book)
    rivals = tuple(group.rival() for group in groups if group is not winner)
    fit, hit = winner.fit, winner.hit
    choice = Choice(
        outcome=Outcome.FOUND,
        rule=rule,
        label=winner.label,
        score=fit.total,
        hit=hit,
        parts=fit.parts,
        rivals=rivals,
    )
    if rule == "rival_labels":
        names = " or ".join([winner.label, *(r.label for r in rivals)])
        return _for_review(choice, rule, f"rival labels: {names}")
    if not regular:
        return _for_review(choice, "compilation_only", "only on compilations or unofficial releases")
    if fit.parts.get("isrc") == 1.0:
        return choice if rule != "clear" else _with_rule(choice, "isrc")
    weak = [part for part, least in REVIEWED_BELOW.items() if fit.parts.get(part, 1.0) < least]
    if weak:
        return _for_review(choice, "weak_part", f"{' and '.join(weak)} fits only in part")
    if "artist" not in fit.parts:
        acts = {tuple(sorted(a.casefold() for a in hit.artists)) for hit, _ in same}
        if has_artist or fit.parts["title"] < 1.0 or not is_distinctive(title_key, len(acts)):
            return _for_review(choice, "common_title", "nobody knows the artist, and the title is not distinctive")
        return _with_rule(choice, "title_alone")
    return choice


@dataclass(slots=True)
class _Group:
    """The hits of one recording that carry one label."""

    entities: set[str]
    names: list[LabelName] = field(default_factory=list)
    entries: list[tuple[Hit, MatchScore]] = field(default_factory=list)

    @property
    def first_release(self) -> date | None:
        return min((hit.release_date for hit, _ in self.entries if hit.release_date), default=None)

    @property
    def hit(self) -> Hit:
        return min(self.entries, key=lambda e: (e[0].release_date or date.max, -e[1].total))[0]

    @property
    def fit(self) -> MatchScore:
        return max((fit for _, fit in self.entries), key=lambda fit: fit.total)

    @property
    def label(self) -> str:
        spellings = [name.canonical for name in self.names]
        return max(dict.fromkeys(spellings), key=spellings.count)

    def rival(self) -> Rival:
        return Rival(label=self.label, score=self.fit.total, hits=len(self.entries), hit=self.hit)


def _by_label(entries: Sequence[tuple[Hit, MatchScore, LabelName]]) -> list[_Group]:
    """Group hits by label; a composite joins the group of any of its names. Most hits first."""
    groups: list[_Group] = []
    for hit, fit, name in sorted(entries, key=lambda e: len(e[2].also)):
        mine = next((g for g in groups if not g.entities.isdisjoint({name.entity, *name.also})), None)
        if mine is None:
            mine = _Group(entities={name.entity, *name.also})
            groups.append(mine)
        mine.names.append(name)
        mine.entries.append((hit, fit))
    return sorted(groups, key=lambda g: (-len(g.entries), -g.fit.total, g.label))


def _winner(groups: list[_Group], book: LabelBook) -> tuple[_Group, str]:
    """The group whose label is the track's, and by which rule."""
    if len(groups) == 1:
        return groups[0], "clear"
    parents = {p for g in groups for e in g.entities if (p := book.parent_of.get(e))} | {
        name.parent for g in groups for name in g.names if name.parent
    }
    children = [g for g in groups if g.entities.isdisjoint(parents)]
    if len(children) == 1:
        return children[0], "sub_label"
    dated = [(g.first_release, g) for g in groups if g.first_release is not None]
    if len(dated) == len(groups):
        (first, group), (second, _), *_ = sorted(dated, key=lambda entry: entry[0])
        if second - first >= REISSUE_GAP:
            return group, "earliest"
    top, votes = groups[0], sum(len(g.entries) for g in groups)
    if len(top.entries) >= 3 and len(top.entries) >= MAJORITY * votes:
        return top, "majority"
    return top, "rival_labels"


#: Share of at least four releases on one label that outvotes the rest.
MAJORITY = 0.75


def _for_review(choice: Choice, rule: str, reason: str) -> Choice:
    return Choice(
        outcome=Outcome.REVIEW,
        rule=rule,
        label=choice.label,
        score=choice.score,
        hit=choice.hit,
        parts=choice.parts,
        rivals=choice.rivals,
        reason=reason,
    )


def _with_rule(choice: Choice, rule: str) -> Choice:
    return Choice(
        outcome=choice.outcome,
        rule=rule,
        label=choice.label,
        score=choice.score,
        hit=choice.hit,
        parts=choice.parts,
        rivals=choice.rivals,
    )
