"""The encoding of a text that is no Unicode, chosen by what it would say in each: letters that one language has. Pure.

A byte costs as many bits as the letter it stands for is rare in the language of its word; most of the text is in one
language, words of others are names. The encoding that costs least is taken. Chinese, Japanese and Korean are told from
one another by `charset-normalizer`, for whose counts a few names are enough there.
"""

import re
from collections import Counter
from math import log2

from charset_normalizer import from_bytes

from enrich.resources import resource

_SAID = resource("frames/letters.toml")
_WIDE = ["cp932", "euc_jp", "gb18030", "big5", "euc_kr"]
#: Bits of a letter that the language of its word lacks, of a word that is in no place of its kind, of one in another
#: language than most of its text, and of a sign no list has.
_ALIEN, _ODD, _OTHER, _NO_SIGN = 13.0, 6.0, 1.5, 14.0
_LANGUAGES = {
    name: ({c: log2((n + 2) * log2(len(letters) + 2)) - 0.5 for n, c in enumerate(letters)}, bits, re.compile(never))
    for name, (letters, bits, never) in _SAID["languages"].items()
}
_SIGNS = [(re.compile(sign), bits) for sign, bits in _SAID["signs"].items()]
_VOWELS = "aeiouáéíóúýàèìòùâêîôûäëïöüãõåæøœěůőűąęăāēīūėįųаеиоуыэюяєіїαεηιουωάέήίόύώ"
_RUNS = re.compile(rf"(?!\wão)[{_VOWELS}]{{3,}}|(?:(?![{_VOWELS}\d_ьъ])\w){{5,}}")


def guessed(sample: bytes) -> str:
    """The encoding that the words of a text that are not ASCII, each given once, are most likely in."""
    costs = {name: bits + _cost(sample.decode(name, "replace")) for name, bits in _SAID["encodings"].items()}
    best: str = min(costs, key=costs.__getitem__)
    if re.search(rb"[\x81-\xfe]{2}", sample):
        found = list(from_bytes(sample, cp_isolation=_WIDE))
        wide = min(found, key=lambda x: (x.chaos, -x.coherence, _WIDE.index(x.encoding)), default=None)
        if wide is not None and _wide_cost(str(wide)) < costs[best]:
            return wide.encoding
    return best


def _wide_cost(text: str) -> float:
    """Two bytes a character: of a syllabary's few, or of thousands."""
    rare = Counter("kana" if "\u3040" <= c <= "\u30ff" else "other" for c in text if not c.isascii())
    return 6.0 * rare["kana"] + 11.0 * rare["other"] + 3


def _cost(text: str) -> float:
    """Bits of all that is not ASCII in a text, its words in the languages that fit them best."""
    signs, rest = 0.0, text
    for pattern, bits in _SIGNS:
        rest, n = pattern.subn(lambda found: re.sub(r"[^\x00-\x7f]", " ", found[0]), rest)
        signs += bits * n
    signs += _NO_SIGN * sum(not (c.isascii() or c.isalpha()) or 0x80 <= ord(c) < 0xA0 for c in rest)
    by_language: dict[str, float] = {name: bits for name, (_, bits, _) in _LANGUAGES.items()}
    for word in (word for word in re.findall(r"[^\W\d_]+", rest) if not word.isascii()):
        costs = {name: _word_cost(word, name) for name in _LANGUAGES}
        other = _OTHER + min(cost + _LANGUAGES[name][1] for name, cost in costs.items())
        by_language = {name: bits + min(costs[name], other) for name, bits in by_language.items()}
    return signs + min(by_language.values())


def _word_cost(word: str, language: str) -> float:
    letters, _, never = _LANGUAGES[language]
    small = word.lower()
    cost = sum(letters.get(c, _ALIEN) for c in small if not c.isascii())
    if sum(not c.isascii() and c not in letters for c in small) > 1:
        # It is no word of this language; how little is not asked.
        return cost
    cost += _ODD * (len(never.findall(small)) + sum(not run.isascii() for run in _RUNS.findall(small)))
    # A large letter behind a small one, or one that is not ASCII within a word that goes on small.
    odd = sum(
        b.isupper() and ((a.islower() and not (a + b).isascii()) or (not b.isascii() and c.islower()))
        for a, b, c in zip(word, word[1:], word[2:] + " ", strict=False)
    )
    # No word is of two alphabets.
    mixed = re.search(r"[a-z\u00df-\u02af].*[\u0370-\u0e7f]|[\u0370-\u0e7f].*[a-z\u00df-\u02af]", small) is not None
    return cost + _ALIEN * (mixed + odd)
