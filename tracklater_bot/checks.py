"""Everything that is set up tried for real: one line each, what works or what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from urllib.request import getproxies

from pydantic import SecretStr
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from tracklater_bot.core import Core
from tracklater_bot.domain.errors import code_in, from_between
from tracklater_bot.domain.wall import Finding
from tracklater_bot.drafting.recorders import instead_of_thyme
from tracklater_bot.drafting.unseen import unseen
from tracklater_bot.http import bounded  # noqa: F401 - for its effect
from tracklater_bot.http.responses import origin
from tracklater_bot.settings import Loaded, Settings, first_clues, unfinished
from tracklater_bot.settings.hollow import hollow
from tracklater_bot.settings.loading import ENV_NAME, places_looked_at
from tracklater_bot.settings.sections import SlackSettings
from tracklater_bot.sources.base import SourceError
from tracklater_bot.trackers.base import TrackerError
from tracklater_bot.trackers.registry import FIRST_STEP, SUGGESTED

BOT_SCOPES = (
    "chat:write", "commands", "im:write", "im:history", "files:write", "files:read", "users:read",
)  # fmt: skip
_WORD = re.compile(r"“[^”]*”")
TIMEOUT_SECONDS = 15
AT_ONCE = 8
NO_CLUES = f"nothing tells what you worked on: set {first_clues()}."
NO_GROUPS = (
    "there are none: without a client or work project no time can be told apart:"
    " run `tracklater-bot init`, or write a [groups.NAME] section."
)
NO_USER_ID = "slack.user_id is not set: copy your member ID from your Slack profile."


class CheckError(Exception):
    """Something does not work; the text says what to do."""


REFUSALS = (CheckError, SourceError, TrackerError)


def check_all(core: Core, *, quick: bool = False) -> list[Finding]:
    """Tries everything side by side; clues first, then issues, the tracker, Slack.

    Unless it must be `quick`, the last weeks are read too, for settings that find nothing in them.
    """
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="check") as pool:
        clues = pool.submit(core.machine.check)
        others = pool.map(
            lambda check: Finding.of(check[0], check[1], check[2], REFUSALS), _checks(core)
        )
        nothing = Finding("clues", None, ok=False, sentence=NO_CLUES)
        no_groups = Finding("groups", None, ok=False, sentence=NO_GROUPS)
        lacking_groups = [] if core.groups or quick else [no_groups]
        findings = [*(clues.result() or [nothing]), *lacking_groups, *others]
    # What was set in Slack by an earlier version and holds no more; then what is set up by half,
    # unless somebody has asked for that very setting already.
    said = " ".join(finding.sentence for finding in findings)
    lacking = unfinished(core.file_settings)
    more = [sentence for sentence in lacking if sentence.partition(" ")[0] not in said]
    notes = [*core.no_longer(), *more, *_recorder(core)]
    if not quick:
        seen = [*unseen(core.clue_sources, core.groups, core.clock())]
        words = set(_WORD.findall(" ".join(seen)))  # told with more behind it than by themselves
        notes += [each for each in hollow(core.file_settings) if not words & {*_WORD.findall(each)}]
        notes += seen
    return [*findings, *(Finding("settings", None, ok=False, sentence=note) for note in notes)]


def files_read(loaded: Loaded) -> Finding:
    """Which files the settings come from, or where there could be one."""
    env = str(loaded.env_file) if loaded.env_file else f"no {ENV_NAME}"
    if loaded.path is not None:
        return Finding("files", None, ok=True, sentence=f"read {loaded.path} and {env}")
    looked = " and ".join(str(place.absolute()) for place in places_looked_at())
    advice = "run `tracklater-bot init`, or name one with --config"
    sentence = f"there is no settings file at {looked} (read {env}): {advice}"
    return Finding("files", None, ok=bool(loaded.settings.groups), sentence=sentence)


def secrets_read(loaded: Loaded) -> Iterator[Finding]:
    """Where each token and password comes from, by their names."""
    places: dict[str, list[str]] = {}
    for where in loaded.secrets:
        place, _, name = where.rpartition(": ")
        places.setdefault(place or "the environment", []).append(name)
    if places:
        told = "; ".join(f"from {place}: {', '.join(names)}" for place, names in places.items())
        yield Finding("secrets", None, ok=True, sentence=told)


def network(settings: Settings) -> Finding:
    """Whom the program asks anything, as far as the settings decide: nobody else."""
    proxies = {origin(proxy) for name, proxy in getproxies().items() if name in ("http", "https")}
    through = f", through the proxy {' or '.join(sorted(proxies))}" if proxies - {""} else ""
    asked = settings.asked()
    sentence = f"asks {', '.join(asked)} and no other server" if asked else "asks no server"
    return Finding("network", None, ok=True, sentence=sentence + through)


def _recorder(core: Core) -> Iterator[str]:
    """What to record with where nothing does and thyme would see nothing."""
    watched = any(source.watches_screen for source in core.clue_sources)
    if not watched and (instead := instead_of_thyme()):
        yield f"nothing tells which windows you had open: {instead}"


def _checks(core: Core) -> Iterator[tuple[str, str | None, Callable[[], str]]]:
    """What is asked under which name and group, by which call."""
    settings = core.file_settings
    for source in core.issue_sources:
        yield source.name, source.group, source.check
    yield core.tracker.name if core.tracker else SUGGESTED, None, partial(_tracker, core)
    yield "slack bot", None, partial(_bot, settings)
    if settings.slack.mode == "socket":
        yield "slack socket", None, partial(_socket, settings)
    else:
        yield "slack requests", None, partial(_requests, settings)


def _tracker(core: Core) -> str:
    if core.tracker is None:
        raise CheckError(FIRST_STEP)
    return core.tracker.check(core.file_settings.groups)


def _bot(settings: Settings) -> str:
    also = "" if settings.slack.user_id else f" {NO_USER_ID}"
    where = f"it is on your Slack app's page “OAuth & Permissions”, and starts with xoxb-.{also}"
    token = _needed(settings.slack.bot_token, "TRACKLATER_SLACK__BOT_TOKEN", where)
    if not settings.slack.user_id:
        raise CheckError(NO_USER_ID)
    client = slack_client(settings.slack, token)
    answer = ask_slack(client.auth_test, "TRACKLATER_SLACK__BOT_TOKEN")
    if missing := lacking_scopes(answer):
        raise CheckError(missing)
    ask_slack(lambda: client.users_info(user=settings.slack.user_id), "slack.user_id")
    ask_slack(lambda: client.conversations_open(users=settings.slack.user_id), "slack.user_id")
    return f"{answer['user']} in {answer['team']} can write to you"


def lacking_scopes(answer: Any) -> str:
    """What the bot may not do, by Slack's answer to `auth.test`; "" where it may do all."""
    granted = {scope.strip() for scope in _header(answer, "x-oauth-scopes").split(",")}
    missing = [scope for scope in BOT_SCOPES if scope not in granted] if granted - {""} else []
    if not missing:
        return ""
    return (
        f"the bot lacks {', '.join(missing)}: add them under “OAuth & Permissions” and"
        " reinstall the app."
    )


