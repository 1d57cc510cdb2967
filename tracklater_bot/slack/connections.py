"""How Slack reaches the bot: a socket that the bot opens, or requests that Slack sends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol

from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.builtin.connection import ConnectionState

from tracklater_bot.domain.errors import code_in, from_between
from tracklater_bot.slack.messages import NETWORK_ERRORS

WRONG_TOKEN = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
     "not_allowed_token_type"}
)  # fmt: skip
PATH = "/slack/events"
# Slack needs https, so a proxy or a tunnel on this machine stands in front in any case.
LOOPBACK = "127.0.0.1"
MOST_BYTES = 1024 * 1024
READ_SECONDS = 10


class ConnectError(Exception):
    """Slack cannot reach the bot; the text says what to do. `lasting`: waiting does not help."""

    def __init__(self, sentence: str, *, lasting: bool = True) -> None:
        super().__init__(sentence)
        self.lasting = lasting


class Connection(Protocol):
    """A way for Slack's events to come in. `open` returns at once, and raises ConnectError."""

    def open(self) -> None: ...  # noqa: D102 - the class says it
    def close(self) -> None: ...  # noqa: D102


class _Ended(ConnectionState):
    """The state of a connection that nothing brings back to life."""

    @property
    def terminated(self) -> bool:
        return True

    @terminated.setter
    def terminated(self, _value: bool) -> None:
        pass


class SocketConnection:
    """Socket Mode: needs no address of its own.

    The SDK connects again by itself, at the latest `ping_seconds` after a connection was lost.
    """

    def __init__(self, app: App, app_token: str, ping_seconds: float) -> None:
        self._handler = SocketModeHandler(app, app_token, ping_interval=ping_seconds)
        self.client = self._handler.client

    def open(self) -> None:
        """Connects. Raises ConnectError."""
        try:
            self._handler.connect()  # type: ignore[no-untyped-call]
        except NETWORK_ERRORS as error:
            code, why = "", type(error).__name__
            if isinstance(error, SlackApiError):
                code = code_in(error.response)
                why = code or from_between("Slack")
            sentence = f"Slack's socket cannot be opened ({why})."
            if code in WRONG_TOKEN:
                sentence = f"Slack refuses TRACKLATER_SLACK__APP_TOKEN ({code}): copy it again."
            if code == "missing_scope":
                sentence = "TRACKLATER_SLACK__APP_TOKEN lacks connections:write: make another one."
            lasting = code in WRONG_TOKEN or code == "missing_scope"
            raise ConnectError(sentence, lasting=lasting) from error

    def close(self) -> None:
        """Disconnects, and lets what came in already finish."""
        self._end_reader()
        self._wake_reader()
        self._handler.close()  # type: ignore[no-untyped-call]

    def _end_reader(self) -> None:
        """Tells the SDK's reader to end, also one that is about to begin.

        Such a one takes back what the SDK says of the end, and is waited for without end.
        """
        before = self.client.current_session_state
        self.client.current_session_state = _Ended()  # type: ignore[no-untyped-call]
        before.terminated = True

    def _wake_reader(self) -> None:
        """Ends the wait for Slack's next word, or the SDK sits it out: up to three seconds."""
        session = self.client.current_session
        if session is not None and session.sock is not None:
            with suppress(OSError):  # Slack has hung up by itself
                # Not the TLS socket's own, which takes the decryption away from the reader.
                socket.socket.shutdown(session.sock, socket.SHUT_RD)


class HttpConnection:
    """Requests from Slack at `/slack/events`, for something that speaks https in front of it.

    Bolt checks every request's signature and age.
    """

    def __init__(self, app: App, port: int) -> None:
        self._app = app
        self._port = port
        self._server: ThreadingHTTPServer | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port if self._server else self._port

    def open(self) -> None:
        """Listens. Raises ConnectError when the port is taken."""
        handler = type("Handler", (_Handler,), {"app": self._app})
        try:
            self._server = _Server((LOOPBACK, self._port), handler)
        except OSError as error:
            sentence = f"slack.port {self._port} cannot be used: {error.strerror}."
            raise ConnectError(sentence) from error
        threading.Thread(target=self._server.serve_forever, name="http", daemon=True).start()

    def close(self) -> None:
        """Stops listening, and lets what came in already finish."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # a person who clicks fast; the usual five refuse the sixth


class _Handler(BaseHTTPRequestHandler):
    app: App
    timeout = READ_SECONDS

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path.partition("?")[0] != PATH:
            self.send_error(HTTPStatus.NOT_FOUND)
        elif not length.isdecimal():
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
        elif int(length) > MOST_BYTES:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif not self.headers.get("X-Slack-Request-Timestamp", "0").isdecimal():
            self.send_error(HTTPStatus.UNAUTHORIZED)  # Bolt stumbles over what is no number
        else:
            self._dispatch(self.rfile.read(int(length)))

    def _dispatch(self, body: bytes) -> None:
        headers: dict[str, str | Sequence[str]] = dict(self.headers.items())
        request = BoltRequest(body=body.decode("utf-8", "replace"), headers=headers)
        answer = self.app.dispatch(request)
        content = answer.body.encode()
        self.send_response(answer.status)
        for name, value in answer.first_headers_without_set_cookie().items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing: who knocks is no news."""
