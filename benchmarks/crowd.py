"""One bot for many people, as a process of its own: `benchmarks.load digests` starts it.

It tells what it did in lines of JSON, and how much memory it holds after each day.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from tests.digests import suggestion
from tests.notation import FRIDAY
from tracklater_bot.app import utc_now
from tracklater_bot.blocks.digest import DigestView, Message, PictureRef, digest_message
from tracklater_bot.bot import web_client
from tracklater_bot.export import Exporter
from tracklater_bot.messenger import Messenger
from tracklater_bot.model import Digest, Draft, Project
from tracklater_bot.pacing import PacedClient, Pacer, patiently
from tracklater_bot.pictures import Uploader
from tracklater_bot.review import Review
from tracklater_bot.settings import load
from tracklater_bot.store import Store
from tracklater_bot.timeline import alt_text, lanes_of
from tracklater_bot.trackers.toggl import TogglTracker

TEXTS = ("09:00-10:00 acme DEV-1", "10:00-11:30 acme DEV-2", "12:30-16:00 acme DEV-3")
CLICKS_A_MINUTE = 6


@dataclass
class Crowd:
    """A store, a Slack app and a Toggl that many people share."""

    store: Store
    names: Sequence[str]
    client: PacedClient
    exporter: Exporter
    review: Review
    minute: float
    pictures: dict[str, PictureRef] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.messenger = Messenger(self.client, self.store, self.render, utc_now, "load")
        self.uploader = Uploader(self.client)

    def day(self, day: date) -> dict[str, Any]:
        """Everybody's digest is due; some click at once; at last everybody approves the rest."""
        self.pictures.clear()
        begun, over, clicks = time.monotonic(), threading.Event(), _Clicks(self, day)
        clicking = threading.Thread(target=clicks.run, args=(over,))
        clicking.start()
        with ThreadPoolExecutor(2) as uploads:  # more hold as much memory as they draw at once
            for name in self.names:
                self._announce(name, day)
                clicks.posted.append(name)
                uploads.submit(self._illustrate, name, day)
            posted = time.monotonic() - begun
        illustrated = time.monotonic() - begun
        over.set()
        clicking.join()
        approving = time.monotonic()
        for name in self.names:
            self._approve(name, day)
        self._send()
        return {
            "posted": posted,
            "illustrated": illustrated,
            "sent": time.monotonic() - approving,
            "clicks": clicks.told(),
            "memory": memory(),
        }

    def render(self, digest: Digest) -> Message:
        """The message, with the picture of this day if it is there already."""
        return digest_message(digest, DigestView(picture=self.pictures.get(digest.person)))

    def _announce(self, name: str, day: date) -> None:
        project = Project("Development", "acme", client="Acme Oy", id=501)
        when = replace(FRIDAY, date=day)
        found = tuple(replace(suggestion(text, when), project=project) for text in TEXTS)
        digest = self.store.save_draft(name, Draft(day, str(FRIDAY.zone), found))
        with patiently():
            self.messenger.announce(digest, utc_now() - timedelta(minutes=1))

    def _illustrate(self, name: str, day: date) -> None:
        digest = self.store.digest(name, day)
        if digest is None:
            return
        lanes = lanes_of(digest, utc_now())
        with patiently():
            file = self.uploader.upload(digest, lanes, ("acme",))
            if file is not None:
                self.pictures[name] = PictureRef(file, alt_text(lanes))
                self.messenger.show_again(name, day)

    def _approve(self, name: str, day: date) -> None:
        digest = self.store.digest(name, day)
        for item in digest.items if digest else ():
            # They share the sandbox's one account, where their hours overlap.
            self.review.approve(name, item.id, anyway=True)

    def _send(self) -> None:
        """One request a second for each person at most."""
        self.exporter.work()
        while (due := self.exporter.next_due()) is not None:
            time.sleep(max((due - utc_now()).total_seconds(), 0.005))
            self.exporter.work()


@dataclass
class _Clicks:
    """People who skip something while the others' pictures are on their way."""

    crowd: Crowd
    day: date
    posted: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def run(self, over: threading.Event) -> None:
        """Now and then a person clicks, until it is over."""
        chance = random.Random(str(self.day))
        while not over.wait(self.crowd.minute / CLICKS_A_MINUTE):
            if self.posted:
                self._click(chance.choice(self.posted))

    def _click(self, name: str) -> None:
        digest = self.crowd.store.digest(name, self.day)
        if digest is None:
            return
        begun = time.monotonic()
        self.crowd.review.approve(name, digest.items[0].id, anyway=True)
        self.crowd.messenger.refresh(name, self.day)
        self.seconds.append(time.monotonic() - begun)

    def told(self) -> dict[str, float]:
        """How many, and how long they took to show."""
        if not self.seconds:
            return {"number": 0, "median": 0.0, "most": 0.0}
        return {
            "number": len(self.seconds),
            "median": median(self.seconds),
            "most": max(self.seconds),
        }


def memory() -> float:
    """What this process holds in memory now, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def say(**what: Any) -> None:
    """A line for whoever started this."""
    print(json.dumps(what), flush=True)


def main(argv: list[str] | None = None) -> int:
    """Plays the days."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", type=Path)
    parser.add_argument("--persons", type=int, default=500)
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--minute", type=float, default=60.0)
    options = parser.parse_args(argv)
    settings = load(options.settings, None, os.environ).settings
    names = people(options.persons)
    store = Store.open(settings.database_url.get_secret_value())
    client = web_client(settings, Pacer(options.minute))
    tracker = TogglTracker(settings.toggl)
    crowd = Crowd(
        store=store,
        names=names,
        client=client,
        exporter=Exporter(store, lambda _: tracker, utc_now, "load"),
        review=Review(store, utc_now),
        minute=options.minute,
    )
    say(memory=memory())
    for number in range(options.days):
        say(day=number, **crowd.day(FRIDAY.date + timedelta(days=number)))
    store.close()
    return 0


def people(number: int) -> list[str]:
    """Their member ids in Slack."""
    return [f"U{each:06d}" for each in range(number)]


if __name__ == "__main__":
    sys.exit(main())
