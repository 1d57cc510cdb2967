"""The little of a calendar's text that a stretch of days needs; the rest is never parsed.

Most of a calendar is years ago, and its rules may be made to keep a reader busy for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from tracklater_bot.sources.base import SourceError

LONGEST_LINE = 64 * 1024
LONGEST_EVENT, LONGEST_OF_SERIES = timedelta(days=8), timedelta(days=1)
MOST_DATES = 200
MOST_EVENTS = 2000
# Occurrences that are gone through from a series' beginning: of one, and of all together.
MOST_STEPS, MOST_STEPS_OF_ALL = 25_000, 400_000
# All that is read of an entry: no description, no place, no link.
_KEPT = (
    "UID|DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|RECURRENCE-ID|SEQUENCE|STATUS|TRANSP|CLASS"
    "|SUMMARY|ATTENDEE|ORGANIZER|X-MICROSOFT-CDO-BUSYSTATUS"
)
# Names in capitals, as everybody writes them; after a line's end, for that is found fastest.
_PROPERTY = re.compile(rf"\n({_KEPT})([;:][^\r\n]*)".encode())
_FOLDS = (b"\r\n ", b"\r\n\t", b"\n ", b"\n\t")
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*BEGIN:VCALENDAR\s")
_ENDING = re.compile(rb"(?:^|\n)END:VCALENDAR\s*$")
_EDGE = re.compile(rb"\n(BEGIN|END):(VEVENT|VTIMEZONE)[ \t\r]*(?=\n)")
_INNER = re.compile(rb"(BEGIN|END):")
_DATE = rb"\n%s(?:;[^\r\n]*)?:(\d{8})"
_START, _END = re.compile(_DATE % b"DTSTART"), re.compile(_DATE % b"DTEND")
_MOVED = re.compile(_DATE % b"RECURRENCE-ID")
_UID = re.compile(rb"\nUID[;:][^\r\n]*")
_SERIES = re.compile(rb"\nR(?:RULE|DATE)[;:]")
_RULE = re.compile(rb"\nRRULE(?:;[^\r\n:]*)?:([^\r\n]*)")
_UNTIL = re.compile(rb"\nRRULE[^\r\n]*[:;]UNTIL=(\d{8})")
_LASTS = re.compile(rb"\nDURATION[;:]")
# Exchange writes `tzone://Microsoft/Utc` without the quotation marks that a colon needs.
_UNQUOTED = re.compile(rb';TZID="?(tzone:[^:;\r\n"]*)"?:')
_ZONE_NAMES = re.compile(rb'(?i)TZID="?([^":;\r\n]+)')


@dataclass(frozen=True, slots=True)
class CalendarText:
    """A small calendar with what may touch the days asked for; `trouble` is what was wrong."""

    zones: tuple[bytes, ...]
    series: tuple[bytes, ...]  # the entries of a UID each
    trouble: str | None = None

    def calendar(self, first: int, last: int) -> bytes:
        """A part of its series as a calendar of their own."""
        return in_calendar(*self.zones, *self.series[first:last])


def in_calendar(*parts: bytes) -> bytes:
    """Zones and entries as a calendar."""
    return b"BEGIN:VCALENDAR\r\n%sEND:VCALENDAR\r\n" % b"".join(parts)


def excerpt(content: bytes, first: date, last: date) -> CalendarText:
    """The entries that may touch the days. Raises SourceError when this is no calendar."""
    if not _BEGINNING.match(content[:1000]):
        page = content[:1000].lstrip().startswith(b"<")
        came = "a web page came instead of it" if page else "what came is none"
        raise SourceError(f"there is no calendar: {came}", lasting=True)
    is_cut = not _ENDING.search(content[-1000:])
    for fold in _FOLDS:  # of bytes: one may lie within a letter
        content = content.replace(fold, b"")
    choice = _Choice(last, _digits(first, -1), _digits(last, 1), _digits(first - LONGEST_EVENT, -1))
    for kind, block in _blocks(content):
        if kind == b"VEVENT" and choice.may_touch(block):
            choice.uids.add(_uid(block))
    series: dict[bytes, bytes] = {}
    for kind, block in _blocks(content):
        if kind == b"VEVENT" and (uid := _uid(block)) in choice.uids:
            series[uid] = series.get(uid, b"") + choice.entry(block)
    names = {name for entries in series.values() for name in _ZONE_NAMES.findall(entries)}
    zones = tuple(
        b"BEGIN:VTIMEZONE\r\n%s\r\nEND:VTIMEZONE\r\n" % block.strip()
        for kind, block in _blocks(content)
        if kind == b"VTIMEZONE" and _is_zone(block, names)
    )
    trouble = "it is cut off, so some meetings may be missing" if is_cut else None
    wanted = tuple(entries for entries in series.values() if entries)
    return CalendarText(zones, wanted, choice.trouble or trouble)


def entries(content: bytes) -> int:
    """How many entries a calendar has."""
    return sum(kind == b"VEVENT" for kind, _ in _blocks(content))


def _blocks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The insides of entries and zones, one after the other, in a time that the length bounds."""
    start, kind = 0, b""
    for edge in _EDGE.finditer(content):
        if edge[1] == b"BEGIN":
            start, kind = edge.end(), edge[2]
        elif kind == edge[2]:
            yield kind, content[start : edge.start() + 1]
            kind = b""


