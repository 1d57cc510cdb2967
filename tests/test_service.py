"""`service`: what is written for each system, what is asked of it, and what is left alone."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.commands import Answer, called
from tracklater_bot.cli import service
from tracklater_bot.cli.service import (
    AGENT,
    BOT,
    RECORDER,
    Command,
    Launchd,
    ServiceJob,
    Systemd,
    TaskScheduler,
    install,
    jobs_of,
    left_over,
    manager_of,
    status,
    uninstall,
)
from tracklater_bot.settings import load
from tracklater_hub.device import Device

# A folder as people have them, with all that a format may take for something of its own.
ODD = "my files & 100% \"notes\" $HOME <i>'x'"
RUN = ServiceJob(BOT, ("/usr/bin/env", "true", ODD, "run"), Path("/tmp"), "/usr/bin:/opt/bin")
RECORD = ServiceJob(RECORDER, ("/usr/bin/env", "true", "record"), Path("/tmp"), "/usr/bin", 20)

# A systemctl that notes what it is asked, and says what it is told to.
SYSTEMCTL = """#!/bin/sh
echo "$@" >> "{log}"
[ "$2" = is-active ] && echo active
[ "$2" = "{fails}" ] && {{ echo "Failed to connect to bus"; exit 1; }}
exit 0
"""


class System:
    """Stands where the system would: notes commands, and refuses those with a word of `fails`."""

    def __init__(self, *fails: str) -> None:
        self.fails = fails
        self.asked: list[str] = []

    def __call__(self, command: Command) -> tuple[int, str]:
        self.asked.append(" ".join(command))
        failed = any(word in command for word in self.fails)
        return int(failed), "no such thing" if failed else "\tstate = running\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's folder, with settings in a folder of an odd name."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / ODD).mkdir()
    toml = f"timezone = 'UTC'\nthyme.dir = '''{tmp_path}/thyme'''\n"
    (tmp_path / ODD / "tracklater.toml").write_text(toml, encoding="utf-8")
    (tmp_path / ODD / ".env").touch(mode=0o600)
    return tmp_path


def on(home: Path, *arguments: str, fails: str = "-") -> Answer:
    """The command on a Linux whose systemctl is `SYSTEMCTL`."""
    (home / "bin").mkdir(exist_ok=True)
    script = home / "bin" / "systemctl"
    script.write_text(SYSTEMCTL.format(log=home / "asked", fails=fails), encoding="utf-8")
    script.chmod(0o755)
    path = f"{home / 'bin'}:{os.environ['PATH']}"
    config = str(home / "config")
    return called(
        home / ODD, "service", *arguments, PATH=path, HOME=str(home), XDG_CONFIG_HOME=config
    )


def asked(home: Path) -> list[str]:
    log = home / "asked"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def files_in(home: Path) -> set[str]:
    found = (file.relative_to(home) for file in home.rglob("*") if file.is_file())
    mine = {str(file) for file in found}
    return {name for name in mine if not name.startswith((ODD, "bin", "asked"))}


# -- systemd -------------------------------------------------------------------------------------

UNITS = {
    f"config/systemd/user/{name}"
    for name in ("tracklater-bot.service", "tracklater-record.service", "tracklater-record.timer")
}


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
def test_from_install_to_uninstall(home: Path) -> None:
    answer = on(home, "install")
    assert answer.code == 0
    assert files_in(home) == UNITS
    for unit in UNITS:
        written = (home / unit).read_text(encoding="utf-8")
        assert all(line in answer.out for line in written.splitlines()), "it shows what it writes"
    assert "journalctl --user -u tracklater-bot" in answer.err
    enabled = [line.removeprefix("--user ") for line in asked(home)]
    assert enabled == [
        "daemon-reload", "enable tracklater-bot.service", "restart tracklater-bot.service",
        "daemon-reload", "enable tracklater-record.timer", "restart tracklater-record.timer",
    ]  # fmt: skip
    state = on(home, "status")
    assert (state.code, state.out.count(": active")) == (0, 2)
    asked(home)
    gone = on(home, "uninstall")
    assert (gone.code, gone.out.count(": removed"), files_in(home)) == (0, 3, set())
    assert asked(home) == [
        "--user disable --now tracklater-bot.service",
        "--user disable --now tracklater-record.timer",
    ]
    assert on(home, "uninstall").out == "Nothing was installed.\n"
    assert on(home, "status").code == 1


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
def test_show_writes_nothing(home: Path) -> None:
    answer = on(home, "install", "--show")
    assert (answer.code, answer.out.count("[Service]")) == (0, 2)
    assert (files_in(home), asked(home)) == (set(), [])


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
def test_a_system_that_refuses_is_quoted(home: Path) -> None:
    answer = on(home, "install", fails="enable")
    assert answer.code == 1
    assert "systemctl --user enable tracklater-bot.service" in answer.err
    assert "Failed to connect to bus" in answer.err


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
def test_a_file_of_the_persons_own_is_left_alone(home: Path) -> None:
    own = home / "config/systemd/user/tracklater-bot.service"
    own.parent.mkdir(parents=True)
    own.write_text("[Service]\nExecStart=/bin/true\n")
    answer = on(home, "install")
    assert answer.code == 1
    assert "was not written by this program" in answer.err
    assert on(home, "uninstall").out == "Nothing was installed.\n"
    assert own.read_text().endswith("/bin/true\n")
    assert asked(home) == []


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
def test_without_settings_there_is_nothing_to_install(home: Path) -> None:
    (home / ODD / "tracklater.toml").unlink()
    answer = on(home, "install")
    assert (answer.code, "no tracklater.toml yet" in answer.err) == (2, True)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")
@pytest.mark.parametrize("job", [RUN, RECORD], ids=lambda each: each.name)
def test_systemd_finds_nothing_wrong_with_the_units(
    job: ServiceJob, tmp_path: Path, home: Path
) -> None:
    (tmp_path / "100% & $x").mkdir()
    odd = ServiceJob(job.name, job.command, tmp_path / "100% & $x", job.path, job.every)
    for file, content in Systemd({"XDG_CONFIG_HOME": str(tmp_path)}).files(odd).items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    units = [str(file) for file in (tmp_path / "systemd/user").iterdir()]
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    done = subprocess.run(
        ["systemd-analyze", "--user", "verify", *units],
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_nothing_in_a_command_is_replaced_by_systemd() -> None:
    (content,) = Systemd({}).files(RUN).values()
    (line,) = (each for each in content.decode().splitlines() if each.startswith("ExecStart="))
    assert line == (
        'ExecStart="/usr/bin/env" "true" "my files & 100%% \\"notes\\" $$HOME <i>\'x\'" "run"'
    )


# -- launchd: read back and compared with its manual; never run on a Mac ---------------------------

LAUNCHD_KEYS = {  # launchd.plist(5)
    "Label": str, "ProgramArguments": list, "WorkingDirectory": str, "EnvironmentVariables": dict,
    "StandardOutPath": str, "StandardErrorPath": str, "RunAtLoad": bool, "KeepAlive": bool,
    "ThrottleInterval": int, "StartInterval": int,
}  # fmt: skip


@pytest.mark.parametrize("job", [RUN, RECORD], ids=lambda each: each.name)
def test_a_macs_agent(job: ServiceJob, home: Path) -> None:
    ((file, content),) = Launchd().files(job).items()
    agent = plistlib.loads(content)
    assert file == home / "Library/LaunchAgents" / f"{job.name}.plist"
    assert {key: type(value) for key, value in agent.items()}.items() <= LAUNCHD_KEYS.items()
    assert (agent["Label"], tuple(agent["ProgramArguments"])) == (job.name, job.command)
    assert agent["EnvironmentVariables"] == {"PATH": job.path}
    assert agent.get("StartInterval") == job.every
    assert ("KeepAlive" in agent) is (job.every is None)
    assert agent["StandardErrorPath"].startswith(str(home))


def test_a_macs_agents_come_and_go(home: Path) -> None:
    mac, system = Launchd(), System()
    install(mac, [RUN, RECORD], system)
    assert files_in(home) == {
        "Library/LaunchAgents/tracklater-bot.plist",
        "Library/LaunchAgents/tracklater-record.plist",
    }
    assert [each.split()[1] for each in system.asked] == ["bootstrap", "bootstrap"]
    assert status(mac, RUN, system) == (True, "tracklater-bot: state = running")
    install(mac, [RUN], system)  # thyme is no longer used
    assert files_in(home) == {"Library/LaunchAgents/tracklater-bot.plist"}
    other = ServiceJob(RUN.name, (*RUN.command, "--verbose"), RUN.folder, RUN.path)
    assert status(mac, other, system)[1].endswith("run `service install` again")
    assert not status(mac, RUN, System("print"))[0]
    uninstall(mac, System("bootout"))
    assert files_in(home) == set()


# -- Windows: read back and compared with the task's schema; never run there -----------------------

TASK_PLACES = {  # Task Scheduler Schema: where each element may stand
    "RegistrationInfo/Source", "RegistrationInfo/Description", "Triggers/LogonTrigger/Enabled",
    "Triggers/LogonTrigger/UserId", "Principals/Principal/UserId",
    "Principals/Principal/LogonType", "Principals/Principal/RunLevel",
    "Settings/MultipleInstancesPolicy", "Settings/DisallowStartIfOnBatteries",
    "Settings/StopIfGoingOnBatteries", "Settings/ExecutionTimeLimit",
    "Settings/RestartOnFailure/Interval", "Settings/RestartOnFailure/Count",
    "Actions/Exec/Command", "Actions/Exec/Arguments", "Actions/Exec/WorkingDirectory",
}  # fmt: skip


def test_a_task_of_windows(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERDOMAIN", "R&D")
    monkeypatch.setenv("LOGNAME", "eero")
    ((file, content),) = TaskScheduler().files(RUN).items()
    assert file.is_relative_to(home)
    root = ET.fromstring(content)
    namespace = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    assert (root.tag, root.get("version")) == (f"{namespace}Task", "1.2")
    values: dict[str, str] = {}

    def walk(element: ET.Element, place: str) -> None:
        for child in element:
            inside = f"{place}/{child.tag.removeprefix(namespace)}".lstrip("/")
            walk(child, inside)
            if not len(child):
                values[inside] = child.text or ""

    walk(root, "")
    assert values.keys() == TASK_PLACES
    assert values["Principals/Principal/UserId"] == "R&D\\eero"
    assert values["Actions/Exec/Command"] == RUN.command[0]
    assert values["Actions/Exec/Arguments"] == subprocess.list2cmdline(RUN.command[1:])
    assert 1 <= int(values["Settings/RestartOnFailure/Count"]) <= 255


def test_a_task_comes_and_goes(home: Path) -> None:
    windows, system = TaskScheduler(), System()
    install(windows, [RUN], system)
    assert files_in(home) == {"data/tracklater-bot/tracklater-bot.xml"}
    assert "/Create /F /TN tracklater-bot /XML" in system.asked[0]
    refusing = System("/End")  # it does not run just now
    uninstall(windows, refusing)
    assert [each.split()[1] for each in refusing.asked] == ["/End", "/Delete"]
    assert files_in(home) == set()


# -- Everywhere ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "names"),
    [("linux", [BOT, RECORDER]), ("darwin", [BOT, RECORDER]), ("win32", [BOT])],
)
def test_what_is_kept_running(platform: str, names: list[str], home: Path) -> None:
    config = home / ODD / "tracklater.toml"
    loaded = load(config, None, {})
    jobs = jobs_of(loaded, {"PATH": "/usr/bin"}, platform)
    assert [job.name for job in jobs] == names
    assert jobs[0].command[-5:] == (
        "--config", str(config), "--env-file", str(config.with_name(".env")), "run",
    )  # fmt: skip
    without = config.with_name("other.toml")
    without.write_text("timezone = 'UTC'", encoding="utf-8")
    assert len(jobs_of(load(without, None, {}), {}, platform)) == 1
    assert manager_of(platform, {}).hint(jobs[0]).startswith("Its log")


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_on_a_machine_of_a_team_the_agent_is_kept_running(platform: str, home: Path) -> None:
    """In place of the bot, and back."""
    loaded, system = load(home / ODD / "tracklater.toml", None, {}), System()
    manager = manager_of(platform, {"XDG_CONFIG_HOME": str(home / "config")})
    alone = jobs_of(loaded, {}, platform)
    team = jobs_of(loaded, {}, platform, joined=True)
    assert (team[0].name, team[0].command[-1]) == (AGENT, "agent")
    assert team[1:] == alone[1:]
    install(manager, alone, system)
    (left,) = left_over(manager, team)
    assert not status(manager, left, system)[0]
    assert "service install" in status(manager, left, system)[1], "the bot of before still runs"
    before = files_in(home)
    install(manager, team, system)
    assert {name for name in files_in(home) if BOT in Path(name).name} == set()
    assert any(AGENT in name for name in files_in(home))
    assert left_over(manager, team) == []
    assert AGENT in manager.hint(team[0]) or platform == "win32"
    assert status(manager, team[0], system)[0]
    install(manager, alone, system)
    assert files_in(home) == before
    assert len(uninstall(manager, system)) == len(before)


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
def test_who_has_joined_a_team_installs_the_agent(home: Path) -> None:
    place = home / ODD / "data" / "tracklater-bot"
    place.mkdir(parents=True)
    Device("https://hub.example", "U1", "id", "00" * 32).save(place / "hub.json")
    assert "tracklater-agent.service" in on(home, "install").out
    assert "restart tracklater-agent.service" in " ".join(asked(home))
    assert "tracklater-agent: active" in on(home, "status").out
    Device.forget(place / "hub.json")
    assert "tracklater-bot: not installed" in on(home, "status").out
    assert "tracklater-agent.service: removed" in on(home, "uninstall").out


def test_a_command_that_is_not_there_is_an_answer() -> None:
    assert service.call_system(("no-such-command",)) == (127, "no-such-command: FileNotFoundError")
