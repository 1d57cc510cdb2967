"""Taiga's user stories, tasks, issues and epics of one group's project.

Refs run through all four kinds, so `#12` is one thing in a project. Taiga has no typeahead of its
own: search is over what is cached. Whether work has begun is known only where the status is
called "In progress", as in Taiga's own templates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from pydantic import BaseModel

from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.keys import KeyForm
from tracklater_bot.domain.text import clean, count
from tracklater_bot.http import BadStatus, HttpError, Response, Timing, Title, When, utc_now
from tracklater_bot.settings import ResolvedTaiga, Settings
from tracklater_bot.sources.base import PartlyRead, SourceError
from tracklater_bot.sources.issues.taiga_login import TaigaLogin, TaigaLogins

_PAGE = 100
_MOST = 20_000
_FIRST = timedelta(days=90)
_LAG = timedelta(minutes=5)
_REF = re.compile(r"#([1-9][0-9]{0,8})")
# What Taiga itself writes: its word in commits, its addresses, its pages' titles.
KEY_FORM = KeyForm(
    tracker="taiga",
    text=(
        r"(?<![^\W_])tg-([1-9]\d{0,5})(?![^\W_])"
        r"|/project/[\w-]+/(?:us|task|issue|epic|t)/([1-9]\d{0,5})(?![^\W_])"
        r"|\s[-–—]\s(?:user story|task|issue|epic) #([1-9]\d{0,5})(?=\s[-–—]\s)"
    ),
    key="#{}",
    bare_numbers=True,
)
_IN_PROGRESS = "in progress"


@dataclass(frozen=True, slots=True)
class _Kind:
    """One of the four kinds: its list, our word, its word in addresses, and the right to see it."""

    path: str
    word: str
    short: str
    right: str

    def counted(self, number: int) -> str:
        """`1 epic`, `2 user stories`."""
        if self.word == "story":
            return count(number, "user story", "user stories")
        return count(number, self.word)


KINDS = (
    _Kind("userstories", "story", "us", "view_us"),
    _Kind("tasks", "task", "task", "view_tasks"),
    _Kind("issues", "issue", "issue", "view_issues"),
    _Kind("epics", "epic", "epic", "view_epics"),
)


class _TaigaStatus(BaseModel):
    name: Title = ""
    is_closed: bool = False


class _TaigaRow(BaseModel):
    """What all four kinds have in common; only stories have several assignees."""

    id: int
    ref: int
    subject: Title = ""
    status_extra_info: _TaigaStatus | None = None
    assigned_to: int | None = None
    assigned_users: list[int] | None = None
    modified_date: When = None


class _Project(BaseModel):
    id: int
    name: Title = ""
    my_permissions: list[str] | None = None
    is_backlog_activated: bool = True
    is_kanban_activated: bool = True
    is_issues_activated: bool = True
    is_epics_activated: bool = True

    def uses(self, kind: _Kind) -> bool:
        """Whether the project has that module switched on."""
        stories = self.is_backlog_activated or self.is_kanban_activated
        others = {"issue": self.is_issues_activated, "epic": self.is_epics_activated}
        return others.get(kind.word, stories)

    def shows(self, kind: _Kind) -> bool:
        """Whether this account may see that kind."""
        return self.my_permissions is None or kind.right in self.my_permissions


@dataclass(eq=False, repr=False)
class TaigaSource:
    """The issues of one group's Taiga project, as the IssueSource protocol describes."""

    name = "taiga"

    group: str
    place: ResolvedTaiga
    login: TaigaLogin | None
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def set_up(cls, settings: Settings, clock: Callable[[], datetime]) -> Iterator[TaigaSource]:
        """One for each group with a Taiga project; those of one account sign in together."""
        logins = TaigaLogins(Timing(now=clock))
        for name in settings.groups:
            if (place := settings.taiga_for(name)) is not None:
                yield cls(name, place, logins.of(place), clock)

    @classmethod
    def key_forms(cls, settings: Settings, group: str) -> tuple[KeyForm, ...]:
        """`#12` and what Taiga makes of it: a text must be known to be the group's."""
        return (KEY_FORM,) if settings.groups[group].taiga.project_slug else ()

    @property
    def scope(self) -> str:
        """Server, where its pages are, and project."""
        return f"{self.place.url} {self.place.web_url} {self.place.project_slug}"

    def owns(self, key: str) -> bool:
        """Whether the key is written as Taiga's are: `#12`."""
        return _REF.fullmatch(key) is not None

    def recent(self, since: datetime | None) -> tuple[Issue, ...]:
        """What changed since then; at first all that is open, and what was closed in 90 days."""
        with _as_source_error(self.place):
            project, ahead = self._project()
            found: dict[int, Issue] = {}
            left_out = 0
            for kind in KINDS:
                if project.uses(kind) and project.shows(kind):
                    for filters in self._filters(since, ahead):
                        rows, odd = self._rows(kind, project, filters)
                        found |= {row.ref: self._parsed(row, kind) for row in rows}
                        left_out += odd
            if left_out:
                raise PartlyRead("Taiga", left_out, tuple(found.values()))
            return tuple(found.values())

    def by_keys(self, keys: Sequence[str]) -> tuple[Issue, ...]:
        """Those that exist: two questions for each, so the list is best kept short."""
        refs = [match[1] for key in dict.fromkeys(keys) if (match := _REF.fullmatch(key))]
        with _as_source_error(self.place):
            return tuple(issue for ref in refs if (issue := self._by_ref(ref)))

    def search(self, text: str) -> tuple[Issue, ...]:
        """Nothing: Taiga has no typeahead, and what is cached has been searched already."""
        return ()

    def check(self) -> str:
        """Who is signed in, how many there are of each kind, and what may not be seen."""
        with _as_source_error(self.place):
            project, _ = self._project()
            used = [kind for kind in KINDS if project.uses(kind)]
            seen = [kind for kind in used if project.shows(kind)]
            counts = ", ".join(kind.counted(self._count(kind, project)) for kind in seen)
            hidden = [kind.path for kind in used if not project.shows(kind)]
        missing = f"; may not see {', '.join(hidden)}" if hidden else ""
        return (
            f"signed in as {self._account().username}, sees {counts or 'nothing'}"
            f" in {project.name}{missing}"
        )

    # -- Asking ----------------------------------------------------------------------------

    def _account(self) -> TaigaLogin:
        if self.login is None:
            raise SourceError(
                "Taiga needs an account: set TRACKLATER_TAIGA__USERNAME"
                " and TRACKLATER_TAIGA__PASSWORD",
                lasting=True,
            )
        return self.login

    def _get(self, path: str, **params: str | int) -> Response:
        return self._account().get(path, params)

    def _project(self) -> tuple[_Project, timedelta]:
        """The project, and how far the server's clock is ahead of ours.

        Asked each time: a list of a project that one may no longer see is empty, not refused.
        """
        answer = self._get("/projects/by_slug", slug=self.place.project_slug)
        ahead = answer.date - self.clock() if answer.date else timedelta()
        return answer.read(_Project), ahead

    def _filters(self, since: datetime | None, ahead: timedelta) -> list[dict[str, str]]:
        start = (self.clock() - _FIRST if since is None else since - _LAG) + ahead
        changed = {"modified_date__gte": f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        if since is not None:
            return [changed]
        return [{"status__is_closed": "false"}, {"status__is_closed": "true", **changed}]

    def _rows(
        self, kind: _Kind, project: _Project, filters: Mapping[str, str]
    ) -> tuple[list[_TaigaRow], int]:
        """All rows that can be understood, and how many others there are."""
        found: dict[int, _TaigaRow] = {}
        left_out = 0
        for page, sent in self._pages(f"/{kind.path}", project.id, filters):
            before = len(found)
            found |= {row.ref: row for row in page}
            left_out += sent - len(page)
            if (page and len(found) == before) or len(found) >= _MOST:
                break
        return list(found.values()), left_out

    def _pages(
        self, path: str, project: int, filters: Mapping[str, str]
    ) -> Iterator[tuple[list[_TaigaRow], int]]:
        """Pages by number, and how many rows each was sent with. The address of the next one that
        Taiga sends is not followed: it is made of what the request called the host, and would get
        the token."""
        read = 0
        for number in range(1, _MOST // _PAGE + 2):
            try:
                answer = self._get(path, project=project, page=number, page_size=_PAGE, **filters)
            except BadStatus as error:
                if error.status == 404 and number > 1:
                    return  # past the end
                raise
            rows, sent = answer.rows(_TaigaRow)
            yield rows, sent
            read += sent
            if not sent or "x-paginated" not in answer.headers or read >= _total(answer):
                return

    def _by_ref(self, ref: str) -> Issue | None:
        answer = self._get("/resolver", project=self.place.project_slug, ref=ref)
        ids = answer.read(dict[str, int | None])
        for kind in KINDS:
            if number := ids.get(kind.short):
                return self._parsed(self._get(f"/{kind.path}/{number}").read(_TaigaRow), kind)
        return None

    def _count(self, kind: _Kind, project: _Project) -> int:
        answer = self._get(f"/{kind.path}", project=project.id, page=1, page_size=1)
        return _total(answer)

    # -- Understanding ---------------------------------------------------------------------

    def _parsed(self, row: _TaigaRow, kind: _Kind) -> Issue:
        status = row.status_extra_info or _TaigaStatus()
        me = self._account().user
        return Issue(
            key=f"#{row.ref}",
            title=row.subject,
            url=self._address(kind, row.ref),
            tracker=self.name,
            group=self.group,
            type=kind.word,
            closed=status.is_closed,
            mine=me == row.assigned_to or me in (row.assigned_users or ()),
            in_progress=not status.is_closed and status.name.casefold() == _IN_PROGRESS,
            updated=row.modified_date,
        )

    def _address(self, kind: _Kind, ref: int) -> str:
        slug = quote(self.place.project_slug, safe="")
        return f"{self.place.web_url.rstrip('/')}/project/{slug}/{kind.short}/{ref}"


def _total(answer: Response) -> int:
    """How many there are altogether; without end where Taiga does not say."""
    value = answer.headers.get("x-pagination-count", "")
    return int(value) if value.isdecimal() else _MOST


@contextmanager
def _as_source_error(place: ResolvedTaiga) -> Iterator[None]:
    """Turns what went wrong on the way into a sentence that says what to do."""
    try:
        yield
    except BadStatus as error:
        raise SourceError(_sentence(error, place) + error.until, lasting=error.lasting) from None
    except HttpError as error:
        raise SourceError(str(error), lasting=error.lasting) from None


def _sentence(error: BadStatus, place: ResolvedTaiga) -> str:
    slug = clean(place.project_slug, 100)
    sentences = {
        401: "Taiga refused the sign-in: check the Taiga user name and password",
        403: f"Taiga does not let this account into {slug}: ask for access to the project",
        404: (
            f"Taiga has no project {slug} for this account: write the slug as in the project's"
            " address, often with the owner's name in front"
        ),
        451: f"Taiga has closed or archived the project {slug}",
    }
    if error.status == 404 and "json" not in error.response.headers.get("Content-Type", ""):
        return "there is no Taiga API at taiga.url: it ends with /api/v1 on most servers"
    return sentences.get(error.status or 0, str(error))
