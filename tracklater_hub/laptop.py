"""The commands `join` and `agent`, which run on a person's machine."""

from __future__ import annotations

import argparse
import threading

from tracklater_bot.cli import shared
from tracklater_bot.cli.signals import END_SECONDS, stop_event
from tracklater_hub.agent import Agent
from tracklater_hub.device import Device, HubClient, HubError, device_file, joined


def join(arguments: argparse.Namespace) -> int:
    """Makes this machine's key and gives its public half to the hub."""
    with shared.told(HubError):
        device = joined(arguments.url, arguments.code)
        place = device.keep(device_file())
    shared.say(
        f"This machine is {device.person}'s now. Its key is in {place}. Keep `tracklater-bot agent`"
        " running here: `tracklater-bot service install` does, once `init` has been run."
    )
    return 0


def agent(arguments: argparse.Namespace) -> int:
    """Answers the hub until it is told to stop."""
    stopped = stop_event(END_SECONDS)
    shared.end_without_quotes()
    settings = shared.load_settings(arguments).settings
    try:
        device = Device.load(device_file())
        worker = Agent(settings, HubClient(device))
        if not worker.has_sources():
            raise shared.FailedError(
                "Nothing here tells what you work on: run `tracklater-bot init`."
            )
        shared.say(f"Listening to {device.url}. Window titles stay on this machine.")
        _run(worker, device, stopped)
    except HubError as error:  # where waiting does not help, what keeps it running need not try
        raise (shared.UsageError if error.lasting else shared.FailedError)(str(error)) from error
    return 0


def _run(worker: Agent, device: Device, stopped: threading.Event) -> None:
    """A machine that is not heard any more has no use for its key."""
    try:
        worker.run(stopped)
    except HubError as error:
        if not error.lasting:
            raise
        if not Device.forget(device_file(), device.device):
            raise HubError(f"{error} It has joined anew: start `agent` again.") from error
        sentence = f"{error} Its key is deleted here; /tracklater join gives a code for another."
        raise HubError(sentence, lasting=True) from error
