"""What is set up by half: a value is there, and the one it needs beside it is not."""

from __future__ import annotations

from collections.abc import Iterator

from tracklater_bot.settings.models import Settings
from tracklater_bot.settings.tree import GROUPS, Path, dotted, env_name, is_secret

_ACCOUNTS = (("taiga", "username"), ("jira", "email"))


def unfinished(settings: Settings) -> tuple[str, ...]:
    """A line for each value that is missing, with its name. What is not set up at all is fine."""
    missing = (
        *_slack(settings),
        *_toggl(settings),
        *(line for group in settings.groups for line in _group(settings, group)),
    )
    return tuple(f"{written(path)} is missing: {why}" for path, why in missing)


def written(path: Path) -> str:
    """A setting as the person writes it: a variable for a secret, else its place in the file."""
    return env_name(path) if is_secret(path) or path[-2:] in _ACCOUNTS else dotted(path)


def _slack(settings: Settings) -> Iterator[tuple[Path, str]]:
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


def _toggl(settings: Settings) -> Iterator[tuple[Path, str]]:
    named = [group.toggl for group in settings.groups.values()]
    if settings.toggl.api_token is None and any(each.client or each.projects for each in named):
        yield ("toggl", "api_token"), "without it nothing can be read from or sent to Toggl"
    if (
        settings.toggl.api_token
        and settings.groups
        and not any(each.client or each.projects for each in named)
    ):
        yield (GROUPS, "NAME", "toggl", "client"), "which client in Toggl is which group?"


def _group(settings: Settings, name: str) -> Iterator[tuple[Path, str]]:
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


def _taiga(settings: Settings, name: str) -> Iterator[tuple[Path, str]]:
    taiga = settings.taiga_for(name)
    if taiga and not taiga.username:
        yield ("taiga", "username"), "without an account no issue can be read"
    if taiga and taiga.username and taiga.password is None:
        yield ("taiga", "password"), "without it no issue can be read"


def _workspace(settings: Settings, name: str) -> Iterator[tuple[Path, str]]:
    slack = settings.slack_for(name)
    if slack and slack.user_token is None:
        token = (GROUPS, name, "slack", "user_token")
        yield token, "without it your messages there cannot be found"
