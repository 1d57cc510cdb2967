"""The bot put together: a core, a Slack app, a desk, a schedule.

Apart from app.py because Bolt takes a third of a second to import, and a preview needs none of it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from pydantic import SecretStr
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
)

from tracklater_bot.app import Core
from tracklater_bot.desk import Desk, Rooms
from tracklater_bot.export import Exporter
from tracklater_bot.listeners import register
from tracklater_bot.messenger import Messenger
from tracklater_bot.pictures import Uploader
from tracklater_bot.review import Review
from tracklater_bot.schedule import Schedule
from tracklater_bot.settings import Settings, SettingsError
from tracklater_bot.showing import Showing
from tracklater_bot.store.owners import owner_name

log = logging.getLogger(__name__)

# Slack waits three seconds for an acknowledgement, and Bolt's own five threads keep the sixth
# click waiting while the first five still talk to the store.
LISTENER_THREADS = 64
RATE_LIMIT_RETRIES = 3
TIMEOUT_SECONDS = 20


class BotError(Exception):
    """The bot could not start; the text says what to do."""


def web_client(settings: Settings) -> WebClient:
    """Slack's Web API with the bot's token. Raises SettingsError when there is none."""
    token = _secret(settings.slack.bot_token, "TRACKLATER_SLACK__BOT_TOKEN")
    return WebClient(
        token=token,
        base_url=settings.slack.base_url,
        timeout=TIMEOUT_SECONDS,
        retry_handlers=[
            ConnectionErrorRetryHandler(),
            RateLimitErrorRetryHandler(max_retry_count=RATE_LIMIT_RETRIES),
        ],
    )


def _secret(value: SecretStr | None, variable: str) -> str:
    if value is None or not value.get_secret_value():
        raise SettingsError(f"{variable} is not set: the README tells where to get it.")
    return value.get_secret_value()


def make_desk(core: Core, client: WebClient) -> Desk:
    """The desk of the core's person, with Slack behind it."""
    if not core.file_settings.slack.user_id:
        raise SettingsError("slack.user_id is not set: it says who gets the message.")
    owner = owner_name()
    showing = Showing(core)
    rooms = Rooms(
        core=core,
        showing=showing,
        review=Review(core.store, core.clock),
        messenger=Messenger(client, core.store, showing.digest, core.clock, owner),
        exporter=Exporter(
            core.store, core.tracker_for, core.clock, owner, workspace_for=core.workspace_for
        ),
        uploader=Uploader(client),
    )
    return Desk(rooms)


class Bot:
    """A running bot. `start` returns at once; `stop` ends what `start` began."""

    def __init__(self, core: Core) -> None:
        self._settings = core.file_settings
        self._client = web_client(self._settings)
        self.desk = make_desk(core, self._client)
        self._executor = ThreadPoolExecutor(LISTENER_THREADS, thread_name_prefix="listener")
        self._app = self._bolt()
        self._schedule = Schedule(self.desk.announce_due, self.desk.changed)
        self._socket: SocketModeHandler | None = None

    def start(self) -> None:
        """Connects to Slack and begins to work. Raises SettingsError, SlackApiError."""
        self.desk.start()
        self._schedule.start(self.desk.showing.plan())
        token = _secret(self._settings.slack.app_token, "TRACKLATER_SLACK__APP_TOKEN")
        self._socket = SocketModeHandler(self._app, token)
        self._socket.connect()  # type: ignore[no-untyped-call]

    def stop(self) -> None:
        """Ends everything; what was not done yet stays in the store."""
        if self._socket is not None:
            self._socket.close()  # type: ignore[no-untyped-call]
        self._schedule.stop()
        self.desk.stop()
        self._executor.shutdown(wait=True)

    def _bolt(self) -> App:
        app = App(
            client=self._client,
            signing_secret=self._signing_secret(),
            listener_executor=self._executor,
        )
        register(app, self.desk)
        return app

    def _signing_secret(self) -> str:
        slack = self._settings.slack
        if slack.mode == "http":
            return _secret(slack.signing_secret, "TRACKLATER_SLACK__SIGNING_SECRET")
        # Socket Mode has no signatures to check, but Bolt insists on a secret.
        return slack.signing_secret.get_secret_value() if slack.signing_secret else "socket-mode"


@contextmanager
def running(core: Core) -> Iterator[Bot]:
    """A bot that runs as long as the block does."""
    bot = Bot(core)
    try:
        bot.start()
        yield bot
    finally:
        bot.stop()


def run_until(core: Core, stopped: threading.Event, started: Callable[[], None]) -> None:
    """Runs the bot until the event is set; `started` is told when it is at work.

    Raises BotError, SettingsError.
    """
    with running(core):
        started()
        stopped.wait()
