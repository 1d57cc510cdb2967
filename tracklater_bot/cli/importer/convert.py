"""What each of the original's settings is called here, and what has no counterpart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from tracklater_bot.cli.importer.original import Original
from tracklater_bot.domain.text import clean, folded
from tracklater_bot.settings.base import Key
from tracklater_bot.settings.sections import ACTIVITYWATCH
from tracklater_bot.settings.tree import GROUPS, env_name
from tracklater_bot.settings.types import repository

GLOBAL = "global"
# Modules by the names that ENABLED_MODULES has for them.
ENABLED_AS = {"GIT": "gitmodule"}
NO_COUNTERPART = {
    "KIMAI": "entries go to Toggl or Clockify",
    "LOCAL": "entries go to Toggl or Clockify",
}
TRACKERS = ("TOGGL", "CLOCKIFY")  # it wrote to all of them, we to one
# What its web page alone had a use for.
OF_ITS_PAGE = ("TESTING", "ENABLED_MODULES", "UI_SETTINGS", "OVERRIDE_START", "OVERRIDE_END")


@dataclass(slots=True)
class Converted:
    """Settings by path, secrets among them, and notes on what was left out and why."""

    values: dict[Key, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)  # folded name -> name

    def group(self, name: str) -> Key:
        """Where a group's settings go: one place, whatever the case of its name."""
        return (GROUPS, self.groups.setdefault(folded(name.strip()), name.strip()))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands in the original, and in which group of ours it goes."""

    module: str
    section: str
    folder: Path

    def __str__(self) -> str:
        return f"{self.module}.{clean(self.section, 60)}"


Handler: TypeAlias = Callable[[Converted, Key, Place, Any], None]


def convert(original: Original, folder: Path) -> Converted:
    """Our settings from the original's. `folder` is where its relative paths start."""
    converted = Converted(notes=list(original.notes))
    enabled = original.modules.get("ENABLED_MODULES")
    trackers = [each for each in TRACKERS if each in original.modules and _is_on(each, enabled)]
    for module, sections in original.modules.items():
        if module in OF_ITS_PAGE:
            continue
        if module == "CUTOFF_HOUR":
            _cutoff_hour(converted, (), Place(module, "", folder), sections)
        elif not isinstance(sections, dict):
            converted.notes.append(f"{clean(module, 60)}: has no counterpart here")
        elif module not in HANDLERS:
            reason = NO_COUNTERPART.get(module, "has no counterpart here")
            converted.notes.append(f"{clean(module, 60)}: left out: {reason}")
        elif not _is_on(module, enabled):
            converted.notes.append(f"{module}: was switched off in ENABLED_MODULES: left out")
        elif module in trackers[1:]:
            converted.notes.append(
                f"{module}: left out: entries go to one tracker, and {trackers[0]} is there too;"
                f" take that out of the file, and {module} is taken over"
            )
        else:
            if module == "ACTIVITYWATCH":
                converted.values[("activitywatch",)] = {}
            common = sections.get(GLOBAL)
            known = common.items() if isinstance(common, dict) else ()
            shared = {key: value for key, value in known if key in SHARED.get(module, ())}
            for section, values in sections.items():
                is_group = section != GLOBAL and isinstance(values, dict)
                own = shared | values if is_group else values
                _section(converted, Place(module, section, folder), own)
    _advise(converted)
    return converted


def _is_on(module: str, enabled: object) -> bool:
    return not isinstance(enabled, list) or ENABLED_AS.get(module, module.lower()) in enabled


def _section(converted: Converted, place: Place, values: Any) -> None:
    """One module's settings for one group, or for all of them."""
    if not isinstance(values, dict):
        converted.notes.append(f"{place}: is no table of settings: left out")
        return
    is_global = place.section == GLOBAL
    at: Key = () if is_global else converted.group(place.section)
    handlers = HANDLERS[place.module]
    for key, value in values.items():
        handler = handlers.get((GLOBAL if is_global else "group", key.upper()))
        if handler:
            handler(converted, at, place, value)
        elif not (is_global and key.upper() in SHARED.get(place.module, ())):
            converted.notes.append(f"{place}.{clean(key, 60)}: has no counterpart here: left out")


# -- handlers: a value, to its place -----------------------------------------------------------


def _to(*path: str) -> Handler:
    """Text, as it is."""

    def handle(converted: Converted, at: Key, place: Place, value: Any) -> None:
        if isinstance(value, str) and value.strip():
            converted.values[(*at, *path)] = value.strip()
        elif value:
            converted.notes.append(f"{place}: {path[-1]} is no text: left out")

    return handle


