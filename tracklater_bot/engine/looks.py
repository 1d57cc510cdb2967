"""Looks: what a window showed, as one text: its title, and whatever a recorder tells beside it.

For thyme the look is the title. Two looks are equal where all of it is equal, so that what is known
of one look is looked up by it alone.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from tracklater_bot.domain.clues import Window
from tracklater_bot.domain.programs import program
from tracklater_bot.domain.text import folded

_BETWEEN = "\x1f"


class Look(NamedTuple):
    """The parts of a look. `app` is the program, `url` the page, `folder` and `branch` the work."""

    title: str
    app: str = ""
    url: str = ""
    folder: str = ""
    branch: str = ""

    @property
    def spelled(self) -> str:
        """The title as a window manager shows it, with the program's name at its end."""
        name = program(self.app) if self.app else ""
        if not name or folded(self.title).endswith(name):
            return self.title
        return f"{self.title} - {name}"

    @property
    def host(self) -> str:
        """The page's server."""
        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:
            return ""

    @property
    def address(self) -> str:
        """The page's address as words; "" for what is no page, such as a browser's own."""
        try:
            parts = urlsplit(self.url)
            hosted = (parts.scheme in ("http", "https") and parts.hostname) or ""
        except ValueError:
            return ""
        where = f"{hosted}{parts.path} {parts.query} {parts.fragment}" if hosted else ""
        return unquote(where).rstrip()


def look_of(window: Window) -> str:
    """The look of a sample."""
    title = window.title.replace(_BETWEEN, " ")
    if not (window.app or window.url or window.folder):
        return title
    more = (window.app, window.url, window.folder, window.branch)
    return _BETWEEN.join((title, *(part.replace(_BETWEEN, " ") for part in more)))


def parts_of(look: str) -> Look:
    """What a look is made of."""
    return Look(*look.split(_BETWEEN, 4)) if _BETWEEN in look else Look(look)


def title_of(look: str) -> str:
    """The title alone."""
    return look.partition(_BETWEEN)[0]
