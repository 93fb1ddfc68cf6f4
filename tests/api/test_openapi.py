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
QUICK = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)


#: Callers: on a server without a token; with the token of one that has it, open to others; and there without it.
CALLERS = ["no-token", "token", "refused"]


@pytest.fixture(scope="module", params=CALLERS)
def called(request, small_database):
    """The schema of an application in this process, and the headers a caller sends."""
    headers = {"Host": "127.0.0.1"}
    if request.param != "no-token":
        update = {"api_token": SecretStr(TOKEN), "api_host": "0.0.0.0"}
        small_database = small_database.model_copy(update=update)
    if request.param == "token":
        headers["Authorization"] = f"Bearer {TOKEN}"
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(small_database), headers=headers), headers


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
@pytest.mark.parametrize(("method", "path"), LIMITED, ids=[f"{m}-{p}" for m, p in LIMITED])
def test_schemathesis_finds_no_fault(called, method, path, mode):
    schema, headers = called
    operation = schema[path][method]
    if mode is GenerationMode.NEGATIVE and not LIMITED[method, path]:
        pytest.skip("takes no input that could be bad")

    # A job works through the whole database, so that fewer calls of it do.
    @settings(QUICK, max_examples=2 if method == "post" else 4)
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
