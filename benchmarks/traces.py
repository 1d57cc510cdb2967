"""What a made-up day leaves outside the screen: commits, checkouts, messages, tracked entries."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.cast import SHARED_WORKSPACE, Client
from benchmarks.plot import MINUTE, Act, Scene
from benchmarks.titles import branch_name
from tracklater_bot.domain.clues import ChatMessage, Checkout, Commit
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.issues import Issue

PLAIN = ("Fix typo", "Add tests", "WIP", "Review comments", "Refactor", "Handle empty input")
TALK = ("ok!", "on it", "looks good to me", "deploying now", "can you check this?", "sounds good")
CLONED = 30 * 24 * 3600  # seconds before the day


@dataclass(frozen=True, slots=True)
class Traces:
    """Makes the traces of one day; `day` turns seconds into times."""

    rng: random.Random
    day: WorkDay
    clients: tuple[Client, ...]

    def at(self, seconds: float) -> datetime:
        """The moment so many seconds after the day began, to the whole second as git keeps it."""
        return self.day.span.start + timedelta(seconds=int(seconds))

    # -- git ------------------------------------------------------------------------------------

    def git(self, scenes: Sequence[Scene]) -> Iterator[Commit | Checkout]:
        """Checkouts near the beginning of work on an issue, commits during it and at its end."""
        current: dict[str, str] = {}
        found: list[Commit | Checkout] = []
        for scene in scenes:
            if scene.act is Act.WORK and scene.client is not None:
                found.extend(self._checkout(scene, scene.client, current))
                found.extend(self._commits(scene, scene.client, current))
        yield from found
        left = {each.group for each in found if each.at < self.day.span.start}
        for client in self.clients:
            if client.name not in left:
                yield Checkout(self.at(-CLONED), client.name, client.naming.folder, "main")

    def _checkout(
        self, scene: Scene, client: Client, current: dict[str, str]
    ) -> Iterator[Checkout]:
        wanted = branch_name(client, scene.issue) if scene.issue else "main"
        first = client.name not in current
        before = current.setdefault(client.name, "main")
        if wanted == before or (scene.issue is None and self.rng.random() < 0.5):
            return
        if first and self.rng.random() < 0.4:  # left there the evening before
            at = self.at(-self.rng.randint(6 * 3600, 11 * 3600))
        elif self.rng.random() < 0.88:
            at = self.at(min(scene.start + self.rng.uniform(5, 240), scene.end - 10))
        else:
            return
        current[client.name] = wanted
        yield Checkout(at, client.name, client.naming.folder, wanted)

    def _commits(self, scene: Scene, client: Client, current: dict[str, str]) -> Iterator[Commit]:
        if self.rng.random() > (0.95 if scene.issue else 0.7):
            return
        branch = current[client.name]
        moments = list(self._moments(scene))
        for moment in moments:
            yield Commit(
                at=self.at(moment),
                group=client.name,
                repo=client.naming.folder,
                sha=f"{self.rng.getrandbits(160):040x}",
                subject=self._subject(client, scene.issue),
                branches=(branch,),
            )

    def _moments(self, scene: Scene) -> Iterator[float]:
        at = scene.start + self.rng.uniform(10, 50) * MINUTE
        while at < scene.end - 5 * MINUTE:
            yield at
            at += self.rng.uniform(10, 50) * MINUTE
        if self.rng.random() < 0.65:
            yield scene.end - self.rng.uniform(10, 4 * MINUTE)

    def _subject(self, client: Client, issue: Issue | None) -> str:
        if issue is None:
            return self.rng.choice(PLAIN)
        words = issue.title if self.rng.random() < 0.5 else self.rng.choice(PLAIN)
        if self.rng.random() >= client.key_in_subject:
            return words
        key = issue.key.replace("#", "TG-") if self.rng.random() < 0.6 else issue.key
        form = self.rng.choice(("{key} {words}", "{key}: {words}", "{words} ({key})"))
        return form.format(key=key, words=words)

    # -- Slack ----------------------------------------------------------------------------------

    def messages(self, scenes: Sequence[Scene]) -> Iterator[ChatMessage]:
        """Words to the client one works for, now and then to another one, and around calls."""
        for scene in scenes:
            if scene.client is None:
                continue
            if scene.act is Act.CALL:
                for at in (scene.start, scene.end - 5):  # "joining", "thanks for the call"
                    if self.rng.random() < 0.5:
                        yield self._message(at, scene.client, None)
                continue
            yield from self._talk(scene, scene.client)

    def _talk(self, scene: Scene, client: Client) -> Iterator[ChatMessage]:
        at = scene.start + self.rng.expovariate(1 / (18 * MINUTE))
        while at < scene.end:
            if self.rng.random() < 0.08 and len(self.clients) > 1:
                others = [each for each in self.clients if each is not client]
                yield self._message(at, self.rng.choice(others), None)
            else:
                yield self._message(at, client, scene.issue)
            at += self.rng.expovariate(1 / (30 * MINUTE))

    def _message(self, at: float, client: Client, issue: Issue | None) -> ChatMessage:
        own = bool(client.workspace)
        text = self.rng.choice(TALK)
        if issue is not None and self.rng.random() < 0.25:
            text = f"{issue.key} {text}"
        elif self.rng.random() < 0.15:
            text = f"{client.naming.display}: {text}"
        direct = not own and self.rng.random() < 0.15
        return ChatMessage(
            at=self.at(at),
            group=client.name if own else None,
            text=text,
            channel="" if direct else self.rng.choice(client.channels),
            workspace=client.workspace or SHARED_WORKSPACE,
        )

    # -- Toggl ----------------------------------------------------------------------------------

    def tracked(self, scenes: Sequence[Scene], share: float) -> Iterator[TimeEntry]:
        """Entries that are there already and true; the last one may still be running."""
        works = [scene for scene in scenes if scene.works and scene.client is not None]
        for number, scene in enumerate(works):
            if self.rng.random() >= share or scene.client is None:
                continue
            start, end = self._part(scene)
            running = scene is works[-1] and end == scene.end
            words = f"{scene.issue.key} {scene.issue.title}" if scene.issue else "Meeting"
            yield TimeEntry(
                id=str(9000 + number),
                start=self.at(start),
                end=None if running else self.at(end),
                description=words,
                project_id="1",
                project="Development",
                group=scene.client.name,
            )

    def _part(self, scene: Scene) -> tuple[int, int]:
        """All of the scene, or its first or second half: timers are forgotten in the middle."""
        middle = (scene.start + scene.end) // 2
        halves = ((scene.start, middle), (middle, scene.end))
        whole = (scene.start, scene.end)
        return self.rng.choice((whole, whole, *halves))
