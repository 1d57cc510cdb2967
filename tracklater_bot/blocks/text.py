"""Outside text made safe for Slack: nothing in it mentions, links, formats or overflows.

In mrkdwn, `&<>` are escaped, and the formatting characters, which Slack can't escape, are shown by
characters that look the same and mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from tracklater_bot.domain.text import clean, shown

MOST_PARAGRAPH = 3000
MOST_URL = 500  # a longer address is somebody's data, not a place to go

_LONGEST_ESCAPE = len("&amp;")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LOOKALIKES = str.maketrans({"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"})
_EMOJI_CODE = re.compile(r":(?=[\w+'-]+:)")
_QUOTE_MARK = re.compile(r"^>+")


def escaped(text: str) -> str:
    """`&`, `<` and `>` as Slack wants them; this also disarms mentions and links."""
    return text.translate(_ESCAPES)


def mrkdwn(text: str, most: int) -> str:
    """Outside text for a mrkdwn field: one line of about `most` characters.

    Escaping lengthens it, but never to more than twice as much.
    """
    marked = _marked(text, most)
    return marked if len(marked) <= 2 * most else _marked(text, 2 * most // _LONGEST_ESCAPE)


def _marked(text: str, most: int) -> str:
    looks = shown(text, most).translate(_LOOKALIKES)
    looks = _EMOJI_CODE.sub("∶", looks)
    return escaped(_QUOTE_MARK.sub("›", looks))


def plain(text: str, most: int, empty: str = "–") -> str:
    """Outside text for a plain_text field, which Slack wants non-empty."""
    return shown(text, most) or empty


def typed(text: str, most: int = 3000) -> str:
    """Outside text as the start value of a field that the person edits: nothing added to it."""
    return clean(text, most)


def safe_url(url: str) -> str | None:
    """The address when it is a plausible http or https one, else None."""
    if len(url) > MOST_URL or any(character.isspace() or character < " " for character in url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    address = quote(url, safe=":/?#[]@!$&'()*+,;=%-._~")
    return address if len(escaped(address)) <= MOST_URL else None


def lines_within(lines: Iterable[str], most: int = MOST_PARAGRAPH) -> str:
    """As many of the whole lines as fit, and how many were left out."""
    whole = list(lines)
    kept: list[str] = []
    for line in whole:
        if sum(map(len, kept)) + len(kept) + len(line) > most - 20:
            return "\n".join([*kept, f"and {len(whole) - len(kept)} more"])
        kept.append(line)
    return "\n".join(kept)


def link(url: str, label: str) -> str:
    """A mrkdwn link; `label` is mrkdwn already. Only the label when the address is not safe."""
    address = safe_url(url)
    return f"<{escaped(address)}|{label}>" if address and label else label
