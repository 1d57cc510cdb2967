"""What is allowed, but probably not what was meant."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from difflib import SequenceMatcher
from itertools import combinations
from urllib.parse import urlsplit

from tracklater_bot.domain.text import folded
from tracklater_bot.settings.models import GroupSettings, Settings
from tracklater_bot.settings.tree import dotted, shown

_LOCAL = ("localhost", "127.0.0.1", "::1")


def advice(settings: Settings) -> tuple[str, ...]:
    """A line for each thing that the person should look at."""
    return (
        *_shared(settings, "repository", lambda group: group.git.repos),
        *_shared(settings, "keyword", lambda group: map(folded, group.keywords)),
        *_shared(settings, "Taiga project", lambda group: filter(None, [group.taiga.project_slug])),
        *_misspelt(settings),
        *_unencrypted(settings),
    )


def _shared(
    settings: Settings, what: str, things: Callable[[GroupSettings], Iterable[Hashable]]
) -> Iterator[str]:
    """Whatever belongs to two groups can tell neither of them."""
    owners: dict[Hashable, list[str]] = {}
    for name, group in settings.groups.items():
        for thing in dict.fromkeys(things(group)):
            owners.setdefault(thing, []).append(name)
    for thing, names in owners.items():
        if len(names) > 1:
            both = " and ".join(shown(name) for name in names)
            yield f"groups {both} share the {what} {shown(thing)}: it cannot tell them apart"


def _misspelt(settings: Settings) -> Iterator[str]:
    """A group with hardly any settings and nearly the name of another is probably a slip."""
    for one, other in combinations(settings.groups, 2):
        for slip, meant in ((one, other), (other, one)):
            if _is_fragment(settings.groups[slip]) and _alike(slip, meant):
                yield f"{dotted(('groups', slip))}: is this a group of its own, or {shown(meant)}?"
                break


def _is_fragment(group: GroupSettings) -> bool:
    return not (group.keywords or group.git.repos or group.toggl.client or group.toggl.projects)


def _alike(one: str, other: str) -> bool:
    """Whether the names differ by a slip; names that differ in digits alone are counted on."""
    letters = [
        "".join(char for char in folded(name) if not char.isdigit()) for name in (one, other)
    ]
    if letters[0] == letters[1]:
        return False
    return SequenceMatcher(None, folded(one), folded(other)).ratio() >= 0.75


def _unencrypted(settings: Settings) -> Iterator[str]:
    """Tokens sent over plain http can be read on the way."""
    addresses: list[tuple[tuple[str, ...], str]] = [
        (("slack", "base_url"), settings.slack.base_url),
        (("toggl", "base_url"), settings.toggl.base_url),
        (("taiga", "url"), settings.taiga.url),
    ]
    for name, group in settings.groups.items():
        at = ("groups", name)
        addresses += [
            ((*at, "jira", "url"), group.jira.url),
            ((*at, "taiga", "url"), group.taiga.url or ""),
            ((*at, "slack", "base_url"), group.slack.base_url or ""),
        ]
    for path, address in addresses:
        parts = urlsplit(address)
        if parts.scheme == "http" and parts.hostname not in _LOCAL:
            yield f"{dotted(path)}: sends tokens unencrypted: write https:// if the server has it"
