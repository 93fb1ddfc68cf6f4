import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.text.normalise import label_key
from enrich.text.titles import PARSED_TITLES, parse_title_table, parse_titles, title_figures


def _parse(title: str | None, artist: str | None = None, **options: Any) -> dict[str, Any]:
    artists = None if artist is None else pl.Series([artist])
    return parse_titles(pl.Series([title], dtype=pl.String), artists=artists, **options).row(0, named=True)


@pytest.mark.parametrize(
    ("title", "label", "confidence"),
    [
        pytest.param("Frozen Ground [Anjunabeats]", "Anjunabeats", 0.70, id="square-known"),
        pytest.param("Frozen Ground [Some Label]", "Some Label", 0.65, id="square-unknown"),
        pytest.param("Frozen Ground (Anjunabeats)", "Anjunabeats", 0.65, id="round-known"),
        pytest.param("Frozen Ground (Some Label)", "Some Label", 0.60, id="round-unknown"),
        pytest.param("Frozen Ground (X Remix)(Some Label)", "Some Label", 0.60, id="round-after-mix"),
        pytest.param("Track [ANJUNABEATS RECORDINGS]", "ANJUNABEATS RECORDINGS", 0.70, id="known-in-another-spelling"),
        pytest.param(
            "Perfect Ending (Kaimo K Remix) [Amsterdam Trance] 320", "Amsterdam Trance", 0.65, id="junk-behind"
        ),
        pytest.param("Terminal (Dub Mix) [Armind", "Armind", 0.65, id="cut-off"),
        pytest.param("Table Cloth [Tempa Dub Plate]", "Tempa", 0.65, id="pressing"),
        pytest.param("M7 Song [M7 - MSD-238, 1978]", "M7", 0.65, id="year-behind"),
    ],
)
def test_label_and_what_it_is_worth(title: str, label: str, confidence: float) -> None:
    got = _parse(title, known_labels=["Anjunabeats"])
    assert (got["label"], got["label_confidence"]) == (label, confidence)


@pytest.mark.parametrize(
    "name", ["Mixmash", "Dub Police", "Club Cheval", "Original Sin", "Radio Slave", "Kft.", "Catch & Release", "R & S"]
)
@pytest.mark.parametrize("brackets", ["[]", "()"])
def test_labels_that_look_like_versions(name: str, brackets: str) -> None:
    got = parse_titles(
        pl.Series([f"Song {brackets[0]}{name}{brackets[1]}"]), known_labels=None if brackets == "[]" else [name]
    )

    assert got["label"].to_list() == [name]


@pytest.mark.parametrize(
    "inner",
    ["Original Mix", "Extended", "Radio Edit", "VIP", "Acapella", "Accapella", "Instrumental", "Someone Remix", "Live",
     "Live at Wembley", "2012 Remaster", "feat. Someone", "ft Someone", "prod. by Someone", "with Someone",
     "White", "White Label", "CDR", "Promo", "Unreleased", "Acetate", "Test Pressing", "Not On Label", "Self Released",
     "Taken from the ASOT 2009 compilation", "from the album X", "Free Download", "Out Now", "1999", "12:34", "128 BPM",
     "G Minor", "8A", "Part 2", "Working Title", "???", "", "Bootleg", "X vs. Y Mashup", "Remixed by Someone", "House"],
)  # fmt: skip
@pytest.mark.parametrize("brackets", ["[]", "()"])
def test_brackets_that_are_no_label(inner: str, brackets: str) -> None:
    assert _parse(f"Song {brackets[0]}{inner}{brackets[1]}")["label"] is None


@pytest.mark.parametrize(
    ("title", "label", "number"),
    [
        pytest.param("T [Armada - ARDI 1393]", "Armada", "ARDI 1393", id="dash"),
        pytest.param("T [Greco-Roman - GREC 031DX]", "Greco-Roman", "GREC 031DX", id="hyphen-in-label"),
        pytest.param("T [Djax-Up-Beats - DJAX-UP-151]", "Djax-Up-Beats", "DJAX-UP-151", id="hyphens-in-number"),
        pytest.param("T [Rekids - 075]", "Rekids", "075", id="digits-only"),
        pytest.param("T [Anjunabeats ANJ123]", "Anjunabeats", "ANJ123", id="no-dash"),
        pytest.param("T [ARDI1393]", None, "ARDI1393", id="number-alone"),
        pytest.param("T [Anjunabeats]", "Anjunabeats", None, id="no-number"),
        pytest.param("T [Deepwell / DWR042]", "Deepwell", "DWR042", id="slash"),
        pytest.param("T [Melodic House & Techno]", None, None, id="two-genres"),
    ],
)
def test_catalogue_number(title: str, label: str | None, number: str | None) -> None:
    got = _parse(title)
    assert (got["label"], got["catalog_number"]) == (label, number)


