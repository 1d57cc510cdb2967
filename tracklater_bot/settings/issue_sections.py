"""The sections of the sources of issues: everybody's, then a group's."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from tracklater_bot.domain.text import folded
from tracklater_bot.settings import types
from tracklater_bot.settings.base import GroupSection, Key, Missing, Section

if TYPE_CHECKING:
    from tracklater_bot.settings.models import Settings

_API = re.compile(r"(.*?)/api(?:/v\d+)?")
JIRA_GATEWAY = "https://api.atlassian.com/ex/jira"
GITHUB, GITLAB = "https://github.com", "https://gitlab.com"
TAIGA_API, TAIGA_PAGES = "https://api.taiga.io/api/v1", "https://tree.taiga.io"


class TaigaSettings(Section):
    """The Taiga server and account for all groups that name none of their own."""

    sends_to = ("url",)
    shows = ("web_url",)
    in_env = ("username",)

    url: types.SomeAddress = Field(TAIGA_API, description="Taiga's API.")
    web_url: types.SomeAddress = Field(TAIGA_PAGES, description="Taiga's pages, for links.")
    username: str = Field("", description="User name or e-mail.")
    password: types.Secret = Field(None, description="The password of that account.")


class ForgeSettings(Section):
    """The server with repositories and account for all groups that name none of their own."""

    sends_to = ("url",)

    url: types.SomeAddress
    token: types.Secret = Field(None, description="Reads issues; better one for each group.")

    def asks(self, settings: Settings, at: Key) -> Iterator[str]:
        """Nobody: it is asked of groups' repositories alone."""
        yield from ()


class GitHubSettings(ForgeSettings):
    """GitHub, or an Enterprise server."""

    url: types.SomeAddress = Field(GITHUB, description="GitHub, or an Enterprise server.")
    gh: bool = Field(False, description="Without a token, ask `gh auth token` for one.")


class GitLabSettings(ForgeSettings):
    """GitLab, theirs or one of one's own."""

    url: types.SomeAddress = Field(GITLAB, description="GitLab, or a server of your own.")


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

    def exclusive(self) -> Iterator[tuple[str, Hashable]]:
        """The projects."""
        yield from (("Jira project", f"{key.upper()} of {self.url}") for key in self.project_key)

    def hosts(self, settings: Settings, group: str) -> Iterator[str]:
        """The site."""
        yield _host(self.url)

    def asks(self, settings: Settings, at: Key) -> Iterator[str]:
        """The site, and Atlassian's gateway for tokens with scopes."""
        yield from super().asks(settings, at)
        if self.email and not self.api_base:
            yield JIRA_GATEWAY

    def lacks(self, settings: Settings, at: Key) -> Iterator[Missing]:
        """A site, projects and a token need each other."""
        if self.url and not self.project_key:
            yield (*at, "project_key"), "the letters that the issues' keys begin with"
        if self.url and self.api_token is None:
            yield (*at, "api_token"), "without it no issue can be read"
        if (self.project_key or self.worklogs) and not self.url:
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

    def asks(self, settings: Settings, at: Key) -> Iterator[str]:
        """The API, its own or the global one."""
        resolved = settings.taiga_for(at[1])
        if resolved is not None and resolved.password is not None:
            yield resolved.url

    def lacks(self, settings: Settings, at: Key) -> Iterator[Missing]:
        """An account, here or for all groups."""
        resolved = settings.taiga_for(at[1])
        if resolved is not None and not resolved.username:
            yield ("taiga", "username"), "without an account no issue can be read"
        elif resolved is not None and resolved.password is None:
            yield ("taiga", "password"), "without it no issue can be read"


