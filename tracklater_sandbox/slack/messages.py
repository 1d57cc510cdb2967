"""chat.*, conversations.* and search.messages."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tracklater_sandbox.slack.blockkit import BlockKitError, check_message, elements_of
from tracklater_sandbox.slack.calls import Call, SlackError, need_scope, refusal
from tracklater_sandbox.slack.workspace import (
    APP,
    BOT,
    BOT_USER,
    DOMAIN,
    TEAM,
    Channel,
    Json,
    Workspace,
    shown,
)

MOST_TEXT, MOST_UPDATE_TEXT = 40_000, 4_000


class Messages:
    """The methods about messages and channels."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    # -- chat

    async def post(self, call: Call) -> Json:
        """chat.postMessage."""
        channel = self._channel(call.need("channel"))
        message = self.compose(call)
        if call.text("thread_ts"):
            message["thread_ts"] = call.text("thread_ts")
        self._workspace.put(channel, message)
        return {"channel": channel.id, "ts": message["ts"], "message": shown(message)}

    async def post_ephemeral(self, call: Call) -> Json:
        """chat.postEphemeral."""
        channel = self._channel(call.need("channel"))
        user = call.need("user")
        if user not in self._workspace.people:
            raise SlackError("user_not_in_channel")
        message = self.compose(call) | {"is_ephemeral": True, "ephemeral_for": user}
        self._workspace.put(channel, message)
        return {"message_ts": message["ts"]}

    async def update(self, call: Call) -> Json:
        """chat.update."""
        channel = self._channel(call.need("channel"))
        old = channel.messages.get(call.need("ts"))
        if old is None or old.get("is_ephemeral"):
            raise SlackError("message_not_found")
        if old.get("bot_id") != BOT:
            raise SlackError("cant_update_message")
        if len(call.text("text")) > MOST_UPDATE_TEXT:
            raise SlackError("msg_too_long")
        new = self.compose(call, ts=str(old["ts"]))
        if "metadata" not in new and "metadata" in old:
            new["metadata"] = old["metadata"]
        new["edited"] = {"user": BOT, "ts": self._workspace.next_ts()}
        self._workspace.put(channel, new)
        return {
            "channel": channel.id,
            "ts": new["ts"],
            "text": new["text"],
            "message": shown(new),
        }

    async def delete(self, call: Call) -> Json:
        """chat.delete."""
        channel = self._channel(call.need("channel"))
        message = channel.messages.get(call.need("ts"))
        if message is None or message.get("is_ephemeral"):
            raise SlackError("message_not_found")
        if message.get("bot_id") != BOT:
            raise SlackError("cant_delete_message")
        del channel.messages[str(message["ts"])]
        self._workspace.touch()
        return {"channel": channel.id, "ts": message["ts"]}

    async def permalink(self, call: Call) -> Json:
        """chat.getPermalink."""
        channel = self._channel(call.need("channel"))
        ts = call.need("message_ts")
        if ts not in channel.messages:
            raise SlackError("message_not_found")
        return {"channel": channel.id, "permalink": permalink(channel, ts)}

    async def validate(self, call: Call) -> Json:
        """blocks.validate."""
        self._check(call.json("blocks"))
        return {}

    def compose(self, call: Call, ts: str | None = None) -> Json:
        """A message of the bot from a call's arguments, checked. Raises SlackError."""
        text, blocks = call.text("text"), call.json("blocks")
        if not text and not blocks:
            raise SlackError("no_text")
        message: Json = {
            "type": "message",
            "user": BOT_USER,
            "bot_id": BOT,
            "app_id": APP,
            "team": TEAM,
            "text": text[:MOST_TEXT],
            "ts": ts or self._workspace.next_ts(),
        }
        if blocks:
            self._check(blocks)
            message["blocks"] = self.identified(blocks)
        metadata = call.json("metadata")
        if metadata:
            if not isinstance(metadata, dict) or metadata.keys() != {
                "event_type",
                "event_payload",
            }:
                raise SlackError("invalid_metadata_format")
            message["metadata"] = metadata
        return message

    def identified(self, blocks: list[Json]) -> list[Json]:
        """Blocks with the ids that Slack gives to those that have none."""
        copy: list[Json] = [shown(block) for block in blocks]
        for block in copy:
            block.setdefault("block_id", self._workspace.next_id("b"))
            for element in elements_of(block):
                element.setdefault("action_id", self._workspace.next_id("a"))
        return copy

    def _check(self, blocks: Any) -> None:
        try:
            check_message(blocks, self._workspace.file_state)
        except BlockKitError as error:
            raise refusal(error) from error

    def _channel(self, word: str) -> Channel:
        if word in self._workspace.people:
            return self._workspace.dm(word)
        channel = self._workspace.channels.get(word)
        if channel is None:
            raise SlackError("channel_not_found")
        return channel

    # -- conversations

    async def open(self, call: Call) -> Json:
        """conversations.open."""
        users = [user for user in call.text("users").split(",") if user]
        if len(users) != 1:
            raise SlackError("users_list_not_supplied" if not users else "method_not_supported")
        if users[0] not in self._workspace.people:
            raise SlackError("user_not_found")
        return {"channel": {"id": self._workspace.dm(users[0]).id}}

    async def info(self, call: Call) -> Json:
        """conversations.info."""
        return {"channel": self._channel(call.need("channel")).describe()}

    async def history(self, call: Call) -> Json:
        """conversations.history: newest first, in pages."""
        channel = self._readable(call)
        oldest, latest = call.text("oldest", "0"), call.text("latest", "9" * 10)
        found = [
            message
            for ts, message in sorted(channel.messages.items(), reverse=True)
            if float(oldest) < float(ts) < float(latest)
            and not message.get("is_ephemeral")
            and message.get("thread_ts", ts) == ts  # a thread's replies are told by replies
        ]
        return self._page(call, found)

    async def replies(self, call: Call) -> Json:
        """conversations.replies: a thread, oldest first."""
        channel, ts = self._readable(call), call.need("ts")
        found = [
            message
            for key, message in sorted(channel.messages.items())
            if key == ts or message.get("thread_ts") == ts
        ]
        if not found:
            raise SlackError("thread_not_found")
        return self._page(call, found)

    def _readable(self, call: Call) -> Channel:
        channel = self._channel(call.need("channel"))
        need_scope(call.token, "im:history" if channel.is_im else "channels:history")
        return channel

    def _page(self, call: Call, found: list[Json]) -> Json:
        limit = call.number("limit", 100, 999)
        cursor = call.text("cursor", "0")
        if not cursor.isdigit():
            raise SlackError("invalid_cursor")
        start = int(cursor)
        page = [shown(message) for message in found[start : start + limit]]
        if not call.flag("include_all_metadata"):
            for message in page:
                message.pop("metadata", None)
        more = start + limit < len(found)
        following = str(start + limit) if more else ""
        return {
            "messages": page,
            "has_more": more,
            "response_metadata": {"next_cursor": following},
        }

    # -- search

    async def search(self, call: Call) -> Json:
        """search.messages with `from:`, `on:`, `after:`, `before:` and words, in pages."""
        wanted = _Query(call.need("query"), call.token.user)
        found = [
            (channel, message)
            for channel in self._workspace.channels.values()
            for message in channel.messages.values()
            if not message.get("is_ephemeral") and wanted.fits(message)
        ]
        found.sort(key=lambda pair: float(pair[1]["ts"]), reverse=call.text("sort_dir") != "asc")
        count, page = call.number("count", 20, 100), call.number("page", 1, 100)
        matches = [self._match(*pair) for pair in found[(page - 1) * count : page * count]]
        pages = -(-len(found) // count)
        paging = {"count": count, "total": len(found), "page": page, "pages": pages}
        return {
            "query": call.text("query"),
            "messages": {"total": len(found), "paging": paging, "matches": matches},
        }

    def _match(self, channel: Channel, message: Json) -> Json:
        person = self._workspace.people.get(str(message.get("user")))
        return {
            "type": "im" if channel.is_im else "message",
            "iid": f"{channel.id}-{message['ts']}",
            "team": TEAM,
            "channel": {"id": channel.id, "name": channel.name, "is_im": channel.is_im},
            "user": message.get("user"),
            "username": person.name if person else "",
            "ts": message["ts"],
            "text": message["text"],
            "permalink": permalink(channel, str(message["ts"])),
        }


def permalink(channel: Channel, ts: str) -> str:
    """A message's address in Slack."""
    return f"https://{DOMAIN}.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"


class _Query:
    """A search query. Days are UTC here: the careful side of what Slack leaves open."""

    def __init__(self, query: str, me: str) -> None:
        self._user: str | None = None
        self._after, self._before = date.min, date.max
        self._words: list[str] = []
        for part in query.split():
            self._read(part, me)

    def _read(self, part: str, me: str) -> None:
        name, _, value = part.partition(":")
        if name == "from" and value:
            found = re.fullmatch(r"<@(\w+)>", value)
            self._user = me if value == "me" else found.group(1) if found else value.lstrip("@")
        elif name in ("on", "after", "before", "during") and value:
            self._bound(name, value)
        else:
            self._words.append(part.lower())

    def _bound(self, name: str, value: str) -> None:
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return  # Slack takes an unknown date for no bound at all
        if name in ("on", "during", "after"):
            self._after = day - timedelta(days=0 if name == "after" else 1)
        if name in ("on", "during", "before"):
            self._before = day + timedelta(days=0 if name == "before" else 1)

    def fits(self, message: Json) -> bool:
        """Whether the message answers the query."""
        day = datetime.fromtimestamp(float(message["ts"]), UTC).date()
        text = str(message["text"]).lower()
        return (
            self._user in (None, message.get("user"))
            and self._after < day < self._before
            and all(word in text for word in self._words)
        )
