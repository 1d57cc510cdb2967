"""How much each kind of clue counts. Natural logarithms of likelihood ratios; times in minutes.

Fixed for everybody: nothing is learned from a day, so that one more clue for a group can only add
minutes to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tracklater_bot.engine.events import EventKind
from tracklater_bot.engine.infer.hmm import TransitionCosts
from tracklater_bot.engine.infer.hmm_offscreen import Rates
from tracklater_bot.engine.windows import WindowPlace


@dataclass(frozen=True, slots=True)
class Kernel:
    """How far from a clue work is likely: evenly for `near` minutes, then less until `far`."""

    near: float
    far: float

    def mean(self, first: float, last: float) -> float:
        """How near it is from `first` to `last` minutes away: 1 near the clue, 0 far from it."""
        if last <= first:
            return self._share(first)
        return (self._sum(last) - self._sum(first)) / (last - first)

    def _share(self, distance: float) -> float:
        if distance <= self.near:
            return 1.0
        return max(0.0, (self.far - distance) / (self.far - self.near))

    def _sum(self, distance: float) -> float:
        """All shares up to a distance together."""
        if distance <= self.near:
            return distance
        fading = min(distance, self.far) - self.near
        return self.near + fading * (1.0 + self._share(distance)) / 2


@dataclass(frozen=True, slots=True)
class EventWeights:
    """What a commit, a checkout or a message counts.

    At the moment itself for its group, on screen and where nothing was seen, and for its issue;
    where nothing was seen also for each minute within reach.
    """

    group: float
    unseen_group: float
    issue: float
    minute: float
    before: Kernel
    after: Kernel


def _group_in() -> dict[WindowPlace, float]:
    return {
        WindowPlace.WORK: 2.5,
        WindowPlace.PAGE: 2.5,
        WindowPlace.TALK: 1.2,  # others write into chats and mails
        WindowPlace.REFERENCE: 0.5,  # the world at large uses the same words
        WindowPlace.LEISURE: 0.1,
        WindowPlace.MEETING: 4.0,
    }


def _issue_in() -> dict[WindowPlace, float]:
    return {
        WindowPlace.WORK: 2.0,
        WindowPlace.PAGE: 2.0,
        WindowPlace.TALK: 1.0,
        WindowPlace.REFERENCE: 0.3,
        WindowPlace.LEISURE: 0.0,
        WindowPlace.MEETING: 2.0,
    }


def _moments() -> dict[EventKind, EventWeights]:
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


_USUAL = TransitionCosts(inside=2.5, between=4.5, nothing=4.0)
_SAME_WINDOW = TransitionCosts(inside=3.5, between=7.0, nothing=7.0)
_AFTER_ABSENCE = TransitionCosts(inside=1.8, between=2.5, nothing=2.5)
_AROUND_CALL = TransitionCosts(inside=0.7, between=1.2, nothing=4.0)
_COMMIT_BEFORE = Kernel(14, 38)
_UNWATCHED = Rates(
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
    group_in: dict[WindowPlace, float] = field(default_factory=_group_in)
    issue_in: dict[WindowPlace, float] = field(default_factory=_issue_in)
    talk_in_call: float = 3.0  # chats and calendars during a call, or leading to it
    message_in_call: float = 3.0
    branch_out: float = 0.25  # its repository's window while an issue's branch is checked out
    # Work that is on no issue.
    trunk_out: float = 0.17  # a repository's window while no issue's branch is checked out
    trunk_checkout: float = 1.7
    trunk_commit: float = 0.45
    silent_minute: float = 0.02  # against issues: they show now and then while worked on
    call_minute: float = 0.15  # against issues: calls are about many things
    # Presence that says nothing, or tells of leisure.
    neutral_minute: float = 0.03
    page_minute: float = 0.5  # one page after the other, none of them anybody's
    island: float = 3.0  # a piece of presence, with nothing in reach that tells whose it is
    leisure_window: float = 0.6
    leisure_minute: float = 0.6
    # Commits, checkouts and messages.
    moments: dict[EventKind, EventWeights] = field(default_factory=_moments)
    commit_minute: float = 0.1  # a minute on screen before a commit
    commit_before: Kernel = _COMMIT_BEFORE
    # Where nothing was seen.
    somebody_minute: float = 0.1  # near a message that points nowhere
    unseen_minute: float = 0.063  # against work, near clues too
    unwatched: Rates = _UNWATCHED
    # What a change costs.
    usual: TransitionCosts = _USUAL
    same_window: TransitionCosts = _SAME_WINDOW
    after_absence: TransitionCosts = _AFTER_ABSENCE
    around_call: TransitionCosts = _AROUND_CALL


WEIGHTS = Weights()
