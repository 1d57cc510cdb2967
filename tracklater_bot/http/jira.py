"""A Jira site as an API: Cloud or Data Center, signed in, with errors a person understands.

Cloud takes `email:api_token` on the site itself; tokens with scopes are taken only by Atlassian's
gateway, which is tried when the site answers 401. `jira.api_base` names another gateway.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeAlias, TypeVar

from pydantic import BaseModel, TypeAdapter

from tracklater_bot import http
from tracklater_bot.domain.text import clean
from tracklater_bot.settings import GroupJira
from tracklater_bot.settings.issue_sections import JIRA_GATEWAY
from tracklater_bot.settings.tree import env_name

T = TypeVar("T")

_Call: TypeAlias = Callable[[http.ServiceClient], http.Response]
PROJECT_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,99}")
ISSUE_KEY = re.compile(r"([A-Z][A-Z0-9_]{0,99})-[1-9][0-9]{0,9}")
_CLOUD_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_CLOUD_TOKENS = "https://id.atlassian.com/manage-profile/security/api-tokens"


class JiraError(Exception):
    """Jira did not do what was asked. Its text is a sentence that says what to do.

    `cause` is what happened on the way, for those who must know whether anything was sent.
    """

    def __init__(
        self, sentence: str, *, lasting: bool, cause: http.HttpError | None = None
    ) -> None:
        super().__init__(sentence)
        self.lasting = lasting
        self.cause = cause


class User(BaseModel):
    """An account: Cloud knows accountId, Data Center key and name."""

    accountId: str | None = None  # noqa: N815 - Jira's spelling
    key: str | None = None
    name: str | None = None
    displayName: http.Title = ""  # noqa: N815

    @property
    def identity(self) -> str:
        """What tells this account from others."""
        return self.accountId or self.key or self.name or ""


class JiraProject(BaseModel):
    """A project that the account may see."""

    key: str
    name: http.Title = ""


class _Projects(BaseModel):
    values: Annotated[list[JiraProject], http.good_rows(JiraProject)] = []


class _Tenant(BaseModel):
    cloudId: str  # noqa: N815


class _Token(BaseModel):
    """One of the account's own tokens; which of them is in use is not told."""

    expiringAt: http.When = None  # noqa: N815


class _Errors(BaseModel):
    errorMessages: list[http.Title] | None = None  # noqa: N815
    errors: dict[str, http.Title] | None = None


_ALL_PROJECTS = TypeAdapter(Annotated[list[JiraProject], http.good_rows(JiraProject)])
_TOKENS = TypeAdapter(Annotated[list[_Token], http.good_rows(_Token)])


