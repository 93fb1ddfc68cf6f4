"""The auto-accept policy: what is read, what is refused, what is accepted."""

from __future__ import annotations

import polars as pl
import pytest

from enrich.errors import SettingsError
from enrich.pipeline.policy import DEFAULT_THRESHOLDS, read_policy


def _proposals(*rows):
    return pl.DataFrame(rows, schema=["kind", "source", "confidence"], orient="row")


@pytest.mark.parametrize(
    ("text", "kind", "source", "confidence", "accepted"),
    [
        pytest.param("default", "label", "title", 0.65, True, id="at-the-threshold"),
        pytest.param("default", "label", "title", 0.60, False, id="round-bracket-nobody-knows"),
        pytest.param("default", "artist", "context-formula", 1.0, False, id="formula-never"),
        pytest.param("default", "artist", "association", 0.80, False, id="association-to-review"),
        pytest.param("none", "label", "title", 1.0, False, id="none"),
        pytest.param("label:title=never", "label", "title", 1.0, False, id="never"),
        pytest.param("artist:association=0.8", "artist", "association", 0.80, True, id="own-threshold"),
        pytest.param("default,label:title=0.7", "label", "title", 0.65, False, id="stricter"),
        pytest.param("artist:association=0.8", "label", "title", 0.70, True, id="the-rest-stays"),
    ],
)
def test_what_is_accepted(text, kind, source, confidence, accepted):
    got = read_policy(text).accepts(_proposals((kind, source, confidence)))

    assert got.to_list() == [accepted]


@pytest.mark.parametrize("text", ["sometimes", "label:title", "label:title=2", "mood:title=0.5", "label:title=high"])
def test_what_cannot_be_read_is_named(text):
    with pytest.raises(SettingsError, match="ENRICH_AUTO_ACCEPT"):
        read_policy(text)


def test_thresholds_found_by_calibration_rank_below_the_default_ones():
    learned = {("label", "title"): 0.1, ("label", "beatport"): 0.97}

    policy = read_policy("default", learned=learned)

    assert policy.thresholds[("label", "title")] == DEFAULT_THRESHOLDS[("label", "title")]
    assert policy.accepts(_proposals(("label", "beatport", 0.97), ("label", "beatport", 0.96))).to_list() == [
        True,
        False,
    ]
