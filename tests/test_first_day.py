"""`preview` on a bad first day says what it read, and what to do next."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.commands import Answer, called
from tests.loopback import closed_port
from tests.newmachines import ZONE, NewMachine, group
from tracklater_bot.cli.first_day import keyword_lines, proposed_keywords
from tracklater_sandbox.workday.story import Scene


@pytest.fixture
def new(tmp_path_factory: pytest.TempPathFactory) -> NewMachine:
    return NewMachine(tmp_path_factory.mktemp("first-day"))


def previewed(new: NewMachine, *more: str, settings: str | None = None) -> Answer:
    if settings is not None:
        text = f'timezone = "{ZONE.key}"\n{settings}\n'
        (new.home / "tracklater.toml").write_text(text, encoding="utf-8")
    answer = called(
        new.home, "preview", "yesterday", *more, HOME=str(new.home), TRACKLATER_TIMEZONE=ZONE.key
    )
    assert answer.code == 0, answer.err
    return answer


def test_without_settings_it_says_where_it_looked(new: NewMachine) -> None:
    said = previewed(new).err
    assert "There is no settings file" in said
    assert "tracklater.toml" in said
    assert str(new.home / "config" / "tracklater-bot") in said
    assert "`tracklater-bot init` writes one" in said


def test_without_traces_it_says_what_it_read_and_names_a_day_that_has_some(
    new: NewMachine,
) -> None:
    repo = new.repository("src/acme")
    (new.home / "thyme").mkdir()
    settings = (
        f'[thyme]\ndir = "{new.home / "thyme"}"\n[git]\nemails = ["eero@example.com"]\n'
        + group("acme", [repo])
    )
    said = previewed(new, settings=settings).err
    assert f"thyme ({new.home / 'thyme'}): 0 clues; git ({repo}): 0 clues" in said
    assert "Nor in the two weeks before. `tracklater-bot check`" in said
    new.commit(repo, new.at("10:00") - timedelta(days=4), "Days ago")
    last = new.day - timedelta(days=4)
    assert f"`tracklater-bot preview {last}`" in previewed(new).err
    new.commit(repo, new.at("10:00"), "Yesterday")
    assert previewed(new).err == ""


def test_a_groups_workspace_is_not_told_as_its_repositories(new: NewMachine) -> None:
    repo = new.repository("src/acme")
    own = f'[groups.acme.slack]\nuser_token = "xoxp-1"\nbase_url = "{closed_port()}/api/"'
    settings = '[git]\nemails = ["eero@example.com"]\n' + group("acme", [repo]) + f"\n{own}"
    said = previewed(new, settings=settings).err
    assert f"git ({repo}): 0 clues; slack: 0 clues" in said


def test_with_keywords_that_fit_nothing_it_names_them_and_the_way_to_better_ones(
    new: NewMachine,
) -> None:
    thyme = new.windows(
        Scene("09:00", "11:00", ("Initech timesheet module - Firefox", "Initech ledger - Firefox")),
        Scene("11:00", "12:00", ("Hooli nucleus rollout - Firefox", "Hooli board - Firefox")),
    )
    settings = f'[thyme]\ndir = "{thyme}"\n[groups.acme]\nkeywords = ["acme", "acmeology"]'
    answer = previewed(new, settings=settings)
    assert f"thyme ({thyme}): 540 clues" in answer.err
    assert "Nothing in it points to acme (acme, acmeology)" in answer.err
    assert f"preview {new.day} --titles" in answer.err
    titles = previewed(new, "--titles")
    said = titles.out.partition("Words in windows that nothing explains: ")[2]
    assert said.startswith("“initech” (2 h")
    assert "“hooli” (1 h" in said
    assert "firefox" not in said.partition("\n")[0]
    assert "keywords = [" in said
    # A script gets the JSON alone.
    assert previewed(new, "--json").out.startswith("{")


def test_words_that_mean_nothing_are_not_proposed() -> None:
    minutes = {
        "acme: the invoice - Chrome": 30.0,  # a keyword already
        "Zeta rollout - Chrome": 12.0,
        "Zeta plan 2026 - Chrome": 9.0,
        "Website update for the work - Chrome": 40.0,  # of many projects, or of none
        "once - Chrome": 3.0,
    }
    assert [one.word for one in proposed_keywords(minutes, ["acme"])][:3] == [
        "invoice", "zeta", "rollout",
    ]  # fmt: skip
    assert list(keyword_lines({"once - Chrome": 3.0}, [])) == []
