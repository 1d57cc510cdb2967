"""Days and their items in the database. All functions work inside the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Any

import sqlalchemy as sa

from tracklater_bot.domain.day import Span
from tracklater_bot.domain.digests import IN_PROGRESS, Digest, Item, ItemState, Problem, Worklog
from tracklater_bot.domain.draft import Decision, Draft
from tracklater_bot.domain.edits import in_order, refreshed, with_items
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.issues import IssueId
from tracklater_bot.domain.steadiness import steady
from tracklater_bot.domain.suggestions import CERTAIN, Suggestion
from tracklater_bot.domain.track_record import Outcome, TrackRecord
from tracklater_bot.store.columns import STORED_AS, insert_missing
from tracklater_bot.store.lanes import is_dead
from tracklater_bot.store.tables import changes, digests, items

CLAIM = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=1)  # of an item, and of its job

# Built once: these are asked at every click, and putting a statement together takes longer than
# SQLite takes to answer it.


def _at(table: sa.Table, person: str, day: str) -> sa.ColumnElement[bool]:
    """Of a day, which is told when the statement is executed."""
    return (table.c.person == sa.bindparam(person)) & (table.c.day == sa.bindparam(day))


_DAY = sa.select(digests).where(_at(digests, "person", "day"))
_DAY_LOCKED = _DAY.with_for_update()
_DAYS_SINCE = (
    sa.select(digests)
    .where(digests.c.person == sa.bindparam("person"), digests.c.day >= sa.bindparam("day"))
    .order_by(digests.c.day)
)
_FIRST_SINCE = _DAYS_SINCE.with_only_columns(digests.c.day, digests.c.timezone).limit(1)
_STALE = (
    sa.select(digests)
    .where(
        (digests.c.ts.is_not(None) & (digests.c.shown < digests.c.version))
        | digests.c.claimed_until.is_not(None)
    )
    .order_by(digests.c.person, digests.c.day)
)
_STALE_OF_PERSON = _STALE.where(digests.c.person == sa.bindparam("person"))
_ITEMS = sa.select(items).where(_at(items, "person", "day"))
_DAY_OF_ITEM = (
    sa.select(digests)
    .join(items, sa.and_(items.c.person == digests.c.person, items.c.day == digests.c.day))
    .where(items.c.id == sa.bindparam("item_id"))
)
_DAY_OF_ITEM_LOCKED = _DAY_OF_ITEM.with_for_update(of=digests)
# What they change is what they are executed with.
_CHANGE_DAY = sa.update(digests).where(_at(digests, "whose", "which"))
_CHANGE_ITEM = sa.update(items).where(items.c.id == sa.bindparam("which"))
_ADD_ITEM = sa.insert(items)


# Fields that have a column of their own; of other names where they had others in version 0.1.
_DAY_NAMES = (
    "person", "day", "timezone", "version", "shown", "tracked", "sources", "gaps", "agents",
)  # fmt: skip
_SUGGESTION_NAMES = [field.name for field in fields(Suggestion) if field.name != "span"]
# Those that were called certain when they were suggested; old rows tell nothing of the issue.
_SURE = sa.select(items.c.state).where(
    items.c.group.is_not(None),
    items.c.confidence >= CERTAIN,
    sa.func.coalesce(items.c.issue_confidence, 1.0) >= CERTAIN,
)
_ITEM_NAMES = [
    field.name
    for field in fields(Item)
    if field.name not in ("suggestion", "state", "problem_code")
]


# -- Reading -------------------------------------------------------------------------------------


def load(connection: sa.Connection, person: str, day: date, *, lock: bool = False) -> Digest | None:
    """The day as it is stored; `lock` keeps other writers out until the transaction ends."""
    place = {"person": person, "day": day}
    row = connection.execute(_DAY_LOCKED if lock else _DAY, place).one_or_none()
    return None if row is None else _digest(connection, row)


def load_by_item(connection: sa.Connection, item_id: str, *, lock: bool = False) -> Digest | None:
    """The day that has the item."""
    query = _DAY_OF_ITEM_LOCKED if lock else _DAY_OF_ITEM
    row = connection.execute(query, {"item_id": item_id}).one_or_none()
    return None if row is None else _digest(connection, row)


def load_since(connection: sa.Connection, person: str, since: date) -> list[Digest]:
    """The person's days from `since` on, earliest first."""
    rows = connection.execute(_DAYS_SINCE, {"person": person, "day": since}).all()
    return [_digest(connection, row) for row in rows]


def zone_from(connection: sa.Connection, person: str, day: date) -> tuple[date, str] | None:
    """The first stored day from then on, and its time zone."""
    row = connection.execute(_FIRST_SINCE, {"person": person, "day": day}).one_or_none()
    return None if row is None else (row.day, row.timezone)


