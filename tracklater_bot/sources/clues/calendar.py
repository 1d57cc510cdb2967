"""The person's calendars as clues: meetings that were planned, from files and secret addresses.

Of an entry only times, title, the answer that the person gave, and the domains of the others'
addresses are read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from tracklater_bot.domain.clues import Meeting, Reading
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.side_by_side import side_by_side
from tracklater_bot.domain.text import clean, count, folded
from tracklater_bot.http import BadStatus, HttpError, RetryPolicy, ServiceClient
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.clues.calendar_text import CalendarText, entries, excerpt, in_calendar
from tracklater_bot.sources.files import MB, os_reason, read_regular

LARGEST = 30 * MB
MOST_KEPT = 8 * MB
MOST_FAILURES = 60  # when a bad entry is looked for among good ones
HOPS = 4
SECONDS = 45.0
RETRY = RetryPolicy(tries=2, seconds=5.0)
VARIABLE = "TRACKLATER_CALENDAR__URLS"
AGAIN = f"copy the calendar's secret address again into {VARIABLE}"
_LOCAL = ("127.0.0.1", "::1", "localhost")
_MAIL = re.compile(r"(?:mailto:)?([^\s@:]+@([^\s@:]+\.[^\s@:]+))", re.IGNORECASE)
_CALENDAR_NAME = re.compile(rb"(?mi)^X-WR-CALNAME[^:\r\n]*:([^\s@]+@[^\s@]+)\s*?$")
# Entries that services make of something else than a meeting, as they call them.
_NO_MEETINGS = frozenset((
    "focus time", "fokuszeit", "keskittymisaika", "temps de concentration", "fokustid",
    "tiempo de concentración", "focustijd", "out of office", "out of the office", "ooo",
    "abwesend", "poissa", "poissa toimistolta", "absent du bureau", "fuera de la oficina",
    "frånvarande", "afwezig", "working location", "home office", "working from home",
    "arbeitsort", "etätyö",
))  # fmt: skip
_BUSY_STATUS = "X-MICROSOFT-CDO-BUSYSTATUS"


# -- Understanding -----------------------------------------------------------------------------


_YES, _MAYBE, _NO = range(3)  # whether the person goes: for certain, perhaps, or not at all
_ANSWERS = {"ACCEPTED": _YES, "DECLINED": _NO, "DELEGATED": _NO}
_Key = tuple[str, datetime]


def understand(
    text: CalendarText, span: Span, zone: tzinfo, mine: frozenset[str]
) -> dict[_Key, Meeting | None]:
    """The meetings of a span by UID and beginning; None for one that does not take place for me.

    `mine` are the person's own addresses, in small letters.
    """
    meetings: dict[_Key, Meeting | None] = {}
    for event in _occurrences(text, span.start.astimezone(zone), span.end.astimezone(zone)):
        try:
            at, until = (_moment(event.get(name).dt, zone) for name in ("DTSTART", "DTEND"))
            if at is None or until is None or at >= span.end or until <= max(at, span.start):
                continue
            # Whether it is a reminder, a place or an absence: time that is not spoken for.
            if not (
                "TRANSPARENT" in _words(event, "TRANSP")
                or not _words(event, _BUSY_STATUS).isdisjoint(("FREE", "OOF", "WORKINGELSEWHERE"))
                or folded(str(event.get("SUMMARY", "")).strip()) in _NO_MEETINGS
            ):
                meetings[_identity(event), at] = _meeting(event, at, until, mine)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            continue  # one broken entry is no reason to lose the others
    return meetings


def _with_good_zones(text: CalendarText) -> CalendarText:
    """Without zones that cannot be understood: one of them would lose all entries."""
    if not text.zones:
        return text
    from icalendar import Calendar  # noqa: PLC0415 - see below

    zones = []
    for zone in text.zones:
        with suppress(Exception):  # it raises whatever it stumbles over
            Calendar.from_ical(in_calendar(zone))
            zones.append(zone)
    trouble = text.trouble
    if len(zones) < len(text.zones):
        trouble = trouble or "a time zone in it is none, so some meetings may be at other times"
    return replace(text, zones=tuple(zones), trouble=trouble)


def _occurrences(text: CalendarText, start: datetime, end: datetime) -> Iterator[Any]:
    """The entries that touch the time, without the series that cannot be understood."""
    if not text.series:
        return
    # Here, because they take a quarter of a second, and only those with a calendar need them.
    import recurring_ical_events  # type: ignore[import-untyped]  # noqa: PLC0415
    from icalendar import Calendar  # noqa: PLC0415

    parts, failures = [(0, len(text.series))], 0
    while parts and failures < MOST_FAILURES:
        first, last = parts.pop()
        try:
            calendar = Calendar.from_ical(text.calendar(first, last))
            yield from recurring_ical_events.of(calendar, skip_bad_series=True).between(start, end)
        except Exception:  # noqa: BLE001 - they raise whatever they stumble over
            failures += 1
            middle = (first + last) // 2
            parts += [(first, middle), (middle, last)] if first < middle else []


def _moment(when: date | datetime, zone: tzinfo) -> datetime | None:
    """An aware time; a floating one is the person's own. None for a date: that is no time."""
    if not isinstance(when, datetime):
        return None
    aware = when if when.tzinfo is not None else when.replace(tzinfo=zone)
    return aware.astimezone(UTC)


