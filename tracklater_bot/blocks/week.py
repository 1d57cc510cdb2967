"""The days of a week or a month at a glance: what is tracked, what was found, what still waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from tracklater_bot.blocks import elements as kit
from tracklater_bot.blocks.elements import MOST_JSON, MOST_TEXT, Block, SlackMessage
from tracklater_bot.blocks.text import escaped, lines_within, mrkdwn, plain
from tracklater_bot.domain.billing import Drift
from tracklater_bot.domain.day_totals import DayTimes, Lengths
from tracklater_bot.domain.entries import SOME_TRACKER, TrackerWords
from tracklater_bot.domain.stretches import ReadyRows, Stretch
from tracklater_bot.domain.text import clock, count, duration, listing, short_day

MOST_GROUPS = 6
MOST_DAYS = 31
WEEK_DAYS = 7
MOST_CONFIRM = 280


@dataclass(frozen=True, slots=True)
class QuotaView:
    """What of the tracker's quota is `left` until it `resets_at`, and what each hour brings then.

    None where that is not known.
    """

    now: datetime
    zone: ZoneInfo
    left: int | None = None
    resets_at: datetime | None = None
    hourly: int | None = None

    def cost(self, number: int, tracker: str) -> str:
        """What so many entries cost, and until when they will be in the tracker."""
        cost = f"Each entry is one request to {tracker}: {count(number, 'request')}"
        if self.left is None or self.resets_at is None:
            return f"{cost}; {self.hourly} an hour at least." if self.hourly else f"{cost}."
        left = f"; {self.left} are left until {clock(self.resets_at, self.zone)}"
        if number <= self.left or not self.hourly:
            return f"{cost}{left}."
        hours = ceil((number - self.left) / self.hourly) - 1
        last = self.resets_at + timedelta(hours=hours)
        until = clock(last, self.zone, self.now.astimezone(self.zone).date())
        return f"{cost}{left}, so the last will be there soon after {until}."


@dataclass(frozen=True, slots=True)
class BillingView:
    """Whether a month is billed, since when, and what is different since.

    `lengths` are what would be billed now; `seen` stands for exactly that.
    """

    lengths: Lengths
    seen: str
    billed_on: date | None = None
    billed: Lengths = field(default_factory=dict)
    drift: Sequence[Drift] = ()

    def blocks(self, stretch: Stretch, most: int) -> list[Block]:
        """What is said of it in about so many characters, and the buttons."""
        value, title = f"{stretch}/{self.seen}", "Mark as billed"
        ask = f"Remember {stretch.name} as billed: {_sums(self.lengths)}? Nothing is sent."
        question = kit.confirm(title, plain(ask, MOST_CONFIRM), title)
        if self.billed_on is None:
            return [kit.actions([kit.button(title, "bill_month", value, confirm=question)])]
        words = f"*Billed on {short_day(self.billed_on)}*: {duration(in_all(self.billed))}."
        if not self.drift:
            lines = [f"{words} Nothing has changed since."]
        else:
            lines = [f"{words} {count(len(self.drift), 'change')} since:"]
            lines += [
                f"• {short_day(one.day)} {mrkdwn(one.what or 'without words', 60)}:"
                f" {mrkdwn(one.how, 150)}"
                for one in self.drift
            ]
        buttons = [kit.button("Mark as billed anew", "bill_month", value, confirm=question)]
        buttons += [kit.button("Not billed", "unbill_month", value)]
        return [kit.section(lines_within(lines, most)), kit.actions(buttons)]


def _sums(lengths: Lengths) -> str:
    """`63 h. acme 42 h, globex 21 h`."""
    clients = (
        f"{plain(group or 'no client', 30)} {duration(length)}"
        for group, length in sorted(lengths.items(), key=lambda pair: (-pair[1], pair[0] or ""))
    )
    return f"{duration(in_all(lengths))}. {', '.join(clients)}"


@dataclass(frozen=True, slots=True)
class WeekView:
    """What stands beside the days: whose they are, what is certain, what can be approved at all,
    what it costs.
    """

    stretch: Stretch
    certain: ReadyRows = field(default_factory=ReadyRows)
    ready: ReadyRows = field(default_factory=ReadyRows)
    quota: QuotaView | None = None
    notes: Sequence[str] = ()
    billing: BillingView | None = None


def in_all(lengths: Lengths) -> timedelta:
    """The sum over all groups."""
    return sum(lengths.values(), timedelta())


def open_button(day: date) -> Block:
    """What shows the day."""
    return kit.button("Open", "open_day", day.isoformat())


def week_message(
    days: Sequence[DayTimes], tracker: TrackerWords = SOME_TRACKER, view: WeekView | None = None
) -> SlackMessage:
    """The days, each with a button that shows it; one approves what is certain of them.

    In a month, days without any time share a line.
    """
    shown, label = list(days)[:MOST_DAYS], tracker.label
    totals = _week_totals(shown, label)
    spoken = [totals.replace("*", "")]
    spoken += [f"{short_day(times.day)}: {_day_words(times, label)}." for times in shown]
    text = lines_within(map(escaped, spoken), MOST_TEXT)
    for groups in (MOST_GROUPS, 3, 1, 0):
        blocks = _blocks(shown, label, view, groups)
        if kit.size(blocks) <= MOST_JSON:
            break
    return SlackMessage(text, blocks)


def _blocks(
    days: Sequence[DayTimes], tracker: str, view: WeekView | None, most_groups: int
) -> list[Block]:
    title = view.stretch.name if view and view.stretch.is_month else _title(days)
    sums = _group_line(_summed(days), MOST_GROUPS)
    totals = _week_totals(days, tracker)
    blocks = [
        kit.header(title),
        kit.section(f"{totals}\n{sums}" if sums and len(days) > 1 else totals),
    ]
    if view is not None:
        blocks += _approval(view, tracker)
        blocks += view.billing.blocks(view.stretch, 200 + 400 * most_groups) if view.billing else []
    quiet = [times for times in days if times.known and not times.groups()]
    quiet = quiet if len(days) > WEEK_DAYS else []
    for times in days:
        if times not in quiet:
            lines = [f"*{short_day(times.day)}* · {_day_words(times, tracker)}"]
            lines += filter(None, [_group_line(times, most_groups, short=True)])
            blocks.append(kit.section("\n".join(lines), open_button(times.day)))
    notes = [f"Nothing on {_runs([t.day for t in quiet])}."] if quiet else []
    notes += ["To review is what I found and you have not decided on."]
    return [*blocks, kit.context(*notes, *(view.notes if view else ()))]


def _runs(days: Sequence[date]) -> str:
    """Days of one month in few words: `1-21, 23 and 28-30 November`, with long dashes."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    words = (f"{run[0].day}–{run[-1].day}" if len(run) > 1 else f"{run[0].day}" for run in runs)
    return f"{listing(words)} {days[0]:%B}"


