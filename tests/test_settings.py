"""Settings: what wins, what is refused and in which words, what a group takes over."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from datetime import time
from importlib import resources
from pathlib import Path
from unittest.mock import Mock
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
import tzlocal
from pydantic import SecretStr, ValidationError

from tracklater_bot.domain.hints import HintKind
from tracklater_bot.settings import GroupSettings, Loaded, Settings, SettingsError, load, unfinished
from tracklater_bot.settings import types as zone
from tracklater_bot.settings.tree import GROUPS, leaves, section_at, sections

CONTRACT = """
timezone = "Europe/Helsinki"
day_starts = "04:00"
database_url = ""

[digest]
at = "17:30"
days = ["mon", "tue", "wed", "thu", "fri"]

[slack]
mode = "socket"
user_id = "U012ABCDEF"
base_url = "https://slack.com/api/"

[thyme]
dir = "~/thyme"

[git]
emails = ["firstname.lastname@email.com"]

[taiga]
url = "https://api.taiga.io/api/v1"
web_url = "https://tree.taiga.io"

[groups.group1]
keywords = ["acme", "first group"]
git.repos = ["/full/path/to/group1/repo"]
toggl.client = "First Group"
toggl.projects = { "Development" = "default", "Bug fixing" = "bug" }
jira.url = "https://group1.atlassian.net"
jira.project_key = "DEV"

[groups.group2]
git.repos = ["/full/path/to/group2/repo"]
toggl.client = "Second Group"
toggl.projects = { "Development" = "default" }
taiga.project_slug = "username-group2"
slack.user_id = "U045"
"""
SECRET = "s3cr3t-value"
# What tzlocal gives where /etc/localtime is a copy of a zone file: a zone without a name.
UNNAMED = ZoneInfo.from_file(
    io.BytesIO(resources.files("tzdata.zoneinfo.Europe").joinpath("Helsinki").read_bytes()),
    key="local",
)

Loader = Callable[..., Loaded]


@pytest.fixture
def machine_in_helsinki(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Europe/Helsinki")
        tzlocal.reload_localzone()
        yield
    tzlocal.reload_localzone()


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine_in_helsinki: None) -> Loader:
    """Loads settings from the texts of a TOML file and a `.env` in an empty directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def load_texts(
        toml: str = "", dotenv: str = "", environ: Mapping[str, str] | None = None
    ) -> Loaded:
        for name, text in (("tracklater.toml", toml), (".env", dotenv)):
            Path(name).write_text(text, encoding="utf-8")
            Path(name).chmod(0o600)
        return load(None, None, environ or {})

    return load_texts


def revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def test_the_documented_example_loads_without_a_warning(loaded: Loader) -> None:
    result = loaded(CONTRACT)
    settings = result.settings
    assert settings.timezone == ZoneInfo("Europe/Helsinki")
    assert settings.digest.at == time(17, 30)
    assert settings.thyme.dir == Path("/home/me/thyme")
    assert settings.groups["group1"].toggl.projects == {
        "Development": "default",
        "Bug fixing": "bug",
    }
    assert settings.groups["group1"].jira.project_key == ("DEV",)
    assert settings.groups["group2"].slack.user_id == "U045"
    assert result.warnings == ()


def test_without_any_file_everything_has_its_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert load(None, None, {}) == Loaded(Settings())


# -- what wins ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("toml", "dotenv", "environ", "expected"),
    [
        ("toml", "", "", "toml"),
        ("toml", "dotenv", "", "dotenv"),
        ("toml", "dotenv", "environ", "environ"),
        ("toml", "", "environ", "environ"),
    ],
)
def test_the_environment_wins_over_dotenv_and_that_over_toml(
    loaded: Loader, toml: str, dotenv: str, environ: str, expected: str
) -> None:
    name = "TRACKLATER_SLACK__USER_ID"
    result = loaded(f'slack.user_id = "{toml}"', f"{name}={dotenv}", {name: environ})
    assert result.settings.slack.user_id == expected


@pytest.mark.parametrize(
    ("dotenv", "environ", "expected"),
    [
        ("", {"SLACK_BOT_TOKEN": "xoxb-slack"}, "xoxb-slack"),
        ("SLACK_BOT_TOKEN=xoxb-slack", {}, "xoxb-slack"),
        ("TRACKLATER_SLACK__BOT_TOKEN=xoxb-ours", {"SLACK_BOT_TOKEN": "xoxb-other"}, "xoxb-ours"),
        ("SLACK_BOT_TOKEN=xoxb-file", {"SLACK_BOT_TOKEN": "xoxb-shell"}, "xoxb-shell"),
        ("TRACKLATER_SLACK__BOT_TOKEN=", {"SLACK_BOT_TOKEN": "xoxb-slack"}, "xoxb-slack"),
    ],
)
def test_our_names_win_over_slacks_own(
    loaded: Loader, dotenv: str, environ: dict[str, str], expected: str
) -> None:
    assert revealed(loaded("", dotenv, environ).settings.slack.bot_token) == expected


