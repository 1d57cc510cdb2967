"""Small real git repositories."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

WHO = {
    "GIT_AUTHOR_NAME": "Eero",
    "GIT_AUTHOR_EMAIL": "eero@example.com",
    "GIT_COMMITTER_NAME": "Eero",
    "GIT_COMMITTER_EMAIL": "eero@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def committed(folder: Path, when: str, subject: str) -> Path:
    """A repository with one commit of Eero's, made at `when`."""
    folder.mkdir(parents=True)
    dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    for command in (["init", "-q", "-b", "main"], ["commit", "-q", "--allow-empty", "-m", subject]):
        subprocess.run(
            ["git", *command], cwd=folder, env={**os.environ, **WHO, **dates}, check=True
        )
    return folder