@pytest.mark.parametrize(
    ("title", "mix", "version", "remixer"),
    [
        ("T", None, "plain", None),
        ("T (Original Mix)", "Original Mix", "original", None),
        ("T Original Mix", "Original Mix", "original", None),
        ("T - Original Mix", "Original Mix", "original", None),
        ("T - Mono / Remastered", "Mono / Remastered", "remaster", None),
        ("T - 2009 Digital Remaster", "2009 Digital Remaster", "remaster", None),
        ("T (Hot Since 82 Remix)", "Hot Since 82 Remix", "remix", "Hot Since 82"),
        ("T (Art Department Remix)", "Art Department Remix", "remix", "Art Department"),
        ("T (Techno Animal Dub)", "Techno Animal Dub", "dub", "Techno Animal"),
        ("T (Extended Mix)", "Extended Mix", "extended", None),
        ('T (12" Mix)', '12" Mix', "extended", None),
        ("T (Radio Edit)", "Radio Edit", "radio", None),
        ("T (Aly & Fila Club Mix)", "Aly & Fila Club Mix", "club", "Aly & Fila"),
        ("T (X Dub)", "X Dub", "dub", "X"),
        ("T (Instrumental)", "Instrumental", "instrumental", None),
        ("T (Acappella)", "Acappella", "acappella", None),
        ("T (Deep Dish Remix)", "Deep Dish Remix", "remix", "Deep Dish"),
        ("T (Cold Blue's Uplifting Remix)", "Cold Blue's Uplifting Remix", "remix", "Cold Blue"),
        ("T (Someone Extended Remix)", "Someone Extended Remix", "remix", "Someone"),
        ("T (Remixed by Someone)", "Remixed by Someone", "remix", "Someone"),
        ("T [VIP]", "VIP", "vip", None),
        ("T (X vs. Y Bootleg)", "X vs. Y Bootleg", "bootleg", "X vs. Y"),
        ("T (X Mashup)", "X Mashup", "mashup", "X"),
        ("T (Todd Terje Re-Edit)", "Todd Terje Re-Edit", "edit", "Todd Terje"),
        ("T (Live at Wembley)", "Live at Wembley", "live", None),
        ("T (Acoustic)", "Acoustic", "acoustic", None),
        ("T (Someone Cover)", "Someone Cover", "cover", "Someone"),
        ("T (2012 Remaster)", "2012 Remaster", "remaster", None),
        ("T (Sped Up)", "Sped Up", "other", None),
        ("T (Original Sin Remix)", "Original Sin Remix", "remix", "Original Sin"),
        ("T (Original Sin VIP)", "Original Sin VIP", "vip", "Original Sin"),
        ("T (Radio Slave Remix)", "Radio Slave Remix", "remix", "Radio Slave"),
        ("T (Extended Play Remix)", "Extended Play Remix", "remix", "Extended Play"),
        ("T (Club Foot Edit)", "Club Foot Edit", "edit", "Club Foot"),
        ("T (Dub Pistols Mix)", "Dub Pistols Mix", "remix", "Dub Pistols"),
        ("T (Radio Slave Edit)", "Radio Slave Edit", "edit", "Radio Slave"),
        ("T (Live Element Remix)", "Live Element Remix", "remix", "Live Element"),
        ("T (Someone Live Remix)", "Someone Live Remix", "live", "Someone"),
        ("T (Remixed by Acoustic Ladyland)", "Remixed by Acoustic Ladyland", "remix", "Acoustic Ladyland"),
        ("T (Edit Select Remix)", "Edit Select Remix", "remix", "Edit Select"),
        ("T (Mix Mup Remix)", "Mix Mup Remix", "remix", "Mix Mup"),
        ("T (Vocal Booth Remix)", "Vocal Booth Remix", "remix", "Vocal Booth"),
        ("T (Clubmix Edit)", "Clubmix Edit", "edit", None),
        ("T (Original Extended Remix)", "Original Extended Remix", "remix", None),
    ],
)
def test_versions(title: str, mix: str | None, version: str, remixer: str | None) -> None:
    got = _parse(title)
    assert (got["base_title"], got["mix"], got["version_class"], got["remixer"]) == ("T", mix, version, remixer)


