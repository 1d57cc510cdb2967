"""How Slack reaches the bot: a socket that the bot opens, or requests that Slack sends."""

from __future__ import annotations

import logging
import socket
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any, Protocol

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.socket_mode.internals import send_response
from slack_sdk.errors import SlackApiError, SlackClientNotConnectedError
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.builtin.connection import Connection as Session
from slack_sdk.socket_mode.builtin.connection import ConnectionState
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from tracklater_bot.domain.errors import code_in, from_between
from tracklater_bot.slack.gate import SLACK_WAITS, told_when_answered
from tracklater_bot.slack.messages import NETWORK_ERRORS

log = logging.getLogger(__name__)

WRONG_TOKEN = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
     "not_allowed_token_type"}
)  # fmt: skip
PATH = "/slack/events"
ENVELOPE = "x-slack-envelope"  # the number of what came over a socket, as a header
# Slack needs https, so a proxy or a tunnel stands in front in any case, usually on this machine.
LOOPBACK = "127.0.0.1"
MOST_BYTES = 1024 * 1024
READ_SECONDS = 10  # for a whole request
MOST_READING = 128  # connections whose requests are not whole yet
MOST_SIGNATURES = 10_000  # more than a person's requests of the time for which Bolt takes them


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


class _Words(Queue[str | None]):
    """What Slack said and nobody has read yet. The SDK looks every second; here it is woken."""

    def get(self, block: bool = True, timeout: float | None = None) -> str | None:
        """As a queue's, without a time-out."""
        return super().get(block)


def _hang_up(session: Session) -> None:
    _wake_reader(session)
    session.disconnect()


def _wake_reader(session: Session) -> None:
    """Ends the wait for Slack's next word, or the SDK sits it out."""
    if (sock := session.sock) is not None:  # read once: the SDK takes it away when it likes
        with suppress(OSError):  # Slack has hung up by itself
            # Not the TLS socket's own, which takes the decryption away from the reader.
            socket.socket.shutdown(sock, socket.SHUT_RD)


class _Client(SocketModeClient):
    """The SDK's, which sleeps while Slack says nothing: each `ping_interval` brings an answer."""

    def __init__(self, app: App, app_token: str, ping_seconds: float) -> None:
        super().__init__(app_token, app.logger, app.client, ping_interval=ping_seconds)
        self.message_queue = _Words()

    def connect(self) -> None:
        """As the SDK's, also when it connects again.

        The old connection's reader is woken: the SDK waits until Slack says something over it,
        and what Slack says over the new one lies there meanwhile.
        """
        if (old := self.current_session) is not None:
            setattr(old, "close", partial(_hang_up, old))  # noqa: B010 - when the new one is there
        super().connect()
        if (new := self.current_session) is not None and (sock := new.sock) is not None:
            sock.settimeout(2 * self.ping_interval)

    def send_message(self, message: str) -> None:
        """As the SDK's; while another connection takes the place of this one, it is waited for.

        The SDK gives up at once then, and Slack tells the person that a click failed.
        """
        until = time.monotonic() + SLACK_WAITS
        while True:
            try:
                super().send_message(message)
            except SlackClientNotConnectedError:
                if self.closed or time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return

    def close(self) -> None:
        """As the SDK's."""
        self.closed = True
        self.message_queue.put(None)
        super().close()


class _SocketHandler(SocketModeHandler):
    def __init__(self, app: App, app_token: str, ping_seconds: float) -> None:
        self.app = app
        self.client = _Client(app, app_token, ping_seconds)
        self.client.socket_mode_request_listeners.append(self.handle)

    def handle(self, client: BaseSocketModeClient, req: SocketModeRequest) -> None:
        """As Bolt's; the app is told also which envelope it is."""
        headers: dict[str, str | Sequence[str]] = {ENVELOPE: req.envelope_id}
        request = BoltRequest(mode="socket_mode", body=req.payload, headers=headers)
        with told_when_answered(request):
            send_response(client, req, self.app.dispatch(request), time.time())


class SocketConnection:
    """Socket Mode: needs no address of its own.

    The SDK connects again by itself, at the latest `ping_seconds` after a connection was lost.
    """

    def __init__(self, app: App, app_token: str, ping_seconds: float) -> None:
        self._handler = _SocketHandler(app, app_token, ping_seconds)
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
            refused = f"Slack refuses TRACKLATER_SLACK__APP_TOKEN ({code}): copy it again."
            lacking = "TRACKLATER_SLACK__APP_TOKEN lacks connections:write: make another one."
            known = dict.fromkeys(WRONG_TOKEN, refused) | {"missing_scope": lacking}
            sentence = known.get(code, f"Slack's socket cannot be opened ({why}).")
            lasting = code in known
            raise ConnectError(sentence, lasting=lasting) from error

    def close(self) -> None:
        """Disconnects, and lets what came in already finish."""
        self._end_reader()
        if self.client.current_session is not None:
            _wake_reader(self.client.current_session)
        self._handler.close()  # type: ignore[no-untyped-call]

    def _end_reader(self) -> None:
        """Tells the SDK's reader to end, also one that is about to begin.

        Such a one takes back what the SDK says of the end, and is waited for without end.
        """
        before = self.client.current_session_state
        self.client.current_session_state = _Ended()  # type: ignore[no-untyped-call]
        before.terminated = True


