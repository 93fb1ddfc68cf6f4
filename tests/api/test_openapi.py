"""The OpenAPI document: schemathesis calls every operation with good and bad input and checks each answer."""

from __future__ import annotations

import pytest
import schemathesis
from api_server import TOKEN
from hypothesis import HealthCheck, given, settings
from pydantic import SecretStr
from schemathesis.generation import GenerationMode

from enrich.api.app import create_app
from enrich.settings import Settings

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

#: Operation → whether it takes a parameter with a rule that can be broken; any text is a name.
LIMITED = {
    (method, path): any(p["in"] == "query" for p in operation.get("parameters", ()))
    for path, operations in create_app(Settings(_env_file=None)).openapi()["paths"].items()  # type: ignore[call-arg]
    for method, operation in operations.items()
}
QUICK = settings(
    max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


@pytest.fixture(scope="module", params=["no-token", "token"])
def called(request, small_database):
    """The schema of an application in this process, and the headers a good caller sends."""
    if request.param == "no-token":
        return schemathesis.openapi.from_asgi("/openapi.json", create_app(small_database)), {}
    guarded = small_database.model_copy(update={"api_token": SecretStr(TOKEN)})
    header = {"Authorization": f"Bearer {TOKEN}"}
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(guarded)), header


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
@pytest.mark.parametrize(("method", "path"), LIMITED, ids=[f"{m}-{p}" for m, p in LIMITED])
def test_schemathesis_finds_no_fault(called, method, path, mode):
    schema, headers = called
    operation = schema[path][method]
    if mode is GenerationMode.NEGATIVE and not LIMITED[method, path]:
        pytest.skip("takes no input that could be bad")

    @QUICK
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        case.call_and_validate(headers=headers)

    check()


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