@pytest.mark.parametrize(
    ("title", "artist", "base"),
    [
        ("Ilan Bluestone - Frozen Ground [Anjunabeats]", "Ilan Bluestone", "Frozen Ground"),
        ("[12:34] Ilan Bluestone - Frozen Ground", "Ilan Bluestone", "Frozen Ground"),
        ("03. Ilan Bluestone - Frozen Ground", "Ilan Bluestone", "Frozen Ground"),
        ("w/ Ilan Bluestone - Frozen Ground", "Ilan Bluestone", "Frozen Ground"),
        ("A - T - X Remix", "A", "T"),
        ("Mina ‒ Still Sea", "Mina", "Still Sea"),
        ("Mina ― Still Sea", "Mina", "Still Sea"),
        ("Mina - Mina - Still Sea", "Mina", "Still Sea"),
        ("Mina - Minaret - Dawn", "Mina", "Minaret - Dawn"),
        ("[KRTM] - Still Sea [Perc Trax]", "[KRTM]", "Still Sea"),
        ("D[ruid] - Still Sea [Soma]", "D[ruid]", "Still Sea"),
        ("Frozen Ground", None, "Frozen Ground"),
        ("(I Can't Get No) Satisfaction", None, "(I Can't Get No) Satisfaction"),
        ("Rehab (Winter in Paris) [Some Label]", None, "Rehab (Winter in Paris)"),
    ],
)
def test_artist_and_base_title(title: str, artist: str | None, base: str) -> None:
    got = _parse(title)
    assert (got["artist"], got["base_title"]) == (artist, base)


def test_a_given_artist_keeps_the_dash_in_the_title() -> None:
    got = _parse("Jean - Michel", artist="Someone")
    assert (got["artist"], got["base_title"]) == ("Someone", "Jean - Michel")


def test_guests() -> None:
    assert _parse("T feat. A & B (C Remix)")["features"] == ["A", "B"]
    assert _parse("T (feat. Drake) [Label]")["features"] == ["Drake"]
    assert _parse("Kft. Song")["features"] == []


@pytest.mark.parametrize(
    ("title", "mashup", "components"),
    [
        ("A vs. B - T1 vs. T2 (X Mashup)", True, ["A - T1", "B - T2"]),
        ("A - T w/ U", True, ["T", "U"]),
        ("T1 vs T2", True, ["T1", "T2"]),
        ("Eat Sleep Boomerang [W&W Mashup]", True, []),
        ("T (A vs B Remix)", False, []),
        ("w/ A - T", False, []),
        ("A vs. B - T", False, []),
    ],
)
def test_mashups(title: str, mashup: bool, components: list[str]) -> None:
    got = _parse(title)
    assert (got["is_mashup"], got["components"]) == (mashup, components)


@pytest.mark.parametrize(
    "title", [None, "", "ID", "ID - ID", "Armin - ID (Working Title)", "Unknown Track", "ID (X Remix)"]
)
def test_unknown_titles(title: str | None) -> None:
    assert _parse(title)["is_unknown"] is True


NASTY = [
    "x" * 10_000,
    "(" * 10_000,
    "[" * 5_000 + "]" * 5_000,
    "a\0b [L\0]",
    "\"q\" 'q' [“L”]",
    "😀 [😀]",
    "\x1f(\x1f)[",
    "()",
    "][",
]


def test_nasty_titles_come_through() -> None:
    parsed = parse_titles(pl.Series([*NASTY, None]))
    assert parsed.schema == PARSED_TITLES
    assert parsed["title"].to_list() == [*NASTY, None]


def test_no_titles_at_all() -> None:
    assert parse_titles(pl.Series([], dtype=pl.String)).schema == PARSED_TITLES


def test_artists_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="as long as"):
        parse_titles(pl.Series(["a"]), artists=pl.Series(["a", "b"]))


