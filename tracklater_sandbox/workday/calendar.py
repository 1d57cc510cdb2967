"""The sample day's calendar: a file as calendars export it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tracklater_sandbox.workday.story import MEETINGS, Planned, clock

CALENDAR = "calendar.ics"
ME = "eero@example.com"


def write_calendar(folder: Path, day: date, zone: ZoneInfo) -> None:
    """Writes the calendar into the folder."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//sandbox//EN"]
    for number, planned in enumerate(MEETINGS):
        lines += ["BEGIN:VEVENT", f"UID:{number}@example.com", *_entry(planned, day, zone)]
        lines.append("END:VEVENT")
    lines.append("END:VCALENDAR")
    (folder / CALENDAR).write_text("".join(f"{line}\r\n" for line in lines), encoding="utf-8")


def _entry(planned: Planned, day: date, zone: ZoneInfo) -> Iterator[str]:
    first = datetime.combine(day, time()) - timedelta(weeks=4 if planned.weekly else 0)
    for name, word in (("DTSTART", planned.start), ("DTEND", planned.end)):
        yield f"{name};TZID={zone.key}:{first + clock(word):%Y%m%dT%H%M%S}"
    if planned.weekly:
        yield "RRULE:FREQ=WEEKLY"
    yield f"SUMMARY:{planned.title}"
    yield f"ORGANIZER:mailto:{planned.by}"
    yield f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{planned.by}"
    yield f"ATTENDEE;PARTSTAT={planned.answer}:mailto:{ME}"
