"""The sandbox's Slack workspace: people, channels, messages, views, files and tokens."""

from __future__ import annotations

import pickle
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

Json: TypeAlias = "dict[str, Any]"

TEAM, DOMAIN, APP = "T0SANDBOX", "sandbox", "A0TRACKLATER"
BOT, BOT_USER = "B0TRACKLATER", "U0BOT"
ME, OTHER = "U0EERO", "U0OTHER"

BOT_SCOPES = frozenset(
    {
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "im:history",
        "im:write",
        "users:read",
    }
)
USER_SCOPES = frozenset(
    {"search:read", "channels:history", "groups:history", "im:history", "mpim:history"}
)
APP_SCOPES = frozenset({"connections:write"})


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the workspace."""

    id: str
    name: str
    real_name: str
    zone: str
    is_bot: bool = False

    def profile(self) -> Json:
        """The user object of users.info."""
        offset = datetime.now(ZoneInfo(self.zone)).utcoffset()
        return {
            "id": self.id,
            "team_id": TEAM,
            "name": self.name,
            "deleted": False,
            "real_name": self.real_name,
            "tz": self.zone,
            "tz_offset": int(offset.total_seconds()) if offset else 0,
            "profile": {"real_name": self.real_name, "display_name": self.name},
            "is_bot": self.is_bot,
            "is_app_user": False,
            "locale": "en-US",
        }


@dataclass(frozen=True, slots=True)
class Token:
    """A token, whose it is, and what it may do. `kind` is bot, user or app."""

    value: str
    kind: str
    user: str
    scopes: frozenset[str]


@dataclass(slots=True)
class Channel:
    """A channel or a DM; `user` is the person a DM is with."""

    id: str
    name: str
    user: str | None = None
    messages: dict[str, Json] = field(default_factory=dict)

    @property
    def is_im(self) -> bool:
        """Whether it is a direct message."""
        return self.user is not None

    def describe(self) -> Json:
        """The channel object of conversations.info."""
        kind = {"is_im": True, "user": self.user} if self.is_im else {"is_channel": True}
        return {"id": self.id, "name": self.name, "is_im": False, **kind}


@dataclass(slots=True)
class File:
    """An uploaded file. Slack names its mimetype only after it has looked at it."""

    id: str
    name: str
    length: int
    alt: str
    owner: str
    data: bytes = b""
    title: str = ""
    completed_at: float | None = None
    channels: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ResponseUrl:
    """Where an app may answer a click or command: 5 times within 30 minutes."""

    channel: str
    user: str
    message: str | None
    made: float
    uses: int = 0


class Workspace:
    """All state of the fake Slack. Belongs to the server's thread; others read through copies."""

    def __init__(self, zone: str, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.people = {
            ME: Person(ME, "eero", "Eero Example", zone),
            OTHER: Person(OTHER, "olga", "Olga Other", "Asia/Kolkata"),
            BOT_USER: Person(BOT_USER, "tracklater", "TrackLater", "UTC", is_bot=True),
        }
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, File] = {}
        self.tokens: dict[str, Token] = {}
        self.homes: dict[str, Json] = {}
        self.modals: dict[str, list[Json]] = {}
        self.triggers: dict[str, tuple[str, float]] = {}
        self.spent_triggers: set[str] = set()
        self.response_urls: dict[str, ResponseUrl] = {}
        self.notices: list[Json] = []
        self.processing_seconds = 0.3
        self.version = 0
        self.changed = threading.Condition()
        self._last_ts = 0
        self._ids = 0

    # -- changes

    def touch(self) -> None:
        """Tells everybody who waits that something changed."""
        with self.changed:
            self.version += 1
            self.changed.notify_all()

    def next_id(self, prefix: str) -> str:
        """An id of Slack's form, never given before."""
        self._ids += 1
        return f"{prefix}0{self._ids:07d}"

    def next_ts(self) -> str:
        """A message's ts: now, and later than every other."""
        self._last_ts = max(self._last_ts + 1, int(self.clock() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def notice(self, user: str, text: str) -> None:
        """What Slack itself tells a person when an app does not answer."""
        self.notices.append({"user": user, "text": text, "ts": self.next_ts()})
        self.touch()

    # -- tokens

    def issue(self, kind: str, user: str, scopes: frozenset[str]) -> str:
        """A new token."""
        prefix = {"bot": "xoxb", "user": "xoxp", "app": "xapp"}[kind]
        value = f"{prefix}-sandbox-{secrets.token_hex(12)}"
        self.tokens[value] = Token(value, kind, user, scopes)
        return value

    def grant(self, value: str, scopes: frozenset[str]) -> None:
        """Gives a token other scopes than it had."""
        old = self.tokens[value]
        self.tokens[value] = Token(value, old.kind, old.user, scopes)

    # -- channels and messages

    def dm(self, user: str) -> Channel:
        """The DM between the bot and a person, opened when there is none."""
        for channel in self.channels.values():
            if channel.user == user:
                return channel
        return self.add_channel(self.next_id("D"), "directmessage", user)

    def add_channel(self, channel_id: str, name: str, user: str | None = None) -> Channel:
        """A new channel."""
        channel = Channel(channel_id, name, user)
        self.channels[channel_id] = channel
        return channel

    def put(self, channel: Channel, message: Json) -> Json:
        """Stores a message under its ts."""
        channel.messages[str(message["ts"])] = message
        self.touch()
        return message

    def find_message(self, ts: str) -> tuple[Channel, Json] | None:
        """A message of any channel by its ts."""
        for channel in self.channels.values():
            if ts in channel.messages:
                return channel, channel.messages[ts]
        return None

    # -- views

    def view(self, view_id: str) -> Json | None:
        """An open modal or a published Home by its id."""
        views = [*self.homes.values(), *(one for stack in self.modals.values() for one in stack)]
        return next((view for view in views if view["id"] == view_id), None)

    def stack(self, user: str) -> list[Json]:
        """The modals a person has open; the last one is on top."""
        return self.modals.setdefault(user, [])

    # -- triggers and response addresses

    def trigger(self, user: str) -> str:
        """A trigger id for a new interaction of the person."""
        value = f"{int(self.clock() * 1000)}.{secrets.token_hex(8)}"
        self.triggers[value] = (user, self.clock())
        return value

    def response_key(self, channel: str, user: str, message: str | None = None) -> str:
        """The key of a new response address."""
        key = secrets.token_hex(12)
        self.response_urls[key] = ResponseUrl(channel, user, message, self.clock())
        return key

    # -- files

    def file_state(self, file_id: str) -> str | None:
        """ "ready", "processing", or None when there is no such file."""
        file = self.files.get(file_id)
        if file is None:
            return None
        done = file.completed_at
        ready = done is not None and self.clock() >= done + self.processing_seconds
        return "ready" if ready else "processing"


def shown(value: Json) -> Json:
    """A copy that others may keep."""
    # Much quicker than deepcopy, and asked for at every look at the page.
    copied: Json = pickle.loads(pickle.dumps(value))  # noqa: S301 - our own
    return copied