_PIECES = st.sampled_from(
    ["[", "]", "(", ")", "{", " - ", " vs ", "feat. ", "Remix", "Label", "ABC 12", "ID", " w/ ", "\0", '"']
)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.one_of(st.none(), st.text(), st.lists(_PIECES).map("".join)), max_size=8), st.booleans())
def test_any_text_is_parsed(titles: list[str | None], with_artists: bool) -> None:
    column = pl.Series(titles, dtype=pl.String)
    parsed = parse_titles(column, artists=column if with_artists else None)
    assert parsed.schema == PARSED_TITLES
    assert parsed["title"].to_list() == titles
    assert parsed["label_confidence"].drop_nulls().is_between(0.6, 0.7).all()
    assert (parsed["label"].is_null() == parsed["label_confidence"].is_null()).all()


def test_other_columns_are_carried_along() -> None:
    table = pl.DataFrame({"id": [1, 2], "title": ["A - T [L]", "U"], "label": ["old", "old"]})
    parsed = parse_title_table(table)
    assert parsed.columns == [*PARSED_TITLES.names(), "id"]
    assert parsed["label"].to_list() == ["L", None]
    assert title_figures(parsed)["labels_found"] == 1


def test_a_column_teaches_its_labels() -> None:
    """In many titles, a bracket that recurs with other artists is a label; one that stays with its artist is not."""
    filler = [(f"Artist {i}", f"Song {i} [Filler {i}]") for i in range(200)]
    label = [(f"Artist {i}", f"Tune {i} (Deepwell)") for i in range(4)]
    phrase = [("Someone", f"Tune {i} (Sit Still)") for i in range(4)]
    artists, titles = zip(*filler, *label, *phrase, strict=True)
    got = parse_titles(pl.Series(titles), artists=pl.Series(artists))["label"].to_list()
    assert got[200:] == ["Deepwell"] * 4 + [None] * 4


@pytest.mark.shared
@pytest.mark.parametrize("way", ["random", "by-set", "nothing-known"])
def test_labels_of_real_titles(shared_data: Path, way: str) -> None:
    """Precision and recall on titles left out of what the parser learned from."""
    facts = pl.read_parquet(shared_data / "titles.parquet", columns=["title", "artist", "label", "set_id"])
    draw = random.Random(7)
    if way == "random":
        learned = pl.Series([draw.random() < 0.5 for _ in range(facts.height)])
    else:
        sets = facts["set_id"].unique().sort().to_list()
        learned = facts["set_id"].is_in(draw.sample(sets, len(sets) // 2)).fill_null(False)
    known = None if way == "nothing-known" else facts.filter(learned)["label"].drop_nulls().unique().to_list()
    held_out = facts.filter(~learned)
    parsed = parse_titles(held_out["title"], artists=held_out["artist"], known_labels=known)
    right = (label_key(pl.col("label")) == label_key(pl.col("truth"))).fill_null(False).sum()
    figures = parsed.select("label").with_columns(truth=held_out["label"]).select(
        precision=right / pl.col("label").count(), recall=right / pl.col("truth").count()
    )  # fmt: skip
    precision, recall = figures.row(0)
    assert precision >= 0.975
    assert recall >= 0.96


def test_artists_and_titles_in_turn_are_parts_of_one_mashup():
    row = parse_titles(pl.Series(["Alpha - Night Signal vs. Beta - Rainy Road (DJ Mashup)"])).row(0, named=True)

    assert (row["artist"], row["base_title"]) == ("Alpha vs. Beta", "Night Signal vs. Rainy Road")
    assert row["components"] == ["Alpha - Night Signal", "Beta - Rainy Road"]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("Voices (Ghost Town)", {"label": None, "base_title": "Voices (Ghost Town)"}, id="round-unknown"),
        pytest.param("Voices (Hold On) (Beta Remix)", {"label": None, "remixer": "Beta"}, id="round-then-version"),
        pytest.param("Voices (Deepwell Recordings)", {"label": "Deepwell Recordings"}, id="called-like-a-label"),
        pytest.param("Voices (Live Recording)", {"label": None}, id="a-recording-is-no-company"),
        pytest.param("Voices [Vinyl Only]", {"label": None}, id="how-it-is-sold"),
        pytest.param("Voices (1985 Mix)", {"remixer": None}, id="a-year-remixes-nothing"),
        pytest.param("Voices (Rerecorded Version)", {"remixer": None}, id="recorded-again"),
        pytest.param("Voices (Nu Disco Mix)", {"remixer": None}, id="genre-of-two-words"),
        pytest.param('Voices (From "Barbie The Album")', {"base_title": "Voices"}, id="from-an-album"),
        pytest.param("Voices [From the Motion Picture Soundtrack]", {"base_title": "Voices", "label": None}, id="film"),
        pytest.param("Voices (Part 2) (Beta Remix)", {"base_title": "Voices (Part 2)", "remixer": "Beta"}, id="a-part"),
        pytest.param(
            "A - Voices - Beta Remix - Radio Edit", {"base_title": "Voices", "remixer": "Beta"}, id="two-dashes"
        ),
        pytest.param("Alpha ‐ Voices", {"artist": "Alpha", "base_title": "Voices"}, id="another-hyphen"),
        pytest.param("Voices [Clip]", {"label": None}, id="a-clip"),
        pytest.param("Voices (Extended Dub)", {"version_class": "dub"}, id="a-long-dub-is-a-dub"),
        pytest.param("m[ono] - Voices [Deepwell]", {"artist": "m[ono]", "label": "Deepwell"}, id="bracket-in-a-word"),
    ],
)
def test_neighbours_of_reported_titles(title: str, expected: dict[str, str | None]) -> None:
    got = _parse(title)

    assert {name: got[name] for name in expected} == expected


