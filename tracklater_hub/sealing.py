"""Tokens at rest: sealed under a key from the environment, and bound to whose they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

KEYS = "TRACKLATERHUB_KEYS"
ADVICE = (
    f"{KEYS} must hold a key, or several with commas between them, the newest first: make one with"
    ' python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)


LOST = (
    "{} of {} tokens in the database were sealed under a key that {} does not have: put it back,"
    " after the newest one and a comma. If it is lost, `tracklater-bot hub --drop-tokens` deletes"
    " them, and their people enter them again."
)


class Sealed(NamedTuple):
    """A token as it is stored: whose it is, what it is, and what cannot be read."""

    person: str
    name: str
    text: str


class SealError(Exception):
    """A key is missing or wrong; the text says what to do."""


class Sealer:
    """Seals under the first key, opens under any. Raises SealError."""

    def __init__(self, keys: str) -> None:
        try:
            found = [Fernet(key.strip()) for key in keys.split(",") if key.strip()]
        except ValueError:
            raise SealError(ADVICE) from None
        if not found:
            raise SealError(ADVICE)
        self._fernet = MultiFernet(found)

    def seal(self, person: str, name: str, value: str) -> str:
        """What may be stored. Moved to another person or name it opens no more."""
        return self._fernet.encrypt(json.dumps([person, name, value]).encode()).decode()

    def open(self, person: str, name: str, sealed: str) -> str:
        """The value."""
        try:
            whose, what, value = json.loads(self._fernet.decrypt(sealed))
        except (InvalidToken, ValueError):
            raise SealError(f"A token was sealed under a key that {KEYS} has no more.") from None
        if (whose, what) != (person, name):
            raise SealError("A sealed token is not where it was put.")
        return str(value)

    def lost(self, stored: Iterable[Sealed]) -> list[Sealed]:
        """Those that no key here opens."""
        return [one for one in stored if not self._opens(one)]

    def require(self, stored: Sequence[Sealed]) -> None:
        """Raises SealError where a key is missing: without tokens, all that waits would fail."""
        if lost := self.lost(stored):
            raise SealError(LOST.format(len(lost), len(stored), KEYS))

    def _opens(self, stored: Sealed) -> bool:
        try:
            self.open(*stored)
        except SealError:
            return False
        return True

    def renewed(self, sealed: Iterable[str]) -> list[str]:
        """The same under the first key, so that older keys can go."""
        try:
            return [self._fernet.rotate(one).decode() for one in sealed]
        except InvalidToken:
            raise SealError(f"A token was sealed under a key that {KEYS} has no more.") from None
