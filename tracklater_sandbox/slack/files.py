"""files.*: an upload in three steps, after which Slack looks at the file for a moment."""

from __future__ import annotations

import mimetypes

from aiohttp import web

from tracklater_sandbox.slack.calls import Call, SlackError
from tracklater_sandbox.slack.workspace import BOT, BOT_USER, File, Json, Workspace


class Files:
    """The methods about files."""

    def __init__(self, workspace: Workspace, upload_url: str) -> None:
        self._workspace = workspace
        self._upload_url = upload_url

    async def upload_url(self, call: Call) -> Json:
        """files.getUploadURLExternal."""
        name, length = call.need("filename"), call.number("length", 0, 1_000_000_000)
        alt = call.text("alt_txt")
        if len(alt) > 1000:
            raise SlackError("alt_txt_too_large")
        file = File(self._workspace.next_id("F"), name, length, alt, call.token.user)
        self._workspace.files[file.id] = file
        return {"upload_url": f"{self._upload_url}{file.id}", "file_id": file.id}

    async def receive(self, request: web.Request) -> web.Response:
        """The upload itself: the bare bytes, or a form with one file."""
        file = self._workspace.files.get(request.match_info["file"])
        if file is None or file.completed_at is not None:
            return web.Response(status=404, text="File not found")
        if request.content_type.startswith("multipart/"):
            form = await request.post()
            parts = [part for part in form.values() if isinstance(part, web.FileField)]
            file.data = parts[0].file.read() if parts else b""
        else:
            file.data = await request.read()
        if len(file.data) != file.length:
            return web.Response(status=400, text="The length is not what was announced")
        return web.Response(text=f"OK - {len(file.data)}")

    async def complete(self, call: Call) -> Json:
        """files.completeUploadExternal: shares the file, and starts the processing."""
        given = call.json("files")
        if not isinstance(given, list) or not given:
            raise SlackError("invalid_arguments")
        channel = call.text("channel_id") or call.text("channels")
        if channel and channel not in self._workspace.channels:
            raise SlackError("channel_not_found")
        files = [self._finish(one, channel) for one in given]
        if channel:
            self._share(call, files, channel)
        self._workspace.touch()
        return {"files": [self.describe(file) for file in files]}

    def _finish(self, given: Json, channel: str) -> File:
        file = self._workspace.files.get(str(given.get("id")))
        if file is None or not file.data:
            raise SlackError("file_not_found")
        file.title = str(given.get("title") or file.name)
        file.completed_at = self._workspace.clock()
        if channel:
            file.channels.append(channel)
        return file

    def _share(self, call: Call, files: list[File], channel: str) -> None:
        message: Json = {
            "type": "message",
            "subtype": "file_share",
            "user": BOT_USER,
            "bot_id": BOT,
            "text": call.text("initial_comment"),
            "files": [self.describe(file) for file in files],
            "ts": self._workspace.next_ts(),
        }
        if call.text("thread_ts"):
            message["thread_ts"] = call.text("thread_ts")
        self._workspace.put(self._workspace.channels[channel], message)

    async def info(self, call: Call) -> Json:
        """files.info: `mimetype` is empty until the processing is over."""
        file = self._workspace.files.get(call.need("file"))
        if file is None:
            raise SlackError("file_not_found")
        return {"file": self.describe(file), "comments": []}

    async def delete(self, call: Call) -> Json:
        """files.delete."""
        if self._workspace.files.pop(call.need("file"), None) is None:
            raise SlackError("file_not_found")
        self._workspace.touch()
        return {}

    def describe(self, file: File) -> Json:
        """The file object."""
        ready = self._workspace.file_state(file.id) == "ready"
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return {
            "id": file.id,
            "name": file.name,
            "title": file.title,
            "alt_txt": file.alt,
            "mimetype": kind if ready else "",
            "filetype": kind.rpartition("/")[2] if ready else "",
            "size": len(file.data),
            "user": file.owner,
            "channels": [one for one in file.channels if not one.startswith("D")],
            "ims": [one for one in file.channels if one.startswith("D")],
            "file_access": "visible",
        }
