"""All sources together: which there are, that they run side by side, that one may fail."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from tests.notation import FRIDAY, at
from tracklater_bot.domain.clues import ChatMessage, Reading
from tracklater_bot.domain.day import Span
from tracklater_bot.drafting.recorders import read_all
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.clues.registry import clue_sources


@dataclass
class FakeSource:
    """A source that answers, fails, or waits until others are being read too."""

    name: str = "fake"
    group: str | None = None
    watches_screen: bool = False
    local: bool = True
    error: Exception | None = None
    together: Barrier | None = None

    def read(self, span: Span) -> Reading:
        if self.together is not None:
            self.together.wait(timeout=10)
        if self.error is not None:
            raise self.error
        return Reading(self.name, self.group, (ChatMessage(span.start, self.group, "hello"),))

    def check(self) -> str:
        return "fine"


def test_no_sources_no_readings() -> None:
    assert read_all((), FRIDAY.span) == ()


def test_readings_come_in_the_order_of_the_sources() -> None:
    sources = [FakeSource(f"source {number}") for number in range(30)]
    readings = read_all(sources, FRIDAY.span)
    assert [reading.name for reading in readings] == [source.name for source in sources]
    assert readings[0].clues == (ChatMessage(at("04:00"), None, "hello"),)


def test_sources_are_read_side_by_side() -> None:
    together = Barrier(5)
    readings = read_all([FakeSource(together=together) for _ in range(5)], FRIDAY.span)
    assert not any(reading.trouble for reading in readings)


def test_a_failing_source_is_part_of_the_answer() -> None:
    failing = FakeSource("slack", "group1", error=SourceError("Slack is away: try again"))
    first, second = read_all([failing, FakeSource("git")], FRIDAY.span)
    assert first == Reading("slack", "group1", trouble="Slack is away: try again")
    assert len(second.clues) == 1


def test_a_mistake_of_ours_does_not_stop_the_day(caplog: pytest.LogCaptureFixture) -> None:
    failing = FakeSource("thyme", error=KeyError("Salary talk - Mail"))
    with caplog.at_level(logging.DEBUG):
        first, second = read_all([failing, FakeSource()], FRIDAY.span)
    assert (
        first.trouble == "failed unexpectedly (KeyError): please report it with what the log says"
    )
    assert second.trouble is None
    assert "raise self.error" in caplog.text
    assert "Salary" not in caplog.text + first.trouble


def test_giving_up_is_not_swallowed() -> None:
    @dataclass
    class Interrupted(FakeSource):
        def read(self, span: Span) -> Reading:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_all([Interrupted()], FRIDAY.span)


# -- The registry ------------------------------------------------------------------------------


def sources(**settings: Any) -> list[tuple[str, str | None]]:
    found = clue_sources(Settings.model_validate(settings))
    return [(source.name, source.group) for source in found]


def test_nothing_set_up_nothing_read() -> None:
    assert sources() == []
    assert sources(groups={"a": {"keywords": ["acme"]}}, slack={"user_id": "U1"}) == []


def test_thyme_and_a_git_source_for_each_group_with_repositories(tmp_path: Path) -> None:
    groups = {"a": {"git": {"repos": [str(tmp_path)]}}, "b": {}, "c": {"git": {"repos": ["/x"]}}}
    found = sources(thyme={"dir": str(tmp_path)}, groups=groups)
    assert found == [("thyme", None), ("git", "a"), ("git", "c")]


def test_a_groups_own_addresses_win(tmp_path: Path) -> None:
    groups = {"a": {"git": {"repos": [str(tmp_path)], "emails": ["a@x"]}}}
    settings = Settings.model_validate({"git": {"emails": ["b@x"]}, "groups": groups})
    [source] = clue_sources(settings)
    assert getattr(source, "emails") == ("a@x",)  # noqa: B009 - not part of the protocol


def test_the_global_workspace_and_those_of_groups() -> None:
    groups = {"a": {"slack": {"user_token": "xoxp-a", "user_id": "U2"}}, "b": {}}
    assert sources(groups=groups) == [("slack", "a")]
    both = sources(groups=groups, slack={"user_token": "xoxp-1", "user_id": "U1"})
    assert both == [("slack", None), ("slack", "a")]


def test_what_is_not_set_up_is_not_loaded() -> None:
    script = (
        "import sys; from tracklater_bot.core import opened;"
        "from tracklater_bot.settings import Settings\n"
        "with opened(Settings(groups={'acme': {'keywords': ['acme']}})): pass\n"
        "print({name for name in sys.modules if name in ('git', 'slack_sdk', 'sqlalchemy', 'rich')"
        " or name.startswith(('tracklater_bot.sources.', 'tracklater_bot.trackers.'))})"
    )
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    named = set(re.findall(r"[\w.]+", run.stdout))
    assert not named - {
        *(f"tracklater_bot.sources.{name}" for name in ("base", "clues", "issues", "files")),
        *(f"tracklater_bot.sources.{kind}.registry" for kind in ("clues", "issues")),
        *(f"tracklater_bot.trackers.{name}" for name in ("base", "forms", "registry", "tallies")),
    }
