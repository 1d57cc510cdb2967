"""The window titles that no suggestion explains, for the terminal of this machine alone.

They are in no Draft, so that nothing that is stored or sent can have them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.engine import Inputs, suggest, unexplained_titles


@dataclass(slots=True)
class UnexplainedTitles:
    """An engine that keeps, beside the suggestions that it gives, the titles without a group."""

    minutes: dict[str, float] = field(default_factory=dict, repr=False)

    def suggest(self, inputs: Inputs) -> tuple[Suggestion, ...]:
        """The day's suggestions; the minutes of each title that none of them explains are added."""
        for title, minutes in unexplained_titles(inputs).items():
            self.minutes[title] = self.minutes.get(title, 0.0) + minutes
        return suggest(inputs)
