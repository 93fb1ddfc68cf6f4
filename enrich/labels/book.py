"""Labels as entities: which spellings mean one label, how it is written, and what is no label. Pure.

A label field says one name, a name with its parent, several names, or no label at all:

    "Armind (Armada)"     name Armind, parent Armada
    "X Ltd./ADA France"   names X Ltd. and ADA France
    "Purpose Maker, PM-001"  name Purpose Maker; the other part is a catalogue number
    "Not On Label (Den Sorte Skole Self-released)"  refused: no_label

Names are merged on three grounds only:

* one key: `Black Hole`, `Blackhole Recordings`;
* said in the name: `TCR (Thursday Club Recordings)`;
* seen on the same recording **and** explained by the spelling: an acronym (FSOE, Future Sound Of Egypt), a
  misspelling (Anjunbeats), a name with one more company word (Hooj, Hooj Choons). Licences share recordings, too.

A sub-label stays its own label (`Armind (Armada)` is Armind); its parent is known as related. A composite
(`A/B`, `A, B`) means its first name and carries the others. The commonest spelling is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

import polars as pl
from rapidfuzz.distance import DamerauLevenshtein

from enrich.text.normalise import artist_key, fold, label_key, title_key
from enrich.text.persons import grouped
from enrich.text.recalled import recalled
from enrich.text.words import LISTS, PHRASE, pattern

#: One row per part of a label field, in the order written. `row` is the index of the field in its column; `role`
#: is `name` or `parent`; `separator` is what stood before or after a name (`/`, `,`, `-`), null for a single name.
#: `whole` is the field without brackets; `refused` is null for what may be a label.
LABEL_PARTS = pl.Schema(
    {"row": pl.UInt32} | dict.fromkeys(("role", "separator", "part", "key", "whole", "refused"), pl.String)
)

#: Real labels that a rule below would refuse.
_GUARDS = frozenset(LISTS["labels"]["guards"])

#: Reasons a database that spells a name so on several tracks may overrule.
WEAK_REASONS = frozenset({"ambiguous_word", "catalogue_number", "date", "number", "genre", "place"})


def _refusing(phrases: Iterable[str] = (), folded: Iterable[str] = (), text: Iterable[str] = ()) -> tuple[str, str]:
    named = (pattern(frozenset((LISTS["labels"] | LISTS["no_label"])[name])) for name in phrases)
    return "|".join([*named, *folded]).replace("<phrase>", PHRASE), "|".join(text)


#: Why a text is no label, in the order asked: patterns over the folded text and over the text, either fits.
_REASONS: dict[str, tuple[str, str]] = {reason: _refusing(**said) for reason, said in LISTS["refusals"].items()}


def refusal(field: pl.Expr) -> pl.Expr:
    """Why a text is no label (a key of `_REASONS`), or null where it may be one. Null in, `no_label` out."""
    text = field.str.strip_chars().str.strip_chars("\"'*[]?. ")
    folded = fold(text.str.replace(r"\?+$", ""))
    found = [
        pl.when(
            pl.any_horizontal(on.str.contains(fits) for on, fits in zip((folded, text), both, strict=True) if fits)
        ).then(pl.lit(reason))
        for reason, both in _REASONS.items()
    ]
    first = pl.coalesce(pl.when(field.is_null()).then(pl.lit("no_label")), *found)
    return pl.when(~folded.is_in(sorted(_GUARDS)).fill_null(value=False)).then(first)


def read_label_names(fields: pl.Series) -> pl.DataFrame:
    """Take label fields apart; refused parts stay in the result, with their reason. Schema LABEL_PARTS."""
    rows = pl.DataFrame({"field": fields.cast(pl.String)}).with_row_index("row")
    parts = rows.join(_parts(rows["field"]), on="field", how="left", maintain_order="left_right")
    refused = pl.when(pl.col.field.is_null()).then(pl.lit("no_label")).otherwise("refused")
    named = parts.with_columns(pl.col.role.fill_null("name"), refused=refused)
    return named.match_to_schema(LABEL_PARTS, extra_columns="ignore")


@partial(recalled, on="field")
def _parts(fields: pl.Series) -> pl.DataFrame:
    """The parts of distinct fields: field, and LABEL_PARTS without its row."""
    clean = _clean(pl.col.field)
    whole = clean.str.replace(_TRAILING_BRACKET, "").str.strip_chars()
    bracket = pl.coalesce(clean.str.extract(_TRAILING_BRACKET, n) for n in (1, 2)).str.strip_chars()
    frame = fields.to_frame().select(
        "field",
        row=pl.int_range(pl.len(), dtype=pl.UInt32),
        # "[PIAS]" is all bracket: then the bracket is the name.
        whole=pl.when(whole == "").then(bracket).otherwise(whole),
        bracket=pl.when(whole != "").then(bracket),
        # A field refused as a whole is not taken apart: "Not On Label (X Self-released)", "Live @ A / B".
        is_whole=refusal(pl.col.field).is_not_null(),
    )
    alike = {"separator": pl.lit(None, pl.String), "role": pl.lit("name")}
    named = frame.filter(~pl.col.is_whole)
    names = _split(named.select("row", "field", "whole", part="whole", **alike))
    parents = named.filter(pl.col.bracket.str.len_chars() > 0)
    parents = parents.select("row", "field", "whole", part="bracket", **{**alike, "role": pl.lit("parent")})
    refused = frame.filter("is_whole").select("row", "field", "whole", part="field", **alike)
    return (
        pl.concat([names, parents, refused], how="diagonal")
        .with_columns(pl.col.part.str.strip_chars(" -–"))
        .filter(pl.col.part.is_null() | (pl.col.part != "") | (pl.col.role == "name"))
        .with_columns(key=label_key(pl.col.part), refused=refusal(pl.col.part))
        .sort("row", maintain_order=True)
        .drop("row")
    )


#: A trailing bracket, closed or cut off by a short field; a bracket at the start belongs to the name ([PIAS]).
_TRAILING_BRACKET = r"(?:^|\s+)[(\[]([^()\[\]]*)[)\]]\s*$|\s+[(\[]([^()\[\]]*)$"

_SEPARATORS = (("/", r"\s*[/|;]\s*"), (",", r",\s+"), ("-", r"\s+[-–]\s+"))


def _clean(field: pl.Expr) -> pl.Expr:
    return (
        field.str.replace_all(r"\s+", " ")
        .str.strip_chars("\"'* ")
        .str.replace(r"^(?:[℗©]|\((?:c|p|C|P)\))\s*(?:\d{4}\s+)?", "")
        .str.replace(r"(?i)^(?:record )?label\s*:\s*", "")
        .str.replace(r"(?i)[,\s]*\b(?:distributed by|under (?:exclusive )?licen[cs]e (?:to|from)|a division of).*$", "")
        .str.replace(r"(?i),\s*(?:llc|inc|ltd|gmbh|b\.?v|s\.?a|s\.?r\.?l)\b\.?", "")
        .str.replace(r"\s*\(\d{1,3}\)\s*$", "")
        # The label's own white label, promo or acetate is the label's.
        .str.replace(r"(?i)(\S)\s+(?:-\s*)?(?:white lab(?:el|le)|promo|acetate|cdr|test pressing|re-?issue)$", "${1}")
        .str.strip_chars()
    )


def _split(frame: pl.DataFrame) -> pl.DataFrame:
    """Cut every part at each separator in turn; a part that was cut remembers by which."""
    for name, mark in _SEPARATORS:
        pieces = frame.with_columns(pl.col.part.str.replace_all(mark, "\x00").str.split("\x00"))
        cut = pl.when(pl.col.part.list.len() > 1).then(pl.lit(name)).otherwise("separator")
        frame = pieces.with_columns(separator=cut).explode("part")
    return frame


def is_acronym(short: str, words: str) -> bool:
    """True if `short` is made of the initials of `words`: FSOE of Future Sound Of Egypt, WAO138 of Who's Afraid Of 138.

    `words` is the folded name; "of", "the" and "and" may count or not, numbers count whole. Words at the end may stand
    in full on both sides: FSOE Excelsior of Future Sound Of Egypt Excelsior.
    """
    tokens = words.split()
    while len(tokens) > 2 and len(tokens[-1]) > 3 and short.endswith(tokens[-1]):
        short = short.removesuffix(tokens.pop())
    if len(tokens) < 2 or not short:
        return False
    every = "".join(t if t.isdigit() else t[0] for t in tokens)
    weighty = "".join(t if t.isdigit() else t[0] for t in tokens if t not in ("of", "the", "and", "a", "to"))
    return short in (every, weighty) and len(short) >= 2


def differs_in_number(a: str, b: str) -> bool:
    """True if two keys hold different digits: Volume 1 and Volume 2 are never a misspelling of each other."""
    return [c for c in a if c.isdigit()] != [c for c in b if c.isdigit()]


#: One row per name asked for: the label's display name and key, the other labels of a composite, the parent, and
#: why it is no label (`canonical` is then null).
LABEL_NAMES = pl.Schema(
    {"label": pl.String(), "canonical": pl.String(), "entity": pl.String(), "also": pl.List(pl.String())}
    | {"parent": pl.String(), "refused": pl.String()}
)

#: Tracks on which the database must carry a name for it to count although it looks like a year or a catalogue number.
OVERRULING_TRACKS = 5

# One of these words more or less, with shared recordings, makes no other label.
_COMPANY_WORDS = frozenset(LISTS["labels"]["company_words"])


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelName:
    """One label field, understood: `entity` is the key under which all spellings of the label meet."""

    canonical: str
    entity: str
    also: tuple[str, ...] = ()
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class LabelBook:
    """Canonical names, learned. An empty book still joins spellings of one key and refuses non-labels.

    `display`: entity → how it is written; `entity_of`: every label key learned → entity; `parent_of`: entity → that of
    the parent declared in brackets; `tracks`: entity → tracks that carry it; `overruled`: keys the database vouches for
    against a weak refusal; `spellings`: every single name learned, as spelled, for `parse_titles`.
    """

    display: Mapping[str, str] = field(default_factory=dict)
    entity_of: Mapping[str, str] = field(default_factory=dict)
    parent_of: Mapping[str, str] = field(default_factory=dict)
    tracks: Mapping[str, int] = field(default_factory=dict)
    overruled: frozenset[str] = frozenset()
    spellings: frozenset[str] = frozenset()
    _memo: dict[str | None, LabelName | None] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def learn(cls, spellings: pl.DataFrame, *, facts: pl.DataFrame | None = None) -> LabelBook:
        """Learn a book from `spellings`: `label`, optionally `tracks` (default 1); rows of one spelling are added up.

        `facts` (`artist, title, label`, optionally `mix`) are evidence that two names stand on one recording.
        """
        tracks = pl.col.tracks.cast(pl.Int64) if "tracks" in spellings.columns else pl.lit(1, pl.Int64)
        counts = spellings.select(pl.col.label.cast(pl.String), tracks=tracks).drop_nulls("label")
        counts = counts.group_by("label", maintain_order=True).agg(pl.col.tracks.sum())
        parts = read_label_names(counts["label"]).join(counts.with_row_index("row"), on="row", how="left")
        names = parts.filter(pl.col.role == "name")
        singles = names.filter(pl.col.separator.is_null(), pl.col.key != "")
        weak = singles.filter(pl.col.refused.is_in(sorted(WEAK_REASONS))).group_by("key").agg(pl.col.tracks.sum())
        overruled = frozenset(weak.filter(pl.col.tracks >= OVERRULING_TRACKS)["key"])
        singles = singles.filter(pl.col.refused.is_null() | pl.col.key.is_in(sorted(overruled)))
        weights = {key: int(n) for key, n in singles.group_by("key").agg(pl.col.tracks.sum()).iter_rows()}

        joined: list[tuple[str, str]] = []
        parents: dict[str, str] = {}
        declared = parts.filter(pl.col.role == "parent", pl.col.refused.is_null(), pl.col.key != "")
        owners = names.filter(pl.col.refused.is_null()).group_by("row").agg(pl.col.key.last())
        pairs = declared.join(owners, on="row", suffix="_child").with_columns(words=fold(pl.col.part))
        for child, parent, words in pairs.select("key_child", "key", "words").iter_rows():
            if is_acronym(child, words):
                joined.append((child, parent))
            elif child != parent:
                parents[child] = parent
        if facts is not None and facts.height:
            words_of = dict(singles.sort("tracks").select("key", words=fold(pl.col.part)).iter_rows())
            joined += _explained_pairs(facts, words_of, weights)
        roots = _roots(joined, weights)

        shown = (
            singles.with_columns(entity=pl.col.key.replace_strict(roots, default=pl.col.key))
            .group_by("entity", "part")
            .agg(pl.col.tracks.sum())
            .sort(["tracks", "part"], descending=[True, False])
        )
        root = {key: roots.get(key, key) for key in {*weights, *parents, *parents.values(), *roots}}
        return cls(
            display=dict(shown.group_by("entity", maintain_order=True).agg(pl.col.part.first()).iter_rows()),
            entity_of=root,
            parent_of={root[child]: root[parent] for child, parent in parents.items() if root[child] != root[parent]},
            tracks=dict(shown.group_by("entity").agg(pl.col.tracks.sum()).iter_rows()),
            overruled=overruled,
            spellings=frozenset(singles["part"]),
        )

    def canonical(self, name: str | None) -> str | None:
        """The label's name as the database spells it; None for what is no label."""
        read = self.read(name)
        return None if read is None else read.canonical

    def read(self, name: str | None) -> LabelName | None:
        """Understand one label field; None for what is no label."""
        if name not in self._memo:
            self.read_all([name])
        return self._memo[name]

    def read_all(self, names: Iterable[str | None]) -> list[LabelName | None]:
        """Understand many label fields at once, remembering each."""
        wanted = list(names)
        new = list(dict.fromkeys(name for name in wanted if name not in self._memo))
        if new:
            for row in self.canonical_frame(pl.Series("label", new, dtype=pl.String)).iter_rows(named=True):
                named = {field: row[field] for field in ("canonical", "entity", "parent")}
                is_label = row["canonical"] is not None
                self._memo[row["label"]] = LabelName(**named, also=tuple(row["also"])) if is_label else None
        return [self._memo[name] for name in wanted]

    def canonical_frame(self, names: pl.Series) -> pl.DataFrame:
        """One row per name, in the order given: schema LABEL_NAMES. `also` and `parent` are entities."""
        is_vouched = pl.col.refused.is_in(sorted(WEAK_REASONS)) & pl.col.key.is_in(sorted(self.overruled))
        parts = (
            read_label_names(names)
            .with_columns(entity=self._entity(), refused=pl.when(~is_vouched.fill_null(False)).then("refused"))
            .with_columns(tracks=pl.col.entity.replace_strict(self.tracks, default=0, return_dtype=pl.Int64))
        )
        chosen = self._choose_parts(parts.filter(pl.col.role == "name"))
        may_be = pl.col.refused.is_null() & (pl.col.key != "")
        found = chosen.filter(may_be).group_by("row", maintain_order=True)
        main = found.agg(pl.col("part", "entity").first(), also=pl.col.entity.slice(1))
        refused = chosen.group_by("row").agg(pl.col.refused.drop_nulls().first())
        parents = parts.filter(may_be, pl.col.role == "parent").group_by("row").agg(declared=pl.col.entity.first())
        read = pl.DataFrame({"label": names.cast(pl.String)}).with_row_index("row")
        for more in (main, parents, refused):
            read = read.join(more, on="row", how="left", maintain_order="left")
        others = pl.col.also.list.eval(pl.element().unique(maintain_order=True))
        known = pl.col.entity.replace_strict(self.parent_of, default=None, return_dtype=pl.String)
        return read.with_columns(
            canonical=pl.col.entity.replace_strict(self.display, default=pl.col.part, return_dtype=pl.String),
            also=others.list.set_difference(pl.concat_list("entity")).fill_null([]),
            parent=pl.coalesce(pl.when(pl.col.declared != pl.col.entity).then("declared"), known),
            refused=pl.when(pl.col.entity.is_null()).then(pl.col.refused.fill_null("no_label")),
        ).match_to_schema(LABEL_NAMES, extra_columns="ignore")

    def _entity(self) -> pl.Expr:
        return pl.col.key.replace_strict(self.entity_of, default=pl.col.key, return_dtype=pl.String)

    def same_label(self, a: str | None, b: str | None) -> bool:
        """True if two fields mean one label: one entity, or a composite naming it. A parent is another label."""
        one, other = self.read_all([a, b])
        if one is None or other is None:
            return False
        return not {one.entity, *one.also}.isdisjoint({other.entity, *other.also})

    def _choose_parts(self, names: pl.DataFrame) -> pl.DataFrame:
        """Keep the parts of real composites; put names back together that only look like composites."""
        is_known, is_out = pl.col.tracks > 0, pl.col.refused.is_not_null()
        tracks_of = {key: self.tracks.get(entity, 0) for key, entity in self.entity_of.items()}
        tally = names.group_by("row").agg(
            size=pl.len(),
            list_separator=pl.col.separator.drop_nulls().first(),
            known=is_known.any(),
            settled=(is_known | is_out).all(),
            out=is_out.any(),
            short=pl.col.key.str.len_chars().min() < 2,
            whole_tracks=label_key(pl.col.whole.first()).replace_strict(tracks_of, default=0, return_dtype=pl.Int64),
        )
        is_one = (pl.col.size == 1) | ((pl.col.whole_tracks > 0) & ~pl.col.out)
        by_separator = (
            pl.when(pl.col.list_separator == "/")
            .then(pl.col.out | ~pl.col.short)
            .when(pl.col.list_separator == ",")
            .then(pl.col.known | pl.col.out)
            .otherwise("settled")
        )
        tally = tally.select("row", "size", "list_separator", is_composite=~is_one & by_separator)
        marked = names.join(tally, on="row", how="left", maintain_order="left")
        # "Album, Label": of a comma list the best-known name is the label; of a slash list the first.
        rank = pl.when(pl.col.list_separator == "/").then(0).otherwise(-pl.col.tracks)
        composite = marked.filter("is_composite").with_columns(rank=rank)
        joined = marked.filter(~pl.col.is_composite).group_by("row", maintain_order=True).first()
        several = pl.col.size > 1
        joined = joined.with_columns(part=pl.when(several).then("whole").otherwise("part")).with_columns(
            key=label_key(pl.col.part), refused=pl.when(~several).then("refused"), rank=pl.lit(0, pl.Int64)
        )
        joined = joined.with_columns(entity=self._entity())
        return pl.concat([composite, joined], how="diagonal_relaxed").sort("row", "rank", maintain_order=True)


