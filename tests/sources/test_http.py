"""HTTP against a real server on loopback that does as it is told."""

from __future__ import annotations

import email.utils
import json
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from recorded_replies import kept

from enrich.matching.values import Availability
from enrich.sources.cache import Cache, Lifetime
from enrich.sources.http import ATTEMPTS, Endpoint, Http, Timeouts, user_agent
from enrich.sources.pace import LimitRegistry
from enrich.sources.replies import Blocked, Busy, Down, Failed, Malformed, redact, retry_after_s


@dataclass
class Script:
    """Replies to send in turn (the last for ever), and the requests that came."""

    replies: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    came: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    before_body: Callable[[], None] | None = None
    address: str = ""


@pytest.fixture
def script():
    told = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            told.came.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            length = int(self.headers.get("content-length") or 0)
            self.rfile.read(length)
            status, headers, body = told.replies[min(len(told.came), len(told.replies)) - 1]
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if told.before_body is not None:
                self.wfile.flush()
                told.before_body()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *args):
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request, client_address):
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    told.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


OK = (200, {"Content-Type": "application/json"}, b'{"found": [1]}')
EMPTY = (200, {"Content-Type": "application/json"}, b'{"found": []}')
CHALLENGE = (403, {"Content-Type": "text/html"}, b"<html><head><title>Just a moment...</title></head></html>")


def found(reply):
    return reply.json()["found"]


def at(base: str, **more) -> Http:
    limits = more.pop("limits", None) or LimitRegistry(pause_s=0.001).of("deezer", "x", rate=1000)
    return Http(Endpoint(source="deezer", base=base, limits=limits, **more))


@pytest.fixture
def make(script, hands, tmp_path):
    def make_it(**more) -> Http:
        limits = LimitRegistry(clock=hands.clock).of("deezer", "x", rate=1000)
        return at(script.address, limits=limits, clock=hands.clock, contact="me@example.org", **more)

    return make_it


def test_user_agent_names_program_and_contact(script, make):
    script.replies = [OK]

    assert make().requests().get("/x", read=found) == [1]

    assert script.came[0][1]["user-agent"] == "enrich/0.1.0 ( me@example.org )"


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        pytest.param("", "enrich/0.1.0 ( no contact given, ENRICH_CONTACT is unset )", id="unset"),
        pytest.param("a@b.org (me)\r\nX-Evil: 1", "enrich/0.1.0 ( a@b.org meX-Evil: 1 )", id="no-header-injection"),
        pytest.param("Zoë https://x.org", "enrich/0.1.0 ( Zo https://x.org )", id="ascii-only"),
    ],
)
def test_user_agent_is_always_a_header(contact, shown):
    assert user_agent(contact) == shown


def test_what_two_ask_at_once_is_sent_once(script, make, tmp_path):
    http = make(cache=Cache(tmp_path / "c.sqlite"))
    script.replies = [OK]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: http.requests().get("/x", read=found), range(8)))

    assert answers == [[1]] * 8
    assert len(script.came) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_heal_is_asked_again(script, make, status):
    script.replies = [(status, {}, b""), (status, {}, b""), OK]

    assert make().requests().get("/x", read=found) == [1]
    assert len(script.came) == 3


@pytest.mark.parametrize("status", [400, 404, 410])
def test_what_does_not_heal_is_not(script, make, status):
    script.replies = [(status, {}, b'{"error": "no"}')]

    with pytest.raises(Failed, match=f"HTTP {status}, no"):
        make().requests().get("/x", read=found)
    assert len(script.came) == 1


def test_retries_are_bounded(script, make):
    script.replies = [(503, {}, b"")]

    with pytest.raises(Down, match="HTTP 503") as told:
        make().requests().get("/x", read=found)

    assert len(script.came) == ATTEMPTS
    assert told.value.availability is Availability.DOWN


def test_retry_after_in_seconds_is_kept(script, make, hands):
    script.replies = [(429, {"Retry-After": "17"}, b""), OK]
    began = hands.now

    make().requests().get("/x", read=found)

    assert hands.now - began == pytest.approx(17, abs=0.1)


def test_retry_after_as_a_date_is_kept(script, make, hands):
    moment = datetime.fromtimestamp(hands.clock.wall() + 25, tz=UTC)
    script.replies = [(503, {"Retry-After": email.utils.format_datetime(moment, usegmt=True)}, b""), OK]
    began = hands.now

    make().requests().get("/x", read=found)

    assert hands.now - began == pytest.approx(25, abs=1.1)


def test_a_long_retry_after_is_not_waited_for(script, make, hands):
    script.replies = [(429, {"Retry-After": "3600"}, b""), OK]
    http = make()
    began = hands.now

    with pytest.raises(Down, match="3600 s"):
        http.requests().get("/x", read=found)
    with pytest.raises(Down, match="not asked again"):
        http.requests().get("/y", read=found)

    assert hands.now - began < 1
    assert len(script.came) == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("3", 3.0), ("0.5", 0.5), ("", None), ("soon", None), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0)],
)
def test_retry_after_forms(value, seconds):
    assert retry_after_s({"retry-after": value}, now=1e9) == seconds