@pytest.mark.parametrize(
    ("group", "variable"),
    [
        ("group1", "TRACKLATER_GROUPS__GROUP1__JIRA__API_TOKEN"),
        ("Group1", "TRACKLATER_GROUPS__GROUP1__JIRA__API_TOKEN"),
        ("group1", "tracklater_groups__group1__jira__api_token"),
        ("acme-web", "TRACKLATER_GROUPS__ACME_WEB__JIRA__API_TOKEN"),
        ("First Group", "TRACKLATER_GROUPS__FIRST_GROUP__JIRA__API_TOKEN"),
        ("a - b", "TRACKLATER_GROUPS__A___B__JIRA__API_TOKEN"),
        ("Äpfel", "TRACKLATER_GROUPS___PFEL__JIRA__API_TOKEN"),
        ("A\u0308pfel", "TRACKLATER_GROUPS___PFEL__JIRA__API_TOKEN"),  # two characters, one letter
        ("東京", "TRACKLATER_GROUPS______JIRA__API_TOKEN"),
        ("Straße", "TRACKLATER_GROUPS__STRASSE__JIRA__API_TOKEN"),
        ("jira", "TRACKLATER_GROUPS__JIRA__JIRA__API_TOKEN"),
    ],
)
def test_a_variable_finds_its_group_whatever_the_name(
    loaded: Loader, group: str, variable: str
) -> None:
    settings = loaded(f'[groups."{group}"]', "", {variable: SECRET}).settings
    assert revealed(settings.groups[group].jira.api_token) == SECRET


def test_one_word_of_an_ambiguous_variable_is_never_guessed(loaded: Loader) -> None:
    name = "TRACKLATER_GROUPS__ACME_WEB__JIRA__API_TOKEN"
    toml = '[groups."acme-web"]\n[groups."acme web"]\n'
    with pytest.raises(SettingsError, match="may mean") as caught:
        loaded(toml, "", {name: SECRET})
    assert str(caught.value) == (
        f'{name}: may mean groups.acme-web.jira.api_token and groups."acme web".jira.api_token: '
        "rename one of the groups"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("me@x.org", ("me@x.org",)),
        ("me@x.org, You@x.org,", ("me@x.org", "You@x.org")),
        ('["me@x.org", "a,b"]', ("me@x.org", "a,b")),
    ],
)
def test_lists_in_variables_have_commas_or_are_json(
    loaded: Loader, text: str, expected: tuple[str, ...]
) -> None:
    assert loaded("", "", {"TRACKLATER_GIT__EMAILS": text}).settings.git.emails == expected


def test_a_section_in_a_variable_is_json_and_a_single_value_wins_over_it(loaded: Loader) -> None:
    settings = loaded(
        'slack.mode = "http"',
        "",
        {
            "TRACKLATER_SLACK": '{"user_id": "U1", "port": 5}',
            "TRACKLATER_SLACK__PORT": "6",
            "TRACKLATER_GROUPS": '{"Acme": {"toggl": {"client": "Acme Ltd"}}}',
        },
    ).settings
    assert (settings.slack.user_id, settings.slack.port, settings.slack.mode) == ("U1", 6, "http")
    assert settings.groups["Acme"].toggl.client == "Acme Ltd"


def test_a_group_has_one_spelling_wherever_it_is_written(loaded: Loader) -> None:
    groups = loaded(
        '[groups.Acme]\nkeywords = "acme"', "", {"TRACKLATER_GROUPS": '{"ACME": {"git": {}}}'}
    ).settings.groups
    assert list(groups) == ["Acme"]


def test_the_projects_of_a_variable_replace_those_of_the_file(loaded: Loader) -> None:
    toml = '[groups.acme]\ntoggl.projects = { "Old" = "default" }'
    environ = {"TRACKLATER_GROUPS__ACME__TOGGL__PROJECTS": '{"New": "default"}'}
    assert loaded(toml, "", environ).settings.groups["acme"].toggl.projects == {"New": "default"}


def test_a_dollar_in_a_secret_stays_a_dollar(loaded: Loader) -> None:
    settings = loaded("", "TRACKLATER_TAIGA__PASSWORD='pa$$HOME ${X} #1'").settings
    assert revealed(settings.taiga.password) == "pa$$HOME ${X} #1"


