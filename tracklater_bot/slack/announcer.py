"""What the bot says by itself: each day's digest at its time, and that work went on after it.

Called again and again, it finds out what is due from the store and the clock alone. So it makes
no difference whether the machine slept, the bot was restarted, or Slack was down in between.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from tracklater_bot.domain.errors import log_failure
from tracklater_bot.domain.plan import CATCH_UP_DAYS, Plan
from tracklater_bot.slack.messages import PostedElsewhere, PostError
from tracklater_bot.slack.person import Person

log = logging.getLogger(__name__)

ANNOUNCED = "announced"
REST_AFTER_FAILURE = timedelta(minutes=15)
LOOK_EVERY = timedelta(minutes=10)

# Shows the day in a message that was posted after the moment, if there is anything to tell.
Announce = Callable[[date, datetime], None]


@dataclass(frozen=True, slots=True)
class _Done:
    """Which days need no announcement any more: those before `since`, and `days`."""

    since: datetime
    days: frozenset[date] = frozenset()

    def and_also(self, day: date) -> _Done:
        kept = {done for done in self.days if done > day - timedelta(days=2 * CATCH_UP_DAYS)}
        return replace(self, days=frozenset(kept | {day}))


class Announcer:
    """Announces one person's days. Safe to call from several threads.

    `announce` raises PostError when Slack does not take a message: everything then waits for the
    next call. Any other failure concerns one day only, which rests while the others go on.
    """

    def __init__(self, person: Person, plan: Callable[[], Plan], announce: Announce) -> None:
        self._person = person
        self._plan = plan
        self._announce = announce
        self._under_way = threading.Lock()
        self._resting: dict[date, datetime] = {}

    def announce_due(self) -> None:
        """Announces the days whose time has come."""
        if not self._under_way.acquire(blocking=False):
            return  # the exact time and a tick came together
        try:
            self._announce_digests()
        except PostedElsewhere:
            log.debug("Another bot is posting a day.")
        except PostError as error:
            log.warning("%s It is tried again soon.", error)
        finally:
            self._under_way.release()

    def _announce_digests(self) -> None:
        now, plan = self._person.clock(), self._plan()
        done = self._done(now)
        for day in plan.passed(now, done.since):
            # A day that is not wanted when its time passes is never announced later, so that
            # the end of a holiday does not bring all of its days at once.
            over = day in done.days or not plan.wants(day) or self._attempt(day, plan.due_at(day))
            if over and day not in done.days:
                done = done.and_also(day)
                self._person.note(ANNOUNCED, done)

    def _attempt(self, day: date, since: datetime) -> bool:
        """Whether the day is announced now. Raises PostError."""
        now = self._person.clock()
        if self._resting.get(day, now) > now:
            return False
        try:
            self._announce(day, since)
        except PostError:
            raise
        except Exception as error:  # noqa: BLE001 - one bad day must not silence all others
            log_failure(log, f"Announcing {day}", error)
            self._resting[day] = now + REST_AFTER_FAILURE
            return False
        self._resting.pop(day, None)
        return True

    def _done(self, now: datetime) -> _Done:
        """What was announced so far; days before the very first start are not owed."""
        done = self._person.noted(ANNOUNCED, _Done)
        if done is None:
            done = _Done(now)
            self._person.note(ANNOUNCED, done)
        return done


class Activity:
    """Asks the machine now and then, until there was work, and remembers it with the day."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._looked: datetime | None = None

    def note_read(self, day: date) -> None:
        """The day was read just now."""
        person = self._person
        person.note(_read_key(day), person.clock().isoformat())
        person.memory.delete(went_on_key(day))

    def noticed(self) -> date | None:
        """Today, once, when there was work after it was read and shown."""
        person, now = self._person, self._person.clock()
        if self._looked is not None and now - self._looked < LOOK_EVERY:
            return None
        self._looked = now
        day = person.calendar.today()
        read = person.stored(_read_key(day))
        if not isinstance(read, str) or person.stored(went_on_key(day)):
            return None
        if not person.machine.worked_since(datetime.fromisoformat(read)):
            return None
        person.note(went_on_key(day), value=True)
        return day


def went_on_key(day: date) -> str:
    """Under which name the store remembers that the person went on working."""
    return f"went_on:{day}"


def _read_key(day: date) -> str:
    return f"read:{day}"
