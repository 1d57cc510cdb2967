"""Files that anybody may have put there: regular ones only, and no more of them than is needed.

What is written is put there as a whole.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from errno import EFBIG, EINVAL
from pathlib import Path
from typing import BinaryIO

MB = 1024 * 1024


def open_regular(path: Path) -> BinaryIO:
    """Opens a file to be read; OSError for a pipe, a device, a folder: they may never end."""
    # Without waiting: a pipe that nobody writes to would hold up the opening itself.
    number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(EINVAL, "it is no regular file")
    return os.fdopen(number, "rb")


def read_regular(path: Path, largest: int = MB) -> bytes:
    """A file's content. Raises OSError, also where it is larger than that."""
    with open_regular(path) as file:
        size = max(os.fstat(file.fileno()).st_size, MB)  # as much room as is asked for is taken
        content = file.read(min(size, largest) + 1)
    if len(content) > largest:
        raise OSError(EFBIG, f"it is larger than {largest // MB} MB")
    return content


def read_end(path: Path, largest: int) -> tuple[bytes, bool]:
    """A file's last bytes, at most so many, and whether there are others before them."""
    with open_regular(path) as file:
        before = max(os.fstat(file.fileno()).st_size - largest, 0)
        file.seek(before)
        return file.read(largest), before > 0


def os_reason(error: Exception) -> str:
    """What the system says, without the path; else the error's kind."""
    return getattr(error, "strerror", None) or type(error).__name__


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