# -- which files -------------------------------------------------------------------------------


def test_config_comes_from_the_option_then_the_variable_then_here_then_the_config_dir(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, home = tmp_path / "here", tmp_path / "home" / "tracklater-bot"
    here.mkdir()
    home.mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    files = [tmp_path / "option.toml", tmp_path / "variable.toml", here / "tracklater.toml"]
    files.append(home / "tracklater.toml")
    for file in files:
        file.write_text(f'slack.user_id = "{file.parent.name}/{file.name}"')
    environ = {"TRACKLATER_CONFIG": str(files[1])}
    assert load(files[0], None, environ).path == files[0]
    assert load(None, None, environ).path == files[1]
    assert load(None, None, {}).path == Path("tracklater.toml")
    files[2].unlink()
    found = load(None, None, {})
    assert found.path == files[3]
    assert found.settings.slack.user_id == "tracklater-bot/tracklater.toml"


def test_a_named_file_that_is_missing_is_an_error_even_where_another_one_lies(
    loaded: Loader, tmp_path: Path
) -> None:
    loaded('slack.user_id = "U1"')
    gone = tmp_path / "gone"
    with pytest.raises(SettingsError, match=f"{gone}: there is no such file; --config names it"):
        load(gone, None, {})
    with pytest.raises(SettingsError, match="no such file; TRACKLATER_CONFIG names it"):
        load(None, None, {"TRACKLATER_CONFIG": str(gone)})
    with pytest.raises(SettingsError, match="no such file; --env-file names it"):
        load(None, gone, {})


def test_a_directory_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is a directory"):
        load(tmp_path, None, {})


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        ("day_start = 1", "day_start: unknown setting; did you mean day_starts?"),
        ("[slak]", "slak: unknown setting; did you mean slack?"),
        ("[TOGGL]\nx = 1", "TOGGL: unknown setting; did you mean toggl?"),
        ("[group.acme]\n", "group: unknown setting; did you mean groups?"),
        ("digest.att = 1", "digest.att: unknown setting; did you mean digest.at?"),
        (
            "[groups.acme]\njira.projct = 'X'",
            "groups.acme.jira.projct: unknown setting; did you mean groups.acme.jira.project_key?",
        ),
        (
            "[groups.'a b']\ngti.repos = []",
            'groups."a b".gti: unknown setting; did you mean groups."a b".git?',
        ),
        (
            "git.repos = []",
            "git.repos: unknown setting; it belongs to groups.NAME.git.repos",
        ),
        ("xyzzy = 1", "xyzzy: unknown setting"),
        ("slack = 1", "slack: must be a section with settings of its own"),
        ("groups.acme = 'x'", "groups.acme: must be a section with settings of its own"),
        ("groups.acme.jira = []", "groups.acme.jira: must be a section with settings of its own"),
        (
            'timezone = "Europe/Helsinky"',
            'timezone: is no time zone: write one like "Europe/Helsinki"; '
            "did you mean Europe/Helsinki?",
        ),
        (
            'timezone = "new york"',
            'timezone: is no time zone: write one like "Europe/Helsinki"; '
            "did you mean America/New_York?",
        ),
        (
            'timezone = "utc"',
            'timezone: is no time zone: write one like "Europe/Helsinki"; did you mean UTC?',
        ),
        (
            'timezone = "../../etc/passwd"',
            'timezone: is no time zone: write one like "Europe/Helsinki"',
        ),
        ("digest.at = 1730", 'digest.at: must be a time of day such as "17:30"'),
        ('digest.at = "25:00"', 'digest.at: must be a time of day such as "17:30"'),
        ('digest.at = "17:30Z"', 'digest.at: must be a time of day such as "17:30"'),
        (
            'digest.days = ["mon", "fry"]',
            'digest.days, item 2: must be "mon", "tue", "wed", "thu", "fri", "sat" or "sun"',
        ),
        ('digest.holidays = "Finland"', 'digest.holidays: must be a country code such as "FI",'),
        ("suggest.idle_minutes = 0", "suggest.idle_minutes: must be at least 1"),
        ("suggest.round_minutes = 61", "suggest.round_minutes: must be at most 60"),
        ("suggest.round_minutes = 'x'", "suggest.round_minutes: must be a whole number"),
        ("suggest.key_tag = 'x'", "suggest.key_tag: must be true or false"),
        ("slack.mode = 'web'", 'slack.mode: must be "socket" or "http"'),
        ("slack.user_id = 5", "slack.user_id: must be text in quotes"),
        ("slack.bot_token = 5", "slack.bot_token: must be text in quotes"),
        ("git.emails = 5", 'git.emails: must be a list, such as ["one", "two"]'),
        ("git.emails = [5]", "git.emails, item 1: must be text in quotes"),
        ("thyme.dir = 'thyme'", "thyme.dir: must be a full path, such as"),
        ("thyme.dir = '~nobody-of-this-name/x'", "thyme.dir: names the home directory of a user"),
        ("toggl.base_url = ''", "toggl.base_url: must be a web address"),
        ("toggl.base_url = 'ftp://x'", "toggl.base_url: must be a web address"),
        ("toggl.base_url = 'https://[x'", "toggl.base_url: must be a web address"),
        ("slack.base_url = 'https://u:p@x'", "slack.base_url: must not hold a user name"),
        ("[groups.a]\njira.url = 'x.atlassian.net'", "groups.a.jira.url: must be a web address"),
        (
            "[groups.a]\ntoggl.projects = ['x']",
            'groups.a.toggl.projects: must be a table, such as { "Development" = "default" }',
        ),
        (
            "[groups.a]\ntoggl.projects = { 'Web work' = 1 }",
            'groups.a.toggl.projects, item "Web work": must be text in quotes',
        ),
        (
            "[groups.acme]\n[groups.ACME]",
            "groups.ACME: is the same group as groups.acme: put the two together",
        ),
        ('[groups." "]', 'groups."": a group needs a name'),
    ],
)
def test_a_wrong_setting_is_one_line_with_where_what_and_why(
    loaded: Loader, toml: str, line: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(toml)
    said = str(caught.value)
    assert said.startswith(f"tracklater.toml: {line}")
    assert "\n" not in said


def test_every_wrong_setting_has_its_own_line(loaded: Loader) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded("digest.at = 1\nday_start = 1", "TRACKLATER_TOGGL__WORKSPACE_ID=x")
    assert str(caught.value).splitlines() == [
        "tracklater.toml: day_start: unknown setting; did you mean day_starts?",
        'tracklater.toml: digest.at: must be a time of day such as "17:30"',
        ".env: TRACKLATER_TOGGL__WORKSPACE_ID: must be a whole number",
    ]


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        ("a = 1\nb = = 2", "is no valid TOML: Invalid value (at line 2, column"),
        ("a = 1\na = 2\n\n", "is no valid TOML: Cannot overwrite a value (at line 2, column"),
        (f"slack.bot_token = {SECRET}", "is no valid TOML: "),
        ("a = " + "[" * 5000, "is no valid TOML: "),
    ],
)
def test_broken_toml_is_one_line_with_its_place(loaded: Loader, toml: str, line: str) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(toml)
    assert str(caught.value).startswith(f"tracklater.toml: {line}")
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_file_that_is_no_text_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "tracklater.toml"
    path.write_bytes(b"timezone = '\xff'")
    with pytest.raises(SettingsError, match="is not UTF-8 text"):
        load(path, None, {})


