"""What is allowed, works, and will find nothing: a sentence each, for `check`. Pure.

Unlike `advice`, which every command tells, this is looked through only when somebody asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time
from difflib import get_close_matches
from itertools import permutations
from pathlib import Path

from tracklater_bot.domain.keywords import COMMON_NAMES, spelling_pattern
from tracklater_bot.domain.plan import knows_holidays
from tracklater_bot.domain.text import clean, folded, listing
from tracklater_bot.settings.base import Section
from tracklater_bot.settings.models import GroupSettings, Settings
from tracklater_bot.settings.sections import GroupTracker
from tracklater_bot.settings.tree import GROUPS, dotted

KINDS = ("default", "other", "bug", "story", "task", "epic", "feature", "improvement", "support")
# What the examples say in the place of a value.
_EXAMPLES = re.compile(
    r"firstname\.lastname@|/full/path/|U0(?:12)?ABCDEF|^U0?45$|//(?:group1|company)\.|username-group"
)
# How words are not meant, each with what is wrong.
_NO_WORDS = (
    (re.compile(r"://|^www\."), "is an address: write a word that stands in titles"),
    (re.compile(r"[*|\\^]|\.\+"), "is looked for as it stands, not as a pattern: write the word"),
    (re.compile(r"^[\"'“”„‘’«].*[\"'“”‘’»]$"), "has quotation marks around it: leave them out"),
    (
        re.compile(r";|\bOR\b|,(?!\s*(?i:inc|ltd|llc|oy|ab|gmbh|corp|co|plc|s\.?a)\b)"),
        'is one word as it stands: write each for itself, ["one", "two"]',
    ),
    (re.compile(r".{41}"), "is too long to stand in a title: write a word of it"),
)
_PROGRAMS = frozenset((
    "firefox", "mozilla firefox", "chrome", "google chrome", "chromium", "microsoft edge", "safari",
    "code", "visual studio code", "vscode", "terminal", "slack", "outlook", "thunderbird", "gmail",
    "zoom", "teams", "microsoft teams", "excel", "word", "microsoft excel", "microsoft word",
))  # fmt: skip
# What a setting's text shows not to be meant so, and what to write: the first that fits counts.
# {0} is the text, {1} what the pattern has in brackets.
_PAGE_OF_JIRA = (
    r"(.*?)/(?:browse|projects?|jira/(?:software|core|your-work|projects)|issues|secure|wiki"
    r"|plugins|servicedesk|rest)\b"
)
_NO_MEMBER = (
    r"(?![UW][A-Z0-9]{2,}$)",
    "{0} is no member ID: in Slack, your picture > Profile > ⋮ > Copy member ID; it begins with U"
    " or W",
)
_NO_MAIL = (
    r"[^@]*$",
    "{0} is no e-mail address: `git log --format=%ae` shows the one in your commits",
)
_NO_API = "is not its API's address: write "
_MEANT_OTHERWISE = {
    "slack.user_id": (_NO_MEMBER,),
    "git.emails": (
        _NO_MAIL,
        (r"(?i)noreply@github.com$", "{0} is GitHub's own: write the one in your commits"),
    ),
    "calendar.emails": (_NO_MAIL,),
    "taiga.project_slug": (
        (r".*/project/([\w-]+)", "is an address: write {1} alone"),
        (r"(?![\w-]+$)", "is an address: write what follows /project/ in its address alone"),
    ),
    "jira.url": (
        (
            r".*//(?:(?:id|admin|home|start|www)\.)?atlassian\.(?:com|net)",
            "is Atlassian's: write https://COMPANY.atlassian.net",
        ),
        (_PAGE_OF_JIRA, "is the address of a page: write {1}"),
    ),
    "jira.project_key": (
        (r".*/([A-Za-z]\w+)-\d+$", "is an address: write {1}"),
        (r"([A-Za-z]\w+)-\d+$", "is an issue: write {1}"),
        (r".*/", "is an address: write the key, as DEV"),
        (r"(?!\w+$)", "is a name: write the key, as DEV"),
    ),
    "github.repos": (
        (r"[^/]*$", "{0} is none: write OWNER/{0}"),
        (r"([^/]*/[^/]*)/", "{0} is none: write {1}"),
    ),
    "gitlab.projects": ((r"[^/]*$", "{0} is none: write GROUP/{0}"),),
    "toggl.base_url": ((r"(?!.*/api\b)", f"{_NO_API}https://api.track.toggl.com/api/v9"),),
    "clockify.base_url": ((r"(?!.*/api\b)", f"{_NO_API}https://api.clockify.me/api/v1"),),
    "slack.base_url": (
        (r"(?!.*/api/)|.*//(?!slack\.com)[^/]+\.slack\.com/", f"{_NO_API}https://slack.com/api/"),
    ),
    "taiga.url": (
        (r"(?!.*/api\b)", f"{_NO_API}https://api.taiga.io/api/v1, or your server's with /api/v1"),
    ),
    "github.url": ((r".*//(?:api\.github\.com|github\.com/)", f"{_NO_API}https://github.com"),),
    "gitlab.url": (
        (r".*/api/v\d|.*//gitlab\.com/", f"{_NO_API}the server's alone, as https://gitlab.com"),
    ),
    "activitywatch.url": (
        (r".*/(?:#|api/\d)", f"{_NO_API}the server's alone, as http://localhost:5600"),
    ),
    "clockify.workspace": (
        (r"(?![0-9a-f]{24}$)", "is no id: write what follows /workspaces/ in its address"),
    ),
    "slack.workspace": ((r".*\.", "is an address: write the name, as in Slack's window title"),),
}
_LONG = 60  # minutes; shorter suggestions are most of a day
_SHORTEST_CLIENT = 4
_SOON = 3
_NOON, _MORNING = time(12), time(11)


def hollow(settings: Settings) -> tuple[str, ...]:
    """A sentence for each setting that will find nothing, or the wrong thing."""
    return (
        *_of_groups(settings),
        *_of_words(settings),
        *_of_values(settings),
        *_of_times(settings),
    )


# -- Groups --------------------------------------------------------------------------------------


def _of_groups(settings: Settings) -> Iterator[str]:
    seen: dict[tuple[str, str], str] = {}
    for name, group in settings.groups.items():
        at = dotted((GROUPS, name))
        # A client's name in the tracker is a word of its own, if it is long enough.
        named = len(group.tracked_in()[1].client) >= _SHORTEST_CLIENT
        elsewhere = any(
            section.model_fields_set
            for key, section in group.sections()
            if key != "git" and not isinstance(section, GroupTracker)
        )
        if not (settings.hints_for(name) or group.git.repos or elsewhere or named):
            yield f"{at}: nothing points to this group: give it keywords or git.repos"
        yield from _of_projects(settings, name, seen)


def _of_projects(settings: Settings, name: str, seen: dict[tuple[str, str], str]) -> Iterator[str]:
    """Projects that are never suggested, and those that two groups have."""
    key, tracker = settings.groups[name].tracked_in()
    at = dotted((GROUPS, name, key, "projects"))
    kinds = [kind.strip().casefold() for kind in tracker.projects.values()]
    meant = {kind: get_close_matches(kind, KINDS, n=1, cutoff=0.8) for kind in kinds}
    for kind, near in meant.items():
        if kind not in KINDS and near:
            yield f"{at}: {clean(kind, 40)} is no issue's type: did you mean {near[0]}?"
    turned = next((own for own in tracker.projects if folded(own) in ("default", "bug")), "")
    if turned and "default" not in kinds:
        yield f'{at}: is turned round: write "{clean(tracker.projects[turned], 60)}" = "{turned}"'
    elif kinds and ["default"] not in meant.values():
        yield f'{at}: none is the "default": an entry without an issue gets no project'
    if tracker.client and not tracker.projects:
        first = seen.setdefault((folded(tracker.client), ""), name)
        if first != name:
            whose = f"{clean(tracker.client, 60)} is {clean(first, 60)}'s client"
            yield f"{at}: {whose}: say which projects are this group's"
    for project in tracker.projects:
        first = seen.setdefault((folded(tracker.client), folded(project)), name)
        if first != name:
            both = listing(clean(each, 60) for each in (first, name))
            yield f"{at}: {clean(project, 60)} is a project of {both}: its entries are nobody's"


# -- Words ---------------------------------------------------------------------------------------


def _of_words(settings: Settings) -> Iterator[str]:
    for name, group in settings.groups.items():
        for at, word in _keywords(name, group):
            spelled = folded(word.strip())
            if wrong := _wrong(word):
                yield f"{at}: “{clean(word, 40)}” {wrong}"
            for ignored in settings.suggest.ignore:
                if _is_part(ignored, spelled):
                    hidden = clean(ignored, 40)
                    yield f"suggest.ignore: “{hidden}” hides every window of {clean(name, 60)}"
    for (name, group), (other, theirs) in permutations(settings.groups.items(), 2):
        own = {folded(word) for _, word in _keywords(other, theirs)}
        for at, word in _keywords(name, group):
            inside = [repo.name for repo in theirs.git.repos if _is_part(word, folded(repo.name))]
            if inside and folded(word) not in own:
                yield (
                    f"{at}: “{clean(word, 40)}” is a part of {clean(inside[0], 60)}, a repository"
                    f" of {clean(other, 60)}: write a word that only {clean(name, 60)} has"
                )


def _wrong(word: str) -> str:
    """Why a keyword finds nothing, or too much; "" for a good one."""
    spelled = folded(word.strip())
    if len(spelled) < 2 or (len(spelled) == 2 and spelled.isascii()):
        return "is in too many words: write a longer one"
    if spelled in _PROGRAMS:
        return "is a program's name: write your client's"
    if spelled in COMMON_NAMES:
        return "is a word of many projects: write your client's"
    return next((told for pattern, told in _NO_WORDS if pattern.search(word.strip())), "")


def _keywords(name: str, group: GroupSettings) -> Iterator[tuple[str, str]]:
    for path, found in (
        (("keywords",), group.keywords),
        (("thyme", "keywords"), group.thyme.keywords),
    ):
        yield from ((dotted((GROUPS, name, *path)), word) for word in found)


def _is_part(word: str, of: str) -> bool:
    return bool(word.strip()) and re.search(spelling_pattern(folded(word.strip())), of) is not None


# -- Values by their form ------------------------------------------------------------------------


def _of_values(settings: Settings) -> Iterator[str]:
    for at, section in settings.sections():
        for field in type(section).model_fields:
            path = (*at, field)
            for text in _texts(section, field):
                if _EXAMPLES.search(text):
                    yield f"{dotted(path)}: is the example's: write your own"
                for pattern, told in _MEANT_OTHERWISE.get(".".join(path[-2:]), ()):
                    if text and (found := re.match(pattern, text)):
                        parts = (clean(part, 200) for part in (text, *found.groups()))
                        yield f"{dotted(path)}: {told.format(*parts)}"
                        break


def _texts(section: Section, field: str) -> list[str]:
    """What is written there: a text, or each of a list; no tables, and no secrets."""
    value = getattr(section, field)
    values = value if isinstance(value, tuple) else (value,)
    return [str(each).strip() for each in values if isinstance(each, str | Path)]


# -- Times -------------------------------------------------------------------------


def _of_times(settings: Settings) -> Iterator[str]:
    if not settings.digest.days:
        yield "digest.days: is empty: no message will ever come"
    elif settings.day_starts < settings.digest.at < _MORNING:
        yield f"digest.at: at {settings.digest.at:%H:%M} hardly anything of that day is there yet"
    if (country := settings.digest.holidays) and not knows_holidays(country):
        yield f"digest.holidays: none of {clean(country, 10)} are known: write a code as FI or GB"
    for field in ("ignore", "meetings"):
        for word in getattr(settings.suggest, field):
            if len(word.strip()) < _SHORTEST_CLIENT - 1 and word.isascii():
                yield f"suggest.{field}: “{word}” is in too many words: write a longer one"
    if not _SOON <= settings.suggest.idle_minutes <= _LONG * 2:
        yield (
            f"suggest.idle_minutes: {settings.suggest.idle_minutes} minutes without a change on"
            " screen are when you count as away; 15 are usual"
        )
    if (zone := settings.timezone) and zone.key.startswith("Etc/") and zone.key[4:7] == "GMT":
        yield f"timezone: {zone.key} has no summer time: write a place, as Europe/Helsinki"
    if settings.suggest.min_minutes > _LONG:
        yield (
            f"suggest.min_minutes: leaves out whatever is shorter than"
            f" {settings.suggest.min_minutes} minutes, which is most of a day"
        )
    if settings.day_starts > _NOON:
        yield (
            f"day_starts: what you do before {settings.day_starts:%H:%M} counts for the day before;"
            ' "04:00" is usual'
        )
