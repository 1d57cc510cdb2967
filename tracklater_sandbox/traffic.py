"""Everything that is sent to the sandbox, byte for byte: what must not leave is looked for here."""

from __future__ import annotations

from aiohttp import web


class Traffic:
    """A recording, once `on`. What was sent is kept by service: slack, toggl, jira, taiga."""

    def __init__(self) -> None:
        self.on = False
        self._sent: dict[str, list[bytes]] = {}

    async def record(self, service: str, request: web.Request) -> None:
        """Notes a request: its line, its headers, its body."""
        if not self.on:
            return
        if request.content_type.startswith("multipart/"):
            raise web.HTTPUnsupportedMediaType(text="a form of parts cannot be read twice")
        head = f"{request.method} {request.raw_path}\n".encode()
        headers = b"\n".join(name + b": " + value for name, value in request.raw_headers)
        body = b"" if "Upgrade" in request.headers else await request.read()  # a socket never ends
        self.note(service, head + headers + b"\n\n" + body)

    def note(self, service: str, sent: bytes | str) -> None:
        """Notes what came on another way than a request, such as a socket."""
        if self.on:
            data = sent.encode() if isinstance(sent, str) else sent
            self._sent.setdefault(service, []).append(data)

    def to(self, service: str) -> list[bytes]:
        """What was sent to the service, in order."""
        return list(self._sent.get(service, ()))

    def services(self) -> list[str]:
        """Those that were sent anything."""
        return sorted(self._sent)
