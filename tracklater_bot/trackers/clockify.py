"""Clockify (API v1): reads the account and its entries, writes entries exactly as told.

A free workspace has 30 requests an hour for all its members and tools, and no answer tells what is
left: they are counted here, each call costs one, and none is repeated. A lost answer to a write is
Unknown, and the caller looks with `find` first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from typing import Any, TypeVar

from pydantic import SecretStr

from tracklater_bot import http
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.text import clean, folded
from tracklater_bot.settings import ClockifySettings, GroupSettings
from tracklater_bot.trackers import base, forms
from tracklater_bot.trackers import clockify_models as models
from tracklater_bot.trackers.tallies import CountedRequests, Tallies

T = TypeVar("T")

_PAGE_SIZE, _MOST_PAGES = 1000, 20
# By which of its ends an entry is chosen is not told, so a day around is asked for; and a timer
# forgotten on Friday still runs on Monday.
_AROUND, _LOOKBACK = timedelta(days=1), timedelta(days=3)
_PAUSE = timedelta(seconds=5)  # after 429 on a plan that counts no hours
_LABEL = "the Clockify workspace's"
_ODD = "Clockify has an entry around that time that cannot be understood"
_ID = re.compile(r"[0-9A-Za-z]{16,64}")


class ClockifyTracker:
    """One person's Clockify workspace, as the Tracker protocol describes."""

    name = "clockify"
    label = "Clockify"
    page = "https://app.clockify.me/tracker"
    forgets = False

    def __init__(
        self,
        settings: ClockifySettings,
        clock: Callable[[], datetime] = http.utc_now,
        timing: http.Timing | None = None,
        tallies: Tallies | None = None,
    ) -> None:
        self._key = settings.api_key.get_secret_value().strip() if settings.api_key else ""
        self._configured = settings.workspace.strip()
        self._clock = clock
        self._requests = CountedRequests(
            tallies or Tallies(), self._tally, _LABEL, settings.hourly_requests, clock
        )
        self._user: models.ClockifyUser | None = None
        self._tags: dict[str, str] = {}  # id -> name, as last told
        self._client = http.ServiceClient(
            "Clockify",
            settings.base_url,
            http.in_header("X-Api-Key", SecretStr(self._key)),
            retry=http.RetryPolicy(tries=1),
            timing=timing or http.Timing(now=clock),
        )

    @property
    def account_key(self) -> str:
        """What tells apart who asks Clockify and where; the key cannot be had from it."""
        return forms.account_key(self._client.base_url, self._configured, self._key)

    def check(self, groups: Mapping[str, GroupSettings]) -> str:
        """Who the key belongs to, how many projects there are, and what is left of the quota."""
        return forms.signed_in(self, groups)

    def account(self) -> base.Account:
        """Who the key belongs to, and the workspace's projects: one request, two at first."""
        user, workspace = self._me(), self._workspace()
        path = f"/workspaces/{workspace}/projects"
        projects, _ = self._pages(path, models.ClockifyProject, {"hydrated": "true"})
        return models.account_of(user, workspace, projects)

    def entries(self, span: Span) -> tuple[TimeEntry, ...]:
        """Entries that share time with `span`, earliest first; the running one among them."""
        rows, odd = self._entries(span.start - _LOOKBACK, span.end + _AROUND)
        entries = (row.entry(self._tags) for row in rows if not row.is_break)
        return forms.sharing(entries, span, _ODD if odd else "")

    def create(self, entry: base.NewEntry) -> TimeEntry:
        """Writes the entry with a single request; Unknown when its answer was lost."""
        path = f"/workspaces/{self._workspace()}/time-entries"
        body = models.body_of(_with_own_ids(entry), self._tag_ids(entry.tags))
        return self._written(self._write("POST", path, body), entry)

    def find(self, entry: base.NewEntry) -> TimeEntry | None:
        """An entry that equals `entry` in start, end, description and project, if any."""
        rows, odd = self._entries(entry.span.start - _AROUND, entry.span.end + _AROUND)
        same = (row.entry(self._tags) for row in rows if models.is_same(row, entry))
        return forms.the_same(same, _ODD if odd else "")

    def update(self, entry_id: str, entry: base.NewEntry, seen: str | None) -> TimeEntry:
        """Makes the entry equal `entry` and keeps what that leaves open; nothing, if it does."""
        path = self._path_of(entry_id)
        row = self._read(path, {"hydrated": "true"}, models.ClockifyEntry)
        kept = {*row.tag_names(self._tags)} == {*map(forms.words, entry.tags)}
        tag_ids = row.tagIds or [] if kept else self._tag_ids(entry.tags)
        body = models.changed_body(row, _with_own_ids(entry), tag_ids)
        # Looked at before the conflict: an update whose answer was lost has changed the entry.
        if models.says_already(row, entry, body):
            return row.entry(self._tags)
        models.require_unchanged(row, seen)
        return self._written(self._write("PUT", path, body), entry, row.id)

    def delete(self, entry_id: str, seen: str | None) -> None:
        """Removes the entry."""
        path = self._path_of(entry_id)
        if seen is not None:
            row = self._read(path, {"hydrated": "true"}, models.ClockifyEntry)
            models.require_unchanged(row, seen)
        self._write("DELETE", path)

    def quota(self) -> base.Quota:
        """What is left of the hour, as far as it was counted."""
        return self._requests.quota()

    def constraints(self) -> base.Constraints:
        """What the workspace demands of every entry."""
        rows = self._ask("/workspaces", {}, lambda answer: answer.rows(models.ClockifyWorkspace)[0])
        workspace = self._workspace()
        return next((row.constraints() for row in rows if row.id == workspace), base.Constraints())

    # -- Details ---------------------------------------------------------------------------

    def _me(self) -> models.ClockifyUser:
        if self._user is None:
            before = self._tally()
            self._user = self._read("/user", {}, models.ClockifyUser)
            if self._tally() != before:  # it is known now whose requests it was one of
                self._requests.note()
        return self._user

    def _tally(self) -> str:
        """Where requests are counted: all members of a workspace share them."""
        counted = f"{self._client.base_url} {self._known_workspace() or self._key}"
        return f"clockify {blake2b(counted.encode(), digest_size=8).hexdigest()}"

    def _known_workspace(self) -> str | None:
        """The workspace that is set, else the account's own: not the one that is just open."""
        if self._configured or self._user is None:
            return self._configured
        return self._user.defaultWorkspace or self._user.activeWorkspace

    def _workspace(self) -> str:
        """Where entries go."""
        if not self._configured:
            self._me()
        workspace = self._known_workspace()
        if not workspace or not _ID.fullmatch(workspace):
            raise base.Refused(
                "clockify.workspace is no workspace's id: copy it from its settings' URL"
            )
        return workspace

    def _path_of(self, entry_id: str) -> str:
        if not _ID.fullmatch(entry_id):
            raise base.Refused("that is no entry of Clockify's")
        return f"/workspaces/{self._workspace()}/time-entries/{entry_id}"

    def _entries(self, start: datetime, end: datetime) -> tuple[list[models.ClockifyEntry], int]:
        """Entries of the stretch, and how many there cannot be read."""
        path = f"/workspaces/{self._workspace()}/user/{self._me().id}/time-entries"
        window = {"start": forms.rfc3339(start), "end": forms.rfc3339(end), "hydrated": "true"}
        rows, odd = self._pages(path, models.ClockifyEntry, window)
        return list({row.id: row for row in rows}.values()), odd

    def _tag_ids(self, names: tuple[str, ...]) -> list[str]:
        """Ids of the tags, which are all that Clockify takes; those that it lacks are made."""
        if not names:
            return []
        wanted = {folded(forms.words(name)): forms.words(name) for name in names}
        path = f"/workspaces/{self._workspace()}/tags"
        if wanted.keys() - set(map(folded, self._tags.values())):
            self._tags = {tag.id: tag.name for tag in self._pages(path, models.Named, {})[0]}
        ids = {folded(name): tag_id for tag_id, name in self._tags.items()}
        for key in [key for key in wanted if key not in ids]:
            # No entry was sent yet, whatever becomes of this.
            body = {"name": wanted[key]}
            made = self._ask(path, body, lambda it: it.read(models.Named), post=True)
            self._tags[made.id], ids[key] = made.name, made.id
        return [ids[key] for key in wanted]

    def _pages(self, path: str, shape: http.Shape[T], params: http.Params) -> tuple[list[T], int]:
        """All rows that have the shape, and how many have not."""
        found: list[T] = []
        odd = 0
        for page in range(1, _MOST_PAGES + 1):
            asked = {**params, "page": page, "page-size": _PAGE_SIZE}
            last, (rows, number) = self._ask(
                path, asked, lambda it: (it.headers.get("Last-Page"), it.rows(shape))
            )
            found, odd = [*found, *rows], odd + number - len(rows)
            if last == "true" or number == 0 or (last != "false" and number < _PAGE_SIZE):
                break
        return found, odd

    def _read(self, path: str, params: http.Params, shape: http.Shape[T]) -> T:
        return self._ask(path, params, lambda answer: answer.read(shape))

    def _ask(
        self,
        path: str,
        what: Mapping[str, Any],
        understood: Callable[[http.Response], T],
        *,
        post: bool = False,
    ) -> T:
        """Anything but a change of entries: nothing of an entry was sent where it fails."""
        call = self._client.find if post else self._client.get
        try:
            return understood(self._counted(lambda: call(path, what)))
        except http.HttpError as error:
            raise self._meaning(error, path, writing=False) from None

    def _write(self, method: str, path: str, body: object = None) -> http.Response:
        try:
            return self._counted(lambda: self._client.send(method, path, body))
        except http.HttpError as error:
            self._tags = {}  # one of them may be gone
            raise self._meaning(error, path, writing=True) from None

    def _counted(self, call: Callable[[], http.Response]) -> http.Response:
        if not self._key:
            raise base.Refused("Clockify needs a key: set TRACKLATER_CLOCKIFY__API_KEY")
        self._requests.take()
        try:
            return call()
        except http.Unreachable:
            self._requests.give_back()
            raise

    def _written(
        self, answer: http.Response, entry: base.NewEntry, known: str | None = None
    ) -> TimeEntry:
        """The entry in the answer to a write. An unreadable one may have been carried out."""

        def same(row: models.ClockifyEntry) -> bool:
            return models.is_same(row, entry) and row.id == (known or row.id)

        return forms.written(answer, models.ClockifyEntry, same, self.label).entry(self._tags)

    def _meaning(self, error: http.HttpError, path: str, *, writing: bool) -> base.TrackerError:
        refusal = partial(self._refusal, path=path, writing=writing)
        return forms.meaning(error, self.label, refusal, writing=writing)

    def _refusal(self, error: http.BadStatus, path: str, *, writing: bool) -> base.TrackerError:
        status, text = error.response.status, _message(error.response)
        if status == 429:
            return self._requests.too_many(error.retry_at) or base.NotSent(
                "Clockify wants requests to come more slowly",
                error.retry_at or self._clock() + _PAUSE,
            )
        if status == 401:
            return base.Refused(
                "Clockify refused the key: make a new one in its preferences and set"
                " TRACKLATER_CLOCKIFY__API_KEY; a workspace in a region needs clockify.base_url"
            )
        # Seen too: 400 with "… doesn't belong to workspace" for an id that is not there.
        missing = status == 404 or (status == 400 and not writing and "belong" in text)
        if missing and re.search(r"/time-entries/\w+$", path):
            return base.Gone("the entry is no longer in Clockify")
        if (missing or status == 403) and not writing:
            where = "clockify.workspace" if "/workspaces/" in path else "clockify.base_url"
            return base.Refused(
                f"Clockify shows this key nothing there (HTTP {status}): check {where}; a workspace"
                " with an address of its own wants a key that was made there"
            )
        if status < 400:
            return base.Refused(str(error))
        return base.Refused(f"Clockify refused it: {text or f'HTTP {status}'}")


def _message(answer: http.Response) -> str:
    """What Clockify says of a refusal, as one clean line."""
    try:
        said = answer.json()
    except http.BadResponse:
        return ""
    message = said.get("message") if isinstance(said, dict) else None
    return clean(message, 200) if isinstance(message, str) else ""


def _with_own_ids(entry: base.NewEntry) -> base.NewEntry:
    """The same entry. Raises Refused where its project or task is of another tracker."""
    for found in (entry.project_id, entry.task_id):
        if found is not None and not _ID.fullmatch(found):
            raise base.Refused("that project or task is not Clockify's: press Edit")
    return entry
