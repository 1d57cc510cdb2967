"""Nobody reads, moves or approves another's anything, whatever a payload names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from random import Random
from typing import Any

import pytest
from slack_bolt import BoltRequest, BoltResponse

from tests.hub.firm import Firm
from tests.longer import usually
from tracklater_bot.blocks.dialog_values import DialogMeta
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.digests import Digest
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.rules import Rule, RuleKind
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.slack.gate import STRANGER
from tracklater_hub import jobs, people
from tracklater_hub.front import TOKENS, Front
from tracklater_sandbox import ME, OTHER

Json = dict[str, Any]
HOUR = timedelta(hours=1)
ACTIONS = (
    "approve", "approve_anyway", "trim", "keep", "skip", "undo", "approve_all", "approve_certain",
    "answer:0", "move_too", "page:1", "refresh", "open_day", "approve_days", "approve_days_all",
    "bill_month", "unbill_month", "remind", "pref_digest_at", "pref_reset", "drop_rule",
    "forget_habits", "edit", "more", "add", "project", "issue", "gap", "seen", "nothing",
)  # fmt: skip
PREFIXES = (
    "", "approve:", "skip:", "undo:", "split:", "merge:", "why:", "rule:", "revert:", "edit:",
    "add:", "refresh:", "group:", "week:", "a:b:",
)  # fmt: skip
VIEWS = ("edit_item", "add_item", "split_item", "rule", TOKENS, "nothing")
WORDS = ("", "status", "week", "yesterday", "help", "devices", "tokens", "2026-11-20", "<@{other}>")


class Inline(ThreadPoolExecutor):
    """Listeners are through when the request is answered."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as a thread of a pool
            done.set_exception(error)
        return done


class Both:
    """Two people with a day each, and payloads in the name of one that name what is the other's."""

    def __init__(self, firm: Firm) -> None:
        hub = firm.start_hub()
        self.firm, self.members = firm, hub.members
        self.members._listeners = replace(self.members._listeners, executor=Inline(1))
        self.front = Front(self.members, self.members._listeners, "https://hub.example")
        self.day = firm.sandbox.day
        self.digests = {user: self._opened(user) for user in (ME, OTHER)}
        firm.sandbox.slack.home(user=OTHER)

    def _opened(self, user: str) -> Digest:
        with self.members.store.writing() as transaction:
            people.add(transaction, user)
        member = self.members.of(user)
        assert member is not None
        day = member.core.calendar.day_on(self.day)
        rows = tuple(
            Suggestion(
                Span(day.span.start + number * HOUR, day.span.start + (number + 1) * HOUR),
                None if number == 2 else "acme",
                description=f"words of {user}",
                confidence=0.95,
            )
            for number in range(3)
        )
        store = self.members.store
        store.save_draft(user, Draft(self.day, str(day.zone), rows))
        store.add_rule(user, Rule(RuleKind.ALWAYS, "acme", f"words of {user}"))
        member.days.open_day(day)
        found = store.digest(user, self.day)
        assert found is not None
        assert found.ts is not None
        return found

    def send(self, body: Json) -> BoltResponse:
        user = body.get("user_id") or (body.get("user") or body.get("event") or {}).get("user")
        user = user or body["user"]["id"]
        workspace = self.firm.sandbox.slack.workspace
        key = workspace.response_key(workspace.dm(user).id, user)
        body["response_url"] = f"{self.firm.sandbox.url}/slack/response/{key}"
        return self.front.dispatch(BoltRequest(body=body, mode="socket_mode"))

    def seen_by(self, user: str) -> str:
        """All that Slack shows to the person."""
        slack = self.firm.sandbox.slack
        workspace = slack.workspace
        views = [workspace.homes.get(user), workspace.modals.get(user)]
        return json.dumps([slack.messages(user=user), views], default=str)

    def kept_of(self, user: str) -> list[str]:
        """All rows of the person's, in all tables."""
        tables = self.firm.sql(
            "SELECT DISTINCT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'person' ORDER BY 1"
        )
        # When they are looked at next is not theirs.
        ours = "SELECT to_jsonb(t) - '{{due_at,issues_at,pruned_at}}'::text[] FROM {} t"
        where = " WHERE person = :person ORDER BY 1"
        return [
            f"{name}: {row}"
            for (name,) in tables
            for row in self.firm.sql(ours.format(name) + where, person=user)
        ]


