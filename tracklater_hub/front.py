"""The one Slack app of a team: whose event it is decides whose bot answers.

What concerns belonging (join, devices, tokens, leave) is answered here; all else by the person's
own listeners, behind their own gate. Nobody's event reaches another's.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltRequest, BoltResponse, Respond

from tracklater_bot.blocks import elements as kit
from tracklater_bot.blocks.dialogs import field, note_modal
from tracklater_bot.checks import REFUSALS
from tracklater_bot.core import Core
from tracklater_bot.domain.errors import StoreError, log_failure
from tracklater_bot.domain.text import clean
from tracklater_bot.domain.wall import Finding
from tracklater_bot.scheduling.loop import submit
from tracklater_bot.slack.app import Answers
from tracklater_bot.slack.gate import until_answered
from tracklater_bot.slack.messages import NETWORK_ERRORS, reason
from tracklater_hub import people
from tracklater_hub.members import Listeners, Members, let_go, let_in
from tracklater_hub.once import AWAY, Once
from tracklater_hub.team import Wanted, wanted_of

log = logging.getLogger(__name__)
COMMAND = "/tracklater"
TOKENS = "hub_tokens"
STRANGER = "I don't know you yet. Write `/tracklater join` to let me keep your time."
NOT_INVITED = "This team's administrator has not put you on the list: ask them."
LEFT = (
    "You have left: your machine is not asked any more, and your tokens and drafts are deleted."
    " Entries in your tracker stay, and so do your decided days. `/tracklater join` lets you in"
    " again, with new tokens."
)
UNSENT = (
    " {} of your decisions had not reached your tracker or Jira yet, and will not by themselves:"
    " the days' messages say which."
)
ENDED = "That machine is not listened to any more. `/tracklater join` gives a code for another."
CHANGED = "The team's file was changed meanwhile: please write `/tracklater tokens` once more."
UNTRIED = "that is not what such a token looks like, or half of it is missing"
FAILED = "That did not work: please try again. If it keeps failing, the hub's log tells why."
TRYING = "I try them now; this takes a few seconds…"
_WORDS = re.compile(r"(join|tokens|devices|devices end|leave)")
_GUESTS = ("is_bot", "deleted", "is_restricted", "is_ultra_restricted", "is_stranger")


class Front(App):
    """The app that Slack's events reach. `url` is where machines find the hub."""

    def __init__(self, members: Members, listeners: Listeners, url: str) -> None:
        super().__init__(
            name="tracklater-hub",
            client=listeners.client,
            signing_secret=listeners.signing_secret,
            listener_executor=listeners.executor,
            token_verification_enabled=False,
            request_verification_enabled=False,  # done before anything else
        )
        self._once = Once(members.store, listeners.signing_secret, members.clock)
        self._members = members
        self._url = url
        self._slack = listeners
        self.use(self._only_own)
        self.use(self._answer_once)
        self.command(COMMAND)(self._command)
        self.view(TOKENS)(self._tokens_given)
        self.error(self._failed)

    def dispatch(self, req: BoltRequest) -> BoltResponse:
        """Gives the request to the person whose it is, where it is Slack's and a new one."""
        return self._once.answer(req, self._dispatch)

    def _dispatch(self, req: BoltRequest) -> BoltResponse:
        own = self._is_own(req.body)
        member = None if own else self._members.of(req.context.user_id or "")
        return super().dispatch(req) if member is None else member.app.dispatch(req)

    def _is_own(self, body: Mapping[str, Any]) -> bool:
        if "command" in body:
            return _WORDS.fullmatch(_word(body)) is not None
        return str((body.get("view") or {}).get("callback_id", "")) == TOKENS

    def _only_own(self, body: dict[str, Any], next_: Callable[[], None]) -> BoltResponse | None:
        """A stranger's click, event or dialog does nothing; their signature was checked before."""
        if "command" not in body and not self._is_own(body):
            return BoltResponse(status=200)
        next_()
        return None

    def _failed(self, error: Exception, context: BoltContext) -> None:
        """Whoever asked is told, over the address that Slack gave for answers."""
        log_failure(log, "A listener of the hub", error)
        if context.response_url and context.respond:
            _say(context.respond, AWAY if isinstance(error, StoreError) else FAILED)

    def _answer_once(self, context: BoltContext, next_: Callable[[], None]) -> None:
        context["respond"] = Answers(self._slack.client, context.response_url)
        next_()

    # -- The command ---------------------------------------------------------------------------

    def _command(self, ack: Ack, command: dict[str, Any], respond: Respond) -> None:
        ack()
        user, word = str(command["user_id"]), _word(command)
        if word == "join":
            _say(respond, self._join(user))
        elif self._members.of(user) is None:
            _say(respond, STRANGER)
        elif word == "tokens":
            self._ask_for_tokens(command, respond)
        else:
            answers = {"leave": self._leave, "devices end": self._end, "devices": self._devices}
            _say(respond, answers[word](user))

    def _join(self, user: str) -> str:
        """A code, and what to do with it; or why not."""
        try:
            profile = self._slack.client.users_info(user=user).get("user") or {}
            # So that it is known when many are written to at the same minute.
            self._slack.client.conversations_open(users=user)
        except NETWORK_ERRORS as error:
            log.warning("Slack did not tell who joins: %s.", reason(error))
            return f"Slack did not tell who you are ({reason(error)}): please try again."
        if not self._members.hears(user) or any(profile.get(name) for name in _GUESTS):
            return NOT_INVITED
        with self._members.store.writing() as transaction:
            let_in(transaction, user)
            code = people.new_code(transaction, user)
        tokens = "Then `/tracklater tokens` asks for your tokens." if self._lacking(user) else ""
        return (
            f"On your machine, within ten minutes:\n`tracklater-bot join {self._url} {code}`\n"
            "then `tracklater-bot init`, which finds what you work on, and `tracklater-bot service"
            f" install`, which keeps `tracklater-bot agent` running. {tokens}"
        ).rstrip()

    def _leave(self, user: str) -> str:
        member = self._members.of(user)
        with self._members.store.writing() as transaction:
            unsent = let_go(transaction, user)
        if member is not None and unsent:
            submit(self._slack.executor, "Last messages", member.loops["messages"].work)
        return LEFT + UNSENT.format(unsent) * bool(unsent)

    def _end(self, user: str) -> str:
        with self._members.store.writing() as transaction:
            ended = people.end_device(transaction, user)
        return ENDED if ended else "You have no machine here."

    def _devices(self, user: str) -> str:
        with self._members.store.reading() as transaction:
            device = people.device_of(transaction, user)
            now = people.now(transaction)
        member = self._members.of(user)
        if device is None or member is None:
            return "No machine of yours has joined: `/tracklater join`."
        zone = member.core.calendar.zone()
        state = "not heard of yet: `tracklater-bot agent`"
        if device.seen_at is not None:
            state = f"last heard of on {device.seen_at.astimezone(zone):%d %b, %H:%M}"
        awake = "awake" if people.is_awake(device, now) else state
        return (
            f"Your machine joined on {device.made_at.astimezone(zone):%d %b %Y}; it is {awake}."
            " Lost it? `/tracklater devices end`. Another one? `/tracklater join` replaces it."
        )

    # -- Tokens --------------------------------------------------------------------------------

    def _lacking(self, user: str) -> list[Wanted]:
        with self._members.store.reading() as transaction:
            given = people.sealed(transaction, user)
        return [wanted for wanted in wanted_of(self._members.team) if wanted.name not in given]

    def _ask_for_tokens(self, command: Mapping[str, Any], respond: Respond) -> None:
        wanted = wanted_of(self._members.team)
        if not wanted:
            _say(respond, "The team's file has all tokens: there is nothing to enter.")
            return
        lacking = self._lacking(str(command["user_id"]))
        blocks = [
            kit.section(
                "They are tried at once, kept sealed, and never shown again. A field that is left"
                " empty stays as it is."
            )
        ]
        for number, one in enumerate(wanted[:90]):
            hint = "" if one in lacking else "There is one already; write only to replace it."
            blocks.append(
                field(f"token_{number}", one.label[:75], "plain_text_input", hint, optional=True)
            )
        view = {
            "type": "modal",
            "callback_id": TOKENS,
            "private_metadata": _fingerprint(wanted),
            "title": kit.label("Your tokens"),
            "submit": kit.label("Try and keep"),
            "close": kit.label("Cancel"),
            "blocks": blocks,
        }
        self._slack.client.views_open(trigger_id=str(command["trigger_id"]), view=view)

    def _tokens_given(
        self, ack: Ack, body: dict[str, Any], view: dict[str, Any], context: BoltContext
    ) -> None:
        user = str(body["user"]["id"])
        wanted = wanted_of(self._members.team)
        # Fields have numbers: of another file, they would send a token to somebody else's service.
        same = view.get("private_metadata") == _fingerprint(wanted)
        ack(
            response_action="update",
            view=note_modal("Your tokens", TRYING if same else CHANGED),
        )
        if not same:
            return
        values = view.get("state", {}).get("values", {})
        given = {
            one.name: text
            for number, one in enumerate(wanted)
            if (text := _text(values.get(f"token_{number}", {}), f"token_{number}"))
        }
        until_answered(context)
        submit(self._slack.executor, "Trying tokens", self._try, user, given, str(view["id"]))

    def _try(self, user: str, given: dict[str, str], view_id: str) -> None:
        """Tries the tokens, and says in the dialog what came of it."""
        try:
            words = self._kept(user, given)
        except Exception as error:  # noqa: BLE001 - the dialog says that they are being tried
            log_failure(log, "Trying tokens", error)
            words = AWAY if isinstance(error, StoreError) else FAILED
        try:
            self._slack.client.views_update(view_id=view_id, view=note_modal("Your tokens", words))
        except NETWORK_ERRORS as error:
            log.warning("A dialog could not be updated: %s.", type(error).__name__)

    def _kept(self, user: str, given: Mapping[str, str]) -> str:
        """Keeps the tokens where nothing refuses them; what to say of it."""
        members = self._members
        if members.of(user) is None:
            return STRANGER
        found = tried(members.core(members.settings_of(user, dict(given))), given)
        head = "Nothing was kept." if given else "Nothing was entered."
        if given and all(finding.ok for finding in found):
            sealed = {name: members.sealer.seal(user, name, value) for name, value in given.items()}
            with members.store.writing() as transaction:
                if people.put_sealed(transaction, user, sealed):
                    head = "They work, and are kept."
        lines = [f"{'✓' if one.ok else '✗'} {one.line()}" for one in found]
        return clean("\n".join([head, *lines]).replace("\n", " · "), 2000)


