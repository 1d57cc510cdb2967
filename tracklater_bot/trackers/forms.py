"""What trackers have in common: how an entry is written and compared, and what failures mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TypeVar
from unicodedata import normalize

from tracklater_bot import http
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.text import clean
from tracklater_bot.settings import GroupSettings
from tracklater_bot.trackers import base
from tracklater_bot.trackers.projects import resolve_projects

R = TypeVar("R")

_LONGEST_TEXT = 2000
# A proxy has given up waiting for the tracker itself, which may still be at it.
_GIVEN_UP = (408, 502, 503, 504)


def words(text: str) -> str:
    """A text as it is sent: cut by us, so that what comes back is what was sent."""
    return clean(text, _LONGEST_TEXT)


def same_words(known: str, wanted: str) -> bool:
    """Compared in one Unicode form: a difference that nobody sees must not make a second entry."""
    return normalize("NFC", known) == normalize("NFC", words(wanted))


def whole_seconds(at: datetime) -> datetime:
    """In UTC, cut to the second: the form in which times are stored and compared."""
    return at.astimezone(UTC).replace(microsecond=0)


def rfc3339(at: datetime) -> str:
    """A time as trackers want it."""
    return f"{whole_seconds(at):%Y-%m-%dT%H:%M:%SZ}"


def shares_time(entry: TimeEntry, span: Span) -> bool:
    """Running entries reach up to now and beyond; those of no length share none."""
    end = entry.end
    return entry.start < span.end and (end is None or (end > span.start and end > entry.start))


def sharing(entries: Iterable[TimeEntry], span: Span, odd: str) -> tuple[TimeEntry, ...]:
    """Those that share time with the span, earliest first.

    Raises PartlySeen where `odd` tells of others that cannot be understood.
    """
    shared = (entry for entry in entries if shares_time(entry, span))
    found = tuple(sorted(shared, key=lambda entry: (entry.start, entry.id)))
    if odd:
        raise base.PartlySeen(odd, found)
    return found


def the_same(entries: Iterable[TimeEntry], odd: str) -> TimeEntry | None:
    """The first of equal entries. Raises PartlySeen where there is none, but `odd` ones are."""
    same = min(entries, key=lambda entry: (len(entry.id), entry.id), default=None)
    if odd and same is None:
        raise base.PartlySeen(odd)
    return same


def written(answer: http.Response, shape: type[R], same: Callable[[R], bool], label: str) -> R:
    """The row in the answer to a write. An unreadable one may have been carried out."""
    try:
        row = answer.read(shape)
    except http.BadResponse as error:
        raise base.Unknown(str(error)) from None
    if not same(row):
        raise base.OtherEntry(f"{label} answered with another entry than the one sent")
    return row


def account_key(*asker: object) -> str:
    """What tells apart who asks a tracker and where; no secret can be had from it."""
    return blake2b(" ".join(map(str, asker)).encode(), digest_size=8).hexdigest()


def signed_in(tracker: base.Tracker, groups: Mapping[str, GroupSettings]) -> str:
    """Whose account it is, how many projects there are, and what is left of the quota.

    Raises Refused where a group's projects are not there.
    """
    account = tracker.account()
    _, troubles = resolve_projects(account.projects, groups, tracker.label, account.archived)
    if troubles:
        raise base.Refused(" ".join(troubles))
    left = tracker.quota().remaining
    quota = f", {left} requests left this hour" if left is not None else ""
    return f"signed in as {account.name}, {len(account.projects)} projects{quota}"


def meaning(
    error: http.HttpError,
    label: str,
    refusal: Callable[[http.BadStatus], base.TrackerError],
    *,
    writing: bool,
) -> base.TrackerError:
    """What went wrong on the way, as what it means for the entry.

    `refusal` tells it of answers in which the tracker itself says no, 429 among them.
    """
    if isinstance(error, http.BadStatus):
        own = error.status == 429 or (error.lasting and error.status != 408)
        told = refusal(error) if own else _temporary(error, label, writing=writing)
        told.sent = writing
        return told
    if isinstance(error, http.Unreachable) and error.lasting:
        return base.Refused(str(error))
    if writing and isinstance(error, http.ResponseLost | http.BadResponse):
        kind = base.Late if isinstance(error, http.ResponseLate) else base.Unknown
        return kind(f"{error}: it may be in {label} all the same")
    return base.NotSent(str(error))


def _temporary(error: http.BadStatus, label: str, *, writing: bool) -> base.TrackerError:
    """What may be different a little later."""
    if writing:
        kind = base.Late if error.status in _GIVEN_UP else base.Unknown
        return kind(f"{error}: it may be in {label} all the same")
    return base.NotSent(f"{error}: it has trouble of its own", error.retry_at)