def _explained_pairs(
    facts: pl.DataFrame, words_of: Mapping[str, str], weights: Mapping[str, int]
) -> Iterable[tuple[str, str]]:
    """Pairs of label keys on one recording whose spellings explain each other."""
    mix = pl.col.mix.fill_null("") if "mix" in facts.columns else pl.lit("")
    keyed = facts.select(
        a=artist_key(pl.col.artist), t=title_key(pl.col.title), m=title_key(mix), key=label_key(pl.col.label)
    )
    keyed = keyed.drop_nulls().unique().filter(pl.col.key.is_in(sorted(words_of)))
    shared = keyed.join(keyed, on=["a", "t", "m"], suffix="_other").filter(pl.col.key < pl.col.key_other)
    for a, b, recordings in shared.group_by("key", "key_other").len().sort("key", "key_other").iter_rows():
        if _is_explained(a, b, words_of, weights, recordings):
            yield a, b


def _is_explained(a: str, b: str, words_of: Mapping[str, str], weights: Mapping[str, int], recordings: int) -> bool:
    short, long = sorted((a, b), key=len)
    if is_acronym(short, words_of[long]):
        return True
    if long.startswith(short) and len(short) >= 3:
        company = [w for w in words_of[long].split()[len(words_of[short].split()) :] if w in _COMPANY_WORDS]
        return recordings >= 2 and bool(company) and long[len(short) :].startswith(company[0])
    rare, common = sorted((weights.get(a, 0), weights.get(b, 0)))
    slips = 1 if len(short) < 10 else 2
    is_slip = DamerauLevenshtein.distance(a, b, score_cutoff=slips) <= slips
    return len(short) >= 5 and not differs_in_number(a, b) and rare * 5 <= max(common, 5) and is_slip


def _roots(joined: Collection[tuple[str, str]], weights: Mapping[str, int]) -> dict[str, str]:
    """For each of the keys that pairs join the heaviest of its group."""
    pairs = pl.DataFrame(list(joined), schema={"a": pl.String, "b": pl.String}, orient="row")
    groups = grouped(pairs).group_by("first").agg("node")["node"].to_list()
    return {key: min(group, key=lambda k: (-weights.get(k, 0), k)) for group in groups for key in group}
