"""The settings themselves: sections, defaults, and what a group takes over from the global ones.

The models are the truth: `tracklater.example.toml` and `.env.example` are held against them by a
test. Everything is frozen, unknown keys are refused, secrets are SecretStr.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import time
from typing import Any, ClassVar, Literal, TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.domain.text import folded, listing
from tracklater_bot.settings import types

Key: TypeAlias = tuple[str, ...]
Missing: TypeAlias = tuple[Key, str]  # a setting, and why it is needed


class Section(BaseModel):
    """A table of the settings file: frozen, and closed to unknown keys.

    A section says itself what others want to know of it. `sends_to` are its fields with addresses
    that get a token, `shows` those with addresses of pages alone. `in_env` are fields that are
    written as variables though they are no secrets. `gives_clues` is what to set for a first
    source of clues, as it stands in a sentence.
    """

    # Built as part of the whole: each table would be built twice otherwise, 25 ms of every start.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    sends_to: ClassVar[tuple[str, ...]] = ()
    shows: ClassVar[tuple[str, ...]] = ()
    in_env: ClassVar[tuple[str, ...]] = ()
    gives_clues: ClassVar[str] = ""

    def lacks(self, settings: Settings, at: Key) -> Iterator[Missing]:
        """What is missing though something else that is set needs it; `at` is the section."""
        yield from ()

    def doubts(self) -> Iterator[tuple[str, str]]:
        """Fields that were probably meant otherwise, each with a sentence."""
        yield from ()


class GroupSection(Section):
    """A table of one group."""

    def exclusive(self) -> Iterator[tuple[str, Hashable]]:
        """Things that two groups can't share, each after what it is called."""
        yield from ()

    def title_names(self) -> Iterator[str]:
        """Names in titles that point to the group."""
        yield from ()

    def hosts(self, settings: Settings, group: str) -> Iterator[str]:
        """Servers in titles that point to the group, unless another group has them too."""
        yield from ()


# A section that is not written is read from an empty table, as part of the whole. Made here, as a
# default, each would build a validator of its own: 10 ms of every start.
UNSET: Any = Field({}, validate_default=True)
TAIGA_API, TAIGA_PAGES = "https://api.taiga.io/api/v1", "https://tree.taiga.io"


class DigestSettings(Section):
    """When the day's message is sent, in the person's own time zone."""

    at: types.Clock = Field(time(17, 30), description="When the message comes, on your clock.")
    days: types.Days = Field(("mon", "tue", "wed", "thu", "fri"), description="Its days.")
    holidays: types.Country = Field(
        "", description='A country code such as "FI": quiet on its holidays.'
    )
    picture: bool = Field(True, description="Put the timeline as a picture into the message.")


class SuggestSettings(Section):
    """How clues become suggestions."""

    round_minutes: int = Field(
        5, ge=0, le=60, description="Round times to so many minutes; 0 = exact."
    )
    min_minutes: int = Field(5, ge=0, le=240, description="Shorter suggestions are left out.")
    idle_minutes: int = Field(
        15, ge=1, le=240, description="Longer without a change on screen is absence."
    )
    ignore: types.Words = Field((), description="Windows with these words are private: never used.")
    meetings: types.Words = Field((), description="More words of meetings: sitting still is work.")
    key_tag: bool = Field(False, description="Also tag the Toggl entry with the issue's key.")


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

    def lacks(self, settings: Settings, at: Key) -> Iterator[Missing]:
        """A bot needs both ways, and its person."""
        if not (self.bot_token or self.app_token or self.signing_secret):
            return
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


class GitSettings(Section):
    """Whose commits are clues."""

    emails: types.Emails = Field((), description="Your commit e-mail addresses.")


class TogglSettings(Section):
    """The Toggl account that gets the entries."""

    sends_to = ("base_url",)

    base_url: types.SomeAddress = Field(
        "https://api.track.toggl.com/api/v9", description="Toggl's API."
    )
    workspace_id: int = Field(0, ge=0, description="0 = the account's default workspace.")
    api_token: types.Secret = Field(None, description="From Toggl's profile page.")

    def lacks(self, settings: Settings, at: Key) -> Iterator[Missing]:
        """A token and groups' projects need each other."""
        named = any(own.toggl.client or own.toggl.projects for own in settings.groups.values())
        if self.api_token is None and named:
            yield (*at, "api_token"), "without it nothing can be read from or sent to Toggl"
        if self.api_token and settings.groups and not named:
            yield ("groups", "NAME", "toggl", "client"), "which client in Toggl is which group?"


class TaigaSettings(Section):
    """The Taiga server and account for all groups that name none of their own."""

    sends_to = ("url",)
    shows = ("web_url",)
    in_env = ("username",)

    url: types.SomeAddress = Field(TAIGA_API, description="Taiga's API.")
    web_url: types.SomeAddress = Field(TAIGA_PAGES, description="Taiga's pages, for links.")
    username: str = Field("", description="User name or e-mail.")
    password: types.Secret = Field(None, description="The password of that account.")


