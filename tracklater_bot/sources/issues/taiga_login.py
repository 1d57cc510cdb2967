"""Signing in to Taiga: an access token for a day, a refresh token that works exactly once.

Both live in this process alone. The refresh token is given up before it is sent: when no answer
came it may be spent, and the password signs in again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from pydantic import BaseModel, SecretStr

from tracklater_bot import http
from tracklater_bot.settings import ResolvedTaiga
from tracklater_bot.sources.base import SourceError

# Servers shut out whoever fails a few times; a password that was refused stays so for a while.
_REFUSED_FOR = timedelta(minutes=10)


class _Pair(BaseModel):
    auth_token: str
    refresh: str


class _SignedIn(_Pair):
    id: int


class TaigaProject(BaseModel):
    """A project of the account."""

    slug: str
    name: http.Title = ""


@dataclass(frozen=True, slots=True)
class _TaigaSession:
    """Who is signed in, with which access token, and what renews it; "" when that is spent."""

    user: int
    access: str
    refresh: str


class TaigaLogin:
    """One account on one server, shared by all groups that use it. Safe to call from threads."""

    def __init__(self, url: str, username: str, password: SecretStr, timing: http.Timing) -> None:
        self.username = username
        self._password = password
        self._clock: Callable[[], datetime] = timing.now
        self._lock = Lock()
        self._session: _TaigaSession | None = None
        self._refused_until: datetime | None = None
        self._anonymous = http.ServiceClient("Taiga", url, http.anonymous(), timing=timing)
        self._signed_in_client = http.ServiceClient(
            "Taiga", url, http.bearer(self._access), timing=timing
        )

    @property
    def user(self) -> int:
        """The id of the account."""
        return self._signed_in().user

    def projects(self) -> list[TaigaProject]:
        """Those that the account is a member of, a hundred at most. Raises HttpError."""
        own: http.Params = {"member": self.user, "page_size": 100}
        return self.get("/projects", own).read(list[TaigaProject])

    def get(self, path: str, params: http.Params | None = None) -> http.Response:
        """Asks as that account; a token that has run out is renewed once. Raises HttpError."""
        used = self._signed_in()
        try:
            return self._signed_in_client.get(path, params)
        except http.BadStatus as error:
            if error.status != 401:
                raise
        # A fresh session, unless another thread has made one already.
        with self._lock:
            if self._session is used:
                self._session = self._with_refresh(used) or self._with_password()
        return self._signed_in_client.get(path, params)

    def _access(self) -> str:
        return self._session.access if self._session else ""

    def _signed_in(self) -> _TaigaSession:
        with self._lock:
            if self._session is None:
                self._session = self._with_password()
            return self._session

    def _with_password(self) -> _TaigaSession:
        if self._refused_until is not None and self._clock() < self._refused_until:
            raise self._refusal()
        body = {
            "type": "normal",
            "username": self.username,
            "password": self._password.get_secret_value(),
        }
        try:
            answer = self._anonymous.find("/auth", body).read(_SignedIn)
        except http.BadStatus as error:
            if error.status in (400, 401):
                self._refused_until = self._clock() + _REFUSED_FOR
                raise self._refusal() from None
            raise
        return _TaigaSession(answer.id, answer.auth_token, answer.refresh)

    def _refusal(self) -> SourceError:
        return SourceError(
            f"Taiga refused the password of {self.username}:"
            " check the Taiga user name and password",
            lasting=True,
        )

    def _with_refresh(self, used: _TaigaSession) -> _TaigaSession | None:
        """None when there is no refresh token, or it turned out to be spent."""
        if not used.refresh:
            return None
        self._session = replace(used, refresh="")
        try:
            answer = self._anonymous.send("POST", "/auth/refresh", {"refresh": used.refresh})
            pair = answer.read(_Pair)
        except http.Unreachable:  # it never arrived
            self._session = used
            raise
        except http.HttpError:
            return None  # spent, or possibly spent: never sent a second time
        return _TaigaSession(used.user, pair.auth_token, pair.refresh)


class TaigaLogins:
    """One login an account, however many groups use it: its refresh token works only once."""

    def __init__(self, timing: http.Timing) -> None:
        self._timing = timing
        self._logins: dict[tuple[str, str], TaigaLogin] = {}

    def of(self, place: ResolvedTaiga) -> TaigaLogin | None:
        """None without a name or a password: the source says so when it is asked."""
        if not place.username or place.password is None:
            return None
        account = place.url, place.username
        if account not in self._logins:
            self._logins[account] = TaigaLogin(
                place.url, place.username, place.password, self._timing
            )
        return self._logins[account]
