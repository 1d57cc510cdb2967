"""How well suggestions did: what stood of those that the person decided, and what that tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from tracklater_bot.domain.issues import IssueId
from tracklater_bot.domain.suggestions import Reason, Suggestion

TRUE_SHARE, DOUBT = 0.95, 0.05
FEW = 30
BY_HABIT = "earlier entries"
AROUND = "work for "
NAMED, OF_HABIT, BETWEEN, ISSUE = "named", "habit", "between", "issue"  # kinds of evidence
PRIOR = 20.0  # rows that are taken to have fared as the benchmark makes one expect
LEAST_FACTOR = 0.4  # of the odds reckoned
MOST_SURE = 0.99


def kind_of(reasons: Sequence[Reason]) -> str:
    """The kind of evidence that a suggestion rests on most."""
    strongest = reasons[0].text if reasons else ""
    if BY_HABIT in strongest:
        return OF_HABIT
    return BETWEEN if strongest.startswith(AROUND) else NAMED


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a suggestion with a group: whether its group stood, and its issue with it.

    `reckoned` and `issue_reckoned` are how sure the engine was before outcomes corrected it.
    """

    group: str
    kind: str
    reckoned: float
    issue_reckoned: float | None
    certain: bool
    stood: bool
    issue_stood: bool

    @classmethod
    def of(cls, made: Suggestion, after: Collection[tuple[str | None, IssueId | None]]) -> Outcome:
        """`after` are group and issue of all that it became; no group where it was skipped."""
        issue, seen = made.issue.id if made.issue else None, made.evidence
        return cls(
            made.group or "",
            kind_of(made.reasons),
            seen.reckoned / 1000 or made.confidence,
            seen.issue_reckoned / 1000 or made.issue_confidence,
            made.certain,
            stood={group for group, _ in after} == {made.group},
            issue_stood={*after} == {(made.group, issue)},
        )


@dataclass(frozen=True, slots=True)
class Trust:
    """How many times the odds of failing are those reckoned, by kind of evidence and group."""

    factors: dict[tuple[str, str], float] = field(default_factory=dict)  # "" stands for all groups

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> Trust:
        """A kind is first taken to fail as reckoned, a group as its kind does."""
        claims = defaultdict[tuple[str, str], list[tuple[float, bool]]](list)
        for one in outcomes:
            for group in ("", one.group):
                claims[one.kind, group].append((one.reckoned, one.stood))
                if one.stood and one.issue_reckoned is not None:
                    claims[ISSUE, group].append((one.issue_reckoned, one.issue_stood))
        factors: dict[tuple[str, str], float] = {}
        for kind, group in sorted(claims, key=lambda key: bool(key[1])):
            own = claims[kind, group]
            mean = sum(reckoned for reckoned, _ in own) / len(own)
            sure = min(max(mean, 1.0 - MOST_SURE), MOST_SURE)
            usual = _failing(sure, factors[kind, ""] if group else 1.0)
            failed = PRIOR * usual + sum(not stood for _, stood in own)
            odds = failed / (PRIOR + len(own) - failed)
            factors[kind, group] = max(LEAST_FACTOR, odds * sure / (1.0 - sure))
        return cls(factors)

    def corrected(self, kind: str, group: str, sure: float) -> float:
        """How sure that makes of a suggestion of a kind for a group."""
        factor = self.factors.get((kind, group), self.factors.get((kind, ""), 1.0))
        known = factor == 1.0 or not 0.0 < sure < MOST_SURE
        return sure if known else min(1.0 - _failing(sure, factor), MOST_SURE)


def _failing(sure: float, factor: float) -> float:
    """How likely what is so sure fails, where the odds of that are so many times as high."""
    odds = factor * (1.0 - sure) / sure
    return odds / (1.0 + odds)


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """Of `decided` suggestions that were called certain, `stood` were taken with their group and
    issue as they were; the others were changed in that, or skipped."""

    stood: int = 0
    decided: int = 0

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> TrackRecord:
        """That of the certain ones among them."""
        whole = [one.issue_stood for one in outcomes if one.certain]
        return cls(sum(whole), len(whole))

    @property
    def proven(self) -> bool:
        """Whether at least 95 % of such suggestions stand, with 95 % confidence.

        That is when so few failures or fewer would be seen in at most one of twenty such rows of
        decisions, if 95 % stood (the lower bound of Clopper and Pearson, one-sided). Looked at
        after every decision, it was said wrongly in 6 of 227 made-up months of up to 300.
        """
        term = chance = TRUE_SHARE**self.decided  # of no failure
        for failed in range(self.decided - self.stood):
            term *= (self.decided - failed) / (failed + 1) * (1 - TRUE_SHARE) / TRUE_SHARE
            chance += term
        return chance <= DOUBT

    def words(self) -> str:
        """`12 of 12 so far stood`, `of such entries 212 of 215 stood: proven`; "" for none."""
        if not self.decided:
            return ""
        numbers = f"{self.stood} of {self.decided}"
        known = f"{numbers} so far stood"
        if self.decided >= FEW:
            known = f"of such entries {numbers} stood"
        return f"{known}: proven" if self.proven else known
