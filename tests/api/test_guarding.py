"""Who may call: tokens that are none, hosts open to others, pages of other sites."""

from __future__ import annotations

import subprocess
import sys

import pytest
from api_server import TOKEN, environment_of
from fastapi.testclient import TestClient
from pydantic import SecretStr

from enrich.api.app import create_app
from enrich.errors import SettingsError
from enrich.settings import Settings, load_settings

NOTHING = ["", " ", "\t", "  \n ", "\u00a0"]
DATA = ["/enrich/cooldown/stats", "/enrich/proposals", "/enrich/report", "/enrich/jobs", "/enrich/dashboards",
        "/enrich/dashboards/statuses", "/metrics"]  # fmt: skip
POSTS = ["/enrich/hunt-labels", "/enrich/multi-tier-resolve", "/enrich/trigger", "/enrich/cooldown/migrate",
         "/enrich/cooldown/process"]  # fmt: skip
OPEN_HOSTS = ["0.0.0.0", "::", "192.0.2.7", "music.example", "0", "", "localhost.example", "::ffff:127.0.0.1"]


def _client(settings: Settings, **changes: object) -> TestClient:
    if isinstance(token := changes.get("api_token"), str):
        changes["api_token"] = SecretStr(token)
    app = create_app(settings.model_copy(update=changes))
    return TestClient(app, base_url="http://127.0.0.1:8022", raise_server_exceptions=False)


@pytest.mark.parametrize("blank", NOTHING)
def test_a_blank_token_is_none(monkeypatch, tmp_path, blank):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENRICH_API_TOKEN", blank)
    assert load_settings().api_token is None
    monkeypatch.delenv("ENRICH_API_TOKEN")
    (tmp_path / ".env").write_text(f'ENRICH_API_TOKEN="{blank}"\n', encoding="utf-8")
    assert load_settings().api_token is None


@pytest.mark.parametrize("host", OPEN_HOSTS)
def test_no_application_is_made_for_others_without_a_token(small_database, host):
    with pytest.raises(SettingsError, match="ENRICH_API_TOKEN"):
        create_app(small_database.model_copy(update={"api_host": host}))


@pytest.mark.parametrize("token", ["", "   "])
def test_serve_with_the_line_of_the_example_refuses_in_one_line(small_database, tmp_path, token):
    environment = environment_of(small_database) | {"ENRICH_API_TOKEN": token, "ENRICH_API_HOST": "0.0.0.0"}
    done = subprocess.run(
        [sys.executable, "-m", "enrich", "serve", "--port", "0"],
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path, env=environment,
    )  # fmt: skip

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "ENRICH_API_TOKEN" in done.stderr


@pytest.mark.parametrize("token", ["pässword", "пароль", "a b", "a\x00b", "tok\nen", "🔑", "\x7f"])
def test_a_token_that_no_header_can_carry_is_refused_at_start(token):
    with pytest.raises(SettingsError, match="ENRICH_API_TOKEN") as refused:
        load_settings(api_token=token)
    assert token not in str(refused.value)


@pytest.mark.parametrize("token", ["a", "s3cret!", "~._-+/=", "x" * 500, '"quoted"', "Bearer"])
def test_every_token_that_is_taken_works(small_database, token):
    client = _client(small_database, api_token=load_settings(api_token=f" {token}\n").api_token)

    assert client.post(POSTS[-1], headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert client.post(POSTS[-1], headers={"Authorization": f"Bearer {token}x"}).status_code == 401


@pytest.mark.parametrize("path", DATA)
def test_elsewhere_data_needs_the_token_too(small_database, path):
    client = _client(small_database, api_host="0.0.0.0", api_token=TOKEN)

    assert client.get(path).status_code == 401
    assert client.get(path, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get(path, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert client.get("/health").status_code == 200


def test_every_operation_but_health_is_guarded_elsewhere(small_database):
    client = _client(small_database, api_host="0.0.0.0", api_token=TOKEN)
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        for method in operations:
            answer = client.request(method, path.replace("{name}", "statuses"))
            assert (answer.status_code == 401) is (path != "/health"), (method, path, answer.status_code)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, 403, id="cross-site-without-origin"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, 403, id="same-site-is-another-port"),
        pytest.param({"Sec-Fetch-Site": "nonsense"}, 403, id="unknown-site"),
        pytest.param({"Origin": "null"}, 403, id="sandboxed-page"),
        pytest.param({"Origin": "http://127.0.0.1:9999"}, 403, id="another-port"),
        pytest.param({"Origin": "http://127.0.0.1:8022.evil.example"}, 400, id="port-that-is-none"),
        pytest.param({"Origin": "http://evil.example"}, 403, id="another-name"),
        pytest.param({"Origin": "http://["}, 400, id="open-bracket"),
        pytest.param({"Origin": "http://[::1"}, 400, id="half-an-address"),
        pytest.param({"Origin": ""}, 400, id="empty"),
        pytest.param({"Origin": "127.0.0.1:8022"}, 400, id="no-scheme"),
        pytest.param({"Origin": "http://127.0.0.1:8022/x"}, 400, id="with-a-path"),
        pytest.param({"Origin": "http://user@127.0.0.1:8022"}, 400, id="with-a-user"),
        pytest.param({"Origin": "http://127.0.0.1:99999999"}, 400, id="port-out-of-range"),
        pytest.param({"Origin": "http://a http://b"}, 400, id="two-in-one"),
    ],
)
def test_pages_of_other_sites_send_nothing(small_database, path, headers, status):
    assert _client(small_database).post(path, headers=headers).status_code == status


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://127.0.0.1:8022"}, {"Origin": "http://127.0.0.1:8022", "Sec-Fetch-Site": "same-origin"},
     {"Sec-Fetch-Site": "none"}],
)  # fmt: skip
def test_our_own_pages_and_programs_may(small_database, headers):
    assert _client(small_database).post(POSTS[-1], headers=headers).status_code == 200


def test_two_origins_are_no_origin(small_database):
    both = [("Origin", "http://127.0.0.1:8022"), ("Origin", "http://127.0.0.1:8022")]
    assert _client(small_database).post(POSTS[-1], headers=both).status_code == 400


@pytest.mark.parametrize("host", ["testserver", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", ""])
def test_on_loopback_no_other_name_is_trusted(small_database, host):
    assert _client(small_database).get("/health", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8022", "LOCALHOST", "[::1]:8022"])
def test_on_loopback_its_own_names_are(small_database, host):
    assert _client(small_database).get("/health", headers={"Host": host}).status_code == 200
