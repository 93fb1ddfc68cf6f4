"""The forms people have: typed lists, playlists, what DJ programs keep, feeds; and files that mean no good."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from enrich.errors import InputFileError
from enrich.tracklists.reading import read_tracklists


def _read(folder: Path, content: str | bytes, name: str = "set.txt") -> Any:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_tracklists(path)


PAIRS = [("Alpha Kid", "Night"), ("808 State", "Day (Beta Remix)"), ("Gamma", "Dusk")]


@pytest.mark.parametrize(
    "heading",
    [
        "PART 1 - WARM UP",
        "Hour 2 - DJ Two",
        "Side A – The Warm Up",
        "CD1 - Day",
        "GUEST MIX - DJ TWO",
        "Third Hour - End",
    ],
)
def test_a_heading_with_a_dash_is_set_aside(tmp_path: Path, heading: str) -> None:
    read = _read(tmp_path, f"A One - T One\nB Two - T Two\n{heading}\nC One - D\nSide Effect - E")

    assert read.slots["artist"].to_list() == ["A One", "B Two", "C One", "Side Effect"]
    assert read.bad.select("reason", "raw").rows() == [("a part is called so", heading)]


@pytest.mark.parametrize("line", ["{n} - {a} - {t}.mp3", "{n}. {a} - {t}.flac", "0h0{n} {a} - {t}"])
def test_endings_of_files_and_hours_are_marks(tmp_path: Path, line: str) -> None:
    named = [("A One", "T One"), ("B Two", "T Two"), ("C One", "T Three")]
    text = "\n".join(line.format(n=n, a=a, t=t) for n, (a, t) in enumerate(named, 1))

    assert _read(tmp_path, text).slots.select("artist", "title").rows() == named


@pytest.mark.parametrize(
    "text",
    ["<p>Tracklist:<br>{}<br />{}<BR/>{}</p>", "<ol><li>{}</li><li>{}</li><li>{}</li></ol>", "{}<br>\n{}<br>\n{}"],
)
def test_a_piece_of_a_page_in_one_line(tmp_path: Path, text: str) -> None:
    read = _read(tmp_path, text.format("A One - T One", "B Two - T Two", "C One - D"))

    assert read.slots["artist"].to_list() == ["A One", "B Two", "C One"]


def test_a_title_may_end_like_a_file(tmp_path: Path) -> None:
    text = "1. Perpetuous Dreamer - Dust.wav\n2. B Two - T Two\n3. C One - T Three"

    assert _read(tmp_path, text).slots["title"].to_list() == ["Dust.wav", "T Two", "T Three"]


@pytest.mark.parametrize(
    "line",
    [
        "{n}. {a} - {t}",
        "({n}) 0{n}:00 {a} - {t}",
        "0{n} - 0{n}:00 - {a} - {t}",
        "0{n}.{a} - {t}",
        "0{n}:00 0{n} {a} - {t}",
        "{n} - 00:0{n}:50 - {a} - {t}",
        "• {a} - {t}",
        "- {a} – {t}",
        "@2{n}:10 {a} - {t}",
        "#{n} {a} - {t}",
        "[{n}] {a} - {t}",
        "{n} {a} - {t}",
        "{n} - {a} - {t}",
        "Track {n}: {a} - {t}",
        "A{n}. {a} - {t}",
        "0{n}:00-0{n}:59 {a} - {t}",
        "{n}. {a} — {t}",
        "{n}. {a} － {t}",
        "{n}. {a} − {t}",
        "{a}-{t}",
        "{a}—{t}",
        "{a} | {t}",
        '{a} "{t}"',
        "{t} by {a}",
        "{n}. {a} - {t} [199{n}]",
        "{n}. {a} - {t} (199{n})",
        "{n}. {a} - {t} - 8A - 12{n}",
        "{n}. {a} - {t} [12{n} BPM]",
        "{n}. {a} - {t} - 6:1{n}",
        "{n}. {a} - {t} 0{n}:10",
        "{n}. {a} - {t} https://x.com/{n}",
        "{n}: {a} - {t}",
        "[{n}:00] 0{n}. {a} - {t}",
        "12{n} {a} - {t}",
        "12{n}.0 {a} - {t}",
        "12{n} - {a} - {t}",
        "12{n}bpm {a} - {t}",
        "{n}. 12{n} {a} - {t}",
        "0{n}:10 12{n} {a} - {t}",
        "12{n} {n}A {a} - {t}",
        "{n}A 12{n} {a} - {t}",
        "{n}A {a} - {t}",
        "{a} - {t} 12{n}",
        "{n}. {a} - {t} (12{n})",
        "{n}. {a} - {t} *",
        "(199{n}) {a} - {t}",
        "2024-01-0{n} {a} - {t}",
        "2024-01-02 22:0{n}:10 {a} - {t}",
        "10:0{n} PM {a} - {t}",
        "{n}' {a} - {t}",
        "{n} min {a} - {t}",
        "*0{n}:00* {a} - {t}",
        "**0{n}:00** {a} - {t}",
        "{{0{n}:00}} {a} - {t}",
        "{a} - {t} @0{n}:00",
        "{n}.0{n}:10 {a} - {t}",
        "{n}/3 {a} - {t}",
        "#{n}: {a} - {t}",
        "o {a} - {t}",
        "\uff11\uff0e {a} \uff0d {t}",
        "\uff10{n}\uff1a\uff10\uff10 {a} - {t}",
        "{n}.\u200b {a} - {t}",
        "{n}. {a} ⸺ {t}",
        "{n}. **{a}** - {t}",
        "* **{a}** - *{t}*",
        "- [{a} - {t}](https://x.com/{n})",
        "<b>{n}.</b> {a} - {t}<br>",
        "{n}. {a} &ndash; {t}",
        "{a} » {t}",
        "{a} > {t}",
        "{a} = {t}",
        "{a}; {t}",
        "{n}. {a}「{t}」",
        "{n}. {a} '{t}'",
        "{n}. {a} - '{t}'",
        "{n}. {t} von {a}",
        "{n}\t{a}\t{t}",
        "0{n}:00\t{a}\t{t}",
        "{n}    {a}    {t}",
        "B{n} {a} - {t}",
        "A{n} - {a} - {t}",
        "{n}º {a} - {t}",
        "{n}th. {a} - {t}",
        "{{{n}}} {a} - {t}",
        "0{n}:10: {a} - {t}",
        "0{n}:10, {a} - {t}",
        "0{n}:10;{a} - {t}",
        "0h0{n}m {a} - {t}",
        "{n}m{n}s {a} - {t}",
        "[0{n}:10] [{n}] {a} - {t}",
        "{n}. {a} --- {t}",
        "{n}. {a} –– {t}",
        '{n}. "{a}" - "{t}"',
        '{n}. {a}, "{t}"',
        "{a} ｜ {t}",
        "{a}, {t}",
        "{n}. {a}, {t}",
        "{n}. {a} - {t}**",
        "{n}. TUNE OF THE WEEK: {a} - {t}",
        "({n}/3) 0{n}:10 {a} - {t}",
        "(Track {n}) 0{n}:10 {a} - {t}",
        "[#{n}] 0{n}:10 {a} - {t}",
        "{n}- 0{n}:10 {a} - {t}",
        "{n}, 0{n}:10, {a} - {t}",
        "0{n} » 0{n}:10 » {a} - {t}",
        "Titel {n}: {a} - {t}",
        "at 0{n}:10 {a} - {t}",
        "0{n}:10 -{a} - {t}",
        "0{n}:10 / {a} - {t}",
        "0{n}:10 … {a} - {t}",
        "0{n}:10 min - {a} - {t}",
        "(@0{n}:10) {a} - {t}",
        "`0{n}:10` {a} - {t}",
        "0{n}:10 --> 0{n}:50 {a} - {t}",
        "{a} - {t} (0{n}:10 - 0{n}:50)",
        "{a} - {t} [@ 0{n}:10]",
        "{a} - {t} // 0{n}:10",
        "{a} - {t} ........ 0{n}:10",
        "{a} - {t} (length {n}:10)",
        "{n}. {a} - {t} {n}:10 min.",
        "0{n}. (00{n}) {a} - {t}",
        "[00{n}] - {a} - {t}",
        "{n}-{a} - {t}",
        "0{n}–{a} – {t}",
        "0{n}» {a} - {t}",
        "Nº{n} {a} - {t}",
        "1-0{n} {a} - {t}",
        "199{n}: {a} - {t}",
        "{n}. 199{n} - {a} - {t}",
        "{n}. {a} - {t} (Released: 199{n})",
        "{n}. {a} - {t} [199{n}-03-15]",
        "{a} - {t} [Fm] [12{n}]",
        "{a} - {t} (BPM: 12{n}, Key: {n}A)",
        "– {a} - {t}",
        "[x] {a} - {t}",
        "- [ ] {a} - {t}",
        "--> {a} - {t}",
        "§ {a} - {t}",
        "└ {a} - {t}",
        "{a}_{t}",
        "{a}|{t}",
        "{a} || {t}",
        "{a} \\ {t}",
        "{a} ★ {t}",
        "{n} {a} / {t}",
        "{n}. {a} ─ {t}",
        "{n}. {a} ー {t}",
        "{n}. {a} - - {t}",
        '{n}. "{a} - {t}"',
        "{n}. *{a}* - {t}",
        "{n}. [b]{a}[/b] - {t}",
        "[*]{a} - {t}",
        "{n}. <a href='/x'>{a}</a> - {t}",
        "[{a} - {t}](<https://x.com/{n}>)",
        "| {n} | {a} | {t} |",
        "{n}\\. {a} - {t}",
        "{n}. {a} - {t},",
        "{n}. {a} - {t} 🔥",
        "Künstler: {a}\nTitel: {t}\n",
        "- title: {t}\n  artist: {a}",
        "{n}. Artist: {a}; Title: {t}",
        "{n}. {t}\nby {a}\n",
    ],
)
def test_marks_around_a_track(tmp_path: Path, line: str) -> None:
    text = "Tracklist:\n\n" + "\n".join(line.format(n=n, a=a, t=t) for n, (a, t) in enumerate(PAIRS, start=1))
    read = _read(tmp_path, text)

    assert read.slots.select("artist", "title").rows() == PAIRS
    assert read.bad.is_empty()


def test_numbers_that_are_names_stay(tmp_path: Path) -> None:
    names = [("2 Bad Mice", "Bombscare"), ("808 State", "Pacific"), ("311", "Amber"), ("1991", "Chant"), ("65dos", "X")]
    read = _read(tmp_path, "\n".join(f"{a} - {t}" for a, t in names))

    assert read.slots.select("artist", "title").rows() == names


def test_numbers_that_no_list_counts_stay(tmp_path: Path) -> None:
    names = [("112", "Peaches"), ("Alpha", "Night"), ("187 Lockdown", "Gunman"), ("Beta", "Summer 2015")]
    read = _read(tmp_path, "\n".join(f"{n}. {a} - {t}" for n, (a, t) in enumerate(names, start=1)))

    assert read.slots.select("artist", "title").rows() == names


@pytest.mark.parametrize(
    "behind",
    [
        " - {}", " [{}]", " | {}", " <{}>", ", {}", " @ {}", " / {}", " // {}", " ~ {}", " : {}", "; {}", "\t{}",
        " • {}", "【{}】", " ［{}］", " (Label: {})", " [Label: {}]", " «{}»", " [on {}]", " -> {}", " → {}", " © {}",
        " ({})", " ({} - ABC012)", " (on {})", " [out on {}]", " [{} ABC012]", " [{} / ABC 012]", " [{}, ABC012]",
        " [{}: ABC012]", " [{} (ABC012)]", " - {} - ABC012", " [{}, 2014]", " [{} 2014]", " ({}, 2014)", " (2014) [{}]",
        " [{}] (2014)", " [{}] 8A", " [{}] 5:10", " [{}] 128 BPM",
    ],
)  # fmt: skip
def test_labels_behind_titles(tmp_path: Path, behind: str) -> None:
    labels = ["Deepwell", "Low Tide", "Sub 12"]
    lines = [
        f"{n}. {a} - {t}{behind.format(label)}" for n, ((a, t), label) in enumerate(zip(PAIRS, labels, strict=True), 1)
    ]
    read = _read(tmp_path, "\n".join(lines))

    assert read.slots.select("artist", "title", "label").rows() == [(*p, x) for p, x in zip(PAIRS, labels, strict=True)]


TALK = """\
Hi everyone - thanks for listening!
Mira Sol @ Harbour 2024-01-02
Follow me: https://instagram.com/x

