"""Files somebody gave: opened in one place, never waited for, never read without end, every fault one line.

`open_input` refuses devices, pipes and folders and bounds the size; `read_input` unpacks a gzip in bounds, `parse_json`
takes nesting and numbers without end for faults, `read_parquet` damage. `decoded` makes text of bytes: UTF-8 and UTF-16
where they are such, else the encoding that fits, said to be guessed.
"""

import codecs
import gzip
import json
import os
import re
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from enrich.errors import EnrichError, InputFileError
from enrich.frames.encodings import guessed
from enrich.rules import MAX_FILE_BYTES, MAX_UNPACKING, MAX_VALUES

_PART_BYTES = 1 << 22
#: As much of what is not ASCII is looked at.
_LOOKED_AT = 4_000

#: UTF-8 that was read as Windows-1252 and written again.
MOJIBAKE_BEGINS = ["Ã", "Â", "â€", "Ð", "Ñ"]
MOJIBAKE = (
    r"Ã[\x{80}-\x{bf}ŒœŠšŸŽžƒˆ˜–—‘’‚“”„†‡•…‰‹›€™]|Â[\x{a0}-\x{bf}]|â€|[ÐÑ][\x{80}-\x{bf}ŒœŠšŸŽžƒˆ˜–—‘’‚“”„†‡•…‰‹›€™]"
)


@contextmanager
def open_input(
    path: str | Path, *, at_most: int = MAX_FILE_BYTES, error: type[EnrichError] = InputFileError
) -> Iterator[BinaryIO]:
    """Open a file somebody gave, to read it: an ordinary file of a bearable size, or one line that says what it is.

    Nothing waits: a pipe or a device is told before it is opened. What the block cannot read is the same one line.

    Raises:
        EnrichError: `error`; missing, a folder, no ordinary file, unreadable, of more bytes than `at_most`, or of a
            name the system refuses.
    """
    odd = f"{path}: is a pipe or a device, not a file; save its content to a file and name that"
    try:
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            raise error(f"{path}: is a folder; name a file in it")
        if not stat.S_ISREG(found.st_mode):
            raise error(odd)
        # It may have been exchanged meanwhile: what is open counts, and opening does not wait either.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
            found = os.fstat(opened.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise error(odd)
            if found.st_size > at_most:
                raise error(f"{path}: has {found.st_size:,} bytes, more than the {at_most:,} read at once; divide it")
            yield opened
    except FileNotFoundError:
        raise error(f"{path}: no such file") from None
    except PermissionError:
        raise error(f"{path}: may not be read; check its permissions") from None
    except OSError as failed:
        raise error(f"{path}: cannot be read ({failed.strerror or failed})") from None
    except ValueError as failed:
        if "null byte" not in str(failed):
            raise
        raise error(f"{str(path)!r}: no name of a file ({failed})") from None


def read_input(path: str | Path, *, at_most: int = MAX_FILE_BYTES, error: type[EnrichError] = InputFileError) -> bytes:
    """The content of a file somebody gave, unpacked where it is a gzip; see `open_input` for what is refused.

    Raises EnrichError: see `open_input`; also a gzip that is damaged, or unpacks to more than `at_most`.
    """
    parts, size = [], 0
    with open_input(path, at_most=at_most, error=error) as opened:
        is_packed = opened.read(2) == b"\x1f\x8b"
        opened.seek(0)
        source: IO[bytes] = gzip.GzipFile(fileobj=opened) if is_packed else opened  # type: ignore[assignment]
        try:
            # In parts: some files of the system say 0 bytes and go on for ever, and a gzip says nothing of its content.
            while part := source.read(_PART_BYTES):
                parts.append(part)
                size += len(part)
                if size > at_most:
                    raise error(f"{path}: has more than the {at_most:,} bytes read at once; divide it")
                if is_packed and size > _PART_BYTES + MAX_UNPACKING * opened.tell():
                    raise error(f"{path}: a gzip that unpacks to far more than any table; unpack it by hand and look")
        except (gzip.BadGzipFile, zlib.error, EOFError) as failed:
            raise error(f"{path}: a damaged gzip ({failed}); pack it again") from None
    return b"".join(parts)


def parse_json(text: str | bytes, *, where: str | Path, error: type[EnrichError] = InputFileError) -> Any:
    """`json.loads` of what somebody gave, for whom every fault is one line: nesting and numbers without end too.

    Raises EnrichError: names `where`, and line and column where they are known.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as bad:
        raise error(f"{where}: not JSON: line {bad.lineno}, column {bad.colno}: {bad.msg}") from None
    except UnicodeDecodeError:
        raise error(f"{where}: not JSON: it is not UTF-8") from None
    except RecursionError:
        raise error(f"{where}: not JSON that can be read: nested too deeply") from None
    except ValueError:
        raise error(f"{where}: not JSON that can be read: a number of more than 4,300 digits") from None


def read_parquet(path: str | Path) -> pl.DataFrame:
    """A Parquet file as a frame. Arrow reads it: damage that ends other readers' process is an error to it.

    Raises InputFileError: see `open_input`; also a damaged file, or one of more than `rules.MAX_VALUES` values.
    """
    with open_input(path, at_most=8 * MAX_FILE_BYTES) as opened, parquet_faults(path):
        file = pq.ParquetFile(opened)
        if file.metadata.num_rows * max(file.metadata.num_columns, 1) > MAX_VALUES:
            raise InputFileError(
                f"{path}: {file.metadata.num_rows:,} rows of {file.metadata.num_columns} columns, more than is "
                "read at once; divide it"
            )
        frame = pl.from_arrow(readable(file.read()))
    assert isinstance(frame, pl.DataFrame)
    return frame


def readable(table: pa.Table) -> pa.Table:
    """A table of a file as polars reads it without harm: values and names checked, an error where they are damaged."""
    table = table.replace_schema_metadata(None)
    table.validate(full=True)
    # Names may be damaged too, and to polars that is no error but the end: decoding them all tells.
    table.schema.to_string()
    return table


@contextmanager
def parquet_faults(path: str | Path) -> Iterator[None]:
    """What is wrong with a Parquet file, in one line. Raises InputFileError: the file is damaged."""
    try:
        yield
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as failed:
        said = (str(failed).strip().splitlines() or ["damaged"])[0][:200]
        raise InputFileError(f"{path}: cannot be read as parquet: {said}") from None


def decoded(data: bytes) -> tuple[str, str | None]:
    """The text, and the encoding it was read in where that is guessed; a byte order mark is no part of it."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return data.decode("utf-32", "replace"), None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace"), None
    data = data.removeprefix(codecs.BOM_UTF8)
    if name := _by_zeros(data[:4096]):
        return data.decode(name, "replace"), name
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError:
        lines = data.split(b"\n")
    special = [line for line in lines if not line.isascii()]
    if any(_utf8(line) is not None for line in special):
        # A file of two encodings: lines of a spreadsheet pasted into one of Unicode.
        return "\n".join(_utf8(line) or line.decode("cp1252", "replace") for line in lines), "windows-1252 in part"
    # A word that comes again says no more.
    sample = b" ".join(dict.fromkeys(word for line in special for word in line.split() if not word.isascii()))
    name = guessed(
        sample if len(sample) < _LOOKED_AT else sample[:_LOOKED_AT].rpartition(b" ")[0] or sample[:_LOOKED_AT]
    )
    return data.decode(name, "replace"), name.replace("cp125", "windows-125")


