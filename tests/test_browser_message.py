"""The message of a day of seven rows on the demo page, as a person sees and corrects it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.bots import settings_of
from tests.digests import suggestion
from tests.fixed_drafts import draft_with
from tests.livebot import Live, live
from tests.notation import span
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.draft import Draft, Gap
from tracklater_bot.domain.suggestions import Candidate, Suggestion
from tracklater_sandbox import ME, Sandbox

pytestmark = pytest.mark.browser
PATIENCE = 15_000
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 1150}
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
        found = tuple(map(self.real, texts))
        draft = Draft(self.me.sandbox.day, str(self.me.sandbox.zone), found, gaps=GAPS)
        draft_with(self.me.core, self.me.days, lambda _days: [draft])
        self.ask()

    def ask(self) -> None:
        self.say(f"/tracklater {self.me.sandbox.day}")
        expect(self.page.get_by_role("img", name="Timeline of Friday")).to_be_visible()

    def real(self, text: str | Suggestion) -> Suggestion:
        """The suggestion with a project that there is in Toggl."""
        projects = self.me.days.person.catalog.projects().by_group
        made = suggestion(text) if isinstance(text, str) else text
        return replace(made, project=next(iter(projects.get(made.group or "", ())), None))

    def say(self, words: str) -> None:
        """Writes a message or a command; typing is no press."""
        self.page.get_by_label("Message or slash command").fill(words)
        self.page.keyboard.press("Enter")

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

    def undecided(self) -> list[tuple[date, int]]:
        """The days that wait, and how many rows of each."""
        return self.me.days.person.store.open_days(ME, date(2026, 1, 1))

    def edit(self, times: str, message: Locator) -> None:
        """Edits a row by its button, or by the menu of one that is certain."""
        button = message.get_by_role("button", name=f"Edit {times}", exact=True)
        row = message.locator(".block-section", has_text=times)
        more = row.get_by_role("button", name="More actions")
        expect(button.or_(more).first).to_be_visible()
        if button.count():
            self.click(button)
        else:
            self.click(more)
            self.click(self.page.get_by_role("menuitem", name="Edit", exact=True))

    def answer(self, times: str, group: str) -> Locator:
        """The button of a question: the buttons stand below its times."""
        below = self.row(times).locator("xpath=following-sibling::*[1]")
        return below.get_by_role("button", name=group, exact=True)

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

    def keep(self, name: str, message: Locator | None = None) -> None:
        if SHOTS:
            shown = message or self.message
            size = self.page.viewport_size or PHONE
            self.page.set_viewport_size({**size, "height": 2400})
            path = f"{SHOTS}/{name}-{size['width']}.png"
            shown.screenshot(path=path, animations="disabled")
            self.page.set_viewport_size(size)


@pytest.fixture
def reviewer(sandbox: Sandbox, tab: Page) -> Iterator[Reviewer]:
    with reviewing(sandbox, tab) as one:
        yield one


@contextmanager
def reviewing(sandbox: Sandbox, tab: Page, at: str = "18:00", **environ: str) -> Iterator[Reviewer]:
    with live(sandbox, settings_of(sandbox, **environ), at) as me:
        began, beginning = time.time(), me.time().timestamp()  # Slack takes its time for pictures
        sandbox.slack.workspace.clock = lambda: beginning + time.time() - began
        tab.set_viewport_size(DESKTOP)
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


def test_the_demos_day_with_all_that_can_be_told_is_as_short(sandbox: Sandbox, tab: Page) -> None:
    """Seven rows, three absences, an agent's work, prompts and meetings in the picture."""
    with reviewing(sandbox, tab, "20:00", **sandbox.more_traces) as one:
        one.ask()
        blocks = one.me.message()["blocks"]
        one.page.set_viewport_size(PHONE)
        one.keep("demo-phone")
        expect(one.message).to_contain_text("Agents worked 1 h 36 min for acme (not counted).")
        assert len(one.me.digest.items) == 7
        assert len(blocks) <= 12
        assert controls(blocks) <= 16
        assert one.height() <= 1.3 * 844


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


def test_the_usual_day_takes_two_presses(reviewer: Reviewer) -> None:
    reviewer.show(*CERTAIN)
    reviewer.press("Approve the 5 certain")
    expect(reviewer.dialog).to_contain_text("08:00 acme DEV-123")
    reviewer.press("Approve the 5 certain", reviewer.dialog)
    reviewer.see("Everything is decided: 5 of 5 in Toggl. Thank you.")
    assert reviewer.presses == 2


