"""Settings: TOML for what is no secret, the environment and `.env` for secrets.

The models are the truth: `tracklater.example.toml` and `.env.example` are held against them by a
test. Everything is frozen, unknown keys are refused, secrets are SecretStr.
"""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _listed(value: object) -> object:
    """One word where a list is expected means a list of one."""
    return [value] if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DigestSettings(_Section):
    """When the day's message is sent, in the person's own time zone."""

    at: time = Field(time(17, 30), description="When the day's message comes, on your clock.")
    days: tuple[Weekday, ...] = Field(
        ("mon", "tue", "wed", "thu", "fri"), description="The days on which it comes."
    )
    holidays: str = Field(
        "", description='A country code such as "FI": no message on its public holidays.'
    )
    picture: bool = Field(True, description="Put the timeline as a picture into the message.")


class SuggestSettings(_Section):
    """How clues become suggestions."""

    round_minutes: int = Field(
        5, ge=0, le=60, description="Round starts and ends to this many minutes; 0 = exact."
    )
    min_minutes: int = Field(5, ge=0, le=240, description="Shorter suggestions are left out.")
    idle_minutes: int = Field(
        15, ge=1, le=240, description="Longer without any change on screen means away."
    )
    ignore: Words = Field((), description="Windows with these words are private: never used.")
    meetings: Words = Field(
        (), description="More words that tell a meeting window, where sitting still is work."
    )
    show_titles: bool = Field(
        False, description="Allow window titles in explanations sent to Slack."
    )
    key_tag: bool = Field(False, description="Also tag the Toggl entry with the issue's key.")


class SlackSettings(_Section):
    """The Slack workspace with the bot, and whose messages are clues."""

    mode: Literal["socket", "http"] = Field("socket", description='"socket", or "http".')
    user_id: str = Field("", description="Who gets the message and whose messages are clues.")
    base_url: str = Field("https://slack.com/api/", description="Slack's Web API.")
    port: int = Field(3000, ge=0, le=65535, description="The port to listen on in http mode.")
    bot_token: SecretStr | None = Field(None, description="xoxb-… from OAuth & Permissions.")
    app_token: SecretStr | None = Field(None, description="xapp-… for Socket Mode.")
    signing_secret: SecretStr | None = Field(None, description="For http mode only.")
    user_token: SecretStr | None = Field(
        None, description="xoxp-… reads your own messages as clues."
    )


class ThymeSettings(_Section):
    """Where thyme writes its day files."""

    dir: Path | None = Field(None, description="The folder of thyme's YYYY-MM-DD.json files.")


class GitSettings(_Section):
    """Whose commits are clues."""

    emails: Words = Field((), description="Your commit e-mail addresses.")


class TogglSettings(_Section):
    """The Toggl account that gets the entries."""

    base_url: str = Field("https://api.track.toggl.com/api/v9", description="Toggl's API.")
    workspace_id: int = Field(0, ge=0, description="0 = the account's default workspace.")
    api_token: SecretStr | None = Field(None, description="From Toggl's profile page.")


class TaigaSettings(_Section):
    """The Taiga server and account for all groups that name none of their own."""

    url: str = Field("https://api.taiga.io/api/v1", description="Taiga's API.")
    web_url: str = Field("https://tree.taiga.io", description="Taiga's pages, for links.")
    username: str = Field("", description="User name or e-mail.")
    password: SecretStr | None = Field(None, description="The password of that account.")


class GroupGit(_Section):
    """A group's repositories."""

    repos: tuple[Path, ...] = Field((), description="Full paths of the group's repositories.")
    emails: Words | None = Field(None, description="Your addresses in these, if different.")


class GroupToggl(_Section):
    """A group's client and projects in Toggl."""

    client: str = Field("", description="The client's name in Toggl.")
    projects: dict[str, str] = Field(
        {}, description='Project name = what it is for: "default", or an issue type like "bug".'
    )


class GroupJira(_Section):
    """A group's Jira: Cloud with e-mail and token, Data Center with a token alone."""

    url: str = Field("", description="The site, https://company.atlassian.net.")
    project_key: Words = Field((), description="The project's key, or a list of keys.")
    api_base: str = Field("", description="Another address for the API, for scoped tokens.")
    worklogs: bool = Field(False, description="Also write each entry as a Jira worklog.")
    email: str = Field("", description="The Atlassian account; none = Data Center.")
    api_token: SecretStr | None = Field(None, description="API token, or Data Center's PAT.")


class GroupTaiga(_Section):
    """A group's Taiga project."""

    project_slug: str = Field("", description="The project's slug, as in its address.")
    url: str | None = Field(None, description="Taiga's API, if not the global one.")
    web_url: str | None = Field(None, description="Taiga's pages, if not the global ones.")
    username: str | None = Field(None, description="Account, if not the global one.")
    password: SecretStr | None = Field(None, description="Its password.")


class GroupSlack(_Section):
    """A Slack workspace that belongs to one group."""

    user_id: str | None = Field(None, description="Your member id in the group's workspace.")
    base_url: str | None = Field(None, description="Its Web API, if not Slack's own.")
    user_token: SecretStr | None = Field(None, description="Reads your messages there.")
    workspace: str = Field("", description="The workspace's name, as in Slack's window title.")


class GroupThyme(_Section):
    """Words for a group in window titles only."""

    keywords: Words = Field((), description="Like keywords, kept for windows only.")


class GroupSettings(_Section):
    """A client or work project."""

    keywords: Words = Field((), description="Words that mean this group wherever they stand.")
    thyme: GroupThyme = GroupThyme()
    git: GroupGit = GroupGit()
    toggl: GroupToggl = GroupToggl()
    jira: GroupJira = GroupJira()
    taiga: GroupTaiga = GroupTaiga()
    slack: GroupSlack = GroupSlack()


class Settings(_Section):
    """All settings of one person."""

    timezone: ZoneInfo | None = Field(None, description="Default: this machine's.")
    day_starts: time = Field(
        time(4), description="Work after midnight until then belongs to the evening before."
    )
    database_url: SecretStr = Field(
        SecretStr(""), description="Default: SQLite in your data directory."
    )
    digest: DigestSettings = DigestSettings()
    suggest: SuggestSettings = SuggestSettings()
    slack: SlackSettings = SlackSettings()
    thyme: ThymeSettings = ThymeSettings()
    git: GitSettings = GitSettings()
    toggl: TogglSettings = TogglSettings()
    taiga: TaigaSettings = TaigaSettings()
    groups: dict[str, GroupSettings] = Field({}, description="Your clients and work projects.")
