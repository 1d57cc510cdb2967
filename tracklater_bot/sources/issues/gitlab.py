"""Issues of one group's projects on GitLab, or on a server of one's own.

Merge requests have numbers of their own, `!34`. One that closes an issue stands for it: its key
is an alias of the issue's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from pydantic import AliasPath, BaseModel, Field, PositiveInt

from tracklater_bot.domain.issues import REQUESTS, Issue
from tracklater_bot.domain.keys import KeyForm
from tracklater_bot.domain.keywords import spelling_pattern
from tracklater_bot.domain.text import clean, count, listing
from tracklater_bot.http import BadStatus, Params, Response, Title, When, in_header
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import PartlyRead, SourceError
from tracklater_bot.sources.issues import forges
from tracklater_bot.sources.issues.forges import Forge

_PAGE = 100
_AT_ONCE = 50
_MOST_REQUESTS = 20  # of one's own whose issue is asked at a reading: each takes a request
_LISTS = {"#": "issues", "!": "merge_requests"}
_TITLES = {"#": "(?:issues|work items)", "!": "merge requests"}
_ADDRESSES = {"#": "(?:issues|work_items)", "!": "merge_requests"}
_REQUEST = REQUESTS[1]


class _GitLabWho(BaseModel):
    id: int
    username: Title = ""


class _GitLabRow(BaseModel):
    """An issue or a merge request. `full` is its key with the project's path of today."""

    iid: PositiveInt
    title: Title = ""
    state: str = ""
    issue_type: str | None = None
    updated_at: When = None
    author: _GitLabWho | None = None
    assignees: list[_GitLabWho] | None = None
    labels: list[Title] | None = None
    full: str = Field("", validation_alias=AliasPath("references", "full"))


@dataclass(frozen=True, slots=True)
class _GitLabPage:
    """Rows that can be understood, how many others there are, and what is told of all pages."""

    rows: list[_GitLabRow]
    left_out: int
    more: bool
    total: str

    @classmethod
    def of(cls, answer: Response) -> _GitLabPage:
        """What an answer has."""
        rows, sent = answer.rows(_GitLabRow)
        headers = answer.headers
        more = bool(headers.get("X-Next-Page"))
        return cls(rows, sent - len(rows), more, headers.get("X-Total", ""))