*** Tracklisting ***

First Hour - Mira Sol:

1. Alpha Kid - Night
2. @beta_kid - Day

Guest Mix - Otto

1. Gamma - Dusk
gamma-music.com/releases/7
2. ID

Thanks for listening - see you next week
Soundcloud - @mirasol
"""


def test_headings_links_and_greetings_are_no_tracks(tmp_path: Path) -> None:
    read = _read(tmp_path, TALK)

    assert read.slots.select("artist", "title", "section").rows() == [
        ("Alpha Kid", "Night", None), ("beta_kid", "Day", None), ("Gamma", "Dusk", "Guest Mix - Otto"),
        (None, "ID", "Guest Mix - Otto"),
    ]  # fmt: skip
    assert read.slots["set_name"].unique().to_list() == ["Mira Sol @ Harbour 2024-01-02"]


@pytest.mark.parametrize(
    "line",
    [
        "Recorded live at the beach - thanks for listening!",
        "1 hour of deep house - perfect for summer",
        "If you like it - leave a comment :)",
        "We do not own the music - all rights belong to the artists.",
    ],
)
def test_a_sentence_around_a_list_is_no_track(tmp_path: Path, line: str) -> None:
    names = "".join(f"{a} - {t}\n" for a, t in PAIRS)

    for text in (f"{line}\n{names}", f"{names}{line}\n"):
        assert _read(tmp_path, text).slots.select("artist", "title").rows() == PAIRS


def test_names_in_small_letters_are_tracks(tmp_path: Path) -> None:
    names = [("the cinematic orchestra", "to build a home"), ("beta", "day"), ("four tet", "this unfolds")]

    read = _read(tmp_path, "".join(f"{a} - {t}\n" for a, t in names))

    assert read.slots.select("artist", "title").rows() == names


def test_round_brackets_that_are_no_labels_stay(tmp_path: Path) -> None:
    titles = ["Night (Original Mix)", "Day (feat. Cara)", "Dusk (Part 2)", "Dawn (I Want You)", "Noon (Live)"]
    read = _read(tmp_path, "\n".join(f"{n}. Alpha - {title}" for n, title in enumerate(titles, start=1)))

    assert read.slots["title"].to_list() == titles
    assert read.slots["label"].null_count() == len(titles)


def test_a_comma_too_many_is_in_doubt(tmp_path: Path) -> None:
    read = _read(tmp_path, "Alpha, Night\nBeta, Day\nGamma, Delta, Song\nGamma, Dusk\nMira, Dawn\n")

    assert read.slots["artist"].to_list() == ["Alpha", "Beta", "Gamma", "Mira"]
    assert read.bad["reason"].to_list() == ["more than one comma may part artist and title"]


def test_a_mark_at_the_end_of_a_line_swallows_no_track(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        "01. Alpha - Night,\n02. Beta - Tailor -\n03. Gamma - Dusk (feat. Mira &\n04. ID -\n05. Delta - Dawn\n",
    )

    assert read.slots["artist"].to_list() == ["Alpha", "Beta", "Gamma", "ID", "Delta"]


def test_what_stands_behind_the_only_dash_is_no_year(tmp_path: Path) -> None:
    names = [("Prince", "1999"), ("Smashing Pumpkins", "1979"), ("James Blunt", "1973")]
    read = _read(tmp_path, "".join(f"{a} - {t}\n" for a, t in names))

    assert read.slots.select("artist", "title").rows() == names


def test_two_dashes_without_blanks_are_in_doubt(tmp_path: Path) -> None:
    read = _read(tmp_path, "Alpha-Night\nBeta-Day\nJay-Z-Song\nGamma-Dusk\n")

    assert read.slots["artist"].to_list() == ["Alpha", "Beta", "Gamma"]
    assert read.bad.select("line", "reason").rows() == [(3, "more than one dash may part artist and title")]


CUE = """\
PERFORMER "Mira Sol"
TITLE "Harbour Nights 2024-03-02"
FILE "x.mp3" MP3
  TRACK 01 AUDIO
    PERFORMER "Alpha Kid"
    TITLE "Say "Night" Again"
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Beta - Day"
    INDEX 00 04:00:00
    INDEX 01 05:10:37
