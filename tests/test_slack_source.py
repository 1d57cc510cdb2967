"""Slack as a source of clues, against a small Slack on loopback."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from tests.loopback import Asked, Loopback, Said, closed_port, serving
from tests.notation import FRIDAY, at
from tracklater_bot.domain.clues import ChatMessage, Reading
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.http import Timing
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.clues.slack import SlackSource, query_days

TOKEN = "xoxp-1-secret"
ME = "U012"


def match(when: str | datetime, text: str = "hello", **other: Any) -> dict[str, Any]:
    """A message as search.messages tells it."""
    sent = at(when) if isinstance(when, str) else when
    return {
        "ts": f"{sent.timestamp():.6f}",
        "text": text,
        "user": ME,
        "type": "message",
        "team": "T1",
        "channel": {"id": "C1", "name": "acme-dev", "is_im": False, "is_private": False},
        "permalink": "https://acme.slack.com/archives/C1/p1",
    } | other


class FakeSlack(Loopback):
    """Searches as Slack does, by UTC days, in pages. `says` comes first, then the truth."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        super().__init__([])
        self.messages = messages
        self.says: list[Said] = []
        self.owner, self.scopes = ME, "identify,search:read"
        self.same_page_always = False
        self.queries: list[dict[str, str]] = []
        self.channels: dict[str, list[str]] | None = None

    def next(self, asked: Asked) -> Said:
        self.asked.append(asked)
        if self.says:
            return self.says.pop(0)
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return refusal("invalid_auth")
        if asked.path.startswith("/api/auth.test"):
            body = {"ok": True, "team": "Acme", "user": "eero", "user_id": self.owner}
            return Said(body=body, headers={"X-OAuth-Scopes": self.scopes})
        if asked.path.startswith("/api/users.conversations"):
            return self._conversations(asked)
        return Said(body={"ok": True, "messages": self._search(asked)})

    def _conversations(self, asked: Asked) -> Said:
        """The channels of a user, for who may know them."""
        if self.channels is None:
            return refusal("missing_scope")
        [user] = parse_qs(urlsplit(asked.path).query)["user"]
        names = self.channels.get(user, [])
        return Said(body={"ok": True, "channels": [{"id": name, "name": name} for name in names]})

    def _search(self, asked: Asked) -> dict[str, Any]:
        query = {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}
        self.queries.append(query)
        [day] = re.findall(r"on:(\S+)", query["query"])
        found = [message for message in self.messages if _utc_day(message) == day]
        page, count = 1 if self.same_page_always else int(query["page"]), int(query["count"])
        pages = -(-len(found) // count)
        paging = {"count": count, "total": len(found), "page": page, "pages": pages}
        return {"matches": found[(page - 1) * count : page * count], "paging": paging}


def _utc_day(message: dict[str, Any]) -> str:
    return str(datetime.fromtimestamp(float(message["ts"]), UTC).date())


def refusal(error: str) -> Said:
    return Said(body={"ok": False, "error": error})


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with serving(FakeSlack()) as fake:
        yield fake


def source(slack: Loopback, group: str | None = None, **other: Any) -> SlackSource:
    wanted: dict[str, Any] = {
        "user_token": SecretStr(TOKEN),
        "user_id": ME,
        "timing": Timing(sleep=lambda _: None),
    }
    return SlackSource(group, **(wanted | {"base_url": f"{slack.url}/api/"} | other))


def texts(reading: Reading) -> list[str]:
    return [clue.text for clue in reading.clues if isinstance(clue, ChatMessage)]


# -- Direct messages ------------------------------------------------------------------------------


def to(reader: str) -> dict[str, Any]:
    return {"id": "D1", "name": reader, "is_im": True}


def test_who_a_direct_message_goes_to_is_told_by_their_channels(slack: FakeSlack) -> None:
    slack.channels = {"U777": ["globex-web", "general"]}
    slack.messages = (match("10:00", channel=to("U777")), match("10:05", channel=to("U888")))
    known, unknown = (c for c in source(slack).read(FRIDAY.span).clues)
    assert isinstance(known, ChatMessage)
    assert (known.channel, known.shared_channels) == ("", ("general", "globex-web"))
    assert isinstance(unknown, ChatMessage)
    assert unknown.shared_channels == ()


def test_channels_of_readers_are_asked_for_a_few_times_and_need_no_scope(slack: FakeSlack) -> None:
    slack.messages = tuple(match(f"10:{n:02d}", str(n), channel=to(f"U7{n}")) for n in range(20))
    found = source(slack).read(FRIDAY.span)
    assert (len(found.clues), found.trouble) == (20, None)
    slack.channels = {}
    slack.asked.clear()
    source(slack).read(FRIDAY.span)
    assert sum("users.conversations" in asked.path for asked in slack.asked) == 5
    slack.asked.clear()
    source(slack, "acme").read(FRIDAY.span)
    assert not any("users.conversations" in asked.path for asked in slack.asked)


# -- One person with two ids ----------------------------------------------------------------------


def test_the_organization_id_of_the_same_person_counts(slack: FakeSlack) -> None:
    slack.messages = (match("10:00", "one", user="W012AB3CD"), match("10:05", "two"))
    assert texts(source(slack).read(FRIDAY.span)) == ["one", "two"]
    assert texts(source(slack, user_id="W012AB3CD").read(FRIDAY.span)) == ["one", "two"]


@pytest.mark.parametrize("others", [("W1", "W2"), ("U777",), ("W1", "U777"), ("B1",)])
def test_the_messages_of_others_never_count(slack: FakeSlack, others: tuple[str, ...]) -> None:
    foreign = [match(f"10:0{n}", f"by {user}", user=user) for n, user in enumerate(others)]
    slack.messages = (*foreign, match("10:05", "mine"))
    assert texts(source(slack).read(FRIDAY.span)) == ["mine"]


def test_a_token_that_tells_the_organization_id_is_the_persons(slack: FakeSlack) -> None:
    slack.owner = "W012AB3CD"
    assert source(slack).check() == "signed in to Acme as eero, may search messages"


# -- What is found -----------------------------------------------------------------------------


def test_a_message_says_when_where_and_what(slack: FakeSlack) -> None:
    slack.messages = (match("10:00", "DEV-1 is live"),)
    [clue] = source(slack, "group1").read(FRIDAY.span).clues
    assert clue == ChatMessage(at("10:00"), "group1", "DEV-1 is live", "acme-dev", "acme")


def test_days_are_asked_one_by_one_oldest_first(slack: FakeSlack) -> None:
    source(slack).read(FRIDAY.span)
    assert [query["query"] for query in slack.queries] == [
        "from:<@U012> on:2026-11-19",
        "from:<@U012> on:2026-11-20",
        "from:<@U012> on:2026-11-21",
    ]
    assert {(query["sort"], query["sort_dir"]) for query in slack.queries} == {("timestamp", "asc")}


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("Europe/Helsinki", "19 20 21"),
        ("UTC", "19 20 21"),
        ("Asia/Tokyo", "19 20 21"),
        ("America/Los_Angeles", "20 21 22"),
        ("Pacific/Kiritimati", "19 20 21"),
        ("Pacific/Pago_Pago", "20 21 22"),
    ],
)
def test_the_dates_of_a_day_cover_it_in_every_zone(zone: str, days: str) -> None:
    day = WorkDay(date(2026, 11, 20), ZoneInfo(zone))
    found = query_days(day.span)
    assert " ".join(str(each.day) for each in found) == days
    for offset in ("Etc/GMT+12", "UTC", "Etc/GMT-14"):
        assert day.span.start.astimezone(ZoneInfo(offset)).date() in found
        assert day.span.end.astimezone(ZoneInfo(offset)).date() in found


