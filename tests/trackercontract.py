"""What every tracker keeps to: run on the fake, on Toggl in the sandbox, and on any new one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.loopback import DROPPED, Said, closed_port, loopback
from tests.notation import span
from tracklater_bot.trackers.base import (
    Conflict,
    Gone,
    NewEntry,
    NotSent,
    OverQuota,
    Tracker,
    TrackerError,
)

FAILED_QUESTIONS = [Said(500), Said(503), DROPPED, Said(200, "<html>"), Said(429)]


def shown(value: object) -> str | None:
    """An answer as a part of a test's name."""
    return f"{value.status}-{value.body!r:.20}" if isinstance(value, Said) else None


def hold_failed_write(
    make: Callable[[str], Tracker], entry: NewEntry, said: Said, meaning: type[TrackerError]
) -> str:
    """A write that is answered so was asked once, and means that; gives the error's words."""
    with loopback(said) as service, pytest.raises(TrackerError) as caught:
        make(service.url).create(entry)
    assert isinstance(caught.value, meaning)
    assert isinstance(caught.value, OverQuota) == (meaning is OverQuota)
    assert len(service.asked) == 1, "a write is never repeated here"
    return str(caught.value)


def hold_unreachable(make: Callable[[str], Tracker], entry: NewEntry) -> None:
    """A write that found nobody may be sent again."""
    with pytest.raises(NotSent, match="cannot be reached"):
        make(closed_port()).create(entry)


class TrackerContract:
    """Tests for a fixture `tracker`, of an account with a project and a free Friday evening."""

    @pytest.fixture
    def entry(self, tracker: Tracker) -> NewEntry:
        project = tracker.account().projects[0]
        return NewEntry(span("21:00-22:00"), "DEV-123 Fix login", project.id)

    def test_the_account_says_whose_it_is(self, tracker: Tracker) -> None:
        account = tracker.account()
        assert account.name
        assert all(project.id for project in account.projects)

    def test_an_entry_is_found_once_it_is_made(self, tracker: Tracker, entry: NewEntry) -> None:
        assert tracker.find(entry) is None
        made = tracker.create(entry)
        assert (made.start, made.end) == (entry.span.start, entry.span.end)
        assert (made.description, made.project_id) == (entry.description, entry.project_id)
        assert tracker.find(entry) == made
        assert made in tracker.entries(span("20:00-23:00"))
        assert made not in tracker.entries(span("22:30-23:00"))

    def test_words_start_and_length_tell_entries_apart(
        self, tracker: Tracker, entry: NewEntry
    ) -> None:
        tracker.create(entry)
        for other in (
            replace(entry, description="Review"),
            replace(entry, span=span("21:00-21:30")),
            replace(entry, span=span("21:30-22:30")),
            replace(entry, project_id=None),
        ):
            assert tracker.find(other) is None

    def test_an_entry_changes_as_it_was_seen_last(self, tracker: Tracker, entry: NewEntry) -> None:
        made = tracker.create(entry)
        other = replace(entry, description="Review", span=span("21:00-21:30"), tags=("a",))
        changed = tracker.update(made.id, other, made.changed)
        assert (changed.id, changed.description, changed.tags) == (made.id, "Review", ("a",))
        with pytest.raises(Conflict) as told:
            tracker.update(made.id, entry, made.changed)
        assert told.value.current == changed
        with pytest.raises(Conflict):
            tracker.delete(made.id, made.changed)
        assert tracker.find(other) == changed

    def test_an_entry_that_is_gone_is_gone(self, tracker: Tracker, entry: NewEntry) -> None:
        made = tracker.create(entry)
        tracker.delete(made.id, made.changed)
        assert tracker.find(entry) is None
        for seen in (made.changed, None):
            with pytest.raises(Gone):
                tracker.delete(made.id, seen)
            with pytest.raises(Gone):
                tracker.update(made.id, entry, seen)