def test_a_challenge_blocks_at_once_and_is_left_alone(script, make, hands):
    script.replies = [CHALLENGE, OK]
    http = make()

    with pytest.raises(Blocked, match="challenge"):
        http.requests().get("/x", read=found)
    with pytest.raises(Blocked, match="not asked again for 60 s"):
        http.requests().get("/x", read=found)
    assert len(script.came) == 1

    hands.pass_by(61)
    assert http.requests().get("/x", read=found) == [1]


def test_a_challenge_that_says_200_is_one_too(script, make):
    script.replies = [(200, *CHALLENGE[1:])]

    with pytest.raises(Blocked):
        make().requests().get("/x", read=found)


def test_a_ban_is_not_asked_twice(script, make):
    script.replies = [(502, {}, b"<html>Bad Gateway</html>"), OK]

    with pytest.raises(Blocked, match="banned"):
        make(bans=(502,)).requests().get("/x", read=found)

    assert len(script.came) == 1


def test_the_breaker_opens_after_five_failures(script, make):
    script.replies = [(500, {}, b"")]
    http = make()

    for _ in range(10):
        with pytest.raises(Down):
            http.requests().get("/x", read=found)

    assert len(script.came) == 5


def test_no_server_is_down(make, script):
    script.replies = [OK]
    http = Http(
        Endpoint(
            source="deezer", base="http://127.0.0.1:9", limits=LimitRegistry(pause_s=0.001).of("d", "x", rate=1000)
        )
    )

    with pytest.raises(Down, match="cannot be reached"):
        http.requests().get("/x", read=found)


def test_a_silent_server_is_down(script, tmp_path):
    script.replies = [OK]
    script.before_body = lambda: threading.Event().wait(0.4)
    http = at(script.address, timeouts=Timeouts(read_s=0.1), attempts=2)

    with pytest.raises(Down, match="no answer in time"):
        http.requests().get("/x", read=found)


def test_the_whole_reply_has_a_limit_in_time(script):
    script.replies = [(200, {"Content-Length": "400"}, b"x")]
    http = at(script.address, timeouts=Timeouts(read_s=0.5, total_s=0.0), attempts=1)

    with pytest.raises(Down, match="no answer in time"):
        http.requests().get("/x", read=found)


def test_replies_have_a_limit_in_size(script, make):
    script.replies = [(200, {}, b"[" + b" " * 5000 + b"]")]

    with pytest.raises(Failed, match="larger than 1000 bytes"):
        make(max_bytes=1000).requests().get("/x", read=found)


def test_a_page_where_json_should_be_is_failed(script, make):
    script.replies = [(200, {"Content-Type": "text/html"}, b"<html>consent</html>")]

    with pytest.raises(Failed, match="expected JSON, got a page") as told:
        make().requests().get("/x", read=found)
    assert told.value.availability is Availability.FAILED
    assert len(script.came) == 1


def test_broken_json_is_asked_once_more(script, make):
    script.replies = [(200, {}, b'{"found": [1'), OK]
    assert make().requests().get("/x", read=found) == [1]

    script.came.clear()
    script.replies = [(200, {}, b'{"found": [1')]
    with pytest.raises(Malformed):
        make().requests().get("/x", read=found)
    assert len(script.came) == 2


def test_json_of_another_shape_is_failed(script, make):
    script.replies = [(200, {}, b'{"results": []}')]

    with pytest.raises(Failed, match="unexpected shape"):
        make().requests().get("/x", read=found)


def test_busy_in_a_good_reply_is_asked_again(script, make):
    def read(reply):
        body = reply.json()
        if "error" in body:
            raise Busy("deezer: quota")
        return body["found"]

    script.replies = [(200, {}, b'{"error": {"code": 4}}'), OK]

    assert make().requests().get("/x", read=read) == [1]


