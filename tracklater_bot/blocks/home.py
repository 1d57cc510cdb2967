"""App Home: today, the week, what is still open, preferences, the sources' health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from tracklater_bot.blocks import elements as kit
from tracklater_bot.blocks.dialog_values import MOST_OPTIONS, token
from tracklater_bot.blocks.elements import Block
from tracklater_bot.blocks.help import sources_lines
from tracklater_bot.blocks.rule_dialog import rule_rows
from tracklater_bot.blocks.text import lines_within, plain
from tracklater_bot.blocks.week import in_all, open_day_rows, week_chart
from tracklater_bot.domain.day import WEEKDAYS
from tracklater_bot.domain.day_totals import DayTimes
from tracklater_bot.domain.entries import SOME_TRACKER, TrackerWords
from tracklater_bot.domain.rules import Rule
from tracklater_bot.domain.suggestions import SourceStatus
from tracklater_bot.domain.text import clock, day_name, duration, short_day

NO_COUNTRY = "none"


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
    tracker: TrackerWords = SOME_TRACKER


def home(view: HomeView) -> Block:
    """The Home tab, for views.publish."""
    sources = lines_within(sources_lines(view.sources)) or "No sources are set up yet."
    rules = [kit.header("Your rules on windows"), *rule_rows(view.rules)] if view.rules else []
    head = "*Still open*" if view.open_days else "No open decisions from earlier days."
    still_open = [kit.section(head), *open_day_rows(view.open_days)]
    blocks = [*_today(view), *_week(view), *still_open, kit.divider(), *_preference_blocks(view)]
    blocks += [*rules, *_learned(), kit.divider(), kit.header("Where I look"), kit.section(sources)]
    blocks.append(kit.context(f"As of {clock(view.now, view.zone)}"))
    blocks.append(kit.context("tracklater.example.toml explains every setting."))
    return {"type": "home", "blocks": blocks}


def _learned() -> list[Block]:
    ask = kit.confirm(
        "Forget what was learned?",
        "What your confirmed time taught is removed from your machine. Entries and rules stay.",
        "Forget",
    )
    button = kit.button("Forget what was learned", "forget_habits", "all", confirm=ask)
    text = "Your confirmed time teaches what your windows are for, on your own machine only."
    return [kit.header("What was learned"), kit.section(text, button)]


def _today(view: HomeView) -> list[Block]:
    today = view.now.astimezone(view.zone).date() if view.today is None else view.today.day
    blocks = [kit.header(f"{day_name(today)} so far"), kit.section(_today_words(view))]
    ways = (("Show today", "open_day"), ("Add", "add"))
    buttons = [kit.button(text, action, today.isoformat()) for text, action in ways]
    blocks.append(kit.actions(buttons, block_id="home_today"))
    if view.next_digest is not None:
        local = view.next_digest.astimezone(view.zone)
        when = f"{short_day(local.date())}, {local:%H:%M}"
        blocks.append(kit.context(f"Next message by itself: {when}"))
    return blocks


def _today_words(view: HomeView) -> str:
    today = view.today
    if today is None or not today.known:
        return "Not looked at yet."
    tracked, missing = in_all(today.tracked), in_all(today.missing)
    if not tracked and not missing:
        return "Nothing found yet."
    return f"*{duration(tracked)}* in {view.tracker.label}, *{duration(missing)}* to review."


def _week(view: HomeView) -> list[Block]:
    if not view.week:
        return []
    legend = [f"█ in {view.tracker.label}   ░ to review"]
    if not all(day.known for day in view.week):
        legend.append("? not looked at yet: `/tracklater week` does")
    return [
        kit.section(f"*The last {len(view.week)} days*\n```{week_chart(view.week)}```"),
        kit.context(*legend),
    ]


# -- Preferences -------------------------------------------------------------------------------


def _preference_blocks(view: HomeView) -> list[Block]:
    own = view.preferences
    at = kit.element("timepicker", "pref_digest_at", initial_time=f"{own.digest_at:%H:%M}")
    days = [kit.option(name.capitalize(), name[:3]) for name in WEEKDAYS]
    chosen = [box for box in days if box["value"] in own.digest_days]
    boxes = kit.element("checkboxes", "pref_digest_days", options=days, initial_options=chosen)
    blocks = [
        kit.header("Preferences"),
        _preference("digest_at", "The day's message comes at", at, own),
        _preference("digest_days", "on these days", boxes, own),
    ]
    if view.countries:
        menu = _countries(view.countries, own.holidays)
        blocks.append(_preference("holidays", "Quiet on public holidays of", menu, own))
    until, placeholder = own.silent_until, kit.label("Not silent")
    date_of = {"placeholder": placeholder, "initial_date": until and until.isoformat()}
    picker = kit.element("datepicker", "pref_silent_until", **date_of)
    blocks.append(_preference("silent_until", "Silent until", picker, own))
    if until is not None:  # a date picker can't be emptied
        sentence = f"No message by itself before {day_name(until)}."
        blocks.append(kit.section(sentence, kit.button("Speak again", "pref_speak", "now")))
    if own.changed or view.changes:
        notes = ["Preferences set here win over the settings file."] * bool(own.changed)
        reset = kit.button("Reset to the file", "pref_reset", "all")
        blocks += [kit.context(*notes, *view.changes), kit.actions([reset])]
    return blocks


def _preference(name: str, text: str, element: Block, own: Preferences) -> Block:
    mark = " (set here)" if name in own.changed else ""
    # A new id for a new value: Slack keeps what a control shows while its block id stays.
    block_id = f"pref_{name}:{token(repr(element))}"
    return {**kit.section(f"*{text}*{mark}", element), "block_id": block_id}


def _countries(countries: Sequence[tuple[str, str]], chosen: str) -> Block:
    """Countries by their first letter: a list may hold a hundred, and there are more."""
    nowhere = kit.option("No country", NO_COUNTRY)
    groups: dict[str, list[Block]] = {"–": [nowhere]}
    initial = nowhere
    for code, name in sorted(countries, key=lambda country: country[1]):
        country = kit.outside_option(plain(name, 75), code)
        groups.setdefault(name[:1].upper() or "–", []).append(country)
        initial = country if code == chosen else initial
    by_letter = [
        {"label": kit.label(letter), "options": options[:MOST_OPTIONS]}
        for letter, options in list(groups.items())[:MOST_OPTIONS]
    ]
    more = {"initial_option": initial, "option_groups": by_letter}
    return kit.element("static_select", "pref_holidays", **more)


def preference_of(action: Mapping[str, Any]) -> tuple[str, Any] | None:
    """What a `pref_*` control was set to: the stored name and value; None for any other control.

    The reset button gives `("reset", None)`, Speak again `("silent_until", None)`. Raises
    ValueError for a value that no control has.
    """
    prefix, _, name = str(action.get("action_id", "")).partition("_")
    if prefix != "pref":
        return None
    value: Any = None
    if name == "digest_at":
        value = time.fromisoformat(str(action.get("selected_time"))).isoformat(timespec="minutes")
    elif name == "digest_days":
        chosen = {str(box.get("value")) for box in action.get("selected_options") or ()}
        value = [day[:3] for day in WEEKDAYS if day[:3] in chosen]
    elif name == "holidays":
        code = str((action.get("selected_option") or {}).get("value", ""))
        value = "" if code == NO_COUNTRY else code
    elif name == "silent_until" and action.get("selected_date"):
        value = date.fromisoformat(str(action["selected_date"])).isoformat()
    elif name not in ("reset", "speak", "silent_until"):
        return None
    return "silent_until" if name == "speak" else name, value
