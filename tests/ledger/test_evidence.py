"""Evidence in sentences: what a reviewer reads, and that nothing stored is kept from them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.ledger.evidence import told


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        pytest.param(
            {"n": 126, "bucket": "2 words", "chance": 0.0682, "others": 3, "artists": ["Ilan Bluestone"],
             "correct": 117, "example": "Frozen Ground [Anjunabeats]"},
            ["In the database: Frozen Ground [Anjunabeats], and 2 more",
             "117 of 126 known tracks came out right when hidden (93 %)",
             "Of such answers 6.8 % are chance",
             "Kind of evidence (2 words)",
             "Artists: Ilan Bluestone"],
            id="same-title",
        ),
        pytest.param(
            {"title": "w/ Desert Cipher [Sunday Circuit]", "in_title": "Sunday Circuit", "known_as": "Sunday Circuit"},
            ["The title says “Sunday Circuit”: w/ Desert Cipher [Sunday Circuit]",
             "Known to the database as Sunday Circuit"],
            id="bracket",
        ),
        pytest.param(
            {"url": "https://a.example/1", "rule": "common_title", "rivals": [], "release": "X - Y", "part_title": 1.0,
             "part_artist": 0.94, "release_date": "2024-08-02", "catalog_number": "N1"},
            ["Release: X - Y, 2024-08-02, N1", "Match: artist 0.94, title 1.00", "Rule: common title",
             "https://a.example/1"],
            id="source",
        ),
        pytest.param(
            {"dj": 1.0, "label": 0.5, "position": 0.1, "occurrence": 0.6667, "occurrence_count": 2,
             "label_support": "Undertow", "sentences": ["Played after A in A's set"]},
            ["Played after A in A's set",
             "Score: occurrence 0.67, label 0.50, dj 1.00, position 0.10; near it in 2 sets",
             "Label of its company: Undertow"],
            id="context",
        ),
        pytest.param(
            {"like": "Rising", "label": "P", "score": 0.8, "share": 0.34, "similarity": 1.0},
            ["Like “Rising” on the same label, similarity 1.00", "34 % of the label's tracks are by this artist",
             "score 0.80", "label: P"],
            id="association",
        ),
        pytest.param(
            {"recording_id": "r", "artists": ["Vale"], "title": "Ember", "label": "Undertow", "named_in": "set b",
             "days": 28, "blank": "title", "found": ["first played under its name 28 days later"]},
            ["First played under its name 28 days later", "Named in set b, 28 days later", "Recording: Vale, Ember, r",
             "Missing was: title", "On Undertow"],
            id="identity",
        ),
        pytest.param(
            {"named_in": "3e1c", "named_set": "Vale, 2024-05-01", "found": []}, ["Named in Vale, 2024-05-01"],
            id="a-set-by-its-name",
        ),
        pytest.param({"new_thing": [1, "b"]}, ["new thing: 1; b"], id="unknown-names-are-told"),
        pytest.param(["a", 2], ["a; 2"], id="a-list"),
    ],
)  # fmt: skip
def test_evidence_is_told(stored, expected):
    assert told(json.dumps(stored)) == expected


def test_no_evidence_and_no_json():
    assert told(None) == told("") == told("{}") == []
    assert told("not json") == ["not json"]


_KEYS = st.sampled_from(
    ("n", "correct", "bucket", "chance", "others", "example", "artists", "release", "label", "url", "rule", "hits",
     "score", "rivals", "sentences", "context_rank", "like", "similarity", "share", "in_title", "title", "known_as",
     "occurrence", "occurrence_count", "named_in", "found", "recording_id", "blank", "days",
     "dj", "position", "part_title", "reason", "components", "label_support", "else")
)  # fmt: skip
_TEXTS = st.text("abcdefg<>$", min_size=3, max_size=8)


@given(st.dictionaries(_KEYS, st.one_of(_TEXTS, st.lists(_TEXTS, max_size=3))))
def test_no_text_is_lost_and_nothing_raises(pieces):
    said = " ".join(told(json.dumps(pieces))).replace("_", " ").lower()

    for value in pieces.values():
        for text in value if isinstance(value, list) else [value]:
            assert text in said


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(_KEYS, inner), max_leaves=8))  # fmt: skip
def test_whatever_is_stored_can_be_told(value):
    assert all(isinstance(sentence, str) for sentence in told(json.dumps(value)))