@pytest.mark.parametrize(
    ("variable", "line"),
    [
        (
            "TRACKLATER_SLACK_BOT_TOKEN",
            "unknown setting; did you mean TRACKLATER_SLACK__BOT_TOKEN?",
        ),
        (
            "TRACKLATER_GROUPS__ACEM__JIRA__API_TOKEN",
            "unknown setting; did you mean TRACKLATER_GROUPS__ACME__JIRA__API_TOKEN?",
        ),
        (
            "TRACKLATER_GROUPS__OTHER_CLIENT__X",
            "unknown group or setting; the groups are: acme",
        ),
        ("TRACKLATER_XYZZY", "unknown setting"),
        ("TRACKLATER_SLACK", "must be a JSON object, or name one setting in it"),
        ("TRACKLATER_GROUPS__ACME", "must be a JSON object, or name one setting in it"),
        ("TRACKLATER_GROUPS__ACME__TOGGL__PROJECTS", "must be a JSON object, such as"),
        ("TRACKLATER_TOGGL__WORKSPACE_ID", "must be a whole number"),
        ("TRACKLATER_TIMEZONE", "is no time zone"),
    ],
)
def test_a_wrong_variable_is_one_line_without_its_value(
    loaded: Loader, variable: str, line: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded("[groups.acme]", "", {variable: SECRET})
    assert str(caught.value).startswith(f"{variable}: {line}")
    assert SECRET not in str(caught.value)
    with pytest.raises(SettingsError) as caught:
        loaded("[groups.acme]", f"{variable}={SECRET}")
    assert str(caught.value).startswith(f".env: {variable}: {line}")
    assert SECRET not in str(caught.value)


def test_a_broken_json_list_does_not_become_a_word(loaded: Loader) -> None:
    with pytest.raises(SettingsError, match="must be a JSON list, or words with commas"):
        loaded("", "", {"TRACKLATER_GIT__EMAILS": f'["{SECRET}'})


def test_lines_of_a_dotenv_that_set_nothing_are_counted_not_shown(loaded: Loader) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded("", f'A=1\n{SECRET}\nB="{SECRET}\n')
    assert str(caught.value).splitlines() == [
        ".env: line 2: must be NAME=value",
        ".env: line 3: must be NAME=value",
    ]


def test_variables_of_other_programs_are_none_of_our_business(loaded: Loader) -> None:
    environ = {"PATH": "/bin", "SLACK_TOKEN": "x", "TRACKLATERX": "y", "TRACKLATER_FOO": ""}
    assert loaded("", "DEBUG=1\nTRACKLATER_BAR=", environ).settings == Settings()


@pytest.mark.parametrize(
    ("name", "token", "line"),
    [
        ("BOT_TOKEN", "xapp-1", "holds a Slack app-level token (xapp-…); the bot token begins"),
        ("APP_TOKEN", "xoxb-1", "holds a Slack bot token (xoxb-…); the app-level token begins"),
        ("USER_TOKEN", "xoxb-1", "holds a Slack bot token (xoxb-…); the user token begins"),
    ],
)
def test_slack_tokens_in_each_others_places_are_told_apart(
    loaded: Loader, name: str, token: str, line: str
) -> None:
    with pytest.raises(SettingsError, match="begins with") as caught:
        loaded("", "", {f"TRACKLATER_SLACK__{name}": token + SECRET})
    assert line in str(caught.value)
    assert SECRET not in str(caught.value)


WRONG_VALUES = [
    f"'{SECRET}'",
    f"['{SECRET}']",
    f"{{ '{SECRET[:4]}' = '{SECRET}' }}",
    f"[{{ x = '{SECRET}' }}]",
    "-7",
    "2.5",
    "2026-11-20",
    "25:00",
]
LEAVES = [".".join(path) for path in leaves(Settings) if path != (GROUPS,)] + [
    ".".join((GROUPS, "g", *path)) for path in leaves(GroupSettings)
]


@pytest.mark.parametrize("setting", LEAVES)
def test_whatever_is_written_for_a_setting_is_never_repeated(loaded: Loader, setting: str) -> None:
    """A token that slipped into the wrong line must not land in a log."""
    complaints = [complaint(loaded, f"{setting} = {value}") for value in WRONG_VALUES]
    assert all(each.startswith("tracklater.toml: ") for each in complaints if each)
    assert any(setting in each for each in complaints)
    assert SECRET not in "".join(complaints)
    assert "cannot be used here" not in "".join(complaints), "a reason without words of its own"


def complaint(loaded: Loader, toml: str) -> str:
    """What is said about the settings; "" when they are fine."""
    try:
        loaded(toml)
    except SettingsError as error:
        return str(error)
    return ""


def test_no_secret_shows_in_what_python_prints(loaded: Loader) -> None:
    result = loaded(
        "[groups.acme]",
        "",
        {
            "TRACKLATER_DATABASE_URL": f"postgresql://me:{SECRET}@db/x",
            "TRACKLATER_SLACK__USER_TOKEN": SECRET,
            "TRACKLATER_TOGGL__API_TOKEN": SECRET,
            "TRACKLATER_GROUPS__ACME__JIRA__API_TOKEN": SECRET,
        },
    )
    assert SECRET not in f"{result!r} {result.settings} {result.settings.model_dump_json()}"
    assert revealed(result.settings.toggl.api_token) == SECRET


@pytest.mark.parametrize("name", ["digest", "at"])
def test_settings_cannot_be_changed(loaded: Loader, name: str) -> None:
    settings = loaded(CONTRACT).settings
    with pytest.raises(ValidationError, match="frozen"):
        setattr(settings if name == "digest" else settings.digest, name, None)


# -- what is warned about ----------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "open_"), [(0o600, False), (0o640, True), (0o604, True)])
def test_files_with_secrets_that_others_can_read_are_warned_about(
    tmp_path: Path, mode: int, open_: bool
) -> None:
    toml, dotenv = tmp_path / "tracklater.toml", tmp_path / ".env"
    toml.write_text(f'timezone = "UTC"\ntoggl.api_token = "{SECRET}"')
    dotenv.write_text("SLACK_BOT_TOKEN=xoxb-1")
    toml.chmod(mode)
    dotenv.chmod(mode)
    warnings = load(toml, dotenv, {}).warnings
    assert warnings[0] == f"{toml}: holds secrets (toggl.api_token): better keep them in .env"
    said_open = [f"{file}: holds secrets and is open to other users: chmod 600 {file}"
                 for file in (toml, dotenv)]  # fmt: skip
    assert list(warnings[1:]) == (said_open if open_ else [])
    assert SECRET not in "".join(warnings)


def test_files_without_secrets_may_be_open(tmp_path: Path) -> None:
    toml, dotenv = tmp_path / "tracklater.toml", tmp_path / ".env"
    toml.write_text('timezone = "UTC"\ndatabase_url = "sqlite:////tmp/x.db"')
    dotenv.write_text("TRACKLATER_SLACK__USER_ID=U1")
    assert load(toml, dotenv, {}).warnings == ()


@pytest.mark.parametrize(
    ("toml", "warning"),
    [
        (
            "[groups.a]\ngit.repos = '/r'\n[groups.b]\ngit.repos = '/r'",
            "groups a and b share the repository /r: it cannot tell them apart",
        ),
        (
            "[groups.a]\nkeywords = 'Acme'\n[groups.b]\nkeywords = 'acme'",
            "groups a and b share the keyword acme: it cannot tell them apart",
        ),
        (
            "[groups.acme]\nkeywords = 'acme'\n[groups.acem]\njira.project_key = 'A'",
            "groups.acem: is this a group of its own, or acme?",
        ),
        (
            "[groups.a]\njira.url = 'http://jira.example.org'",
            "groups.a.jira.url: sends tokens unencrypted: write https:// if the server has it",
        ),
        (
            "[groups.a]\njira.url = 'https://a.example'\njira.api_base = 'http://jira.example.org'",
            "groups.a.jira.api_base: sends tokens unencrypted: write https:// if the server has it",
        ),
        (
            "[groups.a]\ntoggl.projects = { Design = 'default', Code = 'Default', Bugs = 'bug' }",
            "groups.a.toggl.projects: Design and Code are for the same, default: only Design is"
            " suggested",
        ),
        (
            "[groups.a]\ntoggl.client = 'A'\ntracker.client = 'A Ltd'",
            "groups.a.toggl: is not read beside tracker, which means the same: keep one of them",
        ),
    ],
)
def test_what_was_probably_not_meant_is_said(loaded: Loader, toml: str, warning: str) -> None:
    assert loaded(toml).warnings == (warning,)


def test_numbered_groups_and_loopback_addresses_are_meant(loaded: Loader) -> None:
    toml = "toggl.base_url = 'http://127.0.0.1:80/x'\n[groups.group1]\n[groups.group2]\n"
    assert loaded(toml).warnings == ()


# -- what is set up by half ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("toml", "missing"),
    [
        ("", []),
        ("slack = { user_id = 'U1' }", []),
        ("slack = { user_token = 'xoxp-1' }", []),
        (
            "slack = { bot_token = 'xoxb-1' }",
            ["slack.user_id", "TRACKLATER_SLACK__APP_TOKEN"],
        ),
        (
            "slack = { bot_token = 'xoxb-1', user_id = 'U1', mode = 'http' }",
            ["TRACKLATER_SLACK__SIGNING_SECRET"],
        ),
        (
            "slack = { app_token = 'xapp-1', user_id = 'U1' }",
            ["TRACKLATER_SLACK__BOT_TOKEN"],
        ),
        ("toggl.api_token = 't'", []),
        ("toggl.api_token = 't'\n[groups.a]", ["groups.NAME.tracker.client"]),
        ("[groups.a]\ntoggl.client = 'A'", ["TRACKLATER_TOGGL__API_TOKEN"]),
        ("[groups.a]\ntracker.client = 'A'", ["TRACKLATER_TOGGL__API_TOKEN"]),
        ("clockify.api_key = 'k'", []),
        ("clockify.api_key = 'k'\n[groups.a]", ["groups.NAME.tracker.client"]),
        ("clockify.api_key = 'k'\n[groups.a]\ntoggl.client = 'A'", []),
        ("clockify.api_key = 'k'\n[groups.a]\ntracker.projects = { P = 'default' }", []),
        (
            "clockify.workspace = 'w'\n[groups.a]\ntracker.client = 'A'",
            ["TRACKLATER_CLOCKIFY__API_KEY"],
        ),
        (
            "[groups.'a b']\njira.url = 'https://x.atlassian.net'",
            ['groups."a b".jira.project_key', "TRACKLATER_GROUPS__A_B__JIRA__API_TOKEN"],
        ),
        (
            "[groups.a]\njira = { project_key = 'A', api_token = 't' }",
            ["groups.a.jira.url"],
        ),
        ("[groups.a]\ngit.repos = '/r'", ["git.emails"]),
        ("[groups.a]\ngit = { repos = '/r', emails = 'me@x' }", []),
        ("[groups.a]\ntaiga.project_slug = 's'", ["TRACKLATER_TAIGA__USERNAME"]),
        (
            "taiga.username = 'me'\n[groups.a]\ntaiga.project_slug = 's'",
            ["TRACKLATER_TAIGA__PASSWORD"],
        ),
        ("[groups.a]\nslack.user_id = 'U2'", ["TRACKLATER_GROUPS__A__SLACK__USER_TOKEN"]),
    ],
)
def test_what_is_set_up_by_half_is_named(loaded: Loader, toml: str, missing: list[str]) -> None:
    lines = unfinished(loaded(toml).settings)
    assert [line.split(" is missing: ")[0] for line in lines] == missing


