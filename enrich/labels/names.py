"""What a label field says: one name, a name with its parent, several names, or no label at all.

Pure text; knows no label by heart. `refusal` names the rule by which a text is no label; `read_label_names` takes
a column of label fields apart into parts. Which parts belong together is decided by `labels.LabelBook`, which
has seen a database.

    "Armind (Armada)"     name Armind, parent Armada
    "X Ltd./ADA France"   names X Ltd. and ADA France
    "Purpose Maker, PM-001"  name Purpose Maker; the other part is a catalogue number
    "Not On Label (Den Sorte Skole Self-released)"  refused: no_label
"""

from __future__ import annotations

import polars as pl

from enrich.text.non_labels import GENRES, NO_NAME, PHRASE, PLACES, STATUS, VERSIONS
from enrich.text.normalise import fold, label_key

#: One row per part of a label field, in the order written. `row` is the index of the field in its column; `role`
#: is `name` or `parent`; `separator` is what stood before or after a name (`/`, `,`, `-`), null for a single name.
#: `whole` is the field without brackets; `refused` is null for what may be a label.
LABEL_PARTS = pl.Schema(
    {"row": pl.UInt32} | dict.fromkeys(("role", "separator", "part", "key", "whole", "refused"), pl.String)
)

_NOT_ON_LABEL = r"^not on label\b|^no label\b|\bself released?$"

#: Words that are a version in a title's bracket and may be a short-hand label in a label field (Stereo Productions).
_AMBIGUOUS = frozenset(
    {
        "mono", "stereo", "deluxe", "single", "album", "part", "dub", "radio", "club", "vocal", "acoustic", "mixed",
        "clean", "dirty", "tribute", "interlude",
    }
)  # fmt: skip

#: Reasons a database that spells a name so on several tracks may overrule.
WEAK_REASONS = frozenset({"ambiguous_word", "catalogue_number", "date", "number", "genre", "place"})

#: Real labels that a rule below would refuse.
_GUARDS = frozenset({"live at robert johnson", "wao138", "wao 138", "who s afraid of 138", "in the mix", "x mix"})

_VERSION_PHRASE = (
    r"^(?:the )?(?:original|extended|radio|club|dub|vocal|instrumental|main|album|single|full length|full|long|short"
    r"|festival|dj|guest|mini|studio|continuous|guitar|piano|intro|outro|clean|dirty|acapella|acappella|12 inch|12|7)"
    r"(?: (?:vocal|club|dub|radio|extended|mix|version|edit|cut|remix|rmx|instrumental))+(?: \d{4})?$"
)
# Last words that make a version of whatever stands before them; never "contains": Mixmash and Dub Police are labels.
_VERSION_ENDING = (
    r" (?:remix|rmx|re edit|reedit|rework|refix|bootleg|mash ?up|megamix|medley|mix|edit|version|flip|vip|reprise"
    r"|reconstruction|vox|reboot|refill|interpretation|reinterpretation|rub|retouch|redux|cover)"
    r"(?: \d{1,4}| updated?)?$"
)
_LIVE = r"^ao vivo$|^live(?: (?:at|from|in|on|performance|session|sessions|version|set|edit|mix|recording)\b.*)?$"
_CREDIT = r"^(?:feat|ft|featuring|prod|produced by|prod by|vs|versus|pres|presents|performed by|mixed by|remixed by)\b"
_RELEASE_TITLE = r" (?:ep|lp|remixes|vol \d+|volume \d+|part \d+|pt \d+)$"

_CATALOGUE = (
    r"^[A-Z]{2,8}[ -]?\d{3,5}[A-Z]{0,2}$|^[A-Z]{2,8}[ -]\d{2,5}[A-Z]{0,2}$"
    r"|^[A-Za-z][A-Za-z. ]{1,15}[ -]?0\d{1,3}[A-Za-z]?$"
)
_DURATION = r"^[(\[]?\d{1,2}:\d{2}(?::\d{2})?[)\]]?$"
_DATE = r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}$"
_SIDE_OF_RECORD = r"^(?:(?i:side )[A-Da-d]|[A-D][1-4])$"
_YEAR = r"^[(\[]?(?:19[5-9]\d|20[0-3]\d)[)\]]?$"
_KEY_OR_TEMPO = (
    r"^[A-G][#b♯♭]?m$|(?i:^[a-g][#b♯♭]? ?(?:min|maj|minor|major)$)|(?i:^(?:1[0-2]|[1-9])[ab]$)|(?i:^\d{2,3} ?bpm$)"
)
_MARKUP = r"[<>]|https?:|www\."


def refusal(field: pl.Expr) -> pl.Expr:
    """Why a text is no label, or null where it may be one.

    Reasons: `no_label`, `status` (White, CDR, Unreleased), `version` (Original Mix, Someone Remix), `live`,
    `ambiguous_word`, `credit`, `release_title`, `catalogue_number`, `duration`, `date`, `number`, `key_or_tempo`,
    `genre`, `place`, `markup`. Null in, `no_label` out.
    """
    text = field.str.strip_chars().str.strip_chars("\"'*[]?. ")
    folded = fold(text.str.replace(r"\?+$", ""))
    is_no_label = field.is_null() | (folded == "") | folded.is_in(sorted(NO_NAME)) | folded.str.contains(_NOT_ON_LABEL)
    is_no_label |= ~text.str.contains(r"[\p{L}\p{N}]")
    is_version = folded.is_in(sorted(VERSIONS)) | folded.str.contains(_VERSION_PHRASE)
    is_version |= folded.str.contains(_VERSION_ENDING)
    reasons = {
        "no_label": is_no_label,
        "status": folded.is_in(sorted(STATUS)) | folded.str.contains(PHRASE),
        "version": is_version,
        "ambiguous_word": folded.is_in(sorted(_AMBIGUOUS)),
        "live": folded.str.contains(_LIVE) | text.str.contains(r"(?i)\blive\s*@"),
        "credit": folded.str.contains(_CREDIT),
        "release_title": folded.str.contains(_RELEASE_TITLE),
        "duration": text.str.contains(_DURATION),
        "date": text.str.contains(_DATE) | text.str.contains(_YEAR),
        "number": text.str.contains(r"^\d$") | text.str.contains(_SIDE_OF_RECORD),
        "catalogue_number": text.str.contains(_CATALOGUE),
        "key_or_tempo": text.str.contains(_KEY_OR_TEMPO),
        "genre": folded.is_in(sorted(GENRES)),
        "place": folded.is_in(sorted(PLACES)),
        "markup": text.str.contains(_MARKUP),
    }
    first = pl.coalesce(pl.when(holds).then(pl.lit(reason)) for reason, holds in reasons.items())
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
    for name, pattern in _SEPARATORS:
        pieces = frame.with_columns(pl.col.part.str.replace_all(pattern, "\x00").str.split("\x00"))
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
