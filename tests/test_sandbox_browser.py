"""The page in headless Chromium, with a small Bolt app behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Dialog, Error, Page, expect
from slack_bolt import App
from slack_sdk import WebClient

from tracklater_sandbox import ME, Sandbox

Json = dict[str, Any]
pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)> & *Acme* <!channel>"
ISSUES = {"DEV-123": "Fix login", "DEV-131": "Rate limit is off by one", "#12": "Reset password"}


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def option(value: str, text: str = "") -> Json:
    return {"text": plain(text or value), "value": value}


def button(text: str, **more: Any) -> Json:
    return {"type": "button", "action_id": text.lower(), "text": plain(text), "value": "1", **more}


def question(text: str) -> Json:
    words = {"title": plain("Approve all"), "text": mrkdwn(text), "confirm": plain("Do it")}
    return {**words, "deny": plain("Not yet")}


def asked(name: str, element: Json, **more: Any) -> Json:
    element = {"action_id": name, **element}
    label = plain(name.capitalize())
    return {"type": "input", "block_id": name, "label": label, "element": element, **more}


def digest(state: str) -> list[Json]:
    menu = {"type": "overflow", "action_id": "more", "options": [option("why", "Why this?")]}
    return [
        {"type": "header", "text": plain("Friday")},
        {"type": "section", "text": mrkdwn(f"*09:00–10:00* _{state}_"), "accessory": menu},
        {"type": "section", "text": plain(HOSTILE)},
        {
            "type": "actions",
            "elements": [
                button("Approve", style="primary"),
                button("Edit"),
                button("All", confirm=question("Make *3* entries?")),
            ],
        },
    ]


EDIT: Json = {
    "type": "modal",
    "callback_id": "edit_item",
    "title": plain("Edit"),
    "submit": plain("Save"),
    "blocks": [
        asked("start", {"type": "timepicker", "initial_time": "09:00"}),
        asked(
            "project",
            {
                "type": "static_select",
                "option_groups": [
                    {"label": plain("Acme"), "options": [option("1", "Development")]},
                    {"label": plain("Globex"), "options": [option("2", "Website")]},
                ],
            },
        ),
        asked(
            "issue",
            {"type": "external_select", "min_query_length": 0},
            optional=True,
            dispatch_action=True,
        ),
        asked("description", {"type": "plain_text_input"}),
        asked(
            "billable",
            {"type": "checkboxes", "options": [option("yes", "Billable")]},
            optional=True,
        ),
    ],
}


def home_view(text: str) -> Json:
    picker = {"type": "timepicker", "action_id": "pref_at", "initial_time": "17:30"}
    section = {"type": "section", "text": mrkdwn(text), "accessory": picker}
    return {"type": "home", "blocks": [section]}


def described(words: str) -> Json:
    """The dialog with another description, in a field of its own so that Slack shows it."""
    blocks = [
        block if block["block_id"] != "description" else refilled(block, words)
        for block in EDIT["blocks"]
    ]
    return EDIT | {"blocks": blocks}


def refilled(block: Json, words: str) -> Json:
    element = block["element"] | {"initial_value": words}
    return block | {"block_id": "description-2", "element": element}


class Heard:
    """What the app was told."""

    def __init__(self) -> None:
        self.actions: list[str] = []
        self.values: Json = {}


def small_app(bot: WebClient, heard: Heard) -> App:
    """Posts a digest, opens a dialog, answers typeahead, publishes Home."""
    app = App(client=bot)

    @app.command("/tracklater")
    def command(ack: Any, command: Json, client: WebClient) -> None:
        ack(f"Looking at {command['text']}")
        channel = client.conversations_open(users=ME)["channel"]["id"]
        client.chat_postMessage(channel=channel, text="Friday", blocks=digest("open"))

    @app.action("edit")
    def edit(ack: Any, body: Json, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=EDIT)

    @app.action(re.compile("approve|all|more|pref_.*"))
    def other(ack: Any, body: Json, client: WebClient) -> None:
        ack()
        action = body["actions"][0]
        chosen = action.get("selected_option") or {}
        value = action.get("selected_time") or chosen.get("value") or action.get("value")
        heard.actions.append(f"{action['action_id']} {value}")
        if action["action_id"] == "pref_at":
            client.views_publish(user_id=body["user"]["id"], view=home_view(f"Saved: {value}"))
        if "message" in body:
            client.chat_update(
                channel=body["channel"]["id"],
                ts=body["message"]["ts"],
                text="Friday",
                blocks=digest("in Toggl"),
            )

    @app.action("issue")
    def chosen(ack: Any, body: Json, client: WebClient) -> None:
        ack()
        words = body["actions"][0]["selected_option"]["text"]["text"]
        view, old = described(words), body["view"]
        client.views_update(view_id=old["id"], hash=old["hash"], view=view)

    @app.options("issue")
    def issues(ack: Any, payload: Json) -> None:
        query = payload["value"].lower()
        found = {key: title for key, title in ISSUES.items() if query in f"{key} {title}".lower()}
        ack(options=[option(key, f"{key} {title}") for key, title in found.items()])

    @app.view("edit_item")
    def save(ack: Any, view: Json) -> None:
        heard.values = view["state"]["values"]
        if heard.values["start"]["start"]["selected_time"] == "09:00":
            ack(response_action="errors", errors={"start": "Too early"})
        else:
            ack()

    @app.event("app_home_opened")
    def home(event: Json, client: WebClient) -> None:
        client.views_publish(user_id=event["user"], view=home_view("*Digest at*"))

    return app


@pytest.fixture
def heard(sandbox: Sandbox, connected: Callable[[App], None]) -> Heard:
    told = Heard()
    bot = WebClient(sandbox.slack.bot_token, base_url=f"{sandbox.url}/slack/api/")
    connected(small_app(bot, told))
    return told


@pytest.fixture
def page(sandbox: Sandbox, heard: Heard, tab: Page) -> Iterator[Page]:
    tab.set_viewport_size({"width": 1280, "height": 860})
    tab.set_default_timeout(8000)
    problems: list[str] = []

    def note(error: Error) -> None:
        problems.append(str(error))

    def close(dialog: Dialog) -> None:
        problems.append(f"a dialog said {dialog.message}")
        dialog.dismiss()

    tab.on("pageerror", note)
    tab.on("dialog", close)
    tab.goto(sandbox.url)
    yield tab
    tab.goto("about:blank")
    tab.remove_listener("pageerror", note)
    tab.remove_listener("dialog", close)
    assert problems == []


def say(page: Page, text: str) -> None:
    page.get_by_label("Message or slash command").fill(text)
    page.keyboard.press("Enter")


def test_a_command_with_hints_posts_a_digest(page: Page) -> None:
    page.get_by_label("Message or slash command").fill("/tracklater y")
    page.get_by_role("button", name="/tracklater yesterday").click()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Only visible to you")).to_be_visible()
    expect(page.get_by_text("Looking at yesterday")).to_be_visible()
    expect(page.get_by_role("heading", name="Friday")).to_be_visible()


def test_outside_text_stays_text(page: Page) -> None:
    say(page, "/tracklater today")
    expect(page.get_by_text(HOSTILE)).to_be_visible()


def test_a_click_reaches_the_app_and_the_message_changes(page: Page, heard: Heard) -> None:
    say(page, "/tracklater today")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("em", has_text="in Toggl")).to_be_visible()
    expect(page.get_by_text("(edited)")).to_be_visible()
    assert heard.actions == ["approve 1"]


def test_a_question_comes_before_the_click(page: Page, heard: Heard) -> None:
    say(page, "/tracklater today")
    every = page.get_by_role("button", name="All", exact=True)
    every.click()
    expect(page.get_by_role("dialog")).to_contain_text("Make 3 entries?")
    page.get_by_role("button", name="Not yet").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert heard.actions == []
    every.click()
    page.get_by_role("button", name="Do it").click()
    expect(page.locator("em", has_text="in Toggl")).to_be_visible()
    assert heard.actions == ["all 1"]


def test_a_menu_is_worked_with_the_keyboard(page: Page, heard: Heard) -> None:
    say(page, "/tracklater today")
    page.get_by_role("button", name="More actions").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Why this?")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("em", has_text="in Toggl")).to_be_visible()
    assert heard.actions == ["more why"]


def test_an_update_waits_while_a_menu_of_the_message_is_open(page: Page, sandbox: Sandbox) -> None:
    say(page, "/tracklater today")
    page.get_by_role("button", name="More actions").click()
    channel, ts = _last_message(sandbox)
    client = WebClient(sandbox.slack.bot_token, base_url=f"{sandbox.url}/slack/api/")
    client.chat_update(channel=channel, ts=ts, text="Friday", blocks=digest("waiting"))
    client.chat_postMessage(channel=channel, text="And another one")
    expect(page.get_by_text("And another one")).to_be_visible()  # the page has heard of both
    expect(page.get_by_role("menuitem", name="Why this?")).to_be_visible()
    expect(page.locator("em", has_text="waiting")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("em", has_text="waiting")).to_be_visible()


def _last_message(sandbox: Sandbox) -> tuple[str, str]:
    """Where the day's message is."""
    client = WebClient(sandbox.slack.bot_token, base_url=f"{sandbox.url}/slack/api/")
    channel = client.conversations_open(users=ME)["channel"]["id"]
    found = [
        each
        for each in client.conversations_history(channel=channel)["messages"]
        if each.get("blocks")
    ]
    return channel, found[0]["ts"]