def test_a_person_has_one_tracker(loaded: Loader) -> None:
    toml, environ = "toggl.api_token = 't'", {"TRACKLATER_CLOCKIFY__API_KEY": SECRET}
    with pytest.raises(SettingsError) as told:
        loaded(toml, "", environ)
    assert str(told.value) == (
        "TRACKLATER_TOGGL__API_TOKEN and TRACKLATER_CLOCKIFY__API_KEY are set, but entries go to"
        " one tracker: remove what you don't use"
    )
    ((_, only),) = loaded(
        "", "", {**environ, "TRACKLATER_TOGGL__API_TOKEN": ""}
    ).settings.trackers()
    assert only.label == "Clockify"


@pytest.mark.parametrize("name", ["tracker", "toggl"])
def test_a_groups_client_and_projects_have_two_names(loaded: Loader, name: str) -> None:
    toml = f"[groups.a]\n{name}.client = 'A'\n{name}.projects = {{ P = 'default' }}"
    key, own = loaded(toml).settings.groups["a"].tracked_in()
    assert (key, own.client, own.projects) == (name, "A", {"P": "default"})


# -- what a group takes over -------------------------------------------------------------------


def test_a_group_takes_over_the_global_emails_unless_it_has_its_own(loaded: Loader) -> None:
    settings = loaded(
        "git.emails = 'me@x'\n[groups.a]\n[groups.b]\ngit.emails = ['b@x']\n"
        "[groups.c]\ngit.emails = []"
    ).settings
    assert [settings.emails_for(group) for group in "abc"] == [("me@x",), ("b@x",), ("me@x",)]


