"""The commands `join` and `agent`, which run on a person's machine."""

from __future__ import annotations

import argparse

from tracklater_bot.cli.shared import FailedError, load_settings, say, told
from tracklater_bot.cli.signals import END_SECONDS, stop_event
from tracklater_hub.agent import Agent
from tracklater_hub.device import Device, HubClient, HubError, device_file
from tracklater_hub.device import join as make_key


def join(arguments: argparse.Namespace) -> int:
    """Makes this machine's key and gives its public half to the hub."""
    with told(HubError):
        device = make_key(arguments.url, arguments.code, device_file())
    say(f"This machine is {device.person}'s now. Keep `tracklater-bot agent` running here.")
    return 0


def agent(arguments: argparse.Namespace) -> int:
    """Answers the hub until it is told to stop."""
    stopped = stop_event(END_SECONDS)
    settings = load_settings(arguments).settings
    with told(HubError):
        device = Device.load(device_file())
        worker = Agent(settings, HubClient(device))
        if not worker.has_sources():
            raise FailedError("Nothing here tells what you work on: run `tracklater-bot init`.")
        say(f"Listening to {device.url}. Window titles stay on this machine.")
        worker.run(stopped)
    return 0