def test_a_dialog_is_filled_in_corrected_and_saved(page: Page, heard: Heard) -> None:
    say(page, "/tracklater today")
    page.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog", name="Edit")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Please complete this required field.")).to_have_count(2)
    dialog.get_by_role("combobox", name="Project").fill("web")
    expect(dialog.get_by_text("Globex")).to_be_visible()
    dialog.get_by_role("option", name="Website").click()
    dialog.get_by_label("Description").fill("Typed before the issue was chosen")
    issue = dialog.get_by_role("combobox", name="Issue")
    issue.fill("rate")
    expect(dialog.get_by_role("option")).to_have_text(["DEV-131 Rate limit is off by one"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(issue).to_have_value("DEV-131 Rate limit is off by one")
    description = dialog.get_by_label("Description")
    expect(description).to_have_value("DEV-131 Rate limit is off by one")
    description.fill("Worked <hard>")
    dialog.get_by_role("checkbox", name="Billable").check()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Too early")).to_be_visible()
    dialog.get_by_label("Start").fill("09:30")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    values = heard.values
    assert values["start"]["start"]["selected_time"] == "09:30"
    assert values["project"]["project"]["selected_option"]["value"] == "2"
    assert values["issue"]["issue"]["selected_option"]["value"] == "DEV-131"
    assert values["description-2"]["description"]["value"] == "Worked <hard>"
    assert values["billable"]["billable"]["selected_options"][0]["value"] == "yes"


def test_escape_closes_a_dialog(sandbox: Sandbox, page: Page) -> None:
    say(page, "/tracklater today")
    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_role("dialog", name="Edit")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert sandbox.slack.wait(lambda: sandbox.slack.view is None)


def test_home_is_shown_and_its_controls_work(page: Page, heard: Heard) -> None:
    page.get_by_role("tab", name="Home").first.click()
    picker = page.locator("[data-action=pref_at]")
    expect(picker).to_have_value("17:30")
    picker.fill("18:15")
    picker.blur()
    expect(page.get_by_text("Saved: 18:15")).to_be_visible()
    assert heard.actions == ["pref_at 18:15"]


def test_new_entries_appear_beside_the_messages(sandbox: Sandbox, page: Page) -> None:
    pane = page.get_by_role("complementary", name="In Toggl now")
    expect(pane.get_by_role("listitem")).to_have_count(1)
    start = datetime(2026, 11, 20, 7, 5, tzinfo=UTC)
    entry = {
        "created_with": "tracklater-bot",
        "workspace_id": 7001,
        "start": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "duration": 5400,
        "description": "DEV-123 Fix login",
        "project_id": 501,
    }
    sandbox.toggl.account.create(7001, entry)
    sandbox.slack.workspace.touch()
    expect(pane.get_by_text("09:05 – 10:35")).to_be_visible()
    expect(pane.get_by_text("Acme Oy › Development")).to_be_visible()
    expect(page.locator("#toggl-sum")).to_have_text("2 h 20 min")


def test_a_long_message_is_read_from_its_start(sandbox: Sandbox, page: Page) -> None:
    bot = WebClient(sandbox.slack.bot_token, base_url=f"{sandbox.url}/slack/api/")
    channel = bot.conversations_open(users=ME)["channel"]["id"]
    for number in range(2):
        lines = [{"type": "section", "text": plain(f"Line {line}")} for line in range(45)]
        head = {"type": "header", "text": plain(f"Day {number}")}
        bot.chat_postMessage(channel=channel, text="Day", blocks=[head, *lines])
    expect(page.get_by_role("heading", name="Day 1")).to_be_in_viewport()


def test_a_bot_that_is_gone_is_told(sandbox: Sandbox, page: Page) -> None:
    say(page, "/tracklater today")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    sandbox.slack.hang_up()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status")).to_contain_text("the app is not connected")


def test_on_a_phone_there_is_one_column(sandbox: Sandbox, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    say(page, "/tracklater today")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    expect(page.get_by_label("Workspace")).to_be_hidden()
    pane = page.get_by_role("complementary", name="In Toggl now")
    expect(pane).to_be_hidden()
    page.get_by_role("tab", name="Toggl").click()
    expect(pane).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == 390