def test_a_group_takes_over_the_global_taiga_value_by_value(loaded: Loader) -> None:
    settings = loaded(
        "taiga.username = 'me'\ntaiga.password = 'p'\n"
        "[groups.a]\ntaiga.project_slug = 'me-a'\n"
        "[groups.b]\ntaiga = { project_slug = 'me-b', url = 'https://t.b.org/api/v1' }\n"
        "[groups.c]\ntaiga = { project_slug = 'me-c', username = 'c', password = 'q' }\n"
        "[groups.d]\n"
    ).settings
    found = {group: settings.taiga_for(group) for group in "abcd"}
    assert [
        (value.url, value.web_url, value.username, revealed(value.password))
        for value in found.values()
        if value
    ] == [
        ("https://api.taiga.io/api/v1", "https://tree.taiga.io", "me", "p"),
        ("https://t.b.org/api/v1", "https://t.b.org", "me", "p"),
        ("https://api.taiga.io/api/v1", "https://tree.taiga.io", "c", "q"),
    ]
    assert found["d"] is None


@pytest.mark.parametrize(
    "pages", ["https://t.org", "https://t.org/taiga", "http://t.org:9000/a/b", "https://t.org/api"]
)
def test_a_self_hosted_taiga_shows_its_pages_beside_its_api(loaded: Loader, pages: str) -> None:
    own = f"taiga.url = '{pages}/api/v1/'\n"
    group = "[groups.a]\ntaiga.project_slug = 's'"
    beside = loaded(own + group).settings.taiga_for("a")
    elsewhere = loaded(own + "taiga.web_url = 'https://w.org/'\n" + group).settings.taiga_for("a")
    assert beside
    assert elsewhere
    assert (beside.web_url, elsewhere.web_url) == (pages, "https://w.org")


