"""What changes by itself on a screen is nobody's work; what people change is."""

from __future__ import annotations

import json
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import accumulate

import pytest

from tests.clues import inputs, told
from tests.longer import usually
from tests.notation import FRIDAY, at
from tracklater_bot.domain.clues import Clue, Window
from tracklater_bot.engine import suggest
from tracklater_bot.engine.changes import Sample
from tracklater_bot.engine.presence import changes
from tracklater_bot.engine.title_normalization import TitleNormalizer
from tracklater_bot.sources.clues.thyme import parse_file

# A title by the seconds since it came to the front.
Title = Callable[[int], str]
# What thyme writes of the active window: its number, and all windows.
Seen = tuple[int | None, dict[int, str]]

FILES = ("login.py", "tests.py", "models.py", "views.py")
DICE = random.Random("dice")
SECONDS = [DICE.random() for _ in range(100_000)]
# How many files were opened by each minute.
OPENED = list(accumulate((chance < 0.5 for chance in SECONDS[:1000]), initial=0))


def chance(second: int) -> float:
    return SECONDS[second % len(SECONDS)]


def working(second: int) -> str:
    """A file of acme's every one to three minutes."""
    return f"{FILES[OPENED[second // 60] % 4]} - acme-web - Visual Studio Code"


def day(
    title: Title,
    every: int = 20,
    away: str = "12:00-13:00",
    spoil: Callable[[int, Seen], Seen] = lambda _second, seen: seen,
) -> list[Clue]:
    """A day of work from eleven to two, and a title in front of nobody for a while."""
    start, end = (at(each) for each in away.split("-"))
    snapshots = []
    first, last = at("11:00"), max(at("14:00"), end)
    moment = first
    while moment < last:
        if start <= moment < end:
            second = int((moment - start).total_seconds())
            seen = spoil(second, (7, {7: title(second), 1: "Downloads"}))
        else:
            name = working(int((moment - first).total_seconds()))
            seen = (7, {7: name, 1: "Downloads"})
        snapshots.append(snapshot(moment.isoformat(), seen))
        moment += timedelta(seconds=every)
    data = json.dumps({"Snapshots": snapshots}).encode()
    return list(parse_file(data, FRIDAY.span).samples)


def snapshot(time: str, seen: Seen) -> dict[str, object]:
    active, names = seen
    windows = [{"ID": number, "Desktop": 0, "Name": name} for number, name in names.items()]
    return {"Time": time, "Windows": windows or None, "Active": active, "Visible": None}


def suggested(*clues: Clue) -> str:
    return " ".join(told(suggest(inputs(*clues, round_minutes=5))))


def turning(glyphs: str, text: str, seconds: float = 0.1) -> Title:
    """A spinner: one glyph after the other in the place of `¤`."""
    return lambda second: text.replace(
        "¤", glyphs[int(chance(second) * 997 + second / seconds) % len(glyphs)]
    )


def running(text: str, each: float = 40.0, first: int = 1) -> Title:
    """A number that grows by one each so many seconds, in the place of `¤`."""
    return lambda second: text.replace("¤", str(first + int(second / each)))


