"""Whatever Slack sends passes the gate, and what blocks offer and listeners take is the same."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import Ack, App, BoltRequest

import tracklater_bot.blocks
from tests.bots import days_on, post
from tests.conftest import FRIDAY
from tests.digests import digest, issue, item, many, suggestion
from tests.notation import FRIDAY as DAY
from tests.notation import at, span
from tracklater_bot.blocks.dialog_values import Choices
from tracklater_bot.blocks.dialogs import (
    add_modal,
    edit_modal,
    note_modal,
    split_modal,
    why_modal,
    with_move_offer,
)
from tracklater_bot.blocks.digest import DigestView, digest_message
from tracklater_bot.blocks.help import help_message, move_offer, no_traces
from tracklater_bot.blocks.home import HomeView, Preferences, home
from tracklater_bot.blocks.rows import _BUTTONS
from tracklater_bot.blocks.rule_dialog import rule_modal, with_words
from tracklater_bot.blocks.week import BillingView, WeekView, week_message
from tracklater_bot.domain.day_totals import DayTimes
from tracklater_bot.domain.digests import Digest, ItemState, Problem
from tracklater_bot.domain.draft import Draft, Gap
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.rules import Rule, RuleKind
from tracklater_bot.domain.stretches import ReadyRows, Stretch
from tracklater_bot.domain.wall import Shown
from tracklater_bot.slack.app import register
from tracklater_bot.slack.days import Days
from tracklater_bot.slack.gate import STRANGER
from tracklater_sandbox import ME, Sandbox
from tracklater_sandbox.slack.workspace import OTHER

Json = dict[str, Any]
Registered = tuple[str, Any]  # a kind of listener, and what Bolt was told that it is for
# Buttons and menus of messages that an older version posted.
KEPT_FOR_OLD_MESSAGES = frozenset({"remind"})


class Recording(App):
    """Bolt, with listeners that only say that they were reached."""

    def __init__(self, **more: Any) -> None:
        super().__init__(signing_secret="secret", token_verification_enabled=False, **more)
        self.registered: list[Registered] = []
        self.reached: list[Registered] = []

    def _recorded(self, kind: str, constraint: Any) -> Callable[..., Any]:
        self.registered.append((kind, constraint))

        def reached(ack: Ack) -> None:
            ack()
            self.reached.append((kind, constraint))

        genuine = getattr(super(), kind)
        return lambda _listener: genuine(constraint)(reached)

    def action(self, constraints: Any, *_: Any) -> Any:
        return self._recorded("action", constraints)

    def command(self, command: Any, *_: Any) -> Any:
        return self._recorded("command", command)

    def event(self, event: Any, *_: Any) -> Any:
        return self._recorded("event", event)

    def options(self, constraints: Any, *_: Any) -> Any:
        return self._recorded("options", constraints)

    def shortcut(self, constraints: Any, *_: Any) -> Any:
        return self._recorded("shortcut", constraints)

    def view(self, constraints: Any, *_: Any) -> Any:
        return self._recorded("view", constraints)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory, sample_home: Any) -> Iterator[Days]:
    with (
        Sandbox(tmp_path_factory.mktemp("gate"), today=FRIDAY) as sandbox,
        days_on(sandbox) as made,
    ):
        post(made, sandbox, "09:00-10:00 acme DEV-1")
        yield made


@pytest.fixture
def app(days: Days) -> Recording:
    made = Recording(client=days.messenger._client, process_before_response=True)
    register(made, days)
    assert len(made._listeners) == len(made.registered), "a listener of a kind unknown here"
    return made


def _name(constraint: Any) -> str:
    """An id that the constraint takes."""
    if isinstance(constraint, dict):
        return str(constraint["action_id"])
    if isinstance(constraint, re.Pattern):
        counted = {r"^page:\d+$": "page:1", r"^answer:\d+$": "answer:1"}
        return (counted | {"^pref_": "pref_reset"})[constraint.pattern]
    return str(constraint)


def _request(registered: Registered, user: str, item_id: str = "") -> Json:
    """What Slack sends for it."""
    kind, name = registered[0], _name(registered[1])
    whose = {"user": {"id": user}, "team": {"id": "T0SANDBOX"}, "trigger_id": "1"}
    meta = json.dumps({"item": item_id, "version": 1, "day": FRIDAY.isoformat()})
    view = {"id": "V1", "type": "modal", "callback_id": name, "private_metadata": meta}
    action = {"action_id": name, "block_id": "b", "type": "button", "value": item_id or "x"}
    bodies: dict[str, Json] = {
        "action": {"type": "block_actions", "actions": [action], **whose},
        "command": {"command": name, "text": "help", "user_id": user, "team_id": "T0SANDBOX"},
        "event": {"type": "event_callback", "event": {"type": name, "user": user, "tab": "home"}},
        "options": {
            "type": "block_suggestion", "action_id": name, "block_id": "b", "value": "",
            "view": view, **whose,
        },
        "shortcut": {"type": "message_action", "callback_id": name, "message": {}, **whose},
        "view": {"type": "view_submission", "view": view, **whose},
    }  # fmt: skip
    return bodies[kind]


def _reached(app: Recording, requests: Iterable[Json]) -> list[Registered]:
    app.reached.clear()
    for body in requests:
        answer = app.dispatch(BoltRequest(body=body, mode="socket_mode"))
        assert answer.status == 200, body
    return app.reached


def test_every_kind_of_listener_is_there(app: Recording) -> None:
    kinds = {kind for kind, _ in app.registered}
    assert kinds == {"action", "command", "event", "options", "shortcut", "view"}


def test_the_owner_reaches_every_listener(app: Recording) -> None:
    requests = [_request(registered, ME) for registered in app.registered]
    assert _reached(app, requests) == app.registered


def test_no_stranger_reaches_any_listener(app: Recording, days: Days) -> None:
    stored = days.person.store.digest(ME, FRIDAY)
    assert stored is not None
    for item_id in ("", stored.items[0].id):
        requests = [_request(registered, OTHER, item_id) for registered in app.registered]
        assert _reached(app, requests) == []


def test_nobody_reaches_a_listener_with_another_persons_item(app: Recording, days: Days) -> None:
    theirs = days.person.store.save_draft(OTHER, _friday())
    for user in (ME, OTHER):
        for prefix in ("", "split:"):
            requests = [
                _request(registered, user, prefix + theirs.items[0].id)
                for registered in app.registered
                if registered[0] == "action"
            ]
            assert _reached(app, requests) == []
        for kind in ("view", "options"):
            dialogs = [each for each in app.registered if each[0] == kind]
            bodies = [_request(dialog, user, theirs.items[0].id) for dialog in dialogs]
            assert _reached(app, bodies) == []


def test_a_stranger_is_told_why_in_the_dialog(app: Recording) -> None:
    body = _request(("view", "edit_item"), OTHER)
    body["view"]["blocks"] = [{"type": "input", "block_id": "start"}]
    answer = app.dispatch(BoltRequest(body=body, mode="socket_mode"))
    told = {"response_action": "errors", "errors": {"start": STRANGER}}
    assert json.loads(str(answer.body)) == told


def _friday() -> Draft:
    return Draft(FRIDAY, str(DAY.zone), (suggestion("09:00-10:00 acme DEV-1"),))


# -- What blocks offer -----------------------------------------------------------------------------

PROJECT = Project("Development", "group1", id="1")


def _digests() -> list[Digest]:
    """A day in every state that has buttons of its own."""
    cases: list[tuple[ItemState, Problem | None]] = [
        *((ItemState.FAILED, problem) for problem in (*Problem, None)),
        *((ItemState.SENT, problem) for problem in (Problem.CHANGED, None)),
        (ItemState.PENDING, None),
        (ItemState.SKIPPED, None),
    ]
    items = [
        replace(item(f"{n:02d}:00-{n:02d}:30 group1 DEV-{n}", state, n), problem_code=problem)
        for n, (state, problem) in enumerate(cases)
    ]
    sure = digest(item("09:00-10:00 group1 DEV-1"), item("10:00-11:00 group1", confidence=0.5))
    asked = digest("09:00-10:00 ?", "10:00-11:00 group1", "11:00-12:00 group2")
    return [digest(*items), sure, asked, digest(*many(40))]


def _views() -> list[Json]:
    """Each dialog once, and Home with all that it may show."""
    day = digest("09:00-10:00 group1 DEV-1", "10:00-11:00 group1 DEV-2")
    choices = Choices(DAY, (PROJECT,), ("group1",))
    edit = edit_modal(day, day.items[0], choices)
    preferences = Preferences(
        time(17, 30), ("mon",), "FI", date(2026, 11, 25), frozenset({"digest_at"})
    )
    rule = Rule(RuleKind.ALWAYS, "group1", "word", 1)
    shown = HomeView(
        now=at("18:00"), zone=DAY.zone, preferences=preferences, open_days=[(FRIDAY, 2)],
        countries=[("FI", "Finland")], rules=[rule],
    )  # fmt: skip
    return [
        edit,
        with_move_offer(edit, "It overlaps."),
        add_modal(DAY, choices, issue=issue("DEV-1"), gaps=[Gap(span("09:00-10:00"), "away")]),
        split_modal(day, day.items[0]),
        why_modal(day, day.items[0]),
        with_words(rule_modal(day, day.items[0], choices), Shown((("word", 5),))) or {},
        note_modal("Title", "Words"),
        home(shown),
    ]


def _messages() -> list[list[Json]]:
    shown = [
        digest_message(each, DigestView(page=page)).blocks for each in _digests() for page in (0, 1)
    ]
    day = digest("09:00-10:00 group1")
    billing = BillingView({}, "0", day.day)
    view = WeekView(
        Stretch.week(day.day),
        ReadyRows.of([day], certain_only=True),
        ReadyRows((day.day,), 2),
        billing=billing,
    )
    week = week_message([DayTimes.of(day)], view=view)
    offer = move_offer(day, [(item("09:00-10:00 group2"), day.items[0])])
    assert offer is not None
    answers = (week, no_traces(FRIDAY, ()), help_message(), offer)
    return [*shown, *(message.blocks for message in answers)]


def _elements(value: Any, *, dispatched: bool = True) -> Iterator[tuple[Json, bool]]:
    """All elements with an action id, and whether using one alone sends something."""
    if isinstance(value, dict):
        sends = bool(value.get("dispatch_action")) if value.get("type") == "input" else dispatched
        if "action_id" in value:
            yield value, sends
        for inner in value.values():
            yield from _elements(inner, dispatched=sends)
    elif isinstance(value, list):
        for inner in value:
            yield from _elements(inner, dispatched=dispatched)


def _offered(kind: str) -> set[str]:
    """The ids that blocks make which want such a listener."""
    views = _views()
    if kind == "view":
        return {str(view["callback_id"]) for view in views if "submit" in view}
    found = [each for made in (*views, *_messages()) for each in _elements(made)]
    if kind == "options":
        return {str(e["action_id"]) for e, _ in found if e["type"] == "external_select"}
    return {str(e["action_id"]) for e, sends in found if sends}


def _takes(constraint: Any, name: str) -> bool:
    if isinstance(constraint, re.Pattern):
        return constraint.search(name) is not None
    return bool(_name(constraint) == name)


@pytest.mark.parametrize("kind", ["action", "options", "view"])
def test_what_blocks_offer_and_listeners_take_is_the_same(app: Recording, kind: str) -> None:
    offered = _offered(kind)
    constraints = [constraint for each, constraint in app.registered if each == kind]
    deaf = {name for name in offered if not any(_takes(each, name) for each in constraints)}
    assert deaf == set(), "nobody listens to these"
    idle = [each for each in constraints if not any(_takes(each, name) for name in offered)]
    assert {_name(each) for each in idle} <= KEPT_FOR_OLD_MESSAGES, "nothing makes these"


def test_the_blocks_tried_here_have_every_action_id_that_there_is() -> None:
    """So that a new button cannot be forgotten above."""
    every = {str(e["action_id"]) for made in (*_views(), *_messages()) for e, _ in _elements(made)}
    assert {"approve", "forget_habits", "bill_month"} <= _written() <= every


def _written() -> set[str]:
    """The action ids that stand in the source of blocks/."""
    (folder,) = tracklater_bot.blocks.__path__
    nodes = [
        node
        for file in Path(folder).glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    ]
    found: list[ast.expr | None] = []
    for node in nodes:
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            found += [v for k, v in pairs if isinstance(k, ast.Constant) and k.value == "action_id"]
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func).removeprefix("kit.")
            place = {"button": 1, "element": 1, "overflow": 0}.get(called)
            found += [] if place is None else [node.args[place]]
    literal = {str(each.value) for each in found if isinstance(each, ast.Constant)}
    return literal | {kind[1] for kind in _BUTTONS.values()}