def test_a_groups_workspace_takes_over_neither_token_nor_member(loaded: Loader) -> None:
    settings = loaded(
        "slack = { user_id = 'U1', user_token = 'xoxp-1' }\n"
        "[groups.a]\n[groups.b]\nslack.user_id = 'U2'\n"
        "[groups.c]\nslack.user_token = 'xoxp-3'\nslack.workspace = 'C'"
    ).settings
    assert settings.slack_for("a") is None
    second, third = settings.slack_for("b"), settings.slack_for("c")
    assert second
    assert third
    assert (second.user_id, revealed(second.user_token)) == ("U2", None)
    assert (third.user_id, revealed(third.user_token)) == ("", "xoxp-3")
    assert second.base_url == "https://slack.com/api/"


def test_hints_are_words_of_one_group_alone(loaded: Loader) -> None:
    settings = loaded(
        "[groups.a]\nkeywords = ['acme', ' first ']\nthyme.keywords = ['acme', 'win']\n"
        "jira.url = 'https://a.atlassian.net/'\nslack.workspace = 'Acme HQ'\n"
        "[groups.b]\njira.url = 'https://shared.example.org/jira'\ntaiga.project_slug = 'me-b'\n"
        "[groups.c]\njira.url = 'https://shared.example.org/jira'"
    ).settings
    found = {g: [(hint.kind, hint.text) for hint in settings.hints_for(g)] for g in "abc"}
    assert [hint.text for hint in settings.hints_for("a") if hint.windows_only] == ["win"]
    assert found == {
        "a": [
            (HintKind.KEYWORD, "acme"),
            (HintKind.KEYWORD, "first"),
            (HintKind.KEYWORD, "win"),
            (HintKind.HOST, "a.atlassian.net"),
            (HintKind.HOST, "Acme HQ"),
        ],
        "b": [(HintKind.HOST, "me-b")],
        "c": [],
    }


