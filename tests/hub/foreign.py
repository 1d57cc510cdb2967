"""A Slack that does what the real one may do and the sandbox's own delivery does not."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from random import Random
from typing import Any

from aiohttp import ClientResponseError

from tests.httpmode import SignedRequests
from tracklater_sandbox.slack.delivery import Sockets, name_of
from tracklater_sandbox.slack.workspace import Json

TEAMS = ("T0SANDBOX", "T0SECOND")  # of one organisation; a person has the same id in both
ORGANISATION = {"id": "E0ORGANISATION", "name": "Org"}


def of_organisation(kind: str, payload: Json, chance: Random) -> Json:
    """The payload as an organisation's app gets it, from whichever of its workspaces."""
    team = chance.choice(TEAMS)
    if kind == "slash_commands":
        more: Json = {"enterprise_id": ORGANISATION["id"], "is_enterprise_install": "true"}
        return payload | more | {"team_id": team}
    if kind == "events_api":
        bot = {"team_id": team, "user_id": "U0BOT", "is_bot": True, "is_enterprise_install": True}
        more = {"enterprise_id": ORGANISATION["id"], "context_team_id": team}
        return payload | more | {"authorizations": [bot | more], "is_ext_shared_channel": False}
    user = payload["user"] | {"team_id": team, "enterprise_user": {"id": "W0GRID"}}
    found = payload | {"enterprise": ORGANISATION, "is_enterprise_install": True, "user": user}
    if chance.random() < 0.5:
        found |= {"team": None}
    if found.get("response_url") and chance.random() < 0.5:  # as of a message that only they see
        found = {name: one for name, one in found.items() if name not in ("message", "channel")}
    return found


class ForeignSockets:
    """Envelopes to any socket, some of them twice and late, with sockets that come and go."""

    def __init__(self, inner: Sockets, chance: Random) -> None:
        self._inner = inner
        self._chance = chance
        self.again: set[asyncio.Task[Any]] = set()
        self._left: list[Any] = []
        self.repeated = self.sent = 0

    async def send(self, kind: str, payload: Json, *, retry: int = 0) -> Json | None:
        """As the sandbox's own."""
        envelope: Json = {
            "envelope_id": secrets.token_hex(16),
            "type": kind,
            "accepts_response_payload": kind != "events_api",
            "payload": of_organisation(kind, payload, self._chance),
        }
        self.sent += 1
        if self.sent % 17 == 0:
            left = self._any()  # nothing more is said over it
            self._left.append(left)
            await left.send_json({"type": "disconnect", "reason": "warning"})
        answer = await self._acknowledged(envelope)
        if kind == "events_api":  # the acknowledgement was lost on its way, say
            envelope |= {"envelope_id": secrets.token_hex(16), "retry_attempt": 1}
        if self._chance.random() < 0.5 or kind == "events_api":
            self.repeated += 1
            task = asyncio.create_task(self._acknowledged(envelope))
            self.again.add(task)
        return answer

    async def settled(self) -> list[BaseException]:
        """What was not acknowledged when it came again."""
        found = await asyncio.gather(*self.again, return_exceptions=True)
        return [error for error in found if isinstance(error, BaseException)]

    def _any(self) -> Any:
        kept = [socket for socket in self._inner._open if socket not in self._left]
        return self._chance.choice(kept or self._inner._open)

    async def _acknowledged(self, envelope: Json) -> Json | None:
        return await self._inner._acknowledged(self._any(), envelope, name_of(envelope["payload"]))


class ForeignRequests:
    """Signed requests to any process; some are sent again as they are, and events as retries."""

    def __init__(self, ways: Sequence[SignedRequests], chance: Random) -> None:
        self._ways = ways
        self._chance = chance
        self.repeated = 0
        self._wrong: list[BaseException] = []

    async def send(self, kind: str, payload: Json, *, retry: int = 0) -> Json | None:
        """As the sandbox's own."""
        payload = of_organisation(kind, payload, self._chance)
        way = self._chance.choice(self._ways)
        body, headers = way.request(kind, payload, retry)
        answer = await way.deliver(kind, payload, body, headers)
        if kind == "events_api":
            await asyncio.sleep(0)
            self.repeated += 1
            await self._chance.choice(self._ways).send(kind, payload, retry=1)
        elif self._chance.random() < 0.5:
            self.repeated += 1
            try:
                await self._chance.choice(self._ways)._post(body, headers)
            except ClientResponseError as refused:
                self._wrong += [] if refused.status == 401 else [refused]
            else:
                self._wrong.append(AssertionError(f"{name_of(payload)} was taken twice"))
        return answer

    async def settled(self) -> list[BaseException]:
        """Of what came again as it was, what was not refused."""
        return self._wrong
