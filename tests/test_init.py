"""`init` on made-up machines: few answers, and the same drafts as with settings written by hand."""

from __future__ import annotations

import io
import json
import stat
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from tests.bots import digests_in
from tests.commands import Answer, called
from tests.loopback import Asked, Loopback, Said, closed_port, serving
from tests.newmachines import ZONE, NewMachine, Watching, by_hand, group, yesterday
from tracklater_bot.cli.init import accounts, asking, finding
from tracklater_bot.cli.init.asking import Dialogue
from tracklater_bot.settings import load, sections
from tracklater_bot.settings.hollow import hollow
from tracklater_bot.settings.tree import dotenv_variables
from tracklater_sandbox import Sandbox
from tracklater_sandbox.jira import JiraIssue
from tracklater_sandbox.workday.story import Scene

ROOT = Path(__file__).parent.parent
MOST_ANSWERS, TOKENS = 6, 4
GIT = '[git]\nemails = ["eero@example.com"]'


@pytest.fixture(autouse=True)
def nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's own ActivityWatch and agents have no say."""
    monkeypatch.setattr(finding, "ACTIVITYWATCH", closed_port())
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def new(tmp_path: Path) -> NewMachine:
    (tmp_path / "home").mkdir()
    return NewMachine(tmp_path / "home")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Sandbox]:
    """A Slack, a Toggl, a Jira and a Taiga whose sample day was yesterday."""
    with Sandbox(tmp_path / "home", today=yesterday()) as sandbox:
        sandbox.settings_file.unlink()
        yield sandbox


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> list[Dialogue]:
    """The dialogues that were led."""
    led: list[Dialogue] = []

    class Counted(Dialogue):
        def __init__(self) -> None:
            super().__init__()
            led.append(self)

    monkeypatch.setattr(asking, "Dialogue", Counted)
    return led