def test_a_day_with_one_wrong_group_and_issue_takes_five(reviewer: Reviewer) -> None:
    reviewer.show(*CERTAIN, unsure(UNSURE))
    reviewer.press("Edit 13:30–13:55")
    reviewer.dialog.get_by_role("combobox", name="Issue").fill("#12")
    reviewer.click(reviewer.dialog.get_by_role("option", name="#12").first)
    project = reviewer.dialog.get_by_role("combobox", name="Group › project")
    expect(project).to_have_value("globex › Development")
    reviewer.keep("edit")
    reviewer.press("Save", reviewer.dialog)
    reviewer.press("Approve the 6 certain")
    reviewer.press("Approve the 6 certain", reviewer.dialog)
    reviewer.see("Everything is decided: 6 of 6 in Toggl. Thank you.")
    assert reviewer.presses == 5
    pane = reviewer.page.get_by_role("complementary", name="In Toggl now")
    entry = pane.get_by_role("listitem").filter(has_text="13:30 – 13:55")
    expect(entry).to_contain_text("#12")
    expect(entry).to_contain_text("Globex Inc")


def test_a_day_with_two_questions_takes_four(reviewer: Reviewer) -> None:
    other = question("14:45-15:00 ?", "globex", "acme")
    reviewer.show(*CERTAIN, question(QUESTION, "acme", "globex"), other)
    reviewer.click(reviewer.answer("16:10–17:10", "acme"))
    reviewer.see("Approve the 6 certain")
    reviewer.click(reviewer.answer("14:45–15:00", "globex"))
    reviewer.press("Approve the 7 certain")
    reviewer.press("Approve the 7 certain", reviewer.dialog)
    reviewer.see("Everything is decided: 7 of 7 in Toggl. Thank you.")
    assert reviewer.presses == 4


@pytest.fixture
def allowed(sandbox: Sandbox) -> None:
    """Words of windows may be shown."""
    text = sandbox.settings_file.read_text(encoding="utf-8")
    told = text.replace("[suggest]", "[suggest]\nshow_windows = true")
    sandbox.settings_file.write_text(told, encoding="utf-8")


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_rule_is_made_of_a_word_that_the_windows_had(
    size: ViewportSize, reviewer: Reviewer
) -> None:
    reviewer.page.set_viewport_size(size)
    reviewer.show(*CERTAIN, question(QUESTION, "acme", "globex"))
    expect(reviewer.message).to_contain_text(re.compile(r"In front: \w.* \d+ min"))
    reviewer.menu("08:00–09:30", "Edit")
    reviewer.click(reviewer.dialog.get_by_role("button", name="More actions"))
    reviewer.click(reviewer.page.get_by_role("menuitem", name="Windows like these…"))
    reviewer.click(reviewer.dialog.get_by_role("combobox", name="Words of these windows"))
    reviewer.click(reviewer.dialog.get_by_role("option", name=re.compile(r"^login · \d+ min")))
    expect(reviewer.dialog.get_by_label("A window with this in its title")).to_have_value("login")
    reviewer.keep("rule", reviewer.dialog)
    reviewer.press("Look", reviewer.dialog)
    told = re.compile(r"windows have it \(now acme .*\): they would belong to acme. Keep it\?")
    expect(reviewer.dialog).to_contain_text(told)
    reviewer.press("Keep", reviewer.dialog)
    reviewer.see("The rule is kept. ")


WORKING_DAYS = tuple(day for day in range(2, 28) if date(2026, 11, day).weekday() < 5)
WRONG = ("2", "4", "9", "13", "18", "26")


def forget(reviewer: Reviewer, *texts: str | Suggestion, wrong: Suggestion | None = None) -> None:
    """Lets 20 working days of November have these rows, six of them a wrong one, unseen so far."""
    me = reviewer.me
    me.time.now = datetime(2026, 11, 30, 17, 0, tzinfo=me.sandbox.zone)
    beginning, began = me.time().timestamp(), time.time()
    me.sandbox.slack.workspace.clock = lambda: beginning + time.time() - began

    def drafts(days: Sequence[WorkDay]) -> list[Draft]:
        made = []
        for day in days:
            rows = [reviewer.real(text) for text in texts]
            rows += [reviewer.real(wrong)] if wrong and str(day.date.day) in WRONG else []
            later = day.date - me.sandbox.day
            rows = [
                replace(row, span=Span(row.span.start + later, row.span.end + later))
                for row in rows
            ]
            kept = tuple(rows) if day.date.day in WORKING_DAYS else ()
            made.append(Draft(day.date, str(day.zone), kept))
        return made

    draft_with(me.core, me.days, drafts)


