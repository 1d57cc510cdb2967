"""A person's machine as the rest sees it, though it is elsewhere and may be asleep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from operator import attrgetter
from zoneinfo import ZoneInfo

from tracklater_bot.catalog.catalog import Catalog
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.day_totals import open_items
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.suggestions import SourceStatus
from tracklater_bot.domain.text import clock as in_words
from tracklater_bot.domain.urgency import is_low_priority, low_priority
from tracklater_bot.domain.wall import Finding, Shown
from tracklater_bot.settings import SuggestSettings
from tracklater_bot.store import Store
from tracklater_hub import mailbox, people
from tracklater_hub.believing import Disbelieved, Known, believed, findings, named_in
from tracklater_hub.mailbox import Bell
from tracklater_hub.people import is_awake
from tracklater_hub.protocol import MOST_DAYS, Answer, Ask, Request

LAPTOP = "laptop"
DRAFT_SECONDS, OTHER_SECONDS = 50.0, 20.0
LATE = "it did not answer in time"
FAILED = "the day could not be read there: the log of `tracklater-bot agent` tells why"
MOST_SPANS = 2_000  # of windows with a rule's words, in a day
NO_DEVICE = "no machine of yours has joined: write `/tracklater join` and run what it says there"


@dataclass(frozen=True)
class RemoteMachine:
    """Asks through the database; where the machine sleeps, tells what it reported last.

    No call raises, as the wall says, but for a database that cannot be used, and somebody who left.
    """

    person: str
    store: Store
    bell: Bell
    catalog: Catalog
    groups: tuple[Group, ...]
    suggest: SuggestSettings
    clock: Callable[[], datetime]
    zone: Callable[[], ZoneInfo]

    def drafts(self, days: Sequence[WorkDay]) -> list[Draft]:
        """The days as they look now, or as they looked when the machine told of them last."""
        asleep = self.asleep()
        for first in range(0, len(days) if not asleep else 0, MOST_DAYS):
            request = self.request(days[first : first + MOST_DAYS])
            answer = mailbox.ask(self.store, self.bell, self.person, request, DRAFT_SECONDS)
            if answer is None or answer.failed:
                asleep = FAILED if answer else self.asleep() or LATE
                break
        with self.store.reading() as transaction:
            told = [mailbox.last_draft(transaction, self.person, day.date) for day in days]
        known = self.known(days, told)
        self._require_member()
        return [
            self._last(day, draft, asleep, known) for day, draft in zip(days, told, strict=True)
        ]

    def worked_since(self, moment: datetime) -> bool:
        """False where nobody tells."""
        answer = self._asked(Request("", Ask.WORKED_SINCE, moment=moment))
        return answer is not None and answer.worked

    def check(self) -> list[Finding]:
        """What the machine finds, or that it sleeps."""
        answer = self._asked(Request("", Ask.CHECK))
        if answer is not None:
            return [*answer.findings]
        sentence = self.asleep() or LATE
        return [Finding(LAPTOP, None, ok=False, sentence=sentence)]

    def forget_habits(self) -> None:
        """Is kept until the machine is awake; not waited for."""
        with self.store.writing() as transaction:
            mailbox.put(transaction, self.person, self._in_groups(Request("", Ask.FORGET_HABITS)))

    def windows_with(self, day: WorkDay, text: str) -> tuple[Span, ...]:
        """Empty where nobody tells."""
        answer = self._asked(Request("", Ask.WINDOWS_WITH, days=(day,), text=text))
        return answer.spans if answer is not None else ()

    def shown(self, span: Span) -> Shown:
        """Nothing: no word of a window leaves the machine that serves a team."""
        return Shown()

    def _require_member(self) -> None:
        """Who left while the machine was waited for is told nothing. Raises LookupError."""
        with self.store.reading() as transaction:
            if people.version(transaction, self.person) is None:
                raise LookupError("somebody who has left")

    # -- What the machine says -----------------------------------------------------------------

    def request(self, days: Sequence[WorkDay]) -> Request:
        """The question for drafts of these days."""
        return self._in_groups(Request("", Ask.DRAFTS, days=tuple(days)))

    def accept(self, answer: Answer) -> None:
        """Takes the machine's answer to a question of this person's, once.

        One that is over already, or nobody's here, changes nothing. Raises Disbelieved; whoever
        waits is told at once that it failed.
        """
        with self.store.reading() as transaction:
            request = mailbox.question(transaction, self.person, answer.id)
        if request is None:
            return
        try:
            taken = self._taken(request, answer)
        except Disbelieved:
            self._keep(Answer(answer.id, failed=True))
            raise
        self._keep(taken)

    def _taken(self, request: Request, answer: Answer) -> Answer:
        """What of it was asked for, and can be. Raises Disbelieved."""
        days = {day.date: day for day in request.days}
        taken = Answer(answer.id, answer.failed)
        match request.ask:
            case Ask.DRAFTS:
                dates = [draft.day for draft in answer.drafts]
                if not set(dates) <= set(days) or len(set(dates)) < len(dates):
                    raise Disbelieved("another day than was asked for")
                with low_priority(low=not request.waited_for):
                    known, now = self.known(request.days, answer.drafts), self.clock()
                drafts = (believed(one, days[one.day], known, now) for one in answer.drafts)
                return replace(taken, drafts=tuple(drafts))
            case Ask.WORKED_SINCE:
                return replace(taken, worked=answer.worked)
            case Ask.CHECK:
                return replace(taken, findings=findings(answer.findings))
            case Ask.WINDOWS_WITH:
                told = islice(answer.spans, MOST_SPANS)
                parts = (one.intersection(day.span) for one in told for day in request.days)
                return replace(taken, spans=tuple(filter(None, parts)))
        return taken

    def _keep(self, taken: Answer) -> None:
        with self.store.writing() as transaction:
            if mailbox.question(transaction, self.person, taken.id, lock=True) is not None:
                asked = mailbox.taken_at(transaction, taken.id)
                mailbox.keep_drafts(transaction, self.person, taken.drafts, asked)
                mailbox.answer(transaction, taken.id, taken)

    def known(self, days: Sequence[WorkDay], drafts: Iterable[Draft | None] = ()) -> Known:
        """What is known here of the groups, their issues, and what is tracked in these days.

        An issue that the drafts name may have been read by another process a moment ago.
        """
        issues = {issue.id: issue for issue in self.catalog.issues()}
        if not {*named_in(filter(None, drafts))} <= issues.keys():
            self.catalog.reread()
            issues = {issue.id: issue for issue in self.catalog.issues()}
        projects = self.catalog.known_projects().by_group
        end = max((day.span.end for day in days), default=self.clock())
        return Known(
            {group.name: projects.get(group.name, ()) for group in self.groups},
            issues,
            self.catalog.tracked_until(end).entries if days else (),
        )

    def _in_groups(self, request: Request) -> Request:
        return replace(
            request,
            groups=self.groups,
            round_minutes=self.suggest.round_minutes,
            min_minutes=self.suggest.min_minutes,
            waited_for=not is_low_priority(),
        )

    def _asked(self, request: Request) -> Answer | None:
        if self.asleep():
            return None
        asked = self._in_groups(request)
        return mailbox.ask(self.store, self.bell, self.person, asked, OTHER_SECONDS)

    def asleep(self) -> str:
        """Why the machine is not asked; "" where it was heard of a moment ago."""
        with self.store.reading() as transaction:
            device = people.device_of(transaction, self.person)
            if is_awake(device, people.now(transaction)):
                return ""
            reported = mailbox.last_report(transaction, self.person)
        if device is None:
            return NO_DEVICE
        if reported is None:
            return "it has not reported yet: is `tracklater-bot agent` running there?"
        zone = self.zone()
        today = self.clock().astimezone(zone).date()
        return f"asleep or offline; last reported at {in_words(reported, zone, today)}"

    def _last(self, day: WorkDay, told: Draft | None, trouble: str, known: Known) -> Draft:
        """The day as it was told last; what is tracked is as of now."""
        try:
            draft = None if told is None else believed(told, day, known, self.clock())
        except Disbelieved:  # the team has other groups now, or the day another zone
            draft, trouble = None, trouble or "what it reported does not fit any more"
        if draft is None:  # nothing that waits for a decision is taken away because nobody answers
            stored = self.store.digest(self.person, day.date)
            waiting = open_items(stored) if stored is not None else []
            rows = tuple(item.suggestion for item in waiting)
            draft = Draft(day.date, str(day.zone), tuple(sorted(rows, key=attrgetter("span"))))
        if not trouble:
            return draft
        status = SourceStatus(LAPTOP, None, 0, trouble, traces=True)
        return replace(draft, sources=(status, *draft.sources))
