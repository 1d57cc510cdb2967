"""Claude Code's sessions: `projects/<folder>/<session>.jsonl`, those of sub-agents in folders."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

import msgspec

from tracklater_bot.sources.clues import agent_logs as logs

TYPED = ("typed", "queued")


class _Origin(msgspec.Struct, gc=False):
    kind: str | None = None


class _Block(msgspec.Struct, gc=False):
    type: str | None = None


class _Message(msgspec.Struct, gc=False):
    content: msgspec.Raw = msgspec.Raw()  # only whether it is a text, or which blocks are in it


class _Worktree(msgspec.Struct, gc=False, rename="camel"):
    original_cwd: str | None = None
    worktree_path: str | None = None


class _Record(msgspec.Struct, gc=False, rename="camel"):
    """All that is decoded of a line."""

    type: str | None = None
    timestamp: logs.Moment | None = None
    uuid: str | None = None
    session_id: str | None = None
    cwd: str | None = None
    git_branch: str | None = None
    entrypoint: str | None = None
    is_sidechain: bool | None = None
    is_meta: bool | None = None
    is_compact_summary: bool | None = None
    is_visible_in_transcript_only: bool | None = None
    prompt_source: str | None = None
    origin: _Origin | None = None
    subtype: str | None = None
    operation: str | None = None
    message: _Message | None = None
    tool_use_result: msgspec.Raw = msgspec.Raw()  # only whether there is one
    source_tool_use_id: str | None = msgspec.field(name="sourceToolUseID", default=None)
    source_tool_assistant: str | None = msgspec.field(name="sourceToolAssistantUUID", default=None)
    worktree_session: _Worktree | None = None


_record = msgspec.json.Decoder(_Record).decode
_blocks = msgspec.json.Decoder(list[_Block]).decode


def files(root: Path) -> Iterator[Path]:
    """The sessions' files; neither logins nor `history.jsonl` are among them.

    What agents do for another one lies in a folder of that session's, which is named by its id.
    """
    yield from root.glob("projects/*/*.jsonl")
    yield from root.glob("projects/*/*-*-*-*-*/*/**/agent-*.jsonl")


def understand(lines: Iterable[bytes], path: Path) -> logs.Told:
    """What a session's lines tell; those that are broken or unknown are stepped over."""
    session = _ClaudeSession(path)
    for line in lines:
        try:
            record = _record(line)
        except (ValueError, RecursionError):
            session.told.broken += bool(line.strip())
        else:
            session.take(record)
    return session.ended()


class _ClaudeSession:
    """A session as its records tell of it, one after the other."""

    def __init__(self, path: Path) -> None:
        self.told = logs.Told()
        self._path = path
        self._turns = {aside: logs.Turns(self.told.runs) for aside in (False, True)}
        # When each prompt that waits was typed; and that of the one just handed over.
        self._queue: deque[int] = deque(maxlen=logs.MOST_FACTS)
        self._handed: int | None = None

    def take(self, record: _Record) -> None:
        if record.worktree_session is not None:
            made = record.worktree_session
            folder, original = logs.name(made.worktree_path), logs.name(made.original_cwd)
            if folder and original:
                self.told.worktrees[folder] = original
        self.told.understood += record.type is not None
        if record.timestamp is None:
            return
        at = logs.milliseconds(record.timestamp)
        record.is_sidechain = record.is_sidechain or self._path.name.startswith("agent-")
        turns = self._turns[record.is_sidechain]
        where = logs.name(record.cwd), logs.name(record.git_branch), logs.name(record.session_id)
        if record.type == "queue-operation":
            if record.operation == "enqueue":
                self._queue.append(at)
            elif record.operation == "popAll":
                self._queue.clear()
            elif self._queue:
                first = self._queue.popleft()
                self._handed = first if record.operation == "dequeue" else None
        elif record.type == "assistant" or (record.type == "user" and _is_result(record)):
            turns.go_on(at, *where)
        elif record.type == "user" and not _is_injected(record):
            typed_at = self._typed_at(record, at)
            if _is_human(record):
                identity = record.uuid or f"{record.session_id} {at}"
                digest = blake2b(identity.encode("utf-8", "replace"), digest_size=8).hexdigest()
                self.told.prompts.append(logs.Prompted(typed_at, *where, digest))
            turns.begin(at, *where)
        elif record.subtype == "turn_duration":
            turns.end(at)

    def _typed_at(self, record: _Record, at: int) -> int:
        """What was queued was typed when it went into the queue."""
        handed, self._handed = self._handed, None
        if record.prompt_source == "queued" and handed is None and self._queue:
            handed = self._queue.popleft()
        return min(handed, at) if handed is not None else at

    def ended(self) -> logs.Told:
        """All that was told. Older versions tell no folder: then the file's own names it."""
        told, replace = self.told, msgspec.structs.replace
        told.ended()
        folders = [*(one.folder for one in told.prompts), *(one.folder for one in told.runs)]
        folder = next(filter(None, folders), self._path.parent.name)
        told.prompts[:] = [replace(one, folder=one.folder or folder) for one in told.prompts]
        told.runs[:] = [replace(one, folder=one.folder or folder) for one in told.runs]
        return told


def _is_result(record: _Record) -> bool:
    """Whether a user record is what a tool gave."""
    from_tool = record.source_tool_use_id or record.source_tool_assistant
    result = _beginning(record.tool_use_result) not in (b"", b"null")
    return bool(from_tool) or result or _kinds(record) == {"tool_result"}


def _is_injected(record: _Record) -> bool:
    """Whether it was put in by the program, and begins nothing."""
    return bool(record.is_meta or record.is_compact_summary or record.is_visible_in_transcript_only)


def _is_human(record: _Record) -> bool:
    """Whether the person typed a user record that is no result and was not put in."""
    if record.is_sidechain or (record.entrypoint or "").startswith("sdk"):
        return False
    source, origin = record.prompt_source, record.origin.kind if record.origin else None
    if (source is not None and source not in TYPED) or origin not in (None, "human"):
        return False
    return bool(_kinds(record) & {"text", "image"})


def _kinds(record: _Record) -> set[str | None]:
    """The kinds of blocks in a message, without what is in them; a mere text is one."""
    content = record.message.content if record.message else msgspec.Raw()
    if _beginning(content)[:1] == b'"':
        return {"text"}
    try:
        return {block.type for block in _blocks(content)}
    except ValueError:
        return set()


def _beginning(value: msgspec.Raw) -> bytes:
    return bytes(memoryview(value)[:5])


FORMAT = (files, understand)
