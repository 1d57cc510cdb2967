"""The command `hub`."""

from __future__ import annotations

import argparse
import logging
import os

from tracklater_bot.cli.shared import FailedError, UsageError, load_settings, say, told
from tracklater_bot.cli.signals import END_SECONDS, stop_event
from tracklater_bot.domain.errors import StoreError
from tracklater_bot.settings import Settings, SettingsError
from tracklater_bot.settings.tree import dotenv_variables
from tracklater_bot.slack.connections import ConnectError
from tracklater_bot.store import Store
from tracklater_hub import people, schema
from tracklater_hub.hub import HOST, Hub, OptionError, Options, run
from tracklater_hub.sealing import Sealer, SealError


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
        if arguments.renew_keys:
            return _renewed(loaded.settings, options)
        with told(StoreError), told(ConnectError):
            try:
                run(loaded.settings, options, stopped, _started)
            except OSError as error:
                where = f"{options.host}:{options.port} ({HOST})"
                raise FailedError(f"{where} cannot be used: {error.strerror}.") from error
    return 0


def _renewed(settings: Settings, options: Options) -> int:
    with told(StoreError), Store.open(settings.database_url.get_secret_value()) as store:
        schema.bring_up_to_date(store)
        number = renew(store, Sealer(options.keys))
    say(f"{number} tokens are sealed under the first key now; the others may go.")
    return 0


def _started(hub: Hub) -> None:
    number = hub.people()
    say(f"The hub is running for {number} people; machines find it on port {hub.service.port}.")


def renew(store: Store, sealer: Sealer) -> int:
    """Seals all tokens under the newest key, so that older ones can go; how many there are."""
    with store.writing() as transaction:
        return people.reseal(transaction, sealer.renewed)
