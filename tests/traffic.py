"""Everything that is sent to the sandbox, byte for byte: what must not leave is looked for here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

from aiohttp import web

from tracklater_sandbox import Sandbox
from tracklater_sandbox.slack.delivery import Sockets

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RecordedSandbox(Sandbox):
    """A sandbox that, once `recording`, keeps what it is sent: from slack, toggl, jira, taiga."""

    def __init__(self, home: Path, *, today: date) -> None:
        super().__init__(home, today=today)
        self.recording = False
        self._sent: dict[str, list[bytes]] = {}
        self.slack.sockets = _Overheard(self)

    async def answer(
        self, service: str, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Notes the request: its line, its headers, its body."""
        if self.recording:
            if request.content_type.startswith("multipart/"):
                raise web.HTTPUnsupportedMediaType(text="a form of parts cannot be read twice")
            head = f"{request.method} {request.raw_path}\n".encode()
            headers = b"\n".join(name + b": " + value for name, value in request.raw_headers)
            # A socket never ends.
            body = b"" if "Upgrade" in request.headers else await request.read()
            self.note(service, head + headers + b"\n\n" + body)
        return await super().answer(service, request, handler)

    def note(self, service: str, sent: bytes) -> None:
        """Keeps what was sent to the service."""
        if self.recording:
            self._sent.setdefault(service, []).append(sent)

    def sent_to(self, service: str) -> list[bytes]:
        """What was sent to the service, in order."""
        return list(self._sent.get(service, ()))

    def services(self) -> list[str]:
        """Those that were sent anything."""
        return sorted(self._sent)


class _Overheard(Sockets):
    """Notes what comes over a socket, too."""

    def __init__(self, sandbox: RecordedSandbox) -> None:
        super().__init__(sandbox.slack.acks, sandbox.slack.workspace.touch)
        self._sandbox = sandbox

    def receive(self, text: str) -> None:
        self._sandbox.note("slack", text.encode())
        super().receive(text)
