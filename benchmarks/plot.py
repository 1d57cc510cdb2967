"""What really happened on a made-up day: scenes in order, to the second.

Times are seconds since the working day began, in real time: a DST day simply has fewer or more.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import TypeAlias

from benchmarks.cast import Client
from tracklater_bot.domain.issues import Issue

MINUTE = 60
SHORTEST = 15 * MINUTE
LONGEST = 150 * MINUTE


class Act(StrEnum):
    """What somebody did. AWAY leaves the screen on as it was; OFF writes no samples."""

    WORK = "work"
    CALL = "call"
    PRIVATE = "private"
    AWAY = "away"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Scene:
    """One act from `start` to `end`; `client` and `issue` where it is work."""

    act: Act
    start: int
    end: int
    client: Client | None = None
    issue: Issue | None = None

    @property
    def works(self) -> bool:
        """Whether this is work for a group."""
        return self.act in (Act.WORK, Act.CALL)


@dataclass(frozen=True, slots=True)
class Shape:
    """What kinds of days differ in. Ranges are drawn from; `interruptions` is a number an hour."""

    clients: tuple[int, int] = (2, 3)
    cues: tuple[float, float] = (0.35, 0.85)
    calls: tuple[int, int] = (0, 1)
    call_minutes: tuple[int, int] = (15, 60)
    privates: tuple[int, int] = (0, 2)
    coffees: tuple[int, int] = (1, 2)
    interruptions: float = 1.0
    switching: float = 0.55
    windows: int = 0
    odd: bool = False
    thyme: bool = True
    slack: bool = True
    evening: bool = False
    tracked: float = 0.0


Part: TypeAlias = "tuple[int, int]"


@dataclass(frozen=True, slots=True)
class Hours:
    """When somebody sits at the machine, and when it is twelve on the clock."""

    sessions: Sequence[Part]
    noon: int


def plot(
    rng: random.Random, shape: Shape, clients: Sequence[Client], hours: Hours
) -> tuple[Scene, ...]:
    """A whole day: the sessions filled with scenes, and the time between them."""
    scenes: list[Scene] = []
    for number, session in enumerate(hours.sessions):
        if scenes:
            scenes.append(_break(rng, scenes[-1].end, session[0]))
        share = shape if number == 0 else replace(shape, calls=(0, 1), coffees=(0, 1))
        fixed = _fixed(rng, share, clients, session, hours.noon)
        scenes.extend(_session(rng, share, clients, session, fixed))
    return tuple(_joined(scenes))


def _break(rng: random.Random, start: int, end: int) -> Scene:
    """Between sessions the machine is off, or stands there with its screen on."""
    return Scene(rng.choice((Act.OFF, Act.OFF, Act.AWAY)), start, end)


def _session(
    rng: random.Random,
    shape: Shape,
    clients: Sequence[Client],
    session: Part,
    fixed: Sequence[Scene],
) -> list[Scene]:
    start, end = session
    worker = _Worker(rng, clients, shape.switching)
    scenes: list[Scene] = []
    at = start
    for scene in fixed:
        scenes.extend(worker.fill(at, scene.start))
        scenes.append(scene)
        worker.after(scene)
        at = scene.end
    scenes.extend(worker.fill(at, end))
    return scenes


def _fixed(
    rng: random.Random, shape: Shape, clients: Sequence[Client], session: Part, noon: int
) -> list[Scene]:
    """What interrupts the work: lunch, calls, coffee, private time; never two close together."""
    placed: list[Scene] = []
    if session[1] - session[0] > 5 * 60 * MINUTE and not shape.evening:
        placed.append(_lunch(rng, session, noon))
    wanted = [(Act.CALL, rng.randint(*shape.call_minutes)) for _ in range(_draw(rng, shape.calls))]
    wanted += [_coffee(rng) for _ in range(_draw(rng, shape.coffees))]
    wanted += [(Act.PRIVATE, rng.randint(3, 25)) for _ in range(_draw(rng, shape.privates))]
    for act, minutes in wanted:
        scene = _place(rng, placed, act, minutes * MINUTE, session)
        if scene is not None:
            placed.append(_whose(rng, scene, clients))
    return sorted(placed, key=lambda scene: scene.start)


def _lunch(rng: random.Random, session: Part, noon: int) -> Scene:
    """Between eleven and a quarter past one, but not right after coming or before leaving."""
    act = rng.choice((Act.AWAY, Act.AWAY, Act.OFF))
    length = rng.randint(28, 55) * MINUTE
    start = noon + rng.randint(-60, 75) * MINUTE
    start = min(max(start, session[0] + SHORTEST), session[1] - SHORTEST - length)
    return Scene(act, start, start + length)


def _draw(rng: random.Random, bounds: tuple[int, int]) -> int:
    return rng.randint(*bounds)


def _coffee(rng: random.Random) -> tuple[Act, int]:
    """A break: mostly longer than what can be taken for reading, sometimes with the lid closed."""
    if rng.random() < 0.4:
        return Act.OFF, rng.randint(6, 20)
    return Act.AWAY, rng.randint(6, 12) if rng.random() < 0.2 else rng.randint(16, 28)


def _place(
    rng: random.Random, placed: Sequence[Scene], act: Act, length: int, within: Part
) -> Scene | None:
    """The scene at a moment with a quarter of an hour's distance to all others, if there is one."""
    first, last = within[0] + SHORTEST, within[1] - SHORTEST - length
    for _ in range(40):
        if last <= first:
            return None
        start = rng.randint(first, last)
        if all(
            start + length + SHORTEST <= each.start or each.end + SHORTEST <= start
            for each in placed
        ):
            return Scene(act, start, start + length)
    return None