def _by_zeros(head: bytes) -> str | None:
    """The Unicode that a text without a mark is in, where halves or more of its characters are 0; else None."""
    zeros = [head[i::4].count(0) * 4 for i in range(4)]
    if len(head) < 4 or 0 not in head:
        return None
    if max(min(zeros[2:]), min(zeros[:2])) > 0.9 * len(head):
        return "utf-32-le" if zeros[3] > zeros[0] else "utf-32-be"
    odd, even = zeros[1] + zeros[3], zeros[0] + zeros[2]
    name = "utf-16-le" if odd > even else "utf-16-be"
    text = head[: len(head) // 2 * 2].decode(name, "replace")
    is_text = sum(c.isprintable() or c in "\t\r\n\xad" for c in text) > 0.9 * len(text)
    # A few NULs among plain letters are no other script.
    rest = head.replace(b"\0", b"")
    is_plain = 4 * len(rest) > 3 * len(head) and len(re.findall(rb"[\t\r\n -~]", rest)) > 0.9 * len(rest)
    is_wide = max(odd, even) * 10 > len(head) and min(odd, even) * 16 < max(odd, even) and not is_plain
    return name if is_wide and is_text else None


def _utf8(line: bytes) -> str | None:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return None


def mended(text: str) -> str:
    """A text without mojibake, as it was before it was read in the wrong encoding; as it is where that fails."""
    for encoding in ("cp1252", "latin-1"):
        with suppress(UnicodeError):
            return text.encode(encoding).decode("utf-8")
    return text
