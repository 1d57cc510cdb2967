"""The registries of sources and trackers: none is forgotten, and each keeps to what one is."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import ValidationError

from tests.livebot import sample_settings
from tests.sourcecontract import hold_clues, hold_issues, hold_trouble, one_line
from tracklater_bot import trackers
from tracklater_bot.core import keeps_something
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.groups import Group
from tracklater_bot.http import utc_now
from tracklater_bot.settings import GroupSettings, Settings
from tracklater_bot.settings.tree import GROUPS, leaves, nested, section_at
from tracklater_bot.sources import clues, issues
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.clues.registry import clue_sources
from tracklater_bot.sources.issues.registry import issue_sources, key_forms
from tracklater_bot.trackers.registry import FIRST_STEP, REGISTRY, tracker_of
from tracklater_sandbox import Sandbox

TESTS = Path(__file__).parent


def everything_set(folder: Path) -> Settings:
    """Settings with something in every field that takes an address, a folder, a number or words."""
    paths = [*leaves(Settings), *((GROUPS, "acme", *at) for at in leaves(GroupSettings))]
    filled = {}
    for path in paths:
        section = section_at(path[:-1])
        assert section is not None
        for value in ("http://127.0.0.1:9/api", str(folder / "nowhere"), 1):
            try:
                section.model_validate({path[-1]: value})
            except ValidationError:
                continue
            filled[path] = value
            break
    return Settings.model_validate(nested(filled))


def classes_in(package: ModuleType, kind: str = "Source") -> Iterator[type[Any]]:
    for found in pkgutil.iter_modules(package.__path__):
        module = import_module(f"{package.__name__}.{found.name}")
        for name, value in vars(module).items():
            own = isinstance(value, type) and value.__module__ == module.__name__
            is_protocol = getattr(value, "_is_protocol", False)
            if own and name.endswith(kind) and not (name.startswith("_") or is_protocol):
                yield value


def test_every_source_of_clues_is_asked_once_it_is_set_up(tmp_path: Path) -> None:
    asked = clue_sources(everything_set(tmp_path))
    assert {type(source) for source in asked} == set(classes_in(clues))
    assert clue_sources(Settings(groups={"acme": GroupSettings()})) == ()


def test_every_source_of_issues_is_asked_once_it_is_set_up(tmp_path: Path) -> None:
    settings = everything_set(tmp_path)
    asked = issue_sources(settings)
    assert {type(source) for source in asked} == set(classes_in(issues))
    assert issue_sources(Settings(groups={"acme": GroupSettings()})) == ()
    named = {form.tracker for form in key_forms(settings, "acme")}
    assert named == {source.name for source in asked}
    assert keeps_something(settings)


def test_names_tell_sources_apart(tmp_path: Path) -> None:
    settings = everything_set(tmp_path)
    places = [(source.name, source.group) for source in clue_sources(settings)]
    places += [(source.name, source.group) for source in issue_sources(settings)]
    assert len(places) == len(set(places))


def test_a_source_of_clues_has_its_sections_name(tmp_path: Path) -> None:
    """So that what is read from where is told without asking what a source is called."""
    for source in clue_sources(everything_set(tmp_path)):
        of_group = (GROUPS, source.group) if source.group else ()
        assert section_at((*of_group, source.name)) is not None


# -- What each keeps to --------------------------------------------------------------------------


def test_every_source_of_clues_keeps_to_what_one_is(sandbox: Sandbox) -> None:
    span = WorkDay(sandbox.day, sandbox.zone).span
    sources = clue_sources(sample_settings(sandbox))
    assert {source.name for source in sources} == {"thyme", "git", "slack"}
    for source in sources:
        hold_clues(source, span)


def test_every_source_of_issues_keeps_to_what_one_is(sandbox: Sandbox) -> None:
    settings = sample_settings(sandbox)
    sources = issue_sources(settings)
    assert {source.name for source in sources} == {"jira", "taiga"}
    for source in sources:
        hold_issues(source, Group(source.group, (), key_forms(settings, source.group)))


@pytest.mark.parametrize(
    ("package", "call"), [(clues, "hold_clues("), (issues, "hold_issues(")], ids=["clues", "issues"]
)
def test_what_the_sandbox_does_not_have_is_held_to_it_in_its_own_test(
    package: ModuleType, call: str, sandbox: Sandbox
) -> None:
    settings = sample_settings(sandbox)
    here = {type(source) for source in (*clue_sources(settings), *issue_sources(settings))}
    for source in set(classes_in(package)) - here:
        name = source.__module__.rpartition(".")[2]
        files = (TESTS / f"test_{name}.py", TESTS / f"test_{name}_source.py")
        assert any(call in file.read_text(encoding="utf-8") for file in files if file.exists())


def test_a_source_that_cannot_be_had_says_so_in_a_sentence(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    wrong = {
        name: f"xoxp-{name}" if "USER_TOKEN" in name else "wrong"
        for name in sandbox.env
        if name.endswith(("TOKEN", "PASSWORD")) and "BOT" not in name and "APP" not in name
    }
    gateway = {"TRACKLATER_GROUPS__ACME__JIRA__API_BASE": f"{sandbox.url}/jira"}  # not the real one
    settings = sample_settings(sandbox, **wrong, **gateway)
    (sandbox.home / "thyme").rename(sandbox.home / "moved")
    (sandbox.home / "src").rename(sandbox.home / "gone")
    for source in clue_sources(settings):
        hold_trouble(source)
    for tracker in issue_sources(settings):
        for ask in (tracker.check, lambda: tracker.recent(None)):  # noqa: B023
            with pytest.raises(SourceError) as told:
                ask()
            assert one_line(str(told.value))
            assert told.value.lasting


# -- Trackers ------------------------------------------------------------------------------------


def test_every_tracker_gets_the_entries_once_it_is_set_up(tmp_path: Path) -> None:
    settings = everything_set(tmp_path)
    offered = {type(set_up(settings, utc_now, None)) for set_up in REGISTRY}
    assert offered == set(classes_in(trackers, "Tracker"))
    assert tracker_of(settings) is not None
    assert tracker_of(Settings(groups={"acme": GroupSettings()})) is None


def test_who_has_no_tracker_is_told_of_each(tmp_path: Path) -> None:
    accounts = [own for _, own in everything_set(tmp_path).accounts()]
    assert len(accounts) == len(REGISTRY)
    assert all(own.first_step in FIRST_STEP for own in accounts)


@pytest.mark.parametrize("tracker", list(classes_in(trackers, "Tracker")))
def test_every_tracker_takes_over_the_contract_of_trackers(tracker: type[Any]) -> None:
    tests = [file.read_text(encoding="utf-8") for file in TESTS.glob("test_*.py")]
    held = [test for test in tests if "(TrackerContract)" in test]
    assert any(f"{tracker.__name__}(" in test for test in held)
