"""What commands print, on any terminal: a character that it lacks gets one that looks alike."""

from __future__ import annotations

import codecs
import io
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from unicodedata import normalize

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


def replace_file(file: Path, data: bytes, *, private: bool = False) -> None:
    """Puts a whole new file in the place of the old one, so that no reader ever sees half of it.

    It has the old one's mode; 600 where there was none, or it is to be private.
    """
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name.lstrip('.')}.")
    try:
        with os.fdopen(handle, "wb") as new:
            new.write(data)
            new.flush()
            os.fsync(new.fileno())
        if not private and file.exists():
            shutil.copymode(file, name)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


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
