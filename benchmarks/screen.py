"""A made-up desktop: scenes become changes on the screen, and samples of it as thyme takes them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import TypeAlias

from benchmarks import titles
from benchmarks.cast import Client
from benchmarks.plot import MINUTE, Act, Scene, Shape
from benchmarks.titles import Look

MAIN, LAPTOP = "", "laptop"


class Change(StrEnum):
    """What may happen on a screen. OPEN and CLOSE change the set of windows, RETITLE does not."""

    FOCUS = "focus"
    RETITLE = "retitle"
    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Event:
    """A change at `at` seconds since the day began, on one machine."""

    at: float
    change: Change
    look: Look
    machine: str = MAIN


Listing: TypeAlias = "tuple[tuple[int, str], ...]"


@dataclass(frozen=True, slots=True)
class Sample:
    """What thyme writes: the windows by id, and which one is active (0: none is)."""

    at: float
    active: int
    windows: Listing
    machine: str = MAIN

    @property
    def title(self) -> str:
        """The active window's title, "" when it is not among the windows."""
        return dict(self.windows).get(self.active, "")


# -- From scenes to changes ----------------------------------------------------------------------


class Director:
    """Turns scenes into what the screen shows."""

    def __init__(self, rng: random.Random, shape: Shape, clients: Sequence[Client]) -> None:
        self._rng = rng
        self._shape = shape
        self._clients = tuple(clients)
        self._cues = rng.uniform(*shape.cues)
        self._haste = rng.uniform(0.7, 1.4)
        self._pages = rng.uniform(0.3, 0.85)

    def events(self, scenes: Sequence[Scene]) -> list[Event]:
        """All changes of all scenes, in order."""
        found: list[Event] = []
        for scene in scenes:
            found.extend(self._scene(scene))
        return sorted(found, key=lambda event: event.at)

    def _scene(self, scene: Scene) -> Iterator[Event]:
        if scene.act is Act.PRIVATE:
            yield from self._private(scene)
        elif scene.client is not None and scene.act is Act.WORK:
            yield from self._work(scene, scene.client)
        elif scene.client is not None:
            yield from self._call(scene, scene.client)

    def _private(self, scene: Scene) -> Iterator[Event]:
        at: float = scene.start
        while at < scene.end:
            yield Event(at, Change.FOCUS, titles.private(self._rng))
            at += self._rng.uniform(20, 240)

    def _work(self, scene: Scene, client: Client) -> Iterator[Event]:
        at: float = scene.start
        if self._rng.random() < 0.7:  # one thinks, reads, searches before one opens the right file
            yield Event(at, Change.FOCUS, titles.bare(self._rng, client))
            at += self._rng.uniform(20, 6 * MINUTE)
        if scene.issue is not None and self._rng.random() < self._pages:
            page = titles.issue_page(self._rng, client, scene.issue)
            yield Event(min(at, scene.end - 1), Change.FOCUS, page)
            at += self._rng.uniform(15, 120)
        per_second = self._shape.interruptions / 3600
        while at < scene.end:
            dwell = self._dwell()
            if self._rng.random() < per_second * dwell and len(self._clients) > 1:
                yield from self._interruption(at, client)
                at += self._rng.uniform(20, 180)
                continue
            look = self._look(client, scene)
            yield Event(at, Change.FOCUS, look)
            if dwell > 8 * MINUTE:
                yield from self._stirrings(at, min(at + dwell, scene.end), look)
            at += dwell

    def _dwell(self) -> float:
        """How long one window stays in front; now and then a long read or a long think."""
        draw = self._rng.random()
        if draw < 0.012:
            return self._rng.uniform(10, 45) * MINUTE
        if draw < 0.10:
            return self._rng.uniform(4, 9) * MINUTE
        return min(self._rng.lognormvariate(4.0, 0.8) * self._haste, 6 * MINUTE)

    def _stirrings(self, start: float, end: float, look: Look) -> Iterator[Event]:
        """In a long stay in one window, small ones come to the front and go: somebody is there."""
        at = start + self._rng.uniform(60, 8 * MINUTE)
        while at < end - MINUTE:
            popup = Look(f"popup:{at:.0f}", "Open File")
            yield Event(at, Change.FOCUS, popup)
            yield Event(at + 45, Change.CLOSE, popup)
            yield Event(at + 45, Change.FOCUS, look)
            at += self._rng.uniform(2, 10) * MINUTE

    def _interruption(self, at: float, client: Client) -> Iterator[Event]:
        others = [each for each in self._clients if each is not client]
        yield Event(at, Change.FOCUS, titles.interruption(self._rng, self._rng.choice(others)))

    def _look(self, client: Client, scene: Scene) -> Look:
        draw = self._rng.random()
        if draw < 0.012:
            others = tuple(each for each in self._clients if each is not client)
            return titles.friend(self._rng, others) or titles.bare(self._rng, client)
        if draw < 0.02 and client.issues:  # somebody else's issue, or the next one
            return titles.issue_page(self._rng, client, self._rng.choice(client.issues))
        if self._rng.random() < self._cues:
            return titles.cued(self._rng, client, scene.issue)
        return titles.bare(self._rng, client)

    def _call(self, scene: Scene, client: Client) -> Iterator[Event]:
        """The way in, the call itself (hardly anything moves), and what is left to do after it."""
        named = self._rng.random() < 0.45
        told_before = self._rng.random() < (0.45 if named else 0.75)
        start: float = scene.start
        if told_before:
            yield Event(start, Change.FOCUS, titles.invitation(self._rng, client))
            start += self._rng.uniform(20, 90)
        end = scene.end - (self._rng.uniform(60, 240) if self._rng.random() < 0.5 else 0)
        window = titles.meeting(self._rng, client, named=named)
        yield Event(start, Change.FOCUS, window)
        yield from self._glances(start, end, client, window)
        yield Event(end, Change.CLOSE, window)
        if end < scene.end:
            notes = titles.mail if self._rng.random() < 0.3 else titles.slack
            yield Event(end, Change.FOCUS, notes(self._rng, client, None))
        else:
            yield Event(end - 1, Change.FOCUS, titles.bare(self._rng, client))

    def _glances(self, start: float, end: float, client: Client, window: Look) -> Iterator[Event]:
        if self._rng.random() < 0.65:
            return
        at = start + self._rng.uniform(60, 15 * MINUTE)
        while at < end - 2 * MINUTE:
            look = titles.board if self._rng.random() < 0.3 else titles.slack
            bare = self._rng.random() > self._cues
            yield Event(
                at,
                Change.FOCUS,
                titles.bare(self._rng, client) if bare else look(self._rng, client, None),
            )
            at += self._rng.uniform(15, 75)
            yield Event(min(at, end - 1), Change.FOCUS, window)
            at += self._rng.uniform(3, 20) * MINUTE


