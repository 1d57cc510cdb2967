"""Hints: words that point to groups."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class HintKind(StrEnum):
    """Where a hint comes from, strongest first."""

    KEYWORD = "keyword"
    REPOSITORY = "repository"
    REMOTE = "remote"
    HOST = "host"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Hint:
    """Words that point to a group when they are seen in a window title, a branch or a message.

    Of a folder `text` is the full path: what an editor has open inside it is the group's.

    `windows_only`: in a window's title, and nowhere else.
    """

    group: str
    kind: HintKind
    text: str
    windows_only: bool = False
