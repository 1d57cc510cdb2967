"""urllib follows no redirect in this process: Slack's SDK sends tokens, files and answers with it.

Imported for its effect by whoever makes a client of the SDK. It is the one place that all of the
SDK's ways out have in common: its openers for a proxy, for uploads and for a response_url too.
"""

from __future__ import annotations

from typing import Any
from urllib.request import HTTPRedirectHandler


def _nowhere(*_: Any) -> None:
    """No request, which makes urllib raise the redirect as an HTTPError."""


HTTPRedirectHandler.redirect_request = _nowhere  # type: ignore[method-assign, assignment]
