"""`requests`, and what its errors mean. Nothing else of ours knows it."""

from __future__ import annotations

import logging
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from threading import local
from typing import Any, NoReturn

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from tracklater_bot import __version__
from tracklater_bot.domain.side_by_side import in_background
from tracklater_bot.http import bounds, responses
from tracklater_bot.http.client import Params

# At DEBUG it logs whole addresses, and those hold what somebody typed into a search.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

TIMEOUT = (3.0, 30.0)  # to connect; without a byte
TOTAL = 60.0  # an exchange, however slowly the bytes come
_LOCAL = re.compile(r"https?://(localhost|127\.0\.0\.1)(?=[:/]|$)")


class Transport:
    """A session with one service. Safe to use from threads, like the session of `requests`."""

    def __init__(
        self, service: str, base_url: str, credentials: Callable[[], Mapping[str, str]]
    ) -> None:
        self._service = service
        self._base_url = base_url
        self._credentials = credentials
        session = requests.Session()
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter())
        session.headers["User-Agent"] = f"tracklater-bot/{__version__}"
        session.headers["Accept"] = "application/json"
        # A cookie could sign us in as somebody else than the token does.
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session = session
        # What this machine tells itself is no proxy's affair.
        local = _LOCAL.match(base_url)
        self._proxies = {"no_proxy": local[1]} if local else None

    def exchange(
        self, method: str, url: str, params: Params | None, body: object
    ) -> responses.Response:
        """One request and its response, of whatever status. Raises HttpError's kinds."""
        sockets: list[socket.socket] = []

        def run() -> responses.Response:
            _running.sockets = sockets
            with self._session.request(
                method,
                url,
                params=params,
                json=body,
                headers=self._credentials(),
                auth=_without_netrc,
                timeout=TIMEOUT,
                proxies=self._proxies,
                allow_redirects=False,
                stream=True,
            ) as response:
                content = self._content(response)
            return responses.Response(
                self._service, response.status_code, response.headers, content
            )

        try:
            return in_background(run).result(TOTAL)
        except TimeoutError:
            for reading in sockets:
                with suppress(OSError):  # not TLS's own: the other thread is in the middle of it
                    socket.socket.shutdown(reading, socket.SHUT_RDWR)
            raise self._late(TOTAL) from None
        except responses.InvalidCredential:
            self._fail(requests.exceptions.InvalidHeader())
        except requests.RequestException as error:
            self._fail(error)
        except ValueError:  # `requests` looks at where a redirect leads, though it follows none
            raise responses.BadResponse(
                f"{self._service} sends us on to an address that is none", lasting=True
            ) from None

    def _content(self, response: requests.Response) -> bytes:
        """The body, read no further than the cap: an answer of gigabytes is none."""
        content = bytearray()
        for chunk in response.iter_content(16 * 1024):  # a bomb makes 16 MB of them
            content += chunk
            if len(content) > bounds.LARGEST:
                break
        if sentence := bounds.too_much(content):
            content.clear()  # an error keeps what its frames have
            raise responses.BadResponse(
                f"{self._service} {sentence}", status=response.status_code, lasting=True
            )
        return bytes(content)

    def _fail(self, error: requests.RequestException) -> NoReturn:
        # `from None` throughout: the original texts carry addresses, sometimes with credentials.
        where = responses.origin(self._base_url) or self._service
        if isinstance(error, requests.exceptions.InvalidProxyURL | requests.exceptions.ProxyError):
            raise responses.Unreachable(
                f"{self._service} is behind a proxy that does not answer"
            ) from None
        if _caused_by(error, ssl.SSLCertVerificationError):
            raise responses.Unreachable(
                f"{self._service}'s certificate at {where} is not trusted by this machine",
                lasting=True,
            ) from None
        if isinstance(error, requests.ConnectTimeout) or _caused_by(
            error, urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError
        ):
            raise responses.Unreachable(f"{self._service} at {where} cannot be reached") from None
        if isinstance(error, ValueError):  # a bad address or header: nothing went out
            raise responses.Unreachable(
                f"{self._service}'s address or token is malformed: check the settings", lasting=True
            ) from None
        if isinstance(error, requests.Timeout):
            raise self._late(TIMEOUT[1]) from None
        raise responses.ResponseLost(
            f"{self._service} broke off before its answer was complete"
        ) from None

    def _late(self, seconds: float) -> responses.ResponseLate:
        return responses.ResponseLate(f"{self._service} did not answer within {seconds:.0f} s")


def _without_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """As `auth`, keeps `requests` away from ~/.netrc."""
    return request


_running = local()  # `sockets`: those over which this thread's exchange goes


class _Noted:
    """A connection whose socket is known to its exchange, which may have to hang up on it."""

    def request(self, *args: Any, **more: Any) -> None:
        """As urllib3's."""
        super().request(*args, **more)  # type: ignore[misc]
        _running.sockets.append(self.sock)  # type: ignore[attr-defined]


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = type("_Http", (_Noted, HTTPConnectionPool.ConnectionCls), {})


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = type("_Https", (_Noted, HTTPSConnectionPool.ConnectionCls), {})


class _Adapter(HTTPAdapter):
    """Makes connections that can be hung up on, with and without a proxy."""

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        """As the adapter's."""
        super().init_poolmanager(*args, **more)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **more: Any) -> Any:
        """As the adapter's."""
        manager = super().proxy_manager_for(*args, **more)
        manager.pool_classes_by_scheme = _POOLS
        return manager


_POOLS = {"http": _HttpPool, "https": _HttpsPool}


def _caused_by(error: BaseException, *kinds: type[BaseException]) -> bool:
    """Whether an error of these kinds lies anywhere inside; the libraries wrap each other's."""
    seen: set[int] = set()
    inside: list[object] = [error]
    while inside:
        each = inside.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        if isinstance(each, kinds):
            return True
        seen.add(id(each))
        inside += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
    return False