@pytest.mark.parametrize(
    "mix",
    ["Peak Time Mix", "Afterhours Mix", "Drum & Bass Mix", "Warehouse Mix", "Chill Out Mix", "Hip Hop Remix", "R&B Mix",
     "Lo-Fi Remix", "Old School Mix", "Rave Mix", "Sax Mix", "Christmas Mix", "'98 Mix", "Night & Day Mix",
     "Jersey Club Remix", "Liquid DnB Remix", "TV Remix", "Part B Remix", "12″ Version", "7” Mix",
     "2000s Mix", "Eighties Mix", "80ies Remix", "Top 40 Mix", "Radio Hit Mix"],
)  # fmt: skip
def test_manners_of_a_mix_are_nobody(mix: str) -> None:
    assert _parse(f"T ({mix})")["remixer"] is None


@pytest.mark.parametrize(
    ("mix", "remixer"),
    [("Pete Rock Mix", "Pete Rock"), ("Iggy Pop Remix", "Iggy Pop"), ("A&B Club Mix", "A&B"), ("D&D Mix", "D&D"),
     ("Deep Dish Mix", "Deep Dish"), ("Leftfield Mix", "Leftfield"), ("Beta Kid Deep House Remix", "Beta Kid"),
     ("Beta Kid 2024 Remix", "Beta Kid"), ("Death From Above 1979 Remix", "Death From Above 1979"),
     ("Phonk D Remix", "Phonk D"), ("TV Rock Remix", "TV Rock"), ("Tech D Rework", "Tech D"), ("Push Remix", "Push")],
)  # fmt: skip
def test_names_that_end_in_such_words_are_names(mix: str, remixer: str) -> None:
    assert _parse(f"T ({mix})")["remixer"] == remixer


@pytest.mark.parametrize("before", ["PREMIERE: ", "World Première | ", "Exclusive: ", "Free Download : "])
def test_what_a_channel_says_before_is_no_artist(before: str) -> None:
    got = parse_titles(pl.Series([f"{before}Alpha Kid – Night Signal — Beta Kid Remix"])).row(0, named=True)

    assert (got["artist"], got["base_title"], got["remixer"]) == ("Alpha Kid", "Night Signal", "Beta Kid")


@pytest.mark.parametrize("behind", ["Sped Up", "Slowed + Reverb", "Rough Demo"])
def test_versions_behind_a_dash(behind: str) -> None:
    got = parse_titles(pl.Series([f"T - {behind}"]), artists=pl.Series(["Alpha"])).row(0, named=True)

    assert (got["base_title"], got["mix"]) == ("T", behind)


@pytest.mark.parametrize("guest", ["Feat: Cara", "Feat.: Cara", "(feat: Cara)", "[Ft: Cara]", "featuring: Cara"])
def test_a_guest_with_a_colon(guest):
    got = _parse(f"Night Signal {guest}")

    assert (got["base_title"], got["features"], got["label"]) == ("Night Signal", ["Cara"], None)