def stale(connection: sa.Connection, person: str | None = None) -> list[Digest]:
    """The person's days (None: everybody's) whose message shows less than is stored, or of whose
    message nobody knows whether it was posted."""
    query = _STALE if person is None else _STALE_OF_PERSON
    rows = connection.execute(query, {} if person is None else {"person": person}).all()
    return [_digest(connection, row) for row in rows]


def open_days(connection: sa.Connection, person: str, since: date) -> list[tuple[date, int]]:
    """Days with undecided items and how many, earliest first."""
    query = (
        sa.select(items.c.day, sa.func.count())
        .where(items.c.person == person, items.c.day >= since, items.c.state == ItemState.OPEN)
        .group_by(items.c.day)
        .order_by(items.c.day)
    )
    return [(day, number) for day, number in connection.execute(query)]


def track_record(connection: sa.Connection, person: str, since: date) -> TrackRecord:
    """What became of the person's certain suggestions of the days since then: asked often."""
    query = _SURE.where(_decided(person, since), items.c.by_hand.is_(sa.false()))
    states = connection.execute(query).scalars().all()
    changed = TrackRecord.of(outcomes(connection, person, since, changed_only=True))
    stood = states.count(ItemState.SENT)
    return TrackRecord(stood + changed.stood, len(states) + changed.decided)


def _decided(person: str, since: date) -> sa.ColumnElement[bool]:
    mine = (items.c.person == person) & (items.c.day >= since)
    return mine & items.c.state.in_((ItemState.SENT, ItemState.SKIPPED))


def outcomes(
    connection: sa.Connection, person: str, since: date, *, changed_only: bool = False
) -> list[Outcome]:
    """What became of the person's suggestions of the days since then, as far as it is decided."""
    query = sa.select(items).where(_decided(person, since))
    query = query.where(items.c.by_hand) if changed_only else query
    lately = (changes.c.person == person) & (changes.c.day >= since)
    replaced = sa.select(changes.c.id, changes.c.before).where(lately)
    before = {row.id: row.before for row in connection.execute(replaced)}
    became: defaultdict[str, list[tuple[str | None, IssueId | None]]] = defaultdict(list)
    suggested: dict[str, Suggestion] = {}
    for item in map(_item, connection.execute(query)):
        said = item.suggestion
        for first in _as_suggested(item, before):
            if first.suggestion.group is not None:
                suggested[first.id] = first.suggestion
                issue = said.issue.id if said.issue else None
                taken = item.state is ItemState.SENT
                became[first.id].append((said.group, issue) if taken else (None, None))
    return [Outcome.of(made, became[item_id]) for item_id, made in suggested.items()]


def _as_suggested(item: Item, before: Mapping[int, Sequence[Item]]) -> Iterator[Item]:
    """What the person's changes made the item of, as it was before all of them."""
    if not item.by_hand:
        yield item
    elif item.change is not None:
        for replaced in before.get(item.change, ()):
            yield from _as_suggested(replaced, before)


def decisions(connection: sa.Connection, person: str, since: date) -> list[Decision]:
    """What the person said themselves of the time since a day, and what they skipped.

    Only what they edited or added is certain throughout.
    """
    corrected = items.c.by_hand & (items.c.group.is_not(None)) & (items.c.confidence == 1.0)
    query = sa.select(items.c.start, items.c.end, items.c.group, items.c.state).where(
        items.c.person == person,
        items.c.day >= since,
        corrected | (items.c.state == ItemState.SKIPPED),
    )
    return [
        Decision(Span(start, end), None if state == ItemState.SKIPPED else group)
        for start, end, group, state in connection.execute(query)
        if start < end
    ]


def entries_taken(connection: sa.Connection, person: str, entry_ids: Collection[str]) -> set[str]:
    """Which of the entries belong to one of the person's items."""
    where = (items.c.person == person) & items.c.entry_id.in_(entry_ids)
    query = sa.select(items.c.entry_id).where(where)
    return {entry_id for (entry_id,) in connection.execute(query)}


def waiting_items(
    connection: sa.Connection, person: str, until: datetime
) -> list[tuple[date, str]]:
    """Days and ids of the person's items that were to be tried again until then.

    Those too that wait longer than anything does: the clock was ahead when that was noted.
    """
    over = (items.c.retry_at <= until) | (items.c.retry_at > until + LONGEST_WAIT)
    where = (items.c.person == person) & over
    rows = connection.execute(sa.select(items.c.day, items.c.id).where(where))
    return [(day, item_id) for day, item_id in rows]