"""
REKORDBOX = (
    '<?xml version="1.0"?><DJ_PLAYLISTS><COLLECTION><TRACK TrackID="1" Name="Night" Artist="Alpha Kid" '
    'Mix="Dub" Label="Deepwell"/><TRACK TrackID="2" Name="Day" Artist="Beta"/><TRACK TrackID="3" Name="C" Artist="C"/>'
    '</COLLECTION><PLAYLISTS><NODE Type="0" Name="ROOT"><NODE Name="HISTORY 2024-03-02" Type="1"><TRACK Key="2"/>'
    '<TRACK Key="1"/></NODE></NODE></PLAYLISTS></DJ_PLAYLISTS>'
)
TRAKTOR = (
    '<NML VERSION="19"><COLLECTION><ENTRY TITLE="Night" ARTIST="Alpha Kid">'
    '<LOCATION DIR="/:m/:" FILE="1.mp3" VOLUME="C:"/>'
    '<INFO PLAYTIME="338" LABEL="Deepwell"/></ENTRY><ENTRY TITLE="Day" ARTIST="Beta">'
    '<LOCATION DIR="/:m/:" FILE="2.mp3" '
    'VOLUME="C:"/></ENTRY></COLLECTION><PLAYLISTS><NODE TYPE="PLAYLIST" NAME="HISTORY 2024-03-02"><PLAYLIST>'
    '<ENTRY><PRIMARYKEY KEY="C:/:m/:2.mp3"/><EXTENDEDDATA PLAYEDPUBLIC="1" STARTTIME="70000"/></ENTRY>'
    '<ENTRY><PRIMARYKEY KEY="C:/:m/:1.mp3"/><EXTENDEDDATA PLAYEDPUBLIC="1" STARTTIME="70300"/></ENTRY>'
    "</PLAYLIST></NODE></PLAYLISTS></NML>"
)
REKORDBOX_CUE = """\
REM DATE 2024-03-02 10:11 PM
REM RECORDED_BY "rekordbox-dj"
TITLE "REC 2024-03-02"
PERFORMER "Mira"
\tTRACK 01 AUDIO
\t\tTITLE "Night"
\t\tPERFORMER "Alpha Kid"
\t\tINDEX 01 00:00:00
\tTRACK 02 AUDIO
\t\tTITLE "Beta – Day [Deepwell]"
\t\tINDEX 01 01:05:10
"""
VIRTUAL_DJ = (
    "#EXTVDJ:<time>18:23</time><artist>Alpha Kid</artist><title>Night</title><remix>Dub</remix>\nG:\\m\\x.flac\n"
    "#EXTVDJ:<time>18:37</time>\nC:\\m\\Beta - Day.wav\n"
)
SERATO = (
    '"name","artist","start time","end time","playtime","deck"\n"2.3.2024","","2.3.2024 16:40:00","","02:55:38",""\n'
    '"Night","Alpha Kid","23:50:36","","00:08:36","2"\n"Day","Beta","00:06:51","","00:20:37","1"\n'
)


@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        pytest.param("x.cue", CUE, [("Alpha Kid", 'Say "Night" Again', None, 0), ("Beta", "Day", None, 310)], id="cue"),
        pytest.param(
            "x.xml",
            REKORDBOX,
            [("Beta", "Day", None, None), ("Alpha Kid", "Night (Dub)", "Deepwell", None)],
            id="rekordbox",
        ),
        pytest.param(
            "x.nml", TRAKTOR, [("Beta", "Day", None, 0), ("Alpha Kid", "Night", "Deepwell", 300)], id="traktor"
        ),
        pytest.param(
            "x.m3u",
            VIRTUAL_DJ,
            [("Alpha Kid", "Night (Dub)", None, 0), ("Beta", "Day", None, 840)],
            id="virtual-dj",
        ),
        pytest.param(
            "x.cue",
            REKORDBOX_CUE,
            [("Alpha Kid", "Night", None, 0), ("Beta", "Day", "Deepwell", 3910)],
            id="rekordbox-counts-hours",
        ),
        pytest.param(
            "x.vdjfolder",
            '<VirtualFolder><song artist="Alpha Kid" title="Night"/><song path="/m/Beta - Day.mp3"/></VirtualFolder>',
            [("Alpha Kid", "Night", None, None), ("Beta", "Day", None, None)],
            id="virtual-dj-folder",
        ),
        pytest.param("x.csv", SERATO, [("Alpha Kid", "Night", None, 0), ("Beta", "Day", None, 975)], id="serato"),
        pytest.param(
            "x.txt",
            "#\tTrack Title\tArtist\tBPM\tLabel\r\n1\tNight\tAlpha Kid\t128\tDeepwell\r\n".encode("utf-16"),
            [("Alpha Kid", "Night", "Deepwell", None)],
            id="rekordbox-txt",
        ),
        pytest.param(
            "x.csv", "Position;Artist;Title\n1;Alpha Kid;Night\n", [("Alpha Kid", "Night", None, None)], id="numbered"
        ),
    ],
)
def test_what_players_and_dj_programs_keep(tmp_path: Path, name: str, content: str, rows: list[Any]) -> None:
    read = _read(tmp_path, content, name)

    assert read.slots.select("artist", "title", "label", "cue_seconds").rows() == rows
    assert set(read.slots["source"]) == {"dj-software"}


TRACK = {"artist": "Alpha Kid", "title": "Night"}


@pytest.mark.parametrize(
    "document",
    [
        [{"type": "tracklist", "id": "q1", "name": "Mira @ X"}, {"type": "track", "tracklist_id": "q1", **TRACK}],
        [{"name": "Mira @ X", "artist": "Mira", "url": "https://1001.tl/q1"}, {"track_name": "Alpha Kid - Night"}],
        {"set": {"id": "q1", "name": "Mira @ X"}, "tracks": [TRACK]},
        {"data": {"tracklist": {"id": "q1", "tracks": [TRACK]}}},
        [{"set_id": "q1", "set_name": "Mira @ X", **TRACK}, {"set_id": "q1"}],
    ],
)
def test_feeds(tmp_path: Path, document: Any) -> None:
    for name, text in (("f.json", json.dumps(document)), ("f.jsonl", "\n".join(map(json.dumps, document)))):
        if name == "f.json" or isinstance(document, list):
            assert _read(tmp_path, text, name).slots.select("set_id", "artist", "title").rows() == [
                ("q1", "Alpha Kid", "Night")
            ]


def test_a_feed_of_plain_titles_warns(tmp_path: Path) -> None:
    read = _read(tmp_path, json.dumps({"name": "X", "tracks": ["One", "Two"]}), "f.json")

    assert "names an artist" in read.warnings["reason"].item()


@pytest.mark.parametrize(
    ("encoding", "artist"),
    [
        ("cp1251", "Кино"),
        ("koi8_r", "Кино"),
        ("cp1252", "Beyoncé"),
        ("cp1250", "Žluťoučký kůň úpěl ďábelské ódy"),
        ("cp932", "電気グルーヴ"),
        ("gb18030", "崔健 一无所有 王菲 红豆"),
        ("utf-16-le", "Beyoncé Ü"),
        ("utf-16-le", "Кино Группа крови"),
        ("utf-16-be", "Кино Группа крови"),
        ("utf-32-le", "Beyoncé"),
        ("mac_roman", "Beyoncé Déjà"),
        ("mac_roman", "Señor Coconut El Baile Alemán"),
        ("cp850", "Röyksopp Señor"),
        ("cp437", "Mylène Désenchantée"),
        ("iso8859_5", "Агата Кристи Опиум для никого"),
    ],
)
def test_encodings_are_detected_and_said(tmp_path: Path, encoding: str, artist: str) -> None:
    read = _read(tmp_path, f"01. {artist} - Night\n02. {artist} - Day\n".encode(encoding))

    assert read.slots["artist"].to_list() == [artist] * 2
    assert "which is a guess" in read.warnings["reason"].item()


@pytest.mark.parametrize(
    "remark", ["TUNE OF THE WEEK: ", "'''Tune Of The Week:''' ", "[Tune of the Week] ", "Essential New Tune: "]
)
def test_what_a_show_says_of_a_track_is_no_name(tmp_path: Path, remark: str) -> None:
    text = f"# Push - Microgravity [Filth]\n# {remark}Steve Morley - Reincarnations [Neo]\n[[Category:x]]\n"

    assert _read(tmp_path, text).slots["artist"].to_list() == ["Push", "Steve Morley"]


def test_mojibake_is_mended(tmp_path: Path) -> None:
    assert _read(tmp_path, "01. BeyoncÃ© - Halo\n02. RÃ¶yksopp - Eple\n").slots["artist"].to_list() == [
        "Beyoncé",
        "Röyksopp",
    ]


@pytest.mark.parametrize(
    "artist",
    [
        "(1) 00:00 David Gray",
        "01 2:13 Alpha",
        "EXTINF:353,Alpha",
        r"D:\\Music\\x.mp3",
        "/music/a/b.flac",
        "• Alpha",
        "Beyonc\ufffd",
    ],
)
def test_what_can_be_no_name_is_set_aside(tmp_path: Path, artist: str) -> None:
    read = _read(tmp_path, f'set_id,position,artist,title\ns,1,"{artist}",T\ns,2,20:20 Soundsystem,T\n', "t.csv")

    assert read.slots["artist"].to_list() == ["20:20 Soundsystem"]
    assert "can be no name" in read.bad["reason"].item()


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("sep=;\r\nSet ID;POSITION;Artist ;Title", "s;1;Alpha;Night"),
        ("set-id|Position|ARTIST|title", "s|1|Alpha|Night"),
        ("\ufeffSet_Id\tposition\tartist\ttitle", "s\t1\tAlpha\tNight"),
    ],
)
def test_headers_and_delimiters(tmp_path: Path, header: str, row: str) -> None:
    read = _read(tmp_path, f"{header}\r\n{row}\r\n", "t.csv")

    assert read.slots.select("set_id", "artist", "title").rows() == [("s", "Alpha", "Night")]


def test_a_quote_left_open_costs_its_row(tmp_path: Path) -> None:
    rows = 's,1,A,"Night\ns,2,B,Day\ns,3,C,"Dusk"\ns,4,D,Dawn\n'
    read = _read(tmp_path, f"set_id,position,artist,title\n{rows}", "t.csv")

    assert read.slots["artist"].to_list() == ["B", "C", "D"]
    assert read.bad["line"].to_list() == [2]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["3/15/2024", "3/4/2024"], ["2024-03-15", "2024-03-04"]),
        (["15/3/2024", "3/4/2024"], ["2024-03-15", "2024-04-03"]),
        (["3/4/2024", "15.3.2024"], [None, "2024-03-15"]),
        (["15 March 2024", "Mar 15th, 2024"], ["2024-03-15"] * 2),
        (["Fri 15-Mar-24", "15.3.2024 22:00"], ["2024-03-15"] * 2),
        (["last summer", "2023-02-29"], [None, None]),
        (["2024年3月15日", "2024. 3. 15."], ["2024-03-15"] * 2),
        (["Freitag, 15. März 2024", "15 mars 2024", "1er août 2024"], ["2024-03-15"] * 2 + ["2024-08-01"]),
        (["martes, 5 de junio de 2024", "15 dic. 2024"], ["2024-06-05", "2024-12-15"]),
        (["venerdì 15 marzo 2024", "15 ott 2024"], ["2024-03-15", "2024-10-15"]),
        (["sexta-feira, 15 de março de 2024", "15 fev 24"], ["2024-03-15", "2024-02-15"]),
        (["vrijdag 15 maart 2024", "15 mei 98"], ["2024-03-15", "1998-05-15"]),
        (["Fri, 15 Mar 2024 22:00:00 GMT", "Fri Mar 15 22:00:00 2024", "15mar2024"], ["2024-03-15"] * 3),
        (["2024-03-15T22:00:00.000+02:00", "2024 Mar 15"], ["2024-03-15"] * 2),
        (["1710532800", "1710532800000", "45366.5"], ["2024-03-15"] * 3),
        (["15 Marathon 2024", "123", "31.02.2024"], [None] * 3),
    ],
)
def test_written_dates(tmp_path: Path, written: list[str], expected: list[str | None]) -> None:
    rows = "".join(f's{i},1,"{day}"\n' for i, day in enumerate(written))
    read = _read(tmp_path, f"set_id,position,set_date\n{rows}", "t.csv")

    assert [day and day.isoformat() for day in read.slots["set_date"]] == expected
    assert read.warnings.height == expected.count(None)


DEEP = 200_000


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.html", "<html><body>" + "<div>" * DEEP, "nested"),
        ("x.json", "[" * DEEP, "not JSON"),
        ("x.xml", "<DJ_PLAYLISTS>" + "<NODE>" * DEEP + "</NODE>" * DEEP + "</DJ_PLAYLISTS>", "without a playlist"),
        ("x.txt", "01. A - " + "x" * 300_000, "300,008 characters"),
        ("x.m3u8", "#EXTM3U\nD:\\09 Sunlight Tarot.mp3\n", "an M3U playlist without artist names"),
        ("x.cue", "TRACK 01 AUDIO\n", "CUE sheet"),
        ("x.xml", "<rss><item/></rss>", "neither rekordbox nor Traktor"),
        ("x.asx", "<asx><entry><title>Night</title></entry></asx>", "ASX playlist without artist names"),
        ("x.xspf", "<playlist><track><title>Night</title></track></playlist>", "XSPF playlist without artist names"),
        ("x.xml", "<!DOCTYPE plist><plist><dict/></plist>", "an iTunes library; export the playlist"),
        ("x.csv", "one,two,three,four\na,b,c,d\n", "no column set_id"),
        ("x.wiki", "#REDIRECT [[Some - Page]]\n", "no line of a tracklist"),
        (
            "x.txt",
            "This project reads lists\nInstall it with pip\nRun it then\nIt is done\n",
            "neither a tracklist table",
        ),
        ("x.txt", "I went to the club.\nIt was fun.\nThe DJ was good.\nWe danced.\n", "neither a tracklist table"),
    ],
)
def test_what_cannot_be_read_is_one_line_of_its_own(tmp_path: Path, name: str, content: str, says: str) -> None:
    (tmp_path / name).write_text(content)
    (tmp_path / "good.csv").write_text("set_id,position\ns,1\n")
    read = read_tracklists([tmp_path / name, tmp_path / "good.csv", "/dev/zero"])

    assert read.slots["set_id"].to_list() == ["s"]
    assert any(says in reason for reason in read.bad["reason"])
    with pytest.raises(InputFileError) as caught:
        read_tracklists(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("1. Alpha - Night 2. Beta - Day 3. Gamma - Dusk\n", id="numbers-on-one-line"),
        pytest.param("Nice! 00:00 Alpha - Night 05:10 Beta - Day 1:09:30 Gamma - Dusk\n", id="cues-on-one-line"),
        pytest.param("Alpha - Night / Beta - Day / Gamma - Dusk\n", id="slashes-on-one-line"),
        pytest.param("01. Alpha\n    Night\n02. Beta\n    Day\n03. Gamma\n    Dusk\n", id="title-below-artist"),
        pytest.param("00:00\nAlpha - Night\n05:10\nBeta - Day\n09:00\nGamma - Dusk\n", id="cue-above"),
        pytest.param("01. Alpha -\nNight\n02. Beta -\nDay\n03. Gamma -\nDusk\n", id="dash-at-the-end"),
        pytest.param("Alpha : Night\nBeta : Day\nGamma : Dusk\n", id="colons"),
        pytest.param("Alpha • Night\nBeta • Day\nGamma • Dusk\n", id="dots"),
        pytest.param("№1 Alpha - Night\n№2 Beta - Day\n№3 Gamma - Dusk\n", id="numero"),
        pytest.param("1️⃣ Alpha - Night\n2️⃣ Beta - Day\n3️⃣ Gamma - Dusk\n", id="keycaps"),
        pytest.param("🎵 Alpha - Night\n🎵 Beta - Day\n🎵 Gamma - Dusk\n", id="pictures"),
        pytest.param("8A - Alpha - Night\n9A - Beta - Day\n10B - Gamma - Dusk\n", id="keys-before"),
        pytest.param("1. Alpha - Night 8A 128\n2. Beta - Day 9A 126\n3. Gamma - Dusk 1A 124\n", id="key-and-tempo"),
        pytest.param("[01] [00:00] Alpha - Night\n[02] [05:10] Beta - Day\n[03] [09:00] Gamma - Dusk\n", id="brackets"),
        pytest.param("[playlist]\nTitle1=Alpha - Night\nTitle2=Beta - Day\nTitle3=Gamma - Dusk\n", id="pls"),
        pytest.param(
            "[[Category:A]]\n* [00:00] Alpha - Night\n* [05:00] Beta - Day\n* [09:00] Gamma - Dusk\n", id="wiki"
        ),
        pytest.param("Alpha\nNight\nBeta\nDay\nGamma\nDusk\n", id="by-turns"),
        pytest.param("Alpha\n\nNight\n\nBeta\n\nDay\n\nGamma\n\nDusk\n", id="by-turns-blank-lines"),
        pytest.param("Mira @ X 2024-01-02\nTracklist\nAlpha\nNight\nBeta\nDay\nGamma\nDusk\n", id="by-turns-headed"),
        pytest.param("Alpha\nNight\nX Music\n\nBeta\nDay\nY\n\nGamma\nDusk\nZ\n", id="by-turns-with-labels"),
        pytest.param("00:10\nAlpha\nNight\n00:20\nBeta\nDay\n00:30\nGamma\nDusk\n", id="by-turns-cues-above"),
        pytest.param("1.\nAlpha\nNight\n2.\nBeta\nDay\n3.\nGamma\nDusk\n", id="by-turns-numbers-above"),
        pytest.param("Alpha\nNight\n1:33\nBeta\nDay\n2:33\nGamma\nDusk\n3:33\n", id="by-turns-cues-below"),
        pytest.param("Night\nby Alpha\nDay\nby Beta\nDusk\nby Gamma\n", id="by-turns-by"),
        pytest.param(
            "Artist: Alpha\nTitle: Night\n\nArtist: Beta\nTitle: Day\n\nArtist: Gamma\nTitle: Dusk\n", id="fields"
        ),
        pytest.param("I. Alpha - Night\nII. Beta - Day\nIII. Gamma - Dusk\n", id="roman"),
        pytest.param("① Alpha - Night\n② Beta - Day\n③ Gamma - Dusk\n", id="circled"),
        pytest.param("[Deep] Alpha - Night\n[Low] Beta - Day\n[Sub] Gamma - Dusk\n", id="labels-before"),
        pytest.param(
            "#EXTM3U\nfile:///m/Alpha%20-%20Night.mp3\n/m/02 Beta - Day.mp3\nGamma - Dusk.wav\n", id="m3u-names"
        ),
        pytest.param(
            "#EXTM3U\n#EXTINF:9,Night\nAlpha - Night.mp3\n#EXTART:Beta\n#EXTINF:9,Day\nx.mp3\n#EXTINF:9,Gamma - Dusk",
            id="m3u-credits",
        ),
        pytest.param(
            "".join(
                f'FILE "{x}.mp3" MP3\nTRACK 0{i} AUDIO\n'
                for i, x in enumerate(("Alpha - Night", "Beta - Day", "Gamma - Dusk"))
            ),
            id="cue-of-files",
        ),
        pytest.param("N°;Artiste;Titre\n1;Alpha;Night\n2;Beta;Day\n3;Gamma;Dusk\n", id="csv-french"),
        pytest.param(
            "#\tアーティスト\tトラックタイトル\n1\tAlpha\tNight\n2\tBeta\tDay\n3\tGamma\tDusk\n", id="txt-japanese"
        ),
        pytest.param("Time,Track\n0:00,Alpha - Night\n5:00,Beta - Day\n9:00,Gamma - Dusk\n", id="csv-one-column"),
        pytest.param(
            "Set ID,Track #,Artist,Title\ns,1,Alpha,Night\ns,2,Beta,Day\ns,3,Gamma,Dusk\n", id="csv-track-number"
        ),
        pytest.param(
            "[[Category:A]]\n# Alpha &ndash; Night\n# Beta &ndash; Day\n# Gamma &ndash; Dusk\n", id="wiki-entities"
        ),
        pytest.param('["Alpha - Night", "Beta - Day", "Gamma - Dusk"]', id="json-texts"),
        pytest.param(
            "Track #,Artist - Title,Time\n1,Alpha - Night,0:00\n2,Beta - Day,5:00\n3,Gamma - Dusk,9:00\n", id="csv"
        ),
    ],
)
def test_lists_as_people_and_pages_leave_them(tmp_path: Path, text: str) -> None:
    (tmp_path / "set.txt").write_text(text, encoding="utf-8")
    read = read_tracklists(tmp_path / "set.txt")

    assert read.slots.select("artist", "title").rows() == [("Alpha", "Night"), ("Beta", "Day"), ("Gamma", "Dusk")]
    assert read.bad.is_empty()


def _xspf(*tracks: str) -> str:
    inner = "".join(f"<track>{track}</track>" for track in tracks)
    return f'<?xml version="1.0"?><playlist xmlns="http://xspf.org/ns/0/"><trackList>{inner}</trackList></playlist>'


def _cue(title: str, index: str) -> str:
    tracks = [("Alpha", "Night"), ("Beta", "Day"), ("Gamma", "Dusk")]
    return "".join(
        f"TRACK 0{n} AUDIO\n{title.format(a=a, t=t)}\nINDEX {index.format(n=n)}\n" for n, (a, t) in enumerate(tracks, 1)
    )


NAMES = ("Alpha", "Night"), ("Beta", "Day"), ("Gamma", "Dusk")
DESCRIBED = "Tracklist:\n1. Alpha - Night\n2. Beta - Day\n3. Gamma - Dusk"
LINKED = {"@type": "MusicPlaylist", "name": "M", "track": [{"name": t, "byArtist": {"name": a}} for a, t in NAMES]}
SIBLINGS = [{"type": "set", "id": "9", "title": "Mira @ X"}] + [
    {"type": "track", "set_id": "9", "position": n, "artist": a, "title": t} for n, (a, t) in enumerate(NAMES, 1)
]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", "artist,title\nAlpha,Night\nBeta,Day\nGamma,Dusk\n"),
        ("x.csv", "Title;Artist\nNight;Alpha\nDay;Beta\nDusk;Gamma\n"),
        ("x.tsv", "Artist\tTrack Name\tYear\nAlpha\tNight\t1999\nBeta\tDay\t1999\nGamma\tDusk\t1999\n"),
        ("x.csv", "Alpha,Night\nBeta,Day\nGamma,Dusk\n"),
        ("x.csv", '1,"Alpha","Night"\n2,"Beta","Day"\n3,"Gamma","Dusk"\n'),
        ("x.csv", "00:00,Alpha,Night,Deep\n05:00,Beta,Day,Low\n10:00,Gamma,Dusk,Sub\n"),
        ("x.csv", "track\nAlpha - Night\nBeta - Day\nGamma - Dusk\n"),
        ("x.csv", "Shazam Library\nIndex,Title,Artist\n1,Night,Alpha\n2,Day,Beta\n3,Dusk,Gamma\n"),
        ("x.csv", "sep=;\nArtist;Title\nAlpha;Night\nBeta;Day\nGamma;Dusk\n"),
        ("x.txt", "artist,title\nAlpha,Night\nBeta,Day\nGamma,Dusk\n"),
        ("x.txt", "#\tTítulo de la pista\tArtista\n1\tNight\tAlpha\n2\tDay\tBeta\n3\tDusk\tGamma\n"),
        ("x.xspf", _xspf(*(f"<title>{t}</title><creator>{a}</creator>" for a, t in NAMES))),
        ("x.xspf", _xspf(*(f"<title>{a} - {t}</title>" for a, t in NAMES))),
        ("x.xspf", _xspf(*(f"<location>file:///m/{a}%20-%20{t}.mp3</location>" for a, t in NAMES))),
        (
            "x.asx",
            "<asx>" + "".join(f"<entry><title>{t}</title><author>{a}</author></entry>" for a, t in NAMES) + "</asx>",
        ),
        ("x.pls", "[playlist]\nFile1=/m/Alpha - Night.mp3\nFile2=/m/Beta - Day.mp3\nTitle3=Gamma - Dusk\n"),
        ("x.m3u", "#EXTM3U\n" + "".join(f"#EXTINF:3,{a} - {t}\n#EXTVLCOPT:x=1\n/m/x.mp3\n" for a, t in NAMES)),
        ("x.cue", _cue("PERFORMER “{a}”\nTITLE “{t}”", "01 0{n}:00:00")),
        ("x.cue", _cue("PERFORMER '{a}'\nTITLE '{t}'", "1 0{n}:00:00")),
        ("x.cue", _cue('PERFORMER "{a}\nTITLE "{t}', "00 0{n}:00:00")),
        ("x.cue", _cue("PERFORMER {a}\nTITLE {t}", "01 00:0{n}:00:00")),
        *[
            ("x.cue", _cue(f'PERFORMER "{who}"\nTITLE "{title}"', "01 0{n}:00:00"))
            for who, title in (("Various Artists", "{a} - {t}"), ("{a}", "{a} – {t}"), ("", "{a} / {t}"))
        ],
        (
            "x.m3u",
            "#EXTM3U\r" + "".join(f"#EXTINF:3,0{n} {a} - {t}.mp3\r/m/x.mp3\r" for n, (a, t) in enumerate(NAMES, 1)),
        ),
        ("x.m3u", "".join(f'#EXTINF:3 artist="{a}",{t}\n/m/x.mp3\n' for a, t in NAMES)),
        ("x.m3u", "".join(f"0{n}-{a}-{t}_(x).mp3\n".replace("_(x)", "_") for n, (a, t) in enumerate(NAMES, 1))),
        *[
            ("x.csv", f"{head}\n" + "".join(f"s,{n},{a},{t}\n" for n, (a, t) in enumerate(NAMES, 1)))
            for head in (
                "set_id,pos,artist,track",
                "set id,track no,Artist Name,Track Name",
                "Setlist ID,Order,Artist(s),Track title",
            )
        ],
        ("x.csv", "set_id,position,track\n" + "".join(f"s,{n},{a} - {t}\n" for n, (a, t) in enumerate(NAMES, 1))),
        *[
            ("x.csv", f"#;{title};{artist}\n" + "".join(f"1;{t};{a}\n" for a, t in NAMES))
            for title, artist in (
                ("Название трека", "Исполнитель"),
                ("Tracktitel", "Artiest"),
                ("标题", "艺人"),
                ("Tytuł utworu", "Wykonawca"),
            )
        ],
        ("x.md", "| # | Artist | Title |\n|---|---|---|\n" + "".join(f"| 1 | {a} | {t} |\n" for a, t in NAMES)),
        *[
            ("x.json", json.dumps({"id": "q", "title": "M", key: [{who: [{"name": a}], what: t} for a, t in NAMES]}))
            for key, who, what in (
                ("entries", "creator", "title"),
                ("results", "subtitle", "title"),
                ("tracklisting", "interpret", "titel"),
                ("sections", "author", "name"),
            )
        ],
        ("x.json", json.dumps({"segment_events": [{"segment": {"artist": a, "track_title": t}} for a, t in NAMES]})),
        ("x.json", json.dumps({"tracks": [{"titles": {"primary": a, "secondary": t}} for a, t in NAMES]})),
        ("x.json", json.dumps([[f"0{n}:00", a, t] for n, (a, t) in enumerate(NAMES)])),
        ("x.json", json.dumps({str(n): {"artist": a, "title": t} for n, (a, t) in enumerate(NAMES)})),
        ("x.json", json.dumps({"artist": [a for a, _ in NAMES], "title": [t for _, t in NAMES]})),
        ("x.json", json.dumps({"title": "M", "tracklist": "<br>".join(f"{a} - {t}" for a, t in NAMES)})),
        ("x.json", json.dumps({"title": "Mira", "description": DESCRIBED})),
        ("x.json", json.dumps(SIBLINGS)),
        (
            "x.json",
            json.dumps({"listens": [{"track_metadata": {"artist_name": a, "track_name": t}} for a, t in NAMES]}),
        ),
        ("x.html", f'<html><script type="application/ld+json">{json.dumps(LINKED)}</script></html>'),
    ],
)
def test_tables_playlists_and_documents(tmp_path: Path, name: str, content: str) -> None:
    read = _read(tmp_path, content, name)

    assert read.slots.select("artist", "title").rows() == list(NAMES)
    assert read.bad.is_empty()


@pytest.mark.parametrize("other", ["{oops", "", '{"@type": ', "[" * 100_000, '{"n": ' + "9" * 5000 + "}"])
@pytest.mark.parametrize("is_first", [True, False])
def test_broken_data_of_a_page_hides_no_list(tmp_path: Path, other: str, is_first: bool) -> None:
    scripts = [f'<script type="application/ld+json">{data}</script>' for data in (other, json.dumps(LINKED))]

    read = _read(tmp_path, f"<html>{''.join(scripts if is_first else scripts[::-1])}</html>", "x.html")

    assert read.slots.select("artist", "title").rows() == list(NAMES)
    with pytest.raises(InputFileError, match="no tracklist in this page"):
        _read(tmp_path, f"<html>{scripts[0]}</html>", "y.html")


def _traktor(entry: str) -> str:
    return (
        "<NML><COLLECTION><ENTRY ARTIST='A' TITLE='T'><LOCATION VOLUME='v' DIR='d' FILE='f'/></ENTRY></COLLECTION>"
        "<NODE TYPE='PLAYLIST' NAME='n'><PLAYLIST><ENTRY><PRIMARYKEY KEY='vdf'/>"
        f"<EXTENDEDDATA {entry}/></ENTRY></PLAYLIST></NODE></NML>"
    )


@pytest.mark.parametrize("root", ["playlist-x", "playlists", "asx.1", "smil:a", "?a?><?" * 40 + "a?><playlist"])
def test_roots_like_those_of_playlists_are_none(tmp_path: Path, root: str) -> None:
    with pytest.raises(InputFileError, match=r"x\.xml"):
        _read(tmp_path, f"<{root} />", "x.xml")


@pytest.mark.parametrize(("day", "expected"), [(131_793_679, date(2011, 3, 15)), (1, None), (131_796_480, None)])
def test_days_of_traktor(tmp_path: Path, day: int, expected: date | None) -> None:
    read = _read(tmp_path, _traktor(f"STARTDATE='{day}' STARTTIME='90'"), "x.nml")

    assert read.slots.select("set_date", "cue_seconds").rows() == [(expected, 0)]


@pytest.mark.parametrize("number", ["9" * 19, "9" * 23, "-" + "9" * 23, "\u00b2", "abc", "9e9", "0x1f", "nan"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.json", '{{"tracks": [{{"artist": "A", "title": "T", "cueSeconds": "{n}", "durationMs": "{n}"}}]}}'),
        ("x.m3u", "#EXTM3U\n#EXTVDJ:<artist>A</artist><title>T</title><songlength>{n}</songlength>\nf.mp3\n"),
        ("x.nml", _traktor("STARTDATE='{n}' STARTTIME='{n}'")),
        ("x.csv", "artist,title,cue,duration\nA,T,{n},{n}\n"),
        ("x.xspf", "<playlist><trackList><track><creator>A</creator><title>T</title><duration>{n}</duration>"
         "</track></trackList></playlist>"),
        ("x.cue", 'TRACK 01 AUDIO\n  PERFORMER "A"\n  TITLE "T"\n  INDEX 01 {n}:00:00\n'),
    ],
)  # fmt: skip
def test_numbers_no_column_holds_cost_the_number(tmp_path: Path, name: str, content: str, number: str) -> None:
    read = _read(tmp_path, content.format(n=number), name)

    assert read.slots.select("artist", "title", "cue_seconds", "duration_ms").rows() == [("A", "T", None, None)]


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ("01 0{n}:10:74", [70, 130, 190]),
        ("01 01:0{n}:10:00", [3670, 3730, 3790]),
        ("01 0{n}:10", [70, 130, 190]),
        ("00 0{n}:58:00\nINDEX 01 1{n}:10:00", [670, 730, 790]),
    ],
)
def test_indices_of_cue_sheets(tmp_path: Path, index: str, expected: list[int]) -> None:
    read = _read(tmp_path, _cue("PERFORMER {a}\nTITLE {t}\nREM LABEL Deepwell", index), "x.cue")

    assert read.slots["cue_seconds"].to_list() == expected
    assert set(read.slots["label"]) == {"Deepwell"}


@pytest.mark.parametrize(
    "heading",
    [
        "Chapters:",
        "Time stamps",
        "PLAYLIST",
        "Tracklist below:",
        "Hi everyone!\n\nTracklist:",
        "Titelliste:",
        "Comments",
        "",
    ],
)
@pytest.mark.parametrize("names", [("one.txt", "two.txt"), ("a/set.txt", "b/set.txt")])
def test_what_is_no_name_joins_no_sets(tmp_path: Path, heading: str, names: tuple[str, str]) -> None:
    for name, artists in zip(names, (["Alpha", "Beta", "Gamma"], ["Delta", "Eta", "Theta"]), strict=True):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("\n".join([heading, *(f"{a} - Night of {a}" for a in artists)]))
    read = read_tracklists([tmp_path / name for name in names])

    assert read.slots["set_id"].n_unique() == 2
    assert read.slots.height == 6
