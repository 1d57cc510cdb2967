"""Jira issues of one group: Cloud (`search/jql`, `bulkfetch`) and Data Center (`search`).

Searches are bounded to the group's projects, relative times leave both clocks and both time zones
out of it, and keys of other projects are never asked about: they may name another client.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AliasPath, BaseModel, Field

from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.keys import KeyForm
from tracklater_bot.domain.text import day_name, listing
from tracklater_bot.http import Timing, Title, When, good_rows, understood, utc_now
from tracklater_bot.http.jira import ISSUE_KEY, JiraError, JiraSite, User
from tracklater_bot.settings import GroupJira, Settings
from tracklater_bot.sources.base import PartlyRead, SourceError

_FIELDS = ["summary", "status", "issuetype", "assignee", "updated"]
_PAGE = 1000  # Jira may send fewer
_MOST = 20_000
_KEYS_A_CALL = 100
_SUGGESTIONS = 20
_SINGLE = 20
_FIRST_DAYS = 90
_LAG = timedelta(minutes=5)  # the search index lags behind what people write
_CONFIRMED_FOR = timedelta(minutes=1)
_FOR_WORKLOGS = {
    "WORK_ON_ISSUES": "Work On Issues",
    "EDIT_OWN_WORKLOGS": "Edit Own Worklogs",
    "DELETE_OWN_WORKLOGS": "Delete Own Worklogs",
}


class _JiraStatus(BaseModel):
    category: str = Field("", validation_alias=AliasPath("statusCategory", "key"))


class _Type(BaseModel):
    """`name` is in the account's language."""

    name: Title = ""
    untranslatedName: Title = ""  # noqa: N815


class _Fields(BaseModel):
    summary: Title = ""
    status: _JiraStatus | None = None
    issuetype: _Type | None = None
    assignee: User | None = None
    updated: When = None


class _Issue(BaseModel):
    key: str
    fields: _Fields = _Fields()


class _JiraPage(BaseModel):
    """A page of either kind of search; Cloud has a token, Data Center a total."""

    issues: list[object] | None = None
    nextPageToken: str | None = None  # noqa: N815
    total: int = 0

    @property
    def rows(self) -> list[_Issue]:
        """The issues that can be understood."""
        return understood(_Issue, self.issues or ())

    @property
    def left_out(self) -> int:
        """How many cannot."""
        return len(self.issues or ()) - len(self.rows)


class _Suggested(BaseModel):
    key: str = ""


class _Section(BaseModel):
    issues: Annotated[list[_Suggested], good_rows(_Suggested)] = []


class _Suggestions(BaseModel):
    sections: Annotated[list[_Section], good_rows(_Section)] = []


class _Count(BaseModel):
    count: int


class _Permission(BaseModel):
    havePermission: bool = False  # noqa: N815


class _Permissions(BaseModel):
    permissions: dict[str, _Permission]


@dataclass(slots=True)
class _Identity:
    """Who the token belongs to, and when Jira last confirmed it."""

    identity: str
    confirmed: datetime


