"""No reply ends a run: each client reads its recorded replies spoilt at random, and nothing poisoned is kept."""

from __future__ import annotations

import json
import math
import os
import random
import time
from dataclasses import fields, replace

import pytest
from fuzzed_replies import Spoiling
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded_replies import asked, kept, recorded_cases

from enrich.matching.choice import choose_all
from enrich.matching.values import Availability, Hit, SourceAnswer, TrackQuery
from enrich.settings import SOURCES
from enrich.sources.reading import LONGEST_MS, MOST_LETTERS

pytestmark = pytest.mark.shared

CASES = recorded_cases()
#: Answers judged together: one by one, judging would take most of the time.
BATCH = 500


@pytest.mark.parametrize(
    "examples", [pytest.param(20, id="few"), pytest.param(10_000, id="many", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("service", SOURCES)
def test_no_spoilt_reply_ends_a_run_or_is_kept(service, examples, tmp_path, monkeypatch):
    """`FUZZED=10000` for as many in place of the few."""
    cases = [case for case in CASES if case["service"] == service]
    spoiling = Spoiling(tmp_path, monkeypatch)
    answered: list[tuple[TrackQuery, SourceAnswer]] = []
    tried = 0

    @settings(
        max_examples=int(os.environ.get("FUZZED", examples)),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.sampled_from(cases), seed=st.integers(0, 2**32))
    def check(case, seed):
        nonlocal tried
        tried += 1
        spoiling.cache.prune(now=math.inf)
        began = time.process_time()

        answer = spoiling.source(case, dice=random.Random(seed)).search(asked(case))

        assert time.process_time() - began < 5, f"{case['id']}, seed {seed}"
        assert (answer.availability is Availability.OK) or (answer.reason and answer.reason.isprintable())
        for hit in answer.hits:
            assert_sane(hit)
        if answer.availability is Availability.FAILED:
            assert kept(spoiling.cache) == 0, f"{case['id']}, seed {seed}: {answer.reason}"
        answered.append((replace(asked(case), track_id=f"{case['id']}, seed {seed}, {tried}"), answer))
        if len(answered) == BATCH:
            judge()

    def judge() -> None:
        queries, answers = zip(*answered, strict=True)
        began = time.process_time()
        for choice in choose_all(queries, [answer.hits for answer in answers]):
            assert choice.label is None or choice.label.isprintable(), choice.track_id
        assert time.process_time() - began < 60
        answered.clear()

    check()
    if answered:
        judge()


def assert_sane(hit: Hit) -> None:
    """All texts are clean and bounded, numbers and days in range."""
    said = {field.name: getattr(hit, field.name) for field in fields(hit)}
    for name, value in said.items():
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str):
                assert text.isprintable(), name
                assert 0 < len(text) <= MOST_LETTERS, name
    json.dumps(said, default=str).encode()
    assert hit.duration_ms is None or (isinstance(hit.duration_ms, int) and 0 < hit.duration_ms <= LONGEST_MS)
    assert hit.release_date is None or 1850 < hit.release_date.year < 2101
    assert {type(hit.is_compilation), type(hit.is_official)} == {bool}
