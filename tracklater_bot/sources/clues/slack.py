"""Slack: the messages that the person wrote, found with `search.messages` and the user's token.

https://docs.slack.dev/reference/methods/search.messages. Texts stay in memory; only counts leave.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from pydantic import SecretStr

from tracklater_bot import http
from tracklater_bot.domain.clues import ChatMessage, Reading
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.errors import code_in, from_between
from tracklater_bot.http.responses import Intercepted
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import SourceError, left_out_sentence

API = "https://slack.com/api"
SCOPE = "search:read"
PAGE_SIZE, LAST_PAGE = 100, 100  # both are Slack's own limits
RETRY, ONCE, AS_IT_IS = (
    http.RetryPolicy(seconds=60.0),
    http.RetryPolicy(tries=1, seconds=0.0),
    http.Timing(),
)
MOST_READERS, MOST_CHANNELS = 5, 200  # of direct messages, whose channels are asked for

# In which zone Slack's `on:` takes its days is not told, so every zone on earth is covered.
WEST, EAST = timedelta(hours=12), timedelta(hours=14)

# Written by people; all other subtypes are Slack's or a program's.
HUMAN = ("", "thread_broadcast", "me_message", "file_share")

NO_JSON = f"{from_between('Slack')}, or slack.base_url is wrong"


# -- Understanding -----------------------------------------------------------------------------


class _Channel(msgspec.Struct):
    id: str = ""
    name: str | None = None
    is_im: bool = False
    user: str | None = None

    @property
    def reader(self) -> str:
        """Who a direct message goes to: told in `user`, or as the channel's name."""
        reader = self.user or self.name or ""
        return reader if self.is_im and re.fullmatch(r"[UW][A-Z0-9]+", reader) else ""


class _Match(msgspec.Struct):
    ts: Annotated[str, msgspec.Meta(pattern=r"^\d{1,11}(\.\d{1,6})?$")]
    text: str | None = None
    user: str | None = None
    channel: _Channel | None = None
    team: str | None = None
    permalink: str | None = None
    bot_id: str | None = None
    subtype: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What tells one message from all others."""
        return self.channel.id if self.channel else "", self.ts


class _Found(msgspec.Struct):
    matches: list[Any] | None = None
    paging: Any = None

    def understood(self) -> list[_Match]:
        """The matches one by one: an odd one is no reason to lose the others."""
        understood = []
        for row in self.matches or ():
            with suppress(ValueError):
                understood.append(msgspec.convert(row, _Match))
        return understood

    def pages(self, page: int) -> int:
        """How many pages there are; where Slack does not tell, a full one has another behind it."""
        if isinstance(self.paging, dict) and isinstance(self.paging.get("pages"), int):
            return int(self.paging["pages"])
        return page + 1 if len(self.matches or ()) >= PAGE_SIZE else page


class _SearchAnswer(msgspec.Struct):
    messages: _Found


class _Conversations(msgspec.Struct):
    channels: list[_Channel] = []


def query_days(span: Span) -> list[date]:
    """The dates that the span touches in any time zone: three for a day."""
    first, last = (span.start - WEST).date(), (span.end + EAST).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _message(
    match: _Match, group: str | None, shared: Mapping[str, tuple[str, ...]]
) -> ChatMessage:
    channel = match.channel or _Channel(is_im=True)
    return ChatMessage(
        at=_at(match),
        group=group,
        text=unescape(match.text or ""),
        channel="" if channel.is_im else channel.name or "",
        workspace=_workspace(match),
        shared_channels=shared.get(channel.reader, ()),
    )


def _at(match: _Match) -> datetime:
    return datetime.fromtimestamp(float(match.ts), UTC)


def _workspace(match: _Match) -> str:
    """`acme` of `https://acme.slack.com/archives/…`, else the workspace's id."""
    try:
        host = urlsplit(match.permalink or "").hostname or ""
    except ValueError:
        host = ""
    return host.removesuffix(".slack.com") if host.endswith(".slack.com") else match.team or ""


