"""What an entry is to say, fixed at the moment of the decision. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tracklater_bot.domain.day import Span
from tracklater_bot.domain.digests import Item
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.suggestions import MOST_DESCRIPTION
from tracklater_bot.domain.text import clean, entry_text


@dataclass(frozen=True, slots=True)
class Payload:
    """An entry or a worklog to be written: whole seconds, the words as they will stand there.

    The project's id may still be unknown. `billable` None leaves it to the tracker. `group` says
    whose Jira gets a worklog.
    """

    span: Span
    description: str
    project: Project | None = None
    issue: str | None = None
    billable: bool | None = None
    tags: tuple[str, ...] = ()
    group: str | None = None


def payload_of(item: Item) -> Payload:
    """The entry that the item stands for."""
    suggestion, project = item.suggestion, item.suggestion.project
    # The person's word; else that of the project, which Toggl does not pass on by itself.
    of_project = True if project is not None and project.billable else None
    return Payload(
        span=_whole_seconds(suggestion.span),
        description=entry_text(suggestion.issue, suggestion.description),
        project=project,
        issue=suggestion.issue.key if suggestion.issue else None,
        billable=of_project if item.billable is None else item.billable,
        tags=item.tags,
    )


def worklog_of(item: Item) -> Payload | None:
    """The worklog beside the item's entry; None without a Jira issue of the item's own group.

    Its comment is what the entry says beside the key: nothing where that was emptied.
    """
    issue, group = item.suggestion.issue, item.suggestion.group
    if issue is None or issue.tracker != "jira" or issue.group != group:
        return None
    words = clean(item.suggestion.description, MOST_DESCRIPTION)
    first, _, rest = words.partition(" ")
    stands_there = first.rstrip(":").casefold() == issue.key.casefold()
    span, comment = _whole_seconds(item.suggestion.span), rest if stands_there else words
    return Payload(span, comment, issue=issue.key, group=group)


def _whole_seconds(span: Span) -> Span:
    return Span(*(at.replace(microsecond=0) for at in (span.start, span.end)))
