"""`demo --team`: everybody has their day, and what one approves is in their own Toggl."""

from __future__ import annotations

import re

from tests.bots import button_of, digests_in
from tracklater_hub.demo import PEOPLE, running_team


def test_three_people_approve_a_row_each() -> None:
    with running_team() as (sandbox, _):
        for user in PEOPLE:
            (message,) = digests_in(sandbox.slack.messages(user=user), sandbox.day.isoformat())
            item = button_of(message, "approve")[0]
            sandbox.slack.click(message, "approve", item, user=user)
        for user in PEOPLE:
            sandbox.slack.wait(
                lambda: len(re.findall("In Toggl>", str(sandbox.slack.messages(user=user)))) == 1,  # noqa: B023
                60,
            )
