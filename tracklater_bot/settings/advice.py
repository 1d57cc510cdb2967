"""What is allowed, but probably not what was meant."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from difflib import SequenceMatcher
from itertools import combinations
from urllib.parse import urlsplit

from tracklater_bot.domain.text import clean, folded
from tracklater_bot.settings.models import GroupSettings, Settings
from tracklater_bot.settings.tree import GROUPS, Key, dotted, env_name, is_secret

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
            both = " and ".join(clean(name, 60) for name in names)
            shared = f"{what} {clean(str(thing), 60)}"
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


_ACCOUNTS = (("taiga", "username"), ("jira", "email"))


def unfinished(settings: Settings) -> tuple[str, ...]:
    """A line for each value that is missing, with its name. What is not set up at all is fine."""
    missing = (
        *_slack(settings),
        *_toggl(settings),
        *(line for group in settings.groups for line in _group(settings, group)),
    )
    return tuple(f"{written(path)} is missing: {why}" for path, why in missing)


def written(path: Key) -> str:
    """A setting as the person writes it: a variable for a secret, else its place in the file."""
    return env_name(path) if is_secret(path) or path[-2:] in _ACCOUNTS else dotted(path)


def _slack(settings: Settings) -> Iterator[tuple[Key, str]]:
    own = settings.slack
    if not (own.bot_token or own.app_token or own.signing_secret):
        return
    if not own.user_id:
        yield ("slack", "user_id"), "who gets the message?"
    if not own.bot_token:
        yield ("slack", "bot_token"), "without it the bot can send no message"
    if own.mode == "socket" and not own.app_token:
        yield ("slack", "app_token"), "without it the bot hears no click in Socket Mode"
    if own.mode == "http" and not own.signing_secret:
        yield ("slack", "signing_secret"), "without it nobody can tell Slack's requests from others"


def _toggl(settings: Settings) -> Iterator[tuple[Key, str]]:
    named = [group.toggl for group in settings.groups.values()]
    if settings.toggl.api_token is None and any(toggl.client or toggl.projects for toggl in named):
        yield ("toggl", "api_token"), "without it nothing can be read from or sent to Toggl"
    if (
        settings.toggl.api_token
        and settings.groups
        and not any(toggl.client or toggl.projects for toggl in named)
    ):
        yield (GROUPS, "NAME", "toggl", "client"), "which client in Toggl is which group?"


def _group(settings: Settings, name: str) -> Iterator[tuple[Key, str]]:
    at = (GROUPS, name)
    group = settings.groups[name]
    if group.jira.url and not group.jira.project_key:
        yield (*at, "jira", "project_key"), "the letters that the issues' keys begin with"
    if group.jira.url and group.jira.api_token is None:
        yield (*at, "jira", "api_token"), "without it no issue can be read"
    if group.jira.project_key and not group.jira.url:
        yield (*at, "jira", "url"), "where is this Jira?"
    if group.git.repos and not settings.emails_for(name):
        yield ("git", "emails"), "which of the commits are yours?"
    yield from _taiga(settings, name)
    yield from _workspace(settings, name)


def _taiga(settings: Settings, name: str) -> Iterator[tuple[Key, str]]:
    taiga = settings.taiga_for(name)
    if taiga and not taiga.username:
        yield ("taiga", "username"), "without an account no issue can be read"
    if taiga and taiga.username and taiga.password is None:
        yield ("taiga", "password"), "without it no issue can be read"


def _workspace(settings: Settings, name: str) -> Iterator[tuple[Key, str]]:
    slack = settings.slack_for(name)
    if slack and slack.user_token is None:
        token = (GROUPS, name, "slack", "user_token")
        yield token, "without it your messages there cannot be found"
