"""A person reviews days on the demo page in headless Chromium, with the real bot behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Error, Locator, Page, expect

from tests.livebot import Live, live
from tracklater_sandbox import Sandbox

pytestmark = pytest.mark.browser
PATIENCE = 60_000


@dataclass
class Person:
    """Somebody in front of the page who counts their clicks."""

    page: Page
    me: Live
    clicks: int = 0

    def click(self, place: Locator) -> None:
        place.click()
        self.clicks += 1

    def press(self, name: str, within: Locator | None = None) -> None:
        """Clicks the first button of that name."""
        place = within or self.page.locator("body")
        self.click(place.get_by_role("button", name=name, exact=True).first)

    def say(self, words: str) -> None:
        """Writes a message or command; typing is no click."""
        self.page.get_by_label("Message or slash command").fill(words)
        self.page.keyboard.press("Enter")

    def ask(self) -> None:
        """Asks for the sample day and waits until its message and the answer are there."""
        self.say(f"/tracklater {self.me.sandbox.day}")
        self.see(re.compile(r"Friday 20 November: \d suggestions"))

    def see(self, words: str | re.Pattern[str]) -> Locator:
        found = self.page.get_by_text(words).last
        expect(found).to_be_visible()
        return found

    def row(self, times: str) -> Locator:
        return self.page.locator(".block-section", has_text=times).last

    def act(self, times: str, action: str) -> None:
        """Presses a row's button, or chooses from the menu of a row that has none."""
        button = self.page.get_by_role("button", name=f"{action} {times}", exact=True)
        menu = self.row(times).get_by_role("button", name="More actions")
        expect(button.or_(menu).first).to_be_visible()
        if button.count():
            self.click(button)
        else:
            self.menu(times, action)

    def menu(self, times: str, option: str) -> None:
        """Chooses from a row's menu, or from that of its dialog."""
        self.click(self.row(times).get_by_role("button", name="More actions"))
        self.click(self.page.get_by_role("menuitem", name=option, exact=True))

    def choose(self, field: str, words: str, option: str | re.Pattern[str]) -> None:
        """Searches in a select of the dialog and chooses."""
        self.dialog.get_by_role("combobox", name=field).fill(words)
        self.click(self.dialog.get_by_role("option", name=option).first)

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def pane(self) -> Locator:
        return self.page.get_by_role("complementary", name="In Toggl now")


@pytest.fixture
def person(sandbox: Sandbox, tab: Page) -> Iterator[Person]:
    with live(sandbox) as me:
        tab.set_viewport_size({"width": 1280, "height": 1400})
        tab.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        problems: list[str] = []

        def note(error: Error) -> None:
            problems.append(str(error))

        tab.on("pageerror", note)
        tab.goto(sandbox.url)
        yield Person(tab, me)
        tab.goto("about:blank")
        tab.remove_listener("pageerror", note)
        assert problems == []
        assert sandbox.slack.notices == []


def test_an_answer_below_the_days_message_is_seen(person: Person) -> None:
    person.page.set_viewport_size({"width": 1280, "height": 500})
    person.ask()
    person.say("/tracklater help")
    expect(person.see("I collect traces of your work")).to_be_in_viewport()


def test_the_usual_day_is_approved_in_two_clicks(person: Person) -> None:
    person.ask()
    person.press("Approve all")
    expect(person.dialog).to_contain_text("Make 6 entries, 6 h 40 min, in Toggl?")
    person.press("Approve all", person.dialog)
    person.see("Everything is decided: 6 of 6 in Toggl. Thank you.")
    assert person.clicks == 2
    expect(person.pane.get_by_role("listitem")).to_have_count(7)
    expect(person.page.locator("#toggl-sum")).to_have_text("7 h 30 min")
    expect(person.page.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0)


def test_one_correction_makes_it_five_clicks(person: Person) -> None:
    person.ask()
    person.act("10:20–10:35", "Edit")
    person.dialog.get_by_label("Description").fill("Standup")
    person.press("Save", person.dialog)
    person.see("Standup")
    person.press("Approve all")
    person.press("Approve all", person.dialog)
    person.see("Everything is decided: 6 of 6 in Toggl. Thank you.")
    assert person.clicks == 5  # a certain row's Edit is in its menu
    expect(person.pane.get_by_text("Standup")).to_be_visible()