def _meeting(event: Any, at: datetime, until: datetime, mine: frozenset[str]) -> Meeting | None:
    answer = _answer(event, mine)
    if answer == _NO:
        return None
    series = hashlib.blake2b(_identity(event).encode(), digest_size=8).hexdigest()
    meeting = Meeting(at, until, "", sure=answer == _YES, series=series)
    if _words(event, "CLASS") & {"PRIVATE", "CONFIDENTIAL"}:
        return meeting
    title = clean(str(event.get("SUMMARY", "")), 200)
    return replace(meeting, title=title or "Meeting", domains=_domains(event, mine))


def _identity(event: Any) -> str:
    """What tells a meeting from others at its time: where there is no UID, what it is called."""
    return str(event.get("UID") or event.get("SUMMARY", ""))


def _answer(event: Any, mine: frozenset[str]) -> int:
    """Whether the person goes; of the guests only the person's own line counts."""
    status = _words(event, "STATUS")
    if "CANCELLED" in status:
        return _NO
    guests = _listed(event, "ATTENDEE")
    own = [guest for guest in guests if _address(guest) in mine]
    answers = [_ANSWERS.get(_parameter(guest, "PARTSTAT"), _MAYBE) for guest in own]
    organised = any(_address(one) in mine for one in _listed(event, "ORGANIZER"))
    if organised and all(_parameter(guest, "PARTSTAT") in ("", "NEEDS-ACTION") for guest in own):
        answers = [_YES]
    answer = min(answers, default=_MAYBE)
    if not guests and not answers:
        answer = _YES
    unsure = "TENTATIVE" in status | _words(event, _BUSY_STATUS)
    return _MAYBE if unsure and answer == _YES else answer


def _domains(event: Any, mine: frozenset[str]) -> tuple[str, ...]:
    """Where the others are from, who are people and not the person's own colleagues."""
    own = {address.rpartition("@")[2] for address in mine}
    people = [
        guest
        for guest in (*_listed(event, "ATTENDEE"), *_listed(event, "ORGANIZER"))
        if _parameter(guest, "CUTYPE") not in ("RESOURCE", "ROOM")
    ]
    found = {_address(guest).rpartition("@")[2] for guest in people} - own - {""}
    return tuple(sorted(d for d in found if not d.endswith("calendar.google.com"))[:20])


def _listed(event: Any, name: str) -> list[Any]:
    """A property's values: icalendar gives one, or a list."""
    value = event.get(name)
    return value if isinstance(value, list) else [] if value is None else [value]


