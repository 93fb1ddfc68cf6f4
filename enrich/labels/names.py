"""What a label field says: one name, a name with its parent, several names, or no label at all. Pure.

Which parts belong together is decided by `labels.LabelBook`, which has seen a database.

    "Armind (Armada)"     name Armind, parent Armada
    "X Ltd./ADA France"   names X Ltd. and ADA France
    "Purpose Maker, PM-001"  name Purpose Maker; the other part is a catalogue number
    "Not On Label (Den Sorte Skole Self-released)"  refused: no_label
"""

import polars as pl

from enrich.text.normalise import fold, label_key
from enrich.text.words import GENRES, LISTS, NO_NAME, PHRASE, PLACES, STATUS, VERSIONS, pattern

#: One row per part of a label field, in the order written. `row` is the index of the field in its column; `role`
#: is `name` or `parent`; `separator` is what stood before or after a name (`/`, `,`, `-`), null for a single name.
#: `whole` is the field without brackets; `refused` is null for what may be a label.
LABEL_PARTS = pl.Schema(
    {"row": pl.UInt32} | dict.fromkeys(("role", "separator", "part", "key", "whole", "refused"), pl.String)
)

#: Words that are a version in a title's bracket and may be a short-hand label in a label field, and real labels that a
#: rule below would refuse.
_AMBIGUOUS, _GUARDS = (frozenset(LISTS["labels"][name]) for name in ("ambiguous", "guards"))

#: Reasons a database that spells a name so on several tracks may overrule.
WEAK_REASONS = frozenset({"ambiguous_word", "catalogue_number", "date", "number", "genre", "place"})

#: Why a text is no label, in the order asked: patterns over the folded text and over the text, either fits.
_REASONS: dict[str, tuple[str, str]] = {
    "no_label": (rf"^$|{pattern(NO_NAME)}|^not on label\b|^no label\b|\bself released?$", r"^[^\p{L}\p{N}]*$"),
    "status": (f"{pattern(STATUS)}|{PHRASE}", ""),
    "version": (
        # The last words make a version of whatever stands before them; never "contains": Mixmash is a label.
        rf"{pattern(VERSIONS)}|^(?:the )?(?:original|extended|radio|club|dub|vocal|instrumental|main|album|single"
        r"|full length|full|long|short|festival|dj|guest|mini|studio|continuous|guitar|piano|intro|outro|clean|dirty"
        r"|acapella|acappella|12 inch|12|7)(?: (?:vocal|club|dub|radio|extended|mix|version|edit|cut|remix|rmx"
        r"|instrumental))+(?: \d{4})?$| (?:remix|rmx|re edit|reedit|rework|refix|bootleg|mash ?up|megamix|medley|mix"
        r"|edit|version|flip|vip|reprise|reconstruction|vox|reboot|refill|interpretation|reinterpretation|rub|retouch"
        r"|redux|cover)(?: \d{1,4}| updated?)?$",
        "",
    ),
    "ambiguous_word": (pattern(_AMBIGUOUS), ""),
    "live": (
        r"^ao vivo$|^live(?: (?:at|from|in|on|performance|session|sessions|version|set|edit|mix|recording)\b.*)?$",
        r"(?i)\blive\s*@",
    ),
    "credit": (
        r"^(?:feat|ft|featuring|prod|produced by|prod by|vs|versus|pres|presents|performed by|mixed by|remixed by)\b",
        "",
    ),
    "release_title": (r" (?:ep|lp|remixes|vol \d+|volume \d+|part \d+|pt \d+)$", ""),
    "duration": ("", r"^[(\[]?\d{1,2}:\d{2}(?::\d{2})?[)\]]?$"),
    "date": ("", r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}$|^[(\[]?(?:19[5-9]\d|20[0-3]\d)[)\]]?$"),
    "number": ("", r"^\d$|^(?:(?i:side )[A-Da-d]|[A-D][1-4])$"),
    "catalogue_number": (
        "",
        r"^[A-Z]{2,8}[ -]?\d{3,5}[A-Z]{0,2}$|^[A-Z]{2,8}[ -]\d{2,5}[A-Z]{0,2}$"
        r"|^[A-Za-z][A-Za-z. ]{1,15}[ -]?0\d{1,3}[A-Za-z]?$",
    ),
    "key_or_tempo": (
        "",
        r"^[A-G][#b♯♭]?m$|(?i:^[a-g][#b♯♭]? ?(?:min|maj|minor|major)$)|(?i:^(?:1[0-2]|[1-9])[ab]$)|(?i:^\d{2,3} ?bpm$)",
    ),
    "genre": (pattern(GENRES), ""),
    "place": (pattern(PLACES), ""),
    "markup": ("", r"[<>]|https?:|www\."),
}


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
    clean = _clean(pl.col.field)
    whole = clean.str.replace(_TRAILING_BRACKET, "").str.strip_chars()
    bracket = pl.coalesce(clean.str.extract(_TRAILING_BRACKET, n) for n in (1, 2)).str.strip_chars()
    frame = pl.DataFrame({"field": fields.cast(pl.String)}).select(
        row=pl.int_range(pl.len(), dtype=pl.UInt32),
        field="field",
        # "[PIAS]" is all bracket: then the bracket is the name.
        whole=pl.when(whole == "").then(bracket).otherwise(whole),
        bracket=pl.when(whole != "").then(bracket),
        # A field refused as a whole is not taken apart: "Not On Label (X Self-released)", "Live @ A / B".
        is_whole=refusal(pl.col.field).is_not_null(),
    )
    alike = {"separator": pl.lit(None, pl.String), "role": pl.lit("name")}
    named = frame.filter(~pl.col.is_whole)
    names = _split(named.select("row", "whole", part="whole", **alike))
    parents = named.filter(pl.col.bracket.str.len_chars() > 0)
    parents = parents.select("row", "whole", part="bracket", **{**alike, "role": pl.lit("parent")})
    refused = frame.filter("is_whole").select("row", "whole", part="field", **alike)
    return (
        pl.concat([names, parents, refused], how="diagonal")
        .with_columns(pl.col.part.str.strip_chars(" -–"))
        .filter(pl.col.part.is_null() | (pl.col.part != "") | (pl.col.role == "name"))
        .with_columns(key=label_key(pl.col.part), refused=refusal(pl.col.part))
        .sort("row", maintain_order=True)
        .match_to_schema(LABEL_PARTS, extra_columns="ignore")
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
