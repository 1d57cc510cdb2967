"""How likely each owner of past time is for the windows of a day: naive Bayes on a sticky path.

The windows of one stretch repeat each other, so their evidence is tempered. The day's own windows
join the counts softly, round by round: a document that lies between two known ones becomes known.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from math import log
from typing import NamedTuple

from tracklater_bot.engine.infer.hmm import forward_backward, likelihoods
from tracklater_bot.engine.learn.words import BY_MINUTES, BY_WORDS, NOBODY, by_word

Row = list[float]
Kinds = Sequence[dict[int, dict[int, float]]]  # of counts: the weights of words by owner

SMOOTHING = 3.0  # weight that each owner is taken to have of everybody's words
MANY, FEW = log(25), log(2)
LEAST, MOST = -1.5, 8.0  # log-likelihood ratios that one word may give
# Of a window that is learned from. What is hardly anybody's has few words so far: a new one would
# weigh most there.
LEAST_SHARE, LEAST_NOBODYS = 0.05, 0.15
BREAK = 3.0  # minutes without a window, after which anything may follow
AFTER_BREAK = 0.8
# What is known of a window so surely was said, or is tracked: it teaches as past days do, and more.
SAID, TOLD = 6.0, 2.0


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to look at the same counts."""

    pairs: bool = False
    temper: float = 0.5
    change: float = 0.018  # probability of another owner from one window to the next
    rounds: int = 4
    soft: float = 0.2  # what a window of the day itself counts
    by_minutes: float = 0.35
    longest: float = 20.0  # minutes


class WindowWords(NamedTuple):
    """A window of the day: its words, and what else speaks for owners (log-likelihoods)."""

    start: float  # minutes
    end: float
    words: Sequence[int]
    known: dict[int, float]


class _Weights:
    """Weights of words by owner, which may be added to and started anew.

    Of the words that are asked about, the `wanted`: what the others weigh counts in the sums alone.
    """

    def __init__(self, owners: Sequence[int], kinds: Kinds, wanted: Collection[int]) -> None:
        self._owners = owners
        self._numbers = {owner: number for number, owner in enumerate(owners)}
        self._index: dict[int, dict[int, float]] = {}
        self._sums = [0.0] * len(owners)
        for counts in kinds:
            own = {owner: counts[owner] for owner in owners if owner in counts}
            self._index |= by_word(own, wanted)
            for owner, weights in own.items():
                self._sums[self._numbers[owner]] += sum(weights.values())
        self._prepare()

    def _prepare(self) -> None:
        """What is the same for all words, worked out once for the sums as they are."""
        self._found: dict[int, tuple[float, list[tuple[int, float]]]] = {}
        # What a word says that an owner never had; one that is hardly known may have any.
        self._defaults = [
            LEAST if owner == NOBODY else max(LEAST, log(SMOOTHING / (of_owner + SMOOTHING)))
            for owner, of_owner in zip(self._owners, self._sums, strict=True)
        ]
        self._whole = sum(self._sums) or 1.0
        # A word that one of two has is twice as frequent there as at all, of one of many as many
        # times: it says as much in either case.
        shares = [of_owner / self._whole for of_owner in self._sums if of_owner > 0]
        self._strength = MANY / max(-sum(share * log(share) for share in shares), FEW)

    def with_looks(
        self, looks: Sequence[WindowWords], shares: Sequence[Row], soft: float
    ) -> _Weights:
        """These, and the words of looks for those whose they are, by their shares."""
        more = copy(self)
        more._index = {word: weights.copy() for word, weights in self._index.items()}
        more._sums = list(self._sums)
        for look, row in zip(looks, shares, strict=True):
            if not look.words:
                continue
            size = soft * (look.end - look.start) ** BY_MINUTES / len(look.words) ** BY_WORDS
            owned = [
                (number, self._owners[number], share * size)
                for number, share in enumerate(row)
                if share >= (LEAST_NOBODYS if self._owners[number] == NOBODY else LEAST_SHARE)
            ]
            for number, _, weight in owned:
                more._sums[number] += weight * len(look.words)
            for word in look.words:
                weights = more._index.setdefault(word, {})
                for _, owner, weight in owned:
                    weights[owner] = weights.get(owner, 0.0) + weight
        more._prepare()
        return more

    def scores(self, words: Sequence[int]) -> Row:
        """The log-likelihood ratio of the words for each owner, the rare ones weighed most."""
        result = [0.0] * len(self._owners)
        seen = 0.0
        for word in words:
            if word not in self._found:
                self._found[word] = self._of_word(word)
            rarity, found = self._found[word]
            seen += rarity
            for number, value in found:
                result[number] += value
        size = len(words) ** BY_WORDS or 1.0
        return [
            (value + seen * default) / size
            for value, default in zip(result, self._defaults, strict=True)
        ]

    def _of_word(self, word: int) -> tuple[float, list[tuple[int, float]]]:
        """How rare a word is, and what it says for those who had it beyond what it says else."""
        weights = self._index.get(word, {})
        shared_by = sum(weight / (weight + 0.3) for weight in weights.values())
        most = log(1 + len(self._owners))
        rarity = log((1 + len(self._owners)) / (max(shared_by, 0.3) + 0.5)) / most
        if not weights or rarity <= 0:
            return 0.0, []
        usual = sum(weights.values()) / self._whole
        found = []
        for owner, weight in weights.items():
            number = self._numbers[owner]
            rate = (weight + SMOOTHING * usual) / (self._sums[number] + SMOOTHING)
            ratio = self._strength * log(rate / usual)
            ratio = LEAST if ratio < LEAST else MOST if ratio > MOST else ratio
            found.append((number, rarity * (ratio - self._defaults[number])))
        return rarity, found


