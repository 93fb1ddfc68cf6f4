"""Every recorded reply of a real service is read as it should be: availability, hits, choice, and what was asked."""

from __future__ import annotations

import re

import pytest
from recorded_replies import asked, choose, has_hit, recorded_cases, replay

CASES = [case for case in recorded_cases() if "right" in case]

pytestmark = pytest.mark.shared


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_recorded_reply_is_read_right(case, tmp_path):
    right = case["right"]

    answer, log, rate = replay(case, tmp_path)

    seen = f"{case.get('what')}\n{answer.availability} {answer.reason}\n" + "\n".join([*log, *map(str, answer.hits)])
    if "availability" in right:
        assert answer.availability == right["availability"], seen
    assert answer.availability != right.get("availability_not"), seen
    if "reason" in right:
        assert re.search(right["reason"], answer.reason or ""), seen
    if "count" in right:
        assert len(answer.hits) == right["count"], seen
    for wanted in right.get("hits", []):
        assert has_hit(answer.hits, wanted), f"{wanted}\n{seen}"
    for unwanted in right.get("no_hits", []):
        assert not has_hit(answer.hits, unwanted), f"{unwanted}\n{seen}"
    for part in right.get("asked", []):
        assert any(part in one for one in log), f"{part}\n{seen}"
    if "rate_at_most" in right:
        assert rate <= right["rate_at_most"], seen
    if "choice" in right or "no_choice_label" in right:
        choice = choose(asked(case), answer.hits)
        told, wanted = f"{choice}\n{seen}", right.get("choice", {})
        assert choice.outcome == wanted.get("outcome", choice.outcome), told
        assert choice.outcome != wanted.get("outcome_not"), told
        assert choice.outcome in wanted.get("outcome_in", [choice.outcome]), told
        assert choice.label == wanted.get("label", choice.label), told
        assert choice.label not in right.get("no_choice_label", []), told