def init(home: Path, answers: Sequence[str], *arguments: str, **more: str) -> Answer:
    """The command with piped answers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO("".join(f"{answer}\n" for answer in answers)))
        return on(home, "init", *arguments, **more)


def on(home: Path, *arguments: str, **more: str) -> Answer:
    return called(home, *arguments, HOME=str(home), TRACKLATER_TIMEZONE=ZONE.key, **more)


def addresses(sandbox: Sandbox) -> dict[str, str]:
    """Where the services are; for a real one nothing has to be said."""
    return {
        "TRACKLATER_SLACK__BASE_URL": f"{sandbox.url}/slack/api/",
        "TRACKLATER_TOGGL__BASE_URL": f"{sandbox.url}/toggl/api/v9",
    }


def written(home: Path) -> dict[str, Any]:
    file = home / "config" / "tracklater-bot" / "tracklater.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def minutes(home: Path, config: str | None, **more: str) -> list[str | None]:
    """The group of each minute of yesterday."""
    named = ["--config", config] if config else []
    answer = on(home, "preview", "yesterday", "--json", *named, **more)
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)
    start = datetime.combine(yesterday(), datetime.min.time(), ZONE)
    of_day: list[str | None] = [None] * 1700
    for each in told["suggestions"]:
        first, last = (
            round((datetime.fromisoformat(each[end]) - start) / timedelta(minutes=1))
            for end in ("start", "end")
        )
        of_day[first:last] = [each["group"] or "?"] * (last - first)
    return of_day


def points_apart(home: Path, hand: str, **more: str) -> float:
    """How many of a hundred minutes have another group than with settings written by hand.

    What was written leaves nothing to be warned of, either.
    """
    loaded = load(home / "config" / "tracklater-bot" / "tracklater.toml", None, {})
    assert (loaded.warnings, hollow(loaded.settings)) == ((), ())
    (home / "hand.toml").write_text(hand, encoding="utf-8")
    wanted, got = minutes(home, "hand.toml", **more), minutes(home, None, **more)
    assert sum(group is not None for group in wanted) >= 60
    pairs = Counter(zip(wanted, got, strict=True))
    meant = {
        one: max(set(got) - {None}, key=lambda two: pairs[one, two], default=None)
        for one in set(wanted) - {None}
    }
    # Two groups by hand are two here as well.
    assert len(set(meant.values())) == len(meant)
    either = [(one, two) for one, two in zip(wanted, got, strict=True) if one or two]
    return 100 * sum(two != meant.get(one) for one, two in either) / len(either)


# -- Five machines, and one with nothing ---------------------------------------------------------


def test_a_freelancer_with_thyme_and_four_accounts(
    services: Sandbox, walked: list[Dialogue]
) -> None:
    """Whoever has everything pastes four tokens, and answers six questions beside."""
    home = services.home
    answers = [
        services.slack.bot_token, services.slack.user_token, services.slack.app_token,
        services.toggl.api_token, f"{services.url}/jira", services.jira.api_token,
        f"{services.url}/taiga", services.taiga.username, services.taiga.password, "", "",
    ]  # fmt: skip
    answer = init(home, answers, **addresses(services))
    assert answer.code == 0, answer.err
    # Taiga's three are one answer more than the six of those who have one place with issues.
    assert walked[0].answers == len(answers) <= TOKENS + MOST_ANSWERS + 1
    hand = by_hand(
        (
            group(
                "acme",
                [home / "src" / "acme-api"],
                'toggl.client = "Acme Oy"',
                'toggl.projects = { Development = "default", "Bug fixing" = "bug" }',
                f'jira.url = "{services.url}/jira"\njira.project_key = "DEV"',
            ),
            group(
                "globex",
                [home / "src" / "globex-web"],
                'toggl.client = "Globex Inc"\ntoggl.projects = { Development = "default" }',
                'taiga.project_slug = "eero-globex-web"',
            ),
        ),
        f'[taiga]\nurl = "{services.url}/taiga/api/v1"',
        f'[slack]\nuser_id = "U0EERO"\n[thyme]\ndir = "{home / "thyme"}"\n{GIT}',
    )
    assert points_apart(home, hand, **addresses(services), **services.env) <= 2
    checked = on(home, "check", **addresses(services))
    assert checked.code == 0, checked.out
    sent = on(home, "digest", "yesterday", **addresses(services))
    assert sent.code == 0, sent.err
    assert digests_in(services.slack.messages(), yesterday().isoformat())
    assert "to review" in answer.out.rpartition("Written:")[2]  # yesterday's preview


def test_a_freelancer_with_activitywatch(
    new: NewMachine, walked: list[Dialogue], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = new.repository("code/globex-shop", "git@github.com:globex/shop.git")
    app = new.repository("code/clients/acme-app", "https://github.com/acme-corp/app.git")
    new.commits(shop, "09:10", "09:55", "10:30")
    new.commits(app, "13:05", "13:50", "14:40")
    seen = Watching(
        new,
        ("09:00", "10:35", "Code", "cart.ts - shop [globex]"),
        ("10:35", "11:10", "firefox", "Globex: the new cart"),
        ("13:00", "14:50", "Code", "main.dart - app - Acme Corp"),
        ("14:50", "15:20", "Spotify", "Spotify Premium"),
    )
    with serving(seen) as watch:
        for module in (finding, sections):
            monkeypatch.setattr(module, "ACTIVITYWATCH", watch.url)
        answer = init(new.home, [])
        assert answer.code == 0, answer.err
        assert f"ActivityWatch at {watch.url}" in answer.out
        assert walked[0].answers == 0
        hand = by_hand((group("globex", [shop]), group("acme", [app])), f"[activitywatch]\n{GIT}")
        assert points_apart(new.home, hand) <= 2


def test_a_mac_with_its_folders(new: NewMachine, walked: list[Dialogue]) -> None:
    web = new.repository("Developer/Initech/web")
    api = new.repository("Developer/Initech/api")
    shop = new.repository("Documents/GitHub/umbrella-shop", "git@github.com:umbrella/shop.git")
    stranger = new.repository("Developer/pytest", "https://github.com/pytest-dev/pytest.git")
    new.repository("Library/Caches/clones/homebrew")
    new.repository("Developer/Initech/web/node_modules/left-pad")
    new.commits(web, "09:20", "10:10")
    new.commits(api, "11:00")
    new.commits(shop, "13:30", "14:40")
    new.commit(stranger, new.at("10:00") - timedelta(days=900), "Long ago")
    thyme = new.windows(
        Scene("09:00", "11:30", ("models.py — Initech — Visual Studio Code", "Initech | zsh")),
        Scene("12:30", "15:00", ("Umbrella Shop: cart - Safari", "cart.ts — umbrella-shop — Code")),
        place="Documents/thyme",
    )
    answer = init(new.home, ["", "", "", ""])
    assert answer.code == 0, answer.err
    assert walked[0].answers <= MOST_ANSWERS
    assert set(written(new.home)["groups"]) == {"initech", "umbrella"}
    hand = by_hand(
        (group("initech", [web, api]), group("umbrella", [shop])),
        f'[thyme]\ndir = "{thyme}"\n{GIT}',
    )
    assert points_apart(new.home, hand) <= 2


def test_agents_alone(new: NewMachine, walked: list[Dialogue]) -> None:
    """The repositories lie where nobody looks; their agents' logs name them."""
    acme = new.repository("stuff/customers/acme-web", "git@gitlab.com:acme/web.git")
    hooli = new.repository("stuff/customers/hooli-infra", "git@gitlab.com:hooli/infra.git")
    new.talk_to_claude(acme, "09:00", 90)
    new.talk_to_claude(hooli / "modules", "13:00", 70)
    answer = init(new.home, [""])
    assert answer.code == 0, answer.err
    assert walked[0].answers <= 1
    assert "agents" in written(new.home)
    hand = by_hand((group("acme", [acme]), group("hooli", [hooli])), f"[agents]\n{GIT}")
    assert points_apart(new.home, hand) <= 2


