"""Files that anybody may have put there: regular ones only, and no more of them than is needed."""

from __future__ import annotations

import os
import stat
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
