"""How likely each owner of past time is for the windows of a day: naive Bayes on a sticky path.

The windows of one stretch repeat each other, so their evidence is tempered. The day's own windows
join the counts softly, round by round: a document that lies between two known ones becomes known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import NamedTuple

from tracklater_bot.engine.learn.counts import BY_MINUTES, BY_WORDS, NOBODY, by_word

Row = list[float]

SMOOTHING = 3.0  # weight that each owner is taken to have of everybody's words
MANY, FEW = log(25), log(2)
LEAST, MOST = -1.5, 8.0  # log-likelihood ratios that one word may give
LEAST_SHARE = 0.05  # of a window that is learned from
BREAK = 3.0  # minutes without a window, after which anything may follow
AFTER_BREAK = 0.2


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to look at the same counts."""

    pairs: bool = False
    temper: float = 0.5
    change: float = 0.018  # probability of another owner from one window to the next
    rounds: int = 4
    soft: float = 0.4  # what a window of the day itself counts
    by_minutes: float = 0.35
    longest: float = 20.0  # minutes


class Look(NamedTuple):
    """A window of the day: its words, and what else speaks for owners (log-likelihoods)."""

    start: float  # minutes
    end: float
    words: Sequence[int]
    known: dict[int, float]


class _Weights:
    """Weights of words by owner, which may be added to and started anew."""

    def __init__(self, owners: Sequence[int], counts: dict[int, dict[int, float]]) -> None:
        self._owners = owners
        self._index = by_word(counts)
        self._sums = [sum(counts.get(owner, {}).values()) for owner in owners]
        self._numbers = {owner: number for number, owner in enumerate(owners)}

    def with_looks(self, looks: Sequence[Look], shares: Sequence[Row], soft: float) -> _Weights:
        """These, and the words of looks for those whose they are, by their shares."""
        more = _Weights.__new__(_Weights)
        more._owners, more._numbers = self._owners, self._numbers
        more._index, more._sums = self._index.copy(), list(self._sums)
        own: set[int] = set()
        for look, row in zip(looks, shares, strict=True):
            if not look.words:
                continue
            size = soft * (look.end - look.start) ** BY_MINUTES / len(look.words) ** BY_WORDS
            for number, share in enumerate(row):
                if share >= LEAST_SHARE:
                    more._sums[number] += share * size * len(look.words)
                    for word in look.words:
                        if word not in own:
                            own.add(word)
                            more._index[word] = dict(more._index.get(word, {}))
                        weights = more._index[word]
                        owner = self._owners[number]
                        weights[owner] = weights.get(owner, 0.0) + share * size
        return more

    def scores(self, words: Sequence[int]) -> Row:
        """The log-likelihood ratio of the words for each owner, the rare ones weighed most."""
        defaults = self._defaults()
        whole, most = sum(self._sums) or 1.0, log(1 + len(self._owners))
        # A word that one of two has is twice as frequent there as at all, of one of many as many
        # times: it says as much in either case.
        shares = [of_owner / whole for of_owner in self._sums if of_owner > 0]
        spread = -sum(share * log(share) for share in shares)
        strength = MANY / max(spread, FEW)
        result = [0.0] * len(self._owners)
        seen = 0.0
        for word in words:
            weights = self._index.get(word)
            if not weights:
                continue
            shared_by = sum(weight / (weight + 0.3) for weight in weights.values())
            rarity = log((1 + len(self._owners)) / (max(shared_by, 0.3) + 0.5)) / most
            if rarity <= 0:
                continue
            seen += rarity
            usual = sum(weights.values()) / whole
            for owner, weight in weights.items():
                number = self._numbers.get(owner)
                if number is not None:
                    rate = (weight + SMOOTHING * usual) / (self._sums[number] + SMOOTHING)
                    ratio = max(LEAST, min(MOST, strength * log(rate / usual)))
                    result[number] += rarity * (ratio - defaults[number])
        size = len(words) ** BY_WORDS or 1.0
        return [
            (value + seen * default) / size for value, default in zip(result, defaults, strict=True)
        ]

    def _defaults(self) -> Row:
        """What a word says that an owner never had; one that is hardly known may have any."""
        return [
            LEAST if owner == NOBODY else max(LEAST, log(SMOOTHING / (of_owner + SMOOTHING)))
            for owner, of_owner in zip(self._owners, self._sums, strict=True)
        ]


def rounds(
    looks: Sequence[Look],
    owners: Sequence[int],
    counts: dict[int, dict[int, float]],
    variant: Variant,
) -> tuple[list[Row], list[Row]]:
    """The probability of each owner for each look: from the counts alone, and in the last round."""
    base = weights = _Weights(owners, counts)
    changes = [
        AFTER_BREAK if before is None or look.start - before.end > BREAK else variant.change
        for before, look in zip((None, *looks), looks, strict=False)
    ]
    results: list[list[Row]] = []
    for _ in range(variant.rounds):
        known: dict[tuple[int, ...], Row] = {}
        emissions = []
        for look in looks:
            words = tuple(look.words)
            if words not in known:
                known[words] = weights.scores(words)
            size = (
                variant.temper * min(look.end - look.start, variant.longest) ** variant.by_minutes
            )
            row = [size * score for score in known[words]]
            for number, owner in enumerate(owners):
                if owner in look.known:
                    row[number] += look.known[owner]
            emissions.append(row)
        results.append(sticky_posteriors(emissions, changes))
        weights = base.with_looks(looks, results[-1], variant.soft)
    return results[0], results[-1]


def sticky_posteriors(emissions: Sequence[Row], changes: Sequence[float]) -> list[Row]:
    """The probability of each state at each step, all steps considered (forward-backward).

    `emissions` are log-likelihoods. Before each step the state stays, or becomes any, with the
    step's probability of a change.
    """
    if not emissions:
        return []
    likelihoods = [_likelihoods(row) for row in emissions]
    forward = [_normal(likelihoods[0])]
    for row, change in zip(likelihoods[1:], changes[1:], strict=True):
        stay, other = 1.0 - change, change / len(row)
        forward.append(
            _normal([(stay * p + other) * e for p, e in zip(forward[-1], row, strict=True)])
        )
    backward = [1.0] * len(emissions[0])
    result = [forward[-1]]
    for index in range(len(emissions) - 2, -1, -1):
        change = changes[index + 1]
        later = [b * e for b, e in zip(backward, likelihoods[index + 1], strict=True)]
        mean = change * sum(later) / len(later)
        backward = _normal([(1.0 - change) * value + mean for value in later])
        result.append(_normal([f * b for f, b in zip(forward[index], backward, strict=True)]))
    return result[::-1]


def _likelihoods(row: Row) -> Row:
    most = max(row)
    return [exp(max(value - most, -600.0)) for value in row]


def _normal(row: Row) -> Row:
    whole = sum(row) or 1.0
    return [value / whole for value in row]
