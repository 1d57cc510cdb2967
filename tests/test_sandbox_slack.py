"""The sandbox's Slack as a real Bolt app meets it, over a real WebSocket."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from slack_bolt import App, BoltRequest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from tests.conftest import close_client
from tests.httpmode import deliver_to
from tracklater_sandbox import ME, OTHER, Sandbox

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(action_id: str, value: str = "1") -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(action_id), "value": value}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def labelled(block_id: str, element: Json, **more: Any) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(block_id),
        "element": {"action_id": block_id, **element},
        **more,
    }


def modal(*blocks: Json, **more: Any) -> Json:
    return {
        "type": "modal",
        "callback_id": "edit_item",
        "title": plain("Edit"),
        "submit": plain("Save"),
        "blocks": list(blocks),
        **more,
    }


EDIT = modal(
    labelled("start", {"type": "timepicker", "initial_time": "09:00"}),
    labelled("issue", {"type": "external_select", "min_query_length": 0}, optional=True),
    labelled("description", {"type": "plain_text_input", "max_length": 10}),
)


@pytest.fixture
def bot(sandbox: Sandbox) -> WebClient:
    return WebClient(sandbox.slack.bot_token, base_url=f"{sandbox.url}/slack/api/")


@pytest.fixture
def me(sandbox: Sandbox) -> WebClient:
    return WebClient(sandbox.slack.user_token, base_url=f"{sandbox.url}/slack/api/")


def refused(call: Callable[..., Any], **arguments: Any) -> Json:
    """The answer of a call that Slack refuses."""
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    return dict(caught.value.response.data)


def dm(bot: WebClient) -> str:
    return str(bot.conversations_open(users=ME)["channel"]["id"])


def app_of(bot: WebClient) -> App:
    return App(client=bot)


# -- Socket Mode -------------------------------------------------------------------------------


def test_a_command_is_acknowledged_with_a_message_only_its_sender_sees(
    sandbox: Sandbox, bot: WebClient, connected: Callable[[App], None]
) -> None:
    app = app_of(bot)
    heard: list[Json] = []

    @app.command("/tracklater")
    def answer(ack: Any, command: Json) -> None:
        heard.append(command)
        ack("Working on it")

    connected(app)
    assert sandbox.slack.command("/tracklater", "yesterday").acked
    assert (heard[0]["text"], heard[0]["user_id"]) == ("yesterday", ME)
    (message,) = sandbox.slack.messages()
    assert message["text"] == "Working on it"
    assert message["is_ephemeral"]
    assert sandbox.slack.messages(message_channel(sandbox), user=OTHER) == []


def message_channel(sandbox: Sandbox) -> str:
    return sandbox.slack.workspace.dm(ME).id


def test_a_click_opens_a_modal_and_errors_stand_beside_its_fields(
    sandbox: Sandbox, bot: WebClient, connected: Callable[[App], None]
) -> None:
    app = app_of(bot)
    saved: list[Json] = []

    @app.action("edit")
    def edit(ack: Any, body: Json, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=EDIT)

    @app.options("issue")
    def issues(ack: Any, payload: Json) -> None:
        ack(options=[{"text": plain("DEV-1 Fix"), "value": "DEV-1"}])

    @app.view("edit_item")
    def save(ack: Any, view: Json) -> None:
        values = view["state"]["values"]
        if values["start"]["start"]["selected_time"] == "09:00":
            ack(response_action="errors", errors={"start": "Too early"})
            return
        saved.append(values)
        ack()

    connected(app)
    slack = sandbox.slack
    ts = bot.chat_postMessage(channel=dm(bot), text="Hi", blocks=[actions(button("edit"))])["ts"]
    slack.click(ts, "edit")
    view = slack.wait(lambda: slack.view)
    assert slack.suggest(view, "issue")[0]["value"] == "DEV-1"
    missing = slack.submit(view, {"issue": "DEV-1"})
    assert missing.errors == {"description": "Please complete this required field."}
    early = slack.submit(view, {"description": "Work"})
    assert early.errors == {"start": "Too early"}
    assert len(sandbox.slack.workspace.stack(ME)) == 1
    assert slack.submit(view, {"start": "09:30"}).errors == {}
    assert slack.view is None
    assert saved[0]["issue"]["issue"]["selected_option"]["value"] == "DEV-1"
    assert saved[0]["start"]["start"] == {"type": "timepicker", "selected_time": "09:30"}


def test_only_one_of_several_sockets_gets_an_envelope(
    sandbox: Sandbox, bot: WebClient, connected: Callable[[App], None]
) -> None:
    heard: list[str] = []
    for name in ("first", "second"):
        app = app_of(bot)
        app.use(_named(name))

        @app.command("/tracklater")
        def answer(ack: Any, context: Any) -> None:
            heard.append(context["name"])
            ack()

        connected(app)
    for _ in range(4):
        sandbox.slack.command("/tracklater")
    assert sorted(heard) == ["first", "first", "second", "second"]


def test_an_app_that_does_not_answer_is_told_to_the_person(
    sandbox: Sandbox, bot: WebClient
) -> None:
    deaf = SocketModeClient(app_token=sandbox.slack.app_token, web_client=bot)
    deaf.connect()
    sandbox.slack.wait_connected()
    sandbox.slack.sockets.ack_seconds = 0.2
    outcome = sandbox.slack.command("/tracklater")
    close_client(deaf, sandbox)
    assert not outcome.acked
    assert sandbox.slack.acks[-1].ms is None
    assert "did not respond" in sandbox.slack.notices[0]


def test_without_a_connection_a_click_fails_at_once(sandbox: Sandbox, bot: WebClient) -> None:
    ts = bot.chat_postMessage(channel=dm(bot), text="Hi", blocks=[actions(button("edit"))])["ts"]
    assert sandbox.slack.click(ts, "edit").problem == "the app is not connected"


def test_an_app_comes_back_after_a_disconnect(
    sandbox: Sandbox, bot: WebClient, connected: Callable[[App], None]
) -> None:
    app = app_of(bot)
    app.command("/tracklater")(lambda ack: ack())
    connected(app)
    before = sandbox.slack.api.calls.count("apps.connections.open")
    sandbox.slack.refresh_sockets()
    sandbox.slack.wait(
        lambda: sandbox.slack.api.calls.count("apps.connections.open") > before, timeout=15
    )
    sandbox.slack.wait_connected(1, timeout=15)
    assert sandbox.slack.command("/tracklater").acked


def test_an_event_may_come_twice(
    sandbox: Sandbox, bot: WebClient, connected: Callable[[App], None]
) -> None:
    app = app_of(bot)
    heard: list[str] = []

    @app.event("app_home_opened")
    def opened(body: Json, client: WebClient) -> None:
        heard.append(body["event_id"])
        client.views_publish(
            user_id=body["event"]["user"],
            view={"type": "home", "blocks": [{"type": "divider"}]},
        )

    connected(app)
    assert sandbox.slack.home()["type"] == "home"
    sandbox.slack.repeat_event()
    sandbox.slack.wait(lambda: len(heard) == 2)
    assert heard[0] == heard[1]


def _named(name: str) -> Callable[..., None]:
    """A middleware that tells listeners which app they are in."""

    def middleware(context: Any, next: Callable[[], None]) -> None:
        context["name"] = name
        next()

    return middleware


class _Receiver(BaseHTTPRequestHandler):
    """Passes requests to a Bolt app, as a web server in http mode does."""

    app: App

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        headers: dict[str, str | Sequence[str]] = {
            name.lower(): [value] for name, value in self.headers.items()
        }
        answer = self.app.dispatch(BoltRequest(body=body, headers=headers))
        self.send_response(answer.status)
        self.end_headers()
        self.wfile.write(answer.body.encode())

    def log_message(self, *_: Any) -> None: ...


def test_an_app_in_http_mode_gets_signed_requests(sandbox: Sandbox, bot: WebClient) -> None:
    app = App(client=bot, signing_secret=sandbox.slack.signing_secret)
    app.command("/tracklater")(lambda ack, command: ack(f"You wrote {command['text']}"))
    app.view("edit_item")(lambda ack: ack(response_action="errors", errors={"start": "No"}))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Receiver", (_Receiver,), {"app": app}))
    Thread(target=server.serve_forever, daemon=True).start()
    deliver_to(sandbox.slack, f"http://127.0.0.1:{server.server_port}/slack/events")
    assert sandbox.slack.command("/tracklater", "week").acked
    assert sandbox.slack.messages()[0]["text"] == "You wrote week"
    bot.views_open(trigger_id=sandbox.slack.workspace.trigger(ME), view=EDIT)
    assert sandbox.slack.submit(values={"description": "x"}).errors == {"start": "No"}
    server.shutdown()
    server.server_close()


def test_the_sandbox_calls_nobody_outside(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        deliver_to(sandbox.slack, "https://example.com/slack/events")


def test_an_event_that_is_not_acknowledged_comes_again(sandbox: Sandbox, bot: WebClient) -> None:
    attempts: list[int] = []

    def hear(client: Any, request: SocketModeRequest) -> None:
        attempts.append(request.retry_attempt or 0)
        if request.retry_attempt:
            client.send_socket_mode_response(SocketModeResponse(request.envelope_id))

    slow = SocketModeClient(app_token=sandbox.slack.app_token, web_client=bot)
    slow.socket_mode_request_listeners.append(hear)
    slow.connect()
    sandbox.slack.wait_connected()
    sandbox.slack.sockets.ack_seconds = 0.2
    sandbox.slack.actions.subscribed.add("message.im")
    sandbox.slack.say("Hello")
    sandbox.slack.wait(lambda: len(sandbox.slack.acks) == 2)
    close_client(slow, sandbox)
    assert attempts == [0, 1]
    assert [ack.ms is None for ack in sandbox.slack.acks] == [True, False]


# -- tokens ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("token", "error"), [("", "not_authed"), ("xoxb-wrong", "invalid_auth")])
def test_a_wrong_token_is_refused(sandbox: Sandbox, token: str, error: str) -> None:
    stranger = WebClient(token, base_url=f"{sandbox.url}/slack/api/")
    assert refused(stranger.auth_test)["error"] == error


def test_a_missing_scope_is_named(sandbox: Sandbox, bot: WebClient) -> None:
    sandbox.slack.grant(sandbox.slack.bot_token, "chat:write")
    answer = refused(bot.conversations_open, users=ME)
    assert (answer["error"], answer["needed"]) == ("missing_scope", "im:write")
    assert answer["provided"] == "chat:write"


def test_each_kind_of_token_has_its_methods(bot: WebClient, me: WebClient) -> None:
    assert refused(bot.search_messages, query="x")["error"] == "not_allowed_token_type"
    assert refused(me.apps_connections_open, app_token=me.token)["error"] == (
        "not_allowed_token_type"
    )


# -- messages ----------------------------------------------------------------------------------


def test_a_message_is_updated_in_place(sandbox: Sandbox, bot: WebClient) -> None:
    channel = dm(bot)
    ts = bot.chat_postMessage(channel=channel, text="One")["ts"]
    bot.chat_update(channel=channel, ts=ts, text="Two", blocks=[{"type": "divider"}])
    (message,) = sandbox.slack.messages()
    assert (message["text"], message["ts"]) == ("Two", ts)
    assert message["edited"]


def test_updates_have_a_shorter_text_than_posts(bot: WebClient) -> None:
    channel = dm(bot)
    ts = bot.chat_postMessage(channel=channel, text="x" * 5000)["ts"]
    answer = refused(bot.chat_update, channel=channel, ts=ts, text="x" * 4001)
    assert answer["error"] == "msg_too_long"


def test_metadata_comes_back_only_when_asked_for(bot: WebClient) -> None:
    channel = dm(bot)
    metadata = {"event_type": "digest", "event_payload": {"day": "2026-11-20"}}
    bot.chat_postMessage(channel=channel, text="One", metadata=metadata)
    plain_history = bot.conversations_history(channel=channel)["messages"]
    assert "metadata" not in plain_history[0]
    whole = bot.conversations_history(channel=channel, include_all_metadata=True)["messages"]
    assert whole[0]["metadata"] == metadata


def test_replies_stand_in_their_thread_alone(bot: WebClient) -> None:
    channel = dm(bot)
    ts = bot.chat_postMessage(channel=channel, text="One")["ts"]
    bot.chat_postMessage(channel=channel, text="Two", thread_ts=ts)
    history = bot.conversations_history(channel=channel)["messages"]
    replies = bot.conversations_replies(channel=channel, ts=ts)["messages"]
    assert [message["text"] for message in history] == ["One"]
    assert [message["text"] for message in replies] == ["One", "Two"]


def test_a_response_url_works_five_times(
    sandbox: Sandbox, bot: WebClient, connected: Callable[[App], None]
) -> None:
    app = app_of(bot)
    statuses: list[int] = []

    @app.command("/tracklater")
    def answer(ack: Any, respond: Any) -> None:
        ack()
        statuses.extend(respond(f"Answer {number}").status_code for number in range(6))

    connected(app)
    sandbox.slack.command("/tracklater")
    sandbox.slack.wait(lambda: len(statuses) == 6)
    assert statuses == [200] * 5 + [404]
    assert len(sandbox.slack.messages()) == 5


def test_own_messages_of_a_day_are_found_on_all_pages(me: WebClient) -> None:
    query = f"from:<@{ME}> on:2026-11-20"
    texts = []
    for page in (1, 2, 3):
        found = me.search_messages(query=query, count=2, page=page)["messages"]
        assert found["paging"]["pages"] == 3
        texts += [match["text"] for match in found["matches"]]
    assert len(set(texts)) == 6
    assert me.search_messages(query=f"from:<@{ME}> on:2026-11-19")["messages"]["total"] == 0


# -- views -------------------------------------------------------------------------------------


def test_a_trigger_is_used_once_and_not_for_long(sandbox: Sandbox, bot: WebClient) -> None:
    workspace = sandbox.slack.workspace
    trigger = workspace.trigger(ME)
    bot.views_open(trigger_id=trigger, view=EDIT)
    assert refused(bot.views_open, trigger_id=trigger, view=EDIT)["error"] == (
        "exchanged_trigger_id"
    )
    late = workspace.trigger(ME)
    now = workspace.clock()
    workspace.clock = lambda: now + 3.1
    assert refused(bot.views_open, trigger_id=late, view=EDIT)["error"] == "expired_trigger_id"


def test_a_hash_guards_against_lost_updates(sandbox: Sandbox, bot: WebClient) -> None:
    opened = bot.views_open(trigger_id=sandbox.slack.workspace.trigger(ME), view=EDIT)["view"]
    bot.views_update(view_id=opened["id"], view=EDIT, hash=opened["hash"])
    answer = refused(bot.views_update, view_id=opened["id"], view=EDIT, hash=opened["hash"])
    assert answer["error"] == "hash_conflict"


def test_two_modals_fit_on_top_of_the_first(sandbox: Sandbox, bot: WebClient) -> None:
    def trigger() -> str:
        return sandbox.slack.workspace.trigger(ME)

    bot.views_open(trigger_id=trigger(), view=EDIT)
    bot.views_push(trigger_id=trigger(), view=EDIT)
    bot.views_push(trigger_id=trigger(), view=EDIT)
    answer = refused(bot.views_push, trigger_id=trigger(), view=EDIT)
    assert answer["error"] == "push_limit_reached"


# -- files -------------------------------------------------------------------------------------


def test_a_picture_can_be_shown_only_after_slack_has_looked_at_it(
    sandbox: Sandbox, bot: WebClient
) -> None:
    channel = dm(bot)
    now = sandbox.slack.workspace.clock()
    sandbox.slack.workspace.clock = lambda: now
    file = bot.files_upload_v2(
        content=b"\x89PNG....", filename="day.png", alt_txt="A day", channel=channel
    )["file"]
    picture = {"type": "image", "alt_text": "A day", "slack_file": {"id": file["id"]}}
    early = refused(bot.chat_postMessage, channel=channel, text="x", blocks=[picture])
    assert early["error"] == "invalid_blocks"
    assert bot.files_info(file=file["id"])["file"]["mimetype"] == ""
    sandbox.slack.workspace.clock = lambda: now + 1
    assert bot.files_info(file=file["id"])["file"]["mimetype"] == "image/png"
    assert bot.chat_postMessage(channel=channel, text="x", blocks=[picture])["ok"]
