"""Bytes as text: UTF-8 and UTF-16 where the file is such, else the encoding that fits, said to be guessed. Pure."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

#: What tools still write where they write no Unicode. Letters of the West stand alone among plain ones; of the others
#: three and more follow one another.
_WESTERN = ["cp1252", "cp1250", "cp1254"]
_OTHERS = ["cp1251", "koi8_r", "cp866", "cp1253", "cp932", "euc_jp", "gb18030", "big5", "euc_kr"]
#: As much of what is not ASCII is looked at.
_LOOKED_AT = 60_000

#: UTF-8 that was read as Windows-1252 and written again.
MOJIBAKE_BEGINS = ["Ã", "Â", "â€", "Ð", "Ñ"]
MOJIBAKE = (
    r"Ã[\x{80}-\x{bf}ŒœŠšŸŽžƒˆ˜–—‘’‚“”„†‡•…‰‹›€™]|Â[\x{a0}-\x{bf}]|â€|[ÐÑ][\x{80}-\x{bf}ŒœŠšŸŽžƒˆ˜–—‘’‚“”„†‡•…‰‹›€™]"
)


def decoded(data: bytes) -> tuple[str, str | None]:
    """The text, and the encoding it was read in where that is guessed; a byte order mark is no part of it."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace"), None
    data = data.removeprefix(codecs.BOM_UTF8)
    head = data[:4096]
    zeros = head[1::2].count(0), head[::2].count(0)
    if len(head) > 3 and max(zeros) * 4 > len(head) and min(zeros) * 16 < len(head):
        name = "utf-16-le" if zeros[0] > zeros[1] else "utf-16-be"
        return data.decode(name, "replace"), name
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError:
        lines = data.split(b"\n")
    special = [line for line in lines if not line.isascii()]
    if any(_utf8(line) is not None for line in special):
        # A file of two encodings: lines of a spreadsheet pasted into one of Unicode.
        return "\n".join(_utf8(line) or line.decode("cp1252", "replace") for line in lines), "windows-1252 in part"
    name = _guessed(b"\n".join(special)[:_LOOKED_AT])
    return data.decode(name, "replace"), name.replace("cp125", "windows-125")


def _utf8(line: bytes) -> str | None:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _guessed(sample: bytes) -> str:
    is_western = re.search(rb"[\x80-\xff]{3}", sample) is None
    found = list(from_bytes(sample, cp_isolation=_WESTERN if is_western else _OTHERS))
    if not found:
        return "cp1252"
    order = _WESTERN if is_western else _OTHERS
    best = min(found, key=lambda match: (match.chaos, -match.coherence, order.index(match.encoding)))
    return "cp1252" if is_western and best.coherence == 0 else best.encoding


def mended(text: str) -> str:
    """A text without mojibake, as it was before it was read in the wrong encoding; as it is where that fails."""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        pass
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
