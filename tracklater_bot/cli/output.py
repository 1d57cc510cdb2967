"""What commands print, on any terminal: a character that it lacks gets one that looks alike."""

from __future__ import annotations

import codecs
import io
import json
import logging
import sys
from unicodedata import normalize

from tracklater_bot.domain.errors import place_of

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
    """Leaves of a library's line where it was written and the kind of error.

    Slack's quotes requests and answers, with tokens and what people wrote, in its errors too.
    """
    if record.name.partition(".")[0] != "tracklater_bot":
        error = record.exc_info[1] if record.exc_info else None
        record.msg = f"trouble at {record.module}:{record.lineno}"
        if error is not None:
            record.msg += f": {place_of(error)}"
        record.args = record.exc_info = record.exc_text = record.stack_info = None
    return True
