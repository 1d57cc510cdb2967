"""urllib follows no redirect in this process: Slack's SDK sends tokens, files and answers with it.

Nor does it read an answer without end. Imported for its effect by whoever makes a client of the
SDK. It is the one place that all of the SDK's ways out have in common: its openers for a proxy,
for uploads and for a response_url too.
"""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from typing import Any
from urllib.request import HTTPRedirectHandler

from tracklater_bot.http.bounds import LARGEST, too_much


class TooMuch(HTTPException):
    """An answer is larger than any that can be meant; the text is the end of a sentence."""


class _Bounded(HTTPResponse):
    def read(self, amt: int | None = None) -> bytes:
        """As Python's; all of it only within the bounds."""
        if amt is not None:
            return super().read(amt)
        body = super().read(LARGEST + 1)
        if sentence := too_much(body):
            del body  # an error keeps what its frames have
            raise TooMuch(sentence)
        if self.length:
            raise IncompleteRead(body, self.length)
        return body


def _nowhere(*_: Any) -> None:
    """No request, which makes urllib raise the redirect as an HTTPError."""


HTTPRedirectHandler.redirect_request = _nowhere  # type: ignore[method-assign, assignment]
HTTPConnection.response_class = _Bounded
