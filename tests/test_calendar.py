"""Calendars: which of their entries are meetings of the person, and what goes wrong with them."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.loopback import Asked, Loopback, Said, loopback, serving
from tests.notation import FRIDAY, HELSINKI
from tests.sourcecontract import hold_clues, hold_trouble, one_line
from tracklater_bot.domain.clues import Meeting
from tracklater_bot.domain.day import Span
from tracklater_bot.settings import Settings
from tracklater_bot.settings.loading import unfinished
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.clues import calendar
from tracklater_bot.sources.clues.calendar import CalendarSource
from tracklater_bot.sources.clues.registry import clue_sources

DATA = Path(__file__).parent / "data" / "calendar"
EXPECTED = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))
DAY = FRIDAY.span
ME = "me@example.org"
SECRET = "private-5ecret"


def source(*files: Path, urls: Sequence[str] = (), emails: Sequence[str] = (ME,)) -> CalendarSource:
    return CalendarSource(files, urls, emails, lambda: HELSINKI)


def entry(*lines: str, uid: str = "x") -> str:
    return "\r\n".join(("BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"))


def ics(*entries: str) -> str:
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", *entries, "END:VCALENDAR", ""))


def written(folder: Path, *entries: str, name: str = "mine.ics") -> Path:
    file = folder / name
    file.write_text(ics(*entries), encoding="utf-8", newline="")
    return file


def told(meetings: Iterable[object], days: Span = DAY) -> list[str]:
    """Meetings as `10:00-11:00 Title`; `?` is one that the person may not go to."""
    return [
        f"{meeting.at.astimezone(HELSINKI):%H:%M}-{meeting.until.astimezone(HELSINKI):%H:%M}"
        f" {meeting.title}{'' if meeting.sure else ' ?'}"
        for meeting in meetings
        if isinstance(meeting, Meeting) and meeting.at in days
    ]


def of(folder: Path, *entries: str, days: Span = DAY) -> list[str]:
    return told(source(written(folder, *entries)).read(days).clues, days)


TEN = ("DTSTART:20261120T080000Z", "DTEND:20261120T090000Z", "SUMMARY:Acme review")


# -- What the calendars of a week say -----------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, one in EXPECTED["files"].items() if one["counts"]])
def test_the_meetings_of_a_day(name: str) -> None:
    own = source(DATA / name, emails=EXPECTED["my_addresses"])
    found = {
        (m.at, m.until, m.title, m.domains, m.sure)
        for m in hold_clues(own, DAY).clues
        if isinstance(m, Meeting)
    }
    wanted = {
        (
            *(FRIDAY.span.start.fromisoformat(row[edge]) for edge in ("start", "end")),
            row["title"] or "",
            tuple(row["domains"]),
            row["as"] not in ("tentative", "unsure"),
        )
        for row in EXPECTED["files"][name]["counts"]
    }
    assert found == wanted


def test_nothing_else_of_an_entry_is_kept() -> None:
    reading = source(DATA / "google.ics", emails=EXPECTED["my_addresses"]).read(DAY)
    assert "CANARY" not in repr(reading)
    assert "@" not in repr(reading)


def test_a_day_in_a_week_is_no_other_day() -> None:
    own = source(DATA / "google.ics", emails=EXPECTED["my_addresses"])
    week = Span(DAY.start - 3 * DAY.length, DAY.end + 3 * DAY.length)
    assert told(own.read(week).clues) == told(own.read(DAY).clues)


# -- Mine, and did I say that I go --------------------------------------------------------------


def guest(address: str, answer: str = "", more: str = "") -> str:
    return f"ATTENDEE{f';PARTSTAT={answer}' if answer else ''}{more}:mailto:{address}"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), "Acme review"),
        ((guest("ME@Example.org", "ACCEPTED"), guest("a@acme.com", "DECLINED")), "Acme review"),
        ((guest(ME, "declined"),), None),
        ((guest(ME, "DELEGATED"),), None),
        ((guest(ME, "TENTATIVE"),), "Acme review ?"),
        ((guest(ME),), "Acme review ?"),
        ((guest("a@acme.com", "ACCEPTED"),), "Acme review ?"),
        ((guest("a@acme.com", "ACCEPTED"), f"ORGANIZER:MAILTO:{ME}"), "Acme review"),
        ((guest(ME, "NEEDS-ACTION"), f"ORGANIZER:mailto:{ME}"), "Acme review"),
        ((guest(ME, "DECLINED"), f"ORGANIZER:mailto:{ME}"), None),
        ((f"ATTENDEE;PARTSTAT=ACCEPTED;EMAIL={ME}:urn:uuid:7",), "Acme review"),
        (("STATUS:CANCELLED",), None),
        (("STATUS:TENTATIVE",), "Acme review ?"),
        ((guest(ME, "DECLINED"), "STATUS:TENTATIVE"), None),
        (("TRANSP:TRANSPARENT",), None),
        (("X-MICROSOFT-CDO-BUSYSTATUS:OOF",), None),
        (("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE",), "Acme review ?"),
        (("CLASS:private",), ""),
        (("SUMMARY:Focus time",), None),
    ],
)
def test_whether_it_is_a_meeting_of_mine(
    tmp_path: Path, lines: tuple[str, ...], expected: str | None
) -> None:
    own = [line for line in TEN if not (line.startswith("SUMMARY") and "SUMMARY" in str(lines))]
    found = of(tmp_path, entry(*own, *lines))
    assert found == ([] if expected is None else [f"10:00-11:00 {expected}"])


def test_of_the_others_only_their_domains_are_kept(tmp_path: Path) -> None:
    lines = (
        guest(ME, "ACCEPTED"),
        guest("sam@Acme.com"),
        guest("anna@example.org"),
        guest("room@rooms.acme.com", more=";CUTYPE=ROOM"),
        "ORGANIZER:mailto:kim@globex.fi",
    )
    (meeting,) = source(written(tmp_path, entry(*TEN, *lines))).read(DAY).clues
    assert isinstance(meeting, Meeting)
    assert meeting.domains == ("acme.com", "globex.fi")


def test_whoever_sets_no_address_is_asked_for_it(tmp_path: Path) -> None:
    file = str(written(tmp_path))
    settings = Settings.model_validate({"calendar": {"files": file}})
    assert any("calendar.emails is missing" in line for line in unfinished(settings))
    settings = Settings.model_validate({"calendar": {"files": file}, "git": {"emails": ME}})
    assert unfinished(settings) == ()


def test_a_meeting_in_two_calendars_is_one(tmp_path: Path) -> None:
    shared = written(tmp_path, entry(*TEN, guest("a@acme.com")), name="team.ics")
    own = written(tmp_path, entry(*TEN, guest(ME, "ACCEPTED")), entry(*TEN, uid="y"))
    assert told(source(shared, own).read(DAY).clues) == ["10:00-11:00 Acme review"] * 2
    declined = written(tmp_path, entry(*TEN, guest(ME, "DECLINED")), name="own.ics")
    assert told(source(shared, declined).read(DAY).clues) == []
    private = written(tmp_path, entry(*TEN, "CLASS:PRIVATE"), name="private.ics")
    for files in ((shared, private), (private, shared)):
        (meeting,) = source(*files).read(DAY).clues
        assert isinstance(meeting, Meeting)
        assert (meeting.title, meeting.domains) == ("", ())


# -- Recurrence and zones ------------------------------------------------------------------------


def test_meetings_without_an_identity_are_told_apart_by_their_titles(tmp_path: Path) -> None:
    bare = entry(*TEN).replace("UID:x\r\n", "")
    other = bare.replace("Acme review", "Globex call")
    assert sorted(of(tmp_path, bare, other, bare)) == [
        "10:00-11:00 Acme review",
        "10:00-11:00 Globex call",
    ]


def test_the_newest_of_two_entries_holds_wherever_it_is(tmp_path: Path) -> None:
    moved = ("DTSTART:20261127T080000Z", "DTEND:20261127T090000Z", "SEQUENCE:3")
    assert of(tmp_path, entry(*TEN, "SEQUENCE:1"), entry(*moved)) == []


def test_an_occurrence_that_was_moved_away_is_not_here(tmp_path: Path) -> None:
    series = entry(*TEN, "RRULE:FREQ=WEEKLY")
    away = entry(
        "RECURRENCE-ID:20261120T080000Z", "DTSTART:20270115T080000Z", "DTEND:20270115T090000Z"
    )
    assert of(tmp_path, series, away) == []


def test_a_series_may_have_any_number_of_changes_elsewhere(tmp_path: Path) -> None:
    series = entry(*TEN, "RRULE:FREQ=WEEKLY")
    changes = [
        entry(
            f"RECURRENCE-ID:{year}{month:02}{day:02}T080000Z",
            f"DTSTART:{year}{month:02}{day:02}T090000Z",
            f"DTEND:{year}{month:02}{day:02}T100000Z",
        )
        for year in range(2010, 2020)
        for month in range(1, 13)
        for day in range(1, 21)
    ]
    reading = source(written(tmp_path, series, *changes)).read(DAY)
    assert (told(reading.clues), reading.trouble) == (["10:00-11:00 Acme review"], None)


def test_this_and_all_that_follow(tmp_path: Path) -> None:
    series = entry("DTSTART:20260904T080000Z", "DTEND:20260904T090000Z", "RRULE:FREQ=WEEKLY")
    later = entry(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260918T080000Z",
        "DTSTART:20260918T100000Z",
        "DTEND:20260918T110000Z",
        "SUMMARY:Acme",
    )
    assert [row[-4:] for row in of(tmp_path, series, later)] == ["Acme"]


def test_the_clock_on_the_wall_counts_over_a_change_of_it(tmp_path: Path) -> None:
    summer = ("DTSTART;TZID=Europe/Helsinki:20260703T100000", "DURATION:PT1H", "SUMMARY:Acme")
    assert of(tmp_path, entry(*summer, "RRULE:FREQ=WEEKLY")) == ["10:00-11:00 Acme"]


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("tzone://Microsoft/Utc", "12:00-13:00"),
        ("tzone://Microsoft/Custom", "10:00-11:00"),
        ('"tzone://Microsoft/Custom"', "10:00-11:00"),
        ('"tzone://Microsoft/UTC"', "12:00-13:00"),
        ('"(UTC+02:00) Helsinki, Kyiv, Riga"', "10:00-11:00"),
    ],
)
def test_zones_as_exchange_calls_them(tmp_path: Path, zone: str, expected: str) -> None:
    """A name that nobody knows is the person's own zone."""
    times = (f"{name};TZID={zone}:20261120T{at}" for name, at in ENDS)
    assert of(tmp_path, entry(*times, "SUMMARY:Acme")) == [f"{expected} Acme"]
    weekly = (f"{name};TZID={zone}:20261106T{at}" for name, at in ENDS)
    gone = f"EXDATE;TZID={zone}:20261120T100000"
    assert of(tmp_path, entry(*weekly, "RRULE:FREQ=WEEKLY", gone)) == []


