"""The commands of a team: their entries alone. `tracklater_hub` has the rest, if it is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tracklater_bot.cli.shared import FailedError
from tracklater_bot.domain.errors import installing

if TYPE_CHECKING:
    import argparse


def hub(arguments: argparse.Namespace) -> int:
    """A team's bot, until it is told to stop."""
    with _of_extra("hub"):
        from tracklater_hub import commands
    return commands.hub(arguments)


def join(arguments: argparse.Namespace) -> int:
    """This machine's key."""
    with _of_extra("agent"):
        from tracklater_hub import laptop
    return laptop.join(arguments)


def agent(arguments: argparse.Namespace) -> int:
    """This machine's half, until it is told to stop."""
    with _of_extra("agent"):
        from tracklater_hub import laptop
    return laptop.agent(arguments)


def has_joined() -> bool:
    """Whether this machine is somebody's in a team."""
    try:
        from tracklater_hub.device import device_file
    except ModuleNotFoundError:  # without the extra none has
        return False
    return device_file().exists()


def demo_team(port: int, *, open_browser: bool) -> int:
    """Three people on this machine."""
    with _of_extra("demo,hub"):
        from tracklater_hub import demo
    return demo.page(port, open_browser=open_browser)


@contextmanager
def _of_extra(extra: str) -> Iterator[None]:
    """What is imported in the block needs the extra. Raises FailedError."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tracklater"):
            raise
        needed = f"This needs more than is installed here: {installing(extra)}."
        raise FailedError(needed) from error
