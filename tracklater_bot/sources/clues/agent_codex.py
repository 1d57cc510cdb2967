"""Codex's sessions: `sessions/YYYY/MM/DD/rollout-….jsonl`, and those that were archived."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from tracklater_bot.sources.clues import agent_logs as logs

BEGINS = ("task_started", "turn_started")
ENDS = ("task_complete", "turn_complete", "turn_aborted")


class _Git(msgspec.Struct, gc=False):
    branch: str | None = None


class _Started(msgspec.Struct, gc=False):
    """How a session was started, where that takes more than a word."""

    custom: msgspec.Raw = msgspec.Raw()  # only whether there is one


class _Meta(msgspec.Struct, gc=False):
    """All that is decoded of a session's head."""

    id: str | None = None
    cwd: str | None = None
    source: str | _Started | None = None
    thread_source: str | _Started | None = None
    history_mode: str | None = None
    git: _Git | None = None


class _Context(msgspec.Struct, gc=False):
    """All that is decoded of what is told before each turn."""

    cwd: str | None = None


class _Item(msgspec.Struct, gc=False):
    type: str | None = None


class _Event(msgspec.Struct, gc=False):
    """All that is decoded of an event."""

    type: str | None = None
    kind: str | None = None
    item: _Item | None = None


class _Line(msgspec.Struct, gc=False):
    """All that is decoded of a line; the payload of three types is, as above."""

    timestamp: logs.Moment | None = None
    type: str | None = None
    payload: msgspec.Raw = msgspec.Raw(b"{}")


_line = msgspec.json.Decoder(_Line).decode
_meta = msgspec.json.Decoder(_Meta).decode
_context = msgspec.json.Decoder(_Context).decode
_event = msgspec.json.Decoder(_Event).decode


def files(root: Path) -> Iterator[Path]:
    """The sessions' files; neither logins nor `history.jsonl` are among them."""
    yield from root.glob("sessions/*/*/*/rollout-*.jsonl*")
    yield from root.glob("archived_sessions/rollout-*.jsonl*")


def understand(lines: Iterable[bytes], _path: Path) -> logs.Told:
    """What a session's lines tell; those that are broken or unknown are stepped over."""
    session = _CodexSession()
    for line in lines:
        try:
            session.take(_line(line))
        except (ValueError, RecursionError):
            session.told.broken += bool(line.strip())
    session.told.ended()
    return session.told


class _CodexSession:
    """A session as its lines tell of it, one after the other."""

    def __init__(self) -> None:
        self.told = logs.Told()
        self._turns = logs.Turns(self.told.runs)
        self._began = 0
        self._id = self._folder = self._branch = ""
        self._typed = self._paginated = self._tells_turns = False

    def take(self, line: _Line) -> None:
        self.told.understood += line.type is not None
        # A fork tells again what its parent did, at the times of then.
        if line.timestamp is None or (at := logs.milliseconds(line.timestamp)) < self._began:
            return
        if line.type == "session_meta":
            self._begun(_meta(line.payload), at)
        elif line.type == "turn_context":
            self._folder = logs.name(_context(line.payload).cwd) or self._folder
        elif line.type == "event_msg":
            self._happened(_event(line.payload), at)
        elif line.type == "response_item":
            self._went_on(at)

    def _begun(self, meta: _Meta, at: int) -> None:
        """The first head is the session's own; a fork has its parent's too."""
        if self._id and self._id != logs.name(meta.id):
            return
        self._began, self._id = self._began or at, logs.name(meta.id)
        self._folder = logs.name(meta.cwd) or self._folder
        self._branch = logs.name(meta.git.branch if meta.git else None)
        self._typed = _is_of_person(meta)
        self._paginated = meta.history_mode == "paginated"

    def _happened(self, event: _Event, at: int) -> None:
        if event.type in BEGINS:
            self._tells_turns = True
            self._turns.begin(at, *self._where)
        elif event.type in ENDS:
            self._turns.end(at)
        elif self._is_prompt(event):
            if not (self._tells_turns and self._turns.running):
                self._turns.begin(at, *self._where)
            if self._typed:
                self.told.prompts.append(logs.Prompted(at, *self._where, f"codex {at}"))
        else:
            self._went_on(at)

    def _went_on(self, at: int) -> None:
        if self._turns.running:
            self._turns.go_on(at, *self._where)

    def _is_prompt(self, event: _Event) -> bool:
        if self._paginated:
            item = (event.item.type if event.item else None) or ""
            return event.type == "item_completed" and item.replace("_", "").lower() == "usermessage"
        return event.type == "user_message" and event.kind in (None, "plain")

    @property
    def _where(self) -> tuple[str, str, str]:
        return self._folder, self._branch, self._id


def _is_of_person(meta: _Meta) -> bool:
    """Whether the person types in a session: it is no script's, no program's, no other agent's."""
    source, thread = meta.source, meta.thread_source
    if isinstance(source, _Started):
        return bool(memoryview(source.custom))
    return source not in ("exec", "mcp") and thread in (None, "user")


FORMAT = (files, understand)
