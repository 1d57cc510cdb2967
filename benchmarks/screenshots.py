"""The pictures in docs/, taken from the demo page in headless Chromium: `scripts/screenshots`.

The sample day is always the same Friday, seen at six in the evening, so that pictures change only
when what they show does.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect, sync_playwright

from tracklater_bot.blocks.timeline import lanes_of, ticks_of
from tracklater_bot.blocks.timeline_png import draw
from tracklater_bot.cli.person import person_of
from tracklater_bot.core import opened
from tracklater_bot.settings import load
from tracklater_bot.slack.app import Bot, running
from tracklater_sandbox import Sandbox

DOCS = Path(__file__).parent.parent / "docs"
FRIDAY = date(2026, 11, 20)
DESKTOP: ViewportSize = {"width": 1280, "height": 1150}
PHONE: ViewportSize = {"width": 390, "height": 844}
MOST_BYTES = 300_000
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


class Evening:
    """A clock that begins at six in the evening of the sample day."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._shift = datetime(2026, 11, 20, 18, tzinfo=sandbox.zone) - datetime.now(sandbox.zone)
        self._zone = sandbox.zone

    def __call__(self) -> datetime:
        """What it shows now."""
        return datetime.now(self._zone) + self._shift


@contextmanager
def stage(home: Path) -> Iterator[tuple[Sandbox, Bot]]:
    """The sandbox on the sample day, with the real bot connected to it."""
    sandbox = Sandbox(home, today=FRIDAY)
    sandbox.start()
    clock = Evening(sandbox)
    sandbox.slack.workspace.clock = lambda: clock().timestamp()
    try:
        database = {"TRACKLATER_DATABASE_URL": f"sqlite:///{home / 'demo.db'}"}
        environ = {**sandbox.env, **sandbox.more_traces, **database}
        settings = load(sandbox.settings_file, None, environ).settings
        with opened(settings, clock) as core, running(person_of(core)) as bot:
            sandbox.slack.wait_connected()
            yield sandbox, bot
    finally:
        sandbox.stop()


def say(page: Page, words: str) -> None:
    """Writes a message or command in the page."""
    page.get_by_label("Message or slash command").fill(words)
    page.keyboard.press("Enter")


def open_days(page: Page) -> None:
    """Asks for a forgotten day, then for the sample day, and waits until its picture is there."""
    say(page, "/tracklater tuesday")
    expect(page.get_by_text("Tuesday 17 November:")).to_be_visible(timeout=30_000)
    say(page, f"/tracklater {FRIDAY}")
    picture = page.get_by_role("img", name="Timeline of Friday")
    expect(picture).to_be_visible(timeout=30_000)


def press(page: Page, times: str, action: str) -> None:
    """Presses a row's button, or chooses from the menu of a row that has none."""
    button = page.get_by_role("button", name=f"{action} {times}")
    if button.count():
        button.last.click()
        return
    row = page.locator(".block-section", has_text=times).last
    row.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name=action, exact=True).click()


def decide_all(page: Page) -> None:
    """Approves what has a group, and skips what has none."""
    page.get_by_role("button", name="Approve all").last.click()
    page.get_by_role("dialog").get_by_role("button", name="Approve all").click()
    for skip in page.get_by_role("button", name="Skip").all()[-1:]:
        skip.click()
    expect(page.get_by_text("Everything is decided").last).to_be_visible(timeout=15_000)


def approve_first(page: Page) -> None:
    """Puts the first suggestion into Toggl."""
    press(page, "08:50–10:20", "Approve")
    pane = page.get_by_role("complementary", name="In Toggl now")
    expect(pane.get_by_text("08:50 – 10:20")).to_be_visible(timeout=15_000)
    drawn = page.get_by_role("img", name="In Toggl, 2 h 20 min").first
    expect(drawn).to_be_visible(timeout=15_000)


def show_top(page: Page) -> None:
    """Scrolls to the beginning of the sample day's message."""
    heading = page.get_by_role("heading", name="Friday 20 November")
    heading.evaluate("node => node.closest('article').scrollIntoView()")


def take(page: Page, name: str, message: Locator | None = None) -> None:
    """Keeps what the page or a message shows now. Raises SystemExit for a picture too heavy."""
    path = DOCS / f"{name}.png"
    if message is None:
        page.screenshot(path=path, animations="disabled")
    else:  # tall enough to be seen as a whole
        size = page.viewport_size or PHONE
        page.set_viewport_size({**size, "height": 2400})
        message.screenshot(path=path, animations="disabled")
        page.set_viewport_size(size)
    if path.stat().st_size > MOST_BYTES:
        raise SystemExit(f"{path.name} has {path.stat().st_size} bytes; at most {MOST_BYTES}.")
    print(f"docs/{path.name}")


def take_days(page: Page, where: str = "") -> None:
    """The week and the month."""
    for words, title in (("week", "Mon 16 Nov to"), ("month", "November 2026")):
        say(page, f"/tracklater {words}")
        heading = page.get_by_role("heading", name=title).last
        expect(heading).to_be_visible(timeout=30_000)
        take(page, f"{words}{where}", page.locator("article", has=heading).last)


def take_timeline(bot: Bot) -> None:
    """Draws the sample day as `preview --png` does."""
    digest = bot.days.person.store.digest(bot.days.person.id, FRIDAY)
    assert digest is not None
    draft = bot.days.person.draft(bot.days.person.calendar.day_on(FRIDAY))
    person = bot.days.person
    lanes = lanes_of(digest, person.clock(), ticks_of(draft), person.tracker_words)
    (DOCS / "timeline.png").write_bytes(draw(lanes, tuple(bot.days.person.file_settings.groups)))
    print("docs/timeline.png")


def desktop(browser: Browser, sandbox: Sandbox, bot: Bot) -> None:
    """The day's message, the edit dialog and Home."""
    page = browser.new_page(viewport=DESKTOP, locale="en-GB")
    page.goto(sandbox.url)
    open_days(page)
    take_timeline(bot)
    approve_first(page)
    show_top(page)
    take(page, "demo")
    press(page, "10:35–11:30", "Edit")
    dialog = page.get_by_role("dialog", name="Edit")
    dialog.get_by_role("combobox", name="Issue").fill("rate")
    expect(dialog.get_by_role("option").first).to_be_visible()
    take(page, "edit")
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    take_days(page)
    page.get_by_role("tab", name="Home").click()
    expect(page.get_by_role("heading", name="Preferences")).to_be_visible()
    take(page, "home")
    page.close()


def phone(browser: Browser, sandbox: Sandbox) -> None:
    """The day's message as it looks on a phone, and when all is decided."""
    page = browser.new_page(viewport=PHONE, device_scale_factor=2, locale="en-GB")
    page.goto(sandbox.url)
    show_top(page)
    take(page, "phone")
    decide_all(page)
    show_top(page)
    take(page, "decided")
    take_days(page, "-phone")
    page.close()


def main() -> None:
    """Takes them all. Needs Chromium."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        sys.exit("The screenshots need Chromium, and there is none here.")
    DOCS.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="tracklater-shots-") as folder,
        sync_playwright() as playwright,
        stage(Path(folder) / "home") as (sandbox, bot),
    ):
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        desktop(browser, sandbox, bot)
        phone(browser, sandbox)
        browser.close()


if __name__ == "__main__":
    main()
