"""What a window shows: its title at each moment since it came to the front.

A title is a function of these seconds, so that it may change by itself. `telling` windows name the
customer, `silent` ones nobody.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from benchmarks.hard_days.customers import TEAM, Customer
from tracklater_bot.domain.issues import Issue

TitleAt: TypeAlias = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class FrontWindow:
    """The window called `window`, and its title so many seconds after it came to the front."""

    window: str
    title: TitleAt


def steady(window: str, title: str) -> FrontWindow:
    """A window that keeps its title."""
    return FrontWindow(window, lambda _: title)


# -- Browsers of three systems --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Workstation:
    """The system that somebody works on, which decides how titles are written."""

    system: str
    browser: str

    def page(self, title: str) -> FrontWindow:
        """A page in the browser."""
        ends = {
            "chrome": " - Google Chrome",
            "edge": " - Work - Microsoft\u200b Edge",
            "firefox": " — Mozilla Firefox",
            "safari": "",
        }
        return steady("browser", title + ends[self.browser])

    def file(self, repo: str, name: str, mark: str = "") -> FrontWindow:
        """A file in the editor, its folder shown only where there is a `repo`."""
        if self.system == "mac":
            return steady(f"editor/{repo}", f"{name} — {repo}" if repo else name)
        words = [mark + name, repo, "Visual Studio Code"]
        return steady(f"editor/{repo}", " - ".join(word for word in words if word))

    def shell(self, repo: str, doing: str = "") -> FrontWindow:
        """A shell in the repository's folder, or one that tells nothing."""
        titles = {
            "linux": f"jo@thinkpad: ~/projects/{repo}" if repo else "jo@thinkpad: ~",
            "windows": f"MINGW64:/c/projects/{repo}" if repo else "Windows PowerShell",
            "mac": f"{repo or 'jo'} — -zsh — 132×43",
        }
        return steady("shell", doing or titles[self.system])


def workstation(rng: random.Random) -> Workstation:
    """Somebody's system and browser."""
    system = rng.choice(("linux", "linux", "windows", "mac"))
    browsers = {"linux": ("firefox", "chrome"), "windows": ("edge", "chrome"), "mac": ("safari",)}
    return Workstation(system, rng.choice((*browsers[system], "chrome")))


FILES = (
    "router.rb", "Fares.cs", "claims/triage.py", "index.astro", "schema.graphql", "margins.R",
    "docker-compose.yml", "useBooking.ts", "lib.rs", "0042_add_slot.sql", "Makefile", "notes.md",
)  # fmt: skip


def telling(
    rng: random.Random, station: Workstation, customer: Customer, task: Issue | None
) -> FrontWindow:
    """One of the windows that name the customer."""
    makers = (_file, _shell, _forge, _tracker, _chat, _mail, _product)
    maker = rng.choices(makers, (34, 20, 12, 7, 12, 7, 8))[0]
    return maker(rng, station, customer, task)


def _file(
    rng: random.Random, station: Workstation, customer: Customer, task: Issue | None
) -> FrontWindow:
    return station.file(customer.repo, rng.choice(FILES), rng.choice(("", "● ")))


def _shell(
    rng: random.Random, station: Workstation, customer: Customer, task: Issue | None
) -> FrontWindow:
    if task is not None and rng.random() < 0.25:
        return steady("shell", f"{customer.repo} git:({branch(customer, task)})")
    return station.shell(customer.repo)


def _forge(
    rng: random.Random, station: Workstation, customer: Customer, task: Issue | None
) -> FrontWindow:
    place = f"{customer.owner}/{customer.repo}"
    subject = task.title if task and rng.random() < 0.5 else "Bump the base image"
    number = rng.randrange(8, 700)
    return station.page(
        rng.choice(
            (
                f"{subject} by jolind · Pull Request #{number} · {place}",
                f"Actions · {place}",
                f"{rng.choice(FILES)} at main · {place}",
            )
        )
    )


def _tracker(
    rng: random.Random, station: Workstation, customer: Customer, task: Issue | None
) -> FrontWindow:
    return task_page(station, customer, task)


def task_page(station: Workstation, customer: Customer, task: Issue | None) -> FrontWindow:
    """The task in its tracker, or the customer's wiki where there is none."""
    if task is None:
        return station.page(f"{customer.called} – Handbook – Notion")
    if task.tracker == "jira":
        return station.page(f"[{task.key}] {task.title} - Jira")
    return station.page(f"{task.title} - User Story {task.key} - {customer.called} - Taiga")