def test_two_jiras(services: Sandbox, walked: list[Dialogue], tmp_path: Path) -> None:
    """Each group has its own: by the keys in branches where words say nothing."""
    new = NewMachine(tmp_path / "two")
    tool = new.repository("work/tool")
    site = new.repository("work/globex-site", "git@git.globex.example:globex/site.git")
    new.commits(tool, "09:30", "10:20", subject="OPS-7 Rotate the logs")
    new.commits(site, "13:30", "14:20", subject="More of the site")
    with Sandbox(tmp_path / "other", today=yesterday()) as other:
        kept = services.jira.issues.pop("DEV-123")
        services.jira.issues.clear()
        services.jira.names["SITE"] = "Globex site"
        other.jira.issues.clear()
        for jira, key in ((services.jira, "SITE-3"), (other.jira, "OPS-7")):
            jira.add(JiraIssue(7, key, "Rotate", "Task", "To do", "new", kept.updated))
        answers = [
            "", "", f"{services.url}/jira/browse/SITE-3", services.jira.api_token,
            f"{other.url}/jira", other.jira.api_token, "", "",
        ]  # fmt: skip
        answer = init(new.home, answers)
        assert answer.code == 0, answer.err
        assert walked[0].answers <= MOST_ANSWERS + 2  # two of them are tokens
        got = written(new.home)["groups"]
        assert {name: own["jira"]["project_key"] for name, own in got.items()} == {
            "tool": "OPS", "globex": "SITE",
        }  # fmt: skip
        assert got["tool"]["jira"]["url"] == f"{other.url}/jira"
        accounts = [
            f'jira.url = "{jira_of.url}/jira"\njira.project_key = "{key}"\n'
            f'jira.email = "eero@example.com"\njira.api_token = "{jira_of.jira.api_token}"'
            for jira_of, key in ((other, "OPS"), (services, "SITE"))
        ]
        hand = by_hand(
            (group("ops", [tool], accounts[0]), group("globex", [site], accounts[1])), GIT
        )
        assert points_apart(new.home, hand) <= 2


def test_nothing_at_all_says_what_to_do(new: NewMachine, walked: list[Dialogue]) -> None:
    answer = init(new.home, [""] * 9)
    assert answer.code == 1
    assert walked[0].answers <= MOST_ANSWERS
    assert "Nothing was found" in answer.err
    assert "init FOLDER" in answer.err
    assert "ActivityWatch" in answer.err
    assert not (new.home / "config").exists()


