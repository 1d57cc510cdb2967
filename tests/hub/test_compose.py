"""compose.yml: what it names is read and told, and two processes as it starts them do all work."""

from __future__ import annotations

import asyncio
import os
import random
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from aiohttp import ClientConnectorError, ClientSession, web

from tests.bots import ROOT
from tests.commands import environment
from tests.httpmode import deliver_to
from tests.hub.firm import KEY, Firm
from tests.hub.process import STARTED
from tracklater_bot.settings.tree import env_names
from tracklater_bot.slack.connections import PATH
from tracklater_hub import hub, sealing
from tracklater_sandbox import ME

TEXT = (ROOT / "compose.yml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(TEXT)
HUB = COMPOSE["services"]["hub"]
PORTS = {
    PATH: int(HUB["environment"]["TRACKLATER_SLACK__PORT"]),
    "": int(HUB["environment"]["TRACKLATERHUB_PORT"]),
}
NAMED = re.compile(r"\$\{(\w+)[^}]*\}")


BUSY = "SELECT 1 FROM procrastinate_jobs WHERE status = 'doing'"


def filled(text: str, values: Mapping[str, str]) -> str:
    """As Compose does it."""
    return NAMED.sub(lambda found: values[found[1]], text)


# -- The file --------------------------------------------------------------------------------------


def test_every_variable_is_told_and_read() -> None:
    told = (ROOT / "docs" / "hub.md").read_text(encoding="utf-8")
    names = {*NAMED.findall(TEXT), *HUB["environment"]}
    assert {name for name in names if f"`{name}`" not in told} == set()
    read = {*env_names(()), hub.URL, hub.HOST, hub.PORT, hub.MEMBERS, sealing.KEYS}
    assert set(HUB["environment"]) <= read


def test_every_service_says_whether_it_is_well_and_comes_back() -> None:
    for name, service in COMPOSE["services"].items():
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert service["restart"] == "unless-stopped", name
    used = {one.partition(":")[0] for s in COMPOSE["services"].values()
            for one in s["volumes"] if isinstance(one, str)}  # fmt: skip
    assert used == set(COMPOSE["volumes"])


def test_https_leads_to_where_each_process_listens() -> None:
    config = COMPOSE["configs"]["caddyfile"]["content"]
    slack, _, rest = config.partition("handle {")
    assert f"handle {PATH} {{" in slack
    assert f"dynamic a hub {PORTS[PATH]}" in slack
    assert f"dynamic a hub {PORTS['']}" in rest
    assert f":{PORTS['']}/health" in HUB["healthcheck"]["test"][-1]
    assert HUB["environment"]["TRACKLATERHUB_HOST"] == "0.0.0.0"
    (file,) = HUB["volumes"]
    assert f'"--config", "{file["target"]}"' in HUB["build"]["dockerfile_inline"]


# -- Two processes -----------------------------------------------------------------------------


class Container:
    """A process with the file's environment, at an address of its own on this machine."""

    def __init__(self, firm: Firm, number: int, told: Mapping[str, str]) -> None:
        part = random.SystemRandom().randrange(1, 250)
        self.host = f"127.{part}.{os.getpid() % 250 + 1}.{number + 2}"
        values = {"DATABASE_PASSWORD": "secret", "HUB_NAME": "hub.example"}
        given = {name: filled(text, values) for name, text in HUB["environment"].items()}
        given["TRACKLATER_DATABASE_URL"] = firm.database
        given["TRACKLATERHUB_HOST"] = self.host
        self.log = firm.home / f"{number}.log"
        command = [sys.executable, "-m", "tracklater_bot", "hub", "--config", str(firm.team_file)]
        with self.log.open("wb") as file:
            self.process = subprocess.Popen(
                command,
                cwd=firm.home,
                env=environment(firm.home, {**told, **given}),
                stdout=file,
                stderr=file,
            )

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def health(self) -> int:
        """The file's own check."""
        program, option, code = HUB["healthcheck"]["test"][1:]
        assert program == "python"
        command = [sys.executable, option, code.replace("127.0.0.1", self.host)]
        return subprocess.run(command, capture_output=True, check=False).returncode


class Proxy:
    """As Caddy with the file's few lines: by path, one after another, past those that are away."""

    def __init__(self, hosts: list[str]) -> None:
        self._hosts = hosts
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.port = self._do(self._start())

    def close(self) -> None:
        self._do(self._runner.cleanup())
        self._do(self._session.close())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _start(self) -> int:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._pass_on)
        self._session = ClientSession()
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        port: int = self._runner.addresses[0][1]
        return port

    async def _pass_on(self, request: web.Request) -> web.Response:
        port = PORTS.get(request.path, PORTS[""])
        self._hosts.append(self._hosts.pop(0))
        for host in self._hosts:
            try:
                answer = await self._session.request(
                    request.method,
                    f"http://{host}:{port}{request.path_qs}",
                    data=await request.read(),
                    headers=request.headers,
                )
            except ClientConnectorError:
                continue
            async with answer:
                kind = answer.headers.get("Content-Type", "").partition(";")[0] or None
                return web.Response(
                    status=answer.status, body=await answer.read(), content_type=kind
                )
        return web.Response(status=502)


@pytest.fixture
def containers(firm: Firm) -> Iterator[list[Container]]:
    firm.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    slack = {name: one for name, one in firm.sandbox.env.items() if "SLACK" in name}
    told = {**slack, "TRACKLATERHUB_KEYS": KEY, "TRACKLATER_SLACK__MODE": "http"}
    started = [Container(firm, number, told) for number in range(2)]
    try:
        for one in started:
            firm.eventually(lambda: STARTED in one.said or one.process.poll() is not None)  # noqa: B023
            assert one.process.poll() is None, one.said
        yield started
    finally:
        for one in started:
            one.process.kill()
            one.process.wait(30)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address")
def test_two_processes_behind_one_name_with_slack_over_http(
    firm: Firm, containers: list[Container], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both begin on a new database at once; one is killed, and the other does it all."""
    proxy = Proxy([one.host for one in containers])
    url = f"http://127.0.0.1:{proxy.port}"
    monkeypatch.setattr(firm, "url", lambda: url)
    try:
        deliver_to(firm.sandbox.slack, f"{url}{PATH}")
        assert [one.health() for one in containers] == [0, 0]
        firm.join(ME).wake()
        firm.give_tokens(ME)
        firm.open(ME)
        for gone in (False, True):
            if gone:
                # What a dying process works on is taken up after half a minute.
                firm.eventually(lambda: firm.sql(BUSY) == [])
                containers[0].process.kill()
                containers[0].process.wait(30)
            sent = firm.rows(ME).count("in Toggl")
            firm.click(ME, "approve", firm.buttons(ME, "approve")[0])
            firm.wait(lambda: firm.rows(ME).count("in Toggl") > sent or None)  # noqa: B023
        assert len(firm.entries(ME)) == 2
        assert [one.health() for one in containers] == [1, 0]
    finally:
        proxy.close()
