"""The way out to the network: what is tried again, what is not, and what an error gives away."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import time
import traceback
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
import responses
from pydantic import BaseModel, SecretStr, TypeAdapter

from tests.loopback import DROPPED, FakeTime, Said, closed_port, loopback
from tracklater_bot import __version__
from tracklater_bot.http import (
    BadResponse,
    BadStatus,
    HttpError,
    ResponseLate,
    ResponseLost,
    RetryPolicy,
    ServiceClient,
    Title,
    Unreachable,
    anonymous,
    basic,
    bearer,
    bounds,
    in_header,
    transport,
    utc_now,
)
from tracklater_bot.http.responses import Intercepted
from tracklater_bot.settings import TogglSettings
from tracklater_bot.trackers.base import NotSent, Unknown
from tracklater_bot.trackers.toggl import TogglTracker

SECRET = "s3cret-token"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


def client(url: str, time: FakeTime | None = None, **more: RetryPolicy) -> ServiceClient:
    timing = (time or FakeTime()).timing()
    return ServiceClient("Toggl", url, basic(SECRET, "api_token"), timing=timing, **more)


# -- What goes out -----------------------------------------------------------------------------


def test_says_who_is_asking_and_with_which_credentials() -> None:
    with loopback(Said(body={"a": 1})) as service:
        answer = client(service.url + "/api/").get("/me", {"x": "2026-11-20T07:05:00+00:00"})
    assert answer.json() == {"a": 1}
    asked = service.asked[0]
    assert asked.path == "/api/me?x=2026-11-20T07%3A05%3A00%2B00%3A00"
    assert asked.headers["User-Agent"] == f"tracklater-bot/{__version__}"
    assert asked.headers["Authorization"].startswith("Basic czNjcmV0LXRva2Vu")


def test_a_token_may_stand_in_a_header_of_the_services_own() -> None:
    with loopback(Said()) as service:
        ServiceClient("Other", service.url, in_header("X-Api-Key", SecretStr(SECRET))).get("/")
    (asked,) = service.asked
    assert asked.headers["X-Api-Key"] == SECRET
    assert "Authorization" not in asked.headers


def test_leaves_the_netrc_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with loopback(Said()) as service:
        ServiceClient("Taiga", service.url, anonymous()).get("/")
        ServiceClient("Taiga", service.url, bearer(SecretStr(SECRET))).get("/")
    assert [each.headers.get("Authorization") for each in service.asked] == [
        None,
        f"Bearer {SECRET}",
    ]


def test_keeps_no_cookies() -> None:
    with loopback(Said(headers={"Set-Cookie": "session=1; Path=/"})) as service:
        jira = client(service.url)
        jira.get("/")
        jira.get("/")
    assert "Cookie" not in service.asked[1].headers


def test_asks_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with loopback(Said(body={"by": "proxy"})) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert client("http://toggl.example").get("/me").json() == {"by": "proxy"}
    assert proxy.asked[0].path == "http://toggl.example/me"


def test_a_proxy_that_is_down_means_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", closed_port())
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(Unreachable, match="behind a proxy"):
        client("http://toggl.example").send("POST", "/me")


def test_never_follows_a_redirect() -> None:
    with loopback(Said()) as elsewhere:
        location = f"{elsewhere.url}/login?token={SECRET}"
        moved = Said(302, headers={"Location": location})
        with loopback(moved) as service, pytest.raises(BadStatus) as caught:
            client(service.url).get("/me")
        assert elsewhere.asked == []
    assert f"sends us on to {elsewhere.url} (HTTP 302)" in str(caught.value)
    assert SECRET not in str(caught.value)


# -- Trying again ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_tries_a_question_again(status: int) -> None:
    time = FakeTime()
    with loopback(Said(status), Said(status), Said(body=[1])) as service:
        assert client(service.url, time).get("/me").json() == [1]
    assert time.slept == [0.5, 1.0]


def test_tries_four_times_and_no_more() -> None:
    time = FakeTime()
    with loopback(Said(503)) as service, pytest.raises(BadStatus) as caught:
        client(service.url, time).get("/me")
    assert len(service.asked) == 4
    assert time.slept == [0.5, 1.0, 2.0]
    assert caught.value.status == 503
    assert not caught.value.lasting


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_a_refusal_is_not_repeated(status: int) -> None:
    with loopback(Said(status)) as service, pytest.raises(BadStatus) as caught:
        client(service.url).get("/me")
    assert len(service.asked) == 1
    assert (caught.value.status, caught.value.lasting) == (status, True)


def test_an_internal_error_may_pass_but_is_not_repeated_at_once() -> None:
    with loopback(Said(500)) as service, pytest.raises(BadStatus) as caught:
        client(service.url).get("/me")
    assert len(service.asked) == 1
    assert not caught.value.lasting


@pytest.mark.parametrize("answer", [Said(503), Said(429), Said(500), DROPPED])
def test_a_write_is_never_repeated(answer: Said) -> None:
    with loopback(answer) as service, pytest.raises(HttpError):
        client(service.url).send("POST", "/time_entries", {"duration": 60})
    assert len(service.asked) == 1


def test_a_post_that_only_asks_is_repeated() -> None:
    with loopback(DROPPED, Said(body={"issues": []})) as service:
        assert client(service.url).find("/search", {"jql": "x"}).json() == {"issues": []}
    assert [each.body for each in service.asked] == [b'{"jql": "x"}'] * 2


@pytest.mark.parametrize("header", ["Retry-After", "X-Throttle-Wait-Seconds"])
def test_waits_as_long_as_it_is_told(header: str) -> None:
    time = FakeTime()
    with loopback(Said(429, headers={header: "7"}), Said()) as service:
        client(service.url, time).get("/me")
    assert time.slept == [7.25]


def test_reads_a_date_to_wait_for_on_the_clock_of_the_service() -> None:
    """Their clock is two hours ahead of ours; what counts is the ten seconds between the two."""
    headers = {
        "Date": "Fri, 20 Nov 2026 14:00:00 GMT",
        "Retry-After": "Fri, 20 Nov 2026 14:00:10 GMT",
    }
    time = FakeTime(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
    with responses.RequestsMock() as fake:
        fake.get("http://toggl.example/me", status=503, headers=headers)
        fake.get("http://toggl.example/me", json={})
        client("http://toggl.example", time).get("/me")
    assert time.slept == [10.25]


@pytest.mark.parametrize(
    ("asked", "minutes"),
    [("60", 1), ("3600", 60), ("1e400", 1440), ("99999999999999999999", 1440)],
)
def test_does_not_sleep_for_long_but_says_when_to_come_back(asked: str, minutes: int) -> None:
    time = FakeTime()
    before = time.now
    busy = Said(429, headers={"Retry-After": asked})
    with loopback(busy) as service, pytest.raises(BadStatus) as caught:
        client(service.url, time).get("/me")
    assert len(service.asked) == 1
    assert time.slept == []
    assert caught.value.retry_at == before + timedelta(minutes=minutes)


@pytest.mark.parametrize("nonsense", ["soon", "nan", "", "Fri, 99 Nov 2026 14:00:10 GMT"])
def test_a_wait_that_makes_no_sense_is_no_wait(nonsense: str) -> None:
    time = FakeTime()
    with loopback(Said(429, headers={"Retry-After": nonsense}), Said()) as service:
        client(service.url, time).get("/me")
    assert time.slept == [0.5]


def test_never_sleeps_more_than_it_may_altogether() -> None:
    time = FakeTime()
    busy = Said(429, headers={"Retry-After": "20"})
    with loopback(busy) as service, pytest.raises(BadStatus):
        client(service.url, time).get("/me")
    assert len(service.asked) == 2
    assert sum(time.slept) < 30


# -- Whether anything was sent -----------------------------------------------------------------


def test_a_refused_connection_sent_nothing() -> None:
    with pytest.raises(Unreachable) as caught:
        client(closed_port()).send("POST", "/time_entries", {})
    assert (caught.value.sent, caught.value.lasting) == (False, False)
    assert "cannot be reached" in str(caught.value)


def test_a_name_that_is_not_known_sent_nothing() -> None:
    with pytest.raises(Unreachable):
        client("http://toggl.invalid", retry=RetryPolicy(tries=1)).get("/me")


def test_a_connection_cut_after_the_request_may_have_done_it() -> None:
    with loopback(DROPPED) as service, pytest.raises(ResponseLost) as caught:
        client(service.url).send("POST", "/time_entries", {})
    assert caught.value.sent


def test_half_an_answer_may_have_done_it() -> None:
    half = Said(body=b'{"id": 1', headers={"Content-Length": "500"})
    with loopback(half) as service, pytest.raises(ResponseLost) as caught:
        client(service.url).send("POST", "/time_entries", {})
    assert caught.value.sent


def test_an_answer_that_takes_too_long_may_have_done_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "TIMEOUT", (1.0, 0.05))
    with responses.RequestsMock() as fake:
        fake.post("http://toggl.example/x", body=requests.ReadTimeout(SECRET))
        with pytest.raises(ResponseLost, match="did not answer within") as caught:
            client("http://toggl.example").send("POST", "/x")
    assert caught.value.sent


@pytest.mark.parametrize(
    "beginning",
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9999\r\n\r\n",
    ],
    ids=["headers", "body"],
)
def test_an_answer_that_drips_ends_at_its_time_and_leaves_no_thread(
    beginning: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "TOTAL", 0.5)
    hung_up = threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(beginning)
            while True:
                connection.sendall(b"X")
                time.sleep(0.02)
        hung_up.set()

    before = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as server:
        dripping = threading.Thread(target=drip, args=(server,), daemon=True)
        dripping.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ResponseLate, match="did not answer within") as caught:
            client(url).send("POST", "/x")
        assert caught.value.sent
        assert hung_up.wait(20), "the connection is given up too"
        dripping.join()
    deadline = time.monotonic() + 20
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before


@pytest.mark.parametrize("token", ["with space", "two\nlines", "naïve", "", "\x00"])
def test_a_token_that_cannot_be_one_is_refused_before_anything_is_sent(token: str) -> None:
    with loopback(Said()) as service, pytest.raises(Unreachable, match="malformed") as caught:
        ServiceClient("Jira", service.url, bearer(SecretStr(token))).get("/")
    assert service.asked == []
    assert caught.value.lasting


@pytest.mark.parametrize("url", ["", "toggl.example", "http://", "http://[::1", "ftp://x"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(Unreachable, match="check the settings") as caught:
        client(url).get("/me")
    assert caught.value.lasting


# -- What came back ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [b'{"id": 1, "na', b"", b"\xff\xfe", b"[" * 200_000, b"nonsense"],
    ids=["half", "empty", "binary", "deep", "text"],
)
def test_an_answer_that_is_no_json(body: bytes) -> None:
    with loopback(Said(body=body)) as service:
        answer = client(service.url).get("/me")
    with pytest.raises(BadResponse) as caught:
        answer.json()
    assert str(caught.value) == "Toggl answered with something that is no JSON (HTTP 200)"


class Row(BaseModel):
    id: int
    name: Title = ""


ROWS = TypeAdapter(list[Row])


def test_reads_only_the_fields_in_use() -> None:
    with loopback(Said(body=[{"id": 1, "name": "  A\tb\u202e\n ", "more": SECRET}])) as service:
        rows = client(service.url).get("/rows").read(ROWS)
    assert rows == [Row(id=1, name="A b")]


def test_half_a_surrogate_pair_spoils_no_answer() -> None:
    with loopback(Said(body=b'[{"id": 1, "name": "cut \\ud83d"}]')) as service:
        assert client(service.url).get("/rows").read(ROWS)[0].name == "cut"


def test_an_unexpected_form_names_the_place_and_quotes_nothing() -> None:
    with loopback(Said(body=[{"id": 1}, {"id": SECRET}])) as service:
        answer = client(service.url).get("/rows")
    with pytest.raises(BadResponse) as caught:
        answer.read(ROWS)
    assert str(caught.value) == "Toggl answered in an unexpected form (HTTP 200, at 1.id)"


def test_an_answer_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "LARGEST", 1024 * 1024)
    bomb = Said(body=gzip.compress(b" " * (3 << 20)), headers={"Content-Encoding": "gzip"})
    with loopback(bomb) as service, pytest.raises(BadResponse, match="more than 1 MB"):
        client(service.url).get("/me")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'"Stop time must be after start time"', "Stop time must be after start time"),
        (b"Stop time\x1b[31m must be\r\nafter", "Stop time [31m must be after"),
        (b"<html><body>502</body></html>", ""),
        (b'{"error": 1}', ""),
        (b"x" * 500, "x" * 199 + "…"),
    ],
)
def test_the_words_of_a_refusal(body: bytes, text: str) -> None:
    with loopback(Said(422, body=body)) as service, pytest.raises(BadStatus) as caught:
        client(service.url).get("/me")
    assert caught.value.response.text() == text


def test_a_title_without_end_costs_no_time() -> None:
    rows = ROWS.validate_python([{"id": 1, "name": "\u202ea" * 5_000_000}])
    assert len(rows[0].name) == 500


# -- What must not get out ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [Said(401, SECRET), Said(503, SECRET), DROPPED, Said(200, f"<p>{SECRET}"), Said(302, SECRET)],
)
def test_no_error_and_no_log_line_holds_a_secret(
    answer: Said, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with loopback(answer) as service:
        way = client(service.url.replace("http://", f"http://user:{SECRET}@"))
        with pytest.raises(HttpError) as caught:
            way.get("/me", {"token": SECRET}).json()
    told = repr(caught.value) + "".join(traceback.format_exception(caught.value)) + caplog.text
    assert SECRET not in told


def test_an_answer_shows_neither_its_headers_nor_its_body() -> None:
    with loopback(Said(body=SECRET, headers={"X-Token": SECRET})) as service:
        assert SECRET not in repr(client(service.url).get("/me"))


# -- Something in between ------------------------------------------------------------------------

PAGE = "<!DOCTYPE html><html><body><h1>Access denied</h1></body></html>"


@pytest.mark.parametrize(
    "said",
    [
        *(Said(status, PAGE) for status in (400, 401, 402, 403, 405, 451)),
        Said(403, "\ufeff\n <html><head></head>"),
        Said(407, ""),
        Said(511, b"{}"),
    ],
)
def test_a_page_in_place_of_a_refusal_is_of_something_in_between(said: Said) -> None:
    with (
        loopback(said, said) as between,
        pytest.raises(Intercepted, match="something in between answered for Toggl"),
    ):
        client(between.url).get("/me")
    assert len(between.asked) == 1


@pytest.mark.parametrize(
    "said",
    [
        Said(401, ""),
        Said(403, "<3 you may not"),
        Said(403, b'{"error": "<b>no</b>"}'),
        Said(401, PAGE, headers={"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}),
    ],
)
def test_a_services_own_refusal_stays_one(said: Said) -> None:
    with loopback(said) as service, pytest.raises(BadStatus):
        client(service.url).get("/me")


@pytest.mark.parametrize("page", [PAGE, f"\ufeff\n {PAGE}", "<html>Sign in"])
def test_a_page_that_says_all_is_well_is_of_something_in_between_or_elsewhere(page: str) -> None:
    with (
        loopback(Said(200, page)) as between,
        pytest.raises(BadResponse, match=r"in between answered for Toggl with a page.*its address"),
    ):
        client(between.url).get("/me").json()


def test_nobody_knows_what_became_of_an_entry_that_a_page_answered() -> None:
    settings = TogglSettings(workspace_id=1, api_token=SecretStr("secret"))
    with loopback(*[Said(403, PAGE)] * 9) as between:
        tracker = TogglTracker(settings.model_copy(update={"base_url": between.url}), utc_now)
        with pytest.raises(NotSent, match="something in between"):
            tracker.check({})
        with pytest.raises(Unknown, match=r"something in between.* may be in Toggl all the same"):
            tracker.delete("5", None)
