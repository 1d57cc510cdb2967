"""Names for processes that share a database, and whether one of them is known to have ended."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path
from uuid import uuid4

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PROCESSES = Path("/proc/self/ns/pid")


def owner_name() -> str:
    """A name for this process that no other has: `host:space:pid:random`."""
    return f"{socket.gethostname()}:{_process_space()}:{os.getpid()}:{uuid4().hex[:8]}"


def is_dead(owner: str) -> bool:
    """Whether the owner certainly runs no more; False where that cannot be known from here.

    Spares a restarted bot the wait for its own old lease. Process ids mean something only within
    one boot and one container, so both are part of the name.
    """
    host, _, rest = owner.partition(":")
    space, _, rest = rest.partition(":")
    pid = rest.partition(":")[0]
    here = (socket.gethostname(), _process_space())
    if not _process_space() or (host, space) != here or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


@cache
def _process_space() -> str:
    """Within what process ids are unique; empty where Linux does not tell."""
    try:
        boot = _BOOT.read_text().strip()
        return f"{boot}-{_PROCESSES.stat().st_ino:x}"
    except OSError:
        return ""