class GitLabSource(Forge):
    """The issues of one group's projects, as the IssueSource protocol describes."""

    name, service, signs = "gitlab", "GitLab", "#!"

    @classmethod
    def key_forms(cls, settings: Settings, group: str) -> tuple[KeyForm, ...]:
        """`acme/web#12` and `acme/web!34`, their pages, and in own clones `#12` and `!34`."""
        place = cls.place(settings, group)
        if place is None:
            return ()
        alone = [KeyForm(cls.name, rf"(?<![\w!&/])!{forges.NUMBER}", "!{}")] if place.alone else []
        named = (forges.forms(cls.name, place, sign, _pages(sign)) for sign in _LISTS)
        both = (form for forms in named for form in forms)
        return (*both, *alone)

    def recent(self, since: datetime | None) -> tuple[Issue, ...]:
        """What changed since then, of merge requests one's own; at first in 90 days, and all
        open issues of one's own."""
        me, ahead = self._me()
        start = self._start(since) + ahead
        after = f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        changed: Params = {"updated_after": after}
        found: list[Issue] = []
        left_out = 0
        for path in self._place.paths:
            lists: list[tuple[str, Params]] = [
                ("#", changed),
                ("!", {**changed, "author_id": me.id}),
            ]
            if since is None:
                lists.append(("#", {"state": "opened", "assignee_id": me.id}))
            for sign, filters in lists:
                rows, odd = self._rows(path, sign, filters)
                left_out += odd
                kept = rows if sign == "#" else rows[:_MOST_REQUESTS]
                found += [self._understood(path, sign, row, me) for row in kept]
        if left_out:
            raise PartlyRead("GitLab", left_out, forges.merged(found))
        return forges.merged(found)

    def by_keys(self, keys: Sequence[str]) -> tuple[Issue, ...]:
        """Those that exist; of a merge request, the issue that it closes."""
        batches = self._batches(keys, _AT_ONCE)
        if not batches:
            return ()
        me, _ = self._me()
        found = []
        for path, sign, iids in batches:
            asked = "&".join(f"iids[]={iid}" for iid in iids)
            page = self._page(path, f"{_LISTS[sign]}?{asked}", {"per_page": _PAGE})
            found += [self._understood(path, sign, row, me) for row in page.rows]
        return forges.merged(found)

    def _titled(self, text: str) -> Iterator[Issue]:
        me, _ = self._me()
        filters: Params = {"search": text, "in": "title", "per_page": 20}
        for path in self._place.paths[: forges.SEARCHED]:
            page = self._page(path, _LISTS["#"], filters)
            yield from (self._issue(forges.Ref(path, "#", row.iid), row, me) for row in page.rows)

    def check(self) -> str:
        """Whose the token is, and how many issues it sees."""
        me, _ = self._me()
        seen = listing(f"{self._count(path)} in {path}" for path in self._place.paths)
        return f"signed in as {me.username}, sees {seen}"

    # -- Asking ----------------------------------------------------------------------------

    def _headers(self) -> Mapping[str, str]:
        if self._place.token is None:
            raise SourceError(f"GitLab needs a token: set {self._variable}", lasting=True)
        return in_header("PRIVATE-TOKEN", self._place.token)()

    def _me(self) -> tuple[_GitLabWho, timedelta]:
        """Who asks, and how far the server's clock is ahead of ours."""
        now = self._clock()
        return self._client.get(
            "/user", {}, lambda answer: (answer.read(_GitLabWho), (answer.date or now) - now)
        )

    def _rows(self, path: str, sign: str, filters: Params) -> tuple[list[_GitLabRow], int]:
        """All rows that can be understood, the latest first, and how many others there are."""
        found: list[_GitLabRow] = []
        left_out = 0
        params = {"order_by": "updated_at", "sort": "desc", "per_page": _PAGE, **filters}
        for number in range(1, forges.MOST // _PAGE + 1):
            page = self._page(path, _LISTS[sign], {**params, "page": number})
            found += page.rows
            left_out += page.left_out
            if not page.more:
                break
        return found, left_out

    def _page(self, path: str, what: str, params: Params) -> _GitLabPage:
        address = f"/projects/{quote(path, safe='')}/{what}"
        return self._client.get(address, {"scope": "all", **params}, _GitLabPage.of)

    def _count(self, path: str) -> str:
        total = self._page(path, _LISTS["#"], {"state": "opened", "per_page": 1}).total
        return count(int(total), "open issue") if total.isdecimal() else "many open issues"

    def _sentence(self, error: BadStatus) -> str:
        sentences = {
            401: f"GitLab refused the token: check {self._variable}, or the one for all groups",
            403: "GitLab does not let this token in: it needs the scope read_api",
            404: (
                f"GitLab shows this token none of {clean(listing(self._place.paths), 200)}: check"
                " the spelling, gitlab.url, and the account's access"
            ),
        }
        return sentences.get(error.response.status, str(error))

    # -- Understanding ---------------------------------------------------------------------

    def _understood(self, path: str, sign: str, row: _GitLabRow, me: _GitLabWho) -> Issue:
        """The issue, or the one that a merge request closes, if that is the group's as well."""
        ref = forges.Ref(path, sign, row.iid)
        if sign == "!":
            name = row.full.rpartition("!")[0].casefold()
            for issue in self._page(path, f"{_LISTS['!']}/{row.iid}/closes_issues", {}).rows:
                home = issue.full.rpartition("#")[0]
                there = path if home.casefold() == name else forges.own_path(self._place, home)
                if there:
                    alias = forges.key_of(self._place, ref)
                    return self._issue(forges.Ref(there, "#", issue.iid), issue, me, alias)
        return self._issue(ref, row, me)

    def _issue(self, ref: forges.Ref, row: _GitLabRow, me: _GitLabWho, *aliases: str) -> Issue:
        request = ref.sign == "!"
        people = [*(row.assignees or ()), *([row.author] if request and row.author else [])]
        word = (row.issue_type or "issue").replace("_", " ").lower()
        return Issue(
            key=forges.key_of(self._place, ref),
            title=row.title,
            url=f"{self._place.url}/{ref.path}/-/{_LISTS[ref.sign]}/{ref.number}",
            tracker=self.name,
            group=self.group,
            type=_REQUEST if request else forges.type_of(row.labels or (), word),
            closed=row.state in ("closed", "merged"),
            mine=me.id in {who.id for who in people},
            updated=row.updated_at,
            aliases=aliases,
        )


def _pages(sign: str) -> Callable[[str, str], Sequence[str]]:
    def patterns(host: str, name: str) -> tuple[str, ...]:
        """`gitlab.com/acme/web/-/issues/12`; titles have the projects' names, spelt alike."""
        shown = " / ".join(spelling_pattern(part) for part in name.split("/"))
        return (
            rf"{host}/{re.escape(name)}(?:/-)?/{_ADDRESSES[sign]}/{forges.NUMBER}",
            rf"\({sign}{forges.NUMBER}\) · {_TITLES[sign]} · {shown}(?![\w/-]| /)",
        )

    return patterns