ENDS = (("DTSTART", "100000"), ("DTEND", "110000"))


@pytest.mark.parametrize("odd", ["TZOFFSETTO:null", "TZOFFSETTO:+9999", "DTSTART:soon", "nothing"])
def test_an_odd_zone_loses_no_meeting(tmp_path: Path, odd: str) -> None:
    lines = ["TZOFFSETFROM:+0000", "TZOFFSETTO:+0000", "DTSTART:19700101T000000"]
    lines = [line for line in lines if line.partition(":")[0] != odd.partition(":")[0]]
    lines = ["BEGIN:VTIMEZONE", "TZID:Mine", "BEGIN:STANDARD", *lines, odd]
    zone = "\r\n".join((*lines, "END:STANDARD", "END:VTIMEZONE"))
    theirs = ("DTSTART;TZID=Mine:20261120T120000", "DURATION:PT1H", "SUMMARY:Theirs")
    reading = source(written(tmp_path, zone, entry(*TEN), entry(*theirs, uid="y"))).read(DAY)
    assert "10:00-11:00 Acme review" in told(reading.clues)
    assert "a time zone in it is none" in str(reading.trouble)


def test_alarms_have_lengths_and_guests_of_their_own(tmp_path: Path) -> None:
    alarm = "BEGIN:VALARM\r\nUID:a\r\nDURATION:P9D\r\nATTENDEE:mailto:a@b.c\r\nEND:VALARM"
    assert of(tmp_path, entry(alarm, *TEN)) == ["10:00-11:00 Acme review"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=5",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,1,2,3;BYSECOND=1,2,3,4,5,6,7,8,9",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=DAILY;BYSETPOS=2",
        "FREQ=MONTHLY;BYDAY=1MO;BYSETPOS=2",
        "FREQ=YEARLY;BYMONTHDAY=31;BYMONTH=4",
        "FREQ=YEARLY;BYWEEKNO=1;BYMONTH=7",
        "FREQ=NONE",
        "",
    ],
)
def test_a_rule_made_to_last_for_ever_ends_at_once(tmp_path: Path, rule: str) -> None:
    old = ("DTSTART:19800101T000000Z", "DTEND:19800101T000100Z", f"RRULE:{rule}")
    silly = [entry(*old, uid=str(number)) for number in range(30)]
    start = time.process_time()
    assert of(tmp_path, *silly, entry(*TEN, uid="good")) == ["10:00-11:00 Acme review"]
    assert time.process_time() - start < 5.0  # a single one takes longer


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
        "FREQ=WEEKLY;WKST=MO;INTERVAL=2;BYDAY=FR;UNTIL=20270101T000000Z",
        "FREQ=MONTHLY;BYDAY=3FR",
        "FREQ=MONTHLY;BYDAY=FR;BYSETPOS=3",
        "FREQ=MONTHLY;BYMONTHDAY=20",
        "FREQ=YEARLY;BYMONTH=11;BYDAY=3FR",
        "FREQ=DAILY;COUNT=400",
    ],
)
def test_rules_that_people_make(tmp_path: Path, rule: str) -> None:
    old = ("DTSTART:20260213T080000Z", "DTEND:20260213T090000Z", "SUMMARY:Acme", f"RRULE:{rule}")
    assert of(tmp_path, entry(*old)) == ["10:00-11:00 Acme"]