class GroupGit(GroupSection):
    """A group's repositories."""

    gives_clues = "git.repos of a group"

    repos: types.Folders = Field((), description="Full paths of the group's repositories.")
    emails: types.OwnEmails = Field(None, description="Your addresses in these, if different.")

    def exclusive(self) -> Iterator[tuple[str, Hashable]]:
        """The repositories."""
        yield from (("repository", repo) for repo in self.repos)

    def lacks(self, settings: Settings, at: Key) -> Iterator[Missing]:
        """Somebody's addresses, to tell whose commits they are."""
        if self.repos and not settings.emails_for(at[1]):
            yield ("git", "emails"), "which of the commits are yours?"


class GroupTracker(GroupSection):
    """A group's client and projects in a tracker, which sentences call `label`."""

    label: ClassVar[str]

    client: str = Field("", description="The client's name in the tracker.")
    projects: dict[str, str] = Field(
        {}, description='Project name = what it is for: "default", or an issue type like "bug".'
    )

    def doubts(self) -> Iterator[tuple[str, str]]:
        """Of two projects that are for the same only the first is suggested."""
        for kind in dict.fromkeys(map(str.casefold, self.projects.values())):
            names = [name for name, own in self.projects.items() if own.casefold() == kind]
            if len(names) > 1 and kind != "other":
                said = f"{listing(names)} are for the same, {kind}: only {names[0]} is suggested"
                yield "projects", said


class GroupToggl(GroupTracker):
    """A group's client and projects in Toggl."""

    label = "Toggl"


class GroupJira(GroupSection):
    """A group's Jira: Cloud with e-mail and token, Data Center with a token alone."""

    sends_to = ("url", "api_base")
    in_env = ("email",)

    url: types.Address = Field("", description="The site, https://company.atlassian.net.")
    project_key: types.Words = Field((), description="The project's key, or a list of keys.")
    api_base: types.Address = Field(
        "", description="Another address for the API, for scoped tokens."
    )
    worklogs: bool = Field(False, description="Also write each entry as a Jira worklog.")
    email: str = Field("", description="The Atlassian account; none = Data Center.")
    api_token: types.Secret = Field(None, description="API token, or Data Center's PAT.")

    def hosts(self, settings: Settings, group: str) -> Iterator[str]:
        """The site."""
        yield _host(self.url)

    def lacks(self, settings: Settings, at: Key) -> Iterator[Missing]:
        """A site, projects and a token need each other."""
        if self.url and not self.project_key:
            yield (*at, "project_key"), "the letters that the issues' keys begin with"
        if self.url and self.api_token is None:
            yield (*at, "api_token"), "without it no issue can be read"
        if self.project_key and not self.url:
            yield (*at, "url"), "where is this Jira?"


class GroupTaiga(GroupSection):
    """A group's Taiga project."""

    sends_to = ("url",)
    shows = ("web_url",)
    in_env = ("username",)

    project_slug: str = Field("", description="The project's slug, as in its address.")
    url: types.OwnAddress = Field(None, description="Taiga's API, if not the global one.")
    web_url: types.OwnAddress = Field(None, description="Taiga's pages, if not the global ones.")
    username: types.OwnText = Field(None, description="Account, if not the global one.")
    password: types.Secret = Field(None, description="Its password.")

    def exclusive(self) -> Iterator[tuple[str, Hashable]]:
        """The project."""
        if self.project_slug:
            yield "Taiga project", self.project_slug

    def title_names(self) -> Iterator[str]:
        """The project, as in its pages' addresses."""
        yield self.project_slug

    def hosts(self, settings: Settings, group: str) -> Iterator[str]:
        """A server of one's own; the one that is everybody's is nobody's."""
        resolved = settings.taiga_for(group)
        if resolved is not None and _host(resolved.web_url) != _host(TAIGA_PAGES):
            yield _host(resolved.web_url)

    def lacks(self, settings: Settings, at: Key) -> Iterator[Missing]:
        """An account, here or for all groups."""
        resolved = settings.taiga_for(at[1])
        if resolved is not None and not resolved.username:
            yield ("taiga", "username"), "without an account no issue can be read"
        elif resolved is not None and resolved.password is None:
            yield ("taiga", "password"), "without it no issue can be read"


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

    def lacks(self, settings: Settings, at: Key) -> Iterator[Missing]:
        """A token, where the workspace has anything else of its own."""
        own = settings.slack_for(at[1])
        if own is not None and own.user_token is None:
            yield (*at, "user_token"), "without it your messages there cannot be found"


class GroupThyme(GroupSection):
    """Words for a group in window titles only."""

    keywords: types.Words = Field((), description="Like keywords, kept for windows only.")


