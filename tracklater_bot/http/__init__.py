"""The one door to the network for `requests`: time-outs, retries, and errors that know what helps.

A `Door` leads to one service. It never follows a redirect (credentials stay with their host),
never keeps cookies, and puts no body, token or full address into a message or a log line.
"""

from tracklater_bot.http.client import (
    Credentials,
    Door,
    Patience,
    Timing,
    anonymous,
    basic,
    bearer,
    utc_now,
)
from tracklater_bot.http.responses import (
    Answer,
    AnswerLate,
    AnswerLost,
    BadAnswer,
    BadStatus,
    HttpError,
    Line,
    Title,
    Unreachable,
)

__all__ = [
    "Answer",
    "AnswerLate",
    "AnswerLost",
    "BadAnswer",
    "BadStatus",
    "Credentials",
    "Door",
    "HttpError",
    "Line",
    "Patience",
    "Timing",
    "Title",
    "Unreachable",
    "anonymous",
    "basic",
    "bearer",
    "utc_now",
]