# -- Other trackers and places ---------------------------------------------------------------------


def test_clockifys_clients_by_its_key_which_toggl_never_sees(services: Sandbox) -> None:
    clockify = {"TRACKLATER_CLOCKIFY__BASE_URL": f"{services.url}/clockify/api/v1"}
    key = services.clockify.api_key
    answer = init(services.home, ["", key, "", ""], **addresses(services), **clockify)
    assert answer.code == 0, answer.err
    assert "projects in Clockify." in answer.out
    got = written(services.home)
    assert got["clockify"] == {"base_url": f"{services.url}/clockify/api/v1"}
    assert got["groups"]["acme"]["tracker"]["client"] == "Acme Oy"
    assert got["groups"]["acme"]["tracker"]["projects"]["Development"] == "default"
    env_file = services.home / "config" / "tracklater-bot" / ".env"
    assert dotenv_variables(env_file) == {"TRACKLATER_CLOCKIFY__API_KEY": key}
    assert "clockify: signed in" in on(services.home, "check", **addresses(services)).out
    again = init(services.home, ["y", "", "", ""], **addresses(services), **clockify)
    assert "projects in Clockify." in again.out  # known now, and not asked for


class Forge(Loopback):
    """A GitHub Enterprise and a GitLab on one server, with repositories by path."""

    def __init__(self, *paths: str) -> None:
        super().__init__([])
        self.paths = paths

    def next(self, asked: Asked) -> Said:
        path = asked.path.partition("?")[0]
        if asked.headers["Authorization"] != "Bearer forge-token":
            return Said(401, {"message": "Bad credentials"})
        if path == "/api/v3/user/repos":
            return Said(body=[{"full_name": each, "has_issues": True} for each in self.paths])
        if path == "/api/v4/projects":
            return Said(body=[{"path_with_namespace": each} for each in self.paths])
        return Said(404, {})


@pytest.mark.parametrize(("kind", "named"), [("github", "repos"), ("gitlab", "projects")])
def test_a_forges_repositories_go_to_the_groups_that_have_them(
    new: NewMachine, kind: str, named: str
) -> None:
    new.commits(new.repository("src/api", "git@code.example:acme/api.git"), "09:00")
    new.commits(new.repository("src/globex", "git@code.example:globex/site.git"), "09:00")
    with serving(Forge("acme/api", "globex/docs", "eero/dotfiles")) as forge:
        answers = ["", "", f"{kind}:{forge.url}", "wrong", "forge-token", "", ""]
        answer = init(new.home, answers)
        assert answer.code == 0, answer.err
        assert "refuses the token" in answer.out
        assert "Signed in, 3 repositories" in answer.out
        groups = written(new.home)["groups"]
        own = {name: group.get(kind) for name, group in groups.items()}
        assert own == {
            "acme": {named: ["acme/api"], "url": forge.url},
            "globex": {named: ["globex/docs"], "url": forge.url},
        }
    secrets = dotenv_variables(new.home / "config" / "tracklater-bot" / ".env")
    assert secrets[f"TRACKLATER_GROUPS__ACME__{kind.upper()}__TOKEN"] == "forge-token"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("acme.atlassian.net", "jira"),
        ("https://issues.acme.example/browse/DEV-1", "jira"),
        ("tree.taiga.io/project/acme", "taiga"),
        ("https://acme.example/taiga", "taiga"),
        ("github.com", "github"),
        ("https://github.com/acme/api", "github"),
        ("https://gitlab.acme.example/acme", "gitlab"),
        ("gitlab:code.acme.example", "gitlab"),
        ("GitHub:https://code.acme.example:8443", "github"),
        ("localhost:8080", "jira"),
    ],
)
def test_an_address_tells_what_is_there(address: str, kind: str) -> None:
    found, whole = accounts.kind_of(address)
    assert found == kind
    assert whole.startswith("https://")


# -- Answers -------------------------------------------------------------------------------------


