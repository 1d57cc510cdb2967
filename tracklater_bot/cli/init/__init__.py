"""`init`: settings from what the machine and the accounts tell, and about six answers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from tracklater_bot.cli.init import accounts
from tracklater_bot.cli.init.accounts import RefusedAnswer, settings_with
from tracklater_bot.cli.init.asking import Dialogue, slack_link
from tracklater_bot.cli.init.finding import FoundMachine, find
from tracklater_bot.cli.init.grouping import FORGES, IssueProject, Proposal, propose
from tracklater_bot.cli.init.writing import no_longer, other_values, variables, write
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.text import clean, count
from tracklater_bot.settings import Settings, load, system_keyring
from tracklater_bot.settings.base import Key
from tracklater_bot.settings.issue_sections import TAIGA_API
from tracklater_bot.settings.loading import ENV_NAME, places_looked_at
from tracklater_bot.settings.sections import TrackerAccount
from tracklater_bot.settings.tree import (
    CONFIG_VARIABLE,
    GROUPS,
    dotenv_variables,
    env_name,
    env_names,
)

MOST_SITES = 5
TOKEN_PAGES = {
    "github": "https://github.com/settings/personal-access-tokens",
    "gitlab": "User settings > Access tokens, read_api",
}


class NothingWritten(Exception):
    """Nothing was written; the text says why, and what to do."""


def places(
    config: Path | None, env_file: Path | None, environ: Mapping[str, str]
) -> tuple[Path, Path]:
    """The settings file and the `.env` to be written.

    Without a name: where there is one already, else in the person's configuration folder, where
    every command finds them from everywhere.
    """
    here, usual = places_looked_at()
    if config is None and environ.get(CONFIG_VARIABLE):
        config = Path(environ[CONFIG_VARIABLE])
    target = config or (here if here.exists() else usual)
    return target, env_file or target.with_name(ENV_NAME)


def init(
    folders: Sequence[Path],
    files: tuple[Path, Path],
    environ: Mapping[str, str],
    now: datetime,
    dialogue: Dialogue,
    joined: bool = False,
) -> None:
    """Finds, asks, and writes both files. Raises NothingWritten and SettingsError.

    On a machine that has `joined` a team, Slack, tracker and issues are the hub's.
    """
    target, env_file = files
    if target.exists() and not dialogue.agrees(
        f"{target} is there already. Write it anew? It is kept as {target.name}.old"
    ):
        raise NothingWritten(f"{target} was left as it is: nothing was written.")
    asking = _Asking(dialogue, _known(files, environ), find(folders, Path.home()), joined)
    asking.look(folders)
    if not joined:
        asking.slack()
        asking.tracker()
        asking.issues()
    groups = asking.groups(now)
    values = asking.settings(groups)
    if not groups and not values:
        raise NothingWritten(
            "Nothing was found, and nothing was answered, so there is nothing to write. Name the"
            " folders of your repositories (tracklater-bot init FOLDER …), or let ActivityWatch"
            " (https://activitywatch.net) record your windows for a day. See docs/sources.md."
        )
    replaced = [*other_values(env_file, variables(values)), *no_longer(env_file, groups)]
    if replaced and not dialogue.agrees(
        f"{env_file} has other values of {', '.join(replaced)}. Replace them? It is kept as"
        f" {env_file.name}.old"
    ):
        raise NothingWritten(f"{env_file} was left as it is: nothing was written.")
    secrets = variables(values)
    if in_keyring := secrets and asking.keyring(secrets):
        values[("keyring",)] = list(dict.fromkeys((*values.get(("keyring",), ()), *secrets)))
        secrets = {}
    try:
        settings_with(values)
        write(files, values, groups, secrets, replaced)
    except RefusedAnswer as error:
        raise NothingWritten(str(error)) from None
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise NothingWritten(f"{error.filename or target}: {reason}.") from None
    dialogue.say(f"\nWritten: {target}")
    if secrets:
        dialogue.say(f"Written: {env_file} (secrets; nobody else can read it)")
    elif in_keyring:
        dialogue.say(f"Your tokens are in {system_keyring.PLACE}, under {system_keyring.SERVICE}.")
    for step in asking.next_steps(groups):
        dialogue.say(f"- {step}")


def _known(files: tuple[Path, Path], environ: Mapping[str, str]) -> Settings:
    """What is set already. Without a settings file, nothing of groups: there are none yet."""
    target, env_file = files
    if target.exists():
        return load(target, env_file if env_file.exists() else None, environ).settings
    in_file = dotenv_variables(env_file)
    of_groups = env_name((GROUPS, ""))
    variables = {**in_file, **environ}
    kept = {name: text for name, text in variables.items() if not name.startswith(of_groups)}
    return load(None, Path(os.devnull), kept | {CONFIG_VARIABLE: ""}).settings


@dataclass(slots=True)
class _Asking:
    """What is known so far. `known` are settings that were there before, of files and variables."""

    dialogue: Dialogue
    known: Settings
    machine: FoundMachine
    joined: bool = False
    values: dict[Key, Any] = field(default_factory=dict)
    projects: tuple[Project, ...] = ()
    issue_projects: list[IssueProject] = field(default_factory=list)
    sites: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def look(self, folders: Sequence[Path]) -> None:
        """Tells what was found; asks for folders where there was no repository."""
        if not self.machine.repositories and not folders:
            answer = self.dialogue.ask(
                f"No repository was found in {Path.home()}. In which folders is your work?"
                " (commas between them; Enter: none)"
            )
            if named := [Path(part.strip()) for part in answer.split(",") if part.strip()]:
                self.machine = find(named, Path.home())
        for line in self.machine.lines():
            self.dialogue.say(line)
        self.names.add(Path.home().name)
        self.names |= {email.partition("@")[0].rpartition("+")[2] for email in self.machine.emails}

    # -- Accounts --------------------------------------------------------------------------------

    def slack(self) -> None:
        """Three tokens of one app; the user's tells the member id."""
        if not self._token("slack", "bot_token"):
            self.dialogue.say(f"\nSlack: make the app, filled in already, at\n{slack_link()}")
            self.dialogue.say("Press Create, then Install App, then copy from OAuth & Permissions:")
            question = "Bot User OAuth Token (xoxb-…; Enter: without Slack)"
            if not self._ask_slack("bot_token", question):
                return
        if not self._token("slack", "user_token"):
            self._ask_slack(
                "user_token", "User OAuth Token (xoxp-…; Enter: your messages don't count)"
            )
        elif self.known.slack.user_token:
            self._slack_token("user_token", self.known.slack.user_token)
        if not self._token("slack", "app_token") and self.known.slack.mode == "socket":
            question = "App-Level Token with connections:write, of Basic Information (xapp-…)"
            self._ask_slack("app_token", question)
        if not (self.known.slack.user_id or ("slack", "user_id") in self.values):
            question = "Your member ID (your profile > ⋮ > Copy member ID, U…)"
            self.dialogue.tried(question, self._member)

    def _member(self, member: str) -> bool:
        token = self.values.get(("slack", "bot_token"), self.known.slack.bot_token or SecretStr(""))
        self.dialogue.say(
            f"  {clean(accounts.slack_member(self.known.slack, token, member), 100)}."
        )
        self.values[("slack", "user_id")] = member
        return True

    def _token(self, section: str, name: str) -> bool:
        return getattr(getattr(self.known, section), name) is not None

    def _ask_slack(self, name: str, question: str) -> bool:
        def attempt(answer: str) -> bool:
            token = getattr(settings_with({("slack", name): answer}).slack, name)
            self._slack_token(name, token)
            self.values[("slack", name)] = token
            return True

        return bool(self.dialogue.tried(question, attempt, secret=True))

    def _slack_token(self, name: str, token: SecretStr) -> None:
        if name == "app_token":
            self.dialogue.say(f"  {accounts.slack_socket(self.known.slack, token)}.")
            return
        member, who = accounts.slack_person(self.known.slack, token)
        self.dialogue.say(f"  This is {clean(who, 100)}.")
        if name == "user_token":
            self.values[("slack", "user_id")] = member

    def tracker(self) -> None:
        """The tracker's token; clients and projects are read with it."""
        known = self.known.trackers()
        try:
            if known:
                at, own = known[0]
                self._account(at[0], own)
                return
        except RefusedAnswer as error:
            self.dialogue.say(f"  {own.label}: {error}")
            return
        places = " or ".join(f"{own.label}'s {own.where}" for _, own in self.known.accounts())
        self.dialogue.tried(f"{places}; Enter: without it", self._tracker_key, secret=True)

    def _tracker_key(self, word: str) -> bool:
        """Its form tells whose it is: no tracker is sent another one's key."""
        accounts_ = self.known.accounts()
        fits = [(at, own) for at, own in accounts_ if re.fullmatch(own.form, word)]
        (name,), own = (fits or accounts_)[0]
        key = SecretStr(word)
        self._account(name, own.model_copy(update={own.key: key}))
        self.values[(name, own.key)] = key
        return True

    def _account(self, name: str, own: TrackerAccount) -> None:
        account = accounts.tracker_account(self.known.model_copy(update={name: own}))
        projects = count(len(account.projects), "project")
        self.dialogue.say(f"  This is {clean(account.name, 100)}, with {projects} in {own.label}.")
        self.projects = account.projects

    def issues(self) -> None:
        """Jiras, Taigas and forges, as many as there are."""
        known = self.known
        for kind in ("github", "gitlab"):
            if (token := getattr(known, kind).token) is not None:
                self._known_site(kind, partial(self._forge, kind, getattr(known, kind).url, token))
        if known.taiga.username and known.taiga.password:
            self._known_site("Taiga", partial(self._taiga, known.taiga.url, known.taiga.username))
        for number in range(MOST_SITES):
            more = "another one" if number else "your Jira, Taiga, GitHub or GitLab"
            if self.dialogue.tried(f"Address of {more} (Enter: none)", self._site) is None:
                return

    def _known_site(self, name: str, attempt: Callable[[], bool]) -> None:
        try:
            attempt()
        except RefusedAnswer as error:
            self.dialogue.say(f"  {name}: {error}")

    def _site(self, answer: str) -> bool:
        kind, address = accounts.kind_of(answer)
        settings_with({("taiga", "url"): address})  # refuses what is no address
        question, attempt = "  Password", partial(self._jira, address)
        if kind == "taiga":
            name = self.dialogue.ask("  Your user name there, or e-mail")
            attempt = partial(self._taiga, address, name)
        elif kind == "jira":
            question = (
                "  API token (Cloud: https://id.atlassian.com/manage-profile/security/api-tokens)"
            )
        else:
            question = f"  Access token that reads issues ({TOKEN_PAGES[kind]})"
            attempt = partial(self._forge, kind, address)
        self.dialogue.tried(question, lambda word: attempt(SecretStr(word)), secret=True)
        return True

    def _jira(self, address: str, token: SecretStr) -> bool:
        try:
            url, email, found = accounts.jira_projects(address, token, self.machine.emails)
        except RefusedAnswer as error:
            self.dialogue.say(f"  With your addresses in commits: {error}.")
            other = self.dialogue.ask("  E-mail of that account (Enter: try another token)")
            if not other:
                raise
            url, email, found = accounts.jira_projects(address, token, [other])
        return self._found("jira", url, found, {"email": email, "api_token": token})

    def _forge(self, kind: str, address: str, token: SecretStr) -> bool:
        url, found = accounts.forge_projects(kind, address, token)
        own: dict[str, Any] = {} if url == accounts.FORGES[kind].usual else {"url": url}
        known = getattr(self.known, kind).token
        return self._found(kind, url, found, own if token == known else own | {"token": token})

    def _taiga(self, address: str, name: str, password: SecretStr | None = None) -> bool:
        secret = password or self.known.taiga.password or SecretStr("")
        api, found = accounts.taiga_projects(address, name, secret)
        self.names.add(name)
        if password:
            self.values |= {("taiga", "username"): name, ("taiga", "password"): secret}
        if api != TAIGA_API:
            self.values[("taiga", "url")] = api
        return self._found("taiga", api, found, {})

    def _found(
        self, kind: str, url: str, found: Sequence[IssueProject], own: Mapping[str, Any]
    ) -> bool:
        """What an account tells; its groups get what they need of their `own` to ask it."""
        what = "repository", "repositories"
        label = count(len(found), *what) if kind in FORGES else count(len(found), "project")
        self.dialogue.say(f"  Signed in, {label}.")
        self.issue_projects += found
        self.sites[kind, url] = own
        return True

    # -- Groups ----------------------------------------------------------------------------------

    def groups(self, now: datetime) -> list[Proposal]:
        """What is proposed, as the person changed it."""
        proposed = propose(
            self.machine.repositories, self.projects, self.issue_projects, self.names, now
        )
        if proposed.groups:
            self.dialogue.say("\nYour groups, as far as they can be told:")
        groups = self.dialogue.groups(proposed.groups)
        for left in proposed.left_out:
            self.dialogue.say(f"  Left out: {clean(left, 200)}")
        return groups

    def settings(self, groups: Sequence[Proposal]) -> dict[Key, Any]:
        """All that is written: what a default says already is left out."""
        machine, values = self.machine, dict(self.values)
        names = env_names(group.name for group in groups)  # of others no settings would load
        if listed := [name for name in self.known.keyring if name in names]:
            values[("keyring",)] = listed
        for section in ("slack", *(at[0] for at, _ in self.known.accounts())):
            url = getattr(self.known, section).base_url
            if url != getattr(Settings(), section).base_url:
                values[(section, "base_url")] = url
        if machine.activitywatch:
            values[("activitywatch",)] = {}
        if machine.thyme is not None:
            values[("thyme", "dir")] = str(machine.thyme)
        if machine.agents:
            values[("agents",)] = {}
        if machine.emails and any(group.repositories for group in groups):
            values[("git", "emails")] = list(machine.emails)
        for group in groups:
            values |= group.values()
            for site in dict.fromkeys((project.tracker, project.url) for project in group.issues):
                own = self.sites.get(site, {})
                values |= {(GROUPS, group.name, site[0], name): own[name] for name in own}
        return values

    def keyring(self, secrets: Mapping[str, str]) -> bool:
        """Whether the system's keyring has the secrets now: where one is, and is wanted."""
        name = system_keyring.offered()
        if not name or not self.dialogue.agrees(f"Keep your tokens in {name}? No: in .env"):
            return False
        if trouble := system_keyring.keep(secrets):
            self.dialogue.say(f"  {trouble}: they go to .env.")
        return not trouble

    def next_steps(self, groups: Sequence[Proposal]) -> list[str]:
        """What is to be done now, and what was not found."""
        steps = ["tracklater-bot check: is everything as it should be?"] * (not self.joined)
        if not self.machine.activitywatch and self.machine.thyme is None:
            steps.append(
                "No windows are recorded: ActivityWatch (https://activitywatch.net) would tell most"
                " of your day. Run `init` again when it does."
            )
        if not groups:
            steps.append("No group was found: write one as docs/settings.md shows.")
        if self.joined:
            steps.append("tracklater-bot service install: your team's hub is told of your days")
        elif self._token("slack", "bot_token") or ("slack", "bot_token") in self.values:
            steps.append("tracklater-bot digest yesterday: the first message in Slack")
            steps.append("tracklater-bot service install: from now on it comes by itself")
        else:
            steps.append("tracklater-bot init again, when you have a Slack app")
        return steps
