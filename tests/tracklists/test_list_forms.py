"""Forms that a whole list has: labels below the tracks, letters for numbers, file names, pages of other sites."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from enrich.errors import InputFileError
from enrich.tracklists.reading import read_tracklists

PAIRS = [("Alpha Kid", "Night Signal"), ("Beta Kid", "Day Signal"), ("Gamma Kid", "Dawn"), ("Delta Kid", "Dusk")]
LABELS = ["Anjunabeats", "Low Tide", "Deepwell Records", "Sub 12"]


def _read(folder: Path, content: str, name: str = "set.txt") -> Any:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return read_tracklists(path)


def _lines(form: str) -> str:
    count = zip(PAIRS, LABELS, ["I", "II", "III", "IV"], strict=True)
    return "\n".join(
        form.format(
            n=n, a=a, t=t, label=label, roman=roman, small="abcd"[n - 1], au=a.replace(" ", "_"), tu=t.replace(" ", "_")
        )
        for n, ((a, t), label, roman) in enumerate(count, 1)
    )  # fmt: skip


@pytest.mark.parametrize(
    "form",
    [
        "{n}. {a} - {t}\n[{label}]",
        "{n}. {a} - {t}\n   Label: {label}",
        "0{n}:00 {a} - {t}\nlabel: {label}\n",
        "{n}. {a} - {t}\nRecord Label: {label}",
        "{n}. {a} - {t}\nSello: {label}",
        "{n}. {a} - {t}\n[{label} - ABC 00{n}]",
        "{n}. {a} - {t}\n    {label}",
        "{n}. {a} - {t}\n<{label}>",
        "0{n}:00 {a} - {t}\n{{{label}}}",
        "{a} - {t}\n[{label}]\n",
    ],
)
def test_labels_on_lines_of_their_own(tmp_path: Path, form: str) -> None:
    slots = _read(tmp_path, _lines(form)).slots

    assert slots.select("artist", "title").rows() == PAIRS
    assert slots["label"].to_list() == LABELS


@pytest.mark.parametrize("below", ["Omega Remix", "what a tune", "[Original Mix]", "5:10"])
def test_what_stands_below_tracks_and_is_no_label(tmp_path: Path, below: str) -> None:
    slots = _read(tmp_path, _lines("{n}. {a} - {t}\n" + below)).slots

    assert slots["artist"].to_list() == [artist for artist, _ in PAIRS]
    assert slots["label"].null_count() == len(PAIRS)


@pytest.mark.parametrize(
    "form",
    [
        "{small}) {a} - {t}",
        "{small}. {a} - {t}",
        "({small}) {a} - {t}",
        "{roman} {a} - {t}",
        "{roman} - {a} - {t}",
        "({roman}) {a} - {t}",
        "{roman}) {a} - {t}",
        "[A{n}] {a} - {t}",
        "B{n}) {a} - {t}",
        "{au}_-_{tu}.mp3",
        "0{n}_{au}_-_{tu}",
        "{n}. {au}_-_{tu}",
        "0{n}-{au}_-_{tu}.flac",
    ],
)
def test_letters_and_file_names(tmp_path: Path, form: str) -> None:
    assert _read(tmp_path, _lines(form)).slots.select("artist", "title").rows() == PAIRS


def test_letters_count_again_where_a_part_begins(tmp_path: Path) -> None:
    read = _read(tmp_path, "Part 1\na) A One - B\nb) B Two - C\n\nPart 2\na) C One - D\nb) D Two - E")

    assert read.slots["artist"].to_list() == ["A One", "B Two", "C One", "D Two"]


@pytest.mark.parametrize("artists", [["A. Moss", "B. Fox", "D. Hare"], ["I Am Kloot", "V", "X"], ["A_Kid", "_B", "C"]])
def test_letters_that_are_names_stay(tmp_path: Path, artists: list[str]) -> None:
    read = _read(tmp_path, "\n".join(f"{artist} - Trees" for artist in artists))

    assert read.slots["artist"].to_list() == artists


@pytest.mark.parametrize(
    "line", ["this one goes out to everybody - you know who you are", "Now the guest takes over - enjoy!"]
)
def test_a_sentence_between_numbered_tracks_is_set_aside(tmp_path: Path, line: str) -> None:
    tracks = _lines("{n}. {a} - {t}").splitlines()
    read = _read(tmp_path, "\n".join([*tracks[:2], line, *tracks[2:]]))

    assert read.slots.select("artist", "title").rows() == PAIRS
    assert read.bad.select("reason", "raw").rows() == [("a sentence without a number", line)]


def test_a_side_of_a_record_is_part_of_a_number(tmp_path: Path) -> None:
    read = _read(tmp_path, "1. Alpha - Night [DWR 3B]\n2. Beta - Day [KW 20]\n3. Gamma - Dawn [EC2A]")

    assert read.slots.select("label", "catalog_number").rows() == [(None, "DWR 3B"), (None, "KW 20"), ("EC2A", None)]


PAGE = (
    "<!DOCTYPE html><html><head><title>DJ X @ Y 2024-01-02</title></head><body><ul><li><a href='/'>Home</a></li>"
    "<li>About</li></ul>{}<ul><li>Imprint</li><li>Contact - us</li></ul></body></html>"
)


@pytest.mark.parametrize(
    "page",
    [
        "<ol>" + _lines("<li>{a} - {t}</li>") + "</ol>",
        "<h2>Tracklist</h2><ul>" + _lines("<li><a href='/{n}'>{a}</a> - <em>{t}</em></li>") + "</ul>",
        "<table><tr><th>#</th><th>Interpret</th><th>Titel</th></tr>"
        + _lines("<tr><td>{n}</td><td>{a}</td><td>{t}</td></tr>") + "</table>",
        "<table>" + _lines("<tr><td>{n}.</td><td>{a} - {t}</td></tr>") + "</table>",
        "<div><p>Tracklist:<br>" + _lines("{n}. {a} - {t}<br>") + "</p></div>",
        "<pre>" + _lines("{n}. {a} - {t}") + "</pre>",
        "<div>" + _lines("<div>{n}. {a} - {t}</div>") + "</div>",
    ],
)  # fmt: skip
def test_the_one_list_of_another_site(tmp_path: Path, page: str) -> None:
    slots = _read(tmp_path, PAGE.format(page), "set.html").slots

    assert slots.select("artist", "title").rows() == PAIRS
    assert slots.select("dj", "set_name").unique().rows() == [("DJ X", "DJ X @ Y 2024-01-02")]


@pytest.mark.parametrize(
    "page",
    [
        "<ul><li>Review - New Album</li><li>News - Festival Dates</li><li>Shop - New Shirts</li></ul>",
        "<h2>Tracklists</h2><ul><li>DJ X - Mix 2024-01-02</li><li>DJ Y - Live 2024-03-04</li>"
        "<li>DJ Z - Radio 2024-05-06</li></ul>",
        "<h2>Tracklists</h2><ol><li>DJ X - One Night</li><li>DJ X - Second Night</li><li>DJ X - Third Night</li></ol>",
        "<h2>Tracklist</h2><ul><li>Tom - what a set, loved it</li><li>Mike - the best one of the year</li>"
        "<li>Anna - who knows what that was?</li></ul>",
        2 * ("<ol>" + _lines("<li>{a} - {t}</li>") + "</ol>"),
    ],
)
def test_other_lists_of_pages_are_refused(tmp_path: Path, page: str) -> None:
    with pytest.raises(InputFileError, match="no tracklist in this page"):
        _read(tmp_path, PAGE.format(page), "set.html")