def clock(text: str, style: str) -> Title:
    def title(second: int) -> str:
        hours, rest = divmod(second, 3600)
        minutes, seconds = divmod(rest, 60)
        left = 5400 - second
        shown = style.format(h=hours, m=minutes, s=seconds, left=left // 60, sleft=left % 60)
        return text.replace("¤", shown)

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


def by_hand(*titles: str, least: int = 20, most: int = 400) -> Title:
    """Somebody goes from one title to the next when they are through with it."""

    stays = (least + int(chance**2 * (most - least)) for chance in SECONDS[:3000])
    ends = list(accumulate(stays))
    return lambda second: titles[(bisect_right(ends, second) + 1) % len(titles)]


def numbered(text: str, count: int = 50) -> tuple[str, ...]:
    return tuple(text.replace("¤", str(number)) for number in range(3, 3 + count))


def rotating(*titles: str, stays: Sequence[float] = (45,), shuffled: bool = False) -> Title:
    """A board shows one title after the other, each for its time, and begins anew."""
    ends = list(accumulate(stays[number % len(stays)] for number in range(len(titles))))

    def title(second: int) -> str:
        rounds, rest = divmod(second, ends[-1])
        number = bisect_right(ends, rest)
        if shuffled and number < len(titles) - 1:
            return random.Random(rounds).sample(titles[:-1], len(titles) - 1)[number]
        return titles[number]

    return title


BOARDS = ("acme orders", "acme errors", "acme latency", "Deployments", "Sales today", "On call")
BRAILLE, MOON = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "🌑🌒🌓🌔🌕🌖🌗🌘"
BY_ITSELF: dict[str, Title] = {
    "braille": turning(BRAILLE, "¤ acme-web: tidy the order form"),
    "braille at the end": turning(BRAILLE, "acme-web: tidy the order form ¤"),
    "braille in the middle": turning(BRAILLE, "acme-web ¤ tidy the order form - Terminal"),
    "ascii": turning("|/-\\", "¤ acme-web"),
    "ascii at the end": turning("|/-\\", "npm install acme-web ¤"),
    "ascii in brackets": turning("|/-\\", "[¤] acme-web build"),
    "stars": turning("·✢✳✶✻✽*", "¤ Refactor acme-web/orders.py"),
    "moons": turning(MOON, "acme-web ¤"),
    "clocks": turning("🕐🕑🕒🕓🕔🕕", "¤ acme-web"),
    "hourglass": turning("⏳⌛", "¤ acme-web – Mozilla Firefox"),
    "dots": lambda second: "acme-web: läuft" + "." * (second // 7 % 4),
    "a bar": lambda second: f"[{'#' * (second // 60)}{' ' * (60 - second // 60)}] acme-web",
    "blocks": lambda second: f"acme-web {'█' * (second // 60)}{'░' * (60 - second // 60)}",
    "percent": running("¤% - acme-web"),
    "percent with a space": running("acme-web – ¤ % abgeschlossen"),
    "percent in Turkish": running("acme-web %¤ tamamlandı"),
    "percent with a comma": lambda second: f"acme-web {second / 60:.1f}".replace(".", ",") + " %",
    "percent in words": running("acme-web: ¤ Prozent fertig"),
    "percent in Finnish words": running("acme-web: ¤ prosenttia valmis"),
    "progress": running("acme-web build ¤/120"),
    "progress in brackets": running("[¤/120] acme-web"),
    "progress in words": running("Bild ¤ von 120 – acme-web"),
    "progress in Russian": running("acme-web: ¤ из 120"),
    "frames": running("Rendering frame ¤ - acme-web", each=3.0),
    "frames by the minute": running("acme-web render 0¤", each=60.0, first=4000),
    "a timer": clock("¤ acme-web", "{h:02}:{m:02}:{s:02}"),
    "a timer of minutes": clock("acme-web ¤ - Toggl", "{m}:{s:02}"),
    "a timer with units": clock("acme-web (¤)", "{h}h {m}m"),
    "a timer in German": clock("¤ – acme-web", "{h} Std. {m} Min. {s} Sek."),
    "a timer in Chinese": clock("acme-web 计时 ¤", "{m}分{s}秒"),
    "a countdown": clock("¤ until the acme-web demo", "{left}:{sleft:02}"),
    "a countdown in Finnish": clock("acme-web: ¤ jäljellä", "{left} minuuttia"),
    "a clock": lambda second: f"{12 + second // 3600}:{second // 60 % 60:02} acme-web dashboard",
    "a clock with am": lambda second: f"acme-web {12 + second // 3600}:{second // 60 % 60:02} PM",
    "unread": running("(¤) acme-web", each=120.0),
    "unread thousands": running("Inbox (1,¤) - me@acme.example", each=50.0, first=100),
    "unread in square brackets": running("[¤] acme-web", each=300.0),
    "unread with a plus": news("acme (98)", "acme (99)", "acme (99+)", every=700),
    "unread in words": running("acme (¤ ungelesen)", each=300.0),
    "unread by itself": running("acme-web | ¤ | Mail", each=400.0),
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
    "mail": running("Saapuneet (¤) - acme - Mozilla Thunderbird", each=777.0),
    "speed": lambda second: f"{chance(second) * 9:.1f} MB/s acme-web.iso",
    "speed in French": lambda second: f"acme-web ↓ {chance(second) * 900:.0f} Ko/s",
    "load": lambda second: f"acme-web load {chance(second):.2f} {chance(second // 9):.2f}",
    "a flashing title": flashing("acme-web", "New message!"),
    "a title that flashes in turn": flashing("acme-web", "Anna schreibt …", "(1) acme-web"),
    "a running text": marquee("acme-web is playing a song about orders *** "),
    "a running text cut off": marquee("acme-web is playing a song about orders *** ", 16),
    "unread in Japanese": by_hand(*numbered("acme 未読 ¤件"), least=200, most=800),
    "unread in Japanese brackets": by_hand(*numbered("acme【¤】"), least=200, most=800),
    "unread in French quotes": by_hand(*numbered("«¤» acme"), least=200, most=800),
    "unread after a colon": by_hand(*numbered("acme: ¤ non lus"), least=200, most=800),
    "pages that are printed": by_hand(*numbered("Printing acme.pdf: page ¤ of 80")),
    "unread with a mark": by_hand(*numbered("(!¤) acme"), least=200, most=800),
    "a share": lambda second: (
        f"ACME {100 + chance(second):.2f} ({4 * chance(second + 7) - 2:+.2f}%) NASDAQ"
    ),
    "songs in a player": by_hand("Acme Harbour.flac - mpv", "Rain.flac - mpv", "Doors.mp3 - mpv"),
    "a player's list": by_hand(
        "acme - Harbour | foobar2000", "acme - Rain | foobar2000", "foobar2000"
    ),
    "songs": by_hand("Acme Harbour - Spotify", "Rain - Spotify", "Seven Doors - Spotify"),
    "videos": by_hand("Acme fails - YouTube — Mozilla Firefox", "Cats - YouTube — Mozilla Firefox"),
    "boards in rotation": rotating(*(f"{board} - Grafana" for board in BOARDS)),
    "boards, each for its time": rotating(*BOARDS, stays=(30, 60, 90)),
    "boards that stay for long": rotating(*BOARDS[:4], stays=(120,)),
    "two boards in rotation": rotating(*BOARDS[:2], stays=(90,)),
    "two boards, one for longer": rotating(*BOARDS[:2], stays=(240, 90)),
    "many boards": rotating(*numbered("acme site ¤ - Uptime", 12), stays=(60,)),
    "boards shuffled": rotating(*BOARDS, stays=(75,), shuffled=True),
    "photos": rotating(*numbered("acme-offsite-¤.jpg - Image Viewer", 90), stays=(70,)),
    "a log": lambda second: f"acme-web: compiling {FILES[second % 3]} for {second // 20 * 7 % 911}",
}

ALL_DAY = "11:00-14:00"
AT_WORK = "11:00-12:00 acme 13:00-14:00 acme"
# fmt: off
# Whoever looks this seldom cannot tell these from somebody who changes pages.
LOOKED_AT_OFTEN = {
    60: {
        "a flashing title", "a title that flashes in turn", "a log", "boards shuffled", "photos",
        "two boards in rotation", "two boards, one for longer",
    },
    300: {
        "a flashing title", "a title that flashes in turn", "a log", "a running text cut off",
        *(name for name in BY_ITSELF if "boards" in name), "photos",
    },
}
# fmt: on


@pytest.mark.parametrize("name", BY_ITSELF)
def test_what_changes_by_itself_at_lunch_is_nobodys_work(name: str) -> None:
    assert suggested(*day(BY_ITSELF[name])) == AT_WORK


@pytest.mark.parametrize("every", usually([60, 300], [10, 60, 300]))
def test_however_often_it_is_looked_at(every: int) -> None:
    wrong = {
        name: found
        for name, title in BY_ITSELF.items()
        if name not in LOOKED_AT_OFTEN.get(every, ())
        and (found := suggested(*day(title, every))) != AT_WORK
        and not (every == 300 and found == AT_WORK.replace("12:00", "12:05"))
    }
    assert not wrong


def test_what_changes_by_itself_in_the_evening_is_nobodys_work() -> None:
    every, away = usually((60, "14:00-16:30"), (20, "14:00-18:00"))
    wrong = {
        name: found
        for name, title in BY_ITSELF.items()
        if name not in LOOKED_AT_OFTEN.get(every, ())
        and (found := suggested(*day(title, every, away=away))) != "11:00-14:00 acme"
    }
    assert not wrong


@pytest.mark.parametrize(
    "title",
    [
        by_hand("acme: tidy orders", "acme: run tests", "acme: write code", "acme: read", most=300),
        by_hand("Anna | acme | Telegram", "Bo | acme | Telegram", "Eva | acme | Telegram"),
    ],
    ids=["tasks of a program", "a chat"],
)
def test_nobody_goes_on_for_a_whole_night_in_one_window(title: Title) -> None:
    def elsewhere(_second: int, seen: Seen) -> Seen:
        return 8, {8: seen[1][7]}

    clues = day(title, 30, away="14:00-26:30", spoil=elsewhere)
    assert suggested(*clues) == "11:00-14:00 acme"


# -- What people change ------------------------------------------------------------------------


BY_HAND: dict[str, Title] = {
    "documents": by_hand(*numbered("acme report ¤.docx - Word")),
    "copies": by_hand(*numbered("acme report (¤).pdf - Okular")),
    "issues": by_hand(*numbered("#¤ · Issues · acme/web · GitHub — Mozilla Firefox")),
    "keys": by_hand(*numbered("[ACME-¤] - Jira")),
    "pull requests": by_hand(*numbered("Merge request (!¤) · acme / web · GitLab")),
    "months": by_hand(*numbered("Order 2026-¤ - acme - Shop")),
    "tickets": by_hand(*numbered("Ticket ¤ - acme - Zendesk")),
    "versions": by_hand(*numbered("acme-web v1.¤.0 - Releases")),
    "years in brackets": by_hand("acme budget (2025) - Excel", "acme budget (2026) - Excel"),
    "years": by_hand(*numbered("acme figures 19¤.xlsx - Excel")),
    "two files": by_hand("auth.py - acme-web", "test_auth.py - acme-web", least=40),
    "one file, saved now and then": by_hand(
        "auth.py - acme-web - Visual Studio Code", "● auth.py - acme-web - Visual Studio Code"
    ),
    "one file, starred": by_hand("orders.txt (~/acme) - gedit", "*orders.txt (~/acme) - gedit"),
    "one file without an ending": by_hand(
        "Dockerfile - acme-web - VSCodium", "● Dockerfile - acme-web - VSCodium"
    ),
    "one letter": by_hand("acme offer - LibreOffice Writer", "*acme offer - LibreOffice Writer"),
    "one Makefile in vim": by_hand("Makefile (~/acme) - VIM", "Makefile [+] (~/acme) - VIM"),
    "pages": by_hand(*numbered("acme-contract.pdf - Page ¤ of 80")),
    "pages in brackets": by_hand(*numbered("acme-contract.pdf (¤/80) - Okular")),
    "pages in German": by_hand(*numbered("[¤ von 80] acme-contract.pdf")),
    "slides": by_hand(*numbered("Slide ¤ of 60 - acme pitch")),
    "slides in German": by_hand(*numbered("Folie ¤ von 60 - acme pitch - PowerPoint")),
    "a review": by_hand(*numbered("Files changed ¤/60 · Pull Request #7 · acme/web")),
    "one file in vim": by_hand("auth.py (~/acme-web) - VIM", "auth.py [+] (~/acme-web) - VIM"),
    "two pages": by_hand("acme board - Jira", "localhost:3000", "acme shop", least=60, most=500),
    "two pages in turn": by_hand("acme shop", "acme admin", least=40, most=200),
    "three pages in turn": by_hand(
        "acme a - Chrome", "acme b - Chrome", "acme c - Chrome", least=30
    ),
    "channels": by_hand("#general - acme - Slack", "#dev - acme - Slack", "#ops - acme - Slack"),
    "mails": by_hand(*(f"Re: {word} - acme - Outlook" for word in ("offer", "invoice", "demo"))),
    "commands": by_hand("pytest -k acme", "git push acme", "npm run dev", "acme-web: zsh"),
}


@pytest.mark.parametrize("every", usually([20, 60, 300], [10, 20, 60, 300]))
def test_what_people_change_is_their_work(every: int) -> None:
    wrong = {
        name: found
        for name, title in BY_HAND.items()
        if (found := suggested(*day(title, every))) != "11:00-14:00 acme"
        and (name, every) != ("two pages in turn", 300)  # that are the same at every look
    }
    assert not wrong


def test_a_title_may_be_anything() -> None:
    for odd in ("9" * 9000 + "/" + "9" * 9000, "(" * 5000 + "1" * 5000, "a" * 20_000, " " * 3000):
        assert suggested(*day(lambda second, odd=odd: f"{second} {odd}", every=300))  # type: ignore[misc]


# -- What is not in front, and what is not seen ------------------------------------------------


def still(_second: int) -> str:
    return "orders.py - acme-web - Visual Studio Code"


@pytest.mark.parametrize(
    "notice", ["Notification", "Neue Benachrichtigung", "2 Reminder(s)", "通知"]
)
def test_a_notice_that_comes_to_the_front_by_itself_is_nobody(notice: str) -> None:
    def spoil(second: int, seen: Seen) -> Seen:
        return (9, seen[1] | {9: notice}) if second % 700 < 20 else seen

    for title in (still, BY_ITSELF["braille"]):
        assert suggested(*day(title, spoil=spoil)) == AT_WORK


def test_windows_that_come_and_go_without_being_in_front_are_nobody() -> None:
    def notice(second: int, seen: Seen) -> Seen:
        active, names = seen
        others = {8: "Anna: lunch?"} if second % 420 < 25 else {}
        return active, names | others | ({9: f"Update {second}"} if second % 600 > 300 else {})

    assert suggested(*day(still, spoil=notice)) == AT_WORK


BLANKS: dict[str, Callable[[Seen], Seen]] = {
    "null": lambda seen: (None, seen[1]),
    "zero": lambda seen: (0, seen[1]),
    "not listed": lambda seen: (99, seen[1]),
    "no windows": lambda _seen: (0, {}),
    "N/A": lambda seen: (seen[0], seen[1] | {7: "N/A"}),
    "no title": lambda seen: (seen[0], seen[1] | {7: ""}),
}


@pytest.mark.parametrize("blank", BLANKS.values(), ids=BLANKS)
@pytest.mark.parametrize(
    ("title", "every"),
    [
        *((still, every) for every in usually((20, 300), (10, 20, 60, 300))),
        *((BY_ITSELF["braille"], every) for every in usually((20, 300), (10, 20, 60, 300))),
        *((BY_ITSELF["a log"], every) for every in usually((20,), (10, 20))),
    ],
)
def test_a_blank_sample_cuts_no_absence(
    blank: Callable[[Seen], Seen], title: Title, every: int
) -> None:
    def spoil(second: int, seen: Seen) -> Seen:
        return blank(seen) if 780 <= second < 780 + every or 1560 <= second < 1600 else seen

    found = suggested(*day(title, every, spoil=spoil))
    assert found in (AT_WORK, AT_WORK.replace("12:00", "12:05"))


def test_a_hole_between_two_equal_screens_cuts_no_absence() -> None:
    start = at("12:00")
    for first, last in ((780, 800), (780, 1200), (600, 2000)):
        clues = [
            clue for clue in day(still) if not first <= (clue.at - start).total_seconds() < last
        ]
        assert suggested(*clues) == AT_WORK


def test_what_changes_by_itself_is_no_work_after_the_message() -> None:
    def changed(title: Title) -> int:
        samples = (
            Sample(clue.at.timestamp(), clue.title, clue.screen, clue.window)
            for clue in day(title, away=ALL_DAY)
            if isinstance(clue, Window)
        )
        return len(list(changes(samples, TitleNormalizer())))

    assert changed(BY_ITSELF["braille"]) == 0
    assert changed(working) > 50


# -- Two machines ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def laptop() -> list[Clue]:
    """Three hours of work for globex."""
    return day(lambda second: working(second).replace("acme-web", "globex-shop"), away=ALL_DAY)


@pytest.mark.parametrize("name", BY_ITSELF)
def test_of_two_machines_the_one_where_somebody_acts_is_in_front(
    name: str, laptop: list[Clue]
) -> None:
    program = day(BY_ITSELF[name], away=ALL_DAY)
    desk = [replace(clue, machine="desk") for clue in program if isinstance(clue, Window)]
    assert suggested(*laptop, *desk) == "11:00-14:00 globex"
