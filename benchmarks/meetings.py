"""How right meetings and days with coding agents are, where calls and skipped meetings are told
apart: `python -m benchmarks.meetings [--seeds A-B]`.

Made-up days as `benchmarks.accuracy` has them. A meeting counts where its title or its guests
point to one group; it was skipped where most of its time went to something else.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from benchmarks import hard_days
from benchmarks.accuracy import seeds
from benchmarks.truth import TrueSpan, due
from tracklater_bot.domain.clues import Meeting
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.engine import suggest
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.match.matcher import Matcher
from tracklater_bot.engine.windows import WindowKind

MINUTE = timedelta(minutes=1)
FEW = 2.0  # minutes of a skipped meeting that are no more than an inexact boundary


@dataclass
class Tally:
    """Minutes of work and those of them that are right, by what it was; skipped meetings."""

    work: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    right: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    skipped: int = 0
    billed: list[float] = field(default_factory=list)

    def add(self, what: str, part: Span, group: str, answer: Iterable[Suggestion]) -> None:
        """Work for a group, and what the answer makes of it."""
        self.work[what] += part.length / MINUTE
        self.right[what] += minutes(part, (one for one in answer if one.group == group))

    def lines(self) -> Iterator[str]:
        """The figures, one a line."""
        for what, whole in self.work.items():
            yield f"{what:<40} {self.right[what] / whole:7.1%} of {whole / 60:.0f} h"
        yield f"{'skipped meetings that were suggested':<40} {len(self.billed)} of {self.skipped}"


def minutes(part: Span, answer: Iterable[Suggestion]) -> float:
    """How much of a stretch is suggested."""
    shared = (one.span.intersection(part) for one in answer)
    return sum(each.length / MINUTE for each in shared if each)


def with_meetings(seed: int, tally: Tally) -> None:
    """A day with meetings away from the screen, and skipped ones."""
    world = hard_days.make(seed, "meetings")
    answer, truth = suggest(world.inputs), due(world)
    for meeting, group in meetings_of(world.inputs):
        plan = Span(meeting.at, meeting.until)
        own = [(one, part) for one in truth if (part := _part(one, plan, group))]
        if 2 * sum((part.length for _, part in own), timedelta()) >= plan.length:
            called = any(one.call for one, _ in own)
            for _, part in own:
                tally.add("meetings in calls" if called else "meetings away", part, group, answer)
            continue
        tally.skipped += 1
        of_plan = (one for one in answer if one.group == group and one.evidence.meetings)
        wrong = minutes(plan, of_plan) - sum(part.length / MINUTE for _, part in own)
        tally.billed += [wrong] * (wrong > FEW)


def meetings_of(inputs: Inputs) -> Iterator[tuple[Meeting, str]]:
    """The meetings that point to one group."""
    kinds = WindowKind(inputs.options.meetings)
    matcher = Matcher(inputs.groups, inputs.issues, inputs.clues, kinds)
    for clue in inputs.clues:
        if isinstance(clue, Meeting) and len(groups := list(matcher.meeting(clue).groups)) == 1:
            yield clue, groups[0]


def _part(one: TrueSpan, plan: Span, group: str) -> Span | None:
    return one.span.intersection(plan) if one.group == group else None


def with_agents(seed: int, tally: Tally) -> None:
    """A day with coding agents, in windows that name hardly anybody."""
    world = hard_days.make(seed, "agents")
    answer = suggest(world.inputs)
    for one in due(world):
        tally.add(
            "agents: calls" if one.call else "agents: other work", one.span, one.group, answer
        )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.meetings")
    parser.add_argument("--seeds", default="held-out", help="tune, held-out, or a range A-B")
    tally = Tally()
    for seed in seeds(parser.parse_args().seeds):
        with_meetings(seed, tally)
        with_agents(seed, tally)
    print("\n".join(tally.lines()))


if __name__ == "__main__":
    main()
