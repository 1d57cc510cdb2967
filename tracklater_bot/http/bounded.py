"""urllib goes where it was sent, and waits no longer than told: Slack's SDK goes through it.

Imported for its effect by whoever makes a client of the SDK. It is the one place that all of the
SDK's ways out have in common: its openers for a proxy, for uploads and for a response_url too.
No redirect is followed, since tokens, files and answers would go with it. An answer has a time in
all, while a time-out is for each read: a server that sends byte by byte would hold a thread for
ever. Nor is more of it read than can be meant.
"""

from __future__ import annotations

import time
from functools import partial
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from io import BufferedReader, RawIOBase
from socket import socket
from typing import Any
from urllib.request import AbstractHTTPHandler, HTTPRedirectHandler

from tracklater_bot.http import bounds

SECONDS = 30.0  # for an answer, from the end of the request on


class TooMuch(OSError):
    """An answer is larger than any that can be meant; the text is the end of a sentence."""


class _Bounded(RawIOBase):
    """What comes from the socket, until the time is over."""

    def __init__(self, raw: RawIOBase, sock: socket) -> None:
        self._raw = raw
        self._sock = sock
        self._end = time.monotonic() + SECONDS

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int | None:
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(min(seconds, self._sock.gettimeout() or seconds))
        return self._raw.readinto(into)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    def __init__(self, sock: socket, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        self.fp = BufferedReader(_Bounded(self.fp.detach(), sock))

    def read(self, amt: int | None = None) -> bytes:
        """As Python's; all of it only within the bounds."""
        if amt is not None:
            return super().read(amt)
        body = super().read(bounds.LARGEST + 1)
        if sentence := bounds.too_much(body):
            del body  # an error keeps what its frames have
            raise TooMuch(sentence)
        if self.length:
            raise IncompleteRead(body, self.length)
        return body


def _connection(kind: type[HTTPConnection], *args: Any, **more: Any) -> HTTPConnection:
    connection = kind(*args, **more)
    connection.response_class = _BoundedResponse
    return connection


_do_open: Any = AbstractHTTPHandler.do_open


def _open_bounded(self: AbstractHTTPHandler, kind: Any, *args: Any, **more: Any) -> Any:
    return _do_open(self, partial(_connection, kind), *args, **more)


def _nowhere(*_: Any) -> None:
    """No request, which makes urllib raise the redirect as an HTTPError."""


AbstractHTTPHandler.do_open = _open_bounded  # type: ignore[method-assign, assignment]
HTTPRedirectHandler.redirect_request = _nowhere  # type: ignore[method-assign, assignment]
