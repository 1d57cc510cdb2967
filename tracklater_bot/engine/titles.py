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
    \bslack\b | \bdiscord\b | \btelegram\b | \bsignal$ | \bwhatsapp\b | \bmattermost\b | \bzulip\b
    | (?:[-–—|]\s)element\b | \bmicrosoft\ teams\b | \bgoogle\ chat\b | \bskype\b | \birc\b
    | \bthunderbird\b | \boutlook\b | \bgmail\b | \bevolution$ | \bgeary\b | \bprotonmail\b
    | \bfastmail\b | \bapple\ mail\b | ^inbox\b | \bcalendar\b | \bhey\.com\b
"""
_REFERENCE = r"""
    \bstack\ (?:overflow|exchange)\b | \bsuper\ user\b | \bserver\ fault\b | \bask\ ubuntu\b
    | \bmdn\b | \bwikipedia\b | \bdocumentation\b | \bgoogle\ (?:search|translate|maps)\b
    | \bduckduckgo\b | [-–—]\ bing\b | \bchatgpt\b | \bclaude\b | \bdevdocs\b | \bdocs\.rs\b
    | \bpypi\b | \bnpm$ | \bdev\ community\b | \bmedium\b
"""
_LEISURE = r"""
    \bprivate\ browsing\b | \(incognito\) | \binprivate\b | \(private\)
    | \byoutube\b | \bnetflix\b | \btwitch\b | \bspotify\b | \bdisney\+ | \bprime\ video\b | \bhbo\b
    | \bvlc\b | \bsoundcloud\b | \bdeezer\b | \btidal\b | \bsteam\b | \bimdb\b | \bareena\b
    | \bfacebook\b | \binstagram\b | \btiktok\b | \breddit\b | \btwitter\b | [-–—/]\ x$
    | \bmastodon\b | \bbluesky\b | \bpinterest\b | \b9gag\b | \bhacker\ news\b
    | \bbbc\b | \bcnn\b | \bthe\ guardian\b | \bnew\ york\ times\b | \bspiegel\b | \byle\b
    | \bhelsingin\ sanomat\b | \bilta-sanomat\b | \biltalehti\b | \bnews$
    | \bamazon\.\w+ | \bebay\b | \betsy\b | \bikea\b | \bzalando\b | \bairbnb\b | \bbooking\.com\b
    | \btripadvisor\b | \btori\.fi\b | \bonline\ banking\b | \bverkkopankki\b | \bpaypal\b
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
