"""App Home: today, the week, what is still open, preferences, the sources' health."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from tracklater_bot.blocks.choices import token
from tracklater_bot.blocks.elements import (
    Block,
    actions,
    button,
    context,
    divider,
    header,
    label,
    option,
    outside_option,
    section,
)
from tracklater_bot.blocks.help import sources_lines
from tracklater_bot.blocks.rule_dialog import rule_rows
from tracklater_bot.blocks.text import lines_within, plain
from tracklater_bot.blocks.week import in_all, open_day_rows, week_chart
from tracklater_bot.domain.day import WEEKDAYS
from tracklater_bot.domain.day_totals import DayTimes
from tracklater_bot.domain.rules import Rule
from tracklater_bot.domain.suggestions import SourceStatus
from tracklater_bot.domain.text import clock, day_name, duration, short_day

NO_COUNTRY = "none"
MOST_OPTIONS = 100


@dataclass(frozen=True, slots=True)
class Preferences:
    """The preferences as they are in force; `changed` names those set here, not in the file."""

    digest_at: time
    digest_days: tuple[str, ...]
    holidays: str = ""
    silent_until: date | None = None
    changed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class HomeView:
    """What Home shows. `countries` are codes and names for the holidays; `open_days` earlier days
    with the number of their open decisions; `changes` what was once set here and holds no more."""

    now: datetime
    zone: ZoneInfo
    preferences: Preferences
    today: DayTimes | None = None
    week: Sequence[DayTimes] = ()
    open_days: Sequence[tuple[date, int]] = ()
    sources: Sequence[SourceStatus] = ()
    countries: Sequence[tuple[str, str]] = ()
    next_digest: datetime | None = None
    rules: Sequence[Rule] = ()
    changes: Sequence[str] = ()


def home(view: HomeView) -> Block:
    """The Home tab, for views.publish."""
    blocks = [
        *_today(view),
        *_week(view),
        *_open_days(view),
        divider(),
        *_preference_blocks(view),
        *_rules(view),
        divider(),
        *_sources(view),
    ]
    blocks.append(context("tracklater.example.toml explains every setting."))
    return {"type": "home", "blocks": blocks}


def _today(view: HomeView) -> list[Block]:
    today = view.now.astimezone(view.zone).date() if view.today is None else view.today.day
    blocks = [header(f"{day_name(today)} so far"), section(_today_words(view.today))]
    buttons = [
        button("Show today", "open_day", today.isoformat()),
        button("Add", "add", today.isoformat()),
    ]
    blocks.append(actions(buttons, block_id="home_today"))
    if view.next_digest is not None:
        local = view.next_digest.astimezone(view.zone)
        when = f"{short_day(local.date())}, {local:%H:%M}"
        blocks.append(context(f"Next message by itself: {when}"))
    return blocks


def _today_words(today: DayTimes | None) -> str:
    if today is None or not today.known:
        return "Not looked at yet."
    tracked, missing = in_all(today.tracked), in_all(today.missing)
    if not tracked and not missing:
        return "Nothing found yet."
    return f"*{duration(tracked)}* in Toggl, *{duration(missing)}* to review."


def _week(view: HomeView) -> list[Block]:
    if not view.week:
        return []
    legend = ["█ in Toggl   ░ to review"]
    if not all(day.known for day in view.week):
        legend.append("? not looked at yet: `/tracklater week` does")
    return [
        section(f"*The last {len(view.week)} days*\n```{week_chart(view.week)}```"),
        context(*legend),
    ]


def _open_days(view: HomeView) -> list[Block]:
    if not view.open_days:
        return [section("No open decisions from earlier days.")]
    return [section("*Still open*"), *open_day_rows(view.open_days)]


# -- Preferences -------------------------------------------------------------------------------


def _preference_blocks(view: HomeView) -> list[Block]:
    own = view.preferences
    blocks = [
        header("Preferences"),
        _preference("digest_at", "The day's message comes at", _time_picker(own.digest_at), own),
        _preference("digest_days", "on these days", _day_boxes(own.digest_days), own),
    ]
    if view.countries:
        menu = _countries(view.countries, own.holidays)
        blocks.append(_preference("holidays", "Quiet on public holidays of", menu, own))
    blocks.append(_preference("silent_until", "Silent until", _date_picker(view), own))
    if own.silent_until is not None:  # a date picker can't be emptied
        until = f"No message by itself before {day_name(own.silent_until)}."
        blocks.append(section(until, button("Speak again", "pref_speak", "now")))
    if own.changed or view.changes:
        notes = ["Preferences set here win over the settings file."] * bool(own.changed)
        reset = button("Reset to the file", "pref_reset", "all")
        blocks += [context(*notes, *view.changes), actions([reset])]
    return blocks


def _preference(name: str, text: str, element: Block, own: Preferences) -> Block:
    mark = " (set here)" if name in own.changed else ""
    # A new id for a new value: Slack keeps what a control shows while its block id stays.
    block_id = f"pref_{name}:{token(repr(element))}"
    return {**section(f"*{text}*{mark}", element), "block_id": block_id}


def _time_picker(at: time) -> Block:
    return {"type": "timepicker", "action_id": "pref_digest_at", "initial_time": f"{at:%H:%M}"}


def _day_boxes(days: Sequence[str]) -> Block:
    options = [option(name.capitalize(), name[:3]) for name in WEEKDAYS]
    element: Block = {"type": "checkboxes", "action_id": "pref_digest_days", "options": options}
    chosen = [box for box in options if box["value"] in days]
    return element | {"initial_options": chosen} if chosen else element


def _countries(countries: Sequence[tuple[str, str]], chosen: str) -> Block:
    """Countries by their first letter: a list may hold a hundred, and there are more."""
    nowhere = option("No country", NO_COUNTRY)
    groups: dict[str, list[Block]] = {"–": [nowhere]}
    initial = nowhere
    for code, name in sorted(countries, key=lambda country: country[1]):
        country = outside_option(plain(name, 75), code)
        groups.setdefault(name[:1].upper() or "–", []).append(country)
        initial = country if code == chosen else initial
    return {
        "type": "static_select",
        "action_id": "pref_holidays",
        "initial_option": initial,
        "option_groups": [
            {"label": label(letter), "options": options[:MOST_OPTIONS]}
            for letter, options in list(groups.items())[:MOST_OPTIONS]
        ],
    }


def _date_picker(view: HomeView) -> Block:
    picker: Block = {
        "type": "datepicker",
        "action_id": "pref_silent_until",
        "placeholder": label("Not silent"),
    }
    until = view.preferences.silent_until
    return picker | {"initial_date": until.isoformat()} if until else picker


def preference_of(action: Mapping[str, Any]) -> tuple[str, Any] | None:
    """What a `pref_*` control was set to: the stored name and value; None for any other control.

    The reset button gives `("reset", None)`, Speak again `("silent_until", None)`. Raises
    ValueError for a value that no control has.
    """
    prefix, _, name = str(action.get("action_id", "")).partition("_")
    if prefix != "pref":
        return None
    if name in _PLAIN_BUTTONS:
        return _PLAIN_BUTTONS[name], None
    read = _READERS.get(name)
    return (name, read(action)) if read else None


def _chosen(action: Mapping[str, Any]) -> str:
    chosen = action.get("selected_option") or {}
    return str(chosen.get("value", ""))


def _read_time(action: Mapping[str, Any]) -> str:
    return time.fromisoformat(str(action.get("selected_time"))).isoformat(timespec="minutes")


def _read_days(action: Mapping[str, Any]) -> list[str]:
    chosen = {str(box.get("value")) for box in action.get("selected_options") or ()}
    return [name[:3] for name in WEEKDAYS if name[:3] in chosen]


def _read_country(action: Mapping[str, Any]) -> str:
    code = _chosen(action)
    return "" if code == NO_COUNTRY else code


def _read_date(action: Mapping[str, Any]) -> str | None:
    chosen = action.get("selected_date")
    return date.fromisoformat(str(chosen)).isoformat() if chosen else None


_PLAIN_BUTTONS = {"reset": "reset", "speak": "silent_until"}
_READERS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "digest_at": _read_time,
    "digest_days": _read_days,
    "holidays": _read_country,
    "silent_until": _read_date,
}


# -- Rules -------------------------------------------------------------------------------------


def _rules(view: HomeView) -> list[Block]:
    if not view.rules:
        return []
    return [header("Your rules on windows"), *rule_rows(view.rules)]


# -- Health ------------------------------------------------------------------------------------


def _sources(view: HomeView) -> list[Block]:
    text = lines_within(sources_lines(view.sources)) or "No sources are set up yet."
    stamp = clock(view.now, view.zone)
    return [header("Where I look"), section(text), context(f"As of {stamp}")]