def _words(*path: str) -> Handler:
    """A list of words, or one."""

    def handle(converted: Converted, at: Key, place: Place, value: Any) -> None:
        words = _texts(value)
        if words:
            known = converted.values.get((*at, *path), [])
            converted.values[(*at, *path)] = list(dict.fromkeys([*known, *words]))
        elif value:
            converted.notes.append(f"{place}: {path[-1]} is no list of texts: left out")

    return handle


def _keywords(converted: Converted, at: Key, place: Place, value: Any) -> None:
    """Words, found inside longer ones by the original, and by themselves here."""
    _words("keywords")(converted, at, place, value)
    inside = [word for word in _texts(value) if word[0].isalnum() or word[-1].isalnum()]
    if inside:
        converted.notes.append(
            f"{place}.KEYWORDS: {clean(', '.join(inside), 200)}: found inside longer words by the"
            " original, only as whole words here: add the longer words that you meant"
        )


def _texts(value: Any) -> list[str]:
    parts = value if isinstance(value, list) else [value]
    return [part.strip() for part in parts if isinstance(part, str) and part.strip()]


def _paths(*path: str, several: bool = False) -> Handler:
    """Full paths; a relative one starts where the settings lie."""

    def handle(converted: Converted, at: Key, place: Place, value: Any) -> None:
        paths = [_full(converted, place, text) for text in _texts(value)]
        if paths:
            converted.values[(*at, *path)] = paths if several else paths[0]

    return handle


def _full(converted: Converted, place: Place, text: str) -> str:
    if text.startswith("~") or Path(text).is_absolute():
        return text
    full = str((place.folder / text).absolute())
    converted.notes.append(f"{place}: {clean(text, 60)} is no full path: taken as {full}")
    return full


def _projects(converted: Converted, at: Key, place: Place, value: Any) -> None:
    if isinstance(value, list):
        value = dict.fromkeys(_texts(value), "default")
    if not isinstance(value, dict):
        converted.notes.append(f"{place}.PROJECTS: is no table: left out")
        return
    converted.values[(*at, "tracker", "projects")] = {
        str(name): kind if isinstance(kind, str) and kind else "default"
        for name, kind in value.items()
    }


def _account(module: str, user: str, secret: str) -> Handler:
    """CREDENTIALS: a user name and a password."""

    def handle(converted: Converted, at: Key, place: Place, value: Any) -> None:
        pair = _texts(value)
        if len(pair) == 2:
            converted.values[(*at, module, user)], converted.values[(*at, module, secret)] = pair
        elif pair:
            converted.notes.append(f"{place}.CREDENTIALS: is no user name and password: left out")

    return handle


def _repository(converted: Converted, at: Key, place: Place, value: Any) -> None:
    """Owner and name apart there, or an address; together here."""
    found = repository("/".join(_texts(value)))
    if found.count("/") == 1:
        converted.values[(*at, "github", "repos")] = [found]
    elif value:
        converted.notes.append(f"{place}.repo: is no owner and name: left out")


def _idle(converted: Converted, at: Key, place: Place, value: Any) -> None:
    """Seconds there, minutes here."""
    if isinstance(value, int | float) and value > 0:
        converted.values[("suggest", "idle_minutes")] = min(240, max(1, round(value / 60)))
    else:
        converted.notes.append(f"{place}.IDLE: is no number of seconds: left out")


def _not_needed(why: str) -> Handler:
    return lambda converted, _at, place, _value: converted.notes.append(f"{place}.{why}")


def _cutoff_hour(converted: Converted, at: Key, place: Place, value: Any) -> None:
    if isinstance(value, int) and 0 <= value < 24:
        converted.values[("day_starts",)] = f"{value:02}:00"
    else:
        converted.notes.append("CUTOFF_HOUR: is no hour: left out")


def _slack_token(converted: Converted, at: Key, place: Place, value: Any) -> None:
    if isinstance(value, str) and value.startswith("xoxb-"):
        converted.notes.append(
            f"{place}.API_KEY: is a bot token, which cannot search your messages: left out"
        )
        return
    _to("slack", "user_token")(converted, at, place, value)
    if value:
        converted.notes.append(
            f"{place}.API_KEY: taken over; if Slack refuses it (legacy tokens are gone), "
            "make a user token with the scope search:read"
        )


