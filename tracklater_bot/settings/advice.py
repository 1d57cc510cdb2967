"""What is allowed, but probably not what was meant."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from difflib import SequenceMatcher
from itertools import combinations
from urllib.parse import urlsplit

from tracklater_bot.domain.text import clean, folded
from tracklater_bot.settings import tree
from tracklater_bot.settings.base import GroupSection, Key, Missing
from tracklater_bot.settings.models import GroupSettings, Settings
from tracklater_bot.settings.tree import GROUPS, dotted, env_name, is_private, section_at

_LOCAL = ("localhost", "127.0.0.1", "::1")


def advice(settings: Settings) -> tuple[str, ...]:
    """A line for each thing that the person should look at."""
    return (
        *_shared(settings),
        *_misspelt(settings),
        *_unencrypted(settings),
        *(
            f"{dotted((*at, field))}: {sentence}"
            for at, section in settings.sections()
            for field, sentence in section.doubts()
        ),
    )


def _shared(settings: Settings) -> Iterator[str]:
    """Whatever belongs to two groups can tell neither of them."""
    owners: dict[tuple[str, Hashable], list[str]] = {}
    for at, section in settings.sections():
        if isinstance(section, GroupSection):
            for what in dict.fromkeys(section.exclusive()):
                owners.setdefault(what, []).append(at[1])
    for (kind, thing), names in owners.items():
        if len(names) > 1:
            both = " and ".join(clean(name, 60) for name in names)
            shared = f"{kind} {clean(str(thing), 60)}"
            yield f"groups {both} share the {shared}: it cannot tell them apart"


def _misspelt(settings: Settings) -> Iterator[str]:
    """A group with hardly any settings and nearly the name of another is probably a slip."""
    for one, other in combinations(settings.groups, 2):
        for slip, meant in ((one, other), (other, one)):
            if _is_fragment(settings.groups[slip]) and _alike(slip, meant):
                where = dotted((GROUPS, slip))
                yield f"{where}: is this a group of its own, or {clean(meant, 60)}?"
                break


def _is_fragment(group: GroupSettings) -> bool:
    _, tracker = group.tracked_in()
    return not (group.keywords or group.git.repos or tracker.is_named)


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
    for at, section in settings.sections():
        for field in section.sends_to:
            parts = urlsplit(getattr(section, field) or "")
            if parts.scheme == "http" and parts.hostname not in _LOCAL:
                name = dotted((*at, field))
                yield f"{name}: sends tokens unencrypted: write https:// if the server has it"


def unfinished(settings: Settings) -> tuple[str, ...]:
    """A line for each value that is missing, with its name. What is not set up at all is fine."""
    lacks = (value for at, section in settings.sections() for value in section.lacks(settings, at))
    return _missing(lacks)


def needed(settings: Settings) -> tuple[str, ...]:
    """A line for each value that is missing and without which there is no bot in Slack."""
    return _missing(settings.slack.needed(("slack",)))


def _missing(values: Iterable[Missing]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{written(path)} is missing: {why}" for path, why in values))


def written(path: Key) -> str:
    """A setting as the person writes it: a variable for a secret, else its place in the file."""
    return env_name(path) if is_private(path) else dotted(path)


def first_clues() -> str:
    """What to set for a first source of clues: `thyme.dir, or git.repos of a group`."""
    in_group = ((GROUPS, "NAME", *at) for at in tree.sections(GroupSettings))
    sections = map(section_at, (*tree.sections(Settings), *in_group))
    *first, last = [section.gives_clues for section in sections if section and section.gives_clues]
    return f"{', '.join(first)}, or {last}" if first else last
