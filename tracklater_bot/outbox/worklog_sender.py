"""One worklog's talk with Jira, as export.py asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tracklater_bot.domain.digests import Problem
from tracklater_bot.outbox.outcomes import NotWritten, Rejected
from tracklater_bot.outbox.worklogs import WorklogWritten
from tracklater_bot.store.jobs import Job, JobKind
from tracklater_bot.trackers.base import Gone, Refused, TrackerError, Worklogs


class Logbooks(Protocol):
    """Whose time is written as worklogs, and where."""

    def wanted(self, person: str, group: str) -> bool:
        """Whether new entries of the group become worklogs too."""

    def of(self, person: str, group: str) -> Worklogs:
        """The group's worklogs, wanted or not. Raises Refused where there are none."""


class NoLogbooks:
    """Nobody's time is written as worklogs."""

    def wanted(self, person: str, group: str) -> bool:
        """Never."""
        return False

    def of(self, person: str, group: str) -> Worklogs:
        """Nowhere."""
        raise Refused("worklogs are switched off")


@dataclass(frozen=True)
class WorklogSender:
    """Sends one job, or finds out what became of it. Raises TrackerError's kinds and no other."""

    worklogs: Worklogs

    def looked_up(self, job: Job) -> WorklogWritten | NotWritten:
        """Whether a request whose answer was lost has written the worklog after all."""
        payload = job.payload
        found = self.worklogs.find(payload.issue or "", job.item_id, payload.span)
        return NotWritten() if found is None else WorklogWritten(int(found))

    def send(self, job: Job) -> WorklogWritten:
        """The one request that changes something."""
        payload, issue = job.payload, job.payload.issue or ""
        if job.kind is JobKind.CREATE or job.entry_id is None:
            number = self.worklogs.create(issue, job.item_id, payload.span, payload.description)
            return WorklogWritten(int(number))
        if job.kind is JobKind.UPDATE:
            worklog = str(job.entry_id)
            self.worklogs.update(issue, worklog, payload.span, payload.description)
            return WorklogWritten(job.entry_id)
        self.worklogs.delete(issue, str(job.entry_id))
        return WorklogWritten(None)


def final(error: TrackerError, job: Job) -> WorklogWritten | Rejected:
    """What a failure means that trying again does not mend."""
    if isinstance(error, Gone):
        done = job.kind is JobKind.DELETE
        return WorklogWritten(None) if done else Rejected(Problem.GONE, str(error))
    return Rejected(Problem.REFUSED, str(error))