def test_a_wrong_token_is_said_at_once_and_asked_again(services: Sandbox) -> None:
    answers = [services.slack.app_token, services.slack.bot_token, "", "", "", "wrong-token"]
    answers += [services.toggl.api_token, "", ""]
    answer = init(services.home, answers, **addresses(services))
    assert "holds a Slack app-level token" in answer.out
    assert "Toggl refused the token" in answer.out
    assert "This is Eero Example, with 3 projects" in answer.out
    assert services.slack.bot_token not in answer.out + answer.err
    assert written(services.home)["groups"]["acme"]["tracker"]["client"] == "Acme Oy"


def test_a_member_id_is_tried_where_no_user_token_tells_it(services: Sandbox) -> None:
    slack = services.slack
    answers = [slack.bot_token, "", slack.app_token, "@eero", "U0EERO", "", "", ""]
    answer = init(services.home, answers, **addresses(services))
    assert answer.code == 0, answer.err
    assert "nobody here has that member ID" in answer.out
    assert "This is Eero" in answer.out
    assert written(services.home)["slack"]["user_id"] == "U0EERO"


def test_settings_that_are_there_are_not_overwritten_without_a_yes(new: NewMachine) -> None:
    new.commits(new.repository("src/acme"), "09:00")
    (new.home / "tracklater.toml").write_text('day_starts = "05:00"\n', encoding="utf-8")
    refused = init(new.home, ["no"])
    assert (refused.code, "nothing was written" in refused.err) == (1, True)
    assert (new.home / "tracklater.toml").read_text() == 'day_starts = "05:00"\n'
    assert init(new.home, ["y", "", "", "", ""]).code == 0
    assert "groups.acme" in (new.home / "tracklater.toml").read_text()
    assert (new.home / "tracklater.toml.old").read_text() == 'day_starts = "05:00"\n'


def test_secrets_go_to_a_file_of_ones_own_and_keep_what_was_there(services: Sandbox) -> None:
    env_file = services.home / "secrets.env"
    env_file.write_text("OTHER=1\n", encoding="utf-8")
    arguments = ("--env-file", "secrets.env", "--config", "mine.toml")
    answers = ["", services.toggl.api_token, "", ""]
    assert init(services.home, answers, *arguments, **addresses(services)).code == 0
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    assert env_file.read_text().startswith("OTHER=1\n")
    assert services.toggl.api_token in env_file.read_text()
    assert services.toggl.api_token not in (services.home / "mine.toml").read_text()
    again = ["y", "", "", ""]  # the token is known now, and is not asked for
    answer = init(services.home, again, *arguments, **addresses(services))
    assert "with 3 projects" in answer.out
    assert env_file.read_text().count("TRACKLATER_TOGGL__API_TOKEN") == 1


def test_a_second_time_leaves_nothing_of_the_first_in_the_way(services: Sandbox) -> None:
    """Secrets of groups that are no more would keep any settings from loading."""
    jira = [f"{services.url}/jira", services.jira.api_token, ""]
    first = ["", services.toggl.api_token, *jira, "1=Acme Software", ""]
    assert init(services.home, first, **addresses(services)).code == 0
    (services.home / "config" / "tracklater-bot" / "tracklater.toml").unlink()
    again = init(services.home, ["", *jira, "", "y"], **addresses(services))
    assert again.code == 0, again.err
    assert "TRACKLATER_GROUPS__ACME_SOFTWARE__JIRA__API_TOKEN" in again.out
    assert on(services.home, "preview", **addresses(services)).code == 0
    env_file = services.home / "config" / "tracklater-bot" / ".env"
    assert "ACME_SOFTWARE" not in env_file.read_text()
    assert "ACME_SOFTWARE" in env_file.with_name(".env.old").read_text()
    assert stat.S_IMODE(env_file.with_name(".env.old").stat().st_mode) == 0o600


def test_secrets_of_the_environment_are_used_and_stay_there(services: Sandbox) -> None:
    environ = {name: text for name, text in services.env.items() if "GROUPS" not in name}
    environ |= addresses(services) | {"TRACKLATER_TAIGA__URL": f"{services.url}/taiga/api/v1"}
    answer = init(services.home, ["", ""], **environ)
    assert answer.code == 0, answer.err
    got = written(services.home)
    assert got["slack"]["user_id"] == "U0EERO"
    assert got["groups"]["globex"]["taiga"]["project_slug"] == "eero-globex-web"
    assert not (services.home / "config" / "tracklater-bot" / ".env").exists()


