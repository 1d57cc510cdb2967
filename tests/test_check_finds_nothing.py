"""`check` finds what will find nothing: settings that load, work, and lead nowhere."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.commands import called
from tests.newmachines import ZONE, NewMachine, group
from tests.notation import at
from tests.test_drafting import Recorded
from tracklater_bot.domain.clues import Window
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.drafting.unseen import unseen
from tracklater_bot.settings import load
from tracklater_bot.settings.hollow import hollow
from tracklater_sandbox.workday.story import Scene

ACME = '[groups.acme]\nkeywords = ["acme"]\n'
GLOBEX = '[groups.globex]\ngit.repos = ["/src/globex-web"]\n'


def sentences(tmp_path: Path, text: str) -> tuple[str, ...]:
    file = tmp_path / "tracklater.toml"
    file.write_text(f'timezone = "Europe/Helsinki"\n{text}', encoding="utf-8")
    return hollow(load(file, None, {}).settings)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[groups.acme]\n", "groups.acme: nothing points to this group: give it keywords"),
        (f'{ACME}toggl.projects = {{ Dev = "defualt" }}', "did you mean default?"),
        (f'{ACME}toggl.projects = {{ Dev = "bugg" }}', "did you mean bug?"),
        (f'{ACME}toggl.projects = {{ Dev = "bug" }}', 'none is the "default"'),
        (
            f'{ACME}toggl.client = "A"\ntoggl.projects = {{ Dev = "default" }}\n'
            f'{GLOBEX}toggl.client = "A"\ntoggl.projects = {{ Dev = "default" }}',
            "Dev is a project of acme and globex: its entries are nobody's",
        ),
        (f'{ACME}thyme.keywords = ["web"]\n{GLOBEX}', "“web” is a part of globex-web"),
        (f'[groups.acme]\nkeywords = ["globex"]\n{GLOBEX}', "a repository of globex"),
        ('[groups.acme]\nkeywords = ["it"]', "“it” is in too many words"),
        ('[groups.acme]\nkeywords = ["website"]', "“website” is a word of many projects"),
        (f'[suggest]\nignore = ["ACME"]\n{ACME}', "“ACME” hides every window of acme"),
        ('[slack]\nuser_id = "@eero"', "slack.user_id: @eero is no member ID"),
        (f'{ACME}slack.user_id = "Eero Example"', "groups.acme.slack.user_id: Eero Example is no"),
        ('[git]\nemails = ["Eero Example"]', "git.emails: Eero Example is no e-mail address"),
        (
            f'{ACME}taiga.project_slug = "https://tree.taiga.io/project/eero-acme/backlog"',
            "groups.acme.taiga.project_slug: is an address: write eero-acme alone",
        ),
        (
            f'{ACME}jira.url = "https://acme.atlassian.net/jira/software/projects/DEV"',
            "groups.acme.jira.url: is the address of a page: write https://acme.atlassian.net",
        ),
        (f'{ACME}jira.project_key = "DEV-123"', "jira.project_key: is an issue: write DEV"),
        (
            f'{ACME}jira.project_key = "https://acme.atlassian.net/browse/DEV-1"',
            "jira.project_key: is an address: write DEV",
        ),
        (
            '[groups.acme]\nkeywords = ["acme*"]',
            "“acme*” is looked for as it stands, not as a pattern",
        ),
        ('[groups.acme]\nkeywords = ["acme, globex"]', "“acme, globex” is one word as it stands"),
        (
            '[groups.acme]\nkeywords = ["https://acme.fi"]',
            "is an address: write a word that stands",
        ),
        ('[groups.acme]\nkeywords = ["“acme”"]', "has quotation marks around it"),
        ('[groups.acme]\nkeywords = ["Visual Studio Code"]', "is a program's name"),
        (f'[groups.acme]\nkeywords = ["{"acme " * 9}"]', "is too long to stand in a title"),
        (
            f'{ACME}toggl.projects = {{ default = "Development" }}',
            'is turned round: write "Development" = "default"',
        ),
        (
            f'{ACME}toggl.client = "A"\n{GLOBEX}toggl.client = "A"',
            "A is acme's client: say which projects",
        ),
        (f'{ACME}jira.project_key = "My project"', "jira.project_key: is a name: write the key"),
        (f'{ACME}jira.url = "https://id.atlassian.com"', "write https://COMPANY.atlassian.net"),
        (
            f'{ACME}jira.url = "https://acme.atlassian.net/wiki/home"',
            "is the address of a page: write https://acme.atlassian.net",
        ),
        (f'{ACME}github.repos = ["api"]', "groups.acme.github.repos: api is none: write OWNER/api"),
        (f'{ACME}github.repos = ["acme/api/issues"]', "acme/api/issues is none: write acme/api"),
        (f'{ACME}gitlab.projects = ["123"]', "gitlab.projects: 123 is none"),
        ('[github]\nurl = "https://api.github.com"', "write https://github.com"),
        ('[gitlab]\nurl = "https://gitlab.com/api/v4"', "as https://gitlab.com"),
        ('[taiga]\nurl = "https://tree.taiga.io"', "write https://api.taiga.io/api/v1"),
        (f'{ACME}taiga.url = "https://tree.taiga.io"', "groups.acme.taiga.url: is not its API's"),
        (
            '[toggl]\nbase_url = "https://track.toggl.com"',
            "write https://api.track.toggl.com/api/v9",
        ),
        ('[clockify]\nbase_url = "https://app.clockify.me"', "https://api.clockify.me/api/v1"),
        ('[clockify]\nworkspace = "My workspace"', "clockify.workspace: is no id"),
        ('[slack]\nbase_url = "https://acme.slack.com"', "write https://slack.com/api/"),
        ('[activitywatch]\nurl = "http://localhost:5600/#/home"', "as http://localhost:5600"),
        (f'{ACME}slack.workspace = "acme.slack.com"', "is an address: write the name"),
        ('[git]\nemails = ["noreply@github.com"]', "is GitHub's own"),
        ('[digest]\nat = "08:00"', "at 08:00 hardly anything of that day is there yet"),
        ('[digest]\nholidays = "XX"', "digest.holidays: none of XX are known"),
        ('[suggest]\nignore = ["a"]', "suggest.ignore: “a” is in too many words"),
        ("[suggest]\nidle_minutes = 1", "suggest.idle_minutes: 1 minutes without a change"),
        ("[digest]\ndays = []", "digest.days: is empty: no message will ever come"),
        ("[suggest]\nmin_minutes = 240", "suggest.min_minutes: leaves out whatever is shorter"),
        ('day_starts = "16:00"', "day_starts: what you do before 16:00 counts for the day before"),
        (
            '[git]\nemails = ["firstname.lastname@email.com"]',
            "git.emails: is the example's: write your own",
        ),
        (
            '[groups.one]\ngit.repos = ["/full/path/to/group1/repo"]',
            "groups.one.git.repos: is the example's",
        ),
        ('[slack]\nuser_id = "U012ABCDEF"', "slack.user_id: is the example's"),
    ],
)
def test_what_leads_nowhere_is_named_with_what_to_write(
    tmp_path: Path, text: str, told: str
) -> None:
    assert [each for each in sentences(tmp_path, text) if told in each]


@pytest.mark.parametrize(
    "text",
    [
        f'{ACME}toggl.projects = {{ Dev = "default", Fixes = "bug", Rest = "other" }}',
        f'{ACME}toggl.projects = {{ Dev = "default", Ads = "Campaign" }}',  # a type of theirs
        f'{ACME}toggl.projects = {{ Dev = "default", Reports = "Report", Other = "Sub-task" }}',
        '[groups.acme]\ntoggl.client = "Acme Oy"',  # the client's name points to it
        '[groups.acme]\njira.url = "https://acme.atlassian.net"\njira.project_key = "DEV"',
        f'{ACME}taiga.project_slug = "eero-acme"\n{GLOBEX}',
        f'[slack]\nuser_id = "W0123"\n{ACME}jira.url = "https://jira.acme.example/jira"\n'
        'jira.project_key = ["DEV", "OPS"]',
        f'{ACME}[groups.globex]\nkeywords = ["globex"]\ngit.repos = ["/src/acmeology"]',
        '[groups."會社"]\nkeywords = ["會社"]',
        '[groups.acme]\nkeywords = ["Acme, Inc.", "C++", "acme.fi", "Müller & Söhne"]',
        f'{ACME}github.repos = ["https://github.com/acme/api"]\ngitlab.projects = ["a/b/c"]',
        '[taiga]\nurl = "https://acme.example/taiga/api/v1"\n[slack]\n'
        'base_url = "https://slack-gov.com/api/"\n[github]\nurl = "https://git.acme.example"\n'
        '[clockify]\nbase_url = "https://euc1.clockify.me/api/v1"\n'
        'workspace = "64a687e29ae1f428e7ebe303"\n[digest]\nholidays = "US-CA"\nat = "01:00"',
    ],
)
def test_settings_that_lead_somewhere_are_left_alone(tmp_path: Path, text: str) -> None:
    assert sentences(tmp_path, text) == ()


# -- What the last weeks say ---------------------------------------------------------------------


@pytest.fixture
def new(tmp_path: Path) -> NewMachine:
    return NewMachine(tmp_path)


def settings(new: NewMachine, *parts: str) -> None:
    text = "\n".join((f'timezone = "{ZONE.key}"', *parts, ""))
    (new.home / "tracklater.toml").write_text(text, encoding="utf-8")


def found(new: NewMachine) -> list[str]:
    """What is wrong, without Slack and Toggl, which are not set up here."""
    answer = called(new.home, "check", "--json", HOME=str(new.home))
    assert answer.code == 1, answer.err
    return [
        each["sentence"]
        for each in json.loads(answer.out)
        if not each["ok"] and each["name"] in ("settings", "files", "groups")
    ]


def test_an_address_without_a_commit_in_a_month_is_named(new: NewMachine) -> None:
    repo = new.repository("src/acme")
    new.commit(repo, new.at("10:00") - timedelta(days=45), "Long ago")
    new._git(repo, "config", "user.email", "new@example.com")
    settings(
        new, '[git]\nemails = ["eero@example.com", "nobody@example.com"]', group("acme", [repo])
    )
    told = found(new)
    assert [each for each in told if "no commit by eero@example.com in 30 days" in each]
    assert [each for each in told if "no commit by nobody@example.com in 30 days" in each]
    new.commit(repo, new.at("10:00"), "Yesterday")
    told = found(new)
    assert not [each for each in told if "eero@example.com" in each]
    assert [each for each in told if "nobody@example.com" in each]


def test_an_address_that_is_used_here_and_not_named_is_asked_for(new: NewMachine) -> None:
    repo = new.repository("src/acme")
    new.commit(repo, new.at("10:00"), "Yesterday")
    new.odd_reflog(repo)
    settings(new, '[git]\nemails = ["me@old.example"]', group("acme", [repo]))
    (told,) = [each for each in found(new) if "is that you?" in each]
    assert "commits made here in acme are by eero@example.com" in told


def test_a_keyword_in_half_of_everything_is_named(new: NewMachine) -> None:
    titles = (
        "invoice - acme — Mozilla Firefox",
        "cart - globex — Mozilla Firefox",
        "Inbox — Mozilla Firefox",
    )
    new.windows(Scene("09:00", "12:00", titles))
    thyme = f'[thyme]\ndir = "{new.home / "thyme"}"'
    globex = '[groups.globex]\nkeywords = ["globex"]'
    settings(new, thyme, '[groups.acme]\nkeywords = ["acme", "firefox"]', globex)
    (told,) = [each for each in found(new) if "keyword" in each]
    assert "groups.acme: the keyword “firefox” is in 100 %" in told
    settings(new, thyme, '[groups.acme]\nkeywords = ["acme"]', globex)
    assert not [each for each in found(new) if "keyword" in each]


def test_the_one_big_client_may_be_in_most_windows(new: NewMachine) -> None:
    new.windows(
        Scene("09:00", "14:00", ("invoice.py - acme", "acme: a page")),
        Scene("14:00", "15:30", ("cart.ts - globex",)),
    )
    groups = ('[groups.acme]\nkeywords = ["acme"]', '[groups.globex]\nkeywords = ["globex"]')
    settings(new, f'[thyme]\ndir = "{new.home / "thyme"}"', *groups)
    assert not [each for each in found(new) if "keyword" in each]


@pytest.mark.parametrize("local", [True, False])
def test_a_recorder_of_any_name_is_read_where_that_is_quick(local: bool) -> None:
    recorder = Recorded(
        tuple(
            Window(at("09:00") + timedelta(seconds=20 * n), "acme - Mail", n) for n in range(400)
        ),
        name="screenlog",
        local=local,
    )
    hints = (Hint("acme", HintKind.KEYWORD, "mail"),)
    groups = (Group("acme", hints), Group("globex", (Hint("globex", HintKind.KEYWORD, "globex"),)))
    told = list(unseen((recorder,), groups, at("18:00")))
    assert any("keyword “mail” is in 100" in each for each in told) is local


def test_agents_in_a_folder_of_no_group_are_named(new: NewMachine) -> None:
    acme, other = new.repository("src/acme"), new.repository("src/other")
    new.talk_to_claude(other, "10:00", 30)
    new.commits(acme, "09:00")
    settings(new, '[agents]\n[git]\nemails = ["eero@example.com"]', group("acme", [acme]))
    (told,) = [each for each in found(new) if each.startswith("agents:")]
    assert f"15 prompts of the last week in {other}" in told


def test_the_files_are_named_first(new: NewMachine) -> None:
    repo = new.repository("src/acme")
    new.commits(repo, "09:00")
    settings(new, '[git]\nemails = ["eero@example.com"]', group("acme", [repo]))
    (new.home / ".env").touch(0o600)
    answer = called(new.home, "check", HOME=str(new.home))
    assert answer.out.splitlines()[0] == "ok     files: read tracklater.toml and .env"


def test_without_a_settings_file_it_says_where_it_looked(new: NewMachine) -> None:
    answer = called(new.home, "check", HOME=str(new.home))
    first = answer.out.splitlines()[0]
    assert first.startswith("wrong  files: there is no settings file at ")
    assert str(new.home / "tracklater.toml") in first
    assert str(new.home / "config" / "tracklater-bot" / "tracklater.toml") in first
    assert "tracklater-bot init" in first
    assert "groups: there are none" in answer.out