def on_their_way(connection: sa.Connection, person: str) -> list[Digest]:
    """The person's days with items or worklogs that are being sent, changed or taken out."""
    worklog = sa.type_coerce(items.c.worklog, sa.Text)
    busy = (
        items.c.state.in_(IN_PROGRESS)
        | worklog.contains('"pending"')
        | worklog.contains('"deleting"')
    )
    query = sa.select(items.c.day).where(items.c.person == person, busy).distinct()
    found = connection.execute(query.order_by(items.c.day)).scalars().all()
    return [digest for day in found if (digest := load(connection, person, day, lock=True))]


def _is(person: str, day: date) -> Any:
    return (digests.c.person == person) & (digests.c.day == day)


def _digest(connection: sa.Connection, row: sa.Row[Any]) -> Digest:
    place = {"person": row.person, "day": row.day}
    ours = in_order(map(_item, connection.execute(_ITEMS, place)))
    values = {name: getattr(row, name) for name in _DAY_NAMES if name != "tracked"}
    return Digest(
        **values,
        items=tuple(ours),
        tracked=_foreign(row.tracked, ours),
        channel=row.channel,
        ts=row.ts,
        unheard=row.claimed_until is not None,
    )


def _foreign(tracked: Iterable[TimeEntry], ours: Iterable[Item]) -> tuple[TimeEntry, ...]:
    """Entries that no item stands for: those are shown already."""
    sent = {item.entry_id for item in ours}
    return tuple(entry for entry in tracked if entry.id not in sent)


def _item(row: sa.Row[Any]) -> Item:
    suggestion = {name: getattr(row, STORED_AS.get(name, name)) for name in _SUGGESTION_NAMES}
    return Item(
        **{name: getattr(row, name) for name in _ITEM_NAMES},
        suggestion=Suggestion(span=Span(row.start, row.end), **suggestion),
        state=ItemState(row.state),
        problem_code=None if row.problem_code is None else Problem(row.problem_code),
    )


# -- Writing -------------------------------------------------------------------------------------


def save_draft(
    connection: sa.Connection, person: str, draft: Draft, steady_groups: Collection[str] = ()
) -> Digest:
    """Stores the day as it was just read.

    What was decided, or edited by hand, stays as it is and keeps its time. Open items are replaced
    by the draft's suggestions; one that was there before keeps its id and version. Where the day
    has a message, open items of `steady_groups` keep what they say, unless something else is
    certain.
    """
    empty = Digest(person, draft.day, draft.timezone, version=0)
    insert_missing(connection, digests, _columns(empty))
    before = load(connection, person, draft.day, lock=True) or empty
    suggestions = draft.suggestions
    if before.ts is not None:
        suggestions = tuple(steady(before.items, suggestions, steady_groups))
    after = replace(
        before,
        timezone=draft.timezone,
        items=tuple(refreshed(before.items, suggestions)),
        tracked=_foreign(draft.tracked, before.items),
        sources=draft.sources,
        gaps=draft.gaps,
        agents=draft.agents,
    )
    save(connection, before, after)
    return load(connection, person, draft.day) or after


def save(connection: sa.Connection, before: Digest, after: Digest) -> Digest:
    """Stores what differs, and counts the day's version up if anything does."""
    if after == before:
        return before
    _save_items(connection, before, after)
    counted = replace(after, version=before.version + 1)
    place = {"whose": before.person, "which": before.day}
    connection.execute(_CHANGE_DAY, place | _columns(counted))
    return counted


def put(connection: sa.Connection, digest: Digest, *changed: Item) -> Digest:
    """Stores items of a day that is locked: changed ones by their id, new ones added."""
    return save(connection, digest, with_items(digest, changed))


def set_state(connection: sa.Connection, item_id: str, state: ItemState) -> None:
    """Changes an item's state without counting its day's version up: the message shows the same."""
    connection.execute(_CHANGE_ITEM, {"which": item_id, "state": state})


def set_worklog(
    connection: sa.Connection, digest: Digest, item_id: str, worklog: Worklog | None
) -> None:
    """Lets an item tell of its worklog. The day's version counts up, so that its message follows;
    the item's own does not, since nothing that the person may be changing has changed.
    """
    connection.execute(sa.update(items).where(items.c.id == item_id).values(worklog=worklog))
    where = _is(digest.person, digest.day)
    connection.execute(sa.update(digests).where(where).values(version=digests.c.version + 1))


