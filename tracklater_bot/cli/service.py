"""Keeps `run` or `agent`, and `record` where thyme is used, running: by the system's own means.

systemd's user units, launchd's agents, Windows' task scheduler. Files are written into the
person's own folders alone, and only those that were written here are replaced or removed.
"""

from __future__ import annotations

import getpass
import os
import plistlib
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias
from xml.sax.saxutils import escape

from platformdirs import user_data_path

from tracklater_bot.settings import Loaded, SettingsError
from tracklater_bot.sources.files import replace_file

MARK = "Written by `tracklater-bot service install`"
BOT, AGENT, RECORDER = "tracklater-bot", "tracklater-agent", "tracklater-record"
RECORD_SECONDS = 20
TASKS = "utf-16"  # the encoding in which schtasks reads its files

Command: TypeAlias = Sequence[str]
Runner: TypeAlias = Callable[[Command], "tuple[int, str]"]


class ServiceError(Exception):
    """It was not done; the text is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class ServiceJob:
    """A command to be kept running, or started `every` so many seconds; `path` finds programs."""

    name: str
    command: tuple[str, ...] = ()
    folder: Path = Path()
    path: str = ""
    every: int | None = None


_ALL = (ServiceJob(BOT), ServiceJob(AGENT), ServiceJob(RECORDER, every=RECORD_SECONDS))


class Manager(Protocol):
    """What starts programs on a system: the files it reads, and the commands it takes.

    `hint` tells where the job's log is. `start` and `stop` come after the files were written and
    before they are removed; `state` fails where the job does not run.
    """

    def hint(self, job: ServiceJob) -> str: ...  # noqa: D102
    def files(self, job: ServiceJob) -> dict[Path, bytes]: ...  # noqa: D102 - the class says it
    def start(self, job: ServiceJob) -> list[Command]: ...  # noqa: D102
    def stop(self, job: ServiceJob) -> list[Command]: ...  # noqa: D102
    def state(self, job: ServiceJob) -> Command: ...  # noqa: D102


# -- systemd -----------------------------------------------------------------------------------

# 2 is wrong settings, which do not get better by trying again.
_SERVICE = """# {mark}
[Unit]
Description={name}

[Service]
WorkingDirectory={folder}
Environment={path}
ExecStart={command}
"""
_FOR_EVER = """Restart=always
RestartSec=10
RestartPreventExitStatus=2

[Install]
WantedBy=default.target
"""
_TIMER = """# {mark}
[Unit]
Description={name} every {every} seconds

[Timer]
OnActiveSec={every}
OnUnitActiveSec={every}
AccuracySec=1

[Install]
WantedBy=timers.target
"""


class Systemd:
    """User units."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        config = Path(environ.get("XDG_CONFIG_HOME", ""))
        base = config if config.is_absolute() else Path.home() / ".config"
        self._folder = base / "systemd" / "user"

    def hint(self, job: ServiceJob) -> str:
        """The journal has it."""
        return (
            f"Its log: journalctl --user -u {job.name}. To keep it running while you are logged"
            " out: loginctl enable-linger"
        )

    def files(self, job: ServiceJob) -> dict[Path, bytes]:
        """A service, and a timer for what is started again and again."""
        service = _SERVICE.format(
            mark=MARK,
            name=job.name,
            folder=str(job.folder).replace("%", "%%"),
            path=_quoted(f"PATH={job.path}"),
            command=" ".join(_quoted(part).replace("$", "$$") for part in job.command),
        )
        if job.every is None:
            units = {"service": service + _FOR_EVER}
        else:
            timer = _TIMER.format(mark=MARK, name=job.name, every=job.every)
            units = {"service": f"{service}Type=oneshot\n", "timer": timer}
        return {self._folder / f"{job.name}.{kind}": unit.encode() for kind, unit in units.items()}

    def start(self, job: ServiceJob) -> list[Command]:
        """Starts it now, anew where it runs already, and at each login."""
        verbs = (("daemon-reload",), ("enable", _unit(job)), ("restart", _unit(job)))
        return [("systemctl", "--user", *verb) for verb in verbs]

    def stop(self, job: ServiceJob) -> list[Command]:
        """Ends it, now and for later."""
        return [("systemctl", "--user", "disable", "--now", _unit(job))]

    def state(self, job: ServiceJob) -> Command:
        """Prints `active` where it runs."""
        return ("systemctl", "--user", "is-active", _unit(job))