def _uid(block: bytes) -> bytes:
    found = _UID.search(_outer(block))
    return found[0].strip() if found else b""


def _outer(block: bytes) -> bytes:
    """An entry without the alarms in it, which have addresses and lengths of their own."""
    if b"\nBEGIN:" not in block:
        return block
    kept, depth = [b""], 0
    for line in block.splitlines():
        edge = _INNER.match(line)
        if edge is None and not depth:
            kept.append(line)
        elif edge is not None:
            depth = max(depth + (1 if edge[1] == b"BEGIN" else -1), 0)
    return b"\r\n".join(kept)


def _is_zone(block: bytes, names: set[bytes]) -> bool:
    """Whether it is a zone in use, whose clock changes once a year and not every second."""
    rules = [_parts(rule) for rule in _RULE.findall(block)]
    wanted = not names.isdisjoint(_ZONE_NAMES.findall(block.replace(b"TZID:", b"TZID=")))
    return wanted and len(block) < LONGEST_LINE and all(map(_is_yearly, rules))


def _is_yearly(rule: dict[str, str]) -> bool:
    return rule.get("FREQ") == "YEARLY" and _steps(rule, 1) > 0


@dataclass(slots=True)
class _Choice:
    """What is chosen of a calendar: entries that may touch the days, and others of their UIDs.

    Another may be what holds: an occurrence that was moved, or the same with a higher SEQUENCE.
    """

    last: date
    first_digits: bytes
    last_digits: bytes
    earliest: bytes
    uids: set[bytes] = field(default_factory=set)
    trouble: str | None = None
    chosen: int = 0
    steps: int = 0

    def may_touch(self, block: bytes) -> bool:
        """Whether an entry or an occurrence of it may touch the days, in any zone."""
        start = _START.search(block)
        if start is None or start[1] > self.last_digits:
            return False
        if _SERIES.search(block):
            until = _UNTIL.search(block)
            return until is None or until[1] >= self.earliest
        if _LASTS.search(block):
            return start[1] >= self.earliest
        end = _END.search(block)
        return (end or start)[1] >= self.first_digits

    def entry(self, block: bytes) -> bytes:
        """The entry with what is read of it; nothing where it would take too long."""
        block = _UNQUOTED.sub(_quoted, _outer(block))
        start, end = _START.search(block), _END.search(block)
        if self._is_elsewhere(block):
            return b""
        if start is None or not self._counted(block, start[1], end[1] if end else start[1]):
            return b""
        if self.chosen >= MOST_EVENTS:
            self.trouble = f"it has more than {MOST_EVENTS:,} meetings, and some are left out"
            return b""
        self.chosen += 1
        lines = (name + self._near(name, rest) for name, rest in _PROPERTY.findall(block))
        whole = (line for line in lines if len(line) <= LONGEST_LINE and not line.endswith(b":"))
        kept = b"\r\n".join(whole)
        return b"BEGIN:VEVENT\r\n%s\r\nEND:VEVENT\r\n" % kept

    def _near(self, name: bytes, rest: bytes) -> bytes:
        """Of a list of dates, which may be endless, those that may touch the days."""
        if name not in (b"EXDATE", b"RDATE"):
            return rest
        form, _, dates = rest.rpartition(b":")
        near = [
            each
            for each in dict.fromkeys(dates.split(b","))
            if self.earliest <= each.strip()[:8] <= self.last_digits
        ]
        return form + b":" + b",".join(near[:MOST_DATES])

    def _is_elsewhere(self, block: bytes) -> bool:
        """Whether it is an occurrence that neither was nor is in the days."""
        moved = _MOVED.search(block)
        if moved is None or b"THISANDFUTURE" in block or self.may_touch(block):
            return False
        return not self.earliest <= moved[1] <= self.last_digits

    def _counted(self, block: bytes, start: bytes, end: bytes) -> bool:
        """Whether all occurrences up to the last day can be gone through."""
        rules = _RULE.findall(block)
        if not rules:
            return True
        began, ended = _day(start), _day(end)
        if began is None or ended is None or ended - began > LONGEST_OF_SERIES or len(rules) > 1:
            return False
        steps = _steps(_parts(rules[0]), max((self.last - began).days + 2, 1))
        if self.steps + steps > MOST_STEPS_OF_ALL:
            self.trouble = "it has too many old series, and some are left out"
            return False
        self.steps += steps if steps <= MOST_STEPS else 0
        return 0 < steps <= MOST_STEPS