def payloads(both: Both, chance: Random) -> Iterator[Json]:
    """In the name of ME, in endless variety."""
    theirs = both.digests[OTHER]
    slack = both.firm.sandbox.slack
    (message,) = both.firm.messages(OTHER)
    channel = slack.workspace.dm(OTHER).id
    items = [item.id for item in theirs.items]
    where: Json = {
        "channel": {"id": channel, "name": "directmessage"},
        "container": {"type": "message", "message_ts": theirs.ts, "channel_id": channel},
        "message": {**message, "user": OTHER},
    }
    day = both.day.isoformat()
    odd: Json = {
        "user_name": OTHER, "authorizations": [{"user_id": OTHER, "team_id": "T0SANDBOX"}],
        "on_behalf_of": OTHER, "owner": OTHER, "users": [OTHER],
        "previous_message": where["message"],
    }  # fmt: skip

    rule_text = str(both.members.store.rules(OTHER)[0].id)

    def view(callback: str) -> Json:
        number = chance.randrange(len(theirs.items))
        typed = {
            "start": {"type": "timepicker", "selected_time": "09:00"},
            "end": {"type": "timepicker", "selected_time": "09:30"},
            "at": {"type": "timepicker", "selected_time": f"{4 + number:02}:30"},
            "description": {"type": "plain_text_input", "value": "stolen"},
            "word": {"type": "plain_text_input", "value": "stolen"},
            "token_0": {"type": "plain_text_input", "value": "stolen"},
        }
        meta = DialogMeta(items[number], theirs.items[number].version, day).text()
        return {
            "id": "V1", "type": chance.choice(["modal", "home"]), "callback_id": callback,
            "hash": "1", "private_metadata": meta,
            "state": {"values": {name: {name: one} for name, one in typed.items()}},
            "blocks": [{"type": "input", "block_id": name} for name in typed],
            "bot_id": OTHER, "external_id": items[0], "root_view_id": "V1",
        }  # fmt: skip

    me: Json = {"id": ME, "username": OTHER, "name": OTHER, "team_id": "T0SANDBOX"}
    while True:
        body: Json = {
            "trigger_id": slack.workspace.trigger(ME),
            "team": {"id": "T0SANDBOX"},
            "user": dict(me),
        }
        value = chance.choice(PREFIXES) + chance.choice([*items, theirs.ts or "", rule_text, OTHER])
        kind = chance.randrange(7)
        if kind <= 2:
            option = {"value": value, "text": {"type": "plain_text", "text": OTHER}}
            act: Json = {
                "action_id": chance.choice(ACTIONS),
                "block_id": f"day:{day}",
                "type": "button",
            }
            chosen: Json = {"selected_option": option, "type": "overflow"}
            act |= chosen if chance.random() < 0.5 else {"value": value}
            place = where if kind else {"view": view(chance.choice(VIEWS))}
            actions = [act, {**act, "value": chance.choice(items)}][: chance.choice([1, 1, 2])]
            body |= {"type": "block_actions", "actions": actions, **place}
        elif kind == 3:
            body |= {"type": chance.choice(["view_submission", "view_submission", "view_closed"])}
            body |= {"view": view(chance.choice(VIEWS))}
        elif kind == 4:
            ask = {"type": "block_suggestion", "action_id": "issue", "block_id": "issue"}
            body |= {**ask, "value": chance.choice(["", "words"]), "view": view("edit_item")}
        elif kind == 5:
            short = {"type": "message_action", "callback_id": "track_this", **deepcopy(where)}
            body |= short | {"message_ts": theirs.ts}
            body["message"]["text"] = "DEV-1"
        elif chance.random() < 0.5:
            body = {"command": "/tracklater", "user_id": ME, "team_id": "T0SANDBOX"}
            body |= {"text": chance.choice(WORDS).format(other=OTHER), "channel_id": channel}
            body |= {"trigger_id": slack.workspace.trigger(ME)}
        else:
            events: list[Json] = [
                {"type": "app_home_opened", "tab": "home", "view": view("home")},
                {"type": "message", "channel_type": "im", "text": "status", "channel": channel},
                {"type": "message", "channel_type": "im", "text": day, "parent_user_id": OTHER},
                {"type": "message", "subtype": "message_changed", "message": where["message"]},
            ]
            event = {"user": ME, "channel": channel, **chance.choice(events)}
            body = {"type": "event_callback", "team_id": "T0SANDBOX", "event": event}
        yield deepcopy(body | (odd if chance.random() < 0.5 else {}))


@pytest.fixture
def both(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> Both:
    monkeypatch.setattr(jobs.Jobs, "work", lambda *_: None)  # nothing happens by itself
    return Both(firm)


def test_nobody_reads_or_moves_anothers_anything(both: Both) -> None:
    slack = both.firm.sandbox.slack
    before, seen = both.kept_of(OTHER), both.seen_by(OTHER)
    assert f"words of {OTHER}" in seen
    assert len(before) > 5
    chance = Random(19)
    told, seen_in_dialogs = payloads(both, chance), list[str]()
    for number in range(usually(150, 1_500)):
        body = next(told)
        answer = both.send(body)
        assert f"words of {OTHER}" not in str(answer.body), body
        assert "Traceback" not in str(answer.body)  # Slack sends no such metadata
        if number % 25 == 0:
            assert both.kept_of(OTHER) == before, body
            seen_in_dialogs.append(both.seen_by(ME))
            if slack.view_of(ME):
                slack.close_view(user=ME, everything=True)
    assert both.kept_of(OTHER) == before
    assert both.seen_by(OTHER) == seen
    mine = "".join([*seen_in_dialogs, both.seen_by(ME)])
    assert f"words of {OTHER}" not in mine
    assert STRANGER.split(".")[0] in mine
    assert both.members.store.rules(OTHER) != []


def test_the_same_from_the_person_counts(both: Both) -> None:
    """So that the other test sends what would do something."""
    store, told = both.members.store, payloads(both, Random(19))
    changed, wanted = set[str](), {"skip", "split_item"}
    for body in islice(told, 1_500):
        view, (act, *_) = body.get("view") or {}, body.get("actions") or [{}]
        what = act.get("action_id") or (view.get("callback_id") if "state" in view else "")
        if what not in wanted - changed or body["type"] not in ("block_actions", "view_submission"):
            continue
        before = store.digest(OTHER, both.day)
        body["user"]["id"] = OTHER
        both.send(body)
        if store.digest(OTHER, both.day) != before:
            changed.add(what)
    assert changed == wanted