def test_a_messy_day_is_edited_split_merged_and_taken_back(person: Person) -> None:
    person.ask()
    person.menu("12:15–13:40", "Split")
    person.dialog.get_by_label("Split at").fill("13:00")
    person.press("Split", person.dialog)
    expect(person.row("12:15–13:00")).to_be_visible()

    person.menu("12:15–13:00", "Undo change")
    expect(person.row("12:15–13:40")).to_be_visible()

    person.act("14:45–15:55", "Edit")
    person.press("More actions", person.dialog)
    person.click(person.page.get_by_role("menuitem", name="Merge with next"))
    person.press("Cancel", person.dialog)
    expect(person.row("14:45–17:20")).to_be_visible()

    person.act("10:35–11:30", "Edit")
    person.dialog.get_by_label("End", exact=True).fill("11:45")
    issue = person.dialog.get_by_role("combobox", name="Issue")
    issue.fill("login fix")
    person.click(person.dialog.get_by_role("option", name="DEV-123 Fix login"))
    expect(person.dialog.get_by_label("Description")).to_have_value("DEV-123 Fix login")
    person.press("Save", person.dialog)
    person.act("10:35–11:45", "Approve")
    expect(person.pane.get_by_text("10:35 – 11:45")).to_be_visible()

    person.act("10:35–11:45", "Undo")
    expect(person.pane.get_by_text("10:35 – 11:45")).to_have_count(0)
    person.act("14:45–17:20", "Skip")
    person.see("4 to review, 1 skipped")


def test_what_goes_with_a_group_follows_when_another_is_chosen(person: Person) -> None:
    person.ask()
    person.act("10:35–11:30", "Edit")
    dialog = person.dialog
    expect(dialog.get_by_label("Description")).to_have_value("DEV-131 Rate limit is off by one")
    dialog.get_by_label("End", exact=True).fill("11:20")
    dialog.get_by_label("Tags").fill("on site")
    person.choose("Group › project", "globex", "globex › Development")
    expect(dialog.get_by_label("Description")).to_have_value("")
    issue = dialog.get_by_role("combobox", name="Issue")
    expect(issue).to_have_value("")
    person.click(issue)
    expect(dialog.get_by_role("option").first).to_contain_text("#12 ")
    expect(dialog.get_by_role("option", name=re.compile("^DEV-"))).to_have_count(0)
    person.click(dialog.get_by_role("option").first)
    expect(dialog.get_by_label("Description")).to_have_value(re.compile("^#12 "))
    expect(dialog.get_by_label("End", exact=True)).to_have_value("11:20")
    expect(dialog.get_by_label("Tags")).to_have_value("on site")
    person.press("Save", dialog)
    person.act("10:35–11:20", "Approve")
    entry = person.pane.get_by_role("listitem").filter(has_text="10:35 – 11:20")
    expect(entry).to_contain_text("#12 ")
    expect(entry).not_to_contain_text("Rate limit")


def test_an_issue_of_another_group_brings_its_group_along(person: Person) -> None:
    person.ask()
    person.act("10:35–11:30", "Edit")
    person.dialog.get_by_label("Description").fill("Pairing with Ann")
    person.choose("Issue", "reset", re.compile("^#12 .*globex"))
    person.press("Save", person.dialog)
    person.see("Pairing with Ann")
    expect(person.row("10:35–11:30")).to_contain_text("globex")


def test_an_overlap_moves_the_neighbour_where_the_person_says_so(person: Person) -> None:
    person.ask()
    person.act("08:50–10:20", "Edit")
    person.dialog.get_by_label("End", exact=True).fill("10:30")
    person.press("Save", person.dialog)
    expect(person.dialog).to_contain_text("This overlaps 10:20–10:35")
    person.click(person.dialog.get_by_label("Move the neighbour's boundary"))
    person.press("Save", person.dialog)
    expect(person.row("08:50–10:30")).to_be_visible()
    expect(person.row("10:30–10:35")).to_be_visible()


def test_a_forgotten_day_of_the_week_is_caught_up_in_three_clicks(person: Person) -> None:
    person.say("/tracklater week")
    person.see("To review is what I found and you have not decided on.")
    week = person.page.locator(".block-section", has_text="Tue 17 Nov").last
    person.press("Open", week)
    person.see(re.compile(r"Tuesday 17 November: \d+ suggestions?"))
    person.press("Approve all")
    person.press("Approve all", person.dialog)
    person.see(re.compile(r"\d of \d in Toggl"))  # a question may be left
    assert person.clicks == 3


