"""The settings themselves: sections, defaults, and what a group takes over from the global ones.

The models are the truth: `tracklater.example.toml` and `.env.example` are held against them by a
test. Everything is frozen, unknown keys are refused, secrets are SecretStr.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from datetime import time
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from platformdirs import user_data_path
from pydantic import Field, SecretStr

from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.domain.text import folded
from tracklater_bot.settings import issue_sections as issue_parts
from tracklater_bot.settings import sections as parts
from tracklater_bot.settings import types
from tracklater_bot.settings.base import UNSET, GroupSection, Key, Section


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
    key_tag: bool = Field(False, description="Also tag the entry with the issue's key.")
    show_windows: bool = Field(
        False, description="Show words of window titles, and programs, to you in Slack."
    )


class GroupSettings(GroupSection):
    """A client or work project."""

    keywords: types.Words = Field((), description="Words that mean this group wherever they stand.")
    thyme: parts.GroupThyme = UNSET
    git: parts.GroupGit = UNSET
    tracker: parts.GroupTracker = UNSET
    toggl: parts.GroupTracker = UNSET  # what it was called while there was Toggl alone
    jira: issue_parts.GroupJira = UNSET
    taiga: issue_parts.GroupTaiga = UNSET
    github: issue_parts.GroupGitHub = UNSET
    gitlab: issue_parts.GroupGitLab = UNSET
    slack: parts.GroupSlack = UNSET

    def exclusive(self) -> Iterator[tuple[str, Hashable]]:
        """The keywords."""
        yield from (("keyword", folded(word)) for word in self.keywords)

    def sections(self) -> Iterator[tuple[str, GroupSection]]:
        """The group's tables, each after its key."""
        for key in type(self).model_fields:
            if isinstance(section := getattr(self, key), GroupSection):
                yield key, section

    def doubts(self) -> Iterator[tuple[str, str]]:
        """Client and projects are told once."""
        if self.tracker.is_named and self.toggl.is_named:
            yield "toggl", "is not read beside tracker, which means the same: keep one of them"

    def tracked_in(self) -> tuple[str, parts.GroupTracker]:
        """The table with its client and projects, after its key."""
        if self.toggl.is_named and not self.tracker.is_named:
            return "toggl", self.toggl
        return "tracker", self.tracker


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
    keyring: types.Words = Field(
        (), description="Variables whose values are in the system's keyring, as `init` puts them."
    )
    digest: DigestSettings = UNSET
    suggest: SuggestSettings = UNSET
    slack: parts.SlackSettings = UNSET
    thyme: parts.ThymeSettings = UNSET
    activitywatch: parts.ActivityWatchSettings = UNSET
    agents: parts.AgentsSettings = UNSET
    git: parts.GitSettings = UNSET
    calendar: parts.CalendarSettings = UNSET
    toggl: parts.TogglSettings = UNSET
    clockify: parts.ClockifySettings = UNSET
    taiga: issue_parts.TaigaSettings = UNSET
    github: issue_parts.GitHubSettings = UNSET
    gitlab: issue_parts.GitLabSettings = UNSET
    groups: dict[str, GroupSettings] = Field({}, description="Your clients and work projects.")

    def zone(self) -> ZoneInfo:
        """The time zone that is set, else this machine's; the bot also knows the Slack profile's.

        Raises SettingsError when the machine does not tell the name of its zone.
        """
        return self.timezone or types.machine_zone()

    def activitywatch_url(self) -> str:
        """Its server's address: this machine's where the section is there and names no place."""
        own = self.activitywatch
        names_a_place = {"url", "file"} & own.model_fields_set
        usual = "activitywatch" in self.model_fields_set and not names_a_place
        return parts.ACTIVITYWATCH if usual else own.url

    @property
    def data_folder(self) -> Path:
        """Where the machine keeps files: beside the database, where that is a file of SQLite."""
        scheme, _, path = self.database_url.get_secret_value().partition(":///")
        if scheme.startswith("sqlite") and path:
            return Path(path).parent
        return user_data_path("tracklater-bot", appauthor=False)

    def trackers(self) -> list[tuple[Key, parts.TrackerAccount]]:
        """The accounts that have a key, each after its place; there should be one at most."""
        return [(at, own) for at, own in self.accounts() if own.has_key]

    def accounts(self) -> list[tuple[Key, parts.TrackerAccount]]:
        """Those of all trackers there are, each after its place."""
        return [(at, own) for at, own in self.sections() if isinstance(own, parts.TrackerAccount)]

    def is_chosen(self, account: parts.TrackerAccount) -> bool:
        """Whether it is the person's, or would be if it had a key: that of which most is told."""
        accounts = [own for _, own in self.accounts()]
        told = max(accounts, key=lambda own: (own.has_key, bool(own.model_fields_set)))
        return told is account

    def emails_for(self, group: str) -> tuple[str, ...]:
        """Whose commits count in the group's repositories."""
        return self.groups[group].git.emails or self.git.emails

    def taiga_for(self, group: str) -> issue_parts.ResolvedTaiga | None:
        """The group's Taiga project; None when it has none."""
        own = self.groups[group].taiga
        if not own.project_slug:
            return None
        return issue_parts.ResolvedTaiga(
            project_slug=own.project_slug,
            url=own.url or self.taiga.url,
            web_url=own.web_url or issue_parts.pages_beside(own.url) or self._taiga_pages(),
            username=own.username or self.taiga.username,
            password=own.password or self.taiga.password,
        )

    def _taiga_pages(self) -> str:
        if "web_url" in self.taiga.model_fields_set or self.taiga.url == issue_parts.TAIGA_API:
            return self.taiga.web_url
        return issue_parts.pages_beside(self.taiga.url)

    def numbers_alone(self, group: str) -> bool:
        """Whether `#12` is one of the group's one repository, and can be no other tracker's."""
        own = self.groups[group]
        return len(own.github.paths + own.gitlab.paths) == 1 and not own.taiga.project_slug

    def slack_for(self, group: str) -> parts.GroupSlack | None:
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

    def asked(self) -> tuple[str, ...]:
        """The servers that are asked something, each once: `api.track.toggl.com`."""
        addresses = (a for at, section in self.sections() for a in section.asks(self, at))
        places = map(_place, (self.database_url.get_secret_value(), *addresses))
        return tuple(dict.fromkeys(filter(None, places)))

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


def _place(address: str) -> str:
    """Host and port alone."""
    return urlsplit(address).netloc.rpartition("@")[2]