class GroupSettings(GroupSection):
    """A client or work project."""

    keywords: types.Words = Field((), description="Words that mean this group wherever they stand.")
    thyme: GroupThyme = UNSET
    git: GroupGit = UNSET
    toggl: GroupToggl = UNSET
    jira: GroupJira = UNSET
    taiga: GroupTaiga = UNSET
    slack: GroupSlack = UNSET

    def exclusive(self) -> Iterator[tuple[str, Hashable]]:
        """The keywords."""
        yield from (("keyword", folded(word)) for word in self.keywords)

    def sections(self) -> Iterator[tuple[str, GroupSection]]:
        """The group's tables, each after its key."""
        for key in type(self).model_fields:
            if isinstance(section := getattr(self, key), GroupSection):
                yield key, section

    def tracked_in(self) -> tuple[str, GroupTracker]:
        """The table with its client and projects, after its key; Toggl's where none has any."""
        own = [(key, at) for key, at in self.sections() if isinstance(at, GroupTracker)]
        return next((found for found in own if found[1].client or found[1].projects), own[0])


@dataclass(frozen=True, slots=True)
class ResolvedTaiga:
    """A group's Taiga project with everything it takes over from the global `[taiga]`."""

    project_slug: str
    url: str
    web_url: str
    username: str
    password: SecretStr | None


class Settings(Section):
    """All settings of one person. `group` in the methods is a key of `groups`."""

    timezone: types.Zone = Field(
        None, description="Default: that of your Slack profile, else this machine's."
    )
    day_starts: types.Clock = Field(
        time(4), description="Work after midnight until then belongs to the evening before."
    )
    database_url: SecretStr = Field(
        SecretStr(""), description="Default: SQLite in your data directory."
    )
    digest: DigestSettings = UNSET
    suggest: SuggestSettings = UNSET
    slack: SlackSettings = UNSET
    thyme: ThymeSettings = UNSET
    git: GitSettings = UNSET
    toggl: TogglSettings = UNSET
    taiga: TaigaSettings = UNSET
    groups: dict[str, GroupSettings] = Field({}, description="Your clients and work projects.")

    def zone(self) -> ZoneInfo:
        """The time zone that is set, else this machine's; the bot also knows the Slack profile's.

        Raises SettingsError when the machine does not tell the name of its zone.
        """
        return self.timezone or types.machine_zone()

    def emails_for(self, group: str) -> tuple[str, ...]:
        """Whose commits count in the group's repositories."""
        return self.groups[group].git.emails or self.git.emails

    def taiga_for(self, group: str) -> ResolvedTaiga | None:
        """The group's Taiga project; None when it has none."""
        own = self.groups[group].taiga
        if not own.project_slug:
            return None
        return ResolvedTaiga(
            project_slug=own.project_slug,
            url=own.url or self.taiga.url,
            web_url=own.web_url or _pages_beside(own.url) or self._taiga_pages(),
            username=own.username or self.taiga.username,
            password=own.password or self.taiga.password,
        )

    def _taiga_pages(self) -> str:
        if "web_url" in self.taiga.model_fields_set or self.taiga.url == TAIGA_API:
            return self.taiga.web_url
        return _pages_beside(self.taiga.url)

    def slack_for(self, group: str) -> GroupSlack | None:
        """The group's own workspace; None when its messages come from the global one.

        The token and the member id belong to one workspace: neither is taken over from the global
        one, where they would find messages of other groups.
        """
        own = self.groups[group].slack
        if not (own.user_id or own.user_token or own.base_url):
            return None
        return own.model_copy(update={"base_url": own.base_url or self.slack.base_url})

    def sections(self) -> Iterator[tuple[Key, Section]]:
        """All tables, each after its path; those of a group follow the group."""
        for key in type(self).model_fields:
            if isinstance(section := getattr(self, key), Section):
                yield (key,), section
        for name, group in self.groups.items():
            yield ("groups", name), group
            yield from ((("groups", name, key), section) for key, section in group.sections())

    def hints_for(self, group: str) -> tuple[Hint, ...]:
        """Words that point to the group. A host that several groups share points to none."""
        own = self.groups[group]
        names = (name for _, section in own.sections() for name in section.title_names())
        hosts = self._hosts(group).difference(*(self._hosts(k) for k in self.groups if k != group))
        in_windows = dict.fromkeys(word for word in own.thyme.keywords if word not in own.keywords)
        return (
            *(Hint(group, HintKind.KEYWORD, word) for word in dict.fromkeys(own.keywords)),
            *(Hint(group, HintKind.KEYWORD, word, windows_only=True) for word in in_windows),
            *(
                Hint(group, HintKind.HOST, name)
                for name in dict.fromkeys((*sorted(hosts), *names))
                if name
            ),
        )

    def _hosts(self, group: str) -> set[str]:
        sections = self.groups[group].sections()
        return {host for _, section in sections for host in section.hosts(self, group) if host}


def _pages_beside(api: str | None) -> str:
    """Where a self-hosted Taiga shows its pages: at the root of the API's server."""
    parts = urlsplit(api or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""