def _quoted(zone: re.Match[bytes]) -> bytes:
    name = b"UTC" if zone[1].lower().endswith(b"/utc") else zone[1]
    return b';TZID="%s":' % name


def _digits(day: date, days: int) -> bytes:
    """The date so many days later, as calendars write it."""
    return f"{day + timedelta(days=days):%Y%m%d}".encode()


def _day(digits: bytes) -> date | None:
    try:
        return date.fromisoformat(digits.decode())
    except ValueError:
        return None


# -- Rules -------------------------------------------------------------------------------------

_PER_DAY = {"HOURLY": 24.0, "DAILY": 1.0, "WEEKLY": 1.0, "MONTHLY": 1.0, "YEARLY": 1.0}
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_WEEKDAY = re.compile(r"([+-]?\d{1,2})?(?:MO|TU|WE|TH|FR|SA|SU)")


def _parts(rule: bytes) -> dict[str, str]:
    pairs = (part.partition("=") for part in rule.decode("ascii", "replace").upper().split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _steps(rule: dict[str, str], days: int) -> int:
    """How many occurrences there may be in so many days; 0 for a rule that is none to follow.

    A rule that never comes true is looked for up to the year 9999, and one that stands still for
    ever, so only such are followed that do come true.
    """
    per_day = _PER_DAY.get(rule.get("FREQ", ""), 0.0)
    try:
        interval = int(rule.get("INTERVAL", "1"))
        numbers = {
            name: [int(number) for number in value.split(",")]
            for name, value in rule.items()
            if name.startswith("BY") and name != "BYDAY"
        }
    except ValueError:
        return 0
    possible = per_day and 0 < interval < 10_000 and _comes_true(rule, numbers, interval)
    if not possible:
        return 0
    if rule["FREQ"] in ("HOURLY", "DAILY"):
        per_day /= interval
    if rule["FREQ"] == "WEEKLY":
        per_day *= (rule.get("BYDAY", "").count(",") + 1) / 7
    for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        per_day *= len(numbers.get(name, ())) or 1
    return int(days * per_day) + 1


def _comes_true(rule: dict[str, str], numbers: dict[str, list[int]], interval: int) -> bool:
    """Whether a rule's parts go together, as those do that calendars write."""
    frequency, days = rule.get("FREQ"), rule.get("BYDAY", "").split(",") if "BYDAY" in rule else []
    weekdays = [_WEEKDAY.fullmatch(day) for day in days]
    if not all(weekdays):
        return False
    ordinals = [int(found[1]) for found in weekdays if found and found[1]]
    by = {name for name in numbers if name not in ("BYHOUR", "BYMINUTE", "BYSECOND")}
    by |= {"ordinal"} if ordinals else set()
    if frequency == "HOURLY":
        return not numbers and interval <= 12
    if frequency == "DAILY":
        possible = by <= {"BYMONTH", "BYMONTHDAY"} and not (days and interval % 7 == 0)
    elif frequency == "WEEKLY":
        possible = by <= {"BYMONTH"}
    elif by & {"BYYEARDAY", "BYWEEKNO"}:
        possible = frequency == "YEARLY" and len(by) == 1
    else:
        possible = by <= {"BYMONTH", "BYMONTHDAY", "BYSETPOS", "ordinal"}
    most = 53 if frequency == "YEARLY" and "BYMONTH" not in by else 5
    return (
        possible
        and all(0 < abs(number) <= most for number in ordinals)
        and not (ordinals and by & {"BYMONTHDAY", "BYSETPOS"})
        and _has_position(numbers, days)
        and _has_day(numbers)
    )


def _has_position(numbers: dict[str, list[int]], days: Sequence[str]) -> bool:
    """Whether there are so many days to choose from: four of a weekday are in any month."""
    most = 4 * len(days) if "BYMONTHDAY" not in numbers else 1
    return all(0 < abs(number) <= max(most, 1) for number in numbers.get("BYSETPOS", ()))


def _has_day(numbers: dict[str, list[int]]) -> bool:
    months = numbers.get("BYMONTH", range(1, 13))
    if not all(1 <= month <= 12 for month in months):
        return False
    longest = max(_LONGEST_MONTHS[month - 1] for month in months)
    days = numbers.get("BYMONTHDAY", [1])
    return any(0 < abs(day) <= longest for day in days)
