"""The auto-accept policy: what is read, what is refused, what is accepted, and how far the bound reaches."""

from __future__ import annotations

import json

import polars as pl
import pytest

from enrich.errors import SettingsError
from enrich.ledger.policy import read_policy
from enrich.settings import Settings


def _policy(text="default", **more):
    return read_policy(Settings(_env_file=None, auto_accept=text, **more))


def _proposals(*rows, kind="artist", source="same-title"):
    """bucket, confidence, cases, how many of them."""
    return pl.DataFrame(
        [
            (kind, source, confidence, json.dumps({"bucket": bucket, "cases": cases}))
            for bucket, confidence, cases, count in rows
            for _ in range(count)
        ],
        schema={"kind": pl.String, "source": pl.String, "confidence": pl.Float64, "evidence": pl.String},
        orient="row",
    )


def _accepted(policy, proposals):
    return int(policy.accepts(proposals).sum())


@pytest.mark.parametrize(
    ("rows", "accepted"),
    [
        pytest.param([("a", 0.99, 200, 10)], 10, id="sure-and-well-measured"),
        pytest.param([("a", 0.99, 20, 10)], 0, id="sure-and-hardly-measured"),
        pytest.param([("a", 0.96, 200, 10)], 0, id="bound-below-what-is-asked"),
        pytest.param([("a", 0.995, 200, 90), ("b", 0.94, 200, 10)], 100, id="a-few-weaker-ones-are-carried"),
        pytest.param([("a", 0.995, 200, 10), ("b", 0.94, 200, 90)], 10, id="but-not-many"),
        pytest.param([("a", None, 0, 5)], 0, id="a-rule-without-a-measure"),
    ],
)
def test_the_largest_set_whose_bound_holds(rows, accepted):
    assert _accepted(_policy(), _proposals(*rows)) == accepted


def test_sources_are_judged_apart_and_a_pool_decides_of_few():
    weak = _proposals(("b", 0.94, 200, 1))
    strong = _proposals(("a", 0.995, 200, 90))
    other = _proposals(("a", 0.995, 200, 90), source="beatport")

    assert _policy().accepts(weak, pl.concat([weak, other])).to_list() == [False]
    assert _policy().accepts(weak, pl.concat([weak, strong])).to_list() == [True]


def test_more_precision_asked_accepts_less():
    rows = _proposals(("a", 0.995, 200, 50), ("b", 0.975, 200, 50))

    assert [_accepted(_policy(accept_precision=p), rows) for p in (0.95, 0.975, 0.99)] == [100, 50, 0]


@pytest.mark.parametrize(
    ("text", "kind", "source", "confidence", "accepted"),
    [
        pytest.param("none", "label", "title", 1.0, False, id="none"),
        pytest.param("label:title=never", "label", "title", 1.0, False, id="never"),
        pytest.param("artist:association=0.8", "artist", "association", 0.80, True, id="own-threshold"),
        pytest.param("artist:association=0.8", "artist", "association", 0.79, False, id="below-it"),
        pytest.param("default,label:title=0.7", "label", "title", 0.65, False, id="stricter"),
        pytest.param("artist:association=0.8", "label", "title", 0.999, True, id="the-rest-stays"),
    ],
)
def test_fixed_thresholds_work_beside_the_default(text, kind, source, confidence, accepted):
    got = _policy(text).accepts(_proposals(("a", confidence, 200, 1), kind=kind, source=source))

    assert got.to_list() == [accepted]


@pytest.mark.parametrize("text", ["sometimes", "label:title", "label:title=2", "mood:title=0.5", "label:title=high"])
def test_what_cannot_be_read_is_named(text):
    with pytest.raises(SettingsError, match="ENRICH_AUTO_ACCEPT"):
        _policy(text)