def test_only_what_lies_in_the_span(slack: FakeSlack) -> None:
    slack.messages = tuple(
        match(when, when) for when in ("03:59:59", "04:00:00", "27:59:59", "28:00:00")
    )
    assert texts(source(slack).read(FRIDAY.span)) == ["04:00:00", "27:59:59"]


def test_all_pages_are_read(slack: FakeSlack) -> None:
    slack.messages = tuple(match(f"10:{n // 60:02}:{n % 60:02}", f"no. {n}") for n in range(250))
    reading = source(slack).read(FRIDAY.span)
    assert texts(reading) == [f"no. {n}" for n in range(250)]
    assert reading.trouble is None
    pages = [query["page"] for query in slack.queries if query["query"].endswith("on:2026-11-20")]
    assert pages == ["1", "2", "3"]


def test_pages_are_read_on_when_slack_does_not_tell_how_many(slack: FakeSlack) -> None:
    hundred = [
        match("10:00", f"no. {n}", ts=f"{at('10:00').timestamp():.0f}.{n:06}") for n in range(101)
    ]
    for matches in ([], hundred[:100], hundred[100:], []):
        slack.says.append(Said(body={"ok": True, "messages": {"matches": matches}}))
    assert len(source(slack).read(FRIDAY.span).clues) == 101