class GroupForge(GroupSection):
    """A group's repositories on GitHub or GitLab, with their issues."""

    sends_to = ("url",)
    label: ClassVar[str]
    usual: ClassVar[str]

    url: types.OwnAddress = Field(None, description="Its server, if not the global one.")
    token: types.Secret = Field(None, description="Its own token.")

    @property
    def paths(self) -> tuple[str, ...]:
        """What they are called there: `acme/api`."""
        raise NotImplementedError

    def api_of(self, url: str) -> str:
        """Where the API of a server is."""
        raise NotImplementedError

    def exclusive(self) -> Iterator[tuple[str, Hashable]]:
        """The repositories."""
        yield from ((f"{self.label} repository", folded(path)) for path in self.paths)

    def title_names(self) -> Iterator[str]:
        """The repositories, as in their pages' titles and addresses."""
        yield from self.paths

    def hosts(self, settings: Settings, group: str) -> Iterator[str]:
        """A server of one's own; the one that is everybody's is nobody's."""
        resolved = self.resolved(settings, group)
        if resolved is not None and _host(resolved.url) != _host(self.usual):
            yield _host(resolved.url)

    def lacks(self, settings: Settings, at: Key) -> Iterator[Missing]:
        """A token, here or for all groups; or `gh`."""
        resolved = self.resolved(settings, at[1])
        if resolved is not None and resolved.token is None and not resolved.gh:
            yield (*at, "token"), "without it no issue can be read"

    def asks(self, settings: Settings, at: Key) -> Iterator[str]:
        """The server's API."""
        resolved = self.resolved(settings, at[1])
        if resolved is not None and (resolved.token or resolved.gh):
            yield resolved.api

    def resolved(self, settings: Settings, group: str) -> ResolvedForge | None:
        """The repositories with what they take over; None without any.

        The global token goes to the global server alone.
        """
        common: ForgeSettings = getattr(settings, self.label.lower())
        if not self.paths:
            return None
        shared = self.url in (None, common.url)
        url = self.url or common.url
        return ResolvedForge(
            self.paths,
            url,
            self.api_of(url),
            self.token or (common.token if shared else None),
            gh=getattr(common, "gh", False),
            alone=settings.numbers_alone(group),
        )


class GroupGitHub(GroupForge):
    """A group's repositories on GitHub."""

    label, usual = "GitHub", GITHUB

    repos: types.Repositories = Field((), description="Repositories with its issues: owner/name.")

    @property
    def paths(self) -> tuple[str, ...]:
        """`acme/api`."""
        return self.repos

    def api_of(self, url: str) -> str:
        """GitHub's own has a host of its own, an Enterprise server's is beside its pages."""
        parts = urlsplit(url)
        own = parts.netloc == "github.com" or parts.netloc.endswith(".ghe.com")
        return f"{parts.scheme}://api.{parts.netloc}" if own else f"{url}/api"


class GroupGitLab(GroupForge):
    """A group's projects on GitLab."""

    label, usual = "GitLab", GITLAB

    projects: types.Repositories = Field((), description="Projects with its issues: group/name.")

    @property
    def paths(self) -> tuple[str, ...]:
        """`acme/web/shop`."""
        return self.projects

    def api_of(self, url: str) -> str:
        """Beside the pages, below a path perhaps."""
        return f"{url}/api/v4"


@dataclass(frozen=True, slots=True)
class ResolvedTaiga:
    """A group's Taiga project with everything it takes over from the global `[taiga]`."""

    project_slug: str
    url: str
    web_url: str
    username: str
    password: SecretStr | None


@dataclass(frozen=True, slots=True)
class ResolvedForge:
    """A group's repositories on one server. `alone`: `#12` can mean nothing else in the group."""

    paths: tuple[str, ...]
    url: str
    api: str
    token: SecretStr | None
    gh: bool = False
    alone: bool = False


def pages_beside(api: str | None) -> str:
    """Where a self-hosted Taiga shows its pages: above its API, at the server's root or below."""
    parts = urlsplit(api or "")
    above = _API.fullmatch(parts.path)
    return f"{parts.scheme}://{parts.netloc}{above[1] if above else ''}" if parts.netloc else ""


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""
