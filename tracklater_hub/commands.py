"""The command `hub`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from tracklater_bot.checks import lacking_scopes
from tracklater_bot.cli import shared
from tracklater_bot.cli.signals import END_SECONDS, stop_event
from tracklater_bot.domain.errors import StoreError
from tracklater_bot.domain.text import listing
from tracklater_bot.settings import Settings, SettingsError
from tracklater_bot.settings.tree import dotenv_variables
from tracklater_bot.slack.connections import ConnectError
from tracklater_bot.store import Store
from tracklater_hub import outlook, people, schema
from tracklater_hub.hub import (
    HOST,
    MEMBERS,
    URL,
    WHERE,
    Hub,
    OptionError,
    Options,
    members_in,
    require_known,
    run,
)
from tracklater_hub.members import let_go
from tracklater_hub.outlook import MemberRow
from tracklater_hub.sealing import ADVICE, KEYS, Sealer, SealError
from tracklater_hub.team import database_of, lacking, left_out


def hub(arguments: argparse.Namespace) -> int:
    """Runs one process of the hub until it is told to stop; or looks at its people."""
    stopped = stop_event(END_SECONDS)
    shared.end_without_quotes()
    loaded = shared.load_settings(arguments)
    wrong = (OptionError, SealError, SettingsError)
    with shared.told(wrong, shared.UsageError), shared.told((StoreError, ConnectError)):
        given = dotenv_variables(loaded.env_file) if loaded.env_file else {}
        environ = {**given, **os.environ}
        require_known(environ)
        if arguments.renew_keys:
            return _renewed(loaded.settings, Sealer(environ.get(KEYS, "")))
        if arguments.drop_tokens:
            return _dropped(loaded.settings, Sealer(environ.get(KEYS, "")))
        if arguments.members:
            return _print_members(loaded.settings, members_in(environ))
        if arguments.remove is not None:
            return _removed(loaded.settings, arguments.remove, members_in(environ))
        _require_all(loaded.settings, environ)
        options = Options.of(environ)
        try:
            run(loaded.settings, options, stopped, _started)
        except OSError as error:
            where = f"{options.host}:{options.port} ({HOST})"
            raise shared.FailedError(f"{where} cannot be used: {error.strerror}.") from error
    return 0


def _require_all(settings: Settings, environ: Mapping[str, str]) -> None:
    """Raises UsageError for all that is missing, at once."""
    missing = [*lacking(settings)]
    missing += [line for name, line in ((KEYS, ADVICE), (URL, WHERE)) if not environ.get(name)]
    if missing:
        raise shared.UsageError("\n".join((*missing, "docs/hub.md tells of each.")))
    if names := left_out(settings):
        shared.say(f"Left out of the team's file, since it is each laptop's own: {listing(names)}.")


@contextmanager
def _opened(settings: Settings) -> Iterator[Store]:
    """The hub's database. Raises StoreError."""
    with Store.open(database_of(settings)) as store:
        schema.bring_up_to_date(store)
        yield store


def _renewed(settings: Settings, sealer: Sealer) -> int:
    with _opened(settings) as store:
        number = renew(store, sealer)
    shared.say(f"{number} tokens are sealed under the first key now; the others may go.")
    return 0


def _dropped(settings: Settings, sealer: Sealer) -> int:
    with _opened(settings) as store, store.writing() as transaction:
        lost = sealer.lost(people.all_sealed(transaction))
        people.drop_sealed(transaction, lost)
    shared.say(f"{len(lost)} tokens that no key opens are deleted.")
    for person in dict.fromkeys(one.person for one in lost):
        shared.say(f"{person} has to write /tracklater tokens in Slack.")
    return 0


def _print_members(settings: Settings, only: frozenset[str]) -> int:
    """A line for each, in the hub's own time zone."""
    with _opened(settings) as store, store.reading() as transaction:
        now, found = people.now(transaction), outlook.members(transaction)
    for one in found:
        print(_line(one, now, settings.zone(), listed=not only or one.person in only))
    if not found:
        shared.say("Nobody has joined yet: each person writes /tracklater join in Slack.")
    return 0


def _line(one: MemberRow, now: datetime, zone: ZoneInfo, *, listed: bool) -> str:
    """No word of anybody's days."""

    def at(moment: datetime) -> str:
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"

    machine = "no machine"
    if one.machine_since is not None:
        machine = "machine never heard of" if one.heard_at is None else ""
    if one.machine_since is not None and one.heard_at is not None:
        machine = f"machine last heard of {at(one.heard_at)}"
        machine += ", awake" * (now - one.heard_at < people.AWAKE)
    parts = [
        f"{one.person}: joined {at(one.joined_at)}",
        machine,
        f"{one.tokens} tokens",
        f"{one.waiting} decisions wait to be sent",
    ]
    return "; ".join(parts + [f"not in {MEMBERS}: not heard"] * (not listed))


def _removed(settings: Settings, person: str, only: frozenset[str]) -> int:
    with _opened(settings) as store, store.writing() as transaction:
        if people.version(transaction, person) is None:
            raise shared.FailedError(
                f"{person} has not joined: `tracklater-bot hub --members` tells who."
            )
        tokens = len(people.sealed(transaction, person))
        unsent = let_go(transaction, person)
    shared.say(
        f"{person} is removed: the machine is not heard any more, {tokens} tokens and all drafts"
        f" are deleted. {unsent} decisions had not been sent, and are not now; decided days and"
        " entries stay."
    )
    if person in only or not only:
        shared.say(f"They may join again: {MEMBERS} says who may.")
    return 0


def _started(hub: Hub) -> None:
    if missing := lacking_scopes(hub.client.auth_test()):
        shared.say(f"In Slack, {missing}")
    number = hub.people()
    shared.say(
        f"The hub is running for {number} people; machines find it on port {hub.service.port}."
    )


def renew(store: Store, sealer: Sealer) -> int:
    """Seals all tokens under the newest key, so that older ones can go; how many there are."""
    with store.writing() as transaction:
        return people.reseal(transaction, sealer.renewed)