def test_a_page_that_comes_again_ends_the_search(slack: FakeSlack) -> None:
    slack.messages = tuple(match(f"10:{n // 60:02}:{n % 60:02}", f"no. {n}") for n in range(250))
    slack.same_page_always = True
    reading = source(slack).read(FRIDAY.span)
    assert len(reading.clues) == 100
    assert "the same page of messages twice" in (reading.trouble or "")


def test_a_message_counts_once_and_twins_in_other_channels_count(slack: FakeSlack) -> None:
    elsewhere = match("10:00", channel={"id": "C2", "name": "globex"})
    slack.messages = (match("10:00"), match("10:00"), elsewhere)
    channels = [
        c.channel for c in source(slack).read(FRIDAY.span).clues if isinstance(c, ChatMessage)
    ]
    assert channels == ["acme-dev", "globex"]


@pytest.mark.parametrize(
    "other",
    [
        {"bot_id": "B1"},
        {"subtype": "channel_join"},
        {"subtype": "bot_message"},
        {"user": "U999"},
    ],
)
def test_what_the_person_did_not_write_is_left_out(slack: FakeSlack, other: dict[str, str]) -> None:
    slack.messages = (match("10:00", **other), match("11:00", "mine", subtype="thread_broadcast"))
    assert texts(source(slack).read(FRIDAY.span)) == ["mine"]


def test_escapes_are_undone_once(slack: FakeSlack) -> None:
    slack.messages = (match("10:00", "a &lt;b&gt; &amp;amp; c"),)
    assert texts(source(slack).read(FRIDAY.span)) == ["a <b> &amp; c"]


def test_a_direct_message_has_no_channel_name(slack: FakeSlack) -> None:
    other: dict[str, Any] = {
        "channel": {"id": "D1", "name": "U777", "is_im": True},
        "permalink": None,
        "text": None,
    }
    slack.messages = (match("10:00", **other),)
    [clue] = source(slack).read(FRIDAY.span).clues
    assert clue == ChatMessage(at("10:00"), None, "", "", "T1")


def test_without_a_member_id_the_owner_of_the_token_counts(slack: FakeSlack) -> None:
    slack.messages = (match("10:00", "mine", user="U555"),)
    assert texts(source(slack, user_id="").read(FRIDAY.span)) == ["mine"]
    assert slack.queries[0]["query"].startswith("from:me on:")


def test_no_messages_are_no_trouble(slack: FakeSlack) -> None:
    assert source(slack).read(FRIDAY.span) == Reading("slack")


