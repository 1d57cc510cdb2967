"""No way out of Slack's SDK follows a redirect, or waits without end for an answer.

These go through the SDK that is installed: should it begin to use something else than urllib,
they fail.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from pydantic import SecretStr
from slack_sdk.errors import SlackClientError

from tests.loopback import Asked, Loopback, Said, serving
from tests.notation import FRIDAY
from tracklater_bot import checks
from tracklater_bot.http import Timing, bounded, bounds, transport
from tracklater_bot.settings import Settings
from tracklater_bot.slack import pace
from tracklater_bot.slack.app import Answers, web_client
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.clues.slack import SlackSource

USER, BOT = "xoxp-1-secret", "xoxb-1-secret"
Way = Callable[[str], Any]


class Redirecting(Loopback):
    """A Slack that sends everything on to another host, but for where uploads go."""

    def __init__(self, code: int, elsewhere: str) -> None:
        super().__init__([])
        self.sent_on = Said(code, headers={"Location": f"{elsewhere}/stolen"})

    def next(self, asked: Asked) -> Said:
        self.asked.append(asked)
        if "getUploadURLExternal" in asked.path:
            return Said(body={"ok": True, "upload_url": f"{self.url}/upload", "file_id": "F1"})
        return self.sent_on


def settings(url: str) -> Settings:
    return Settings.model_validate({"slack": {"bot_token": BOT, "base_url": f"{url}/api/"}})


def search(url: str) -> None:
    at_once = Timing(sleep=lambda _: None)
    SlackSource(None, SecretStr(USER), "U1", f"{url}/api/", at_once).read(FRIDAY.span)


def check(url: str) -> None:
    checks.slack_client(settings(url).slack, BOT).auth_test()


def post(url: str) -> None:
    web_client(settings(url)).chat_postMessage(channel="C1", text="the day")


def upload(url: str) -> None:
    web_client(settings(url)).files_upload_v2(content=b"picture", filename="day.png")


def answer(url: str) -> None:
    assert Answers(web_client(settings(url)), f"{url}/respond")(text="the day").status_code != 200


@pytest.fixture
def elsewhere() -> Iterator[Loopback]:
    with serving(Loopback([Said(body={"ok": True})])) as script:
        yield script


@pytest.mark.parametrize("proxied", [False, True], ids=["straight", "proxied"])
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("way", [search, check, post, upload, answer])
def test_a_redirect_is_not_followed(
    way: Way, code: int, proxied: bool, elsewhere: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Redirecting(code, elsewhere.url)) as slack:
        if proxied:
            monkeypatch.setenv("HTTP_PROXY", slack.url)
        with suppress(OSError, SourceError, SlackClientError):  # however it is told
            way(slack.url)
        assert slack.asked
        assert not any(elsewhere.url in asked.path for asked in slack.asked), "by a proxy"
    assert elsewhere.asked == []


# -- Answers that do not end ---------------------------------------------------------------------

ENDLESS = {
    "never": b"",
    "a header at a time": b"HTTP/1.1 200 OK\r\n" + b"X-Wait: 1\r\n" * 10_000,
    "a byte at a time": b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 100_000,
    "an error at a time": b"HTTP/1.1 500 Oh\r\n\r\n" + b" " * 100_000,
}


@contextmanager
def dripping(answer: bytes) -> Iterator[str]:
    """A server that sends the answer's first line at once, and then a byte now and then."""
    ended = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            first, line, rest = answer.partition(b"\n")
            connection.sendall(first + line)
            for place in range(len(rest)):
                if ended.wait(0.02):
                    return
                connection.sendall(rest[place : place + 1])
            ended.wait(30)

    def accept(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                threading.Thread(target=drip, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, args=(server,), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        ended.set()


def respond(url: str) -> None:
    Answers(web_client(settings(url)), f"{url}/respond")(text="the day")


@pytest.mark.parametrize("proxied", [False, True], ids=["straight", "proxied"])
@pytest.mark.parametrize("answer", ENDLESS.values(), ids=ENDLESS.keys())
@pytest.mark.parametrize("way", [search, check, post, upload, respond])
def test_no_answer_is_waited_for_without_end(
    way: Way, answer: bytes, proxied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "SECONDS", 0.2)
    monkeypatch.setattr(transport, "TOTAL", 0.2)
    monkeypatch.setattr(pace, "REPEAT_AFTER", 0.0)
    begun = time.monotonic()
    with dripping(answer) as url:
        if proxied:
            monkeypatch.setenv("HTTP_PROXY", url)
        with suppress(OSError, SourceError, SlackClientError):
            way(url)
        assert time.monotonic() - begun < 10


def test_an_answer_without_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "LARGEST", 100_000)
    with serving(Loopback([Said(body=b" " * 1_000_000)])) as slack, pytest.raises(bounded.TooMuch):
        check(slack.url)
