"""MixesDB wiki text: every kind of line a page holds."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from enrich.errors import InputFileError
from enrich.tracklists.reading import read_tracklists

PAGE = """\
== File details ==
{| {{NormalTableFormat-Mixes}}
| 1:58:04 || 128
|}

== Tracklist ==
{{Tracklist|partial}}
'''Part 1: Mira Sol'''
# [0:12] ''Alpha Kid - Night Signal (Extended Mix)'' [Deepwell]
# [007] Beta & Gamma - Harbour (Delta's '99 Rework) [Low Tide - LTD 042]
# [0??] + Epsilon feat. Zeta - Voices (Acappella)
# ?
# [031:??] ''? - Stoppage''
# [1:02:30] Eta - ID ['''Sea & Sky''']
;Part 2: Guest mix
# [???] Theta vs. Iota - Kappa [White]
#w/ Lambda – Mu [[Nu Records]]
# Xi - Omicron [Promo - XI 001]
# Pi- Rho [Sigma Forthcoming]
# {{Sample|x}}
[[Category:2004]]
[[Category:Mira Sol]]
[[Category:Essential Mix]]
"""


def _page(tmp_path: Path, text: str = PAGE, name: str = "2004-05-02 - Mira Sol - Essential Mix.txt") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_page(tmp_path: Path) -> None:
    read = read_tracklists(_page(tmp_path))

    assert read.slots.select("dj", "set_name", "set_date", "source").unique().rows() == [
        ("Mira Sol", "Essential Mix", date(2004, 5, 2), "mixesdb")
    ]
    columns = [
        "position",
        "artist",
        "title",
        "label",
        "catalog_number",
        "label_note",
        "layered",
        "cue_seconds",
        "is_id",
    ]
    assert read.slots.select(columns).rows() == [
        (1, "Alpha Kid", "Night Signal (Extended Mix)", "Deepwell", None, None, False, 12, False),
        (2, "Beta & Gamma", "Harbour (Delta's '99 Rework)", "Low Tide", "LTD 042", None, False, 420, False),
        (3, "Epsilon feat. Zeta", "Voices (Acappella)", None, None, None, True, None, False),
        (4, None, "?", None, None, None, False, None, True),
        (5, "?", "Stoppage", None, None, None, False, 1860, True),
        (6, "Eta", "ID", "Sea & Sky", None, None, False, 3750, True),
        (7, "Theta vs. Iota", "Kappa", None, None, "White", False, None, False),
        (8, "Lambda", "Mu Nu Records", None, None, None, True, None, False),
        (9, "Xi", "Omicron", None, "XI 001", "Promo", False, None, False),
        (10, "Pi", "Rho", "Sigma Forthcoming", None, None, False, None, False),
    ]
    assert read.slots["section"].to_list() == ["Part 1: Mira Sol"] * 6 + ["Part 2: Guest mix"] * 4
    assert read.bad.select("line", "reason", "raw").rows() == [
        (20, "a track without artist and title", "# {{Sample|x}}")
    ]


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        pytest.param("Deepwell", ("Deepwell", None, None), id="plain"),
        pytest.param("Spinnin'", ("Spinnin'", None, None), id="apostrophe"),
        pytest.param("20:20 Vision", ("20:20 Vision", None, None), id="figures-in-a-name"),
        pytest.param("Low Tide - LTD 042", ("Low Tide", "LTD 042", None), id="catalogue-number"),
        pytest.param("Low Tide - LTD042, 1999", ("Low Tide", "LTD042", None), id="number-and-year"),
        pytest.param("Low Tide - Forthcoming", ("Low Tide", None, "Forthcoming"), id="note-behind"),
        pytest.param("Low Tide Test Pressing", ("Low Tide", None, "Test Pressing"), id="note-joined"),
        pytest.param("Dub Plate", (None, None, "Dub Plate"), id="note"),
        pytest.param("CDR", (None, None, "CDR"), id="cdr"),
        pytest.param("Not On Label", (None, None, "Not On Label"), id="not-on-label"),
        pytest.param("(!K7 Records)", ("!K7 Records", None, None), id="wrapped"),
        pytest.param("+ + +", ("+ + +", None, None), id="marks-only"),
    ],
)
def test_what_stands_in_a_labels_place(
    tmp_path: Path, label: str, expected: tuple[str | None, str | None, str | None]
) -> None:
    read = read_tracklists(_page(tmp_path, f"# Alpha Kid - Night Signal [{label}]\n"))

    assert read.slots.select("title", "label", "catalog_number", "label_note").row(0) == ("Night Signal", *expected)


@pytest.mark.parametrize("bracket", ["DMS12 Remix", "5:30", "Soul Of Man Mix"])
def test_a_version_in_square_brackets_stays_in_the_title(tmp_path: Path, bracket: str) -> None:
    read = read_tracklists(_page(tmp_path, f"# Alpha Kid - Night Signal [{bracket}]\n"))

    assert read.slots.select("title", "label").row(0) == (f"Night Signal [{bracket}]", None)


def test_lists_without_number_signs(tmp_path: Path) -> None:
    read = read_tracklists(_page(tmp_path, "<list>\n[000] Intro\n[030] A - B [C]\nD - E\n</list>\nsome - prose\n"))

    assert read.slots.select("artist", "title", "cue_seconds").rows() == [
        (None, "Intro", 0),
        ("A", "B", 1800),
        ("D", "E", None),
    ]


def test_the_dj_from_the_categories_where_the_name_is_silent(tmp_path: Path) -> None:
    read = read_tracklists(_page(tmp_path, PAGE, name="saved-page.wiki"))

    assert read.slots["dj"].unique().to_list() == ["Mira Sol"]
    assert read.slots["set_id"].unique().to_list() == ["saved-page"]


def test_an_export_of_several_pages(tmp_path: Path) -> None:
    pages = "".join(
        f"<page><title>{day} - DJ {who} - Some &amp; Radio</title><revision>"
        f"<text># A - B [C]\n# {who} - ID</text></revision></page>"
        for day, who in (("2011-01-01", "One"), ("2012-02-02", "Two"))
    )
    path = _page(tmp_path, f'<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/">{pages}</mediawiki>', "e.xml")
    read = read_tracklists(path)

    assert read.slots.select("set_date", "dj", "artist").rows() == [
        (date(2011, 1, 1), "DJ One", "A"),
        (date(2011, 1, 1), "DJ One", "One"),
        (date(2012, 2, 2), "DJ Two", "A"),
        (date(2012, 2, 2), "DJ Two", "Two"),
    ]


def test_an_export_with_entities_is_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE m [<!ENTITY a "aaaa">]><mediawiki>&a;</mediawiki>'
    with pytest.raises(InputFileError, match="DOCTYPE"):
        read_tracklists(_page(tmp_path, bomb, "bomb.xml"))


def test_a_page_without_tracks(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no line of a tracklist"):
        read_tracklists(_page(tmp_path, "Nothing here.\n[[Category:2004]]\n"))


@pytest.mark.shared
def test_real_lines_read_as_their_columns_say(shared_data: Path, tmp_path: Path) -> None:
    real = pl.read_parquet(shared_data / "tracklists.parquet").filter(pl.col("set_id").str.starts_with("em-"))
    sets = real["set_id"].unique().sort().sample(120, seed=4).to_list()
    for (set_id,), rows in real.filter(pl.col("set_id").is_in(sets)).group_by("set_id"):
        (tmp_path / f"{set_id}.txt").write_text("\n".join(rows.sort("position")["raw"]), encoding="utf-8")

    read = read_tracklists(sorted(tmp_path.glob("*.txt")))
    both = real.join(read.slots, on=["set_id", "position"], suffix="_read")

    assert both.height >= 0.999 * real.filter(pl.col("set_id").is_in(sets)).height
    for column, floor in (("artist", 0.98), ("title", 0.985), ("label", 0.985), ("layered", 0.995)):
        same = both.select(pl.col(column).eq_missing(pl.col(f"{column}_read")).mean()).item()
        assert same >= floor, (column, same)