@pytest.mark.parametrize("name", ["EXDATE", "RDATE"])
def test_lists_of_dates_without_end(tmp_path: Path, name: str) -> None:
    dates = ",".join(f"2026{1 + n % 9:02}{1 + n % 28:02}T080000Z" for n in range(3000))
    lists = [f"{name}:{dates}"] * 200
    start = time.process_time()
    series = entry(*TEN, "RRULE:FREQ=WEEKLY", *lists, f"{name}:{dates},20261120T080000Z")
    assert of(tmp_path, series) == ([] if name == "EXDATE" else ["10:00-11:00 Acme review"])
    assert time.process_time() - start < 5.0  # unfiltered it takes a minute


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART:00010101T080000Z", "DTEND:99991231T090000Z"),
        ("DTSTART:20261101T080000Z", "DURATION:P999999999D", "RRULE:FREQ=DAILY"),
        ("DTSTART:20261120T080000Z", "DURATION:soon"),
        ("DTSTART:20261120T080000Z", "DTEND:20261120T250000Z", "RRULE:FREQ=DAILY;BYHOUR=99"),
        ("DTSTART;VALUE=DATE:20261120", "DTEND:20261120T100000Z"),
        ("DTSTART:20261120T080000Z", "RECURRENCE-ID:never"),
        ("DTSTART:20261120T080000Z", "DTEND:20261120T070000Z"),
    ],
)
def test_one_broken_entry_does_not_hide_the_others(tmp_path: Path, lines: tuple[str, ...]) -> None:
    good = [entry(*TEN, uid=f"good {number}") for number in range(5)]
    found = of(tmp_path, *good[:3], entry(*lines, "SUMMARY:Odd", uid="odd"), *good[3:])
    assert [row for row in found if "Odd" not in row] == ["10:00-11:00 Acme review"] * 5


