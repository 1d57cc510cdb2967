"""Questions and answers: as few as can be, each answer tried at once."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from getpass import getpass
from importlib.resources import files
from typing import TypeVar
from urllib.parse import quote

from tracklater_bot.cli.init.accounts import RefusedAnswer
from tracklater_bot.cli.init.grouping import Proposal
from tracklater_bot.domain.text import clean
from tracklater_bot.settings.tree import env_name

T = TypeVar("T")
TRIES = 3
CHANGE = re.compile(r"(?P<drop>-\s*\d+)|(?P<one>\d+)\s*(?:\+\s*(?P<other>\d+)|=\s*(?P<name>\S.*))")


def slack_link() -> str:
    """Where Slack's dialog for a new app opens, with everything filled in."""
    manifest = files("tracklater_bot.cli.init").joinpath("manifest.json").read_text("utf-8")
    return f"https://api.slack.com/apps?new_app=1&manifest_json={quote(manifest.strip(), safe='')}"


class Dialogue:
    """Lines from standard input, be it a terminal or a pipe. At its end, all is as proposed."""

    def __init__(self) -> None:
        self.answers = 0
        self.ended = False

    def say(self, text: str = "") -> None:
        """A line for the person."""
        print(text, flush=True)

    def ask(self, question: str, *, secret: bool = False) -> str:
        """What was answered; "" for a bare Enter, and once there are no more lines."""
        if self.ended:
            return ""
        try:
            hidden = secret and sys.stdin.isatty()
            answer = getpass(f"{question}: ") if hidden else input(f"{question}: ")
        except EOFError:
            self.ended = True
            self.say()
            return ""
        if not sys.stdin.isatty():
            self.say()  # where nobody pressed Enter, the next line would stand behind the question
        self.answers += 1
        return answer.strip()

    def agrees(self, question: str) -> bool:
        """Whether the answer is yes; no is the default."""
        return self.ask(f"{question} [y/N]").casefold() in ("y", "yes")

    def tried(
        self, question: str, attempt: Callable[[str], T], *, secret: bool = False
    ) -> T | None:
        """What an answer leads to; asked again where it does not work. None: left out."""
        for _ in range(TRIES):
            answer = self.ask(question, secret=secret)
            if not answer:
                return None
            try:
                return attempt(answer)
            except RefusedAnswer as error:
                self.say(f"  That does not work: {error}")
        self.say("  Left out for now.")
        return None

    def groups(self, proposed: Sequence[Proposal]) -> list[Proposal]:
        """The groups that the person wants: one Enter, unless something is to be changed."""
        groups = list(proposed)
        while groups:
            for number, group in enumerate(groups, 1):
                self.say(f"  {number}. {clean(group.name, 60)}: {group.evidence}")
            answer = self.ask(
                "Enter: these are my groups. 1+3: one group. -2: leave out. 2=name: call it so"
            )
            if not answer:
                break
            self._change(groups, answer)
        return groups

    def _change(self, groups: list[Proposal], answer: str) -> None:
        found = CHANGE.fullmatch(answer)
        numbers = [int(text) for text in re.findall(r"\d+", answer.partition("=")[0])]
        if found is None or not all(0 < number <= len(groups) for number in numbers):
            self.say("  That was not understood.")
        elif found["drop"]:
            del groups[numbers[0] - 1]
        elif found["name"]:
            renamed, name = groups[numbers[0] - 1], clean(found["name"], 60)
            others = {env_name((group.name,)) for group in groups if group is not renamed}
            if env_name((name,)) in others:
                self.say("  Another group is called so: 1+3 makes one of two.")
            else:
                renamed.name = name
        elif numbers[0] != numbers[1]:
            one, other = (groups[number - 1] for number in numbers)
            one.add(other)
            groups.remove(other)