def leave_shortly_after_a_change(
    rng: random.Random, events: list[Event], scenes: Sequence[Scene]
) -> list[Event]:
    """Before somebody leaves the screen as it is, the last thing they do shows: a last click."""
    last = [
        Event(
            scene.start - min(rng.uniform(5, 60), MINUTE),
            Change.FOCUS,
            Look("terminal", rng.choice(titles.COMMANDS)),
        )
        for before, scene in pairwise(scenes)
        if scene.act is Act.AWAY and before.works
    ]
    return sorted([*events, *last], key=lambda event: event.at)


def background(rng: random.Random, span: tuple[int, int]) -> list[Event]:
    """Songs and mail counters change whether somebody looks or not."""
    events = []
    at = float(span[0])
    while at < span[1]:
        song = rng.choice(("Nightwish - Élan", "Värttinä – Käppee", "Daft Punk - Around the World"))
        events.append(Event(at, Change.RETITLE, Look("music", song)))
        at += rng.uniform(120, 300)
    at = float(span[0])
    while at < span[1]:
        inbox = f"({rng.randrange(1, 90)}) Inbox - Mozilla Thunderbird"
        events.append(Event(at, Change.RETITLE, Look("mailbox", inbox)))
        at += rng.uniform(200, 900)
    return events


# -- From changes to samples ---------------------------------------------------------------------


@dataclass(slots=True)
class Desktop:
    """The windows of one machine as they are now."""

    active: int = 0
    names: dict[int, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    _listing: Listing | None = None
    _next: int = 4194310

    def apply(self, event: Event) -> None:
        """Let the change happen."""
        self._listing = None
        app, title = event.look.app, event.look.title
        if event.change is Change.CLOSE:
            gone = self.ids.pop(app, None)
            if gone is not None:
                del self.names[gone]
        elif event.change is not Change.RETITLE or app in self.ids:
            window = self._window(app)
            self.names[window] = title
            if event.change is Change.FOCUS:
                self.active = window

    def _window(self, app: str) -> int:
        if app not in self.ids:
            self._next += 2097152
            self.ids[app] = self._next
        return self.ids[app]

    @property
    def listing(self) -> Listing:
        """All windows; the same object as long as nothing changes."""
        if self._listing is None:
            self._listing = tuple(self.names.items())
        return self._listing


def furnished(rng: random.Random, clients: Sequence[Client], windows: int) -> list[Event]:
    """The windows that are open when the day begins."""
    looks = [
        Look("music", "Spotify Premium"),
        Look("keepass", "Passwords.kdbx - KeePassXC"),
        Look("mailbox", "Inbox - Mozilla Thunderbird"),
        Look("chrome", "New Tab - Google Chrome"),
        Look("firefox", "Mozilla Firefox"),
        Look("terminal", "zsh"),
    ]
    for number in range(windows):
        client = rng.choice(tuple(clients))
        look = titles.cued(rng, client, None) if rng.random() < 0.6 else titles.bare(rng, client)
        looks.append(Look(f"extra:{number}", look.title))
    return [Event(0, Change.OPEN, look) for look in looks]


def sampled(
    rng: random.Random, events: Sequence[Event], on: Sequence[tuple[int, int]], interval: int
) -> Iterator[Sample]:
    """The screen of one machine every `interval` seconds while it is on, with cron's jitter."""
    desktop, pending = Desktop(), list(reversed(events))
    machine = events[0].machine if events else MAIN
    for start, end in on:
        at = start + rng.uniform(0, interval)
        while at < end:
            moment = at + min(rng.expovariate(4), 1.3)
            while pending and pending[-1].at <= moment:
                desktop.apply(pending.pop())
            yield Sample(moment, desktop.active, desktop.listing, machine)
            at += interval