def _approval(view: WeekView, tracker: str) -> list[Block]:
    """A button for what is certain and, where there is more, one for all; and what that costs."""
    billed = view.billing is not None and view.billing.billed_on is not None
    first = f"{view.stretch.name} is billed already. " if billed else ""
    unsure = view.ready.number - view.certain.number
    buttons = list[Block]()
    if view.certain.number:
        buttons.append(
            _approve_button("the certain", "approve_days", view.certain, view, first, tracker)
        )
    if unsure:
        first += f"I am not sure of {unsure} of them. "
        buttons.append(_approve_button("all", "approve_days_all", view.ready, view, first, tracker))
    if not buttons:
        return []
    buttons[0]["style"] = "primary"
    number = view.certain.number or view.ready.number
    cost = view.quota.cost(number, tracker) if view.quota else ""
    return [kit.actions(buttons), *([kit.context(cost)] if cost else [])]


def _approve_button(
    what: str, action_id: str, rows: ReadyRows, view: WeekView, first: str, tracker: str
) -> Block:
    days = count(len(rows.days), "day")
    words = f"Approve {what} of these {days}" if len(rows.days) > 1 else f"Approve {what}"
    entries = count(rows.number, "entry", "entries")
    ask = f"{first}Make {entries} on {days} in {tracker}? In all {_sums(rows.lengths)}."
    question = kit.confirm(words, plain(ask, MOST_CONFIRM), "Approve")
    return kit.button(words, action_id, f"{view.stretch}/{rows.seen}", confirm=question)


