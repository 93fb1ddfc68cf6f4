"""No reply ends a run: each client reads its recorded replies spoilt at random, and nothing poisoned is kept."""

from __future__ import annotations

import json
import os
import random
import time
from dataclasses import fields

import pytest
from fuzzed_replies import source_with
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded_replies import asked, recorded_cases

from enrich.matching.choice import choose
from enrich.matching.values import Availability, Hit
from enrich.settings import SOURCES
from enrich.sources.base import CACHE_FILE
from enrich.sources.cache import Cache
from enrich.sources.reading import LONGEST_MS, MOST_LETTERS

pytestmark = pytest.mark.shared

#: `FUZZED=10000` for a long run.
EXAMPLES = int(os.environ.get("FUZZED", "20"))
CASES = recorded_cases()


@pytest.mark.parametrize("service", SOURCES)
def test_no_spoilt_reply_ends_a_run_or_is_kept(service, tmp_path, monkeypatch):
    cases = [case for case in CASES if case["service"] == service]
    runs = iter(range(10**9))

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=st.sampled_from(cases), seed=st.integers(0, 2**32))
    def check(case, seed):
        folder = tmp_path / str(next(runs))
        began = time.monotonic()

        answer = source_with(case, folder, monkeypatch, dice=random.Random(seed)).search(asked(case))
        choice = choose(asked(case), answer.hits)

        assert time.monotonic() - began < 5, f"{case['id']}, seed {seed}"
        assert (answer.availability is Availability.OK) or (answer.reason and answer.reason.isprintable())
        assert choice.label is None or choice.label.isprintable()
        for hit in answer.hits:
            assert_sane(hit)
        if answer.availability is Availability.FAILED:
            kept = Cache(folder.joinpath(*CACHE_FILE))
            assert kept.count() == 0, f"{case['id']}, seed {seed}: {answer.reason}"
            kept.close()

    check()


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
