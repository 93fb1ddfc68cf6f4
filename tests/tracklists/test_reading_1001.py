"""1001Tracklists in all the forms it leaves the site: saved pages, scrapers' JSON, text exports, browser copies."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from enrich.errors import InputFileError
from enrich.tracklists.reading import read_tracklists


def _row(
    n: int, number: str, name: str, *metas: tuple[str, str], cue: str = "0", shown: str = "", cls: str = ""
) -> str:
    tags = "".join(f'<meta itemprop="{prop}" content="{content}">' for prop, content in (("name", name), *metas))
    return f"""
    <div id="tlp_{n}" class="tlpTog bItm tlpItem {cls}" data-trno="{n}" data-trackid="{n}">
      <span id="tlp{n}_tracknumber_value" class="fontXL"> {number} </span>
      <input type="hidden" id="tlp{n}_cue_seconds" value="{cue}"><div id="cue_{n}" class="cue noWrap">{shown}</div>
      <div id="tlp{n}_content" itemprop="tracks" itemscope itemtype="http://schema.org/MusicRecording">{tags}
        <span class="trackValue"><span>{name}</span></span></div>
    </div>"""


PAGE = f"""<!DOCTYPE html><html><head><title>Mira Sol @ Harbour Festival | 1001Tracklists</title>
<link rel="canonical" href="https://www.1001tracklists.com/tracklist/1abc2def/mira-sol-harbour-2024-03-15.html"></head>
<body><h1 id="pageTitle"><a href="/dj/mirasol/index.html">Mira Sol</a> &amp; <a href="/dj/otto/index.html">Otto</a> @
Harbour Festival, Netherlands 2024-03-15</h1>
<div id="tlTab" itemscope itemtype="http://schema.org/MusicPlaylist">
<meta itemprop="name" content="Mira Sol &amp; Otto - Harbour Festival, Netherlands 2024-03-15">
<meta itemprop="datePublished" content="2024-03-15"><meta itemprop="author" content="some_user">
{
    _row(
        0,
        "01",
        "Alpha Kid ft. Zoë - Night Signal (Beta Remix)",
        ("byArtist", "Alpha Kid"),
        ("publisher", "Deepwell"),
        ("publisher", "Deepwell"),
        ("duration", "PT5M26S"),
        ("genre", "House"),
        ("url", "/track/1a2b/x/index.html"),
        cue="0",
        shown="0:00",
    )
}
{_row(1, "w/", "Gamma - Voices (Acappella)", ("byArtist", "Gamma"), cue="144", cls="con")}
<div id="tlp_2" class="tlpItem"><span id="tlp2_tracknumber_value"> 02 </span>
  <span class="trackValue redTxt">ID - ID</span></div>
{_row(3, "03", "Delta - ID", ("byArtist", "Delta"), shown="1:02:24")}
{
    _row(4, "04", "A vs. B - T1 vs. T2 (X Mashup)", ("byArtist", "A vs. B"), cls="subPosTog").replace(
        'class="trackValue"', 'class="trackValue mashupTrack"'
    )
}
{_row(5, "", "A - T1", ("byArtist", "A"), ("publisher", "One"), cls="tlpSubTog con tgHid subPos1")}
{_row(6, "", "B - T2", ("byArtist", "B"), cls="tlpSubTog con tgHid subPos2")}
<div id="tlp_7" class="tlpItem"><span id="tlp7_tracknumber_value"> 05 </span>
  <span class="trackValue">Epsilon - Sea</span>
  <span class="trackLabel">DHARMA (SPINNIN')</span><span class="trackStatus">ID Remix</span></div>
{_row(8, "06", "Zeta - Foam", ("byArtist", "Zeta"), ("publisher", "Promo"))}
</div></body></html>"""


def _write(tmp_path: Path, name: str, content: object) -> Path:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_a_saved_page(tmp_path: Path) -> None:
    read = read_tracklists(_write(tmp_path, "page.html", PAGE))

    assert read.slots.select("set_id", "dj", "set_date", "source").unique().rows() == [
        ("1abc2def", "Mira Sol & Otto", date(2024, 3, 15), "1001tracklists")
    ]
    columns = ["position", "artist", "title", "label", "label_note", "layered", "cue_seconds", "duration_ms", "is_id"]
    assert read.slots.select(columns).rows() == [
        (1, "Alpha Kid ft. Zoë", "Night Signal (Beta Remix)", "Deepwell", None, False, 0, 326000, False),
        (2, "Gamma", "Voices (Acappella)", None, None, True, 144, None, False),
        (3, "ID", "ID", None, None, False, None, None, True),
        (4, "Delta", "ID", None, None, False, 3744, None, True),
        (5, "A vs. B", "T1 vs. T2 (X Mashup)", None, None, False, None, None, False),
        (6, "Epsilon", "Sea", "DHARMA (SPINNIN')", None, False, None, None, True),
        (7, "Zeta", "Foam", None, "Promo", False, None, None, False),
    ]
    mashup = read.slots.row(4, named=True)
    assert mashup["is_mashup"] is True
    assert mashup["components"] == [
        {"artist": "A", "title": "T1", "label": "One"},
        {"artist": "B", "title": "T2", "label": None},
    ]
    assert read.bad.is_empty()


def test_the_same_page_saved_twice_counts_once(tmp_path: Path) -> None:
    once = read_tracklists(_write(tmp_path, "a.html", PAGE))
    changed = _write(tmp_path, "c.html", PAGE.replace('content="One"', 'content="Two"'))
    read = read_tracklists([tmp_path / "a.html", _write(tmp_path, "b.html", PAGE), changed])

    assert read.rows.equals(once.rows)
    assert read.repeated == 7 + 6
    assert read.bad["reason"].to_list() == [
        f"position 5 of set 1abc2def is taken already by {tmp_path / 'a.html'}, line 5"
    ]


def test_the_older_markup_with_table_rows(tmp_path: Path) -> None:
    page = """<html><body><table id="tlTab"><tr class="tlpItem"><td><span id="tlp1_tracknumber_value">1</span></td>
    <td><div class="cueValueField">02:24</div><meta itemprop="name" content="Alpha Kid - Night Signal">
    <meta itemprop="publisher" content="Deepwell"></td></tr></table></body></html>"""
    read = read_tracklists(_write(tmp_path, "Mira Sol @ Somewhere 2012-01-02.html", page))

    assert read.slots.select("dj", "set_date", "artist", "title", "label", "cue_seconds").rows() == [
        ("Mira Sol", date(2012, 1, 2), "Alpha Kid", "Night Signal", "Deepwell", 144)
    ]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(
            "<html><head><title>Mira Sol @ Harbour | 1001Tracklists</title></head><body>Please wait, you will be "
            "forwarded to the requested page</body></html>",
            id="forwarding",
        ),
        pytest.param("<!DOCTYPE html><html><body><form>Solve this captcha</form></body></html>", id="captcha"),
        pytest.param(
            "<html><head><title>Just a moment...</title></head><body><div class='cf-turnstile'></div></body></html>",
            id="turnstile",
        ),
    ],
)
def test_a_challenge_page_is_called_one(tmp_path: Path, page: str) -> None:
    with pytest.raises(InputFileError, match="that is not a tracklist but a challenge page") as caught:
        read_tracklists(_write(tmp_path, "page.html", page))
    assert "\n" not in str(caught.value)


def test_some_other_page(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no tracklist in this page"):
        read_tracklists(_write(tmp_path, "page.html", "<html><body><p>Hello</p></body></html>"))


RVNDEV = {
    "name": "Alpha Kid @ Some Festival",
    "artist": "Alpha Kid",
    "date": "2024-03-15",
    "genres": ["House"],
    "url": "https://www.1001tracklists.com/tracklist/9xyz/alpha-kid.html",
    "tracks": [
        {"name": "Night Signal (Extended Mix)", "artist": "Alpha Kid", "publisher": "Deepwell", "duration": 326},
        {"name": "ID", "artist": "ID", "publisher": None},
    ],
}
SCRAPY = [
    {"title": "Night Signal", "time": "02:24", "artist": ["Alpha Kid", "Beta"], "record_label": "Deepwell",
     "played_together": False, "is_mashup_element": False, "track_number": "01"},
    {"title": "Voices", "time": None, "artist": ["Gamma"], "record_label": None,
     "played_together": True, "is_mashup_element": False, "track_number": "w/"},
    {"title": "T1 vs. T2", "time": None, "artist": ["A", "B"], "record_label": None,
     "played_together": False, "is_mashup_element": False, "track_number": "02"},
    {"title": "T1", "time": None, "artist": ["A"], "record_label": "One",
     "played_together": False, "is_mashup_element": True, "track_number": None},
]  # fmt: skip
PARALLEL = {
    "title": "Mira Sol @ Club",
    "tracks": [
        {"full_title": "Alpha Kid - Night Signal", "title": "Night Signal", "full_artist": "Alpha Kid",
         "artist": "Alpha Kid", "genre": "House", "duration": "5:26", "labels": ["Deepwell", "Other"], "subsongs": []},
        {"full_title": "Gamma - Voices", "title": "Voices", "full_artist": "Gamma", "artist": "Gamma", "labels": []},
    ],
    "cues": ["0:30", "4:00"],
    "track_nums": ["01", "w/"],
}  # fmt: skip
NESTED = {
    "set_name": "Mira Sol @ Club",
    "tracks": [
        {"position": 1, "timestamp": "00:30",
         "primary_track": {"track_name": "Night Signal", "primary_artists": ["Alpha Kid"],
                           "featured_artists": ["Zoë"], "remixer_artists": ["Beta"]},
         "components": []},
        {"position": 4, "timestamp": None,
         "primary_track": {"track_name": "T1 vs. T2", "primary_artists": [{"name": "A"}, {"name": "B"}]},
         "components": [{"type": "mashup_component", "track": {"track_name": "T1", "primary_artists": ["A"]}},
                        {"type": "acappella", "track": {"track_name": "T2", "primary_artists": ["B"]}}]},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(
            RVNDEV,
            [
                (1, "Alpha Kid", "Night Signal (Extended Mix)", "Deepwell", None, None, 326000, False),
                (2, "ID", "ID", None, None, None, None, True),
            ],
            id="name-artist-publisher",
        ),
        pytest.param(
            SCRAPY,
            [
                (1, "Alpha Kid & Beta", "Night Signal", "Deepwell", False, 144, None, False),
                (2, "Gamma", "Voices", None, True, None, None, False),
                (3, "A & B", "T1 vs. T2", None, False, None, None, False),
            ],
            id="bare-list-of-a-spider",
        ),
        pytest.param(
            PARALLEL,
            [
                (1, "Alpha Kid", "Night Signal", "Deepwell", False, 30, 326000, False),
                (2, "Gamma", "Voices", None, True, 240, None, False),
            ],
            id="parallel-cues",
        ),
        pytest.param(
            NESTED,
            [
                (1, "Alpha Kid feat. Zoë", "Night Signal (Beta Remix)", None, False, 30, None, False),
                (4, "A & B", "T1 vs. T2", None, False, None, None, False),
            ],
            id="primary-track-and-components",
        ),
        pytest.param(
            {"tracks": [{"trackTitle": "Alpha Kid - Night Signal [Deepwell]", "timestamp": "1:02:24"},
                        {"trackTitle": "ID - ID", "timestamp": None}]},
            [
                (1, "Alpha Kid", "Night Signal", "Deepwell", False, 3744, None, False),
                (2, "ID", "ID", None, False, None, None, True),
            ],
            id="track-title",
        ),
        pytest.param(
            [{"number": 1, "artist": "Alpha Kid", "title": "Night Signal", "timestamp": "00:00", "raw": "x"},
             {"number": 3, "artist": "ID", "title": "ID", "timestamp": "", "raw": "y"}],
            [
                (1, "Alpha Kid", "Night Signal", None, False, 0, None, False),
                (3, "ID", "ID", None, False, None, None, True),
            ],
            id="numbers-with-a-gap",
        ),
    ],
)  # fmt: skip
def test_scrapers_json(tmp_path: Path, document: Any, expected: list[tuple[Any, ...]]) -> None:
    read = read_tracklists(_write(tmp_path, "Mira Sol - Club 2024-01-01.json", document))

    columns = ["position", "artist", "title", "label", "layered", "cue_seconds", "duration_ms", "is_id"]
    got = read.slots.with_columns(read.slots["layered"].fill_null(value=False)).select(columns).rows()
    assert got == [(*row[:4], bool(row[4]), *row[5:]) for row in expected]
    assert read.bad.is_empty()


def test_heads_of_json_sets(tmp_path: Path) -> None:
    read = read_tracklists(_write(tmp_path, "x.json", RVNDEV))

    assert read.slots.select("set_id", "dj", "set_name", "set_date").unique().rows() == [
        ("9xyz", "Alpha Kid", "Alpha Kid @ Some Festival", date(2024, 3, 15))
    ]


def test_components_of_json_mashups(tmp_path: Path) -> None:
    spider = read_tracklists(_write(tmp_path, "a.json", SCRAPY)).slots.row(2, named=True)
    nested = read_tracklists(_write(tmp_path, "b.json", NESTED)).slots.row(1, named=True)

    assert spider["is_mashup"]
    assert spider["components"] == [{"artist": "A", "title": "T1", "label": "One"}]
    assert nested["is_mashup"]
    assert [part["title"] for part in nested["components"]] == ["T1", "T2"]


def test_several_sets_in_one_file_or_one_a_line(tmp_path: Path) -> None:
    sets = [{"id": f"s{i}", "dj": "Mira Sol", "tracks": [{"artist": "A", "title": f"T{i}"}]} for i in (1, 2)]
    whole = read_tracklists(_write(tmp_path, "list.json", sets))
    by_line = read_tracklists(_write(tmp_path, "lines.jsonl", "\n".join(json.dumps(one) for one in sets) + "\n{oops"))
    by_id = read_tracklists(_write(tmp_path, "map.json", {one["id"]: one for one in sets}))

    for read in (whole, by_line, by_id):
        assert read.slots.select("set_id", "title").rows() == [("s1", "T1"), ("s2", "T2")]
    assert by_line.bad.select("line", "raw").rows() == [(3, "{oops")]


def test_a_flat_table_as_one_json_list(tmp_path: Path) -> None:
    rows = [{"set_id": "s", "position": 2, "artist": "A"}, {"set_id": "s", "position": None}]
    read = read_tracklists(_write(tmp_path, "t.json", rows))

    assert read.slots.select("set_id", "position", "source").rows() == [("s", 2, "tracklists")]
    assert read.bad["reason"].to_list() == ["no position"]


def test_tracks_without_a_name_are_set_aside(tmp_path: Path) -> None:
    read = read_tracklists(_write(tmp_path, "t.json", {"name": "X", "tracks": [{"artist": "A", "title": "T"}, {}, 7]}))

    assert read.slots.height == 1
    assert read.bad["line"].to_list() == [2, 3]


EXPORT = """\
Mira Sol @ Harbour Festival, Netherlands 2024-03-15
https://1001.tl/1abc2def

[00:00] Alpha Kid - Night Signal (Extended Mix) [DEEPWELL]
w/ Gamma - Voices (Acappella)
[05:10] ID - ID
[?:??] Delta - ID [PROMO]
04. Epsilon & Zeta - Sea [Low Tide - LTD 042]
+ Eta – Foam
vs. Theta - Iota
[1:02:24] ?
Thanks - to everybody
"""


def test_a_text_export(tmp_path: Path) -> None:
    read = read_tracklists(_write(tmp_path, "export.txt", EXPORT))

    assert read.slots.select("set_id", "dj", "set_date").unique().rows() == [
        ("1abc2def", "Mira Sol", date(2024, 3, 15))
    ]
    columns = ["artist", "title", "label", "catalog_number", "label_note", "layered", "cue_seconds", "is_id"]
    assert read.slots.select(columns).rows() == [
        ("Alpha Kid", "Night Signal (Extended Mix)", "DEEPWELL", None, None, False, 0, False),
        ("Gamma", "Voices (Acappella)", None, None, None, True, None, False),
        ("ID", "ID", None, None, None, False, 310, True),
        ("Delta", "ID", None, None, "PROMO", False, None, True),
        ("Epsilon & Zeta", "Sea", "Low Tide", "LTD 042", None, False, None, False),
        ("Eta", "Foam", None, None, None, True, None, False),
        ("Theta", "Iota", None, None, None, True, None, False),
        (None, "?", None, None, None, False, 3744, True),
    ]


PASTE = """\
Mira Sol @ Harbour Festival, Netherlands 2024-03-15
01
00:30
artwork placeholder
Alpha Kid - Night Signal (Beta Remix) DEEPWELL
Save 20
142
some_user (1.2k)
w/
Gamma - Voices (Acappella) LOW TIDE (SPINNIN')
Pre-save 12
02
ID - ID
03
1:02:34
Delta - Strobe VIP
04
Epsilon ft. Zeta - LOVE ME
05
Eta - ID ANJUNABEATS
"""


def test_a_copy_from_the_browser(tmp_path: Path) -> None:
    read = read_tracklists(_write(tmp_path, "paste.txt", PASTE))

    assert read.slots.select("artist", "title", "label", "layered", "cue_seconds", "is_id").rows() == [
        ("Alpha Kid", "Night Signal (Beta Remix)", "DEEPWELL", False, 30, False),
        ("Gamma", "Voices (Acappella)", "LOW TIDE (SPINNIN')", True, None, False),
        ("ID", "ID", None, False, None, True),
        ("Delta", "Strobe VIP", None, False, 3754, False),
        ("Epsilon ft. Zeta", "LOVE ME", None, False, None, False),
        ("Eta", "ID", "ANJUNABEATS", False, None, True),
    ]
    assert read.slots["dj"].unique().to_list() == ["Mira Sol"]


def test_prose_is_no_tracklist(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="neither a tracklist table"):
        read_tracklists(_write(tmp_path, "note.txt", "Dear all,\nplease find the set attached.\n"))