class HttpConnection:
    """Requests from Slack at `/slack/events`, for something that speaks https in front of it.

    Bolt checks every request's signature and age; none is taken twice. Slack's own repetitions have
    signatures of their own.
    """

    def __init__(self, app: App, port: int, host: str = LOOPBACK) -> None:
        self._app = app
        self._port = port
        self._host = host
        self._server: ThreadingHTTPServer | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port if self._server else self._port

    def open(self) -> None:
        """Listens. Raises ConnectError when the port is taken."""
        try:
            self._server = _HttpServer(self._app, self._port, self._host)
        except OSError as error:
            place = f"slack.port {self._port} of {self._host}"
            sentence = f"{place} cannot be used: {error.strerror}."
            raise ConnectError(sentence) from error
        threading.Thread(target=self._server.serve_forever, name="http", daemon=True).start()

    def close(self) -> None:
        """Stops listening, and lets what came in already finish."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _HttpServer(ThreadingHTTPServer):
    """A thread for each request, of those that come whole and soon.

    Whoever is slow is hung up on: after `READ_SECONDS`, or for others' sake, the slowest first.
    """

    daemon_threads = True
    request_queue_size = 128  # a person who clicks fast; the usual five refuse the sixth

    def __init__(self, app: App, port: int, host: str) -> None:
        super().__init__((host, port), _Handler)
        self.app = app
        self._signatures: dict[str, None] = {}
        self._noting = threading.Lock()
        self._due: dict[Any, float] = {}  # by when each connection must have said all

    def process_request(self, request: Any, client_address: Any) -> None:
        """As the library's."""
        self._due[request] = time.monotonic() + READ_SECONDS
        for slowest in [*self._due][:-MOST_READING]:
            self._hang_up(slowest)
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """Called by the library twice a second."""
        for connection, due in [*self._due.items()]:
            if due < time.monotonic():
                self._hang_up(connection)

    def _hang_up(self, connection: socket.socket) -> None:
        if self.has_read(connection):
            with suppress(OSError):  # who asked has hung up by itself
                connection.shutdown(socket.SHUT_RDWR)

    def has_read(self, connection: Any) -> bool:
        """The connection is waited for no more; False if it was hung up on."""
        return self._due.pop(connection, None) is not None

    def shutdown_request(self, request: Any) -> None:
        """As the library's."""
        self.has_read(request)
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        """Whoever hangs up, or is hung up on, is no news."""
        log.debug("A request broke off: %s", sys.exc_info()[0])

    def dispatch(self, request: BoltRequest) -> BoltResponse:
        """Bolt's answer. Bolt takes a signature for five minutes; here, each is taken once."""
        signature = (request.headers.get("x-slack-signature") or [""])[0]
        stamp = (request.headers.get("x-slack-request-timestamp") or ["0"])[0]
        with self._noting:
            known = signature in self._signatures
            self._signatures[signature] = None
            if len(self._signatures) > MOST_SIGNATURES:
                del self._signatures[next(iter(self._signatures))]
        answer = BoltResponse(status=HTTPStatus.UNAUTHORIZED)
        if known:
            return answer
        if stamp.isdecimal():  # Bolt stumbles over what is no number
            answer = self.app.dispatch(request)
        if answer.status == HTTPStatus.UNAUTHORIZED:  # a forged one must push out no true one
            self._signatures.pop(signature, None)
        return answer


class _Handler(BaseHTTPRequestHandler):
    server: _HttpServer
    timeout = READ_SECONDS

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path.partition("?")[0] != PATH:
            self.send_error(HTTPStatus.NOT_FOUND)
        elif not length.isdecimal():
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
        elif int(length) > MOST_BYTES:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            body = self.rfile.read(int(length))
            if self.server.has_read(self.connection) and len(body) == int(length):
                self._dispatch(body)

    def _dispatch(self, body: bytes) -> None:
        headers: dict[str, str | Sequence[str]] = dict(self.headers.items())
        request = BoltRequest(body=body.decode("utf-8", "replace"), headers=headers)
        with told_when_answered(request):
            answer = self.server.dispatch(request)
            content = answer.body.encode()
            self.send_response(answer.status)
            for name, value in answer.first_headers_without_set_cookie().items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing: who knocks is no news."""
