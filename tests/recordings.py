"""Real recordings under tests/data, kept compressed."""

from __future__ import annotations

import lzma
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"


@cache
def recording(name: str) -> bytes:
    """The content of a recording: `recording("thyme/2026-11-20.json")`."""
    return lzma.decompress((DATA / f"{name}.xz").read_bytes())


def recordings(folder: str) -> list[str]:
    """The names of the recordings in a folder, ready for `recording`."""
    found = (DATA / folder).glob("*.xz")
    return sorted(str(path.relative_to(DATA)).removesuffix(".xz") for path in found)
