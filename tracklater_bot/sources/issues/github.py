"""Issues of one group's repositories on GitHub, or on an Enterprise server.

Issues and pull requests have one row of numbers. A pull request that closes an issue stands for
it: its number is an alias of the issue's. All is asked over GraphQL, which alone tells that, takes
many numbers at once, and follows renamed repositories by itself.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AliasPath, BaseModel, BeforeValidator, Field, PositiveInt

from tracklater_bot.domain.issues import REQUESTS, Issue
from tracklater_bot.domain.keys import KeyForm
from tracklater_bot.domain.text import clean, count, listing
from tracklater_bot.http import BadStatus, Response, Title, When, bearer, understood
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import PartlyRead, SourceError
from tracklater_bot.sources.issues import forges
from tracklater_bot.sources.issues.forges import Forge

_PAGE = 50  # small: GitHub refuses what takes it long
_PULLS = 25
_AT_ONCE = 25
_GH_SECONDS = 10
_PULL = REQUESTS[0]
_FIELDS = (
    "kind:__typename number title closed updated:updatedAt"
    " assignees(first:5){nodes{login}} labels(first:10){nodes{name}}"
)
_PULL_FIELDS = (
    f"{_FIELDS} author{{login}}"
    f" closes:closingIssuesReferences(first:1){{nodes{{{_FIELDS} repository{{nameWithOwner}}}}}}"
)
_LATEST = "orderBy:{field:UPDATED_AT,direction:DESC}"
_RECENT = (
    f"issues(first:{_PAGE},after:$after,filterBy:$filter,{_LATEST})"
    f"{{nodes{{{_FIELDS}}} pageInfo{{hasNextPage endCursor}}}}"
    f" pullRequests(first:{_PULLS},{_LATEST})@include(if:$pulls){{nodes{{{_PULL_FIELDS}}}}}"
)
_COUNTS = "issues(states:OPEN){totalCount} pullRequests(states:OPEN){totalCount}"
_SEARCH = (
    "query($text:String!){viewer{login} search(type:ISSUE,query:$text,first:20)"
    f"{{nodes{{...on Issue{{{_FIELDS} repository{{nameWithOwner}}}}}}}}}}"
)
_WORD = re.compile(r"[^\W_]+")


def _nodes(value: object) -> object:
    """Of a connection, which may be null as each of its nodes may, the nodes alone."""
    nodes = value.get("nodes") if isinstance(value, dict) else None
    return [node for node in nodes if node is not None] if isinstance(nodes, list) else []


class _GitHubWho(BaseModel):
    login: str = ""


class _Label(BaseModel):
    name: Title = ""


class _Node(BaseModel):
    """An issue or a pull request. `home` is its repository's name of today."""

    number: PositiveInt
    kind: str = ""
    title: Title = ""
    closed: bool = False
    updated: When = None
    author: _GitHubWho | None = None
    assignees: Annotated[list[_GitHubWho], BeforeValidator(_nodes)] = []
    labels: Annotated[list[_Label], BeforeValidator(_nodes)] = []
    closes: Annotated[list[_Node], BeforeValidator(_nodes)] = []
    home: str = Field("", validation_alias=AliasPath("repository", "nameWithOwner"))


class _GitHubPage(BaseModel):
    nodes: list[object] | None = None
    next: str | None = Field(None, validation_alias=AliasPath("pageInfo", "endCursor"))
    more: bool = Field(default=False, validation_alias=AliasPath("pageInfo", "hasNextPage"))
    total: int = Field(0, validation_alias="totalCount")


class _Error(BaseModel):
    type: str = ""


class _QueryAnswer(BaseModel):
    data: dict[str, Any] | None = None
    errors: list[_Error] = []


@dataclass(frozen=True, slots=True)
class _Repository:
    """What was told of a repository: its name of today, who asks, and what was asked for."""

    path: str
    name: str
    me: str
    told: dict[str, Any]

    def page(self, what: str) -> _GitHubPage:
        """A connection; one that may not be seen is null."""
        return _page(self.told, what)