def _unit(job: ServiceJob) -> str:
    return f"{job.name}.{'service' if job.every is None else 'timer'}"


def _quoted(text: str) -> str:
    """A word of systemd's, in which nothing is replaced."""
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%"))


# -- launchd -----------------------------------------------------------------------------------


class Launchd:
    """A Mac's launch agents, with log files of their own."""

    def hint(self, job: ServiceJob) -> str:
        """A file of its own."""
        return f"Its log: ~/Library/Logs/{job.name}.log"

    def files(self, job: ServiceJob) -> dict[Path, bytes]:
        """An agent. It knows no exit code with which trying again is no use: so not too often."""
        log = str(Path.home() / "Library" / "Logs" / f"{job.name}.log")
        agent: dict[str, object] = {
            "Label": job.name,
            "ProgramArguments": list(job.command),
            "WorkingDirectory": str(job.folder),
            "EnvironmentVariables": {"PATH": job.path},
            "StandardOutPath": log,
            "StandardErrorPath": log,
            "RunAtLoad": True,
        }
        again = {"KeepAlive": True, "ThrottleInterval": 60}
        agent |= again if job.every is None else {"StartInterval": job.every}
        written = plistlib.dumps(agent, sort_keys=False)
        marked = written.replace(b"<plist", f"<!-- {MARK} -->\n<plist".encode(), 1)
        return {_agent(job): marked}

    def start(self, job: ServiceJob) -> list[Command]:
        """Starts it now and at each login."""
        return [("launchctl", "bootstrap", f"gui/{os.getuid()}", str(_agent(job)))]

    def stop(self, job: ServiceJob) -> list[Command]:
        """Ends it."""
        return [("launchctl", "bootout", f"gui/{os.getuid()}/{job.name}")]

    def state(self, job: ServiceJob) -> Command:
        """Prints `state = running`, among other things."""
        return ("launchctl", "print", f"gui/{os.getuid()}/{job.name}")


def _agent(job: ServiceJob) -> Path:
    return Path.home() / "Library" / "LaunchAgents" / f"{job.name}.plist"


# -- Windows -----------------------------------------------------------------------------------

_TASK = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Source>{mark}</Source>
    <Description>{name}</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger><Enabled>true</Enabled><UserId>{user}</UserId></LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{user}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure><Interval>PT1M</Interval><Count>255</Count></RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{command}</Command>
      <Arguments>{arguments}</Arguments>
      <WorkingDirectory>{folder}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


class TaskScheduler:
    """Tasks of Windows, which start when the person logs in."""

    def hint(self, job: ServiceJob) -> str:
        """Nothing keeps it."""
        return "Its log is in the window that it opens."

    def files(self, job: ServiceJob) -> dict[Path, bytes]:
        """A task."""
        user, domain = getpass.getuser(), os.environ.get("USERDOMAIN")
        values = {
            "mark": MARK,
            "name": job.name,
            "user": f"{domain}\\{user}" if domain else user,
            "command": "".join(job.command[:1]),
            "arguments": subprocess.list2cmdline(job.command[1:]),
            "folder": str(job.folder),
        }
        task = _TASK.format_map({name: escape(value) for name, value in values.items()})
        return {_task(job): task.encode(TASKS)}

    def start(self, job: ServiceJob) -> list[Command]:
        """Takes the task over, and starts it."""
        create = ("schtasks", "/Create", "/F", "/TN", job.name, "/XML", str(_task(job)))
        return [create, ("schtasks", "/Run", "/TN", job.name)]

    def stop(self, job: ServiceJob) -> list[Command]:
        """Ends it, and forgets the task."""
        end = ("schtasks", "/End", "/TN", job.name)
        return [end, ("schtasks", "/Delete", "/F", "/TN", job.name)]

    def state(self, job: ServiceJob) -> Command:
        """Prints the task with its status."""
        return ("schtasks", "/Query", "/TN", job.name)


def _task(job: ServiceJob) -> Path:
    return user_data_path("tracklater-bot", appauthor=False) / f"{job.name}.xml"


# -- What is installed -------------------------------------------------------------------------


def manager_of(platform: str, environ: Mapping[str, str]) -> Manager:
    """What starts programs here."""
    if platform == "darwin":
        return Launchd()
    return TaskScheduler() if platform == "win32" else Systemd(environ)