def test_every_address_says_whether_it_gets_a_token() -> None:
    """Else nobody would be warned of one that is not encrypted."""
    checks = (zone._address, zone._some_address, zone._slack_address)
    for path in (*sections(Settings), *((GROUPS, "a", *at) for at in sections(GroupSettings))):
        section = section_at(path)
        assert section is not None
        addresses = {
            key
            for key, field in section.model_fields.items()
            if any(getattr(each, "func", None) in checks for each in field.metadata)
        }
        assert addresses == {*section.sends_to, *section.shows}, path


@pytest.mark.parametrize(
    ("toml", "expected"),
    [("", "Europe/Helsinki"), ('timezone = ""', "Europe/Helsinki"), ("timezone = 'UTC'", "UTC")],
)
def test_the_zone_is_the_set_one_or_this_machines(loaded: Loader, toml: str, expected: str) -> None:
    assert str(loaded(toml).settings.zone()) == expected


@pytest.mark.parametrize("answer", [ZoneInfoNotFoundError("conflicting"), UNNAMED])
def test_a_machine_that_does_not_tell_its_zone_is_told_what_to_write(
    loaded: Loader, monkeypatch: pytest.MonkeyPatch, answer: Exception | ZoneInfo
) -> None:
    monkeypatch.setattr(zone, "get_localzone", Mock(side_effect=[answer]))
    with pytest.raises(SettingsError, match="does not tell the name of its time zone"):
        loaded("")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"Me <me@example.org>"', ("me@example.org",)),
        ('["<me@example.org>", "Me, Myself <i@example.org>"]', ("me@example.org", "i@example.org")),
        ('"mailto:me@example.org"', ("me@example.org",)),
        ("'\"Me\" <1+me@users.noreply.github.com>'", ("1+me@users.noreply.github.com",)),
        ('["me@localhost", "me"]', ("me@localhost", "me")),
    ],
)
def test_addresses_are_read_as_git_shows_them(
    loaded: Loader, written: str, meant: tuple[str, ...]
) -> None:
    toml = f"git.emails = {written}\n[groups.acme]\ngit.emails = {written}"
    settings = loaded(toml).settings
    assert (settings.git.emails, settings.groups["acme"].git.emails) == (meant, meant)
    variables = {"TRACKLATER_GIT__EMAILS": "Me <me@example.org>, other@example.org"}
    emails = loaded("", environ=variables).settings.git.emails
    assert emails == ("me@example.org", "other@example.org")


# Etc/GMT+3 is three hours west of it, and EST seven hours from CEST: no hint is better.
@pytest.mark.parametrize(
    "name", ["GMT+3", "UTC+3", "GMT-5", "gmt 3", "etc/gmt+33", "CEST", "EEST", "AEST", "PDT"]
)
def test_a_wrong_zone_gets_no_hint_at_another_time(loaded: Loader, name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(f'timezone = "{name}"')
    assert str(caught.value).endswith('is no time zone: write one like "Europe/Helsinki"')
