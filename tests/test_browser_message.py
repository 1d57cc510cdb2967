"""The message of a day of seven rows on the demo page, as a person sees and corrects it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.bots import settings_of
from tests.digests import suggestion
from tests.fixed_drafts import draft_with
from tests.livebot import Live, live
from tests.notation import span
from tracklater_bot.domain.draft import Draft, Gap
from tracklater_bot.domain.suggestions import Candidate, Suggestion
from tracklater_sandbox import Sandbox

pytestmark = pytest.mark.browser
PATIENCE = 15_000
PHONE: ViewportSize = {"width": 390, "height": 844}
SHOTS = os.environ.get("TRACKLATER_SHOTS")  # a folder: what the tests see is kept there
CERTAIN = (
    "08:00-09:30 acme DEV-123", "09:30-09:50 acme", "09:50-11:20 acme DEV-131",
    "12:00-13:30 globex", "15:00-16:10 acme DEV-123",
)  # fmt: skip
UNSURE, QUESTION = "13:30-13:55 acme DEV-131", "16:10-17:10 ?"
GAPS = (Gap(span("11:20-12:00"), "away"),)


@dataclass
class Reviewer:
    """Somebody in front of the page who counts each press on a button, menu, option or Save."""

    page: Page
    me: Live
    presses: int = 0

    def show(self, *texts: str | Suggestion) -> None:
        """Lets the day be these suggestions, with projects that there are in Toggl, and asks."""
        catalog = self.me.days.person.catalog
        projects = {name: own[0] for name, own in catalog.projects().by_group.items()}

        def real(text: str | Suggestion) -> Suggestion:
            made = suggestion(text) if isinstance(text, str) else text
            return replace(made, project=projects.get(made.group or ""))

        found = tuple(map(real, texts))
        draft = Draft(self.me.sandbox.day, str(self.me.sandbox.zone), found, gaps=GAPS)
        draft_with(self.me.core, self.me.days, lambda _days: [draft])
        self.page.get_by_label("Message or slash command").fill(
            f"/tracklater {self.me.sandbox.day}"
        )
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("img", name="Timeline of Friday")).to_be_visible()

    def press(self, name: str, within: Locator | None = None) -> None:
        place = within or self.page.locator("body")
        self.click(place.get_by_role("button", name=name, exact=True).first)

    def click(self, place: Locator) -> None:
        place.click()
        self.presses += 1

    def row(self, times: str) -> Locator:
        return self.page.locator(".block-section", has_text=times).last

    def menu(self, times: str, entry: str) -> None:
        self.click(self.row(times).get_by_role("button", name="More actions"))
        self.click(self.page.get_by_role("menuitem", name=entry, exact=True))

    def see(self, words: str) -> None:
        expect(self.page.get_by_text(words).last).to_be_visible()

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def message(self) -> Locator:
        heading = self.page.get_by_role("heading", name="Friday 20 November")
        return self.page.locator("article", has=heading)

    def height(self) -> float:
        return float(self.message.evaluate("node => node.getBoundingClientRect().height"))

    def keep(self, name: str) -> None:
        if SHOTS:
            print(name, round(self.height() / 844, 2))  # noqa: T201 - for whoever looks at them
            size = self.page.viewport_size or PHONE
            self.page.set_viewport_size({**size, "height": 1400})
            self.message.screenshot(path=f"{SHOTS}/{name}.png", animations="disabled")
            self.page.set_viewport_size(size)


@pytest.fixture
def reviewer(sandbox: Sandbox, tab: Page) -> Iterator[Reviewer]:
    with live(sandbox, settings_of(sandbox)) as me:
        began, beginning = time.time(), me.time().timestamp()  # Slack takes its time for pictures
        sandbox.slack.workspace.clock = lambda: beginning + time.time() - began
        tab.set_viewport_size({"width": 1280, "height": 1150})
        tab.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        tab.goto(sandbox.url)
        yield Reviewer(tab, me)
        tab.goto("about:blank")
        assert sandbox.slack.notices == []


def unsure(text: str) -> Suggestion:
    return suggestion(text, confidence=0.7)


def question(text: str, *groups: str) -> Suggestion:
    return suggestion(text, candidates=tuple(Candidate(group, 0.4) for group in groups))


def seven() -> list[str | Suggestion]:
    return [*CERTAIN, unsure(UNSURE), question(QUESTION, "acme", "globex")]


def controls(blocks: list[dict[str, Any]]) -> int:
    return sum(
        len(block.get("elements", ())) if block["type"] == "actions" else "accessory" in block
        for block in blocks
    )


def test_seven_rows_are_a_phone_and_a_third_and_half_when_decided(reviewer: Reviewer) -> None:
    reviewer.show(*seven())
    blocks = reviewer.me.message()["blocks"]
    reviewer.keep("day-desktop")
    reviewer.page.set_viewport_size(PHONE)
    reviewer.keep("day-phone")
    assert len(blocks) <= 12
    assert controls(blocks) <= 16
    assert reviewer.height() <= 1.3 * 844
    reviewer.press("acme", reviewer.message)
    expect(reviewer.message.get_by_role("button", name="Something else…")).to_have_count(0)
    reviewer.press("Approve the 6 certain")
    reviewer.press("Approve the 6 certain", reviewer.dialog)
    reviewer.see("6 of 7 in Toggl")
    reviewer.keep("half-phone")
    reviewer.press("Approve 13:30–13:55")
    reviewer.see("Everything is decided: 7 of 7 in Toggl. Thank you.")
    reviewer.keep("decided-phone")
    expect(reviewer.message.locator(".thread")).to_have_count(0)
    assert reviewer.height() <= 0.5 * 844
