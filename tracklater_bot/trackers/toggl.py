"""Toggl Track (API v9): reads the account and its entries, writes entries exactly as told.

Requests are scarce (30 an hour on a free account), so each call costs one, quota headers are
remembered, and nothing is asked while the quota is known to be used up. Writes are never repeated
here: a lost answer is Unknown, and the caller looks with `find` first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import NoReturn, TypeVar
from urllib.parse import urlsplit

from tracklater_bot import http
from tracklater_bot.domain.day import Span, oldest_in_reach
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.settings import GroupSettings, TogglSettings
from tracklater_bot.trackers import base, forms
from tracklater_bot.trackers import toggl_models as models
from tracklater_bot.trackers.tallies import Tallies, ToldQuota, over_quota

T = TypeVar("T")

CREATED_WITH = "tracklater-bot"
_HOURLY = (30, 240, 600)  # requests of the free plan and of those that cost something
_MOST_ENTRIES = 1000  # Toggl sends no more rows than this, and does not say that there are more
# An entry is found by its start: a timer forgotten on Friday still runs on Monday.
_LOOKBACK = timedelta(days=3)
_AROUND_START = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
_PAUSE = timedelta(seconds=5)  # after 429: the bucket leaks about one request a second
_UNTIL_RESET = timedelta(minutes=15)  # when Toggl does not say when its hour is over
# A second try is all a question is worth: each one counts against the hourly quota.
_RETRY = http.RetryPolicy(tries=2, seconds=15, first=1.5)
_RESET = re.compile(r"reset in (\d{1,5}) sec", re.IGNORECASE)
_CREDENTIALS = re.compile(r"password|token|credential|forbidden|unauthori[sz]ed", re.IGNORECASE)
_TOO_OLD = "Toggl's API goes back three months only: add it in Toggl itself"
_REFUSED = (
    "Toggl refused the token: copy the API token from Toggl's profile page"
    " into TRACKLATER_TOGGL__API_TOKEN"
)


class _PaidFeature(base.Refused):
    """The plan of the workspace does not have what was asked for."""


# -- The tracker -------------------------------------------------------------------------------


def page_of(api: str) -> str:
    """Where the person looks at entries: Toggl's own page, or that of the host that stands in."""
    parts = urlsplit(api)
    own = (parts.hostname or "").endswith("toggl.com")
    return "https://track.toggl.com/timer" if own else f"{parts.scheme}://{parts.netloc}/"


