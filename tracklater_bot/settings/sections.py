"""The sections of the sources of clues and of trackers: everybody's, then a group's."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from tracklater_bot.domain.text import listing
from tracklater_bot.settings import types
from tracklater_bot.settings.base import GroupSection, Key, Missing, Section

if TYPE_CHECKING:
    from tracklater_bot.settings.models import Settings

ACTIVITYWATCH = "http://127.0.0.1:5600"
_SLACKS = ("slack.com", "slack-gov.com")


class SlackSettings(Section):
    """The Slack workspace with the bot, and whose messages are clues."""

    sends_to = ("base_url",)

    mode: Literal["socket", "http"] = Field("socket", description='"socket", or "http".')
    user_id: str = Field("", description="Who gets the message and whose messages are clues.")
    base_url: types.SlackAddress = Field("https://slack.com/api/", description="Slack's Web API.")
    port: int = Field(3000, ge=0, le=65535, description="The port to listen on in http mode.")
    bot_token: types.BotToken = Field(None, description="xoxb-… from OAuth & Permissions.")
    app_token: types.AppToken = Field(None, description="xapp-… for Socket Mode.")
    signing_secret: types.Secret = Field(None, description="For http mode only.")
    user_token: types.UserToken = Field(
        None, description="xoxp-… reads your own messages as clues."
    )

    def asks(self, settings: Settings, at: Key) -> Iterator[str]:
        """Slack, and where it has its sockets and files."""
        for address in super().asks(settings, at):
            yield address
            if (host := urlsplit(address).hostname) in _SLACKS:
                yield f"https://*.{host}"

    def lacks(self, settings: Settings, at: Key) -> Iterator[Missing]:
        """A bot that is set up in part."""
        if self.bot_token or self.app_token or self.signing_secret:
            yield from self.needed(at)

    def needed(self, at: Key) -> Iterator[Missing]:
        """A bot needs both ways, and its person."""
        if not self.user_id:
            yield (*at, "user_id"), "who gets the message?"
        if not self.bot_token:
            yield (*at, "bot_token"), "without it the bot can send no message"
        if self.mode == "socket" and not self.app_token:
            yield (*at, "app_token"), "without it the bot hears no click in Socket Mode"
        if self.mode == "http" and not self.signing_secret:
            yield (*at, "signing_secret"), "without it nobody can tell Slack's requests from others"


class ThymeSettings(Section):
    """Where thyme writes its day files."""

    gives_clues = "thyme.dir"

    dir: types.OwnFolder = Field(None, description="The folder of thyme's YYYY-MM-DD.json files.")

    def places(self, settings: Settings) -> Iterator[str]:
        """The folder."""
        yield str(self.dir)


class ActivityWatchSettings(Section):
    """Where ActivityWatch's server is, or a file that was exported from it."""

    sends_to = ("url",)
    gives_clues = "an [activitywatch] section"

    url: types.Address = Field("", description="Its server; an empty section is this machine's.")
    file: types.OwnFile = Field(None, description="An export of its buckets, in a server's place.")
    api_key: types.Secret = Field(None, description="Only for a server elsewhere that wants one.")

    def asks(self, settings: Settings, at: Key) -> Iterator[str]:
        """Its server, on this machine or elsewhere."""
        yield settings.activitywatch_url()

    def places(self, settings: Settings) -> Iterator[str]:
        """The export, or the server."""
        yield str(self.file or settings.activitywatch_url())


class AgentsSettings(Section):
    """Coding agents' logs. A folder that is not written at all is the usual one."""

    gives_clues = "an [agents] section"

    claude_dir: types.OwnFolder = Field(None, description="Claude Code's folder, ~/.claude.")
    codex_dir: types.OwnFolder = Field(None, description="Codex's folder, ~/.codex.")


class GitSettings(Section):
    """Whose commits are clues."""

    emails: types.Emails = Field((), description="Your commit e-mail addresses.")


class CalendarSettings(Section):
    """The person's calendars, which tell of meetings."""

    gives_clues = "calendar.files"

    files: types.Folders = Field((), description="Full paths of calendars, as .ics files.")
    emails: types.Emails = Field(
        (), description="Your addresses in invitations; none = those of [git]."
    )
    urls: types.Secrets = Field(None, description="Secret addresses in iCal format, with blanks.")

    def addresses(self) -> tuple[str, ...]:
        """The secret addresses one by one: parted by blanks or commas, or listed as JSON."""
        text = self.urls.get_secret_value() if self.urls else ""
        return tuple(dict.fromkeys(re.findall(r"[^\s,\"'\[\]]+", text)))

    def asks(self, settings: Settings, at: Key) -> Iterator[str]:
        """Where the calendars are."""
        yield from self.addresses()

    def lacks(self, settings: Settings, at: Key) -> Iterator[Missing]:
        """Whose answers count, among those of all guests."""
        if (self.files or self.urls) and not (self.emails or settings.git.emails):
            yield (*at, "emails"), "which invitations did you accept?"


