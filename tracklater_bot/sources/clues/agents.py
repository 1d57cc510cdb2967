"""Coding agents: when the person typed to one and when it worked by itself, where, on which branch.

Their logs hold whole conversations. Of a line only a fixed list of keys is decoded
(`agent_claude.py`, `agent_codex.py`), and what is kept is in `agent_logs.py`.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple

from tracklater_bot.domain.clues import AgentRun, Prompt, Reading
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.text import count
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.clues import agent_claude, agent_codex, git_repository
from tracklater_bot.sources.clues import agent_logs as logs
from tracklater_bot.sources.clues.agent_logs import Harvest, LogFile
from tracklater_bot.sources.files import os_reason

# Seconds: for the files that the span may be in, a little less than a draft waits for; and how
# long others are read beside them, so that they are known before they are deleted.
READING, HARVESTING = 40.0, 3.0
MOST_PROMPTS = 1000  # a day
LATE = "{} of agents took too long: the next reading goes on"
UNREAD = "{} of agents cannot be read: allow it"
PACKED = "{} of agents cannot be read: left out"
PUZZLING = "nothing in {} of agents was understood: their form has changed"
_OTHERS = re.compile(r"[^A-Za-z0-9]")


class Tool(NamedTuple):
    """A tool with logs: its name, where it has them, which files they are, and their meaning."""

    name: str
    setting: str
    variable: str
    folder: str
    files: Callable[[Path], Iterator[Path]]
    understand: Callable[[Iterable[bytes], Path], logs.Told]


TOOLS = (
    Tool("Claude Code", "claude_dir", "CLAUDE_CONFIG_DIR", "~/.claude", *agent_claude.FORMAT),
    Tool("Codex", "codex_dir", "CODEX_HOME", "~/.codex", *agent_codex.FORMAT),
)
_UNDERSTAND = {tool.name: tool.understand for tool in TOOLS}


@dataclass(eq=False, repr=False)
class AgentsSource:
    """What was typed to coding agents, and what they did by themselves.

    `folders` are the tools' own, by name; one that does not exist is left out. `groups` are all
    groups' repositories. `data` is where the harvest is kept.
    """

    name = "agents"
    group = None
    watches_screen = False
    local = True

    folders: Mapping[str, Path]
    groups: Sequence[tuple[str, Path]]
    data: Path
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def set_up(cls, settings: Settings) -> Iterator[AgentsSource]:
        """One for all tools, as soon as their section is written."""
        if "agents" not in settings.model_fields_set:
            return
        own, written = settings.agents, settings.agents.model_fields_set

        def folder_of(tool: Tool) -> Path | None:
            return getattr(own, tool.setting) if tool.setting in written else usual_folder(tool)

        if folders := {tool.name: folder for tool in TOOLS if (folder := folder_of(tool))}:
            yield cls(folders, git_repository.configured(settings), settings.data_folder / "agents")

    def read(self, span: Span) -> Reading:
        """The prompts and the runs of the span; new files are read, and what they tell is kept."""
        files, harvest = self._files(), Harvest.load(self.data)
        start, end = logs.milliseconds(span.start), logs.milliseconds(span.end)
        troubles = list(self._harvest(files, harvest, start))
        for folder in harvest.new_folders:
            if made_from := _main_folder(Path(folder)):
                harvest.content.worktrees[folder] = made_from
        whose = _Whose(self.groups, harvest.content.worktrees)
        told = list(harvest.during(start, end, self.folders))
        try:
            harvest.save(files)
        except OSError as error:
            reason = os_reason(error)
            troubles.append(f"what agents' logs told cannot be kept in {self.data}: {reason}")
        typed = _prompts((one for prompts, _ in told for one in prompts), span, whose)
        days = groupby(typed, key=lambda prompt: prompt.at.date())
        kept = [prompt for _, of_day in days for prompt in islice(of_day, MOST_PROMPTS)]
        if too_many := len(typed) - len(kept):
            more = count(too_many, "prompt")
            troubles.append(f"{more} more in a day than a person types: left out")
        ran = _runs((one for _, runs in told for one in runs), span, whose)
        found: set[Prompt | AgentRun] = {*kept, *ran}
        clues = sorted(found, key=_order)
        return Reading(self.name, clues=tuple(clues), trouble="; ".join(troubles) or None)

    def check(self) -> str:
        """How many sessions there are, and when the last was; SourceError when there is none."""
        files = self._files()
        if not files:
            where = " and ".join(str(folder) for folder in self.folders.values())
            raise SourceError(f"there are no sessions of agents in {where}: correct [agents]")
        harvest = Harvest.load(self.data)
        puzzling = sum(map(harvest.puzzled_by, files))
        if puzzling:
            raise SourceError(PUZZLING.format(count(puzzling, "session")))
        latest = datetime.fromtimestamp(max(file.mtime for file in files) / 1e9, UTC)
        parts = (
            f"{count(sum(file.tool == tool.name for file in files), 'session')} of {tool.name}"
            for tool in TOOLS
            if tool.name in self.folders
        )
        packed = sum(map(_is_packed, files))
        left_out = f", {count(packed, 'compressed one')} left out" if packed else ""
        return f"{', '.join(parts)}, the latest of {latest.date()}{left_out}"

    # -- Which files ---------------------------------------------------------------------------

    def _files(self) -> list[LogFile]:
        """The sessions of all tools, the latest first."""
        there = {tool: at for tool in TOOLS if (at := self.folders.get(tool.name)) is not None}
        found: list[LogFile] = []
        missing = []
        for tool, folder in there.items():
            try:
                next(folder.iterdir(), None)
                found += (log for path in tool.files(folder) if (log := _log_file(path, tool)))
            except FileNotFoundError:
                missing.append(folder)
            except OSError as error:
                raise SourceError(
                    f"the folder {folder} of {tool.name} cannot be read ({os_reason(error)}):"
                    " allow it, or correct [agents] in the settings",
                    lasting=True,
                ) from None
        if len(missing) == len(there):
            raise SourceError(
                f"{' and '.join(map(str, missing))} does not exist:"
                " correct [agents] in the settings, or take it out",
                lasting=True,
            )
        return sorted(found, key=lambda file: (-file.mtime, file.path))

    def _harvest(self, files: Sequence[LogFile], harvest: Harvest, start: int) -> Iterator[str]:
        """Reads what has changed, as long as there is time; gives what the span lacks for it."""
        began, lacking = self.clock(), Counter[str]()
        for file in files:
            needed = file.mtime >= start * 1_000_000
            limit = began + (READING if needed else HARVESTING)
            trouble = ""
            if _is_packed(file):
                trouble = PACKED * (not harvest.has(file))
            elif not harvest.knows(file):
                try:
                    self._read(file, harvest, limit)
                except logs.TakesTooLong:
                    trouble = LATE
                except OSError:
                    trouble = UNREAD
            for what in (trouble, PUZZLING * harvest.puzzled_by(file)):
                lacking[what] += needed
        for what in (LATE, UNREAD, PACKED, PUZZLING):
            if lacking[what]:
                kind = "compressed session" if what is PACKED else "session"
                yield what.format(count(lacking[what], kind))

    def _read(self, file: LogFile, harvest: Harvest, limit: float) -> None:
        if self.clock() > limit:
            raise logs.TakesTooLong
        lines = logs.lines_of(file.path, lambda: self.clock() <= limit)
        harvest.add(file, _UNDERSTAND[file.tool](lines, file.path))


def usual_folder(tool: Tool) -> Path:
    """Where a tool has its logs, unless the settings name another place."""
    return Path(os.environ.get(tool.variable) or tool.folder).expanduser()


def _log_file(path: Path, tool: Tool) -> LogFile | None:
    """The file, unless it is none, has gone, or is a link to who knows what."""
    try:
        found = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return LogFile(path, tool.name, found.st_size, found.st_mtime_ns)


def _is_packed(file: LogFile) -> bool:
    return file.path.suffix == ".zst"


# -- Clues -------------------------------------------------------------------------------------


def _prompts(prompts: Iterable[logs.Prompted], span: Span, whose: _Whose) -> list[Prompt]:
    """The prompts of the span, each once: a fork has copies of its parent's."""
    in_order = sorted(prompts, key=lambda one: one.at)
    once = {one.id: one for one in reversed(in_order)}  # the first of each stays
    start, end = logs.milliseconds(span.start), logs.milliseconds(span.end)
    found = (
        Prompt(_moment(one.at), *whose.place(one.folder), one.branch, one.session)
        for one in once.values()
        if start <= one.at < end  # before it is made a time: of year 1 there may be none
    )
    return sorted(found, key=_order)


