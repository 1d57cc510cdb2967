"""Seven days at a glance: what is in Toggl, what was found, what still waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tracklater_bot.blocks.digest import length_of, open_items, tracked_length
from tracklater_bot.blocks.parts import Block, Message, button, context, header, section
from tracklater_bot.blocks.text import escaped, mrkdwn
from tracklater_bot.domain.model import Digest, Draft, Item, State
from tracklater_bot.domain.text import count, duration, short_day

MOST_GROUPS = 6
MOST_DAYS = 14

Lengths = Mapping[str | None, timedelta]


@dataclass(frozen=True, slots=True)
class DayTimes:
    """A day's lengths per group; None as a group is time that nothing explains.

    `suggested` is all that was found and not skipped, `missing` the part of it that waits for a
    decision. `known` is False for a day that nobody has looked at yet.
    """

    day: date
    tracked: Lengths = field(default_factory=dict)
    suggested: Lengths = field(default_factory=dict)
    missing: Lengths = field(default_factory=dict)
    known: bool = True

    @classmethod
    def of(cls, digest: Digest, now: datetime | None = None) -> DayTimes:
        """From a stored digest; a running entry counts until `now`."""
        groups = {item.suggestion.group for item in digest.items}
        kept = [item for item in digest.items if item.state is not State.SKIPPED]
        waiting = open_items(digest)
        return cls(
            day=digest.day,
            tracked=tracked_length(digest, now),
            suggested={
                group: length_of(i for i in kept if i.suggestion.group == group) for group in groups
            },
            missing={
                group: length_of(i for i in waiting if i.suggestion.group == group)
                for group in groups
            },
        )

    @classmethod
    def of_draft(cls, draft: Draft, now: datetime | None = None) -> DayTimes:
        """From a day that was only read: all that is suggested waits for a decision."""
        found = tuple(Item("", suggestion) for suggestion in draft.suggestions)
        return cls.of(Digest("", draft.day, draft.timezone, found, draft.tracked), now)

    def groups(self) -> list[str | None]:
        """The groups that have any time, the largest first, the unexplained last."""
        named = {*self.tracked, *self.suggested, *self.missing}
        return sorted(named, key=lambda group: (group is None, -self._of(group), group or ""))

    def _of(self, group: str | None) -> timedelta:
        return self.tracked.get(group, timedelta()) + self.missing.get(group, timedelta())


def in_all(lengths: Lengths) -> timedelta:
    """The sum over all groups."""
    return sum(lengths.values(), timedelta())


def open_button(day: date) -> Block:
    """What shows the day."""
    return button("Open", "open_day", day.isoformat())


def week_message(days: Sequence[DayTimes]) -> Message:
    """The days as a message with a button on each that has something waiting."""
    shown = list(days)[:MOST_DAYS]
    blocks = [header(_title(shown)), section(_week_totals(shown))]
    for each in shown:
        open_it = open_button(each.day) if _worth_opening(each) else None
        blocks.append(section(_day_lines(each), open_it))
    blocks.append(context("Missing is what I found and you have not decided on."))
    return Message(_spoken(shown), blocks)


def _title(days: Sequence[DayTimes]) -> str:
    if not days:
        return "No days to show"
    first, last = min(each.day for each in days), max(each.day for each in days)
    return f"{short_day(first)} to {short_day(last)}"


def _worth_opening(day: DayTimes) -> bool:
    return not day.known or bool(in_all(day.missing))


def _sums(day: DayTimes) -> list[str]:
    tracked, suggested, missing = map(in_all, (day.tracked, day.suggested, day.missing))
    parts = [f"{duration(tracked)} in Toggl"] * bool(tracked)
    if suggested and not missing:
        return [*parts, "all decided"]
    parts += [f"{duration(suggested)} suggested"] * bool(suggested)
    return parts + [f"{duration(missing)} missing"] * bool(missing)


def _day_words(day: DayTimes) -> str:
    if not day.known:
        return "not looked at yet"
    return ", ".join(_sums(day)) or "nothing"


def _day_lines(day: DayTimes) -> str:
    lines = [f"*{short_day(day.day)}* · {_day_words(day)}"]
    groups = day.groups()
    names = [words for group in groups[:MOST_GROUPS] if (words := _group_words(day, group))]
    if len(groups) > MOST_GROUPS:
        names.append(f"and {count(len(groups) - MOST_GROUPS, 'more group')}")
    return "\n".join([*lines, " · ".join(names)]) if names else lines[0]


def _group_words(day: DayTimes, group: str | None) -> str:
    name = mrkdwn(group, 40) if group else "without a group"
    tracked, missing = day.tracked.get(group), day.missing.get(group)
    parts = [duration(tracked)] if tracked else []
    parts += [f"{duration(missing)} missing"] if missing else []
    return f"{name} {', '.join(parts)}" if parts else ""


def _week_totals(days: Sequence[DayTimes]) -> str:
    tracked = sum((in_all(each.tracked) for each in days), timedelta())
    missing = sum((in_all(each.missing) for each in days), timedelta())
    if not missing:
        return f"*{duration(tracked)} in Toggl*, nothing missing that I know of."
    waiting = sum(bool(in_all(each.missing)) for each in days)
    return (
        f"*{duration(tracked)} in Toggl*, {duration(missing)} missing on {count(waiting, 'day')}."
    )


def _spoken(days: Sequence[DayTimes]) -> str:
    totals = _week_totals(days).replace("*", "")
    return escaped("\n".join([totals, *(f"{short_day(e.day)}: {_day_words(e)}." for e in days)]))


def week_chart(days: Sequence[DayTimes], width: int = 16) -> str:
    """Monospaced bars: full for what is in Toggl, light for what is missing."""
    longest = max((in_all(e.tracked) + in_all(e.missing) for e in days), default=timedelta())
    unit = max(longest, timedelta(hours=8)) / width
    return "\n".join(_chart_line(each, unit) for each in days)


def _chart_line(day: DayTimes, unit: timedelta) -> str:
    tracked, missing = in_all(day.tracked), in_all(day.missing)
    bar = "█" * round(tracked / unit) + "░" * round(missing / unit)
    numbers = duration(tracked + missing) if tracked + missing else "" if day.known else "?"
    return f"{short_day(day.day):<10} {bar} {numbers}".rstrip()


def open_day_rows(days: Sequence[tuple[date, int]], most: int = 10) -> list[Block]:
    """A row with a button for each day that has so many open decisions, the latest first."""
    latest = sorted(days, reverse=True)[:most]
    return [
        section(
            f"{short_day(day)}: {count(number, 'open decision')}",
            open_button(day),
        )
        for day, number in latest
    ]