def test_times_are_exact() -> None:
    with serving(FakeSlack(match("10:00", ts="1795161600.000200"))) as fake:
        whole = Span(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))
        [clue] = source(fake).read(whole).clues
    assert clue.at == datetime(2026, 11, 20, 8, 0, 0, 200, tzinfo=UTC)


# -- Trouble -----------------------------------------------------------------------------------


def error(source: SlackSource) -> SourceError:
    with pytest.raises(SourceError) as caught:
        source.read(FRIDAY.span)
    assert TOKEN not in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("code", "sentence", "lasting"),
    [
        ("invalid_auth", "Slack does not accept the token in TRACKLATER_SLACK__USER_TOKEN", True),
        ("missing_scope", "lacks the user scope search:read: add it", True),
        ("not_allowed_token_type", "must be a user token (xoxp-…), not a bot's", True),
        ("ratelimited", "wants to be asked less often", False),
        ("ekm_access_denied", "Slack refuses to search: ekm_access_denied", False),
    ],
)
def test_a_refusal_says_what_to_do(
    slack: FakeSlack, code: str, sentence: str, lasting: bool
) -> None:
    slack.says = [refusal(code)]
    caught = error(source(slack))
    assert sentence in str(caught)
    assert caught.lasting is lasting


def test_a_refusal_names_the_groups_own_setting(slack: FakeSlack) -> None:
    slack.says = [refusal("invalid_auth")]
    assert "TRACKLATER_GROUPS__GROUP2__SLACK__USER_TOKEN" in str(error(source(slack, "group2")))


@pytest.mark.parametrize(
    "said",
    [
        Said(body="<html>gateway time-out secret</html>", status=502),
        Said(body="<html>welcome to the hotel</html>"),
        Said(body='{"ok": true, "messages": {"matches": [{"text": "secret'),
    ],
)
def test_no_json_is_no_answer(
    slack: FakeSlack, said: Said, caplog: pytest.LogCaptureFixture
) -> None:
    slack.says = [said] * 4
    with caplog.at_level(logging.DEBUG):
        assert "something in between answered for Slack" in str(error(source(slack)))
    assert not [record for record in caplog.records if "slack" in record.name]


@pytest.mark.parametrize(
    "body",
    [
        {"ok": True},
        {"ok": True, "messages": []},
        {"ok": True, "messages": {"matches": "none"}},
        {"ok": True, "messages": "\ud800"},
    ],
)
def test_an_answer_of_another_form(slack: FakeSlack, body: dict[str, Any]) -> None:
    slack.says = [Said(body=body)]
    assert str(error(source(slack))) == "Slack answered the search in an unexpected form"


@pytest.mark.parametrize(
    "odd",
    [
        None,
        7,
        {"text": "no time"},
        {"ts": "soon"},
        match("10:00") | {"ts": 1e15},
        {"ts": None},
        {"ts": "\ud800"},
        "\udfff",
        match("10:00") | {"channel": "\ud800"},
    ],
)
def test_an_odd_message_is_counted_and_the_others_are_there(slack: FakeSlack, odd: object) -> None:
    page = {"matches": [odd, match("10:00", "hello")], "paging": {"pages": 1}}
    slack.says = [Said(body={"ok": True, "messages": page})]
    reading = source(slack).read(FRIDAY.span)
    assert [clue.text for clue in reading.clues if isinstance(clue, ChatMessage)] == ["hello"]
    assert reading.trouble == "Slack sent 1 row that was not understood and left out"


def test_a_message_without_channel_or_workspace_counts(slack: FakeSlack) -> None:
    slack.messages = (match("10:00", channel=None, team=None, permalink=None),)
    [clue] = source(slack).read(FRIDAY.span).clues
    assert clue == ChatMessage(at("10:00"), None, "hello")