class JiraSource:
    """The issues of one group's Jira projects, as the IssueSource protocol describes."""

    name = "jira"

    def __init__(
        self,
        group: str,
        settings: GroupJira,
        clock: Callable[[], datetime] = utc_now,
        timing: Timing | None = None,
    ) -> None:
        self.group = group
        self._site = JiraSite(group, settings, timing or Timing(now=clock))
        self._api_base = settings.api_base
        self._clock = clock
        self._worklogs = settings.worklogs
        self._known: _Identity | None = None

    @classmethod
    def set_up(cls, settings: Settings, clock: Callable[[], datetime]) -> Iterator[JiraSource]:
        """One for each group with a Jira."""
        for name, group in settings.groups.items():
            if group.jira.url:
                yield cls(name, group.jira, clock)

    @classmethod
    def key_forms(cls, settings: Settings, group: str) -> tuple[KeyForm, ...]:
        """`DEV-123` of each project: the letters are the group's own, in Jira's boards too."""
        keys = dict.fromkeys(key.upper() for key in settings.groups[group].jira.project_key)
        return tuple(key_form(key) for key in keys)

    @property
    def scope(self) -> str:
        """Site, where its API is, and projects."""
        return " ".join((self._site.url, self._api_base, *sorted(self._site.projects)))

    def owns(self, key: str) -> bool:
        """Whether the key is one of the group's projects'."""
        match = ISSUE_KEY.fullmatch(key.upper())
        return match is not None and match[1] in self._site.projects

    def recent(self, since: datetime | None) -> tuple[Issue, ...]:
        """Issues changed since then; at first those of 90 days and all open ones of one's own."""
        with _as_source_error():
            me = self._me()
            rows, left_out = self._search(self._jql(since))
            found = tuple(issue for row in rows if (issue := self._parsed(row, me)))
            # An expired token finds nothing, politely: asking who we are tells it from no news.
            due = self._known is None or self._clock() - self._known.confirmed >= _CONFIRMED_FOR
            if due and not rows:
                self._known = None
                self._me()
        if left_out:
            raise PartlyRead("Jira", left_out, found)
        return found

    def by_keys(self, keys: Sequence[str]) -> tuple[Issue, ...]:
        """Those that exist, whoever's they are. A moved issue comes with its new key."""
        own_keys = list(dict.fromkeys(key.upper() for key in keys if self.owns(key)))
        if not own_keys:
            return ()
        found: list[Issue] = []
        with _as_source_error():
            me = self._me()
            for start in range(0, len(own_keys), _KEYS_A_CALL):
                found += self._fetched(own_keys[start : start + _KEYS_A_CALL], me)
        return tuple(found)

    def search(self, text: str) -> tuple[Issue, ...]:
        """What Jira's own issue picker suggests, in its order."""
        params = {"query": text[:100], "currentJQL": self._site.scope, "showSubTasks": "true"}
        with _as_source_error():
            answer = self._site.get("/issue/picker", _Suggestions, params)
        keys = [issue.key for section in answer.sections for issue in section.issues]
        wanted = list(dict.fromkeys(key for key in keys if self.owns(key)))[:_SUGGESTIONS]
        found = {issue.key: issue for issue in self.by_keys(wanted)}
        return tuple(found[key] for key in wanted if key in found)

    def check(self) -> str:
        """Who the token belongs to, how many issues it sees, and whether a right is missing."""
        with _as_source_error():
            me = self._site.me()
            self._known = _Identity(me.identity, self._clock())
            for project in self._site.projects:
                self._insist_on_rights(project)
            count = self._count()
        who, projects = me.displayName or me.identity, ", ".join(self._site.projects)
        return f"signed in as {who}, sees {count} issues in {projects}{self._token_ends()}"

    def _token_ends(self) -> str:
        ends = self._site.tokens_end()
        if not ends:
            return ""
        day = f"{day_name(ends[0].date())} {ends[0].year}"
        return f"; its token ends on {day}" if len(ends) == 1 else f"; a token of its ends on {day}"

    # -- Asking ----------------------------------------------------------------------------

    def _me(self) -> str:
        if self._known is None:
            self._known = _Identity(self._site.me().identity, self._clock())
        return self._known.identity

    def _jql(self, since: datetime | None) -> str:
        if since is None:
            mine = "(assignee = currentUser() AND statusCategory != Done)"
            changed = f"(updated >= -{_FIRST_DAYS}d OR {mine})"
        else:
            ago = max(self._clock() - since, timedelta()) + _LAG
            changed = f"updated >= -{-(-int(ago.total_seconds()) // 60)}m"
        return f"{self._site.scope} AND {changed} ORDER BY updated DESC"

    def _search(self, jql: str) -> tuple[list[_Issue], int]:
        """The rows that can be understood, and how many others there are."""
        found: list[_Issue] = []
        left_out = 0
        for page in self._cloud_pages(jql) if self._site.cloud else self._server_pages(jql):
            found += page.rows
            left_out += page.left_out
            if len(found) >= _MOST:
                break
        return found, left_out

    def _cloud_pages(self, jql: str) -> Iterator[_JiraPage]:
        """Pages until there is no token, an empty page or a token that came before."""
        body: dict[str, object] = {"jql": jql, "fields": _FIELDS, "maxResults": _PAGE}
        seen: set[str] = set()
        while True:
            page = self._site.find("/search/jql", _JiraPage, body)
            yield page
            token = page.nextPageToken
            if not token or token in seen or not page.issues:
                return
            seen.add(token)
            body["nextPageToken"] = token

    def _server_pages(self, jql: str, **more: object) -> Iterator[_JiraPage]:
        start = 0
        while True:
            body = {"jql": jql, "fields": _FIELDS, "maxResults": _PAGE, "startAt": start, **more}
            page = self._site.find("/search", _JiraPage, body)
            yield page
            start += len(page.issues or ())
            if not page.issues or start >= page.total:
                return

    def _fetched(self, keys: list[str], me: str) -> list[Issue]:
        """Up to 100 keys with one request; more only to learn which key a moved issue had."""
        if self._site.cloud:
            body = {"issueIdsOrKeys": keys, "fields": _FIELDS}
            rows = self._site.find("/issue/bulkfetch", _JiraPage, body).rows
        else:
            rows = self._server_by_keys(keys)
        found = [issue for row in rows if (issue := self._parsed(row, me))]
        missing = [key for key in keys if key not in {issue.key for issue in found}]
        moved = [issue for issue in found if issue.key not in keys]
        if not moved:
            return found
        kept = [issue for issue in found if issue.key in keys]
        if len(moved) == len(missing) == 1:
            return [*kept, _with_alias(moved[0], missing[0])]
        asked = ((key, row) for key in missing[:_SINGLE] if (row := self._row(key)))
        alone = ((key, self._parsed(row, me)) for key, row in asked)
        return [*kept, *(_with_alias(issue, key) for key, issue in alone if issue)]

    def _server_by_keys(self, keys: list[str]) -> list[_Issue]:
        """Data Center refuses the whole search for one missing key, unless told not to check.

        Versions that check all the same are asked for each key alone.
        """
        quoted = ", ".join(f'"{key}"' for key in keys)
        try:
            pages = self._server_pages(f"key in ({quoted})", validateQuery=False)
            return [row for page in pages for row in page.rows]
        except JiraError as error:
            if error.cause is None or error.cause.status != 400:
                raise
        return [row for key in keys if (row := self._row(key))]

    def _row(self, key: str) -> _Issue | None:
        try:
            return self._site.get(f"/issue/{key}", _Issue, {"fields": ",".join(_FIELDS)})
        except JiraError as error:
            if error.cause is not None and error.cause.status == 404:
                return None
            raise

    def _count(self) -> int:
        if self._site.cloud:
            path, body = "/search/approximate-count", {"jql": self._site.scope}
            return self._site.find(path, _Count, body).count
        none = {"jql": self._site.scope, "maxResults": 0}
        return self._site.find("/search", _JiraPage, none).total

    def _insist_on_rights(self, project: str) -> None:
        wanted = {"BROWSE_PROJECTS": "Browse Projects"}
        if self._worklogs:
            wanted |= _FOR_WORKLOGS
        params = {"projectKey": project, "permissions": ",".join(wanted)}
        granted = self._site.get("/mypermissions", _Permissions, params).permissions
        none = _Permission()
        missing = [
            name for right, name in wanted.items() if not granted.get(right, none).havePermission
        ]
        if missing:
            raise JiraError(
                f"Jira does not give this account {listing(missing)} in {project}", lasting=True
            )

    # -- Understanding ---------------------------------------------------------------------

    def _parsed(self, row: _Issue, me: str) -> Issue | None:
        """None for a key that is no key: what comes from outside is never made into a link."""
        if not ISSUE_KEY.fullmatch(row.key):
            return None
        fields = row.fields
        category = fields.status.category if fields.status else ""
        kind = fields.issuetype or _Type()
        return Issue(
            key=row.key,
            title=fields.summary,
            url=f"{self._site.url}/browse/{row.key}",
            tracker=self.name,
            group=self.group,
            type=kind.untranslatedName.lower() or kind.name.lower(),
            closed=category == "done",
            mine=bool(fields.assignee and me and fields.assignee.identity == me),
            in_progress=category == "indeterminate",
            updated=fields.updated,
        )


def key_form(project: str) -> KeyForm:
    """How the issues of a project are called."""
    letters = re.escape(project.casefold())
    return KeyForm(
        tracker=JiraSource.name,
        text=rf"(?<![a-z0-9]){letters}-([1-9][0-9]*)(?![a-z0-9])",
        key=f"{project}-{{}}",
        tells_group=True,
        page="Jira",
        title=rf"(?<![^\W_]){re.escape(project)}(?![^\W_]|-\d)",
    )


@contextmanager
def _as_source_error() -> Iterator[None]:
    """Jira's trouble as every issue source tells it."""
    try:
        yield
    except JiraError as error:
        until = error.cause.until if error.cause else ""
        raise SourceError(f"{error}{until}", lasting=error.lasting) from None


def _with_alias(issue: Issue, asked: str) -> Issue:
    return replace(issue, aliases=(asked,)) if issue.key != asked else issue