def _save_items(connection: sa.Connection, before: Digest, after: Digest) -> None:
    known = {item.id: item for item in before.items}
    wanted = {item.id: item for item in after.items}
    gone = [item_id for item_id in known if item_id not in wanted]
    if gone:
        connection.execute(sa.delete(items).where(items.c.id.in_(gone)))
    new = [_item_columns(after, item) for item in after.items if item.id not in known]
    if new:
        connection.execute(_ADD_ITEM, new)
    for item in after.items:
        if item.id in known and item != known[item.id]:
            connection.execute(_CHANGE_ITEM, {"which": item.id} | _item_columns(after, item))


def _columns(digest: Digest) -> dict[str, Any]:
    return {name: getattr(digest, name) for name in _DAY_NAMES}


def _item_columns(digest: Digest, item: Item) -> dict[str, Any]:
    suggestion = item.suggestion
    return {
        "person": digest.person,
        "day": digest.day,
        "start": suggestion.span.start,
        "end": suggestion.span.end,
        "state": item.state,
        "problem_code": item.problem_code,
        **{STORED_AS.get(name, name): getattr(suggestion, name) for name in _SUGGESTION_NAMES},
        **{name: getattr(item, name) for name in _ITEM_NAMES},
    }


# -- Taking back ---------------------------------------------------------------------------------


def note_change(connection: sa.Connection, digest: Digest, before: Sequence[Item]) -> int:
    """Keeps what a change replaces; gives the change's number."""
    values = {"person": digest.person, "day": digest.day, "before": tuple(before)}
    query = sa.insert(changes).values(values).returning(changes.c.id)
    return int(connection.execute(query).scalar_one())


def take_change(connection: sa.Connection, digest: Digest, number: int) -> tuple[Item, ...] | None:
    """What the change replaced, and forgets it. None when it is not known (any more)."""
    where = (changes.c.id == number) & (changes.c.person == digest.person)
    row = connection.execute(sa.select(changes.c.before).where(where)).one_or_none()
    connection.execute(sa.delete(changes).where(where))
    return None if row is None else tuple(row.before)


# -- The message ---------------------------------------------------------------------------------


class ClaimResult(IntEnum):
    """Whether the owner may post. AGAIN: somebody began and may have posted it already."""

    REFUSED = 0
    FIRST = 1
    AGAIN = 2


def claim(
    connection: sa.Connection,
    person: str,
    day: date,
    owner: str,
    now: datetime,
    replacing: str | None = None,
) -> ClaimResult:
    """Whether this owner may post the day's message now: one bot at a time may.

    `replacing` is the `ts` of the message that the owner found gone; a message posted by somebody
    else meanwhile makes the claim fail. Claims end with `set_posted`, after two minutes, or when
    their owner's process has ended.
    """
    query = sa.select(digests.c.ts, digests.c.claimed_by, digests.c.claimed_until)
    row = connection.execute(query.where(_is(person, day)).with_for_update()).one_or_none()
    if row is None or row.ts != replacing:
        return ClaimResult.REFUSED
    ends = row.claimed_until
    held = ends is not None and now < ends <= now + CLAIM  # else the clock was ahead
    if held and row.claimed_by != owner and not is_dead(row.claimed_by):
        return ClaimResult.REFUSED
    values = {"claimed_by": owner, "claimed_until": now + CLAIM}
    connection.execute(sa.update(digests).where(_is(person, day)).values(values))
    return ClaimResult.FIRST if row.claimed_by is None else ClaimResult.AGAIN


def unclaim(connection: sa.Connection, person: str, day: date, by: datetime) -> None:
    """Ends a claim that is over by then: no message came of it. Who posts next looks again."""
    ends = digests.c.claimed_until
    over = _is(person, day) & ((ends <= by) | (ends > by + CLAIM))
    connection.execute(sa.update(digests).where(over).values(claimed_until=None))


def set_posted(
    connection: sa.Connection, person: str, day: date, channel: str, ts: str
) -> str | None:
    """Where the message is. The claim is over; gives whose it was."""
    query = sa.select(digests.c.claimed_by).where(_is(person, day)).with_for_update()
    owner = connection.execute(query).scalar_one_or_none()
    values = {"channel": channel, "ts": ts, "claimed_by": None, "claimed_until": None}
    connection.execute(sa.update(digests).where(_is(person, day)).values(values))
    return owner


def set_shown_version(
    connection: sa.Connection, person: str, day: date, version: int, before: int | None = None
) -> None:
    """Which version the message shows now; `before` is what it showed when that was begun.

    Where it shows something else by now, another bot has changed it at the same time. Whose change
    reached Slack last is not known, so the older one counts, and the message is changed once more.
    """
    as_begun = digests.c.shown == before if before is not None else sa.true()
    older = sa.case((digests.c.shown < version, digests.c.shown), else_=version)
    values = {"shown": sa.case((as_begun, version), else_=older)}
    connection.execute(sa.update(digests).where(_is(person, day)).values(values))
