"""What changes by itself on a screen is nobody's work; what people change is."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from tests.clues import inputs, told
from tests.notation import FRIDAY, at
from tracklater_bot.engine import suggest
from tracklater_bot.model import Clue
from tracklater_bot.sources.thyme import understand

# A title by the seconds since it came to the front.
Title = Callable[[int], str]
# What thyme writes of the active window: its number, and all windows.
Seen = tuple[int | None, dict[int, str]]

FILES = ("login.py", "tests.py", "models.py", "views.py")
DICE = random.Random("dice")
SECONDS = [DICE.random() for _ in range(100_000)]


def chance(second: int) -> float:
    return SECONDS[second % len(SECONDS)]


def working(second: int) -> str:
    """A file of acme's every one to three minutes."""
    place = sum(1 for minute in range(second // 60) if chance(minute) < 0.5)
    return f"{FILES[place % 4]} - acme-web - Visual Studio Code"


def day(
    title: Title,
    every: int = 20,
    away: str = "12:00-13:00",
    window: int = 7,
    spoil: Callable[[int, Seen], Seen] = lambda _second, seen: seen,
) -> list[Clue]:
    """A day of work from nine to three, and a title in front of nobody for a while."""
    start, end = (at(each) for each in away.split("-"))
    snapshots = []
    moment, last = at("09:00"), max(at("15:00"), end)
    while moment < last:
        if start <= moment < end:
            second = int((moment - start).total_seconds())
            seen = spoil(second, (window, {7: title(second), 1: "Downloads"}))
        else:
            name = working(int((moment - at("09:00")).total_seconds()))
            seen = (7, {7: name, 1: "Downloads"})
        snapshots.append(snapshot(moment.isoformat(), seen))
        moment += timedelta(seconds=every)
    data = json.dumps({"Snapshots": snapshots}).encode()
    return list(understand(data, FRIDAY.span).samples)


def snapshot(time: str, seen: Seen) -> dict[str, object]:
    active, names = seen
    windows = [{"ID": number, "Desktop": 0, "Name": name} for number, name in names.items()]
    return {"Time": time, "Windows": windows or None, "Active": active, "Visible": None}


def suggested(*clues: Clue) -> str:
    return " ".join(told(suggest(inputs(*clues, round_minutes=5))))


def turning(glyphs: str, text: str, seconds: float = 0.1) -> Title:
    """A spinner: one glyph after the other in the place of `@`."""
    return lambda second: text.replace("@", glyphs[int(chance(second) * 997 + second / seconds) % len(glyphs)])


def running(text: str, each: float = 40.0, first: int = 1) -> Title:
    """A number that grows by one each so many seconds, in the place of `@`."""
    return lambda second: text.replace("@", f"{first + int(second / each):,}")


def clock(text: str, style: str) -> Title:
    def title(second: int) -> str:
        hours, rest = divmod(second, 3600)
        minutes, seconds = divmod(rest, 60)
        left = 5400 - second
        shown = style.format(h=hours, m=minutes, s=seconds, left=left // 60, sleft=left % 60)
        return text.replace("@", shown)

    return title


def flashing(*titles: str) -> Title:
    return lambda second: titles[int(chance(second) * len(titles))]


def news(*counts: str, every: int = 780) -> Title:
    """Others write, one message every so many seconds."""
    return lambda second: counts[min(second // every, len(counts) - 1)]


def marquee(text: str, width: int = 0) -> Title:
    def title(second: int) -> str:
        turned = int(second * 3.7) % len(text)
        whole = text[turned:] + text[:turned]
        return whole[: width or None]

    return title


BRAILLE, MOON = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "🌑🌒🌓🌔🌕🌖🌗🌘"
BY_ITSELF: dict[str, Title] = {
    "braille": turning(BRAILLE, "@ acme-web: tidy the order form"),
    "braille at the end": turning(BRAILLE, "acme-web: tidy the order form @"),
    "braille in the middle": turning(BRAILLE, "acme-web @ tidy the order form - Terminal"),
    "ascii": turning("|/-\\", "@ acme-web"),
    "ascii at the end": turning("|/-\\", "npm install acme-web @"),
    "ascii in brackets": turning("|/-\\", "[@] acme-web build"),
    "stars": turning("·✢✳✶✻✽*", "@ Refactor acme-web/orders.py"),
    "moons": turning(MOON, "acme-web @"),
    "clocks": turning("🕐🕑🕒🕓🕔🕕", "@ acme-web"),
    "hourglass": turning("⏳⌛", "@ acme-web – Mozilla Firefox"),
    "dots": lambda second: "acme-web: läuft" + "." * (second // 7 % 4),
    "a bar": lambda second: f"[{'#' * (second // 60)}{' ' * (60 - second // 60)}] acme-web",
    "blocks": lambda second: f"acme-web {'█' * (second // 60)}{'░' * (60 - second // 60)}",
    "percent": running("@% - acme-web"),
    "percent with a space": running("acme-web – @ % abgeschlossen"),
    "percent in Turkish": running("acme-web %@ tamamlandı"),
    "percent with a comma": lambda second: f"acme-web {second / 60:.1f}".replace(".", ",") + " %",
    "percent in words": running("acme-web: @ Prozent fertig"),
    "percent in Finnish words": running("acme-web: @ prosenttia valmis"),
    "progress": running("acme-web build @/120"),
    "progress in brackets": running("[@/120] acme-web"),
    "progress in words": running("Bild @ von 120 – acme-web"),
    "progress in Russian": running("acme-web: @ из 120"),
    "frames": running("Rendering frame @ - acme-web", each=3.0),
    "frames by the minute": running("acme-web render 0@", each=60.0, first=4000),
    "a timer": clock("@ acme-web", "{h:02}:{m:02}:{s:02}"),
    "a timer of minutes": clock("acme-web @ - Toggl", "{m}:{s:02}"),
    "a timer with units": clock("acme-web (@)", "{h}h {m}m"),
    "a timer in German": clock("@ – acme-web", "{h} Std. {m} Min. {s} Sek."),
    "a timer in Chinese": clock("acme-web 计时 @", "{m}分{s}秒"),
    "a countdown": clock("@ until the acme-web demo", "{left}:{sleft:02}"),
    "a countdown in Finnish": clock("acme-web: @ jäljellä", "{left} minuuttia"),
    "a clock": lambda second: f"{12 + second // 3600}:{second // 60 % 60:02} acme-web dashboard",
    "a clock with am": lambda second: f"acme-web {12 + second // 3600}:{second // 60 % 60:02} PM",
    "unread": running("(@) acme-web", each=120.0),
    "unread thousands": running("Inbox (@) - me@acme.example", each=50.0, first=990),
    "unread in square brackets": running("[@] acme-web", each=300.0),
    "unread with a plus": news("acme (98)", "acme (99)", "acme (99+)", every=700),
    "unread in words": running("acme (@ ungelesen)", each=300.0),
    "unread by itself": running("acme-web | @ | Mail", each=400.0),
    "a star": news("Slack | acme", "* Slack | acme", "! Slack | acme", every=800),
    "a dot": news("acme-web", "• acme-web", "acme-web", "● acme-web", every=800),
    "a chat in German": news(
        "allgemein (Kanal) - acme - Slack",
        "allgemein (Kanal) - acme - 1 neues Element - Slack",
        "allgemein (Kanal) - acme - 2 neue Elemente - Slack",
        "allgemein (Kanal) - acme - 3 neue Elemente - Slack",
        "allgemein (Kanal) - acme - 4 neue Elemente - Slack",
    ),
    "Teams": news("Chat | acme | Microsoft Teams", "(1) Chat | acme | Microsoft Teams", every=600),
    "mail": running("Saapuneet (@) - acme - Mozilla Thunderbird", each=777.0),
    "speed": lambda second: f"{chance(second) * 9:.1f} MB/s acme-web.iso",
    "speed in French": lambda second: f"acme-web ↓ {chance(second) * 900:.0f} Ko/s",
    "load": lambda second: f"acme-web load {chance(second):.2f} {chance(second // 9):.2f}",
    "a flashing title": flashing("acme-web", "New message!"),
    "a title that flashes in turn": flashing("acme-web", "Anna schreibt …", "(1) acme-web"),
    "a running text": marquee("acme-web is playing a song about orders *** "),
    "a running text cut off": marquee("acme-web is playing a song about orders *** ", 16),
    "a log": lambda second: f"acme-web: compiling {FILES[second % 3]} for {second // 20 * 7 % 911}",
}
SLOW = {"a flashing title", "a title that flashes in turn", "a log", "a running text cut off", "load"}


@pytest.mark.parametrize("title", BY_ITSELF.values(), ids=BY_ITSELF)
def test_what_changes_by_itself_at_lunch_is_nobodys_work(title: Title) -> None:
    assert suggested(*day(title)) == "09:00-12:00 acme 13:00-15:00 acme"


@pytest.mark.parametrize("every", [10, 60, 300])
@pytest.mark.parametrize("name", [name for name in BY_ITSELF])
def test_however_often_it_is_looked_at(name: str, every: int) -> None:
    found = suggested(*day(BY_ITSELF[name], every))
    assert found == "09:00-12:00 acme 13:00-15:00 acme"


@pytest.mark.parametrize("title", BY_ITSELF.values(), ids=BY_ITSELF)
def test_what_changes_by_itself_in_the_evening(title: Title) -> None:
    assert suggested(*day(title, away="15:00-22:00")) == "09:00-15:00 acme"