def _words(event: Any, name: str) -> set[str]:
    return {str(value).strip().upper() for value in _listed(event, name)}


def _parameter(guest: Any, name: str) -> str:
    return str(getattr(guest, "params", {}).get(name, "")).upper()


def _address(guest: Any) -> str:
    """A guest's mail address in small letters; some calendars have it in a parameter."""
    for text in (str(guest), _parameter(guest, "EMAIL")):
        if found := _MAIL.fullmatch(text.strip()):
            return found[1].casefold()
    return ""


# -- Fetching ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Calendar:
    """One calendar. `host` may be shown: a file's path, or an address' host without the rest.

    `led_to` are the hosts to which that sent us on when it was fetched last.
    """

    host: str
    fetch: Callable[[], bytes] = field(repr=False)
    led_to: Sequence[str] = ()

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return " by way of ".join((self.host, *self.led_to))


@dataclass(slots=True)
class _Address:
    """A calendar's secret address, and what it gave last, in memory alone."""

    url: str = field(repr=False)
    validators: Mapping[str, str] = field(default_factory=dict, repr=False)
    kept: bytes = field(default=b"", repr=False)
    led_to: list[str] = field(default_factory=list)

    def fetch(self) -> bytes:
        """The calendar as it is now. Raises SourceError, in which no part of the address is."""
        url = re.sub(r"(?i)^webcals?://", "https://", self.url)
        if not _is_web_address(url, local=True):
            raise SourceError(
                f"one of the addresses in {VARIABLE} does not begin with https:// or webcal://",
                lasting=True,
            )
        self.led_to.clear()
        for _ in range(HOPS):
            try:
                return self._got(url)
            except HttpError as error:
                if error.status == 304 and self.kept:
                    return self.kept
                url = self._next(url, error)
        raise SourceError(f"it sends us on and on: {AGAIN}", lasting=True)

    def _got(self, url: str) -> bytes:
        parts = urlsplit(url)
        headers = {"Accept": "text/calendar, */*;q=0.5", **(self.validators if self.kept else {})}
        server = f"{parts.scheme}://{parts.netloc}"
        client = ServiceClient("the calendar", server, lambda: headers, retry=RETRY)
        answer = client.get((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        known = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
        told = answer.headers
        self.validators = {ours: v for ours, name in known.items() if (v := told.get(name))}
        self.kept = answer.body if self.validators and len(answer.body) <= MOST_KEPT else b""
        return answer.body

    def _next(self, url: str, error: HttpError) -> str:
        """Where an answer that is no calendar sends us on to."""
        if isinstance(error, BadStatus) and error.status in (301, 302, 303, 307, 308):
            url = _joined(url, error.response.headers.get("Location", ""))
            if not _is_web_address(url):
                raise SourceError(
                    f"it sends us on to an address that does not begin with https://: {AGAIN}",
                    lasting=True,
                ) from None
            self.led_to.append(clean(urlsplit(url).netloc, 100))
            return url
        if error.status in (401, 403, 404, 410):
            gone = f"it is not there (HTTP {error.status}): {AGAIN}"
            raise SourceError(gone, lasting=True) from None
        raise SourceError(str(error), lasting=error.lasting) from None


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def _is_web_address(url: str, *, local: bool = False) -> bool:
    """Whether an address is encrypted on its way, or (`local`) does not leave this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    is_safe = parts.scheme == "https" or (local and parts.scheme == "http" and host in _LOCAL)
    return is_safe and bool(host) and "@" not in parts.netloc


def _of_address(url: str) -> _Calendar:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    address = _Address(url)
    return _Calendar(clean(host or VARIABLE, 100), address.fetch, address.led_to)


def _content(path: Path) -> bytes:
    try:
        return read_regular(path, LARGEST)
    except OSError as error:
        raise SourceError(f"it cannot be read: {os_reason(error)}", lasting=True) from None


# -- The source --------------------------------------------------------------------------------


class CalendarSource:
    """The meetings of the person's calendars. `urls` are secret; `zone` gives the person's own."""

    name = "calendar"
    group = None
    watches_screen = False
    local = False

    def __init__(
        self,
        files: Sequence[Path],
        urls: Sequence[str],
        emails: Sequence[str],
        zone: Callable[[], tzinfo],
    ) -> None:
        named = [_Calendar(str(path), partial(_content, path)) for path in files]
        self._calendars = [*named, *map(_of_address, urls)]
        self._mine = frozenset(email.casefold() for email in emails)
        self._zone = zone

    @classmethod
    def set_up(cls, settings: Settings) -> Iterator[CalendarSource]:
        """All calendars together: the same meeting may be in several of them."""
        own = settings.calendar
        if own.files or own.addresses():
            emails = own.emails or settings.git.emails
            yield cls(own.files, own.addresses(), emails, settings.zone)

    def read(self, span: Span) -> Reading:
        """The meetings of the span, each once, whichever calendars could be read."""
        zone = self._zone()
        first, last = span.start.date(), span.end.date()

        def meetings(content: bytes) -> tuple[dict[_Key, Meeting | None], str | None]:
            text = _with_good_zones(excerpt(content, first, last))
            return understand(text, span, zone, self._mine), text.trouble

        found: dict[_Key, Meeting | None] = {}
        troubles = []
        for calendar, (planned, trouble) in self._each(meetings):
            troubles += [f"{calendar.place}: {trouble}"] if trouble else []
            for key, meeting in (planned or {}).items():
                found[key] = _of_both(found[key], meeting) if key in found else meeting
        if troubles and len(troubles) == len(self._calendars) and not found:
            raise SourceError("; ".join(troubles))
        clues = (
            replace(meeting, at=max(meeting.at, span.start), until=min(meeting.until, span.end))
            for meeting in found.values()
            if meeting is not None
        )
        ordered = sorted(clues, key=lambda meeting: (meeting.at, meeting.until, meeting.series))
        return Reading(self.name, clues=tuple(ordered), trouble="; ".join(troubles) or None)

    def check(self) -> str:
        """The hosts and files with how many entries each has; SourceError when one fails."""

        def counted(content: bytes) -> tuple[tuple[int, str], str | None]:
            text = excerpt(content, date(2000, 1, 1), date(2000, 1, 1))
            named = _CALENDAR_NAME.search(content[:10_000])
            owner = clean(named[1].decode("utf-8", "replace"), 100) if named else ""
            return (entries(content), owner), text.trouble

        told, troubles, owners = [], [], set()
        for calendar, (answer, trouble) in self._each(counted):
            number, owner = answer or (0, "")
            told.append(f"{calendar.place} has {count(number, 'entry', 'entries')}")
            troubles += [f"{calendar.place}: {trouble}"] if trouble else []
            owners |= {owner} - {""} if owner.casefold() not in self._mine else set()
        if troubles:
            raise SourceError("; ".join(troubles), lasting=True)
        told += [f"is {owner} yours? Then add it to calendar.emails" for owner in sorted(owners)]
        return "; ".join(told)

    def _each(self, use: Callable[[bytes], tuple[Any, str | None]]) -> list[tuple[_Calendar, Any]]:
        """What is made of each calendar, with its trouble; they are asked side by side."""

        def one(calendar: _Calendar) -> tuple[Any, str | None]:
            try:
                return use(calendar.fetch())
            except SourceError as error:
                return None, str(error)

        late = (None, "took too long")
        answers = side_by_side(one, self._calendars, lambda _: late, key=id, seconds=SECONDS)
        return list(zip(self._calendars, answers, strict=True))


def _of_both(one: Meeting | None, other: Meeting | None) -> Meeting | None:
    """What two calendars say of one meeting: what is not for me, or private, in one of them is."""
    if one is None or other is None:
        return None
    return replace(
        one,
        title=one.title and other.title,
        domains=tuple(sorted({*one.domains, *other.domains})) if one.title and other.title else (),
        sure=one.sure or other.sure,
    )
