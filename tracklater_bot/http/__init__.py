"""The one way out to the network for `requests`: time-outs, retries, errors that know what helps.

A `ServiceClient` leads to one service. It never follows a redirect (credentials stay with their
host), never keeps cookies, and puts no body, token or full address into a message or a log line.
"""

from tracklater_bot.http.client import (
    Params,
    RetryPolicy,
    ServiceClient,
    Timing,
    anonymous,
    basic,
    bearer,
    in_header,
    utc_now,
)
from tracklater_bot.http.responses import (
    BadResponse,
    BadStatus,
    HttpError,
    Line,
    Response,
    ResponseLate,
    ResponseLost,
    Shape,
    Title,
    Unreachable,
    When,
    good_rows,
    understood,
)

__all__ = [
    "BadResponse", "BadStatus", "HttpError", "Line", "Params", "Response", "ResponseLate",
    "ResponseLost", "RetryPolicy", "ServiceClient", "Shape", "Timing", "Title", "Unreachable",
    "When", "anonymous", "basic", "bearer", "good_rows", "in_header", "understood", "utc_now",
]  # fmt: skip