@pytest.mark.parametrize(
    ("said", "groups"),
    [
        ("-2", {"acme"}),
        ("1+2", {"acme"}),
        ("2=The other", {"acme", "The other"}),
        ("7", {"acme", "globex"}),
        ("1=GLOBEX", {"acme", "globex"}),
    ],
)
def test_groups_are_changed_by_a_word(new: NewMachine, said: str, groups: set[str]) -> None:
    for name in ("acme", "globex"):
        new.commits(new.repository(f"src/{name}/web"), "09:00")
    assert init(new.home, ["", "", "", said, ""]).code == 0
    assert set(written(new.home)["groups"]) == groups


def test_named_folders_are_searched_and_no_other(new: NewMachine) -> None:
    new.commits(new.repository("src/acme"), "09:00")
    new.commits(new.repository("elsewhere/deep/down/globex"), "09:00")
    assert init(new.home, [], str(new.home / "elsewhere")).code == 0
    assert next(iter(written(new.home)["groups"].values()))["git"]["repos"] == [
        str(new.home / "elsewhere/deep/down/globex")
    ]


def test_a_folder_that_is_not_there_is_named(new: NewMachine) -> None:
    answer = init(new.home, [], str(new.home / "scr"))
    assert f"There is no folder {new.home / 'scr'}" in answer.out


def test_a_new_machine_has_clones_of_what_was_worked_on_elsewhere(new: NewMachine) -> None:
    origin = new.repository("elsewhere/acme")
    new.commits(origin, "09:00")
    new._git(new.home, "clone", "-q", str(origin), str(new.home / "src" / "acme"))
    new._git(new.home / "src" / "acme", "config", "user.email", "eero@example.com")
    theirs = new.repository("src/pytest", "https://github.com/pytest-dev/pytest.git")
    new._git(theirs, "config", "user.email", "eero@example.com")
    assert init(new.home, [], str(new.home / "src")).code == 0
    assert set(written(new.home)["groups"]) == {"acme"}


def test_a_moment_that_no_calendar_has_costs_nothing(new: NewMachine) -> None:
    mine = new.repository("src/acme")
    new.commits(mine, "09:00")
    new.odd_reflog(mine)
    new.talk_to_claude(mine, "10:00", 4)
    (log,) = (new.home / ".claude").rglob("*.jsonl")
    text = log.read_text(encoding="utf-8")
    odd = text.replace(f"{new.day}T10:00:00+02:00", "0001-01-01T00:00:00+23:00")
    assert odd != text
    log.write_text(odd, encoding="utf-8")
    assert init(new.home, []).code == 0
    assert set(written(new.home)["groups"]) == {"acme"}


def test_a_worktree_and_a_submodule_are_no_repositories_of_their_own(new: NewMachine) -> None:
    main = new.repository("src/acme")
    new.commits(main, "09:00")
    new._git(main, "worktree", "add", "-q", str(new.home / "src" / "acme-fix"))
    assert init(new.home, []).code == 0
    assert written(new.home)["groups"]["acme"]["git"]["repos"] == [str(main)]


def test_a_walk_ends_in_time_and_says_so(new: NewMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST_FOLDERS", 20)
    new.commits(new.repository("src/acme"), "09:00")
    for number in range(40):
        (new.home / "src" / "deep" / str(number)).mkdir(parents=True)
    answer = init(new.home, [])
    assert "there was more: name folders" in answer.out
    assert "acme" in written(new.home)["groups"]


def test_the_link_has_the_manifest_in_it() -> None:
    """After a change: write the manifest as JSON into tracklater_bot/cli/init/manifest.json."""
    query = parse_qs(urlsplit(asking.slack_link()).query)
    manifest: Mapping[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text("utf-8"))
    assert query["new_app"] == ["1"]
    assert json.loads(query["manifest_json"][0]) == manifest
    assert len(asking.slack_link()) < 8000
