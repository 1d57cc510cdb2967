"""What accounts tell: each token is tried at once, and says whose it is and what is there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, TypeAdapter, ValidationError

from tracklater_bot.checks import CheckError, ask_slack, slack_client
from tracklater_bot.cli.init.grouping import IssueProject
from tracklater_bot.http import BadStatus, HttpError, ServiceClient, Timing, bearer
from tracklater_bot.http.jira import JiraError, JiraSite
from tracklater_bot.http.responses import understood
from tracklater_bot.settings import GroupJira, Settings
from tracklater_bot.settings.base import Key, reason
from tracklater_bot.settings.issue_sections import (
    TAIGA_API,
    TAIGA_PAGES,
    GroupForge,
    GroupGitHub,
    GroupGitLab,
)
from tracklater_bot.settings.sections import SlackSettings
from tracklater_bot.settings.tree import dotted, nested
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.issues.taiga_login import TaigaLogin
from tracklater_bot.trackers.base import Account, TrackerError
from tracklater_bot.trackers.registry import tracker_of

MOST_EMAILS = 3  # tried with a Jira token; a wrong one costs a request
MOST_PAGES = 5  # of a hundred repositories each, those of late first
FORGES: Mapping[str, GroupForge] = {"github": GroupGitHub(), "gitlab": GroupGitLab()}
# By the host's name, or a word before the address: `gitlab:https://code.acme.example`.
_KINDS = re.compile(r"(taiga|github|gitlab|jira)")


class RefusedAnswer(Exception):
    """An answer does not work; the text says why, without it."""


@contextmanager
def _answered() -> Iterator[None]:
    """Whatever a service says of a token is for the person who gave it."""
    try:
        yield
    except BadStatus as error:
        refused = error.status in (401, 403)
        told = f"{error.response.service} refuses the token" if refused else str(error)
        raise RefusedAnswer(told) from None
    except (CheckError, TrackerError, SourceError, HttpError) as error:
        raise RefusedAnswer(str(error)) from None


def settings_with(values: Mapping[Key, Any]) -> Settings:
    """The settings that these values make. Raises RefusedAnswer."""
    try:
        return Settings.model_validate(nested(values))
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        lines = (f"{dotted(map(str, detail['loc']))}: {reason(detail)}" for detail in details)
        raise RefusedAnswer("; ".join(lines)) from None


def slack_person(slack: SlackSettings, token: SecretStr) -> tuple[str, str]:
    """The id of whose token it is, and their name and team. Raises RefusedAnswer."""
    client = slack_client(slack, token.get_secret_value())
    with _answered():
        answer = ask_slack(client.auth_test, "the token")
    return str(answer["user_id"]), f"{answer.get('user')} in {answer.get('team')}"


def slack_member(slack: SlackSettings, token: SecretStr, member: str) -> str:
    """Whose member id it is. Raises RefusedAnswer."""
    client = slack_client(slack, token.get_secret_value())
    with _answered():
        answer = ask_slack(lambda: client.users_info(user=member), "the member ID")
    return f"This is {answer['user'].get('real_name') or answer['user'].get('name')}"


def slack_socket(slack: SlackSettings, token: SecretStr) -> str:
    """Whether Socket Mode takes the token. Raises RefusedAnswer."""
    client = slack_client(slack, "")
    secret = token.get_secret_value()
    with _answered():
        ask_slack(lambda: client.apps_connections_open(app_token=secret), "the token")
    return "Socket Mode connects"


def tracker_account(settings: Settings) -> Account:
    """Whose tracker it is, and what is in it. Raises RefusedAnswer."""
    tracker = tracker_of(settings)
    if tracker is None:
        raise RefusedAnswer("no token is set")
    with _answered():
        return tracker.account()


def kind_of(address: str) -> tuple[str, str]:
    """What is at an address: `taiga`, `github`, `gitlab`, else `jira`; and the address alone."""
    said, _, rest = address.partition(":")
    if rest and _KINDS.fullmatch(said.casefold()):
        return said.casefold(), _with_scheme(rest)
    parts = urlsplit(whole := _with_scheme(address))
    found = _KINDS.search(parts.hostname or "") or re.match(r"/(taiga)\b", parts.path)
    return found[1] if found else "jira", whole


def _with_scheme(address: str) -> str:
    return address if "://" in address else f"https://{address}"


def jira_projects(
    address: str, token: SecretStr, emails: Sequence[str]
) -> tuple[str, str, list[IssueProject]]:
    """The site's address, the e-mail that goes with the token, and the projects there.

    Cloud wants an e-mail beside the token: the person's own are tried. Raises RefusedAnswer.
    """
    parts = urlsplit(address)
    path = parts.path.partition("/browse")[0].partition("/projects")[0].partition("/jira/")[0]
    url = f"{parts.scheme}://{parts.netloc}{path}".rstrip("/")
    cloud = (parts.hostname or "").endswith(".atlassian.net")
    refusal = "there is no e-mail address to go with the token"
    for email in (*([] if cloud else [""]), *emails[:MOST_EMAILS]):
        own = GroupJira(url=url, project_key=("ANY",), email=email, api_token=token)
        try:
            site = JiraSite("", own, Timing())
            site.me()
            found = site.visible_projects()
        except JiraError as error:
            refusal = str(error).partition(" and set TRACKLATER")[0]
            continue
        return url, email, [IssueProject("jira", url, each.key, each.name) for each in found]
    raise RefusedAnswer(refusal)


def taiga_projects(
    address: str, username: str, password: SecretStr
) -> tuple[str, list[IssueProject]]:
    """The API's address and the account's projects. Raises RefusedAnswer."""
    # The address may be that of any of its pages.
    root = address.partition("/project")[0].partition("/api/v1")[0].rstrip("/")
    theirs = root in (TAIGA_PAGES, TAIGA_API.partition("/api")[0])
    api = TAIGA_API if theirs else f"{root}/api/v1"
    with _answered():
        found = TaigaLogin(api, username, password, Timing()).projects()
    return api, [IssueProject("taiga", api, each.slug, each.name) for each in found]


class _ForgeRow(BaseModel):
    """A repository of GitHub's, or a project of GitLab's."""

    path: str = Field(validation_alias="full_name")
    has_issues: bool = True


class _ListedGitLab(_ForgeRow):
    path: str = Field(validation_alias="path_with_namespace")
    has_issues: bool = Field(True, validation_alias="issues_enabled")


def forge_projects(kind: str, address: str, token: SecretStr) -> tuple[str, list[IssueProject]]:
    """The server's address, and the repositories with issues that the token sees there.

    Raises RefusedAnswer.
    """
    parts = urlsplit(address)
    url = f"{parts.scheme}://{parts.netloc}"
    api, rows = FORGES[kind].api_of(url), TypeAdapter[Any](_ForgeRow)
    path, asked = "/user/repos" if "//api." in api else "/v3/user/repos", {"sort": "pushed"}
    if kind == "gitlab":
        rows, path = TypeAdapter[Any](_ListedGitLab), "/projects"
        asked = {"membership": "true", "order_by": "last_activity_at"}
    client = ServiceClient(FORGES[kind].label, api, bearer(token), timing=Timing())
    found: list[IssueProject] = []
    with _answered():
        for page in range(1, MOST_PAGES + 1):
            answer = client.get(path, {**asked, "per_page": 100, "page": page})
            told = answer.read(_LIST)
            seen = (row.path for row in understood(rows, told) if row.has_issues)
            found += [IssueProject(kind, url, each, each) for each in seen]
            if len(told) < 100:
                break
    return url, found


_LIST = TypeAdapter(list[Any])
