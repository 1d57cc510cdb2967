"""How much each kind of clue counts. Natural logarithms of likelihood ratios; times in minutes.

Fixed for everybody: nothing is learned from a day, so that one more clue for a group can only add
minutes to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tracklater_bot.engine.events import Kind
from tracklater_bot.engine.infer.hmm import Prices
from tracklater_bot.engine.infer.hmm_offscreen import Rates
from tracklater_bot.engine.windows import Place


@dataclass(frozen=True, slots=True)
class Reach:
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
class Moment:
    """What a commit, a checkout or a message counts.

    At the moment itself for its group, on screen and where nothing was seen, and for its issue;
    where nothing was seen also for each minute within reach.
    """

    group: float
    unseen_group: float
    issue: float
    minute: float
    before: Reach
    after: Reach


def _group_in() -> dict[Place, float]:
    return {
        Place.WORK: 2.5,
        Place.PAGE: 2.5,
        Place.TALK: 1.2,  # others write into chats and mails
        Place.REFERENCE: 0.5,  # the world at large uses the same words
        Place.LEISURE: 0.1,
        Place.MEETING: 4.0,
    }


def _issue_in() -> dict[Place, float]:
    return {
        Place.WORK: 2.0,
        Place.PAGE: 2.0,
        Place.TALK: 1.0,
        Place.REFERENCE: 0.3,
        Place.LEISURE: 0.0,
        Place.MEETING: 2.0,
    }


def _moments() -> dict[Kind, Moment]:
    return {
        Kind.COMMIT: Moment(4.0, 9.0, 2.8, 0.16, before=Reach(19, 26), after=Reach(1, 2)),
        Kind.CHECKOUT: Moment(3.0, 7.0, 3.2, 0.16, before=Reach(1, 2), after=Reach(14, 29)),
        Kind.MESSAGE: Moment(1.5, 3.1, 1.5, 0.1, before=Reach(7, 9), after=Reach(7, 9)),
    }


_USUAL = Prices(inside=2.5, between=4.5, nothing=4.0)
_SAME_WINDOW = Prices(inside=3.5, between=7.0, nothing=7.0)
_AFTER_ABSENCE = Prices(inside=1.8, between=2.5, nothing=2.5)
_AROUND_CALL = Prices(inside=0.7, between=1.2, nothing=4.0)
_COMMIT_BEFORE = Reach(14, 38)
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
    group_in: dict[Place, float] = field(default_factory=_group_in)
    issue_in: dict[Place, float] = field(default_factory=_issue_in)
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
    moments: dict[Kind, Moment] = field(default_factory=_moments)
    commit_minute: float = 0.1  # a minute on screen before a commit
    commit_before: Reach = _COMMIT_BEFORE
    # Where nothing was seen.
    somebody_minute: float = 0.1  # near a message that points nowhere
    unseen_minute: float = 0.063  # against work, near clues too
    unwatched: Rates = _UNWATCHED
    # What a change costs.
    usual: Prices = _USUAL
    same_window: Prices = _SAME_WINDOW
    after_absence: Prices = _AFTER_ABSENCE
    around_call: Prices = _AROUND_CALL


WEIGHTS = Weights()