def rounds(
    looks: Sequence[WindowWords], owners: Sequence[int], kinds: Kinds, variant: Variant
) -> tuple[list[Row], list[Row]]:
    """The probability of each owner for each look: from the counts alone, and in the last round.

    `kinds` are counts of different kinds of words.
    """
    base = _Weights(owners, kinds, {word for look in looks for word in look.words})
    said = [[float(look.known.get(owner, 0.0) >= SAID) for owner in owners] for look in looks]
    if any(map(any, said)):
        base = base.with_looks(looks, said, TOLD)
    changes = [
        AFTER_BREAK if before is None or look.start - before.end > BREAK else variant.change
        for before, look in zip((None, *looks), looks, strict=False)
    ]
    results: list[list[Row]] = []
    for _ in range(variant.rounds):
        weights = base.with_looks(looks, results[-1], variant.soft) if results else base
        known: dict[tuple[int, ...], Row] = {}
        emissions = []
        for look in looks:
            words = tuple(look.words)
            if words not in known:
                known[words] = weights.scores(words)
            minutes = min(look.end - look.start, variant.longest)
            size, scores = variant.temper * minutes**variant.by_minutes, known[words]
            more = (look.known.get(owner, 0.0) for owner in owners)
            emissions.append([size * one + also for one, also in zip(scores, more, strict=True)])
        results.append(sticky_posteriors(emissions, changes))
    return results[0], results[-1]


def sticky_posteriors(emissions: Sequence[Row], changes: Sequence[float]) -> list[Row]:
    """The probability of each state at each step, all steps considered (forward-backward).

    `emissions` are log-likelihoods. Before each step the state stays, or becomes any, with the
    step's probability of a change.
    """
    if not emissions:
        return []

    def step(change: float, row: Sequence[float]) -> Row:
        mean = change * sum(row) / len(row)
        return [(1.0 - change) * value + mean for value in row]

    steps = [(partial(step, change),) * 2 for change in changes[1:]]
    first = [1.0] * len(emissions[0])
    return forward_backward(first, [likelihoods(row) for row in emissions], steps)
