"""What commands share: errors for the person, settings, the core, a day, progress."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tracklater_bot.cli.output import say
from tracklater_bot.domain.day import WhenError, WorkDay
from tracklater_bot.domain.errors import StoreError

if TYPE_CHECKING:
    from tracklater_bot.blocks.timeline import Lanes
    from tracklater_bot.core import Core
    from tracklater_bot.settings import Loaded, Settings


class UsageError(Exception):
    """The command cannot be run like this; the text says what to change."""


class FailedError(Exception):
    """The command was understood, and did not succeed; the text says why."""


@contextmanager
def told(
    errors: type[Exception] | tuple[type[Exception], ...],
    told_as: type[UsageError | FailedError] = FailedError,
) -> Iterator[None]:
    """Gives the sentence of such an error to the person."""
    try:
        yield
    except errors as error:
        raise told_as(str(error)) from error


def load_settings(arguments: argparse.Namespace) -> Loaded:
    """The settings; warnings are said. Raises UsageError."""
    from tracklater_bot.settings import SettingsError, load

    with told(SettingsError, UsageError):
        found = load(arguments.config, arguments.env_file, os.environ)
    for warning in found.warnings:
        say(warning)
    return found


def core_of(arguments: argparse.Namespace) -> AbstractContextManager[Core]:
    """A core on the settings that were named."""
    return opened_core(load_settings(arguments).settings)


@contextmanager
def opened_core(settings: Settings) -> Iterator[Core]:
    """A core on these settings, which is closed afterwards."""
    from tracklater_bot.core import opened
    from tracklater_bot.settings import SettingsError

    with told(StoreError), told(SettingsError, UsageError), opened(settings) as core:
        yield core


def day_of(core: Core, when: str) -> WorkDay:
    """The day that a WHEN word means. Raises UsageError."""
    with told(WhenError, UsageError):
        return core.calendar.past_day(when)


@contextmanager
def progress(doing: str) -> Iterator[None]:
    """Shows that something goes on, where somebody sits at a terminal; nothing when piped."""
    if not (sys.stderr.isatty() and sys.stdout.isatty()):
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(f"{doing}…"):
        yield


def write_png(file: Path, lanes: Lanes, groups: Sequence[str]) -> None:
    """The timeline as a picture in a file. Raises FailedError."""
    from tracklater_bot.blocks.timeline_png import draw

    try:
        file.write_bytes(draw(lanes, groups))
    except OSError as error:
        raise FailedError(f"{file} cannot be written: {error.strerror}.") from error
    say(f"The picture is in {file}.")