@pytest.mark.parametrize(("sure", "size"), [(False, DESKTOP), (True, PHONE)])
def test_a_forgotten_month_with_six_wrong_days_takes_forty(
    reviewer: Reviewer, size: ViewportSize, *, sure: bool
) -> None:
    reviewer.page.set_viewport_size(size)
    forget(reviewer, *CERTAIN, wrong=suggestion(UNSURE, confidence=0.95 if sure else 0.7))
    reviewer.say("/tracklater month 2026-11")
    named = reviewer.page.get_by_role("heading", name="November 2026")
    month = reviewer.page.locator("article", has=named).last
    reviewer.keep("month", month)
    for day in WRONG:
        heading = f"{date(2026, 11, int(day)):%a} {day} Nov"
        reviewer.press("Open", month.locator(".block-section", has_text=heading))
        there = reviewer.page.get_by_role("heading", name=f"{day} November ·")
        reviewer.edit("13:30–13:55", reviewer.page.locator("article", has=there))
        reviewer.dialog.get_by_role("combobox", name="Issue").fill("#12")
        reviewer.click(reviewer.dialog.get_by_role("option", name="#12").first)
        project = reviewer.dialog.get_by_role("combobox", name="Group › project")
        expect(project).to_have_value("globex › Development")
        reviewer.press("Save", reviewer.dialog)
        expect(reviewer.dialog).to_have_count(0)
    reviewer.say("/tracklater month 2026-11")
    expect(reviewer.page.locator("article", has=named)).to_have_count(2)
    reviewer.press("Approve the certain of these 20 days", month)
    expect(reviewer.dialog).to_contain_text("Make 106 entries on 20 days in Toggl?")
    reviewer.press("Approve", reviewer.dialog)
    reviewer.me.eventually(lambda: reviewer.undecided() == [])
    assert reviewer.presses == (32 if sure else 26)


def test_a_forgotten_week_with_nothing_to_correct_takes_two(reviewer: Reviewer) -> None:
    forget(reviewer, *CERTAIN, unsure(UNSURE))
    reviewer.say("/tracklater week 2026-11-18")
    reviewer.press("Approve all of these 5 days")
    expect(reviewer.dialog).to_contain_text("I am not sure of 5 of them. Make 30 entries")
    reviewer.press("Approve", reviewer.dialog)
    reviewer.see("nothing to review that I know of")
    reviewer.me.eventually(lambda: reviewer.undecided() == [])
    assert reviewer.presses == 2


def test_the_picture_follows_and_leaves_no_old_one_in_the_thread(reviewer: Reviewer) -> None:
    reviewer.show(*CERTAIN)
    picture = reviewer.message.locator("img.picture").first
    before = picture.get_attribute("src")
    reviewer.menu("08:00–09:30", "Approve")
    reviewer.see("4 to review, 1 of 5 in Toggl")
    expect(reviewer.message.get_by_role("img", name="In Toggl, 1 h 30 min")).to_be_visible()
    assert picture.get_attribute("src") != before
    reviewer.see("1 reply")
    reviewer.menu("08:00–09:30", "Undo")
    expect(reviewer.message.get_by_role("img", name="acme, 4 h 30 min")).to_be_visible()
    reviewer.see("1 reply")


def test_add_offers_the_time_that_nothing_takes(reviewer: Reviewer) -> None:
    reviewer.show(*CERTAIN)
    reviewer.press("Add")
    reviewer.click(reviewer.dialog.get_by_role("combobox", name="Time that nothing takes"))
    reviewer.click(reviewer.dialog.get_by_role("option", name="11:20–12:00 · 40 min, away"))
    expect(reviewer.dialog.get_by_label("Start")).to_have_value("11:20")
    expect(reviewer.dialog.get_by_label("End", exact=True)).to_have_value("12:00")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("dev131", "DEV-131 Rate limit"),
        ("https://acme.example.org/browse/DEV-131?focusedId=1", "DEV-131 Rate limit"),
        ("https://a.example.org/boards/3?selectedIssue=DEV-131", "DEV-131 Rate limit"),
        ("zzz999", "No such issue was found"),
    ],
)
def test_an_issue_is_found_as_one_has_it_at_hand(
    reviewer: Reviewer, typed: str, found: str
) -> None:
    reviewer.show(unsure(UNSURE))
    reviewer.press("Edit 13:30–13:55")
    reviewer.dialog.get_by_role("combobox", name="Issue").fill(typed)
    expect(reviewer.dialog.get_by_role("option").first).to_contain_text(found)


def test_links_of_the_demo_stay_in_it(reviewer: Reviewer) -> None:
    reviewer.show(*CERTAIN)
    reviewer.menu("08:00–09:30", "Approve")
    link = reviewer.message.get_by_role("link", name="In Toggl").first
    expect(link).to_have_attribute("href", f"{reviewer.me.sandbox.url}/")
    there = reviewer.page.get_by_role("link", name="Friday 20 November")
    expect(there).to_have_attribute("href", re.compile(r"^#p\d+$"))


def test_what_was_learned_is_forgotten_after_a_question(reviewer: Reviewer) -> None:
    reviewer.page.get_by_role("tab", name="Home").click()
    reviewer.press("Forget what was learned")
    reviewer.press("Forget", reviewer.dialog)
    reviewer.page.get_by_role("tab", name="Messages").click()
    reviewer.see("What your confirmed time taught is forgotten.")
