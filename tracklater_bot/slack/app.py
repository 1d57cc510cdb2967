"""The bot put together: a person's days, a Slack app, a connection, a schedule."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import chain, repeat
from typing import Any
from uuid import uuid4

from slack_bolt import App, BoltContext, Respond
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import RetryHandler
from slack_sdk.webhook import WebhookClient, WebhookResponse

from tracklater_bot.domain.errors import StoreError, code_in, from_between, log_failure
from tracklater_bot.domain.side_by_side import in_background
from tracklater_bot.domain.text import clean, day_name
from tracklater_bot.scheduling.scheduler import Schedule
from tracklater_bot.settings import Settings
from tracklater_bot.slack import connections
from tracklater_bot.slack.days import USUAL, BotTiming, Days
from tracklater_bot.slack.gate import OwnerGate, reply_privately
from tracklater_bot.slack.handlers.day import DayHandlers
from tracklater_bot.slack.handlers.dialogs import DialogHandlers
from tracklater_bot.slack.messages import NETWORK_ERRORS, may_be_done
from tracklater_bot.slack.pace import PacedClient, Pacer, SlackRetryHandler
from tracklater_bot.slack.person import Person, secret

log = logging.getLogger(__name__)

LISTENER_THREADS = 10  # one person's clicks, some of which read a whole day anew
TIMEOUT_SECONDS = 20
STOP_SECONDS = 7.0  # in all
FIRST_PAUSES, LONGEST_PAUSE = (1, 2, 4, 8, 16), 30  # seconds between attempts to connect


def web_client(
    settings: Settings, pacer: Pacer | None = None, kind: Callable[..., PacedClient] = PacedClient
) -> PacedClient:
    """Slack's Web API with the bot's token. Raises SettingsError when there is none."""
    token = secret(settings.slack.bot_token, "TRACKLATER_SLACK__BOT_TOKEN")
    return kind(
        token=token,
        base_url=settings.slack.base_url,
        timeout=TIMEOUT_SECONDS,
        ssl=_certificates(),
        pacer=pacer,
    )


@cache
def _certificates() -> ssl.SSLContext:
    """Whom to trust. Without it the SDK reads all of the system's certificates for every call."""
    return ssl.create_default_context()


class Answers(Respond):
    """Answers to a click or a command, none of them twice, as Bolt's own would come.

    What Slack does not take is logged: what the person asked for is done all the same.
    """

    def __init__(self, client: PacedClient, url: str | None) -> None:
        super().__init__(response_url=url, proxy=client.proxy, ssl=client.ssl)
        self._retries: list[RetryHandler] = [SlackRetryHandler(client.pacer)]

    def __call__(self, *_: Any, **message: Any) -> WebhookResponse:
        """Sends text and blocks to the response_url."""
        url = self.response_url or ""
        client = WebhookClient(
            url, TIMEOUT_SECONDS, self.ssl, self.proxy, retry_handlers=self._retries
        )
        try:
            return client.send(**message)
        except NETWORK_ERRORS as error:
            log.warning("An answer may not have arrived: %s.", type(error).__name__)
            return WebhookResponse(url=url, status_code=0, body="", headers={})


def signed_in(client: PacedClient) -> str:
    """As whom, and where. Raises ConnectError."""
    try:
        me = client.auth_test()
        return " in ".join(clean(str(me.get(key)), 60) for key in ("user", "team"))
    except SlackApiError as error:
        code = code_in(error.response)
        sentence = f"Slack refuses TRACKLATER_SLACK__BOT_TOKEN ({code}): copy it again."
        if not code:
            sentence = f"{from_between('Slack')}."
        raise connections.ConnectError(sentence, lasting=code in connections.WRONG_TOKEN) from error
    except NETWORK_ERRORS as error:
        sentence = f"Slack cannot be reached ({type(error).__name__})."
        raise connections.ConnectError(sentence, lasting=False) from error


