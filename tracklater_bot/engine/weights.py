"""How much each kind of clue counts. Natural logarithms of likelihood ratios; times in minutes.

Fixed for everybody: nothing is learned from a day, so that one more clue for a group can only add
minutes to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from tracklater_bot.engine.events import EventKind
from tracklater_bot.engine.infer.hmm import TransitionCosts
from tracklater_bot.engine.infer.hmm_offscreen import TransitionRates
from tracklater_bot.engine.windows import WindowPlace


@dataclass(frozen=True, slots=True)
class Kernel:
    """How far from a clue work is likely: evenly for `near` minutes, then less until `far`."""

    near: float
    far: float

    def mean(self, first: float, last: float) -> float:
        """How near it is from `first` to `last` minutes away: 1 near the clue, 0 far from it."""
        if last <= first:
            return self._density(first)
        return (self._integral(last) - self._integral(first)) / (last - first)

    def _density(self, distance: float) -> float:
        if distance <= self.near:
            return 1.0
        return max(0.0, (self.far - distance) / (self.far - self.near))

    def _integral(self, distance: float) -> float:
        """The density up to a distance, added up."""
        if distance <= self.near:
            return distance
        fading = min(distance, self.far) - self.near
        return self.near + fading * (1.0 + self._density(distance)) / 2


@dataclass(frozen=True, slots=True)
class EventWeights:
    """What a commit, a checkout, a message or a prompt counts.

    At the moment itself for its group, on screen and off it, and for its issue; off screen also for
    each minute that the kernels reach.
    """

    group: float
    offscreen_group: float
    issue: float
    minute: float
    before: Kernel
    after: Kernel


# A window that points to a group, and to an issue, by what is done in it.
WINDOWS = {
    WindowPlace.WORK: (2.5, 2.0),
    WindowPlace.PAGE: (2.5, 2.0),
    WindowPlace.TALK: (1.2, 1.0),  # others write into chats and mails
    WindowPlace.REFERENCE: (0.5, 0.3),  # the world at large uses the same words
    WindowPlace.LEISURE: (0.1, 0.0),
    WindowPlace.MEETING: (4.0, 2.0),
    WindowPlace.OWN: (2.5, 2.0),
}
TALK_IN_CALL = 3.0  # chats and calendars during a call, or leading to it
MESSAGE_IN_CALL = 3.0
# What is done just before or after a call begins, and a chat or the calendar right before it.
CALL_BEGINS = {EventKind.COMMIT: 2.5, EventKind.MESSAGE: 4.5}
TALK_BEFORE_CALL = 3.0
NAMELESS_CALL = 3.5  # a call that nothing tells of is nobody's
BRANCH_CHECKED_OUT = 0.25  # its repository's window while an issue's branch is checked out
BRANCH_OF_BEFORE = 0.4  # as much of that where it was checked out on an earlier day
# Work that is on no issue.
TRUNK_CHECKED_OUT = 0.17  # a repository's window while no issue's branch is checked out
TRUNK_CHECKOUT = 1.7
TRUNK_COMMIT = 0.45
SILENT_MINUTE = 0.02  # against issues: they show now and then while worked on
RULED_MINUTE = 0.12  # against issues: a rule of the person's that names the group alone
CALL_MINUTE = 0.15  # against issues: calls are about many things
# Presence that says nothing, or tells of leisure.
NEUTRAL_MINUTE = 0.03
PAGE_MINUTE = 0.5  # one page after the other, none of them anybody's
ISLAND = 3.0  # presence, with nothing in reach that tells whose it is
LEISURE_WINDOW = 0.6
LEISURE_MINUTE = 0.6
# Commits, checkouts, messages and prompts.
EVENTS = {
    EventKind.COMMIT: EventWeights(4.0, 9.0, 2.8, 0.3, Kernel(17, 23), Kernel(1, 2)),
    EventKind.CHECKOUT: EventWeights(3.0, 7.0, 3.2, 0.22, Kernel(1, 2), Kernel(14, 29)),
    EventKind.MESSAGE: EventWeights(1.5, 3.1, 1.5, 0.24, Kernel(7, 9), Kernel(7, 9)),
    EventKind.PROMPT: EventWeights(1.5, 5.0, 1.5, 0.16, Kernel(7, 9), Kernel(7, 9)),
}
# A meeting that took place, once and by the minute; and its issue, which calls speak against.
MEETING, MEETING_MINUTE = 4.0, 0.04
MEETING_ISSUE, MEETING_ISSUE_MINUTE = 3.0, 0.2
MEETING_OF_NOBODY = 12.0  # an absence that is explained, but not for whom
COMMIT_MINUTE = 0.1  # a minute on screen before a commit
COMMIT_BEFORE = Kernel(14, 38)
# Off screen.
ANYBODY_MINUTE = 0.24  # near a message that points nowhere
OFFSCREEN_MINUTE = 0.07  # against work, near clues too
OFFSCREEN = TransitionRates(
    come=1 / 670, go=1 / 190, pause=1 / 670, noon_pause=1 / 21,
    phase=1 / 17, issue=1 / 25, group=1 / 200, checkout=1 / 8,
)  # fmt: skip
# What a change costs.
USUAL = TransitionCosts(same_group=2.5, other_group=4.5, idle=4.0)
SAME_WINDOW = TransitionCosts(same_group=3.5, other_group=7.0, idle=7.0)
AFTER_ABSENCE = TransitionCosts(same_group=1.8, other_group=2.5, idle=2.5)
AROUND_CALL = TransitionCosts(same_group=0.7, other_group=1.2, idle=1.2)
# Who typed to two clients' agents turned from one to the other, whatever the terminal is called.
BETWEEN_PROMPTS = TransitionCosts(same_group=0.7, other_group=0.9, idle=4.0)
