"""Seven days at a glance: what is tracked, what was found, what still waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from tracklater_bot.blocks.elements import Block, SlackMessage, button, context, header, section
from tracklater_bot.blocks.text import escaped, mrkdwn
from tracklater_bot.domain.day_totals import DayTimes, Lengths
from tracklater_bot.domain.entries import SOME_TRACKER, TrackerWords
from tracklater_bot.domain.text import count, duration, short_day

MOST_GROUPS = 6
MOST_DAYS = 14


def in_all(lengths: Lengths) -> timedelta:
    """The sum over all groups."""
    return sum(lengths.values(), timedelta())


def open_button(day: date) -> Block:
    """What shows the day."""
    return button("Open", "open_day", day.isoformat())


def week_message(days: Sequence[DayTimes], tracker: TrackerWords = SOME_TRACKER) -> SlackMessage:
    """The days as a message with a button on each that has something waiting."""
    shown, label = list(days)[:MOST_DAYS], tracker.label
    totals = _week_totals(shown, label)
    blocks = [header(_title(shown)), section(totals)]
    for times in shown:
        waits = not times.known or in_all(times.missing)
        opening = open_button(times.day) if waits else None
        blocks.append(section(_day_lines(times, label), opening))
    blocks.append(context("To review is what I found and you have not decided on."))
    spoken = [totals.replace("*", "")]
    spoken += [f"{short_day(times.day)}: {_day_words(times, label)}." for times in shown]
    return SlackMessage(escaped("\n".join(spoken)), blocks)


def _title(days: Sequence[DayTimes]) -> str:
    if not days:
        return "No days to show"
    first, last = min(day.day for day in days), max(day.day for day in days)
    return f"{short_day(first)} to {short_day(last)}"


def _day_words(day: DayTimes, tracker: str) -> str:
    if not day.known:
        return "not looked at yet"
    tracked, missing = in_all(day.tracked), in_all(day.missing)
    left = "all decided" if in_all(day.suggested) else ""
    left = f"{duration(missing)} to review" if missing else left
    waiting = in_all(day.under_way)
    left = ", ".join(filter(None, (f"{duration(waiting)} on the way" if waiting else "", left)))
    done = f"{duration(tracked)} in {tracker}" if tracked else ""
    return ", ".join(filter(None, (done, left))) or "nothing"


def _day_lines(day: DayTimes, tracker: str) -> str:
    lines = [f"*{short_day(day.day)}* · {_day_words(day, tracker)}"]
    groups = day.groups()
    names = [words for group in groups[:MOST_GROUPS] if (words := _group_words(day, group))]
    if len(groups) > MOST_GROUPS:
        names.append(f"and {count(len(groups) - MOST_GROUPS, 'more group')}")
    return "\n".join([*lines, " · ".join(names)]) if names else lines[0]


def _group_words(day: DayTimes, group: str | None) -> str:
    name = mrkdwn(group, 40) if group else "without a group"
    tracked, missing = day.tracked.get(group), day.missing.get(group)
    parts = [duration(tracked)] if tracked else []
    parts += [f"{duration(missing)} to review"] if missing else []
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


def open_day_rows(days: Sequence[tuple[date, int]], most: int = 10) -> list[Block]:
    """A row with a button for each day that has so many open decisions, the latest first."""
    latest = sorted(days, reverse=True)[:most]
    return [
        section(f"{short_day(day)}: {count(number, 'open decision')}", open_button(day))
        for day, number in latest
    ]