class GitHubSource(Forge):
    """The issues of one group's repositories, as the IssueSource protocol describes."""

    name, service, signs = "github", "GitHub", "#"

    @classmethod
    def key_forms(cls, settings: Settings, group: str) -> tuple[KeyForm, ...]:
        """`acme/api#12`, its pages, and in its own clones `#12`, `(#12)` or `GH-12`."""
        place = cls.place(settings, group)
        return tuple(forges.forms(cls.name, place, "#", _pages)) if place is not None else ()

    def recent(self, since: datetime | None) -> tuple[Issue, ...]:
        """What changed since then; at first in 90 days, and all open ones of one's own."""
        found: list[Issue] = []
        left_out = 0
        for path in self._place.paths:
            changed = {"since": f"{self._start(since):%Y-%m-%dT%H:%M:%SZ}"}
            pages = [*self._listed(path, changed, pulls=True)]
            if since is None and pages and pages[0].me:
                pages += self._listed(path, {"assignee": pages[0].me, "states": ["OPEN"]})
            for page in pages:
                for what in ("issues", "pullRequests"):
                    rows = page.page(what).nodes or []
                    issues = [self._understood(page, node) for node in understood(_Node, rows)]
                    left_out += len(rows) - len(issues)
                    found += issues
        if left_out:
            raise PartlyRead("GitHub", left_out, forges.merged(found))
        return forges.merged(found)

    def by_keys(self, keys: Sequence[str]) -> tuple[Issue, ...]:
        """Those that exist; of a pull request, the issue that it closes."""
        return forges.merged(
            issue
            for path, _, numbers in self._batches(keys, _AT_ONCE)
            for issue in self._numbered(path, numbers)
        )

    def _titled(self, text: str) -> Iterator[Issue]:
        words = " ".join(_WORD.findall(text))
        for path in self._place.paths[: forges.SEARCHED] if words else ():
            data = self._ask(_SEARCH, {"text": f"repo:{path} is:issue in:title {words}"})
            here = _Repository(path, path, _me(data), {})
            nodes = understood(_Node, _page(data, "search").nodes or [])
            ours = (node for node in nodes if forges.own_path(self._place, node.home))
            yield from (self._issue(here, node) for node in ours)

    def check(self) -> str:
        """Whose the token is, and how many issues and pull requests it sees."""
        seen = [self._repository(path, _COUNTS) for path in self._place.paths]
        open_ones = (
            f"{count(each.page('issues').total, 'open issue')} and"
            f" {count(each.page('pullRequests').total, 'pull request')} in {each.path}"
            for each in seen
        )
        return f"signed in as {seen[0].me}, sees {listing(open_ones)}"

    # -- Asking ----------------------------------------------------------------------------

    def _headers(self) -> Mapping[str, str]:
        return bearer(self._token)()

    def _token(self) -> str:
        if self._place.token is not None:
            return self._place.token.get_secret_value()
        if self._place.gh:
            return _gh_token(urlsplit(self._place.url).netloc)
        raise SourceError(f"GitHub needs a token: set {self._variable}", lasting=True)

    def _listed(
        self, path: str, filters: dict[str, Any], *, pulls: bool = False
    ) -> Iterator[_Repository]:
        after = None
        for _ in range(forges.MOST // _PAGE):
            variables = {"filter": filters, "after": after, "pulls": pulls and after is None}
            declared = ",$filter:IssueFilters,$after:String,$pulls:Boolean!"
            answer = self._repository(path, _RECENT, variables, declared)
            if answer.told.get("issues") is None:
                raise SourceError(
                    f"GitHub does not show this token the issues of {path}: it needs Issues: read",
                    lasting=True,
                )
            yield answer
            page = answer.page("issues")
            if not page.more or not page.next or page.next == after:
                return
            after = page.next

    def _numbered(self, path: str, numbers: list[int]) -> Iterator[Issue]:
        asked = " ".join(
            f"n{number}:issueOrPullRequest(number:{number})"
            f"{{...on Issue{{{_FIELDS}}} ...on PullRequest{{{_PULL_FIELDS}}}}}"
            for number in numbers
        )
        answer = self._repository(path, asked)
        rows = [answer.told.get(f"n{number}") for number in numbers]
        yield from (self._understood(answer, node) for node in understood(_Node, rows))

    def _repository(
        self, path: str, asked: str, variables: dict[str, Any] | None = None, declared: str = ""
    ) -> _Repository:
        owner, _, name = path.partition("/")
        query = (
            f"query($owner:String!,$name:String!{declared}){{viewer{{login}}"
            f" repository(owner:$owner,name:$name,followRenames:true){{nameWithOwner {asked}}}}}"
        )
        data = self._ask(query, {"owner": owner, "name": name, **(variables or {})})
        told = data.get("repository")
        if not isinstance(told, dict):
            raise SourceError(
                f"GitHub shows this token no repository {clean(path, 100)}: check the spelling, and"
                " what the token may see (a fine-grained one sees those of one owner)",
                lasting=True,
            )
        return _Repository(path, str(told.get("nameWithOwner")), _me(data), told)

    def _ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """What is known; that something is not there, or not for us, is told by its absence."""
        body = {"query": query, "variables": variables}
        return self._client.find("/graphql", body, self._data)

    def _data(self, response: Response) -> dict[str, Any]:
        answer = response.read(_QueryAnswer)
        types = {error.type for error in answer.errors}
        if types & {"RATE_LIMITED", "RATE_LIMIT"}:
            raise self._client.slow_down(response)
        if answer.data is None or types - {"NOT_FOUND", "FORBIDDEN", "INSUFFICIENT_SCOPES"}:
            kind = clean(", ".join(sorted(types)), 100)
            raise SourceError(f"GitHub could not answer ({kind or 'it does not say why'})")
        return answer.data

    def _sentence(self, error: BadStatus) -> str:
        if error.response.headers.get("X-GitHub-SSO"):
            return "GitHub wants the token authorised for the organisation's single sign-on"
        sentences = {
            401: f"GitHub refused the token: check {self._variable}, or the one for all groups",
            403: "GitHub does not let this token in: it needs Issues and Pull requests: read",
            404: "there is no GitHub API at github.url: write the address of its start page",
        }
        return sentences.get(error.response.status, str(error))

    # -- Understanding ---------------------------------------------------------------------

    def _understood(self, here: _Repository, node: _Node) -> Issue:
        """The issue, or the one that a pull request closes, if that is the group's as well."""
        for closed in node.closes:
            same = closed.home.casefold() == here.name.casefold()
            if path := here.path if same else forges.own_path(self._place, closed.home):
                there = _Repository(path, closed.home, here.me, {})
                alias = forges.key_of(self._place, forges.Ref(here.path, "#", node.number))
                return self._issue(there, closed, alias)
        return self._issue(here, node)

    def _issue(self, here: _Repository, node: _Node, *aliases: str) -> Issue:
        pull = node.kind == "PullRequest"
        people = [*node.assignees, *([node.author] if pull and node.author else [])]
        labels = (label.name for label in node.labels)
        return Issue(
            key=forges.key_of(self._place, forges.Ref(here.path, "#", node.number)),
            title=node.title,
            url=f"{self._place.url}/{here.path}/{'pull' if pull else 'issues'}/{node.number}",
            tracker=self.name,
            group=self.group,
            type=_PULL if pull else forges.type_of(labels, "issue"),
            closed=node.closed,
            mine=bool(here.me) and here.me in {who.login for who in people},
            updated=node.updated,
            aliases=aliases,
        )


def _pages(host: str, name: str) -> tuple[str, ...]:
    """`github.com/acme/api/issues/12`, and the titles of issues, pull requests, commits, mails."""
    name = re.escape(name)
    return (
        rf"{host}/{name}/(?:issues|pull)/{forges.NUMBER}",
        rf"· (?:issue|pull request) #{forges.NUMBER} · {name}(?![\w./-])",
        rf"\(#{forges.NUMBER}\) · {name}@",
        rf"\[{name}\] [^\n]{{0,300}}\((?:issue |pr )?#{forges.NUMBER}\)",
    )


def _me(data: dict[str, Any]) -> str:
    return next((who.login for who in understood(_GitHubWho, [data.get("viewer")])), "")


def _page(data: dict[str, Any], what: str) -> _GitHubPage:
    for page in understood(_GitHubPage, [data.get(what) or {}]):
        return page
    raise SourceError("GitHub answered in an unexpected form")


def _gh_token(host: str) -> str:
    """The token of GitHub's own program for that host alone, which the person said to use."""
    program = shutil.which("gh")
    if program is None:
        raise SourceError("gh is not installed, or not in PATH: install it", lasting=True)
    try:
        done = subprocess.run(  # noqa: S603 - a program found by its name, no shell
            [program, "auth", "token", "--hostname", host],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GH_SECONDS,
            check=False,
            env=os.environ | {"GH_NO_UPDATE_NOTIFIER": "1", "GH_PROMPT_DISABLED": "1"},
        )
    except (OSError, subprocess.TimeoutExpired):
        raise SourceError(
            f"gh gave no token within {_GH_SECONDS} seconds: is it all right?"
        ) from None
    token = done.stdout.decode("utf-8", errors="replace").strip()
    if done.returncode or not token:
        raise SourceError(f"gh is not signed in to {host}: run `gh auth login`", lasting=True)
    return token