def _runs(runs: Iterable[logs.Ran], span: Span, whose: _Whose) -> Iterator[AgentRun]:
    """The parts of runs that lie in the span."""
    start, end = logs.milliseconds(span.start), logs.milliseconds(span.end)
    for one in runs:
        at, until = max(one.at, start), min(one.until, end)
        if at < until:
            place = whose.place(one.folder)
            yield AgentRun(_moment(at), _moment(until), *place, one.branch, one.session)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _order(clue: Prompt | AgentRun) -> tuple[datetime, str, str, str]:
    return clue.at, type(clue).__name__, clue.folder, clue.session


# -- Whose a folder is -------------------------------------------------------------------------


@dataclass(slots=True)
class _Whose:
    """Which group a folder belongs to: inside one of its repositories, or of their worktrees.

    `worktrees` remembers what a folder was made from when it is gone.
    """

    groups: Sequence[tuple[str, Path]]
    worktrees: dict[str, str]
    _known: dict[str, tuple[str | None, str]] = field(default_factory=dict)
    _roots: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """The repositories' folders, the inner ones first."""
        roots = ((root, group) for group, root in git_repository.folders_of(self.groups))
        self._roots = sorted(roots, key=lambda root: -len(root[0]))

    def place(self, folder: str) -> tuple[str | None, str]:
        """The group of a folder, which need not exist, and the folder itself."""
        if folder not in self._known:
            made_from = next((o for at, o in self.worktrees.items() if _inside(folder, at)), "")
            root, group = self._root_of(folder) or self._root_of(made_from) or ("", None)
            self._known[folder] = group, root if folder == _slug(root) else folder
        return self._known[folder]

    def _root_of(self, folder: str) -> tuple[str, str] | None:
        return next((root for root in self._roots if _inside(folder, root[0])), None)


def _slug(folder: str) -> str:
    """A folder as Claude Code names it: `-` for all but letters and digits."""
    return _OTHERS.sub("-", folder)


def _inside(folder: str, root: str) -> bool:
    """Whether a folder is in another; it may be told as a slug alone."""
    if folder == _slug(folder):
        return f"{folder}-".startswith(f"{_slug(root)}-")
    return folder == root or folder.startswith((f"{root}/", f"{root}\\"))


def _main_folder(folder: Path) -> str:
    """The folder that a worktree was made from; "" for one that is none, or is gone."""
    with suppress(OSError, SourceError):  # then the folder stands for itself
        place = git_repository.repository_around(folder)
        if place is not None and not (place / ".git").is_dir():
            return str(git_repository.locate(place).main)
    return ""