class TrackerAccount(Section):
    """The account of the tracker that gets the entries: its `label`, the field with its `key`.

    `where` its pages show the key, the `form` that all keys have; `first_step` tells those who have
    no tracker how to set it up.
    """

    label: ClassVar[str]
    key: ClassVar[str]
    where: ClassVar[str]
    form: ClassVar[str]
    first_step: ClassVar[str]

    @property
    def has_key(self) -> bool:
        """Whether it can be asked."""
        return getattr(self, self.key) is not None

    def lacks(self, settings: Settings, at: Key) -> Iterator[Missing]:
        """A key and groups' projects need each other."""
        named = any(own.tracked_in()[1].is_named for own in settings.groups.values())
        if not settings.is_chosen(self):
            return
        if named and not self.has_key:
            yield (*at, self.key), f"without it nothing can be read from or sent to {self.label}"
        if self.has_key and settings.groups and not named:
            client = ("groups", "NAME", "tracker", "client")
            yield client, f"which client in {self.label} is which group?"


class TogglSettings(TrackerAccount):
    """Toggl Track."""

    sends_to = ("base_url",)
    label, key = "Toggl", "api_token"
    where, form = "API token (at the foot of its profile page)", r"[0-9a-f]{32}"
    first_step = (
        "TRACKLATER_TOGGL__API_TOKEN is not set: copy it from the foot of Toggl's profile page."
    )

    base_url: types.SomeAddress = Field(
        "https://api.track.toggl.com/api/v9", description="Toggl's API."
    )
    workspace_id: int = Field(0, ge=0, description="0 = the account's default workspace.")
    api_token: types.Secret = Field(None, description="From Toggl's profile page.")


class ClockifySettings(TrackerAccount):
    """Clockify."""

    sends_to = ("base_url",)
    label, key = "Clockify", "api_key"
    where, form = "API key (in its preferences)", r"[\w+/=-]{40,80}"
    first_step = (
        "TRACKLATER_CLOCKIFY__API_KEY is not set: make a key in Clockify's preferences, under"
        " Advanced."
    )

    base_url: types.SomeAddress = Field(
        "https://api.clockify.me/api/v1", description="Clockify's API, that of your region."
    )
    workspace: str = Field("", description="The workspace's id; none = the account's default one.")
    hourly_requests: int = Field(
        30, ge=0, description="What the workspace's plan allows; 0 = no limit to count."
    )
    api_key: types.Secret = Field(None, description="From Clockify's preferences.")


class GroupTracker(GroupSection):
    """A group's client and projects in the person's tracker."""

    client: str = Field("", description="The client's name in the tracker.")
    projects: dict[str, str] = Field(
        {}, description='Project name = what it is for: "default", or an issue type like "bug".'
    )

    @property
    def is_named(self) -> bool:
        """Whether anything is told."""
        return bool(self.client or self.projects)

    def doubts(self) -> Iterator[tuple[str, str]]:
        """Of two projects that are for the same only the first is suggested."""
        for kind in dict.fromkeys(map(str.casefold, self.projects.values())):
            names = [name for name, own in self.projects.items() if own.casefold() == kind]
            if len(names) > 1 and kind != "other":
                said = f"{listing(names)} are for the same, {kind}: only {names[0]} is suggested"
                yield "projects", said


class GroupGit(GroupSection):
    """A group's repositories."""

    gives_clues = "git.repos of a group"

    repos: types.Folders = Field((), description="Full paths of the group's repositories.")
    emails: types.OwnEmails = Field(None, description="Your addresses in these, if different.")

    def exclusive(self) -> Iterator[tuple[str, Hashable]]:
        """The repositories."""
        yield from (("repository", repo) for repo in self.repos)

    def places(self, settings: Settings) -> Iterator[str]:
        """The repositories."""
        yield from map(str, self.repos)

    def lacks(self, settings: Settings, at: Key) -> Iterator[Missing]:
        """Somebody's addresses, to tell whose commits they are."""
        if self.repos and not settings.emails_for(at[1]):
            yield ("git", "emails"), "which of the commits are yours?"


class GroupSlack(GroupSection):
    """A Slack workspace that belongs to one group."""

    sends_to = ("base_url",)

    user_id: str = Field("", description="Your member id in the group's workspace.")
    base_url: types.OwnSlackAddress = Field(None, description="Its Web API, if not Slack's own.")
    user_token: types.UserToken = Field(None, description="Reads your messages there.")
    workspace: str = Field("", description="The workspace's name, as in Slack's window title.")

    def title_names(self) -> Iterator[str]:
        """The workspace, as in Slack's window title."""
        yield self.workspace

    def asks(self, settings: Settings, at: Key) -> Iterator[str]:
        """The workspace's Web API."""
        own = settings.slack_for(at[1])
        if own is not None and own.user_token:
            yield own.base_url or ""

    def lacks(self, settings: Settings, at: Key) -> Iterator[Missing]:
        """A token, where the workspace has anything else of its own."""
        own = settings.slack_for(at[1])
        if own is not None and own.user_token is None:
            yield (*at, "user_token"), "without it your messages there cannot be found"


class GroupThyme(GroupSection):
    """Words for a group in window titles only."""

    keywords: types.Words = Field((), description="Like keywords, kept for windows only.")