def tried(core: Core, given: Mapping[str, str]) -> list[Finding]:
    """How the services fare of which tokens are given."""
    sections = dict.fromkeys(name.split("\t")[-2] for name in given)
    checks: list[tuple[str, str | None, Callable[[], str]]] = [
        (source.name, source.group, source.check) for source in core.issue_sources
    ]
    if (tracker := core.tracker) is not None:
        checks.append((tracker.name, None, lambda: tracker.check(core.file_settings.groups)))
    found = [Finding.of(*check, REFUSALS) for check in checks if check[0] in sections]
    untried = [name for name in sections if name not in {finding.name for finding in found}]
    return found + [Finding(name, None, ok=False, sentence=UNTRIED) for name in untried]


def _fingerprint(wanted: Sequence[Wanted]) -> str:
    """Of what is asked for, in which order; no word of it."""
    return sha256("\n".join(f"{one.name} {one.label}" for one in wanted).encode()).hexdigest()


def _word(body: Mapping[str, Any]) -> str:
    return " ".join(str(body.get("text") or "").casefold().split())[:60]


def _text(block: Mapping[str, Any], action: str) -> str:
    return str((block.get(action) or {}).get("value") or "").strip()


def _say(respond: Respond, text: str) -> None:
    """Our own words, or the administrator's address: nothing in them needs care."""
    respond(text=text, blocks=[kit.section(text)], response_type="ephemeral")
