"""What a laptop and the hub say to each other: values, their JSON, its bounds, and who signed it.

Every message is a POST of an `Envelope`. Its payload is the JSON of one of the values here; the
signature covers the address, the device, the time, the nonce and every byte of the payload.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.wall import Finding

VERSION = 1
JOIN, NEXT, BRIEF, ANSWER = (f"/v{VERSION}/{word}" for word in ("join", "next", "brief", "answer"))
HEALTH = "/health"
MOST_BYTES: Mapping[str, int] = {
    JOIN: 4_096,
    NEXT: 4_096,
    BRIEF: 256 * 1024,
    ANSWER: 4 * 1024**2,
}
MOST_DAYS = 62  # two long months at a time
MOST_KEYS = 5_000
POLL_SECONDS = 20.0  # shorter than any proxy's patience


class Ask(StrEnum):
    """What the hub asks a person's machine for, as the wall describes it."""

    DRAFTS = "drafts"
    WORKED_SINCE = "worked_since"
    CHECK = "check"
    FORGET_HABITS = "forget_habits"
    WINDOWS_WITH = "windows_with"


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a machine. `groups` are the team's, without projects, for its clues.

    Times are rounded as the team has it, so that what rounding left over adds up. `waited_for`:
    somebody does.
    """

    id: str
    ask: Ask
    days: tuple[WorkDay, ...] = ()
    moment: datetime | None = None
    text: str = ""
    groups: tuple[Group, ...] = ()
    round_minutes: int = 5
    min_minutes: int = 5
    waited_for: bool = True


@dataclass(frozen=True, slots=True)
class Next:
    """What the machine is asked now, if anything."""

    request: Request | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The machine's answer to the request with that id. `failed`: its log tells why."""

    id: str
    failed: bool = False
    drafts: tuple[Draft, ...] = ()
    worked: bool = False
    spans: tuple[Span, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class BriefWanted:
    """The days of a request that the machine is drafting, and the keys that its clues name."""

    days: tuple[date, ...]
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinWanted:
    """A one-time code, and the public half of the device's new key, in hexadecimal digits."""

    code: str
    key: str


@dataclass(frozen=True, slots=True)
class Joined:
    """Whose machine it is now, and what the hub calls it."""

    person: str
    device: str


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing more to say: it was taken, or what comes next is asked for."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not. `now` is the hub's time where the sender's clock is the trouble."""

    why: str
    now: float | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload, from which device, and when. `time` is in seconds since 1970."""

    device: str
    time: float
    nonce: str
    payload: str
    signature: str = ""

    def signed_text(self, path: str) -> bytes:
        """What the signature is of."""
        digest = hashlib.sha256(self.payload.encode()).hexdigest()
        parts = (f"tracklater-{VERSION}", path, self.device, repr(self.time), self.nonce, digest)
        return "\n".join(parts).encode()
