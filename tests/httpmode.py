"""How Slack reaches an app in http mode: signed requests to its address, on loopback only."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout

from tracklater_sandbox import FakeSlack
from tracklater_sandbox.slack.delivery import ACK_SECONDS, Ack, NoAck, name_of
from tracklater_sandbox.slack.workspace import Json


def deliver_to(slack: FakeSlack, url: str) -> None:
    """Sends interactions and events to an app in http mode instead of over sockets."""
    slack.actions.delivery = SignedRequests(url, slack.signing_secret, slack.acks)


class SignedRequests:
    """Signed HTTP requests; the answer is the acknowledgement."""

    def __init__(
        self,
        url: str,
        signing_secret: str,
        acks: list[Ack],
        clock: Callable[[], float] = time.time,
    ) -> None:
        if urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
            raise ValueError("the sandbox calls programs on this machine only")
        self._url = url
        self._secret = signing_secret
        self._acks = acks
        self._clock = clock
        self.ack_seconds = ACK_SECONDS

    async def send(self, kind: str, payload: Json, *, retry: int = 0) -> Json | None:
        """Sends it as Slack does: JSON for events, a form for everything else."""
        return await self.deliver(kind, payload, *self.request(kind, payload, retry))

    def request(self, kind: str, payload: Json, retry: int = 0) -> tuple[str, dict[str, str]]:
        """The body and the headers, signed now."""
        form, body = _body(kind, payload)
        headers = self._signed(body) | {"Content-Type": form}
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"}
        return body, headers

    async def deliver(
        self, kind: str, payload: Json, body: str, headers: dict[str, str]
    ) -> Json | None:
        """Sends what was signed; raises NoAck."""
        begun = time.monotonic()
        try:
            answer = await self._post(body, headers)
        except (ClientError, TimeoutError) as error:
            self._acks.append(Ack(kind, name_of(payload), None))
            raise NoAck("the app did not respond within 3 seconds") from error
        self._acks.append(Ack(kind, name_of(payload), (time.monotonic() - begun) * 1000))
        return answer

    async def _post(self, body: str, headers: dict[str, str]) -> Json | None:
        timeout = ClientTimeout(total=self.ack_seconds)
        async with (
            ClientSession(timeout=timeout) as session,
            session.post(self._url, data=body.encode(), headers=headers) as response,
        ):
            response.raise_for_status()
            text = await response.text()
        if not text:
            return None
        try:
            answer = json.loads(text)
        except ValueError:
            return {"text": text}
        return answer if isinstance(answer, dict) else {"text": text}

    def _signed(self, body: str) -> dict[str, str]:
        stamp = str(int(self._clock()))
        base = f"v0:{stamp}:{body}".encode()
        digest = hmac.new(self._secret.encode(), base, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def _body(kind: str, payload: Json) -> tuple[str, str]:
    form = "application/x-www-form-urlencoded"
    if kind == "events_api":
        return "application/json", json.dumps(payload)
    if kind == "slash_commands":
        return form, urlencode(payload)
    return form, urlencode({"payload": json.dumps(payload)})