@pytest.mark.parametrize("width", [1280, 390])
def test_a_weekly_review_begins_with_the_days_that_wait(person: Person, width: int) -> None:
    person.page.set_viewport_size({"width": width, "height": 844})
    me = person.me
    me.days.set_preference("digest_days", ["fri"])
    me.days.announce(me.sandbox.day, me.time())
    person.see("Sun 15 Nov: 20 min still open")
    waiting = person.page.locator(".block-section", has_text="Tue 17 Nov: 3 h 10 min still open")
    person.press("Open", waiting)
    person.see(re.compile(r"Tuesday 17 November: \d suggestions"))
    person.press("Approve all", person.page.locator("article").filter(has_text="Tuesday 17").first)
    person.press("Approve all", person.dialog)
    expect(waiting).to_have_count(0)  # a question of 15 minutes is left
    person.see("Tue 17 Nov: 15 min still open")


@pytest.mark.parametrize("width", [1280, 390])
def test_an_empty_yesterday_offers_the_last_open_day(person: Person, width: int) -> None:
    person.page.set_viewport_size({"width": width, "height": 844})
    person.say("yesterday")
    person.see("Tuesday 17 November still waits for you: 3 h 10 min to review.")
    person.press("Open")
    person.see(re.compile(r"Tuesday 17 November: \d suggestions"))


@pytest.mark.parametrize("width", [1280, 390])
def test_the_certain_of_a_month_is_approved_in_two_clicks(person: Person, width: int) -> None:
    person.page.set_viewport_size({"width": width, "height": 844})
    person.say("/tracklater month")
    person.see("To review is what I found and you have not decided on.")
    month = person.page.locator(".block-section")
    expect(month.filter(has_text="Tue 17 Nov")).to_be_visible()
    certain = re.compile(r"Approve the certain of these \d days")
    person.click(person.page.get_by_role("button", name=certain))
    expect(person.dialog).to_contain_text(re.compile(r"Make \d+ entries on \d days in Toggl\?"))
    expect(person.dialog).to_contain_text(re.compile(r"acme \d+ h"))
    person.press("Approve", person.dialog)
    expect(person.page.get_by_text("Each entry is one request to Toggl")).to_have_count(0)
    assert person.clicks == 2
    person.press("Open", month.filter(has_text="Tue 17 Nov"))
    person.see(re.compile("Tuesday 17 November: "))


@pytest.mark.parametrize("width", [1280, 390])
def test_a_month_is_marked_as_billed_in_two_clicks(person: Person, width: int) -> None:
    person.page.set_viewport_size({"width": width, "height": 844})
    person.say("/tracklater month")
    person.press("Mark as billed")
    expect(person.dialog).to_contain_text("Remember November 2026 as billed")
    person.press("Mark as billed", person.dialog)
    person.see("Nothing has changed since.")
    assert person.clicks == 2
    account = person.me.sandbox.toggl.account
    account.delete(person.me.sandbox.toggl.entries[0]["id"])
    person.me.time.forward(minutes=3)
    person.say("/tracklater month")
    person.see("1 change since:")
    person.see(re.compile("no longer in Toggl: .* -> 0 min"))


def test_home_keeps_preferences_and_resets_them(person: Person) -> None:
    person.ask()
    person.page.get_by_role("tab", name="Home").click()
    person.see("to review.")
    time_of_day = person.page.locator("input[type=time]")
    time_of_day.fill("16:15")
    time_of_day.blur()
    person.see("(set here)")
    person.page.get_by_label("Saturday").check()
    person.see("Preferences set here win over the settings file.")
    person.me.wait(lambda: "sat" in person.me.days.views.plan().days)
    assert f"{person.me.days.views.plan().at:%H:%M}" == "16:15"
    person.press("Reset to the file")
    expect(person.page.get_by_text("(set here)")).to_have_count(0)
    expect(time_of_day).to_have_value("17:30")


def test_why_is_told_in_words(person: Person) -> None:
    person.ask()
    person.menu("08:50–10:20", "Why this?")
    expect(person.dialog).to_contain_text("% sure of the group")
    expect(person.dialog).not_to_contain_text("Visual Studio Code")


def test_when_toggl_fails_the_row_says_so_and_is_mended(person: Person) -> None:
    person.ask()
    person.me.sandbox.toggl.faults.fail_next("time_entries", 400, method="POST")
    person.act("08:50–10:20", "Approve")
    person.see(re.compile("Not in Toggl:"))
    person.act("08:50–10:20", "Try again")
    expect(person.pane.get_by_text("08:50 – 10:20")).to_be_visible()


def test_when_the_quota_is_used_up_the_message_says_until_when(person: Person) -> None:
    person.ask()
    person.page.get_by_text("Make something fail").click()
    person.page.get_by_role("button", name=re.compile("quota", re.IGNORECASE)).first.click()
    person.press("Approve all")
    person.press("Approve all", person.dialog)
    person.see(re.compile("Waits for Toggl's quota until"))
    expect(person.pane.get_by_role("listitem")).to_have_count(1)
