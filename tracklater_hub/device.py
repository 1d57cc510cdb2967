"""The laptop's end: its key, joining, and asking the hub.

The key is in the system's keyring where one works, else in the file beside what the hub told.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from platformdirs import user_data_path

from tracklater_bot.domain.text import clean
from tracklater_bot.domain.wall import UnreadableError, from_json, to_json
from tracklater_bot.http import BadStatus, HttpError, RetryPolicy, ServiceClient, anonymous
from tracklater_bot.settings import system_keyring
from tracklater_hub.protocol import JOIN, Envelope, Joined, JoinWanted, Refusal

T = TypeVar("T")
ONCE = RetryPolicy(tries=1)  # a repeated envelope is refused
LOCAL = ("127.0.0.1", "localhost", "::1")


class HubError(Exception):
    """The hub did not do it; the text says why.

    `lasting`: asking for anything again does not help. `refused`: saying the same again does not.
    """

    def __init__(self, sentence: str, *, lasting: bool = False, refused: bool = False) -> None:
        super().__init__(sentence)
        self.lasting = lasting
        self.refused = lasting or refused


def device_file() -> Path:
    """Where it is kept whose machine this is."""
    return user_data_path("tracklater-bot", appauthor=False) / "hub.json"


@dataclass(frozen=True)
class Device:
    """This machine as the hub knows it. The key never leaves it."""

    url: str
    person: str
    device: str
    key: str

    @classmethod
    def load(cls, file: Path) -> Device:
        """The one that joined, with its key. Raises HubError."""
        found = cls._read(file)
        if found is None:
            sentence = "This machine has joined no hub: write /tracklater join in Slack."
            raise HubError(sentence, lasting=True)
        if found.key:
            return found
        keys, trouble = system_keyring.kept([found.place])
        if found.place not in keys:
            again = "is the keyring unlocked? If so, join again with a new code"
            raise HubError(f"This machine's key is not there ({trouble}): {again}.")
        return replace(found, key=keys[found.place])

    @classmethod
    def _read(cls, file: Path) -> Device | None:
        try:
            return cls(**json.loads(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            sentence = f"{file} cannot be read: move it away, and join again with a new code."
            raise HubError(sentence, lasting=True) from None

    @property
    def place(self) -> str:
        """What the key is called in the keyring."""
        return f"key of {self.device}"

    def keep(self, file: Path) -> str:
        """In place of whoever was there before; gives where the key is. Raises HubError."""
        with suppress(HubError):  # of one that cannot be read nobody knows the key's place
            self.forget(file)
        keyring = system_keyring.offered()
        if keyring and not system_keyring.keep({self.place: self.key}):
            replace(self, key="").save(file)
            return keyring
        self.save(file)
        return f"{file}, which only you can read"

    @classmethod
    def forget(cls, file: Path, refused: str = "") -> bool:
        """Leaves nothing of a machine that is not heard any more; False where another has joined.

        `refused` is the one that is not heard, unless it is whichever is there. Raises HubError.
        """
        old = cls._read(file)
        if old is not None and refused not in ("", old.device):
            return False
        if old is not None and not old.key:
            system_keyring.drop(old.place)
        file.unlink(missing_ok=True)
        return True

    def save(self, file: Path) -> None:
        """For this user alone, as a whole or not at all. Raises HubError."""
        half = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(half, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as to:
                json.dump(vars(self), to)
            half.replace(file)
        except OSError as error:
            raise HubError(f"{file} cannot be written: {error.strerror}.", lasting=True) from None


class HubClient:
    """Asks the hub, in this device's name. Safe to use from threads."""

    def __init__(
        self, device: Device, clock: Callable[[], float] = time.time, retry: RetryPolicy = ONCE
    ) -> None:
        self._device = device
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(device.key))
        self._http = ServiceClient("the hub", checked(device.url), anonymous(), retry=retry)
        self._clock = clock
        self._ahead = 0.0  # of this machine's clock

    def ask(self, path: str, value: object, shape: type[T]) -> T:
        """The hub's answer. Raises HubError."""
        try:
            return self._send(path, value, shape)
        except _ClockError as error:  # by the hub's time it is another moment: once more, by that
            self._ahead = self._clock() - error.now
            return self._send(path, value, shape)

    def _send(self, path: str, value: object, shape: type[T]) -> T:
        payload = to_json(value).decode()
        at = round(self._clock() - self._ahead, 3)
        envelope = Envelope(self._device.device, at, secrets.token_hex(16), payload)
        signature = self._key.sign(envelope.signed_text(path)).hex()
        body = json.loads(to_json(envelope)) | {"signature": signature}
        try:
            return from_json(shape, self._http.send("POST", path, body).body)
        except BadStatus as error:
            raise _refused(error) from None
        except HttpError as error:
            raise HubError(f"{error}.") from None
        except UnreadableError:
            raise HubError("The hub's answer was not understood.") from None


class _ClockError(HubError):
    """The hub's clock shows another time than this machine's."""

    def __init__(self, sentence: str, now: float) -> None:
        super().__init__(sentence)
        self.now = now


def _refused(error: BadStatus) -> HubError:
    try:
        refusal = from_json(Refusal, error.response.body)
    except UnreadableError:
        return HubError(f"{error}.")
    sentence = f"The hub refuses it: {clean(refusal.why, 200)}."
    if refusal.now is not None:
        return _ClockError(sentence, refusal.now)
    return HubError(
        sentence,
        lasting=error.status == HTTPStatus.GONE,
        refused=400 <= (error.status or 0) < 500 and error.status not in (408, 429),
    )


def checked(url: str) -> str:
    """The hub's address: https, or this machine itself. Raises HubError."""
    parts = urlsplit(url.strip())
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL):
        return url.strip().rstrip("/")
    raise HubError("The hub's address must begin with https://.", lasting=True)


def join(url: str, code: str, file: Path, **more: Any) -> Device:
    """As `joined`, and all of it is in the file then. Raises HubError."""
    device = joined(url, code, **more)
    device.save(file)
    return device


def joined(url: str, code: str, **more: Any) -> Device:
    """Makes a key, and gives its public half to the hub. Raises HubError."""
    key = Ed25519PrivateKey.generate()
    new = Device(checked(url), "", "", key.private_bytes_raw().hex())
    wanted = JoinWanted(code.strip().upper(), key.public_key().public_bytes_raw().hex())
    whose = HubClient(new, **more).ask(JOIN, wanted, Joined)
    return replace(new, person=whose.person, device=whose.device)
