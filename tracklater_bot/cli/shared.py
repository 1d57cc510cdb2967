"""What commands share: errors for the person, settings, the core, a day, progress, printing.

Any terminal will do: a character that it lacks gets one that looks alike.
"""

from __future__ import annotations

import argparse
import codecs
import io
import json
import logging
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

from tracklater_bot.domain.day import WhenError, WorkDay
from tracklater_bot.domain.errors import StoreError, place_of

if TYPE_CHECKING:
    from tracklater_bot.blocks.timeline import Lanes
    from tracklater_bot.core import Core
    from tracklater_bot.settings import Loaded, Settings

OURS = ("tracklater_bot", "tracklater_hub")
ALIKE = {
    "–": "-", "—": "-", "›": ">", "·": "-", "“": '"', "”": '"', "‘": "'", "’": "'",
    "█": "#", "▌": "#", "▐": "#", "─": "-", "━": "-",
}  # fmt: skip


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


# -- Printing ------------------------------------------------------------------------------------


def survive_any_terminal() -> None:
    """Lets standard output and error take every text, whatever their encoding."""
    codecs.register_error("alike", _alike)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="alike")


def _alike(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    plain = (
        ALIKE.get(char) or normalize("NFKD", char).encode("ascii", "ignore").decode() or "?"
        for char in error.object[error.start : error.end]
    )
    return "".join(plain), error.end


def print_json(value: object) -> None:
    """The value as JSON; what the terminal lacks is escaped, so that nothing is lost."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2)
    print(text)


def say(line: str) -> None:
    """A line for the person, beside what was asked for."""
    print(line, file=sys.stderr, flush=True)


def without_quotes(record: logging.LogRecord) -> bool:
    """Leaves of an error its kind and its way, and of a library's line where it was written.

    Slack's quotes requests and answers, with tokens and what people wrote, in its errors too.
    """
    error = record.exc_info[1] if record.exc_info else None
    ours = record.name.partition(".")[0] in OURS
    said = _said(record) if ours else f"trouble at {record.module}:{record.lineno}"
    record.msg, record.args = said if error is None else f"{said}: {place_of(error)}", None
    record.exc_info = record.exc_text = record.stack_info = None
    return True


def _said(record: logging.LogRecord) -> str:
    """The line; without its words where these don't fit, for it is not what failed."""
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - of whatever kind, as the logging module sees it
        return str(record.msg)


def end_without_quotes() -> None:
    """Leaves the same of what nobody caught, in any thread: for what works for many people."""

    def tell(error: BaseException | None) -> None:
        if error is not None:
            say(place_of(error))

    sys.excepthook = lambda _kind, error, _traceback: tell(error)
    threading.excepthook = lambda ended: tell(ended.exc_value)
