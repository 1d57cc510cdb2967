"""How much each kind of clue counts. Natural logarithms of likelihood ratios; times in minutes.

Fixed for everybody: nothing is learned from a day, so that one more clue for a group can only add
minutes to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
    """What a commit, a checkout or a message counts.

    At the moment itself for its group, on screen and off it, and for its issue; off screen also for
    each minute that the kernels reach.
    """

    group: float
    offscreen_group: float
    issue: float
    minute: float
    before: Kernel
    after: Kernel


def _window_group() -> dict[WindowPlace, float]:
    return {
        WindowPlace.WORK: 2.5,
        WindowPlace.PAGE: 2.5,
        WindowPlace.TALK: 1.2,  # others write into chats and mails
        WindowPlace.REFERENCE: 0.5,  # the world at large uses the same words
        WindowPlace.LEISURE: 0.1,
        WindowPlace.MEETING: 4.0,
    }


def _window_issue() -> dict[WindowPlace, float]:
    return {
        WindowPlace.WORK: 2.0,
        WindowPlace.PAGE: 2.0,
        WindowPlace.TALK: 1.0,
        WindowPlace.REFERENCE: 0.3,
        WindowPlace.LEISURE: 0.0,
        WindowPlace.MEETING: 2.0,
    }


def _event_weights() -> dict[EventKind, EventWeights]:
    return {
        EventKind.COMMIT: EventWeights(
            4.0, 9.0, 2.8, 0.16, before=Kernel(19, 26), after=Kernel(1, 2)
        ),
        EventKind.CHECKOUT: EventWeights(
            3.0, 7.0, 3.2, 0.16, before=Kernel(1, 2), after=Kernel(14, 29)
        ),
        EventKind.MESSAGE: EventWeights(
            1.5, 3.1, 1.5, 0.1, before=Kernel(7, 9), after=Kernel(7, 9)
        ),
    }


_USUAL = TransitionCosts(same_group=2.5, other_group=4.5, idle=4.0)
_SAME_WINDOW = TransitionCosts(same_group=3.5, other_group=7.0, idle=7.0)
_AFTER_ABSENCE = TransitionCosts(same_group=1.8, other_group=2.5, idle=2.5)
_AROUND_CALL = TransitionCosts(same_group=0.7, other_group=1.2, idle=4.0)
_COMMIT_BEFORE = Kernel(14, 38)
_OFFSCREEN = TransitionRates(
    come=1 / 670,
    go=1 / 190,
    pause=1 / 670,
    noon_pause=1 / 21,
    phase=1 / 17,
    issue=1 / 25,
    group=1 / 200,
    checkout=1 / 8,
)


@dataclass(frozen=True, slots=True)
class Weights:
    """All figures of the engine in one place."""

    # A window that points to a group or an issue, by what is done in it.
    window_group: dict[WindowPlace, float] = field(default_factory=_window_group)
    window_issue: dict[WindowPlace, float] = field(default_factory=_window_issue)
    talk_in_call: float = 3.0  # chats and calendars during a call, or leading to it
    message_in_call: float = 3.0
    branch_checked_out: float = (
        0.25  # its repository's window while an issue's branch is checked out
    )
    # Work that is on no issue.
    trunk_checked_out: float = 0.17  # a repository's window while no issue's branch is checked out
    trunk_checkout: float = 1.7
    trunk_commit: float = 0.45
    silent_minute: float = 0.02  # against issues: they show now and then while worked on
    call_minute: float = 0.15  # against issues: calls are about many things
    # Presence that says nothing, or tells of leisure.
    neutral_minute: float = 0.03
    page_minute: float = 0.5  # one page after the other, none of them anybody's
    island: float = 3.0  # presence, with nothing in reach that tells whose it is
    leisure_window: float = 0.6
    leisure_minute: float = 0.6
    # Commits, checkouts and messages.
    events: dict[EventKind, EventWeights] = field(default_factory=_event_weights)
    commit_minute: float = 0.1  # a minute on screen before a commit
    commit_before: Kernel = _COMMIT_BEFORE
    # Off screen.
    anybody_minute: float = 0.1  # near a message that points nowhere
    offscreen_minute: float = 0.063  # against work, near clues too
    offscreen: TransitionRates = _OFFSCREEN
    # What a change costs.
    usual: TransitionCosts = _USUAL
    same_window: TransitionCosts = _SAME_WINDOW
    after_absence: TransitionCosts = _AFTER_ABSENCE
    around_call: TransitionCosts = _AROUND_CALL


WEIGHTS = Weights()