def _whose(rng: random.Random, scene: Scene, clients: Sequence[Client]) -> Scene:
    return replace(scene, client=rng.choice(clients)) if scene.act is Act.CALL else scene


class _Worker:
    """Chooses what is worked on, and goes back to it after a break as people do."""

    def __init__(self, rng: random.Random, clients: Sequence[Client], switching: float) -> None:
        self._rng = rng
        self._clients = clients
        self._switching = switching
        self._weights = [rng.uniform(0.5, 2) for _ in clients]
        self._tasks = {client.name: self._usual(client) for client in clients}
        self._client = rng.choices(clients, self._weights)[0]
        self._issue = self._task(self._client)

    def _usual(self, client: Client) -> list[Issue | None]:
        """The few things one does for a client on one day; now and then something without issue."""
        size = min(len(client.issues), self._rng.randint(2, 4))
        issues: list[Issue | None] = list(self._rng.sample(client.issues, size))
        return [*issues, None]

    def _task(self, client: Client) -> Issue | None:
        return self._rng.choice(self._tasks[client.name])

    def _next(self) -> None:
        if self._rng.random() < self._switching:
            others = [client for client in self._clients if client is not self._client]
            self._client = self._rng.choice(others)
            self._issue = self._task(self._client)
            return
        tasks = [task for task in self._tasks[self._client.name] if task is not self._issue]
        self._issue = self._rng.choice(tasks or [None])

    def after(self, scene: Scene) -> None:
        """What comes after a break or a call: mostly what was before it."""
        if scene.act is Act.CALL and scene.client is not None and self._rng.random() < 0.35:
            self._client, self._issue = scene.client, self._task(scene.client)
        elif self._rng.random() < 0.4:
            self._next()

    def fill(self, start: int, end: int) -> list[Scene]:
        """Work from start to end without a gap."""
        scenes: list[Scene] = []
        while start < end:
            length = self._rng.randint(SHORTEST, LONGEST)
            stop = end if end - start - length < SHORTEST else start + length
            scenes.append(Scene(Act.WORK, start, stop, self._client, self._issue))
            if stop < end:
                self._next()
            start = stop
        return scenes


def _joined(scenes: list[Scene]) -> list[Scene]:
    """Neighbouring work on the same thing is one scene."""
    joined: list[Scene] = []
    for scene in scenes:
        last = joined[-1] if joined else None
        if last and (last.act, last.client, last.issue) == (scene.act, scene.client, scene.issue):
            joined[-1] = replace(last, end=scene.end)
        else:
            joined.append(scene)
    if any(first.end != second.start for first, second in pairwise(joined)):
        raise AssertionError("a made-up day has a hole")
    return joined