def test_very_many_old_series_are_told(tmp_path: Path) -> None:
    old = ("DTSTART:19900101T080000Z", "DTEND:19900101T090000Z", "RRULE:FREQ=DAILY")
    reading = source(written(tmp_path, *(entry(*old, uid=str(n)) for n in range(200)))).read(DAY)
    assert "too many old series" in (reading.trouble or "")


def test_a_zone_made_to_last_for_ever_ends_at_once(tmp_path: Path) -> None:
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=SECONDLY\r\nEND:STANDARD\r\n"
        "END:VTIMEZONE"
    )
    own = ("DTSTART;TZID=Mine:20261120T100000", "DTEND;TZID=Mine:20261120T110000", "SUMMARY:Acme")
    assert of(tmp_path, zone, entry(*own)) == ["10:00-11:00 Acme"]


def test_of_very_many_entries_some_are_left_out_and_that_is_said(tmp_path: Path) -> None:
    file = written(tmp_path, *(entry(*TEN, uid=str(number)) for number in range(2500)))
    reading = source(file).read(DAY)
    assert len(reading.clues) == 2000
    assert "more than 2,000 meetings" in (reading.trouble or "")


# -- What goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "there is no calendar"),
        (b"<!DOCTYPE html><title>Sign in</title>", "a web page came instead of it"),
        (b"\0" * 100, "there is no calendar"),
    ],
)
def test_a_file_that_is_no_calendar(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "mine.ics"
    file.write_bytes(content)
    hold_trouble(source(file))
    with pytest.raises(SourceError, match=sentence):
        source(file).read(DAY)


def test_a_file_that_is_not_there_and_one_that_never_ends(tmp_path: Path) -> None:
    for file in (tmp_path / "none.ics", tmp_path, Path("/dev/zero")):
        hold_trouble(source(file))
        with pytest.raises(SourceError, match="cannot be read"):
            source(file).read(DAY)


def test_what_is_whole_of_half_a_calendar_is_used(tmp_path: Path) -> None:
    file = written(tmp_path, entry(*TEN), entry(*TEN, uid="y"))
    file.write_bytes(file.read_bytes()[:-40])
    reading = source(file).read(DAY)
    assert told(reading.clues) == ["10:00-11:00 Acme review"]
    assert "cut off" in (reading.trouble or "")


def test_one_calendar_that_fails_does_not_hide_the_others(tmp_path: Path) -> None:
    reading = source(written(tmp_path, entry(*TEN)), tmp_path / "none.ics").read(DAY)
    assert told(reading.clues) == ["10:00-11:00 Acme review"]
    assert one_line(reading.trouble or "")


# -- Addresses -----------------------------------------------------------------------------------


def of_address(script: Loopback) -> CalendarSource:
    return source(urls=[f"{script.url}/{SECRET}/basic.ics?key={SECRET}"])


def test_a_calendar_at_an_address(caplog: pytest.LogCaptureFixture) -> None:
    with loopback(Said(body=ics(entry(*TEN)))) as script, caplog.at_level(logging.DEBUG):
        own = of_address(script)
        assert told(hold_clues(own, DAY).clues) == ["10:00-11:00 Acme review"]
        assert own.check() == "127.0.0.1 has 1 entry"
        assert script.asked[0].path == f"/{SECRET}/basic.ics?key={SECRET}"
        assert "text/calendar" in script.asked[0].headers["Accept"]
    assert SECRET not in caplog.text + repr(own) + repr(vars(own))


def test_what_did_not_change_is_not_sent_again() -> None:
    first = Said(body=ics(entry(*TEN)), headers={"ETag": '"1"'})
    with loopback(first, Said(304, b"")) as script:
        own = of_address(script)
        assert own.read(DAY) == own.read(DAY)
        assert script.asked[1].headers["If-None-Match"] == '"1"'


class Redirecting(Loopback):
    """Sends on to wherever it is told."""

    to = ""

    def next(self, asked: Asked) -> Said:
        super().next(asked)
        return Said(302, b"", {"Location": self.to})


@pytest.mark.parametrize(
    "to", ["http://127.0.0.1/x", "/elsewhere", "ftp://a.example/", "https://", ""]
)
def test_nobody_is_followed_where_anybody_can_listen(to: str) -> None:
    with serving(Redirecting([Said()])) as script:
        script.to = to
        with pytest.raises(SourceError, match="does not begin with https://") as refused:
            of_address(script).read(DAY)
        assert len(script.asked) == 1
        assert SECRET not in str(refused.value)


def test_check_names_the_hosts_that_an_address_leads_to() -> None:
    with serving(Redirecting([Said()])) as script:
        script.to = f"https://127.0.0.1:1/{SECRET}"
        with pytest.raises(SourceError) as refused:
            of_address(script).check()
    assert "127.0.0.1 by way of 127.0.0.1:1: " in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (Said(404, b"<html>no</html>"), "it is not there (HTTP 404)"),
        (Said(403, b"<html>no</html>"), "it is not there (HTTP 403)"),
        (Said(410, b""), "it is not there (HTTP 410)"),
        (Said(500, b""), "HTTP 500"),
        (Said(200, b"<html>Sign in</html>"), "a web page came instead of it"),
        (Said(200, b"x" * (17 * 1024 * 1024)), "more than 16 MB"),
        (Said(dropped=True), "broke off"),
        (Said(304, b""), "HTTP 304"),
        (Said(302, b"", {"Location": "https://[x"}), "to an address that is none"),
    ],
)
def test_an_address_that_gives_no_calendar_is_one_sentence(
    said: Said, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    with loopback(said) as script, caplog.at_level(logging.DEBUG):
        own = of_address(script)
        hold_trouble(own)
        with pytest.raises(SourceError) as failed:
            own.read(DAY)
        assert sentence in str(failed.value)
        assert one_line(str(failed.value))
    assert SECRET not in caplog.text + str(failed.value)


def test_an_address_that_hangs_does_not_hold_up_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar, "SECONDS", 0.5)
    with serving(Hanging([Said()])) as script:
        own = source(written(tmp_path, entry(*TEN)), urls=[f"{script.url}/{SECRET}"])
        reading = own.read(DAY)
        script.released.set()
    assert told(reading.clues) == ["10:00-11:00 Acme review"]
    assert reading.trouble == "127.0.0.1: took too long"