def _chat(
    rng: random.Random, station: Workstation, customer: Customer, task: Issue | None
) -> FrontWindow:
    return chat(rng, customer)


def chat(rng: random.Random, customer: Customer) -> FrontWindow:
    """One of the customer's channels."""
    room, team = rng.choice(customer.rooms), customer.team or TEAM
    unread = rng.choice(("", "", f" - {rng.randint(1, 5)} new items"))
    return steady("chat", f"{room} (Channel) - {team}{unread} - Slack")


def _mail(
    rng: random.Random, station: Workstation, customer: Customer, task: Issue | None
) -> FrontWindow:
    subject = rng.choice(("kick-off", "access to staging", "Thursday", "numbers for the board"))
    return steady("mail", f"RE: {customer.called}, {subject} - Message (HTML) - Outlook")


def _product(
    rng: random.Random, station: Workstation, customer: Customer, task: Issue | None
) -> FrontWindow:
    return station.page(
        rng.choice((f"Sign in – {customer.called}", f"{customer.called} backlog (Miro)"))
    )


READ = (
    "How do I undo the last merge? - Stack Overflow", "Using the Fetch API - Web APIs | MDN",
    "std::collections - Rust", "SELECT - PostgreSQL 17 documentation", "localhost:8080/health",
    "Pipelines", "Regular expression tester", "Storybook", "pgAdmin 4", "Postman",
)  # fmt: skip


def silent(rng: random.Random, station: Workstation) -> FrontWindow:
    """One of the windows that name nobody."""
    return rng.choices(
        (
            station.page(rng.choice(READ)),
            station.shell("", rng.choice(("", "make test", "lazygit", "k9s", "psql"))),
            station.file("", rng.choice(FILES)),
            steady("chat", f"{rng.choice(COLLEAGUES)} (DM) - {TEAM} - Slack"),
            steady("mail", f"Inbox - jo@lindqvist.example - Outlook ({rng.randint(1, 60)})"),
        ),
        (36, 28, 14, 10, 12),
    )[0]


COLLEAGUES = ("Anna Vogel", "Tariq Aziz", "Mei Tanaka", "Oskar Lind", "Chiara Riva")


# -- Titles that change by themselves -------------------------------------------------------------


def self_changing(rng: random.Random, customer: Customer) -> FrontWindow:
    """A window that a program, a clock or other people change while nobody is there."""
    makers = (_spinner, _percentage, _unread, _clock, _countdown, _others_write, _agent)
    return rng.choice(makers)(rng, customer)