def _socket(settings: Settings) -> str:
    variable = "TRACKLATER_SLACK__APP_TOKEN"
    where = "make one with connections:write under “Basic Information › App-Level Tokens”."
    token = _needed(settings.slack.app_token, variable, where)
    client = slack_client(settings.slack, "")
    ask_slack(lambda: client.apps_connections_open(app_token=token), variable)
    return "Socket Mode connects"


def _requests(settings: Settings) -> str:
    where = "it is on your Slack app's page “Basic Information”."
    _needed(settings.slack.signing_secret, "TRACKLATER_SLACK__SIGNING_SECRET", where)
    return f"their signatures can be checked; `run` listens on port {settings.slack.port}"


def _needed(value: SecretStr | None, variable: str, where: str) -> str:
    if value is None:
        raise CheckError(f"{variable} is not set: {where}")
    return value.get_secret_value()


def slack_client(slack: SlackSettings, token: str) -> WebClient:
    """For a few questions with a token."""
    return WebClient(token=token, base_url=slack.base_url, timeout=TIMEOUT_SECONDS)


def ask_slack(call: Callable[[], Any], about: str) -> Any:
    """Slack's answer. Raises CheckError, which says what to do `about` the setting."""
    try:
        return call()
    except SlackApiError as error:
        if not code_in(error.response):
            raise CheckError(f"{from_between('Slack')}, or slack.base_url is wrong.") from error
        raise CheckError(f"Slack refuses {about}: {_advice(error)}.") from error
    except (SlackClientError, OSError) as error:
        raise CheckError(f"Slack cannot be reached ({type(error).__name__}).") from error


def _advice(error: SlackApiError) -> str:
    code = code_in(error.response)
    if code == "missing_scope":
        return f"the scope {error.response.get('needed')} is missing, add it and reinstall the app"
    return {
        "invalid_auth": "the token is wrong or was revoked, copy it again",
        "not_allowed_token_type": "this is a token of another kind, compare its first letters",
        "user_not_found": "nobody here has that member ID",
    }.get(code, code)


def _header(answer: Any, name: str) -> str:
    headers = {str(key).casefold(): value for key, value in answer.headers.items()}
    value = headers.get(name, "")
    return ",".join(value) if isinstance(value, list) else str(value)
