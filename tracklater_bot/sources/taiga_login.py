"""Signing in to Taiga: an access token for a day, a refresh token that works exactly once.

The refresh token lives in the memory only, sealed with the password. It is taken out before it is
sent: after a crash or a lost answer it is gone, and the password signs in again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from pydantic import BaseModel, SecretStr, TypeAdapter

from tracklater_bot.http import (
    Answer,
    BadStatus,
    Door,
    HttpError,
    Timing,
    Unreachable,
    anonymous,
    bearer,
)
from tracklater_bot.model import JsonValue
from tracklater_bot.seal import Seal
from tracklater_bot.settings import ResolvedTaiga
from tracklater_bot.sources.protocols import Memory, SourceError

_REFRESH_LIVES = timedelta(days=8)


class _Pair(BaseModel):
    auth_token: str
    refresh: str


class _SignedIn(_Pair):
    id: int


_PAIR = TypeAdapter(_Pair)
_SIGNED_IN = TypeAdapter(_SignedIn)


@dataclass(frozen=True, slots=True)
class _Session:
    """Who is signed in, and with which access token."""

    user: int
    access: str


class TaigaLogin:
    """One account on one server, shared by all groups that use it. Safe to call from threads."""

    def __init__(
        self, url: str, username: str, password: SecretStr, memory: Memory, timing: Timing
    ) -> None:
        self.username = username
        self._password = password
        self._memory = memory
        self._clock: Callable[[], datetime] = timing.now
        self._key = f"taiga:{url.rstrip('/')}:{username}"
        self._seal = Seal(password, self._key)
        self._lock = Lock()
        self._session: _Session | None = None
        self._entrance = Door("Taiga", url, anonymous(), timing=timing)
        self._inside = Door("Taiga", url, bearer(self._access), timing=timing)

    @property
    def user(self) -> int:
        """The id of the account."""
        return self._signed_in().user

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Answer:
        """Asks as that account; a token that has run out is renewed once. Raises HttpError."""
        used = self._signed_in()
        try:
            return self._inside.get(path, params)
        except BadStatus as error:
            if error.status != 401:
                raise
        self._renew(used)
        return self._inside.get(path, params)

    def _access(self) -> str:
        return self._session.access if self._session else ""

    def _signed_in(self) -> _Session:
        with self._lock:
            if self._session is None:
                self._session = self._remembered() or self._with_password()
            return self._session

    def _renew(self, used: _Session) -> None:
        """A fresh session, unless another thread or another process has made one already."""
        with self._lock:
            if self._session is not used:
                return
            stored = self._remembered()
            fresh = stored is not None and stored.access != used.access
            self._session = stored if fresh else self._with_refresh(used) or self._with_password()

    def _with_password(self) -> _Session:
        body = {
            "type": "normal",
            "username": self.username,
            "password": self._password.get_secret_value(),
        }
        try:
            found = self._entrance.find("/auth", body).read(_SIGNED_IN)
        except BadStatus as error:
            if error.status in (400, 401):
                raise SourceError(
                    f"Taiga refused the password of {self.username}:"
                    " check the Taiga user name and password",
                    lasting=True,
                ) from None
            raise
        return self._keep(found.id, found)

    def _with_refresh(self, used: _Session) -> _Session | None:
        """None when there is no refresh token, or it turned out to be spent."""
        token = self._take_refresh()
        if token is None:
            return None
        try:
            answer = self._entrance.send("POST", "/auth/refresh", {"refresh": token})
            return self._keep(used.user, answer.read(_PAIR))
        except Unreachable:
            self._keep(used.user, _Pair(auth_token=used.access, refresh=token))
            raise
        except HttpError:
            return None  # spent, or possibly spent: never sent a second time

    # -- What is remembered ----------------------------------------------------------------

    def _keep(self, user: int, pair: _Pair) -> _Session:
        """Both tokens in one value, so that there is never half a pair."""
        value: dict[str, JsonValue] = {
            "user": user,
            "access": self._seal.close(pair.auth_token),
            "refresh": self._seal.close(pair.refresh),
        }
        self._memory.remember(self._key, value, self._clock() + _REFRESH_LIVES)
        return _Session(user, pair.auth_token)

    def _remembered(self) -> _Session | None:
        value = self._memory.recall(self._key, self._clock())
        access = self._opened(value, "access")
        user = value.get("user") if isinstance(value, dict) else None
        return _Session(user, access) if isinstance(user, int) and access else None

    def _take_refresh(self) -> str | None:
        value = self._memory.recall(self._key, self._clock())
        self._memory.forget(self._key)
        return self._opened(value, "refresh")

    def _opened(self, value: object, name: str) -> str | None:
        sealed = value.get(name) if isinstance(value, dict) else None
        return self._seal.open(sealed) if isinstance(sealed, str) else None


class TaigaLogins:
    """One login an account, however many groups use it: its refresh token works only once."""

    def __init__(self, memory: Memory, timing: Timing) -> None:
        self._memory = memory
        self._timing = timing
        self._known: dict[tuple[str, str], TaigaLogin] = {}

    def of(self, place: ResolvedTaiga) -> TaigaLogin | None:
        """None without a name or a password: the source says so when it is asked."""
        if not place.username or place.password is None:
            return None
        account = place.url, place.username
        if account not in self._known:
            self._known[account] = TaigaLogin(
                place.url, place.username, place.password, self._memory, self._timing
            )
        return self._known[account]
