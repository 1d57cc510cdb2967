"""How much each kind of clue counts. Natural logarithms of likelihood ratios; times in minutes.

Fixed for everybody: nothing is learned from a day, so that one more clue for a group can only add
minutes to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tracklater_bot.engine.segment import Prices
from tracklater_bot.engine.titles import Place


@dataclass(frozen=True, slots=True)
class Reach:
    """How far from a clue work is likely: evenly for `near` minutes, then less until `far`."""

    near: float
    far: float

    def share(self, distance: float) -> float:
        """1 near the clue, 0 far from it; `distance` in minutes."""
        if distance <= self.near:
            return 1.0
        return max(0.0, (self.far - distance) / (self.far - self.near))


@dataclass(frozen=True, slots=True)
class Weights:
    """All figures of the engine in one place."""

    # A window that points to a group, by what is done in it: others write into chats and mails.
    group_in: dict[Place, float] = field(
        default_factory=lambda: {
            Place.WORK: 2.5,
            Place.TALK: 1.2,
            Place.REFERENCE: 0.5,
            Place.LEISURE: 0.1,
            Place.MEETING: 4.0,
        }
    )
    issue_in: dict[Place, float] = field(
        default_factory=lambda: {
            Place.WORK: 2.0,
            Place.TALK: 1.0,
            Place.REFERENCE: 0.3,
            Place.LEISURE: 0.0,
            Place.MEETING: 2.0,
        }
    )
    talk_in_call: float = 3.0  # chats and calendars during a call, or leading to it
    branch: float = 0.25  # the branch that is checked out, for a window of its repository
    # Presence that says nothing.
    neutral_minute: float = 0.03
    leisure_window: float = 0.6
    leisure_minute: float = 0.4
    # Clues with a moment.
    commit: float = 4.0
    commit_issue: float = 3.0
    commit_before: float = 0.10  # a minute before it, on screen
    commit_reach: Reach = Reach(20, 40)
    checkout: float = 3.0
    checkout_issue: float = 3.0
    message: float = 1.5
    message_in_call: float = 3.0
    message_issue: float = 1.5
    trunk: float = 1.7  # a trunk checked out: no issue's branch
    trunk_window: float = 0.17
    trunk_commit: float = 0.45
    issue_silence: float = 0.02  # a minute of work on an issue that does not show it
    call_with_issue: float = 0.15  # a minute of a call is rarely for an issue
    # Without a screen: how often work shows, and how far from a clue it is likely.
    unseen_minute: float = 0.02
    unseen_noon: float = 0.013  # more of that around noon, when people eat
    near_somebody: float = 0.055  # a message that points to no group
    near_clue: float = 0.27
    before_commit: Reach = Reach(10, 40)
    after_commit: Reach = Reach(4, 20)
    before_checkout: Reach = Reach(2, 5)
    after_checkout: Reach = Reach(25, 35)
    around_message: Reach = Reach(5, 35)
    # What a change costs.
    usual: Prices = Prices(inside=2.5, between=4.5, nothing=4.0)
    same_window: Prices = Prices(inside=3.5, between=7.0, nothing=7.0)
    after_absence: Prices = Prices(inside=1.8, between=2.5, nothing=2.5)
    at_call: Prices = Prices(inside=0.7, between=1.2, nothing=4.0)
    unseen: Prices = Prices(inside=2.2, between=2.3, nothing=2.1)


WEIGHTS = Weights()