class JiraSite:
    """One Jira account. Calls take paths below `/rest/api/3` (Data Center: 2); raise JiraError."""

    def __init__(self, group: str, settings: GroupJira, timing: http.Timing) -> None:
        self._token_name = env_name(("groups", group, "jira", "api_token"))
        self.url = settings.url.rstrip("/")
        self.cloud = bool(settings.email)
        self.projects = tuple(key.strip().upper() for key in settings.project_key)
        self._token_is_set = settings.api_token is not None
        self._timing = timing
        self._auth = http.anonymous()
        if (token := settings.api_token) is not None:
            self._auth = http.basic(settings.email, token) if settings.email else http.bearer(token)
        address = settings.api_base or self.url
        self._client = http.ServiceClient("Jira", address, self._auth, timing=timing)
        self._may_move = self.cloud and not settings.api_base

    @property
    def scope(self) -> str:
        """The JQL that bounds every search to the group's projects."""
        quoted = ", ".join(f'"{key}"' for key in self.projects)
        return f"project in ({quoted})"

    def me(self) -> User:
        """Who the token belongs to. Unlike a search, this refuses a token that has expired."""
        return self.get("/myself", User)

    def visible_projects(self) -> list[JiraProject]:
        """Projects that the account may see; of Cloud's the fifty with the latest work."""
        if not self.cloud:
            return self.get("/project", _ALL_PROJECTS)
        order: dict[str, str | int] = {"orderBy": "-lastIssueUpdatedTime", "maxResults": 50}
        return self.get("/project/search", _Projects, order).values

    def tokens_end(self) -> tuple[datetime, ...]:
        """When the account's tokens expire, soonest first; Data Center alone tells, Cloud nobody.

        Nothing where it is not told: by older versions, or through a proxy.
        """
        if self.cloud:
            return ()
        try:
            tokens = self._client.get("/rest/pat/latest/tokens").read(_TOKENS)
        except http.HttpError:
            return ()
        return tuple(sorted(token.expiringAt for token in tokens if token.expiringAt))

    def get(self, path: str, shape: http.Shape[T], params: http.Params | None = None) -> T:
        """Asks."""
        return self._ask(lambda client: client.get(self._path(path), params), shape)

    def find(self, path: str, shape: http.Shape[T], body: object) -> T:
        """Asks with a POST that changes nothing."""
        return self._ask(lambda client: client.find(self._path(path), body), shape)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        params: http.Params | None = None,
    ) -> http.Response:
        """Changes something, with one request that is never repeated."""
        return self._exchange(
            lambda client: client.send(method, self._path(path), body, params), writing=True
        )

    def _path(self, path: str) -> str:
        return f"/rest/api/{'3' if self.cloud else '2'}{path}"

    def _ask(self, call: _Call, shape: http.Shape[T]) -> T:
        response = self._exchange(call)
        try:
            return response.read(shape)
        except http.BadResponse as error:
            raise JiraError(f"{error}: check jira.url", lasting=False, cause=error) from None

    def _exchange(self, call: _Call, *, writing: bool = False) -> http.Response:
        self._check_settings()
        try:
            response = self._from_site_or_gateway(call, writing=writing)
        except http.HttpError as error:
            raise self._jira_error(error) from None
        # Jira answers a search 200 and empty when the token has expired; only this tells.
        if "AUTHENTICATED_FAILED" in response.headers.get("X-Seraph-LoginReason", ""):
            raise self._refused_token(None)
        return response

    def _from_site_or_gateway(self, call: _Call, *, writing: bool) -> http.Response:
        """A write is not repeated at the gateway: who answered 401 may have carried it out."""
        try:
            return call(self._client)
        except http.BadStatus as error:
            gateway = self._gateway() if error.status == 401 and self._may_move else None
            if gateway is None:
                raise
            try:
                response = gateway.get(self._path("/myself")) if writing else call(gateway)
            except http.HttpError:
                if writing:
                    raise error from None
                raise
        self._client, self._may_move = gateway, False
        if writing:
            raise http.ResponseLost("Jira takes this token at another address")
        return response

    def _gateway(self) -> http.ServiceClient | None:
        """The address for tokens with scopes; None where the site does not tell its cloudId."""
        site = http.ServiceClient("Jira", self.url, http.anonymous(), timing=self._timing)
        try:
            cloud_id = site.get("/_edge/tenant_info").read(_Tenant).cloudId
        except http.HttpError:
            return None  # no Cloud site: the 401 stands
        if not _CLOUD_ID.fullmatch(cloud_id):
            return None
        return http.ServiceClient(
            "Jira", f"{JIRA_GATEWAY}/{cloud_id}", self._auth, timing=self._timing
        )

    def _check_settings(self) -> None:
        if not self._token_is_set:
            raise JiraError(f"Jira needs a token: set {self._token_name}", lasting=True)
        if not self.projects:
            raise JiraError("Jira needs a project: set the group's jira.project_key", lasting=True)
        for key in self.projects:
            if not PROJECT_KEY.fullmatch(key):
                raise JiraError(
                    f"{clean(key, 40)!r} is no Jira project key: write it like DEV", lasting=True
                )

    def _refused_token(self, cause: http.HttpError | None) -> JiraError:
        where = _CLOUD_TOKENS if self.cloud else "your Jira profile, Personal Access Tokens"
        return JiraError(
            "Jira refused the token (they live for a year at most):"
            f" make a new one at {where} and set {self._token_name}",
            lasting=True,
            cause=cause,
        )

    def _jira_error(self, error: http.HttpError) -> JiraError:
        if isinstance(error, http.BadStatus) and error.status == 401:
            return self._refused_token(error)
        sentence = self._sentence(error) if isinstance(error, http.BadStatus) else str(error)
        return JiraError(sentence, lasting=error.lasting, cause=error)

    def _sentence(self, error: http.BadStatus) -> str:
        projects = ", ".join(self.projects)
        sentences = {
            403: f"Jira does not let this account see {projects}: it needs Browse Projects there",
            404: f"Jira shows this account nothing there: check jira.url and access to {projects}",
            410: "Jira no longer has this part of its API (HTTP 410): update tracklater-bot",
        }
        if "AUTHENTICATION_DENIED" in error.response.headers.get("X-Seraph-LoginReason", ""):
            return "Jira wants a captcha solved: sign in to it once with a browser"
        if error.status in sentences:
            return sentences[error.status]
        said = _messages(error.response)
        return f"Jira refused it: {said}" if said else str(error)


def _messages(response: http.Response) -> str:
    """Jira's own words about a refusal, at most a line."""
    try:
        said = response.read(_Errors)
    except http.BadResponse:
        return ""
    return clean(" ".join([*(said.errorMessages or ()), *(said.errors or {}).values()]), 200)
