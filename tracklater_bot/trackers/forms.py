"""What trackers have in common: how an entry is written and compared, and what failures mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from unicodedata import normalize

from tracklater_bot import http
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.text import clean
from tracklater_bot.settings import GroupSettings
from tracklater_bot.trackers import base
from tracklater_bot.trackers.projects import resolve_projects

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
