"""What commands print, on any terminal: a character that it lacks gets one that looks alike."""

from __future__ import annotations

import codecs
import io
import json
import logging
import sys
import threading
from unicodedata import normalize

from tracklater_bot.domain.errors import place_of

OURS = ("tracklater_bot", "tracklater_hub")
ALIKE = {
    "–": "-", "—": "-", "›": ">", "·": "-", "“": '"', "”": '"', "‘": "'", "’": "'",
    "█": "#", "▌": "#", "▐": "#", "─": "-", "━": "-",
}  # fmt: skip


def survive_any_terminal() -> None:
    """Lets standard output and error take every text, whatever their encoding."""
    codecs.register_error("alike", _alike)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="alike")


def _alike(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(map(_substitute, lacking)), error.end


def _substitute(char: str) -> str:
    plain = ALIKE.get(char) or normalize("NFKD", char).encode("ascii", "ignore").decode()
    return plain or "?"


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
    if record.name.partition(".")[0] not in OURS:
        record.msg, record.args = f"trouble at {record.module}:{record.lineno}", None
    if error is not None:
        record.msg, record.args = f"{record.getMessage()}: {place_of(error)}", None
    record.exc_info = record.exc_text = record.stack_info = None
    return True


def end_without_quotes() -> None:
    """Leaves the same of what nobody caught, in any thread: for what works for many people."""

    def tell(error: BaseException | None) -> None:
        if error is not None:
            say(place_of(error))

    sys.excepthook = lambda _kind, error, _traceback: tell(error)
    threading.excepthook = lambda ended: tell(ended.exc_value)
