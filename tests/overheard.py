"""Writes down every host that a process looks up or connects to.

Names under `.test` lead to this machine.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

OWN = ".test"
_looked_up = socket.getaddrinfo


def overhear(file: Path) -> None:
    """From here on each host is a line in the file: `toggl.test:8080`."""
    words = file.open("a", encoding="utf-8", buffering=1)

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.getaddrinfo":
            words.write(f"{arguments[0]}:{arguments[1]}\n")
        if event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
            words.write(f"{arguments[1][0]}:{arguments[1][1]}\n")
        if event in ("socket.gethostbyname", "socket.gethostbyaddr"):
            words.write(f"{arguments[0]}:\n")

    def look_up(host: Any, port: Any, *args: Any, **more: Any) -> Any:
        if not str(host).endswith(OWN):
            return _looked_up(host, port, *args, **more)
        words.write(f"{host}:{port}\n")
        return _looked_up("127.0.0.1", port, *args, **more)

    socket.getaddrinfo = look_up
    sys.addaudithook(note)
