"""The command `hub`."""

from __future__ import annotations

import argparse
import logging
import os

from tracklater_bot.cli.output import say
from tracklater_bot.cli.shared import FailedError, UsageError, load_settings, told
from tracklater_bot.cli.signals import END_SECONDS, stop_event
from tracklater_bot.domain.errors import StoreError
from tracklater_bot.settings import SettingsError
from tracklater_bot.settings.layers import dotenv_variables
from tracklater_bot.slack.connections import ConnectError
from tracklater_hub.hub import HOST, Hub, OptionError, Options, run
from tracklater_hub.sealing import SealError

USAGE = (OptionError, SealError, SettingsError)


def hub(arguments: argparse.Namespace) -> int:
    """Runs one process of the hub until it is told to stop."""
    stopped = stop_event(END_SECONDS)
    loaded = load_settings(arguments)
    logging.getLogger("tracklater_hub").setLevel(logging.getLogger("tracklater_bot").level)
    with (
        told(OptionError, UsageError),
        told(SealError, UsageError),
        told(SettingsError, UsageError),
    ):
        given = dotenv_variables(loaded.env_file) if loaded.env_file else {}
        options = Options.of({**given, **os.environ})
        with told(StoreError), told(ConnectError):
            try:
                run(loaded.settings, options, stopped, _started)
            except OSError as error:
                where = f"{options.host}:{options.port} ({HOST})"
                raise FailedError(f"{where} cannot be used: {error.strerror}.") from error
    return 0


def _started(hub: Hub) -> None:
    people = hub.people()
    say(f"The hub is running for {people} people; machines find it on port {hub.service.port}.")