def _server(converted: Converted, at: Key, place: Place, value: Any) -> None:
    """ActivityWatch's address, of which the original named a page; this machine's is not needed."""
    url = value.strip().partition("/api/")[0].rstrip("/") if isinstance(value, str) else ""
    if not url.startswith(("http://", "https://")):
        converted.notes.append(f"{place}: is no address: this machine's ActivityWatch is read")
    elif url not in ("http://localhost:5600", ACTIVITYWATCH):
        converted.values[("activitywatch", "url")] = url


_CHANNELS = _not_needed("CHANNELS: not needed: your messages in all channels are found")
_CUTOFF = _not_needed("CUTOFF: not needed: a stretch of work is as long as it is")
HANDLERS: Mapping[str, Mapping[tuple[str, str], Handler]] = {
    "TOGGL": {
        (GLOBAL, "API_KEY"): _to("toggl", "api_token"),
        ("group", "NAME"): _to("tracker", "client"),
        ("group", "PROJECTS"): _projects,
    },
    "CLOCKIFY": {
        (GLOBAL, "API_KEY"): _to("clockify", "api_key"),
        (GLOBAL, "WORKSPACE"): _to("clockify", "workspace"),
        ("group", "NAME"): _to("tracker", "client"),
        ("group", "PROJECTS"): _projects,
    },
    "GIT": {
        (GLOBAL, "EMAILS"): _words("git", "emails"),
        ("group", "EMAILS"): _words("git", "emails"),
        ("group", "REPOS"): _paths("git", "repos", several=True),
    },
    "JIRA": {
        ("group", "CREDENTIALS"): _account("jira", "email", "api_token"),
        ("group", "URL"): _to("jira", "url"),
        ("group", "PROJECT_KEY"): _words("jira", "project_key"),
    },
    "TAIGA": {
        (GLOBAL, "CREDENTIALS"): _account("taiga", "username", "password"),
        ("group", "CREDENTIALS"): _account("taiga", "username", "password"),
        ("group", "PROJECT_SLUG"): _to("taiga", "project_slug"),
    },
    "GITHUB": {
        (GLOBAL, "TOKEN"): _to("github", "token"),
        ("group", "TOKEN"): _to("github", "token"),
        ("group", "REPO"): _repository,
    },
    "THYME": {
        (GLOBAL, "DIR"): _paths("thyme", "dir"),
        (GLOBAL, "IDLE"): _idle,
        (GLOBAL, "CUTOFF"): _CUTOFF,
        (GLOBAL, "CUTOFF_HOUR"): _cutoff_hour,
        ("group", "KEYWORDS"): _keywords,
    },
    "ACTIVITYWATCH": {
        (GLOBAL, "EVENTS_URL"): _server,
        (GLOBAL, "URL"): _server,
        (GLOBAL, "IDLE"): _idle,
        (GLOBAL, "CUTOFF"): _CUTOFF,
        (GLOBAL, "CUTOFF_HOUR"): _cutoff_hour,
        ("group", "KEYWORDS"): _keywords,
    },
    "SLACK": {
        (GLOBAL, "API_KEY"): _slack_token,
        (GLOBAL, "USER_ID"): _to("slack", "user_id"),
        (GLOBAL, "CHANNELS"): _CHANNELS,
        ("group", "API_KEY"): _slack_token,
        ("group", "USER_ID"): _to("slack", "user_id"),
        ("group", "CHANNELS"): _CHANNELS,
    },
}
# Global there, known for groups alone here: each group has it that has none of its own.
SHARED = {"JIRA": ("CREDENTIALS", "URL", "PROJECT_KEY")}


# -- what the person should still do -----------------------------------------------------------


def _advise(converted: Converted) -> None:
    for name in converted.groups.values():
        at: Key = (GROUPS, name)
        url = converted.values.get((*at, "jira", "url"), "")
        where = f"JIRA.{clean(name, 60)}.CREDENTIALS"
        if (*at, "jira", "api_token") not in converted.values:
            continue
        if (urlsplit(url).hostname or "").endswith(".atlassian.net"):
            converted.notes.append(
                f"{where}: taken over; Jira Cloud takes no passwords any "
                "more, so if that is one, put an API token in its place"
            )
        elif url:
            for key in ("email", "api_token"):
                converted.values.pop((*at, "jira", key), None)
            converted.notes.append(
                f"{where}: left out: a Jira of your own wants a personal "
                f"access token: put it into {env_name((*at, 'jira', 'api_token'))}"
            )
