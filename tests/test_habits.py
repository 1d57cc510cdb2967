"""Habits: what confirmed time teaches, and that no word of a title is kept."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from benchmarks.habits import Tally, beside_keywords, score
from tests.notation import FRIDAY, HELSINKI, at, span, written
from tests.test_drafting import Recorded, windows
from tracklater_bot.domain.clues import Clue, Meeting, Reading
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.draft import Brief, Decision, Draft
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.rules import Rule, RuleKind
from tracklater_bot.domain.side_by_side import TOO_LONG, in_background
from tracklater_bot.domain.track_record import Outcome
from tracklater_bot.drafting import habits
from tracklater_bot.drafting.habits import HabitFiles
from tracklater_bot.drafting.machine import LocalMachine
from tracklater_bot.drafting.recorders import read_all
from tracklater_bot.engine import habit_evidence
from tracklater_bot.engine.learn.habits import Habits, Opinion, Seen
from tracklater_bot.settings import SuggestSettings
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.issues.jira import key_form

GROUPS = (Group("acme", key_forms=(key_form("WEB"),)), Group("globex"))
# No group is named anywhere: only what was confirmed tells whose these are.
LANDING, LEDGER = "Landing page v2 - Figma", "Quarterly ledger - LibreOffice Calc"
NEUTRAL = "Untitled - Notion"


def day(back: int) -> WorkDay:
    return WorkDay(FRIDAY.date - timedelta(days=back), HELSINKI)


def entry(of: WorkDay, start: str, minutes: int, group: str | None) -> TimeEntry:
    begins = at(start, of)
    return TimeEntry(f"{of.date} {start}", begins, begins + timedelta(minutes=minutes), group=group)


@dataclass
class Known:
    """The rest of the product, which knows entries."""

    entries: list[TimeEntry]
    rules: tuple[Rule, ...] = ()
    decisions: tuple[Decision, ...] = ()
    issues: tuple[Issue, ...] = ()
    groups: tuple[Group, ...] = GROUPS
    outcomes: tuple[Outcome, ...] = ()

    @contextmanager
    def prepare(self, days: Sequence[WorkDay]) -> Iterator[_Prepared]:
        yield _Prepared(self, tuple(days))


@dataclass(frozen=True)
class _Prepared:
    known: Known
    days: tuple[WorkDay, ...]

    @property
    def groups(self) -> tuple[Group, ...]:
        return self.known.groups

    def brief(self, keys: Sequence[str]) -> Brief:
        known = self.known
        return Brief(
            self.days,
            known.groups,
            known.issues,
            rules=known.rules,
            history=tuple(known.entries),
            decisions=known.decisions,
            outcomes=known.outcomes,
        )


@dataclass
class Month:
    """Past days of two clients, each with windows of their own, and the day to be drafted."""

    folder: Path
    entries: list[TimeEntry] = field(default_factory=list)
    clues: list[Clue] = field(default_factory=list)
    meetings: list[Meeting] = field(default_factory=list)
    rules: tuple[Rule, ...] = ()
    decisions: tuple[Decision, ...] = ()
    issues: tuple[Issue, ...] = ()
    groups: tuple[Group, ...] = GROUPS
    outcomes: tuple[Outcome, ...] = ()

    def met(self, of: WorkDay, times: str, title: str, series: str = "", **more: str) -> None:
        """A meeting away from the screen; `group` is whose it is in the tracker."""
        when = span(times, of)
        self.meetings.append(Meeting(when.start, when.end, title, series=series))
        if "group" in more:
            minutes = round(when.minutes)
            self.entries.append(entry(of, times.partition("-")[0], minutes, more["group"]))

    def work(self, of: WorkDay, start: str, minutes: int, title: str, group: str | None) -> None:
        self.clues += windows(of, start, minutes, title)
        if group is not None:
            self.entries.append(entry(of, start, minutes, group))

    def machine(self) -> LocalMachine:
        sources = [
            Recorded(tuple(sorted(self.clues, key=lambda clue: clue.at))),
            Recorded(tuple(self.meetings), name="calendar", watches_screen=False, local=False),
        ]
        files = HabitFiles(self.folder, sources, lambda: at("20:00"))
        known = Known(
            self.entries, self.rules, self.decisions, self.issues, self.groups, self.outcomes
        )
        return LocalMachine(SuggestSettings(), sources, known, lambda: at("20:00"), habits=files)

    def draft(self) -> Draft:
        return self.machine().drafts([FRIDAY])[0]


@pytest.fixture
def month(tmp_path: Path) -> Month:
    month = Month(tmp_path / "habits")
    for back in range(1, 6):
        month.work(day(back), "09:00", 90, LANDING, "acme")
        month.work(day(back), "11:00", 90, LEDGER, "globex")
    month.work(FRIDAY, "10:00", 60, LANDING, None)
    month.work(FRIDAY, "11:00", 60, LEDGER, None)
    return month


def groups_at(draft: Draft, *times: str) -> list[str | None]:
    return [
        next((s.group for s in draft.suggestions if at(time) in s.span), None) for time in times
    ]


def test_windows_like_those_of_confirmed_time_go_to_the_same_client(month: Month) -> None:
    draft = month.draft()
    assert groups_at(draft, "10:30", "11:30") == ["acme", "globex"]
    reasons = [reason.text for suggestion in draft.suggestions for reason in suggestion.reasons]
    assert any("like those of earlier entries" in reason for reason in reasons)


def test_new_words_are_not_taken_for_no_work_where_all_time_was_confirmed(month: Month) -> None:
    month.clues = [clue for clue in month.clues if clue.at not in FRIDAY.span]
    month.work(FRIDAY, "10:00", 60, "Landing banner - Figma", None)
    assert groups_at(month.draft(), "10:30") == ["acme"]


def test_after_a_break_what_was_done_before_it_says_little(month: Month) -> None:
    month.work(FRIDAY, "15:00", 60, NEUTRAL, None)
    assert groups_at(month.draft(), "11:30", "15:30") == ["globex", None]


def test_without_confirmed_time_nothing_is_guessed(month: Month) -> None:
    month.entries.clear()
    assert groups_at(month.draft(), "10:30", "11:30") == [None, None]
    assert not month.folder.exists()


def test_no_word_of_a_title_is_kept_and_no_one_else_may_read_the_counts(month: Month) -> None:
    month.draft()
    files = [path for path in month.folder.rglob("*") if path.is_file()]
    assert len(files) == 6  # five days and the key
    for path in files:
        content = path.read_bytes().lower()
        for word in (b"landing", b"figma", b"quarterly", b"ledger", b"acme", b"globex"):
            assert word not in content
        assert path.stat().st_mode & 0o777 == 0o600
    assert month.folder.stat().st_mode & 0o777 == 0o700


def test_a_week_under_the_wrong_client_is_right_again_once_it_was_corrected(month: Month) -> None:
    right = list(month.entries)
    swapped = {"acme": "globex", "globex": "acme"}
    month.entries[:] = [
        TimeEntry(e.id, e.start, e.end, group=swapped[e.group or ""]) for e in right
    ]
    assert groups_at(month.draft(), "10:30", "11:30") == ["globex", "acme"]
    month.entries[:] = right
    assert groups_at(month.draft(), "10:30", "11:30") == ["acme", "globex"]


@pytest.mark.parametrize("hangs", ["always", "on past days"])
def test_a_recorder_that_hangs_costs_what_it_would_teach(
    month: Month, hangs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    class Hanging(Recorded):
        def read(self, span):  # type: ignore[no-untyped-def]
            if hangs == "always" or span.start < FRIDAY.span.start:
                assert over.wait(60), "the draft waits for it"
            return super().read(span)

    monkeypatch.setattr(habits, "SECONDS", 0.2)
    monkeypatch.setattr("tracklater_bot.drafting.machine.read_all", partial(read_all, seconds=0.2))
    machine = month.machine()
    sources = [Hanging(machine.sources[0].clues)]  # type: ignore[attr-defined]
    files = HabitFiles(month.folder, sources, lambda: at("20:00"))
    known = Known(month.entries)
    slow = LocalMachine(SuggestSettings(), sources, known, lambda: at("20:00"), habits=files)
    try:
        (draft,) = in_background(lambda: slow.drafts([FRIDAY])).result(30)
    finally:
        over.set()
    assert [status.trouble for status in draft.sources] == [None if "past" in hangs else TOO_LONG]
    assert groups_at(draft, "10:30") == [None]


def test_a_recorder_that_always_fails_keeps_nothing_back_of_what_another_saw(month: Month) -> None:
    class Failing(Recorded):
        def read(self, span):  # type: ignore[no-untyped-def]
            raise SourceError("nothing listens there")

    machine = month.machine()
    sources = [*machine.sources, Failing(())]
    files = HabitFiles(month.folder, sources, lambda: at("20:00"))
    brief = Brief((FRIDAY,), GROUPS, history=tuple(month.entries))
    assert files.learned(brief)(FRIDAY) is not None
    assert len(list(month.folder.glob("*.json"))) > 0


def test_only_days_whose_entries_changed_are_read_again(month: Month) -> None:
    asked: list[datetime] = []

    class Counting(Recorded):
        def read(self, span):  # type: ignore[no-untyped-def]
            asked.append(span.start)
            return super().read(span)

    machine = month.machine()
    sources = [Counting(machine.sources[0].clues)]  # type: ignore[attr-defined]
    for _ in range(2):
        files = HabitFiles(month.folder, sources, lambda: at("20:00"))
        known = Known(month.entries)
        LocalMachine(SuggestSettings(), sources, known, lambda: at("20:00"), habits=files).drafts(
            [FRIDAY]
        )
    assert len(asked) == 5 + 1 + 1  # the past days once, Friday each time


def test_what_was_skipped_counts_against(month: Month) -> None:
    for back in range(1, 6):
        month.clues += windows(day(back), "14:00", 60, "Crossword - Mozilla Firefox")
        month.decisions += (Decision(span("14:00-15:00", day(back)), None),)
    month.clues += windows(FRIDAY, "14:00", 60, "Crossword - Mozilla Firefox")
    assert groups_at(month.draft(), "10:30", "11:30", "14:30") == ["acme", "globex", None]


def test_time_that_nobody_confirmed_is_likely_nobodys(month: Month) -> None:
    """And costs nothing of what the rest of the same days teaches."""
    for back in range(1, 6):
        month.work(day(back), "14:00", 60, "Crossword - Mozilla Firefox", None)
    month.work(FRIDAY, "12:00", 40, "Crossword - Mozilla Firefox", None)
    assert groups_at(month.draft(), "10:30", "11:30", "12:20") == ["acme", "globex", None]


def test_numbers_and_single_letters_of_a_title_teach_nothing(month: Month) -> None:
    month.draft()
    for back in (1, 2):
        month.work(day(back), "15:00", 60, "4711 q Landing - Figma", "acme")
    month.draft()
    known = {habit.word for habit in month.machine().habits_in_words([FRIDAY])}
    assert "landing" in known
    assert not known & {"4711", "q"}


def test_what_was_corrected_counts_more(month: Month) -> None:
    """Two days each for the same window; in those of the one the person changed the group."""
    for back, group in ((1, "acme"), (2, "acme"), (3, "globex"), (4, "globex")):
        month.work(day(back), "14:00", 60, "Roadmap - Notion", group)
    month.work(FRIDAY, "14:00", 60, "Roadmap - Notion", None)
    starts = [at("14:00", day(back)) for back in (3, 4)]
    month.decisions = tuple(
        Decision(Span(start, start + timedelta(hours=1)), "globex") for start in starts
    )
    assert groups_at(month.draft(), "14:30") == ["globex"]


def test_rows_of_which_habit_is_unsure_stay_with_whose_they_may_be(month: Month) -> None:
    """Not only two a day: what past days tell is no question."""
    starts = ("13:00", "14:00", "15:00", "16:00")
    for start in starts:
        month.work(FRIDAY, start, 30, NEUTRAL, None)
    rows = [row for row in month.draft().suggestions if row.group is None]
    assert [row.span.start for row in rows] == [at(start) for start in starts]
    assert all(row.candidates[0].group == "globex" for row in rows)


def test_an_issue_of_the_last_days_is_known_by_its_windows(month: Month) -> None:
    redesign = Issue("WEB-7", "Redesign", "", "jira", "acme")
    month.issues = (redesign, Issue("WEB-8", "Imprint", "", "jira", "acme"))
    month.entries[:] = [
        replace(entry, description="WEB-7 Redesign") if entry.group == "acme" else entry
        for entry in month.entries
    ]
    [suggestion, other] = month.draft().suggestions
    assert (suggestion.group, suggestion.issue) == ("acme", redesign)
    assert (other.group, other.issue) == ("globex", None)


def test_a_usual_issue_is_known_though_another_window_names_one(month: Month) -> None:
    redesign, imprint = (
        Issue("WEB-7", "Redesign", "", "jira", "acme"),
        Issue("WEB-8", "Imprint", "", "jira", "acme"),
    )
    month.issues = (redesign, imprint)
    month.entries[:] = [
        replace(entry, description="WEB-7 Redesign") if entry.group == "acme" else entry
        for entry in month.entries
    ]
    month.work(FRIDAY, "14:00", 30, "[WEB-8] Imprint - Jira", None)
    first, *_, last = month.draft().suggestions
    assert (first.issue, last.issue) == (redesign, imprint)
    assert [one.certain for one in (first, last)] == [False, True]  # known by habit alone


def test_work_that_could_be_any_of_many_clients_is_asked_about(tmp_path: Path) -> None:
    """None of them stands out, but that it was work for one of them is as sure as ever."""
    month = Month(tmp_path / "habits")
    month.groups = tuple(Group(f"client {number}") for number in range(24))
    for back in range(1, 7):
        for slot in range(16):
            start = f"{9 + slot // 2:02d}:{slot % 2 * 30:02d}"
            name = f"client {(16 * back + slot) % 24}"
            month.work(day(back), start, 30, "Timetable - LibreOffice Calc", name)
    month.work(FRIDAY, "10:00", 60, "Timetable - LibreOffice Calc", None)
    assert groups_at(month.draft(), "10:30") == [None]
    [row] = month.draft().suggestions
    assert written([row.span]) == "10:00-11:00"


def test_what_was_forgotten_is_not_learned_again(month: Month) -> None:
    machine = month.machine()
    machine.drafts([FRIDAY])
    machine.forget_habits()
    assert [path.name for path in month.folder.iterdir()] == ["forgotten"]
    assert groups_at(month.draft(), "10:30", "11:30") == [None, None]


def test_of_a_day_of_endless_windows_the_longest_are_looked_at(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[int] = []
    opinions = Habits.opinions

    def counted(habits: Habits, seen: Sequence[Seen]) -> list[Opinion]:
        looked_at.append(len(seen))
        return opinions(habits, seen)

    monkeypatch.setattr(Habits, "opinions", counted)
    monkeypatch.setattr(habit_evidence, "MOST_WINDOWS", 2)
    for number in range(20):  # before the others
        clock = f"{7 + number // 10:02d}:{number % 10 * 3:02d}"
        month.clues += windows(FRIDAY, clock, 3, f"Draft {chr(97 + number)}x - Notion")
    assert groups_at(month.draft(), "10:30", "11:30") == ["acme", "globex"]
    assert looked_at == [2]


def test_a_broken_file_costs_nothing_but_its_day_anew(month: Month) -> None:
    month.draft()
    for path in month.folder.glob("*.json"):
        path.write_bytes(b'{"form":1,')
    assert groups_at(month.draft(), "10:30", "11:30") == ["acme", "globex"]


def test_the_persons_rule_wins_over_habit(month: Month) -> None:
    month.rules = (Rule(RuleKind.ALWAYS, "globex", "landing page"),)
    assert groups_at(month.draft(), "10:30", "11:30") == ["globex", "globex"]


def test_habits_are_listed_in_words_on_this_machine(month: Month) -> None:
    month.draft()
    lines = month.machine().habits_in_words([FRIDAY])
    strongest = {(habit.word, habit.program, habit.group) for habit in lines}
    assert ("landing", "Figma", "acme") in strongest
    assert ("ledger", "LibreOffice Calc", "globex") in strongest
    assert all(habit.stood == 1.0 and round(habit.hours) == 8 for habit in lines)


def test_a_client_whose_habits_were_wrong_again_and_again_is_no_longer_certain(
    month: Month,
) -> None:
    """Measured on the person's own decisions, row by row; the other client's stay as they were."""
    before = {row.group: row.confidence for row in month.draft().suggestions}
    assert min(before.values()) >= 0.9
    month.outcomes = tuple(
        Outcome("acme", "habit", 0.93, 0.99, certain=True, stood=n > 15, issue_stood=n > 15)
        for n in range(40)
    ) + tuple(
        Outcome("globex", "habit", 0.93, 0.99, certain=True, stood=True, issue_stood=True)
        for _ in range(40)
    )
    after = {
        row.candidates[0].group if row.candidates else row.group: row
        for row in month.draft().suggestions
    }
    assert after["acme"].confidence < 0.8
    assert after["globex"].confidence >= 0.9
    reckoned = after["globex"].evidence.reckoned / 1000
    assert reckoned == pytest.approx(before["globex"], abs=0.001)  # what outcomes are held against


# -- Meetings --------------------------------------------------------------------------------------


def test_a_series_of_meetings_belongs_to_whom_it_was_confirmed_for(month: Month) -> None:
    """Its title names nobody, and may change; the same title without a series is known too."""
    for back in (1, 2, 3):
        month.met(day(back), "13:00-14:00", f"Weekly {back}", "series-1", group="globex")
        month.met(day(back), "15:00-15:30", "Retro", group="acme")
        month.work(day(back), "14:00", 60, NEUTRAL, None)
    month.met(FRIDAY, "12:30-13:30", "Weekly, again", "series-1")
    month.met(FRIDAY, "14:30-15:00", "Retro")
    month.met(FRIDAY, "15:30-16:00", "Town hall")
    for start in ("12:00", "13:30", "15:00", "16:00"):
        month.work(FRIDAY, start, 30, LEDGER, None)
    draft = month.draft()
    assert groups_at(draft, "13:00", "14:45") == ["globex", "acme"]
    reasons = [reason.text for row in draft.suggestions for reason in row.reasons]
    assert "earlier entries of such meetings in 1 meeting" in reasons
    kept = b"".join(path.read_bytes() for path in month.folder.iterdir())
    assert b"etro" not in kept
    assert b"series-1" not in kept


def test_a_series_that_was_for_several_is_nobodys_habit(month: Month) -> None:
    for back, group in ((1, "acme"), (2, "globex"), (3, "acme")):
        month.met(day(back), "13:00-14:00", "Sync", "series-1", group=group)
    month.met(FRIDAY, "12:15-13:15", "Sync", "series-1")
    month.work(FRIDAY, "13:15", 45, LEDGER, None)
    row = next(row for row in month.draft().suggestions if at("12:45") in row.span)
    assert row.group is None


def test_a_calendar_that_cannot_be_read_costs_nothing_but_its_meetings(month: Month) -> None:
    class Broken(Recorded):
        def read(self, span: Span) -> Reading:
            raise SourceError("no network")

    machine = month.machine()
    machine.sources[1] = Broken((), name="calendar", watches_screen=False)  # type: ignore[index]
    assert groups_at(machine.drafts([FRIDAY])[0], "10:30", "11:30") == ["acme", "globex"]


# -- The day itself --------------------------------------------------------------------------------


def test_an_answer_moves_what_is_of_the_same_kind(month: Month) -> None:
    """Before it is in the tracker; and for somebody who has confirmed nothing yet, too."""
    for start in ("13:00", "15:00"):
        month.work(FRIDAY, start, 40, "Roadmap and budget - Notion", None)
        month.work(FRIDAY, f"{start[:2]}:40", 30, LEDGER, None)
    before = groups_at(month.draft(), "13:20", "15:20")
    assert before != ["acme", "acme"]
    month.decisions = (Decision(span("13:00-13:40"), "acme"),)
    assert groups_at(month.draft(), "15:20") == ["acme"]
    month.entries.clear()
    assert groups_at(month.draft(), "15:20") == ["acme"]


def test_a_client_never_seen_is_not_pressed_into_the_others(month: Month) -> None:
    """Its windows share no word with theirs."""
    month.work(FRIDAY, "14:00", 90, "Zebra atlas - Blender", None)
    rows = [row for row in month.draft().suggestions if at("14:45") in row.span]
    assert all(row.group is None for row in rows)


def test_habits_fade_a_client_of_long_ago_gives_way_to_the_one_of_now(month: Month) -> None:
    for back in range(40, 45):
        month.work(day(back), "13:00", 60, "Roadmap - Notion", "acme")
    for back in range(1, 4):
        month.work(day(back), "13:00", 60, "Roadmap - Notion", "globex")
    month.work(FRIDAY, "13:00", 60, "Roadmap - Notion", None)
    assert groups_at(month.draft(), "13:30") == ["globex"]


def test_a_full_disk_costs_nothing_but_learning_anew(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tracklater_bot.drafting.habits.replace_file", full)
    assert groups_at(month.draft(), "10:30", "11:30") == ["acme", "globex"]
    monkeypatch.undo()
    month.draft()
    shutil.rmtree(month.folder)  # somebody made room
    assert groups_at(month.draft(), "10:30", "11:30") == ["acme", "globex"]


# -- Made-up months --------------------------------------------------------------------------------


def test_days_full_of_keywords_and_commits_lose_nothing_by_habits() -> None:
    """Eight days before them teach; what names a group there is named all the same."""
    without, learned = beside_keywords(range(20, 22))
    assert learned.share_right > without.share_right - 0.003
    assert learned.share_wrong < without.share_wrong + 0.003
    assert learned.rows.share_standing > without.rows.share_standing - 0.01


def test_a_week_of_entries_alone_makes_useful_days() -> None:
    """No keyword, 39 clients; the sixth to the twentieth day."""
    month = Tally()
    score(20, month, keywords=False, habits=True, seconds=60)
    assert month.right / month.whole > 0.7
    assert month.sure / month.whole > 1 / 4
    assert month.sure_right / month.sure > 0.88
    assert month.changes / month.true_changes < 1.2
