"""What is wrong with the settings, in one line each."""

from __future__ import annotations

from collections.abc import Iterable


class SettingsError(Exception):
    """The settings cannot be used. Its text is one or a few plain lines, without any value."""

    def __init__(self, problems: str | Iterable[str]) -> None:
        lines = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(lines))