# -- Fetching ----------------------------------------------------------------------------------


def _may_be_one(member: str, other: str) -> bool:
    """Whether two ids may be one person's, who has a W… beside the U… in an Enterprise Grid."""
    return member == other or {member[:1], other[:1]} == {"U", "W"}


class SlackSource:
    """The person's messages in one workspace; `group` is None where it serves all groups.

    `user_token` is a user's token (xoxp-…) with the scope search:read. Without `user_id` it is the
    token's owner whose messages count.
    """

    name = "slack"
    watches_screen = False
    local = False

    def __init__(
        self,
        group: str | None,
        user_token: SecretStr,
        user_id: str = "",
        base_url: str = "",
        timing: http.Timing = AS_IT_IS,
    ) -> None:
        self.group = group
        self._user_id = user_id
        token = SecretStr(user_token.get_secret_value().strip())
        self._client, self._impatient = (
            http.ServiceClient(
                "Slack", base_url or API, http.bearer(token), retry=retry, timing=timing
            )
            for retry in (RETRY, ONCE)
        )

    @classmethod
    def set_up(cls, settings: Settings) -> Iterator[SlackSource]:
        """The common workspace, and those of single groups, if a token of theirs is set."""
        if token := settings.slack.user_token:
            yield cls(None, token, settings.slack.user_id, settings.slack.base_url)
        for name in settings.groups:
            own = settings.slack_for(name)
            if own is not None and own.user_token:
                yield cls(name, own.user_token, own.user_id, own.base_url or "")

    def read(self, span: Span) -> Reading:
        """The messages of the span, in order, each once; what was found before a failure too."""
        found: dict[tuple[str, str], _Match] = {}
        troubles, left_out = [], 0
        try:
            for matches, odd in self._matches(span):
                left_out += odd
                for match in matches:
                    human = not match.bot_id and (match.subtype or "") in HUMAN
                    if human and _at(match) in span:
                        found.setdefault(match.key, match)
        except SourceError as error:
            if not found:
                raise
            troubles.append(str(error))
        if left_out:
            troubles.append(left_out_sentence("Slack", left_out))
        own = self._own_ids({match.user or "" for match in found.values()})
        mine = [match for match in found.values() if (match.user or "") in own]
        shared = self._shared_channels(mine) if self.group is None else {}
        messages = [_message(match, self.group, shared) for match in mine]
        clues = sorted(messages, key=lambda message: (message.at, message.channel, message.text))
        trouble = "; ".join(troubles) or None
        return Reading(self.name, self.group, clues=tuple(clues), trouble=trouble)

    def check(self) -> str:
        """Who the token belongs to and where; SourceError when it cannot search."""
        answer, headers = self._call("auth.test")
        scopes = headers.get("X-OAuth-Scopes")
        if scopes is not None and SCOPE not in re.split(r"[,\s]+", scopes):
            raise self._refused("missing_scope")
        owner = str(answer.get("user_id") or "")
        if self._user_id and not _may_be_one(owner, self._user_id):
            raise SourceError(
                f"the Slack token belongs to {owner}, but slack.user_id is {self._user_id}:"
                " correct one of them",
                lasting=True,
            )
        names = (str(answer.get(part) or "?") for part in ("team", "user"))
        team, user = ("".join(filter(str.isprintable, name)) for name in names)
        return f"signed in to {team} as {user}, may search messages"

    def _own_ids(self, senders: set[str]) -> set[str]:
        """Whose messages count among those that the search gave.

        The search is for one person: a single id of the other kind is theirs as well.
        """
        others = [*(senders - {"", self._user_id})]
        alone = len(others) == 1 and _may_be_one(others[0], self._user_id)
        return senders if alone or not self._user_id else {"", self._user_id}

    def _shared_channels(self, messages: Iterable[_Match]) -> dict[str, tuple[str, ...]]:
        """The names of the channels of those who were written to most.

        A token without the scopes for that (channels:read, groups:read) tells of none: they are a
        help, nothing that must be had.
        """
        readers = Counter(match.channel.reader for match in messages if match.channel)
        del readers[""]
        shared = {}
        with suppress(SourceError, ValueError):
            for reader, _ in readers.most_common(MOST_READERS):
                answer, _ = self._call(
                    "users.conversations",
                    self._impatient,
                    user=reader,
                    types="public_channel,private_channel",
                    exclude_archived="true",
                    limit=MOST_CHANNELS,
                )
                channels = msgspec.convert(answer, _Conversations).channels
                shared[reader] = tuple(sorted(each.name for each in channels if each.name))
        return shared

    def _matches(self, span: Span) -> Iterator[tuple[list[_Match], int]]:
        """Of all days that may hold something of the span, each page's matches, and how many odd
        ones it has."""
        sender = f"<@{self._user_id}>" if self._user_id else "me"
        for day in query_days(span):
            yield from self._pages(f"from:{sender} on:{day}")

    def _pages(self, query: str) -> Iterator[tuple[list[_Match], int]]:
        seen: set[tuple[str, str]] = set()
        for page in range(1, LAST_PAGE + 1):
            found = self._search(query, page)
            understood = found.understood()
            odd = len(found.matches or ()) - len(understood)
            fresh = [match for match in understood if match.key not in seen]
            yield fresh, odd
            if page >= found.pages(page):
                return
            if understood and not fresh:
                raise SourceError(
                    "Slack gave the same page of messages twice, so some may be missing:"
                    " try again later"
                )
            seen.update(match.key for match in fresh)
        raise SourceError("there are more messages than Slack's search can tell")

    def _search(self, query: str, page: int) -> _Found:
        # Oldest first: a message written meanwhile moves none to another page.
        answer, _ = self._call(
            "search.messages",
            query=query,
            sort="timestamp",
            sort_dir="asc",
            count=PAGE_SIZE,
            page=page,
        )
        try:
            return msgspec.convert(answer, _SearchAnswer).messages
        except ValueError:
            raise SourceError("Slack answered the search in an unexpected form") from None

    def _call(
        self, method: str, client: http.ServiceClient | None = None, **arguments: str | int
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        """What Slack answers, and the headers of it."""
        try:
            response = (client or self._client).get(f"/{method}", arguments)
        except http.BadStatus as error:
            response = error.response
        except (http.BadResponse, Intercepted) as error:
            raise SourceError(str(error)) from None
        except http.HttpError:
            raise SourceError(
                "Slack cannot be reached: check the network and slack.base_url"
            ) from None
        try:
            answer = response.json()
        except http.BadResponse:
            raise SourceError(NO_JSON) from None
        if not isinstance(answer, dict):
            raise SourceError("Slack answered in an unexpected form")
        if response.status != 200 or not answer.get("ok"):
            code = code_in(answer)
            raise self._refused(code) if code else SourceError(NO_JSON)
        return answer, response.headers

    def _refused(self, code: str) -> SourceError:
        """What Slack's error code means for the person."""
        section = f"GROUPS__{self.group.upper()}__SLACK" if self.group else "SLACK"
        setting = f"TRACKLATER_{section}__USER_TOKEN"
        again = f"Slack does not accept the token in {setting}: copy the User OAuth Token again"
        sentences = {
            "missing_scope": f"the Slack token in {setting} lacks the user scope {SCOPE}: add it"
            " under OAuth & Permissions, install the app again and copy the new token",
            "not_allowed_token_type": f"{setting} must be a user token (xoxp-…), not a bot's: copy"
            " the User OAuth Token",
            **dict.fromkeys(
                ("invalid_auth", "not_authed", "token_revoked", "token_expired"), again
            ),
        }
        if code in sentences:
            return SourceError(sentences[code], lasting=True)
        if code == "ratelimited":
            return SourceError("Slack wants to be asked less often: try again in some minutes")
        return SourceError(f"Slack refuses to search: {code}")