class Hanging(Loopback):
    """Answers when it is released."""

    def __init__(self, answers: Sequence[Said]) -> None:
        super().__init__(answers)
        self.released = Event()

    def next(self, asked: Asked) -> Said:
        self.released.wait(60)
        return super().next(asked)


@pytest.mark.parametrize(
    "url",
    [
        f"http://calendar.example/{SECRET}",
        f"ftp://calendar.example/{SECRET}",
        f"https://me:{SECRET}@calendar.example/",
        SECRET,
        f"https://[{SECRET}",
        f"webcal:{SECRET}",
    ],
)
def test_an_address_that_anybody_could_read_on_the_way_is_refused(url: str) -> None:
    own = source(urls=[url])
    hold_trouble(own)
    with pytest.raises(SourceError, match="does not begin with https://") as refused:
        own.read(DAY)
    assert SECRET not in str(refused.value)


def test_webcal_means_https() -> None:
    with loopback(Said()) as script:
        url = f"webcal{script.url.removeprefix('http')}/{SECRET}"
        with pytest.raises(SourceError, match=r"cannot be reached|broke off|did not"):
            source(urls=[url]).read(DAY)
        assert script.asked == []  # TLS came, which this server does not speak


# -- Settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "https://a.example/1 webcal://b.example/2",
        "https://a.example/1,webcal://b.example/2",
        '["https://a.example/1", "webcal://b.example/2"]',
        ["https://a.example/1", "webcal://b.example/2"],
    ],
)
def test_addresses_are_secret_and_may_be_several(value: Any) -> None:
    settings = Settings.model_validate({"calendar": {"urls": value, "emails": ME}})
    assert settings.calendar.addresses() == ("https://a.example/1", "webcal://b.example/2")
    assert "a.example" not in repr(settings)
    (own,) = clue_sources(settings)
    assert "example/1" not in repr(vars(own))


def test_the_libraries_are_loaded_for_those_alone_who_have_a_calendar() -> None:
    code = "import sys, tracklater_bot.core; print('icalendar' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "False"


def test_the_owners_address_is_proposed(tmp_path: Path) -> None:
    file = written(tmp_path, "X-WR-CALNAME:eero@example.com", entry(*TEN))
    assert "is eero@example.com yours?" in source(file).check()
    assert "yours" not in source(file, emails=["EERO@example.com"]).check()
