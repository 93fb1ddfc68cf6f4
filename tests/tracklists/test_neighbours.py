"""Files of the kinds people have, beside the cases handed in: seconds, sums, short rows, sides, dates, times of day."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from enrich.errors import InputFileError
from enrich.tracklists.reading import read_tracklists

NAMES = [("Alpha Kid", "Night Signal"), ("Beta Kid", "Day Signal"), ("Gamma Kid", "Dawn")]
LABELS = ["Deepwell", "Low Tide", "Sub"]
TRACKS = [{"artist": artist, "title": title} for artist, title in NAMES]
HEAD = "set_id,position,artist,title"

SECONDS = [
    ("62:03", 3723), ("310,5", 310), ("1:02:03.5", 3723), ("01h02m03s", 3723), ("3723", 3723), ("3723.0", 3723),
    ("0:00", 0), ("5'10\"", 310), ("1h02m", 3720), ("1h02", 3720), ("[12:30]", 750), ("310s", 310), ("5m10s", 310),
    ("1:2:3", 3723), ("PT5M10S", 310), ("PT1H2M", 3720), ("00:05:10,500", 310), ("5 min", 300), ("310 sec", 310),
    ("1h 30s", 3630), ("-", None), ("?", None), ("9e9", None), ("soon", None), ("-5", None),
]  # fmt: skip


def _read(folder: Path, content: str | bytes, name: str = "set.txt") -> Any:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_tracklists(path)


def _lines(form: str, names: list[tuple[str, str]] = NAMES) -> str:
    return "".join(
        form.format(n=n, a=a, t=t, label=label) + "\n"
        for n, ((a, t), label) in enumerate(zip(names, LABELS, strict=True), 1)
    )


def _named(read: Any) -> list[tuple[str | None, str | None]]:
    rows: list[tuple[str | None, str | None]] = read.slots.select("artist", "title").rows()
    return rows


@pytest.mark.parametrize("column", ["cue", "cue_seconds", "Timestamp"])
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "json", "list", "program"])
def test_seconds_are_read_alike_in_every_form(tmp_path: Path, kind: str, column: str) -> None:
    rows = [{"set_id": "s", "position": n, "artist": "A", "title": "T", column: x} for n, (x, _) in enumerate(SECONDS)]
    rows = [{**row, "position": n} for n, row in enumerate(rows, 1)]
    bare = [{key: row[key] for key in ("artist", "title", column)} for row in rows]
    packed = BytesIO()
    pl.DataFrame(rows).write_parquet(packed)
    given: dict[str, tuple[str | bytes, str]] = {
        "csv": (pl.DataFrame(rows).write_csv(quote_style="always"), "x.csv"),
        "jsonl": ("\n".join(map(json.dumps, rows)), "x.jsonl"),
        "parquet": (packed.getvalue(), "x.parquet"),
        "json": (json.dumps({"name": "M", "tracks": bare}), "x.json"),
        "list": (json.dumps(rows), "x.json"),
        "program": (pl.DataFrame(bare).rename({column: "cue"}).write_csv(quote_style="always"), "x.csv"),
    }

    assert _read(tmp_path, *given[kind]).slots["cue_seconds"].to_list() == [at for _, at in SECONDS]


@pytest.mark.parametrize(
    "cues", [[60.5, 121.0, 0.2], [timedelta(seconds=60.5), timedelta(minutes=2, seconds=1), timedelta()]]
)
def test_seconds_of_other_types(tmp_path: Path, cues: list[Any]) -> None:
    pl.DataFrame({"set_id": "s", "position": [1, 2, 3], "artist": "A", "cue": cues}).write_parquet(tmp_path / "t.pq")

    assert read_tracklists(tmp_path / "t.pq").slots["cue_seconds"].to_list() == [60, 121, 0]


@pytest.mark.parametrize(
    "text",
    [
        f"#,Artist,Title,Time\n{_lines('{n},{a},{t},0{n}:00')},,Total tracks: 3,\n",
        f"#,Artist,Title,Time\n{_lines('{n},{a},{t},0{n}:00')},,Total,15:00\n",
        f"{HEAD}\n{_lines('s,{n},{a},{t}')}s,4,,Total\n",
        f"Title;Artist\n{_lines('{t};{a}')}Total: 3 tracks;\n",
        f"Title;Artist\n{_lines('{t};{a}')}Grand Total 1:05:10;\n",
    ],
)
def test_a_sum_below_a_table_is_no_track(tmp_path: Path, text: str) -> None:
    read = _read(tmp_path, text, "x.csv")

    assert _named(read) == NAMES
    assert read.bad["reason"].to_list() == ["a sum below a table"]


def test_a_title_may_be_called_as_a_sum_is(tmp_path: Path) -> None:
    read = _read(tmp_path, "Artist,Title\nMotorcycle,Total\nBeta,Total Eclipse\n,Totally\n", "x.csv")

    assert read.slots["title"].to_list() == ["Total", "Total Eclipse", "Totally"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"{HEAD},label\ns,1,Alpha Kid,Night Signal,X\ns,2,Beta Kid,Day Signal\ns,3,Gamma Kid,Dawn,Z\n", "x.csv"),
        ("Artist;Title;Label;BPM\nAlpha Kid;Night Signal;X;1\nBeta Kid;Day Signal\nGamma Kid;Dawn;Z\n", "x.csv"),
        ("#\tTrack Title\tArtist\tLabel\n1\tNight Signal\tAlpha Kid\tX\n2\tDay Signal\tBeta Kid\n"
         "3\tDawn\tGamma Kid\tZ\n", "x.txt"),
    ],
)  # fmt: skip
def test_blank_cells_at_an_end_may_be_missing(tmp_path: Path, text: str, name: str) -> None:
    for data in (text, text.encode("utf-16")):
        read = _read(tmp_path, data, name)

        assert _named(read) == NAMES
        assert read.slots["label"].to_list() == ["X", None, "Z"]
        assert read.bad.is_empty()


@pytest.mark.parametrize("places", [["A1", "A2", "B1"], ["a1", "B1", "c1"], ["1)", "2)", "3)"], ["01.", "02.", "03."]])
def test_places_on_a_record_are_numbers_in_order(tmp_path: Path, places: list[str]) -> None:
    rows = [{"set_id": "s", "position": x, "artist": a, "title": t} for x, (a, t) in zip(places, NAMES, strict=True)]
    pl.DataFrame(rows).write_parquet(tmp_path / "x.parquet")

    for read in (
        _read(tmp_path, "\n".join(map(json.dumps, rows)), "x.jsonl"),
        _read(tmp_path, pl.DataFrame(rows).write_csv(), "x.csv"),
        read_tracklists(tmp_path / "x.parquet"),
    ):
        assert read.slots["position"].to_list() == [1, 2, 3]
        assert _named(read) == NAMES


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["24-03-15"], ["2024-03-15"]),
        (["15-03-24"], ["2024-03-15"]),
        (["24-03-15", "24-03-05"], ["2024-03-15", "2024-03-05"]),
        (["15-03-24", "16-03-24"], ["2024-03-15", "2024-03-16"]),
        (["99-12-31"], ["1999-12-31"]),
        (["04-03-05"], [None]),
        (["05-04-03"], [None]),
        (["3/15/2024", "3/5/2024"], ["2024-03-15", "2024-03-05"]),
        (["15.03.2024", "5.3.24"], ["2024-03-15", "2024-03-05"]),
        (["Fri, 15 Mar 2024", "15. März 24", "March 15, 2024"], ["2024-03-15"] * 3),
        (["soon", "32/13/2024", "24-13-40", "2024"], [None] * 4),
    ],
)
def test_dates_cost_no_row(tmp_path: Path, dates: list[str], expected: list[str | None]) -> None:
    rows = [{"Set ID": "s", "pos": n, "artist": "A", "title": "T", "Date": day} for n, day in enumerate(dates, 1)]

    for content, name in (
        (pl.DataFrame(rows).write_csv(), "x.csv"),
        ("\n".join(json.dumps({**row, "set_id": "s", "position": row["pos"]}) for row in rows), "x.jsonl"),
    ):
        assert _read(tmp_path, content, name).slots["set_date"].dt.to_string().to_list() == expected


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_columns_go_by_the_same_names_in_every_form(tmp_path: Path, kind: str) -> None:
    table = pl.DataFrame(
        {"Setlist ID": ["s"], "Track No": [1], "Artist Name": ["A"], "Song Title": ["T"], "played on": ["2024-03-15"]}
    )
    (table.write_parquet if kind == "parquet" else table.write_csv)(tmp_path / f"x.{kind}")

    slots = read_tracklists(tmp_path / f"x.{kind}").slots
    assert slots.select("set_id", "position", "artist", "title").rows() == [("s", 1, "A", "T")]
    assert slots["set_date"].to_list() == [datetime(2024, 3, 15).date()]  # noqa: DTZ001


def _clocks(form: str, *times: str) -> str:
    return "".join(form.format(time=x, a=a, t=t) + "\n" for x, (a, t) in zip(times, NAMES, strict=True))


@pytest.mark.parametrize(
    ("text", "name", "cues"),
    [
        ("VirtualDJ History 2024/03/15\n---\n" + _clocks("{time} : {a} - {t}", "23:50", "23:55", "00:02"), "x.txt",
         [0, 300, 720]),
        ("VirtualDJ History 2024/03/15\n---\n" + _clocks("{time} : {a} - {t}", "22:14", "22:19", "22:25"), "x.txt",
         [0, 300, 660]),
        (_clocks("{time} {a} - {t}", "10:58 PM", "11:55 PM", "12:02 AM"), "x.txt", [0, 3420, 3840]),
        (_clocks("{time} {a} - {t}", "22:14:05", "23:59:05", "00:04:05"), "x.txt", [0, 6300, 6600]),
        (_clocks("{time} {a} - {t}", "12:10", "22:14", "59:33"), "x.txt", [730, 1334, 3573]),
        (_clocks("{time} {a} - {t}", "0:00", "0:05", "0:10"), "x.txt", [0, 5, 10]),
        (_clocks("{time} {a} - {t}", "12:10", "13:10", "14:10"), "x.txt", [730, 790, 850]),
        ("Time,Artist,Title\n" + _clocks("{time},{a},{t}", "22:14", "23:58", "00:03"), "x.csv", [0, 6240, 6540]),
        ("Time,Artist,Title\n" + _clocks("{time},{a},{t}", "5:14", "3:58", "6:03"), "x.csv", [None, None, None]),
        ("Title,Artist,Start Time\n"
         + _clocks("{t},{a},2024-03-15 {time} +0000", "23:58:00", "23:59:00", "00:01:00"), "x.csv", [0, 60, 180]),
        ("name,artist,start time,playtime,deck\n" + _clocks("{t},{a},{time},00:01:00,1", "11:58:00 PM", "12:59:00 AM",
         "1:01:00 AM"), "x.csv", [0, 3660, 3780]),
        ("#EXTM3U\n" + _clocks("#EXTVDJ:<time>{time}</time><artist>{a}</artist><title>{t}</title>\nx.mp3", "23:50",
         "23:55", "00:02"), "x.m3u", [0, 300, 720]),
    ],
)  # fmt: skip
def test_times_of_a_day_are_no_cues(tmp_path: Path, text: str, name: str, cues: list[int | None]) -> None:
    read = _read(tmp_path, text, name)

    assert _named(read) == NAMES
    assert read.slots["cue_seconds"].to_list() == cues


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.cue", "".join(f'FILE "{n}.wav" WAVE\nTRACK 0{n} AUDIO\nTITLE "{t}"\nPERFORMER "{a}"\nINDEX 01 00:00:00\n'
                          for n, (a, t) in enumerate(NAMES, 1))),
        ("x.txt", "🎧 TRACKLIST 🎧\n\n" + _lines("🔥 0{n}:00 {a} - {t}") + "\n👍 Like & Subscribe!\n"),
        ("x.txt", "Artist - Title\n" + _lines("{a} - {t}")),
        ("x.txt", "Alpha Kid - Night Signal, Beta Kid - Day Signal, Gamma Kid - Dawn\n"),
        ("x.txt", "**Tracklist**\n```\n" + _lines("{n}. {a} - {t}") + "```\n"),
        ("x.txt", '{| class="wikitable"\n! # !! Artist !! Title\n|-\n' + _lines("| {n} || {a} || {t}\n|-") + "|}\n"),
        ("x.csv", "sep=\t\n" + f"{HEAD}\n{_lines('s,{n},{a},{t}')}".replace(",", "\t")),
        ("x.csv", " SET ID ; Position ;ARTIST; Title \n" + _lines("s; {n};{a};{t}")),
        ("x.csv", f"set_id|position|artist|title\n{_lines('s|{n}|{a}|{t}')}"),
        ("x.json", json.dumps({"data": {"sets": [{"title": "M", "tracks": [f"{a} - {t}" for a, t in NAMES]}]}})),
        ("x.json", json.dumps({"dj": {"sets": [{"id": "s", "setlist": {"tracks": TRACKS}}]}})),
    ],
)  # fmt: skip
def test_files_as_people_and_programs_leave_them(tmp_path: Path, name: str, content: str) -> None:
    read = _read(tmp_path, content, name)

    assert _named(read) == NAMES
    assert read.bad.is_empty()


@pytest.mark.parametrize("dash", ["-", "–", "—", "−"])
def test_labels_before_numbers_at_any_dash(tmp_path: Path, dash: str) -> None:
    read = _read(tmp_path, _lines(f"{{n}}. {{a}} {dash} {{t}} [{{label}} {dash} DW00{{n}}]"))

    assert read.slots["label"].to_list() == LABELS
    assert read.slots["catalog_number"].to_list() == ["DW001", "DW002", "DW003"]


@pytest.mark.parametrize(
    "written", ["15/03/2024", "03/15/2024", "15-03-2024", "20240315", "15.3.2024", "15th March 2024", "2024-03-15"]
)
def test_dates_in_names_of_sets(tmp_path: Path, written: str) -> None:
    read = _read(tmp_path, f"Mira @ Hall {written}\n\n" + _lines("{n}. {a} - {t}"))

    assert read.slots["set_date"].dt.to_string().unique().to_list() == ["2024-03-15"]


@pytest.mark.parametrize("written", ["03/04/2024", "2024315", "12345678", "201503150"])
def test_figures_in_names_that_are_no_sure_date(tmp_path: Path, written: str) -> None:
    read = _read(tmp_path, f"Mira @ Hall {written}\n\n" + _lines("{n}. {a} - {t}"))

    assert read.slots["set_date"].null_count() == len(NAMES)


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "utf-16", "utf-16-be", "utf-8-sig", "utf-32"])
@pytest.mark.parametrize(("form", "name"), [("{n}. {a} - {t}", "x.txt"), ("s,{n},{a},{t}", "x.csv")])
def test_western_encodings(tmp_path: Path, encoding: str, form: str, name: str) -> None:
    names = [("Björk", "Jóga"), ("Röyksopp", "Só Easy"), ("Émilie", "Été")]
    text = f"{HEAD}\n" * (name == "x.csv") + _lines(form, names)

    assert _named(_read(tmp_path, text.encode(encoding), name)) == names


@pytest.mark.parametrize(
    ("begin", "says"),
    [
        (b"PK\x03\x04\x14", "a spreadsheet, a document or an archive"),
        (b"\xd0\xcf\x11\xe0\xa1", "an old Excel or Word file"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"{\\rtf1\\ansi 1. Alpha - Night\\par", "rich text"),
        (b"SQLite format 3\0", "a database of SQLite"),
        (b"vrsn\0\0\0", "of Serato"),
        (b"ID3\x03\0", "a recording"),
        (b"RIFF\x24\x08\0\0WAVEfmt ", "a recording"),
        (b"\x89PNG\r\n", "a picture"),
    ],
)
def test_files_that_hold_no_text_are_refused_by_their_name(tmp_path: Path, begin: bytes, says: str) -> None:
    with pytest.raises(InputFileError, match=says):
        _read(tmp_path, begin + bytes(range(256)) * 4, "x.txt")


@pytest.mark.parametrize("artist", ["RIFF RAFF", "ID3", "Яыя", "PK"])
def test_names_that_begin_like_such_files(tmp_path: Path, artist: str) -> None:
    encoding = "utf-8" if artist.isascii() else "cp1251"
    read = _read(tmp_path, f"{artist} - Ночь\nКино - Группа крови\nСплин - Выхода нет\n".encode(encoding))

    assert read.slots["artist"].to_list() == [artist, "Кино", "Сплин"]


def test_figures_of_a_cue_that_nobody_knows(tmp_path: Path) -> None:
    cues = ["[00]", "[xx]", "[1x]"]
    text = "".join(f"# {cue} {a} - {t}\n" for cue, (a, t) in zip(cues, NAMES, strict=True))
    read = _read(tmp_path, f"[[Category:Mira]]\n{text}", "2024-03-15 - Mira - Radio.txt")

    assert _named(read) == NAMES
    assert read.slots["cue_seconds"].to_list() == [0, None, None]