def _spinner(rng: random.Random, customer: Customer) -> FrontWindow:
    turns = rng.choice(("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "◐◓◑◒", "|/-\\"))
    words = rng.choice((f"watch {customer.repo}", f"cargo test ({customer.repo})", "pnpm dev"))
    return FrontWindow("shell", lambda s: f"{turns[int(s * 7) % len(turns)]} {words}")


def _agent(rng: random.Random, customer: Customer) -> FrontWindow:
    words = rng.choice(("Refactoring the parser", f"{customer.repo}: fixing tests", "Thinking"))
    return FrontWindow("shell", lambda s: f"{'✳✶✻✽·✢'[int(s / 3) % 6]} {words}")


def _percentage(rng: random.Random, customer: Customer) -> FrontWindow:
    lasts = rng.uniform(1, 5) * 3600
    form = rng.choice(("{} % - Uploading {}", "Restoring {1} ({0}%)", "[{}%] Building {}"))
    return FrontWindow("files", lambda s: form.format(min(99, int(100 * s / lasts)), customer.repo))


def _unread(rng: random.Random, customer: Customer) -> FrontWindow:
    every = rng.uniform(3, 16) * 60
    return FrontWindow(
        "mail", lambda s: f"({1 + int(s / every)}) Inbox – {customer.called} – Webmail"
    )


def _clock(rng: random.Random, customer: Customer) -> FrontWindow:
    name = rng.choice((customer.called, "Stopwatch", "Recording"))
    return FrontWindow(
        "clock", lambda s: f"{int(s / 3600)}:{int(s / 60) % 60:02}:{int(s) % 60:02} {name}"
    )


def _countdown(rng: random.Random, customer: Customer) -> FrontWindow:
    def title(seconds: float) -> str:
        left = 25 * 60 - int(seconds) % (25 * 60)
        return f"{left // 60:02}:{left % 60:02} – Time to focus – Pomodoro"

    return FrontWindow("clock", title)


def _others_write(rng: random.Random, customer: Customer) -> FrontWindow:
    """A channel in which others write: its counter, or who wrote last."""
    every, room = rng.uniform(2, 14) * 60, rng.choice(customer.rooms)
    first, team = rng.randrange(5), customer.team or TEAM
    if rng.random() < 0.5:
        return FrontWindow(
            "chat", lambda s: f"! {room} (Channel) - {team} - {int(s / every)} new - Slack"
        )
    return FrontWindow(
        "chat", lambda s: f"{COLLEAGUES[(first + int(s / every)) % 5]} in #{room} - Slack"
    )


# -- Windows that stay ----------------------------------------------------------------------------


def remote(rng: random.Random, customer: Customer) -> FrontWindow:
    """A window in which everything happens inside: its title never changes."""
    host = f"{customer.group.upper()}-TS{rng.randint(1, 4):02}"
    return steady(
        "remote",
        rng.choice(
            (
                f"{host} - Remote Desktop Connection",
                f"{host} – {customer.called} – Citrix Viewer",
                f"{customer.called} plant 2.dwg - AutoCAD",
                "10.20.4.17 - Remote Desktop Connection",
                "Windows 11 [Running] - Oracle VirtualBox",
            )
        ),
    )


# -- Calls ----------------------------------------------------------------------------------------


def call(rng: random.Random, customer: Customer, *, named: bool) -> FrontWindow:
    """A call's window."""
    about = rng.choice(("refinement", "stand-up", "retro", "Q&A", "go-live"))
    names = (
        f"{customer.called} {about} | Microsoft Teams",
        f"Meet – {customer.called} {about}",
        f"{customer.called} {about} - Webex",
    )
    nobody = (
        "Zoom Meeting",
        "Meet – qkz-vhtw-xno",
        f"Meeting with {rng.choice(COLLEAGUES)} | Microsoft Teams",
        f"Huddle with {rng.choice(COLLEAGUES)} - Slack",
        "Webex Meeting",
    )
    return steady("call", rng.choice(names if named else nobody))


def appointment(rng: random.Random, station: Workstation, customer: Customer) -> FrontWindow:
    """The call's entry in the calendar."""
    if rng.random() < 0.4:
        return steady("mail", f"{customer.called}: refinement - Meeting - Outlook")
    return station.page(f"{customer.called} refinement - Google Calendar")


# -- One's own administration ---------------------------------------------------------------------


def own_papers(rng: random.Random, station: Workstation, customer: Customer | None) -> FrontWindow:
    """Invoices, the time sheet, tax, the time tracker; `customer`: whose invoice it is."""
    number = rng.randrange(100, 300)
    if customer is not None and rng.random() < 0.4:
        return station.page(f"Invoice 2026-{number} {customer.called} - Holvi")
    pages = (
        "Invoices – Procountor", f"Invoice 2026-{number} - Holvi", "VAT return | MyTax",
        "ELSTER – Umsatzsteuervoranmeldung", "Timesheet November", "Toggl Track - Reports",
        "Toggl Track - Timer", "Receipts to sort - FreeAgent", "Business account – Bank",
    )  # fmt: skip
    others = (
        steady("sheet", "timesheet-2026-11.xlsx - Excel"),
        steady("sheet", "hours and expenses.ods - LibreOffice Calc"),
        steady("chat", f"TrackLater (App) - {TEAM} - Slack"),
        steady("mail", "Your receipt for the train - Message (HTML) - Outlook"),
        steady("files", f"lasku-{number}.pdf"),
    )
    return station.page(rng.choice(pages)) if rng.random() < 0.65 else rng.choice(others)


def leisure(rng: random.Random) -> FrontWindow:
    """Something private in an ordinary window."""
    pages = ("Guitar lessons - YouTube", "Second-hand bikes | eBay", "r/gardening - Reddit")
    return steady("browser", f"{rng.choice(pages)} — Mozilla Firefox")


# -- Branches -------------------------------------------------------------------------------------


def branch(customer: Customer, task: Issue) -> str:
    """A branch for the task: with its key or with its first words."""
    words = "-".join(task.title.lower().split()[:3])
    number = task.key.lstrip("#")
    if int("".join(filter(str.isdigit, number))) % 10 < customer.keyed * 10:
        return f"jo/{number.lower()}-{words}" if task.tracker == "jira" else f"tg-{number}/{words}"
    return f"jo/{words}"
