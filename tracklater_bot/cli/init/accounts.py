"""What accounts tell: each token is tried at once, and says whose it is and what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from tracklater_bot.checks import CheckError, ask_slack, slack_client
from tracklater_bot.cli.init.grouping import IssueProject
from tracklater_bot.http import HttpError, Timing
from tracklater_bot.http.jira import JiraError, JiraSite
from tracklater_bot.settings import GroupJira, Settings
from tracklater_bot.settings.base import Key
from tracklater_bot.settings.errors import reason
from tracklater_bot.settings.issue_sections import TAIGA_API, TAIGA_PAGES
from tracklater_bot.settings.sections import SlackSettings
from tracklater_bot.settings.tree import dotted, nested
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.issues.taiga_login import TaigaLogin
from tracklater_bot.trackers.base import Account, TrackerError
from tracklater_bot.trackers.registry import tracker_of

MOST_EMAILS = 3  # tried with a Jira token; a wrong one costs a request


class RefusedAnswer(Exception):
    """An answer does not work; the text says why, without it."""


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
    try:
        answer = ask_slack(client.auth_test, "the token")
    except CheckError as error:
        raise RefusedAnswer(str(error)) from None
    return str(answer["user_id"]), f"{answer.get('user')} in {answer.get('team')}"


def slack_socket(slack: SlackSettings, token: SecretStr) -> str:
    """Whether Socket Mode takes the token. Raises RefusedAnswer."""
    client = slack_client(slack, "")
    secret = token.get_secret_value()
    try:
        ask_slack(lambda: client.apps_connections_open(app_token=secret), "the token")
    except CheckError as error:
        raise RefusedAnswer(str(error)) from None
    return "Socket Mode connects"


def tracker_account(settings: Settings) -> Account:
    """Whose tracker it is, and what is in it. Raises RefusedAnswer."""
    tracker = tracker_of(settings)
    if tracker is None:
        raise RefusedAnswer("no token is set")
    try:
        return tracker.account()
    except TrackerError as error:
        raise RefusedAnswer(str(error)) from None


def is_taiga(address: str) -> bool:
    """Whether an address looks like Taiga's, and not Jira's."""
    parts = urlsplit(address)
    return "taiga" in (parts.hostname or "") or "taiga" in parts.path


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
    api = taiga_api(address)
    try:
        found = TaigaLogin(api, username, password, Timing()).projects()
    except (SourceError, HttpError) as error:
        raise RefusedAnswer(str(error)) from None
    return api, [IssueProject("taiga", api, each.slug, each.name) for each in found]


def taiga_api(address: str) -> str:
    """Where the API of a Taiga is, by the address of any of its pages."""
    root = address.partition("/project")[0].partition("/api/v1")[0].rstrip("/")
    return TAIGA_API if root in (TAIGA_PAGES, TAIGA_API.partition("/api")[0]) else f"{root}/api/v1"