class TestCaching:
    @pytest.fixture
    def cache(self, tmp_path):
        return Cache(tmp_path / "c.sqlite")

    def test_the_second_question_is_answered_from_disk(self, script, make, cache):
        script.replies = [OK]
        first, second = make(cache=cache).requests(), make(cache=cache).requests()

        assert first.get("/x", {"q": "a", "n": 1}, read=found) == [1]
        assert second.get("/x", {"n": 1, "q": "a"}, read=found) == [1]

        assert len(script.came) == 1
        assert (first.sent, second.sent) == (1, 0)

    def test_misses_are_forgotten_sooner(self, script, make, cache, hands):
        script.replies = [EMPTY, OK, OK]
        http = make(cache=cache, lifetime=Lifetime(hit_s=100, miss_s=10))

        assert http.requests().get("/miss", read=found) == []
        assert http.requests().get("/hit", read=found) == [1]
        hands.pass_by(50)

        http.requests().get("/miss", read=found)
        assert len(script.came) == 3
        http.requests().get("/hit", read=found)
        assert len(script.came) == 3

    def test_absent_is_a_miss(self, script, make, cache):
        script.replies = [(404, {}, b"{}")]

        assert make(cache=cache).requests().get("/x", read=found, absent=(404,)) is None
        assert make(cache=cache).requests().get("/x", read=found, absent=(404,)) is None
        assert len(script.came) == 1

    @pytest.mark.parametrize(
        "reply",
        [
            pytest.param(CHALLENGE, id="challenge"),
            pytest.param((403, {"Content-Type": "application/json"}, b'{"detail": "no"}'), id="refused"),
            pytest.param((401, {}, b"{}"), id="login"),
            pytest.param((500, {}, b""), id="500"),
            pytest.param((429, {"Retry-After": "1000"}, b""), id="429"),
            pytest.param((200, {}, b"<html>new look</html>"), id="changed-page"),
            pytest.param((200, {}, b'{"found": ['), id="truncated"),
        ],
    )
    def test_failures_are_never_kept(self, script, make, cache, reply):
        script.replies = [reply]

        with pytest.raises((Blocked, Down, Failed)):
            make(cache=cache).requests().get("/x", read=found)

        assert kept(cache) == 0


class TestSecrets:
    SECRET = "s3cr3t-t0ken"

    def test_they_are_in_no_message_log_or_cache(self, script, make, tmp_path, caplog):
        caplog.set_level(logging.DEBUG)
        logging.getLogger("httpx").setLevel(logging.NOTSET)
        cache = Cache(tmp_path / "c.sqlite")
        script.replies = [(500, {}, b""), (401, {}, b""), OK]
        http = make(authorise=lambda: f"Bearer {self.SECRET}", cache=cache)

        with pytest.raises(Blocked) as told:
            http.requests().get("/x", read=found)
        make(authorise=lambda: f"Bearer {self.SECRET}", cache=cache).requests().get("/x", read=found)

        assert script.came[0][1]["authorization"] == f"Bearer {self.SECRET}"
        assert self.SECRET not in str(told.value)
        assert self.SECRET not in repr(told.value)
        assert self.SECRET not in caplog.text
        cache._connection().close()
        assert self.SECRET.encode() not in (tmp_path / "c.sqlite").read_bytes()

    @pytest.mark.parametrize(
        ("address", "shown"),
        [
            ("https://user:pw@host.org/a?q=1", "https://host.org/a?q=1"),
            ("https://host.org/a?q=x&token=abc&page=2", "https://host.org/a?q=x&token=***&page=2"),
            ("https://host.org/a?access_token=abc", "https://host.org/a?access_token=***"),
            ("https://host.org/a?key=abc&api_key=d&code=e", "https://host.org/a?key=***&api_key=***&code=***"),
            ("https://host.org/a?keyword=abc", "https://host.org/a?keyword=abc"),
        ],
    )
    def test_addresses_are_redacted(self, address, shown):
        assert redact(address) == shown

    def test_the_transports_own_text_is_not_repeated(self, make):
        http = at(f"http://user:{self.SECRET}@127.0.0.1:9", attempts=1)

        with pytest.raises(Down) as told:
            http.requests().get("/x", {"token": self.SECRET}, read=found)

        assert self.SECRET not in str(told.value)
        assert told.value.__cause__ is None
        assert told.value.__suppress_context__


def test_login_is_renewed_once(script, make):
    tokens = ["old"]

    def refresh(refused: str, post) -> bool:
        assert refused == "Bearer old"
        tokens[0] = "new"
        return True

    script.replies = [(401, {}, b"{}"), OK]
    http = make(authorise=lambda: f"Bearer {tokens[0]}", refresh=refresh)

    assert http.requests().get("/x", read=found) == [1]
    assert [headers["authorization"] for _, headers in script.came] == ["Bearer old", "Bearer new"]


def test_a_login_refused_twice_blocks(script, make):
    script.replies = [(401, {}, b"{}")]
    http = make(authorise=lambda: "Bearer x", refresh=lambda refused, post: True)

    with pytest.raises(Blocked, match="check the token"):
        http.requests().get("/x", read=found)
    assert len(script.came) == 2


def test_one_conversation_asks_a_question_once(script, make):
    script.replies = [OK]
    requests = make().requests()

    assert requests.get("/x", read=found) == requests.get("/x", read=found) == [1]
    assert len(script.came) == 1


def test_spaces_travel_as_plus(script, make):
    script.replies = [OK]

    make().requests().get("/release", {"inc": "labels release-groups media"}, read=found)

    assert script.came[0][0] == "/release?inc=labels+release-groups+media"


def test_forms_are_posted(script, make):
    script.replies = [(200, {}, json.dumps({"ok": True}).encode())]

    reply = make().post_form("/auth/o/token/", {"grant_type": "refresh_token"})

    assert reply.json() == {"ok": True}
    assert script.came[0][1]["content-type"] == "application/x-www-form-urlencoded"