def jobs_of(
    loaded: Loaded, environ: Mapping[str, str], platform: str, *, joined: bool = False
) -> list[ServiceJob]:
    """The bot, or the agent where the machine has `joined` a team; the recorder with thyme.

    Raises SettingsError without a file.
    """
    if loaded.path is None:
        raise SettingsError("There is no tracklater.toml yet: a service needs one to read.")
    config = loaded.path.absolute()
    # -P: nothing in the settings' folder is taken for a module.
    command = [sys.executable, "-P", "-m", "tracklater_bot", "--config", str(config)]
    if loaded.env_file is not None:
        command += ["--env-file", str(loaded.env_file.absolute())]
    folder, path = config.parent, environ.get("PATH", os.defpath)
    if not all(text.isprintable() for text in (*command, path)):
        raise SettingsError("A path has characters that cannot be written into a service.")
    name, word = (AGENT, "agent") if joined else (BOT, "run")
    jobs = [ServiceJob(name, (*command, word), folder, path)]
    if loaded.settings.thyme.dir is not None and platform != "win32":
        jobs.append(ServiceJob(RECORDER, (*command, "record"), folder, path, RECORD_SECONDS))
    return jobs


def shown(manager: Manager, jobs: Sequence[ServiceJob]) -> str:
    """Each file as it is written."""
    lines = []
    for file, content in _files(manager, jobs).items():
        text = content.decode(TASKS if file.suffix == ".xml" else "utf-8")
        lines += [f"{file}:", *(f"    {line}".rstrip() for line in text.splitlines())]
    return "\n".join(lines)


def install(manager: Manager, jobs: Sequence[ServiceJob], call: Runner) -> None:
    """Writes the files and starts what they tell of. Raises ServiceError."""
    files = _files(manager, jobs)
    for file in files:
        if file.exists() and not _is_ours(file):
            raise ServiceError(f"{file} was not written by this program: move it away first.")
    uninstall(manager, call)
    for file, content in files.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(file, content)
        except OSError as error:
            raise ServiceError(f"{file} cannot be written: {error.strerror}.") from error
    for command in (command for job in jobs for command in manager.start(job)):
        code, said = call(command)
        if code:
            failed = f"{subprocess.list2cmdline(command)} ({' '.join(said.split()) or code})"
            raise ServiceError(f"The files are written, but this failed: {failed}")


def uninstall(manager: Manager, call: Runner) -> list[Path]:
    """Ends everything and removes the files that were written here; gives those."""
    removed = []
    for job in _ALL:
        ours = [file for file in manager.files(job) if file.exists() and _is_ours(file)]
        for command in manager.stop(job) if ours else ():
            call(command)  # where it does not run, that is fine
        for file in ours:
            file.unlink()
            removed.append(file)
    return removed


def left_over(manager: Manager, jobs: Sequence[ServiceJob]) -> list[ServiceJob]:
    """What else is installed of this program: by whoever joined a team since, or left it."""
    names = {job.name for job in jobs}
    others = (job for job in _ALL if job.name not in names)
    return [job for job in others if all(file.exists() for file in manager.files(job))]


def status(manager: Manager, job: ServiceJob, call: Runner) -> tuple[bool, str]:
    """Whether the job runs and is installed as it would be now, with what the system says."""
    files = manager.files(job)
    if not all(file.exists() for file in files):
        return False, f"{job.name}: not installed"
    code, said = call(manager.state(job))
    lines = [line.strip() for line in said.splitlines() if line.strip()] or [f"exit code {code}"]
    state = next((line for line in lines if line.startswith("state = ")), lines[-1])
    if any(file.read_bytes() != content for file, content in files.items()):
        return False, f"{job.name}: {state}; of other settings: run `service install` again"
    return code == 0, f"{job.name}: {state}"


def call_system(command: Command) -> tuple[int, str]:
    """Runs a command of the system; its exit code, and what it printed."""
    try:
        done = subprocess.run(  # noqa: S603 - the words are those above, no shell reads them
            command, capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, f"{command[0]}: {type(error).__name__}"
    return done.returncode, done.stdout + done.stderr


def _files(manager: Manager, jobs: Sequence[ServiceJob]) -> dict[Path, bytes]:
    return {file: content for job in jobs for file, content in manager.files(job).items()}


def _is_ours(file: Path) -> bool:
    content = file.read_bytes()
    return any(MARK.encode(encoding) in content for encoding in ("utf-8", "utf-16-le"))