def _summed(days: Iterable[DayTimes]) -> DayTimes:
    """All days as one."""
    tracked: defaultdict[str | None, timedelta] = defaultdict(timedelta)
    missing: defaultdict[str | None, timedelta] = defaultdict(timedelta)
    for times in days:
        for sums, lengths in ((tracked, times.tracked), (missing, times.missing)):
            for group, length in lengths.items():
                sums[group] += length
    return DayTimes(date.min, tracked, {}, missing)


def _title(days: Sequence[DayTimes]) -> str:
    if not days:
        return "No days to show"
    first, last = min(day.day for day in days), max(day.day for day in days)
    return f"{short_day(first)} to {short_day(last)}"


def _day_words(day: DayTimes, tracker: str) -> str:
    if not day.known:
        return "not looked at yet"
    tracked, found, missing = map(in_all, (day.tracked, day.suggested, day.missing))
    left = "all decided" if found else ""
    if missing:
        of_found = f" of {duration(found)} suggested" if found > missing else ""
        left = f"{duration(missing)} to review{of_found}"
    waiting = in_all(day.under_way)
    left = ", ".join(filter(None, (f"{duration(waiting)} on the way" if waiting else "", left)))
    done = f"{duration(tracked)} in {tracker}" if tracked else ""
    return ", ".join(filter(None, (done, left))) or "nothing"


def _group_line(day: DayTimes, most: int, *, short: bool = False) -> str:
    """The groups' times; where it is to be `short`, without what the day's own line says."""
    groups = day.groups()
    to_review = "" if short and not in_all(day.tracked) else " to review"
    names = [words for group in groups[:most] if (words := _group_words(day, group, to_review))]
    if len(groups) > most > 0:
        names.append(f"and {count(len(groups) - most, 'more group')}")
    return " · ".join(names)


def _group_words(day: DayTimes, group: str | None, to_review: str) -> str:
    name = mrkdwn(group, 40) if group else "without a group"
    tracked, missing = day.tracked.get(group), day.missing.get(group)
    parts = [duration(tracked)] if tracked else []
    parts += [f"{duration(missing)}{to_review}"] if missing else []
    return f"{name} {', '.join(parts)}" if parts else ""


def _week_totals(days: Sequence[DayTimes], tracker: str) -> str:
    tracked = sum((in_all(day.tracked) for day in days), timedelta())
    missing = sum((in_all(day.missing) for day in days), timedelta())
    if not missing:
        return f"*{duration(tracked)} in {tracker}*, nothing to review that I know of."
    waiting = sum(bool(in_all(day.missing)) for day in days)
    days_of = count(waiting, "day")
    return f"*{duration(tracked)} in {tracker}*, {duration(missing)} to review on {days_of}."


def week_chart(days: Sequence[DayTimes], width: int = 16) -> str:
    """Monospaced bars: full for what is tracked, light for what is to review."""
    longest = max((in_all(e.tracked) + in_all(e.missing) for e in days), default=timedelta())
    unit = max(longest, timedelta(hours=8)) / width
    return "\n".join(_chart_line(day, unit) for day in days)


def _chart_line(day: DayTimes, unit: timedelta) -> str:
    tracked, missing = in_all(day.tracked), in_all(day.missing)
    bar = "█" * round(tracked / unit) + "░" * round(missing / unit)
    numbers = duration(tracked + missing) if tracked + missing else "" if day.known else "?"
    return f"{short_day(day.day):<10} {bar} {numbers}".rstrip()


def still_open_rows(days: Sequence[DayTimes], most: int = 5) -> list[Block]:
    """A row with a button for each day since the last digest that waits, the earliest first."""
    rows = [kit.section(still_open_words(times), open_button(times.day)) for times in days[:most]]
    more = len(days) - most
    rest = f"and {count(more, 'more day')}: write /tracklater week, or last week"
    return [*rows, kit.context(rest)] if more > 0 else rows


def still_open_words(times: DayTimes) -> str:
    """`Tue 17 Nov: 3 h 10 min still open`."""
    return f"{short_day(times.day)}: {duration(in_all(times.missing))} still open"


def open_day_rows(days: Sequence[tuple[date, int]], most: int = 10) -> list[Block]:
    """A row with a button for each day that has so many open decisions, the latest first."""
    latest = sorted(days, reverse=True)[:most]
    return [
        kit.section(f"{short_day(day)}: {count(number, 'open decision')}", open_button(day))
        for day, number in latest
    ]