def test_the_other_id_of_the_same_person(slack: FakeSlack) -> None:
    """In an Enterprise Grid somebody has a W… beside the U…; the search asked for them alone."""
    slack.messages = (match("10:00", user="W012AB3CD"),)
    assert [clue.at for clue in source(slack).read(FRIDAY.span).clues] == [at("10:00")]
    slack.owner = "W012AB3CD"
    assert source(slack).check()


def test_nobody_answers() -> None:
    base_url = f"{closed_port()}/api/"
    unreachable = SlackSource(None, SecretStr(TOKEN), ME, base_url, Timing(sleep=lambda _: None))
    assert (
        str(error(unreachable)) == "Slack cannot be reached: check the network and slack.base_url"
    )


def test_what_was_found_before_a_failure_is_kept(slack: FakeSlack) -> None:
    slack.messages = tuple(match(f"10:{n // 60:02}:{n % 60:02}") for n in range(101))
    slack.says = [Said(body={"ok": True, "messages": {"matches": []}})]
    real = slack.next

    def failing_on_page_2(asked: Asked) -> Said:
        return refusal("fatal_error") if "page=2" in asked.path else real(asked)

    slack.next = failing_on_page_2  # type: ignore[method-assign]
    reading = source(slack).read(FRIDAY.span)
    assert (len(reading.clues), reading.trouble) == (100, "Slack refuses to search: fatal_error")


# -- Rate limits -------------------------------------------------------------------------------


@pytest.fixture
def slept() -> list[float]:
    return []


def patient(slack: FakeSlack, slept: list[float]) -> SlackSource:
    return source(slack, timing=Timing(now=lambda: at("12:00"), sleep=slept.append))


def too_many(seconds: str) -> Said:
    return Said(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": seconds})


def test_retry_after_is_respected(slack: FakeSlack, slept: list[float]) -> None:
    slack.messages = (match("10:00", "at last"),)
    slack.says = [too_many("7"), too_many("3")]
    assert texts(patient(slack, slept).read(FRIDAY.span)) == ["at last"]
    assert [int(seconds) for seconds in slept] == [7, 3]


def test_slack_that_never_has_time_is_given_up(slack: FakeSlack, slept: list[float]) -> None:
    slack.says = [too_many("1")] * 10
    assert "asked less often" in str(error(patient(slack, slept)))
    assert len(slept) == 3


def test_nobody_waits_for_an_hour(slack: FakeSlack, slept: list[float]) -> None:
    slack.says = [too_many("3600")]
    assert "asked less often" in str(error(patient(slack, slept)))
    assert slept == []


@pytest.mark.parametrize("seconds", ["soon", ""])
def test_a_wait_that_is_not_told_is_short(
    slack: FakeSlack, slept: list[float], seconds: str
) -> None:
    slack.messages = (match("10:00", "at last"),)
    slack.says = [too_many(seconds)]
    assert texts(patient(slack, slept).read(FRIDAY.span)) == ["at last"]
    assert sum(slept) < 5


# -- The check ---------------------------------------------------------------------------------


def test_check_names_team_and_person(slack: FakeSlack) -> None:
    assert source(slack).check() == "signed in to Acme as eero, may search messages"


def test_check_finds_the_missing_scope(slack: FakeSlack) -> None:
    slack.scopes = "identify,channels:read"
    with pytest.raises(SourceError, match="lacks the user scope search:read"):
        source(slack).check()


def test_check_finds_somebody_elses_token(slack: FakeSlack) -> None:
    slack.owner = "U999"
    with pytest.raises(SourceError, match=r"belongs to U999, but slack\.user_id is U012"):
        source(slack).check()


def test_check_finds_a_wrong_token(slack: FakeSlack) -> None:
    with pytest.raises(SourceError, match="does not accept the token"):
        source(slack, user_token=SecretStr("xoxp-wrong")).check()


def test_the_token_is_not_shown(slack: FakeSlack) -> None:
    assert TOKEN not in json.dumps([repr(source(slack)), str(vars(source(slack)))])
