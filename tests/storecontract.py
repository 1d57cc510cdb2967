"""What a store promises, whatever database is behind it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tests.digests import entry, issue, suggestion
from tests.longer import examples
from tests.notation import at, written
from tests.rooms import DAY, PERSON, Room, draft
from tests.trackers import lost_before, refused
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.digests import Digest, ItemState
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.rules import Rule, RuleKind
from tracklater_bot.domain.suggestions import (
    Candidate,
    Evidence,
    Half,
    Reason,
    SourceStatus,
    Suggestion,
)
from tracklater_bot.store import Store, days
from tracklater_bot.store.days import ClaimResult
from tracklater_bot.store.lanes import owner_name
from tracklater_bot.store.tables import changes, memory, outbox

T = TypeVar("T")

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
NUMBERS = st.integers(0, 2**31 - 1)
SPANS = st.builds(
    lambda start, seconds: Span(start, start + timedelta(seconds=seconds)),
    TIMES,
    st.integers(60, 86400),
)
PROJECTS = st.none() | st.builds(Project, WORDS, WORDS, id=st.none() | WORDS)
ISSUES = st.none() | st.builds(Issue, *[WORDS] * 5, updated=st.none() | TIMES)
EVIDENCE = st.builds(Evidence, NUMBERS, NUMBERS, NUMBERS)
SUGGESTIONS = st.builds(
    Suggestion,
    SPANS,
    st.none() | WORDS,
    PROJECTS,
    ISSUES,
    description=WORDS,
    confidence=st.floats(0, 1),
    evidence=EVIDENCE,
    reasons=st.lists(st.builds(Reason, WORDS, st.floats(0, 1)), max_size=2).map(tuple),
    alternative=st.none() | WORDS,
    best_split=st.none() | TIMES,
    issue_confidence=st.none() | st.floats(0, 1),
    candidates=st.lists(st.builds(Candidate, WORDS, st.floats(0, 1)), max_size=2).map(tuple),
    halves=st.lists(st.builds(Half, PROJECTS, ISSUES, WORDS, EVIDENCE), max_size=2).map(tuple),
)


def shown(digest: Digest) -> str:
    return " ".join(f"{written([item.suggestion.span])} {item.state}" for item in digest.items)


SCOPE, OTHER_SCOPE = "jira:group1:https://one DEV", "jira:group2:https://two DEV"


class StoreContract:
    """Subclasses bring a fixture `store`."""

    # -- Days ----------------------------------------------------------------------------------

    def test_a_suggestion_comes_back_as_it_was(self, store: Store) -> None:
        day = date(2026, 1, 1)

        @examples(60)
        @given(found=SUGGESTIONS)
        def comes_back(found: Suggestion) -> None:
            saved = store.save_draft("round trip", Draft(day, "Europe/Helsinki", (found,)))
            assert [item.suggestion for item in saved.items] == [found]
            assert store.digest("round trip", day) == saved

        comes_back()

    def test_a_day_comes_back_with_all_that_belongs_to_it(self, store: Store) -> None:
        sources = (SourceStatus("thyme", None, 12), SourceStatus("jira", "group1", 0, "Refused."))
        tracked = (entry("08:00-09:00 group1"), replace(entry("12:00-12:30 ?", 2), end=None))
        saved = store.save_draft(
            PERSON, draft("09:00-10:00 group1", tracked=tracked, sources=sources)
        )
        assert saved == store.digest(PERSON, DAY)
        assert (saved.tracked, saved.sources, saved.timezone) == (
            tracked,
            sources,
            "Europe/Helsinki",
        )
        assert (saved.version, saved.shown, saved.ts) == (1, 0, None)

    def test_characters_that_no_database_takes_become_harmless(self, store: Store) -> None:
        hostile = replace(
            suggestion("09:00-10:00 group1"), description="a\0b\ud800c", alternative="\0"
        )
        (item,) = store.save_draft(PERSON, Draft(DAY, "UTC", (hostile,))).items
        assert (item.suggestion.description, item.suggestion.alternative) == ("a b?c", " ")
        assert store.digest_of_item("\0' OR 1=1 --") is None

    def test_an_unknown_day_or_item_is_none(self, store: Store) -> None:
        assert store.digest("nobody", DAY) is None
        assert store.digest_of_item("no such item") is None

    def test_an_item_is_found_with_its_day(self, store: Store) -> None:
        saved = store.save_draft(PERSON, draft("09:00-10:00 group1"))
        assert store.digest_of_item(saved.items[0].id) == (saved, saved.items[0])

    def test_what_another_person_has_is_theirs(self, store: Store) -> None:
        store.save_draft("alice", draft("09:00-10:00 group1"))
        mine = store.save_draft("bob", draft("09:00-10:00 group1"))
        store.put("alice", "key", 1)
        store.set_preference("alice", "at", "17:00")
        store.put_issues("alice", SCOPE, [issue("DEV-1")])
        store.add_rule("alice", Rule(RuleKind.NEVER, "group1", "news"))
        assert store.digest("alice", DAY) != mine
        assert store.get("bob", "key", at("12:00")) is None
        assert (store.preferences("bob"), store.issues("bob", [SCOPE]), store.rules("bob")) == (
            {},
            [],
            [],
        )

    # -- Reading a day anew --------------------------------------------------------------------

    def test_the_same_day_read_again_changes_nothing(self, store: Store) -> None:
        first = store.save_draft(PERSON, draft("09:00-10:00 group1 DEV-1", "10:00-11:00 ?"))
        assert store.save_draft(PERSON, draft("09:00-10:00 group1 DEV-1", "10:00-11:00 ?")) == first

    def test_the_same_suggestion_keeps_its_id_when_others_come_and_go(self, store: Store) -> None:
        first = store.save_draft(PERSON, draft("09:00-10:00 group1 DEV-1", "10:00-11:00 group1"))
        second = store.save_draft(PERSON, draft("09:00-10:00 group1 DEV-1", "10:00-12:00 group1"))
        assert second.items[0] == first.items[0]
        assert second.items[1].id != first.items[1].id
        assert (second.version, len(second.items)) == (2, 2)

    def test_what_was_decided_keeps_its_time(self, store: Store) -> None:
        room = Room(store)
        sent, skipped, _ = room.open("09:00-10:00 group1", "10:00-11:00 group1", "11:00-12:00 ?")
        room.review.approve(PERSON, sent)
        room.review.skip(PERSON, skipped)
        again = store.save_draft(PERSON, draft("08:00-09:30 group2", "09:30-13:00 group1"))
        assert shown(again) == (
            "08:00-09:00 open 09:00-10:00 pending 10:00-11:00 skipped 11:00-13:00 open"
        )

    def test_scraps_beside_what_was_decided_are_left_out(self, store: Store) -> None:
        room = Room(store)
        (decided,) = room.open("09:00-10:00 group1")
        room.review.skip(PERSON, decided)
        almost = replace(
            suggestion("09:00-10:00 group2"),
            span=Span(at("08:59:30"), at("10:05")),
            evidence=Evidence(60, 1, 2),
            best_split=at("09:30"),
        )
        again = store.save_draft(PERSON, Draft(DAY, "UTC", (almost,)))
        assert shown(again) == "09:00-10:00 skipped 10:00-10:05 open"
        cut = again.items[1].suggestion
        assert (cut.evidence, cut.best_split) == (Evidence(5, 1, 2), None)

    def test_an_entry_of_ours_is_not_shown_twice(self, store: Store) -> None:
        room = Room(store)
        (item_id,) = room.open("09:00-10:00 group1")
        room.review.approve(PERSON, item_id)
        room.drain()
        ours = room.item(item_id).entry_id
        assert ours is not None
        tracked = (replace(entry("09:00-10:00 group1"), id=ours), entry("10:00-11:00 group1"))
        assert store.save_draft(PERSON, draft(tracked=tracked)).tracked == tracked[1:]

    # -- The message ---------------------------------------------------------------------------

    def test_a_message_that_lags_behind_is_stale(self, store: Store) -> None:
        room = Room(store)
        (item_id,) = room.open("09:00-10:00 group1")
        assert store.stale() == []
        store.set_posted(PERSON, DAY, "D1", "1.0")
        assert [each.ts for each in store.stale()] == ["1.0"]
        store.set_shown_version(PERSON, DAY, room.digest.version)
        assert store.stale() == []
        room.review.skip(PERSON, item_id)
        assert store.stale() == [room.digest]

    def test_days_with_open_items(self, store: Store) -> None:
        room = Room(store)
        first, *_ = room.open("09:00-10:00 group1", "10:00-11:00 ?", "11:00-12:00 group2")
        room.review.skip(PERSON, first)
        monday = DAY + timedelta(days=3)
        store.save_draft(PERSON, replace(draft("09:00-10:00 group1"), day=monday))
        assert store.open_days(PERSON, DAY) == [(DAY, 2), (monday, 1)]
        assert store.open_days(PERSON, monday) == [(monday, 1)]
        assert [digest.day for digest in store.digests(PERSON, DAY)] == [DAY, monday]

    def test_one_bot_posts_a_day(self, store: Store) -> None:
        store.save_draft(PERSON, draft("09:00-10:00 group1"))
        now = at("18:00")
        assert store.claim_digest(PERSON, DAY, "one", now) is ClaimResult.FIRST
        assert store.claim_digest(PERSON, DAY, "one", now) is ClaimResult.AGAIN
        assert not store.claim_digest(PERSON, DAY, "two", now)
        store.set_posted(PERSON, DAY, "D1", "1.0")
        assert not store.claim_digest(PERSON, DAY, "two", now)
        assert store.claim_digest(PERSON, DAY, "two", now, replacing="1.0") is ClaimResult.FIRST
        assert not store.claim_digest(PERSON, DAY + timedelta(days=1), "two", now)

    def test_a_claim_that_nobody_followed_up_is_void_after_a_while(self, store: Store) -> None:
        store.save_draft(PERSON, draft("09:00-10:00 group1"))
        assert store.claim_digest(PERSON, DAY, "one", at("18:00"))
        assert not store.claim_digest(PERSON, DAY, "two", at("18:01"))
        assert store.claim_digest(PERSON, DAY, "two", at("18:02"))

    def test_the_claim_of_a_process_that_ended_is_void_at_once(self, store: Store) -> None:
        store.save_draft(PERSON, draft("09:00-10:00 group1"))
        assert store.claim_digest(PERSON, DAY, dead_owner(), at("18:00"))
        assert store.claim_digest(PERSON, DAY, "two", at("18:00")) is ClaimResult.AGAIN

    def test_of_many_bots_at_once_exactly_one_may_post(self, store: Store) -> None:
        store.save_draft(PERSON, draft("09:00-10:00 group1"))
        claims = at_once(8, lambda n: store.claim_digest(PERSON, DAY, f"bot {n}", at("18:00")))
        assert sorted(claims) == [ClaimResult.REFUSED] * 7 + [ClaimResult.FIRST]

    def test_many_saves_at_once_leave_one_consistent_day(self, store: Store) -> None:
        def save(number: int) -> Digest:
            return store.save_draft(PERSON, draft(f"09:00-{10 + number}:00 group1"))

        saved = at_once(8, save)
        last = max(saved, key=lambda each: each.version)
        assert store.digest(PERSON, DAY) == last
        assert (last.version, len(last.items)) == (8, 1)

    # -- Pruning ---------------------------------------------------------------------------------

    def test_old_jobs_go_and_undo_still_works(self, store: Store) -> None:
        room = Room(store)
        sent, _ = room.open("09:00-10:00 group1", "10:00-11:00 group1")
        room.review.approve(PERSON, sent)
        room.drain()
        store.prune(PERSON, room.later(days=29))
        assert jobs(store) == ["done"]
        store.prune(PERSON, room.later(days=2))
        assert jobs(store) == []
        assert len(room.digest.items) == 2
        room.review.undo(PERSON, sent)
        room.drain()
        assert (room.states(), room.entries()) == ([ItemState.OPEN, ItemState.OPEN], "")

    def test_tokens_that_were_once_kept_go(self, store: Store) -> None:
        key = "taiga:https://api.taiga.io/api/v1:alice"
        for person in (PERSON, "somebody else"):
            store.put(person, key, {"user": 6, "access": "sealed"}, at("12:00"))
        store.prune(PERSON, at("10:00"))
        assert store.get(PERSON, key, at("10:00")) is None
        assert store.get("somebody else", key, at("10:00")) is not None

    def test_what_waits_is_unknown_or_failed_is_never_dropped(self, store: Store) -> None:
        room = Room(store)
        failed, unknown, waiting = room.open(
            "09:00-10:00 group1", "10:00-11:00 group1", "11:00-12:00 group1"
        )
        room.tracker.fail(None, refused)
        room.review.approve(PERSON, failed)
        room.drain()
        room.tracker.fail(lost_before)
        room.review.approve(PERSON, unknown)
        room.later(seconds=5)
        room.worker.work()
        room.review.approve(PERSON, waiting)
        before = (room.digest, jobs(store))
        assert before[1] == ["failed", "unknown", "pending"]
        store.prune(PERSON, room.later(days=1000))
        assert (room.digest, jobs(store)) == before

    def test_old_days_go_whole_and_others_stay(self, store: Store) -> None:
        room = Room(store)
        sent, other = room.open("09:00-10:00 group1 DEV-1", "10:00-11:00 group1")
        room.review.approve(PERSON, sent)
        room.review.split(PERSON, other, at("10:30"))
        room.drain()
        store.put(PERSON, f"page:{DAY}", 1)
        store.put(PERSON, "zone", "Europe/Helsinki")
        store.put(PERSON, "short", 1, room.time())
        store.save_draft("somebody else", draft("09:00-10:00 group1"))
        later = DAY + timedelta(days=10)
        store.save_draft(PERSON, replace(draft("09:00-10:00 group1"), day=later))
        store.prune(PERSON, room.later(days=399))
        assert store.digest(PERSON, DAY) is not None
        store.prune(PERSON, room.later(days=2))
        assert store.digest(PERSON, DAY) is None
        assert store.digest_of_item(sent) is None
        assert store.digest(PERSON, later) is not None
        assert store.digest("somebody else", DAY) is not None
        with store.reading() as connection:
            keys = connection.execute(select(memory.c.key)).scalars().all()
            assert keys == ["zone"]
            assert connection.execute(select(changes)).first() is None

    # -- Memory, preferences, rules --------------------------------------------------------------

    def test_a_memory_ends_when_its_time_is_over(self, store: Store) -> None:
        store.put(PERSON, "key", {"a": [1, None, "ä\0"]}, at("12:00"))
        assert store.get(PERSON, "key", at("11:59")) == {"a": [1, None, "ä\0"]}
        assert store.get(PERSON, "key", at("12:00")) is None
        store.put(PERSON, "key", "for good")
        assert store.get(PERSON, "key", at("12:00") + timedelta(days=9999)) == "for good"
        store.delete(PERSON, "key")
        assert store.get(PERSON, "key", at("12:00")) is None

    def test_preferences_can_be_taken_back(self, store: Store) -> None:
        store.set_preference(PERSON, "digest_at", "17:00")
        store.set_preference(PERSON, "digest_at", "18:00")
        store.set_preference(PERSON, "days", ["mon"])
        assert store.preferences(PERSON) == {"digest_at": "18:00", "days": ["mon"]}
        store.set_preference(PERSON, "days", None)
        assert store.preferences(PERSON) == {"digest_at": "18:00"}

    def test_a_rule_is_kept_once(self, store: Store) -> None:
        for kind in (RuleKind.ALWAYS, RuleKind.NEVER, RuleKind.ALWAYS):
            store.add_rule(PERSON, Rule(kind, "group1", "acme"))
        always, never = store.rules(PERSON)
        assert (always.kind, never.kind) == (RuleKind.ALWAYS, RuleKind.NEVER)
        store.drop_rule("somebody else", always.id)
        store.drop_rule(PERSON, never.id)
        assert store.rules(PERSON) == [always]

    # -- Issues --------------------------------------------------------------------------------

    def test_issues_are_replaced_by_scope_and_key(self, store: Store) -> None:
        there = timezone(timedelta(hours=2))
        changed = datetime(2026, 11, 20, 9, tzinfo=there)
        first = replace(issue("DEV-1"), updated=changed, aliases=("OLD-1",), mine=True)
        other = replace(issue("DEV-1"), group="group2")
        store.put_issues(PERSON, SCOPE, [first, issue("DEV-2")])
        store.put_issues(PERSON, OTHER_SCOPE, [other])
        renamed = replace(first, title="Renamed", closed=True)
        store.put_issues(PERSON, SCOPE, [issue("DEV-1"), renamed])  # the later of two wins
        store.put_issues(PERSON, SCOPE, [])
        assert {each.title for each in store.issues(PERSON, [SCOPE])} == {"Renamed", "Fix login"}
        assert renamed in store.issues(PERSON, [SCOPE, OTHER_SCOPE])
        assert store.issues(PERSON, [OTHER_SCOPE]) == [other]
        assert store.issues(PERSON, []) == []

    def test_what_is_kept_of_a_scope_goes_with_it(self, store: Store) -> None:
        for scope in (SCOPE, OTHER_SCOPE):
            store.put_issues(PERSON, scope, [issue("DEV-1")])
            store.put(PERSON, f"issues:{scope}", 1)
            store.put(PERSON, f"absent:{scope}", 1)
        store.put_issues("bob", OTHER_SCOPE, [issue("DEV-1")])
        store.put("bob", f"issues:{OTHER_SCOPE}", 1)
        store.put(PERSON, "picture:2026-11-20", 1)
        store.keep_issues(PERSON, [SCOPE])
        assert store.issues(PERSON, [SCOPE, OTHER_SCOPE]) == [issue("DEV-1")]
        assert store.issues("bob", [OTHER_SCOPE]) == [issue("DEV-1")]
        kept = (f"issues:{SCOPE}", f"absent:{SCOPE}", "picture:2026-11-20")
        gone = (f"issues:{OTHER_SCOPE}", f"absent:{OTHER_SCOPE}")
        assert [store.get(PERSON, key, at("12:00")) for key in (*kept, *gone)] == [
            1, 1, 1, None, None
        ]  # fmt: skip
        assert store.get("bob", f"issues:{OTHER_SCOPE}", at("12:00")) == 1
        store.keep_issues(PERSON, [])
        assert store.issues(PERSON, [SCOPE]) == []

    def test_a_whole_tracker_fits(self, store: Store) -> None:
        many = [issue(f"DEV-{number}") for number in range(5000)]
        store.put_issues(PERSON, SCOPE, many)
        store.put_issues(PERSON, SCOPE, many)
        assert len(store.issues(PERSON, [SCOPE])) == 5000

    # -- Transactions --------------------------------------------------------------------------

    def test_a_transaction_that_fails_leaves_nothing_behind(self, store: Store) -> None:
        room = Room(store)
        room.open("09:00-10:00 group1", "10:00-11:00 ?")
        before = room.digest

        def fail() -> None:
            with store.writing() as connection:
                days.put(connection, before, replace(before.items[0], state=ItemState.SENT))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        assert room.digest == before


def dead_owner() -> str:
    """The name of a process of this machine that has ended."""
    host, space, _, rest = owner_name().split(":")
    return f"{host}:{space}:{2**22 + 1}:{rest}"  # Linux gives no such number


def jobs(store: Store) -> list[str]:
    """The states of all jobs, oldest first."""
    with store.reading() as connection:
        query = select(outbox.c.state).order_by(outbox.c.id)
        return list(connection.execute(query).scalars())


def at_once(number: int, call: Callable[[int], T]) -> list[T]:
    """The call in so many threads that begin together."""
    ready = threading.Barrier(number)

    def run(n: int) -> T:
        ready.wait()
        return call(n)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))