class TogglTracker:
    """One person's Toggl account, as the Tracker protocol describes."""

    name = "toggl"
    label = "Toggl"
    forgets = True

    def __init__(
        self,
        settings: TogglSettings,
        clock: Callable[[], datetime] = http.utc_now,
        timing: http.Timing | None = None,
        tallies: Tallies | None = None,
    ) -> None:
        self._token = settings.api_token.get_secret_value().strip() if settings.api_token else ""
        self._workspace_id = settings.workspace_id
        self._configured_id = settings.workspace_id
        self.page = page_of(settings.base_url)
        self._clock = clock
        self._tallies = tallies or Tallies()
        api = settings.base_url.rstrip("/")
        self._client, self._reports = (
            http.ServiceClient(
                "Toggl",
                address,
                http.basic(self._token, "api_token"),
                retry=_RETRY,
                timing=timing or http.Timing(now=clock),
            )
            for address in (api, f"{api.removesuffix('/api/v9')}/reports/api/v3")
        )

    @property
    def account_key(self) -> str:
        """What tells apart who asks Toggl and where; the token cannot be had from it."""
        return forms.account_key(self._client.base_url, self._configured_id, self._token)

    def check(self, groups: Mapping[str, GroupSettings]) -> str:
        """Who the token belongs to, how many projects there are, and what is left of the quota."""
        return forms.signed_in(self, groups)

    def account(self) -> base.Account:
        """Who the token belongs to, and the workspace's projects: one request."""
        me = self._read("/me", models.Me, {"with_related_data": "true"})
        workspace = self._workspace_of(me)
        self._workspace_id = workspace.id
        return models.account_of(me, workspace)

    def entries(self, span: Span) -> tuple[TimeEntry, ...]:
        """Entries that share time with `span`, earliest first; the running one among them.

        Those that began before Toggl can be asked for are not seen.
        """
        oldest = self._require_reach(span.end - _SECOND)
        rows, odd = self._entries(max(span.start - _LOOKBACK, oldest), span.end)
        return forms.sharing((row.entry() for row in rows.values()), span, _odd(odd))

    def reported(self, span: Span) -> tuple[TimeEntry, ...]:
        """Entries that share time with `span` from the reports, which know of older days too.

        One request for each page, and one for whose entries they are.
        """
        me = self._read("/me", models.Me, {"with_related_data": "true"})
        path = f"/workspace/{self._workspace_of(me).id}/search/time_entries"
        ask = partial(partial, self._reports.find, path)
        try:
            found, odd = models.reported(span, me.id, lambda body: self._counted(path, ask(body)))
        except http.HttpError as error:
            self._raise(error, path, writing=False)
        return forms.sharing(found, span, _odd(odd))

    def create(self, entry: base.NewEntry) -> TimeEntry:
        """Writes the entry with a single request; Unknown when its answer was lost."""
        self._require_reach(entry.span.start)
        workspace = self._workspace()
        body = models.body_of(entry) | {"created_with": CREATED_WITH, "workspace_id": workspace}
        answer = self._write("POST", f"/workspaces/{workspace}/time_entries", body)
        return self._written(answer, entry)

    def find(self, entry: base.NewEntry) -> TimeEntry | None:
        """An entry that equals `entry` in start, duration, description and project, if any."""
        start = forms.whole_seconds(entry.span.start)
        oldest = self._require_reach(start)
        rows, odd = self._entries(max(start - _AROUND_START, oldest), start + _AROUND_START)
        same = (row.entry() for row in rows.values() if models.is_same(row, entry))
        return forms.the_same(same, _odd(odd))

    def update(self, entry_id: str, entry: base.NewEntry, seen: str | None) -> TimeEntry:
        """Makes the entry equal `entry`, sending only what differs; nothing, if nothing does."""
        row = self._entry(entry_id)
        change = models.difference(row, entry)
        # Looked at before the conflict: an update whose answer was lost has changed `at` itself.
        if not change:
            return row.entry()
        models.require_unchanged(row, seen)
        if "start" in change:
            self._require_reach(entry.span.start)
        path = f"/workspaces/{row.workspace_id}/time_entries/{_path_part(entry_id)}"
        return self._written(self._write("PUT", path, change), entry, row.id)

    def delete(self, entry_id: str, seen: str | None) -> None:
        """Removes the entry."""
        workspace = self._workspace()
        if seen is not None:
            row = self._entry(entry_id)
            models.require_unchanged(row, seen)
            workspace = row.workspace_id
        self._write("DELETE", f"/workspaces/{workspace}/time_entries/{_path_part(entry_id)}")

    def quota(self) -> base.Quota:
        """What is left for writing, as the last answers told; else for reading."""
        known = self._quota("workspace").quota() or self._quota("me").quota()
        return known or base.Quota(None, None, _HOURLY[0])

    def constraints(self) -> base.Constraints:
        """What the workspace demands of every entry; nothing on plans without that feature."""
        path = f"/workspaces/{self._workspace()}/time_entry_constraints"
        try:
            return (self._read(path, models.CONSTRAINTS) or models.TogglConstraints()).constraints()
        except _PaidFeature:
            return base.Constraints()

    # -- Details ---------------------------------------------------------------------------

    def _workspace(self) -> int:
        """The workspace to write to; asks for the account's own where the settings name none."""
        if not self._workspace_id:
            self.account()
        return self._workspace_id

    def _workspace_of(self, me: models.Me) -> models.TogglWorkspace:
        wanted, workspaces = self._configured_id or me.default_workspace_id, me.workspaces
        for workspace in workspaces:
            if workspace.id == wanted:
                return workspace
        if workspaces and not self._configured_id:
            return workspaces[0]
        names = ", ".join(f"{known.name} ({known.id})" for known in workspaces[:8]) or "none at all"
        raise base.Refused(f"Toggl has no workspace {wanted} for this account; it has {names}")

    def _entry(self, entry_id: str) -> models.TogglEntry:
        row = self._read(f"/me/time_entries/{_path_part(entry_id)}", models.TogglEntry)
        if row.server_deleted_at:
            raise base.Gone("the entry is no longer in Toggl")
        return row

    def _entries(self, start: datetime, end: datetime) -> tuple[dict[int, models.TogglEntry], int]:
        """Entries that start in the stretch, by id, and how many rows cannot be understood.

        Halved where Toggl would leave some out.
        """
        params = {"start_date": forms.rfc3339(start), "end_date": forms.rfc3339(end)}
        rows = self._read("/me/time_entries", models.ENTRIES, params) or []
        if len(rows) >= _MOST_ENTRIES and end - start > timedelta(hours=1):
            middle = start + (end - start) / 2
            (before, some), (after, more) = self._entries(start, middle), self._entries(middle, end)
            return before | after, some + more
        good = http.understood(models.TogglEntry, rows)
        return {row.id: row for row in good if not row.server_deleted_at}, len(rows) - len(good)

    def _read(self, path: str, shape: http.Shape[T], params: http.Params | None = None) -> T:
        try:
            return self._counted(path, lambda: self._client.get(path, params)).read(shape)
        except http.HttpError as error:
            self._raise(error, path, writing=False)

    def _write(self, method: str, path: str, body: object = None) -> http.Response:
        try:
            return self._counted(path, lambda: self._client.send(method, path, body))
        except http.HttpError as error:
            self._raise(error, path, writing=True)

    def _written(
        self, answer: http.Response, entry: base.NewEntry, known: int | None = None
    ) -> TimeEntry:
        """The entry in the answer to a write. An unreadable one may have been carried out."""

        def same(row: models.TogglEntry) -> bool:
            return models.is_same(row, entry) and row.id == (known or row.id)

        return forms.written(answer, models.TogglEntry, same, self.label).entry()

    def _counted(self, path: str, call: Callable[[], http.Response]) -> http.Response:
        """Calls, unless that is known to be useless, and remembers what is left afterwards."""
        bucket = _bucket(path)
        self._require_token()
        quota = self._quota(bucket)
        quota.take()
        try:
            answer = call()
        except http.Unreachable:
            quota.give_back()
            raise
        except http.BadStatus as error:
            self._note_quota(bucket, error.response)
            raise
        self._note_quota(bucket, answer)
        return answer

    def _require_reach(self, at: datetime) -> datetime:
        """The oldest moment that may be asked for. Raises TooOld for an older one."""
        oldest = oldest_in_reach(self._clock())
        if at < oldest:
            raise base.TooOld(_TOO_OLD)
        return oldest

    def _require_token(self) -> None:
        if not self._token:
            raise base.Refused("Toggl needs a token: set TRACKLATER_TOGGL__API_TOKEN")
        if self._token.startswith("toggl_sk_"):
            raise base.Refused(
                "the Toggl token belongs to another Toggl product (it starts with toggl_sk_):"
                " use the API token from Toggl Track's profile page"
            )

    def _quota(self, bucket: str) -> ToldQuota:
        name = f"toggl {self.account_key} {bucket}"
        return ToldQuota(self._tallies, name, "Toggl's", _HOURLY, self._clock)

    def _note_quota(self, bucket: str, answer: http.Response) -> None:
        remaining = models.header_number(answer, "X-Toggl-Quota-Remaining")
        seconds = models.header_number(answer, "X-Toggl-Quota-Resets-In")
        if remaining is not None:
            wait = timedelta(seconds=min(seconds, 3600)) if seconds is not None else _UNTIL_RESET
            self._quota(bucket).note(remaining, self._clock() + wait)

    def _raise(self, error: http.HttpError, path: str, *, writing: bool) -> NoReturn:
        """Turns what went wrong on the way into what it means for the entry."""
        raise forms.meaning(
            error, self.label, lambda said: self._refusal(said, path), writing=writing
        ) from None

    def _refusal(self, error: http.BadStatus, path: str) -> base.TrackerError:
        answer = error.response
        if answer.status == 429:
            return base.NotSent(str(error), error.retry_at or self._clock() + _PAUSE)
        if answer.status == 402:
            return self._payment_required(path, answer)
        # 403 is said for a bad token, mostly without a word, and for a workspace one may not use.
        about_token = not answer.text() or _CREDENTIALS.search(answer.text()) is not None
        if answer.status == 401 or (answer.status == 403 and about_token):
            return base.Refused(_REFUSED)
        if answer.status in (404, 410):
            return _not_there(path, answer)
        if answer.status < 400:
            return base.Refused(str(error))
        return base.Refused(f"Toggl refused it: {answer.text() or f'HTTP {answer.status}'}")

    def _payment_required(self, path: str, answer: http.Response) -> base.TrackerError:
        """402 is said for a used-up quota and for features of paid plans alike."""
        known, text = self._quota(_bucket(path)), answer.text()
        quota = known.last()
        reset = _RESET.search(text)
        used_up = quota is not None and quota.remaining is not None and quota.remaining <= 0
        if not (used_up or reset or "hourly limit" in text.casefold()):
            return _PaidFeature(f"Toggl has this only on paid plans: {text or 'HTTP 402'}")
        wait = timedelta(seconds=min(int(reset[1]), 3600)) if reset else _UNTIL_RESET
        until = (quota.resets_at if used_up and quota else None) or self._clock() + wait
        known.note(0, until)
        return over_quota("Toggl's", until)


def _odd(rows: int) -> str:
    if not rows:
        return ""
    entries = "an entry" if rows == 1 else f"{rows} entries"
    return f"Toggl has {entries} at that time that cannot be understood"


def _path_part(entry_id: str) -> str:
    if not entry_id.isdecimal():
        raise base.Refused("that is no entry of Toggl's")
    return entry_id


def _not_there(path: str, answer: http.Response) -> base.TrackerError:
    if re.search(r"/time_entries/\d+$", path):
        return base.Gone("the entry is no longer in Toggl")
    if answer.status == 410:
        return base.Refused("Toggl no longer has this part of its API: update tracklater-bot")
    workspace = re.match(r"/workspaces/(\d+)", path)
    if workspace:
        return base.Refused(
            f"Toggl has no workspace {workspace[1]} for this account: check toggl.workspace_id"
        )
    return base.Refused("Toggl does not know this address: check toggl.base_url")


def _bucket(path: str) -> str:
    """Toggl counts calls about the person apart from those about the organisation."""
    return "me" if path.startswith("/me") else "workspace"