class Bot:
    """A bot at work. Raises SettingsError when a token that it needs is missing."""

    def __init__(self, person: Person, timing: BotTiming = USUAL) -> None:
        self._settings = person.file_settings
        self._client = web_client(self._settings, Pacer(timing.minute))
        self.days = Days(person, self._client, timing)
        self._signed_in = ""
        self._executor = ThreadPoolExecutor(LISTENER_THREADS, thread_name_prefix="listener")
        self.connection = self._connection(timing)
        self._schedule = Schedule(
            self.days.views.plan, self.days.announce_due, self.days.changed, self.days.prune
        )

    def start(self) -> None:
        """Begins to work; returns at once. Clicks are heard once `connect` has succeeded."""
        self.days.start()
        self._schedule.start()

    def connect(self) -> None:
        """Lets Slack reach the bot. Raises ConnectError; unless it is lasting, try again."""
        self._signed_in = signed_in(self._client)
        self.connection.open()

    def story(self) -> list[str]:
        """As whom it is there and what it will do, for its log."""
        self.days.note_zone()  # or the first message would be told of in the machine's
        person, plan = self.days.person, self.days.views.plan()
        due, zone = plan.next(person.clock()), plan.zone.key
        words = f"No message is planned (times are in {zone})."
        if due is not None:
            local = due.astimezone(plan.zone)
            words = f"The next message comes on {day_name(local.date())}, {local:%H:%M} ({zone})."
        tracker = f"Entries go to {person.tracker_words.label}."
        return [
            "tracklater-bot is running.",
            f"It is {self._signed_in}, and writes to {person.id} alone.",
            words,
            tracker if person.tracker else "No tracker is set up: nothing can be sent.",
        ]

    def stop(self) -> None:
        """Ends everything; what was not done yet stays in the store, and what hangs is left."""
        until = time.monotonic() + STOP_SECONDS
        listeners = self._executor.shutdown  # before what they still work with
        for end in (self.connection.close, self._schedule.stop, listeners, self.days.stop):
            try:
                in_background(end).result(max(until - time.monotonic(), 0.0))
            except TimeoutError:
                continue
            except Exception as error:  # noqa: BLE001 - the others are to end as well
                log_failure(log, "Ending a part of the bot", error)

    def _connection(self, timing: BotTiming) -> connections.Connection:
        slack = self._settings.slack
        if slack.mode == "http":
            signing = secret(slack.signing_secret, "TRACKLATER_SLACK__SIGNING_SECRET")
            return connections.HttpConnection(self._bolt(signing), slack.port)
        token = secret(slack.app_token, "TRACKLATER_SLACK__APP_TOKEN")
        # Socket Mode has no signatures to check, but Bolt insists on a secret.
        return connections.SocketConnection(self._bolt("socket-mode"), token, timing.ping)

    def _bolt(self, signing_secret: str) -> App:
        return bolt_app(self.days, self._client, self._executor, signing_secret)


def bolt_app(
    days: Days,
    client: PacedClient,
    executor: ThreadPoolExecutor,
    signing_secret: str,
    *,
    checked_before: bool = False,
) -> App:
    """One person's listeners, behind whatever connection.

    `checked_before`: only what Slack signed comes here.
    """
    app = App(
        name="tracklater-bot",  # or Bolt goes through all modules to find out who calls it
        client=client,
        signing_secret=signing_secret,
        listener_executor=executor,
        token_verification_enabled=False,  # `connect` does it, with words for people
        request_verification_enabled=not checked_before,
    )

    def answer_once(context: BoltContext, next_: Callable[[], None]) -> None:
        context["respond"] = Answers(client, context.response_url)
        next_()

    app.use(answer_once)
    register(app, days)
    return app


def register(app: App, days: Days) -> None:
    """Gives the app its listeners, a gate before all, one answer to whatever goes wrong in them."""
    app.use(OwnerGate(days.owns, app.listener_runner.listener_executor))
    day = DayHandlers(days)
    day.register(app)
    DialogHandlers(days, day).register(app)
    app.error(lambda error, context: _failed(days, error, context))


def _failed(days: Days, error: Exception, context: BoltContext) -> None:
    """Tells the person that it did not or may not have worked, with a reference for the log."""
    reference = uuid4().hex[:8]
    log_failure(log, f"A listener (reference {reference})", error)
    user = context.user_id or ""
    if not days.owns(user):  # nobody else gets a word from the bot, least of all unasked
        return
    words = "That did not work, and nothing was sent. Please try again; if"
    if isinstance(error, StoreError):
        words = "My database cannot be used, so that may not be kept. Try again in a minute; if"
    elif may_be_done(error):
        words = "Slack's answer was lost: that may have worked. Look before you try again; if"
    sentence = f"{words} it keeps failing, the log tells why under {reference}."
    if isinstance(error, StoreError) and context.response_url and context.respond:
        reply_privately(context.respond, sentence)
    else:
        days.messenger.reply_privately(user, sentence)


@contextmanager
def running(person: Person, timing: BotTiming = USUAL) -> Iterator[Bot]:
    """A connected bot, as long as the block runs. Raises SettingsError, ConnectError."""
    with _started(person, timing) as bot:
        bot.connect()
        yield bot


@contextmanager
def _started(person: Person, timing: BotTiming) -> Iterator[Bot]:
    bot = Bot(person, timing)
    try:
        bot.start()
        yield bot
    finally:
        bot.stop()


def run_until(
    person: Person,
    stopped: threading.Event,
    started: Callable[[Bot], None],
    timing: BotTiming = USUAL,
) -> None:
    """Runs the bot until the event is set; `started` is told when Slack can reach it.

    A machine that starts without a network waits for it. Raises SettingsError, ConnectError.
    """
    with _started(person, timing) as bot:
        if connected(bot.connect, stopped):
            started(bot)
            stopped.wait()


def connected(connect: Callable[[], None], stopped: threading.Event) -> bool:
    """Tries until it succeeds or the event is set. Raises ConnectError where trying is no use."""
    for pause in chain(FIRST_PAUSES, repeat(LONGEST_PAUSE)):
        if stopped.is_set():
            return False
        try:
            connect()
        except connections.ConnectError as error:
            if error.lasting:
                raise
            log.warning("%s It is tried again in %d seconds.", error, pause)
            stopped.wait(pause)
        else:
            return True
    return False
