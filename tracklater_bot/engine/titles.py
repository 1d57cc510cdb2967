"""What kind of window a title belongs to, and what in it is only the program's name.

The lists are short on purpose: they say how far a word in such a window can be trusted, never
which group it belongs to. A program that is not listed counts as a place of work.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import Enum

_PROGRAMS = (
    "google chrome", "chromium", "mozilla firefox", "firefox", "firefox developer edition",
    "microsoft edge", "safari", "opera", "brave", "vivaldi",
    "visual studio code", "vscodium", "code - oss", "cursor", "intellij idea", "pycharm",
    "webstorm", "goland", "phpstorm", "rubymine", "android studio", "sublime text", "emacs",
    "gnu emacs", "vim", "nvim", "gvim", "xcode", "slack", "discord", "telegram", "signal",
    "whatsapp", "element", "mattermost", "zulip", "mozilla thunderbird", "thunderbird", "outlook",
    "evolution", "gmail", "jira", "confluence", "github", "gitlab", "bitbucket", "taiga", "figma",
    "zoom", "microsoft teams", "libreoffice writer", "libreoffice calc", "gnome terminal",
    "terminal", "konsole", "xterm", "stack overflow", "youtube", "google docs", "google search",
    "google calendar", "google drive",
)  # fmt: skip

_TALK = r"""
    \b(?: slack | discord | telegram | whatsapp | mattermost | zulip | microsoft\ teams
        | google\ chat | skype | irc | thunderbird | outlook | gmail | geary | protonmail | fastmail
        | apple\ mail | calendar | hey\.com )\b
    | [-–—|]\ (?: signal | element | evolution )$ | ^inbox\b
"""
_REFERENCE = r"""
    \b(?: stack\ overflow | stack\ exchange | super\ user | server\ fault | ask\ ubuntu | mdn
        | wikipedia | documentation | google\ (?: search | translate | maps ) | duckduckgo | chatgpt
        | claude | devdocs | docs\.rs | pypi | medium )\b
    | [-–—|]\ (?: bing | npm | dev\ community )$
"""
_LEISURE = r"""
    \b(?: private\ browsing | inprivate | youtube | netflix | twitch | spotify | prime\ video | hbo
        | vlc | soundcloud | deezer | tidal | steam | imdb | areena | facebook | instagram | tiktok
        | reddit | twitter | mastodon | bluesky | pinterest | 9gag | hacker\ news | bbc | cnn
        | the\ guardian | new\ york\ times | spiegel | yle | helsingin\ sanomat | ilta-sanomat
        | iltalehti | ebay | etsy | ikea | zalando | airbnb | booking\.com | tripadvisor | tori\.fi
        | online\ banking | verkkopankki | paypal )\b
    | \( (?: incognito | private ) \) | \bdisney\+ | \bamazon\.\w | [-–—/]\ x$ | \bnews$
"""
_MEETING = r"""
    ^zoom\ (?:meeting|webinar|call)\b | \bzoom\ (?:meeting|webinar)$ | \S\ [-–—|]\ zoom$
    | ^(?:\(\d+\)\ )?meet\s[-–—]\s\S | \b[a-z]{3}-[a-z]{4}-[a-z]{3}\b
    | ^meeting\ (?:in|with|now|compact\ view)\b.*\bteams\b | \|\ (?:meeting|call)\ \|.*\bteams\b
    | ^(?!(?:\(\d+\)\ )?(?:chats?|activity|calendar|calls?|files|teams|apps|settings|onedrive|home
      |communities|assignments|search|help|feed|people)\b)[^|()]*[^|()\s]\ \|\ microsoft\ teams
    | \bwebex\ meeting\b | \S\ [-–—|]\ webex$ | \S\ [-–—|]\ (?:whereby|jitsi\ meet)\b
    | \bhuddle\b | \bslack\ call\b | \bvoice\ connected\b | \bgotomeeting\b | \bbigbluebutton\b
    | \b(?:skype|whatsapp|signal|facetime|discord)\ (?:video\ |voice\ )?call\b
"""
# Windows of the same programs that are open all day without anybody talking.
_NO_MEETING = r"""
    ^(?:home|settings|free\ account|pro\ account|licensed\ account|workplace|cloud\ meetings)?
    \ ?(?:[-–—|]\ )?zoom(?:\ workplace|\ cloud\ meetings)?$
    | ^zoom\ [-–—]\ | \bzoom\ workplace\b
"""


class Place(Enum):
    """What is done in a window, and with it how far a word in its title can be trusted."""

    WORK = "work"
    TALK = "talk"
    REFERENCE = "reference"
    LEISURE = "leisure"
    MEETING = "meeting"


_PLACES = (
    (Place.LEISURE, re.compile(_LEISURE, re.VERBOSE)),
    (Place.TALK, re.compile(_TALK, re.VERBOSE)),
    (Place.REFERENCE, re.compile(_REFERENCE, re.VERBOSE)),
)
_MEETINGS = re.compile(_MEETING, re.VERBOSE)
_NO_MEETINGS = re.compile(_NO_MEETING, re.VERBOSE)
_SEPARATORS = re.compile(r"\s+[-–—|·]\s+|\s*\|\s*")
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def folded(text: str) -> str:
    """Text made equal where people see it as equal: case, composition, invisible marks."""
    return unicodedata.normalize("NFC", _UNSEEN.sub("", text)).casefold()


class Kinds:
    """Tells the place of a window; `meetings` are further words that mean a meeting."""

    def __init__(self, meetings: Iterable[str] = ()) -> None:
        words = [re.escape(folded(word)) for word in meetings if word.strip()]
        self._own = re.compile(rf"(?<!\w)(?:{'|'.join(words) or '(?!)'})(?!\w)")
        self._known: dict[str, Place] = {}

    def of(self, title: str) -> Place:
        """The place of a window with this title."""
        if title not in self._known:
            self._known[title] = self._look(folded(title))
        return self._known[title]

    def is_meeting(self, title: str) -> bool:
        """Whether somebody with this window in front may sit still and yet be at work."""
        return self.of(title) is Place.MEETING

    def _look(self, title: str) -> Place:
        if self._own.search(title) or (_MEETINGS.search(title) and not _NO_MEETINGS.search(title)):
            return Place.MEETING
        return next((place for place, words in _PLACES if words.search(title)), Place.WORK)


def without_program(title: str) -> str:
    """A folded title without the names of programs and well-known sites, which are no cues."""
    parts = _SEPARATORS.split(title)
    if len(parts) == 1:
        return title
    return " | ".join(part for part in parts if part.strip() not in _PROGRAMS)
