"""What is allowed, works, and will find nothing: a sentence each, for `check`. Pure.

Unlike `advice`, which every command tells, this is looked through only when somebody asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import time
from difflib import get_close_matches
from itertools import permutations

from tracklater_bot.domain.keywords import COMMON_NAMES, spelling_pattern
from tracklater_bot.domain.text import clean, folded, listing
from tracklater_bot.settings.base import Key
from tracklater_bot.settings.models import GroupSettings, Settings
from tracklater_bot.settings.sections import GroupTracker
from tracklater_bot.settings.tree import GROUPS, dotted

KINDS = ("default", "other", "bug", "story", "task", "epic", "feature", "improvement", "support")
# What the examples say in the place of a value.
_EXAMPLES = re.compile(
    r"firstname\.lastname@|/full/path/|U0(?:12)?ABCDEF|^U0?45$|//(?:group1|company)\.|username-group"
)
_MEMBER = re.compile(r"[UW][A-Z0-9]{2,}")
_SITE_PAGE = re.compile(r"/(?:browse|projects?|jira/(?:software|core|your-work|projects)|issues)\b")
_ISSUE = re.compile(r"([A-Za-z][A-Za-z0-9_]+)-\d+")
_SLUG = re.compile(r"/project/([\w-]+)")
_LONG = 60  # minutes; shorter suggestions are most of a day
_SHORTEST_CLIENT = 4
_NOON = time(12)


def hollow(settings: Settings) -> tuple[str, ...]:
    """A sentence for each setting that will find nothing, or the wrong thing."""
    return (
        *_of_groups(settings),
        *_of_words(settings),
        *_of_addresses(settings),
        *_of_times(settings),
        *_left_from_examples(settings),
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
    for kind in kinds:
        near = get_close_matches(kind, KINDS, n=1, cutoff=0.8)
        if kind not in KINDS and near:
            yield f"{at}: {clean(kind, 40)} is no issue's type: did you mean {near[0]}?"
    if kinds and "default" not in kinds:
        yield f'{at}: none is the "default": an entry without an issue gets no project'
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
            if len(spelled) < 2 or (len(spelled) == 2 and spelled.isascii()):
                yield f"{at}: “{clean(word, 40)}” is in too many words: write a longer one"
            elif spelled in COMMON_NAMES:
                yield f"{at}: “{clean(word, 40)}” is a word of many projects: write your client's"
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


def _keywords(name: str, group: GroupSettings) -> Iterator[tuple[str, str]]:
    for path, found in (
        (("keywords",), group.keywords),
        (("thyme", "keywords"), group.thyme.keywords),
    ):
        yield from ((dotted((GROUPS, name, *path)), word) for word in found)


def _is_part(word: str, of: str) -> bool:
    return bool(word.strip()) and re.search(spelling_pattern(folded(word.strip())), of) is not None


# -- Addresses -----------------------------------------------------------------------------------


def _of_addresses(settings: Settings) -> Iterator[str]:
    yield from _of_people(("slack", "user_id"), (settings.slack.user_id,))
    yield from _of_emails(("git", "emails"), settings.git.emails)
    yield from _of_emails(("calendar", "emails"), settings.calendar.emails)
    for name, group in settings.groups.items():
        at = (GROUPS, name)
        yield from _of_people((*at, "slack", "user_id"), (group.slack.user_id,))
        yield from _of_emails((*at, "git", "emails"), group.git.emails or ())
        yield from _of_issues(at, group)


def _of_people(at: Key, ids: Iterable[str]) -> Iterator[str]:
    for id in ids:
        if id and not _MEMBER.fullmatch(id.strip()):
            yield (
                f"{dotted(at)}: {clean(id, 40)} is no member ID: in Slack, your picture > Profile"
                " > ⋮ > Copy member ID; it begins with U or W"
            )


def _of_emails(at: Key, emails: Iterable[str]) -> Iterator[str]:
    for email in emails:
        if "@" not in email:
            yield (
                f"{dotted(at)}: {clean(email, 60)} is no e-mail address: `git log --format=%ae`"
                " shows the one in your commits"
            )


def _of_issues(at: Key, group: GroupSettings) -> Iterator[str]:
    slug = group.taiga.project_slug
    if slug and not re.fullmatch(r"[\w-]+", slug):
        meant = _SLUG.search(slug)
        told = meant[1] if meant else "what follows /project/ in its address"
        yield f"{dotted((*at, 'taiga', 'project_slug'))}: is an address: write {told} alone"
    if _SITE_PAGE.search(group.jira.url):
        site = _SITE_PAGE.split(group.jira.url)[0]
        yield f"{dotted((*at, 'jira', 'url'))}: is the address of a page: write {clean(site, 200)}"
    for key in group.jira.project_key:
        whole = "/" in key
        if meant := _ISSUE.search(key.rpartition("/")[2]):
            kind = "an address" if whole else "an issue"
            yield f"{dotted((*at, 'jira', 'project_key'))}: is {kind}: write {meant[1].upper()}"
        elif whole:
            yield f"{dotted((*at, 'jira', 'project_key'))}: is an address: write the key, as DEV"


# -- Times and leftovers -------------------------------------------------------------------------


def _of_times(settings: Settings) -> Iterator[str]:
    if not settings.digest.days:
        yield "digest.days: is empty: no message will ever come"
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


def _left_from_examples(settings: Settings) -> Iterator[str]:
    for at, section in settings.sections():
        for field in type(section).model_fields:
            value = getattr(section, field)
            texts = value if isinstance(value, tuple) else (value,)
            if any(_EXAMPLES.search(str(text)) for text in texts if not hasattr(text, "sections")):
                yield f"{dotted((*at, field))}: is the example's: write your own"
