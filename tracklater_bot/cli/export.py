"""What is in the tracker, as CSV or JSON. Pure, but for what prints it."""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tracklater_bot.cli.shared import print_json
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Group, Project
from tracklater_bot.domain.keys import Keys
from tracklater_bot.domain.text import folded

if TYPE_CHECKING:
    from tracklater_bot.core import Core

_HOUR, _HUNDREDTH = timedelta(hours=1), Decimal("0.01")
# A cell that begins like this is run as a formula by programs that show tables.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


@dataclass(frozen=True, slots=True)
class ExportRow:
    """An entry, or the part of it that lies in the days asked for; empty where not known."""

    start: str
    end: str
    group: str
    client: str
    project: str
    issue: str
    description: str
    billable: bool
    hours: Decimal


@dataclass(frozen=True, slots=True)
class Known:
    """What tells of entries what the tracker doesn't: projects, key forms, the entries' issues."""

    projects: Mapping[str, Project]
    groups: Sequence[Group]
    issues: Mapping[str, str]

    @classmethod
    def of(cls, core: Core, since: date) -> Known:
        """What the account and the stored days tell."""
        account = core.catalog.account()
        projects = (*account.projects, *account.archived) if account else ()
        items = (item for day in core.store.digests(core.person, since) for item in day.items)
        issues = {
            item.entry_id: item.suggestion.issue.key
            for item in items
            if item.entry_id is not None and item.suggestion.issue is not None
        }
        return cls({project.id or "": project for project in projects}, core.groups, issues)

    def issue(self, entry: TimeEntry, keys: Keys) -> str:
        """The key of the issue that it was made for, or with which its description begins."""
        if entry.id in self.issues or entry.group is None:
            return self.issues.get(entry.id, "")
        first = entry.description.partition(" ")[0].rstrip(":")
        found = keys.of_group(entry.group, folded(first))
        return found[0].key if found and folded(found[0].key) == folded(first) else ""


def export_rows(
    entries: Iterable[TimeEntry], within: Span, zone: ZoneInfo, known: Known, now: datetime
) -> list[ExportRow]:
    """The entries in order of time, with hours that add up, in all and of each group."""
    keys = Keys({group.name: group.key_forms for group in known.groups})
    rows = []
    for entry in entries:
        whole = entry.span(now)
        span = whole.intersection(within) if whole is not None else None
        if span is not None:
            project = known.projects.get(entry.project_id or "")
            row = ExportRow(
                start=span.start.astimezone(zone).isoformat(timespec="seconds"),
                end=span.end.astimezone(zone).isoformat(timespec="seconds"),
                group=entry.group or "",
                client=project.client if project else "",
                project=entry.project or "",
                issue=known.issue(entry, keys),
                description=entry.description,
                billable=entry.billable,
                hours=Decimal(0),
            )
            rows.append((span, row))
    return _with_hours(sorted(rows, key=lambda pair: pair[0]))


def _with_hours(rows: Sequence[tuple[Span, ExportRow]]) -> list[ExportRow]:
    """Hundredths of an hour: what the sum so far comes to is rounded, and no row by itself."""
    order = sorted(range(len(rows)), key=lambda number: (rows[number][1].group, number))
    done, told, hours = timedelta(), Decimal(0), dict.fromkeys(order, Decimal(0))
    for number in order:
        done += rows[number][0].length
        exact = Decimal(done // timedelta(microseconds=1)) / (_HOUR // timedelta(microseconds=1))
        sum_so_far = exact.quantize(_HUNDREDTH, ROUND_HALF_UP)
        hours[number], told = sum_so_far - told, sum_so_far
    return [replace(row, hours=hours[number]) for number, (_, row) in enumerate(rows)]


def print_csv(rows: Sequence[ExportRow]) -> None:
    """A line for each entry after one with the names of the columns."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(field.name for field in fields(ExportRow))
    for row in rows:
        writer.writerow(_cell(value) for value in asdict(row).values())


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def print_export_json(rows: Sequence[ExportRow], about: Mapping[str, Any]) -> None:
    """The entries, with the hours in all and of each group; `about` stands before them."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row.group] += row.hours
    entries = [asdict(row) | {"hours": float(row.hours)} for row in rows]
    print_json(
        {
            **about,
            "entries": entries,
            "hours": float(sum(sums.values())),
            "groups": {group: float(hours) for group, hours in sorted(sums.items())},
        }
    )
