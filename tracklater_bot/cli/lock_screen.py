"""Whether the screen is locked, as Linux tells: its session (logind), else its screen saver.

Both are asked through programs of systemd. Elsewhere nobody says so, and nothing is asked.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time

SECONDS = 2.0  # for all that is asked; the next snapshot is due in twenty
_SESSION = re.compile(r"\w{1,40}")
# What calls itself so has a method GetActive: locked, or dark at least.
SAVERS = tuple(
    f"org.{desktop}.ScreenSaver" for desktop in ("freedesktop", "gnome", "cinnamon", "mate", "xfce")
)


def is_locked() -> bool:
    """Whether nobody can be at work, for certain; False where that cannot be found out."""
    if sys.platform != "linux":
        return False
    until = time.monotonic() + SECONDS
    return _session_is_locked(until) or any(_is_active(saver, until) for saver in SAVERS)


def _session_is_locked(until: float) -> bool:
    """cron has a session of its own or none: the person's is that with the screen, if any has."""
    wanted = ("--property=Display", "--property=Sessions")
    shown = _told(until, "loginctl", "show-user", str(os.getuid()), *wanted)
    told = dict(line.partition("=")[::2] for line in shown.splitlines())
    named = told.get("Display") or told.get("Sessions") or os.environ.get("XDG_SESSION_ID") or ""
    sessions = filter(_SESSION.fullmatch, (named or "auto").split())
    hints = _told(until, "loginctl", "show-session", *sessions, "--property=LockedHint")
    return not {"LockedHint=yes", "yes"}.isdisjoint(hints.split())


def _is_active(saver: str, until: float) -> bool:
    """A saver that does not run is not started for it."""
    path = f"/{saver.replace('.', '/')}"
    call = ("--user", "--auto-start=no", "call", saver, path, saver, "GetActive")
    return _told(until, "busctl", *call) == "b true"


def _told(until: float, program: str, *arguments: str) -> str:
    """What a program prints; "" where it cannot be run, fails or takes too long."""
    found, seconds = shutil.which(program), until - time.monotonic()
    if found is None or seconds <= 0:
        return ""
    bus = f"unix:path=/run/user/{os.getuid()}/bus"  # cron does not know it
    try:
        done = subprocess.run(  # noqa: S603 - a program found by its name, no shell
            [found, *arguments],
            env={"DBUS_SESSION_BUS_ADDRESS": bus, **os.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if not done.returncode else ""
