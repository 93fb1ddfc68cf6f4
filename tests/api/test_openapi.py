"""The OpenAPI document: schemathesis calls every operation with good and bad input and checks each answer."""

from __future__ import annotations

import pytest
import schemathesis
from api_server import TOKEN
from hypothesis import HealthCheck, settings
from pydantic import SecretStr

from enrich.api.app import create_app

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def open_schema(small_database):
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(small_database))


@pytest.fixture(scope="module")
def guarded_schema(small_database):
    guarded = small_database.model_copy(update={"api_token": SecretStr(TOKEN)})
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(guarded))


schema = schemathesis.pytest.from_fixture("open_schema")
guarded = schemathesis.pytest.from_fixture("guarded_schema")
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@schema.parametrize()
@QUICK
def test_no_fault_without_a_token(case):
    case.call_and_validate()


@guarded.parametrize()
@QUICK
def test_no_fault_with_a_token(case):
    case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"})


def test_every_answer_of_the_specification_is_an_example(small_database):
    document = create_app(small_database).openapi()
    for name in ("HuntResponse", "MigrateResponse", "ProcessResponse", "QueueResponse", "CycleResponse"):
        (example,) = document["components"]["schemas"][name]["examples"]
        assert set(example) >= set(document["components"]["schemas"][name]["required"])
    queue = document["components"]["schemas"]["QueueResponse"]["examples"][0]["cooldown_queue"]
    assert queue["next_retry_time"] == "2025-11-15T14:30:00Z"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("description"), f"{method} {path} does not say what it does"
            if method == "post":
                (limit,) = operation["parameters"]
                assert (limit["schema"]["minimum"], limit["schema"]["maximum"]) == (1, 10_000)
                assert "409" in operation["responses"] or "cooldown" in path
