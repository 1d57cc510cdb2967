"""Named places at which the process can be made to die, to prove that nothing is lost there.

For tests alone: `tests/test_crashes.py` names every place and starts the bot again afterwards.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "TRACKLATER_CRASH_AT"


def here(name: str) -> None:
    """Kills this process, as a power cut would, if the environment names this place."""
    if os.environ.get(VARIABLE) == name:
        os.kill(os.getpid(), signal.SIGKILL)
