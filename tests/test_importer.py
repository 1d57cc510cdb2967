"""`import-settings`: the original's settings, in all their forms, become ours."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tracklater_bot.cli.importer.original import CannotImport, understand
from tracklater_bot.cli.importer.writing import Report, import_settings, toml
from tracklater_bot.domain.keywords import Keywords
from tracklater_bot.settings import Settings, load
from tracklater_bot.settings.tree import dotenv_variables, toml_layer

# The first version: a Python module, with the unquoted API_KEY of its README.
PYTHON = """
# Rename to user_settings.py
ENABLED_MODULES = ['thyme', 'gitmodule', 'toggl', 'taiga', 'jira', 'slack']
UI_SETTINGS = {'toggl': {'global': '#E01A22'}}
TOGGL = {
    'global': {API_KEY: 'toggl-secret'},
    'group1': {
        'NAME': 'First Group',
        'PROJECTS': {'Development': 'default', 'Bug fixing': 'bug'},
    },
    'group2': {'NAME': 'Second "Group"', 'PROJECTS': {'Development': 'default'}},
}
GIT = {
    'global': {'EMAILS': ['firstname.lastname@email.com']},
    'group1': {'REPOS': ['/full/path/to/group1/repo']},
    'group2': {'REPOS': ['/full/path/to/group2/repo', '~/two']},
}
JIRA = {
    'group1': {
        'CREDENTIALS': ('me@first.org', 'jira-secret'),
        'URL': 'https://group1.atlassian.net',
        'PROJECT_KEY': 'DEV',
    }
}
TAIGA = {
    'global': {'CREDENTIALS': ['me', "taiga 'secret' \\\\ #1"]},
    'group2': {'project_slug': 'username-group2'},
}
THYME = {
    'global': {'DIR': '/full/path/to/thyme/dir', 'IDLE': 1200},
    'group1': {'KEYWORDS': ['acme']},
}
SLACK = {
    'global': {'API_KEY': 'xoxp-global', 'USER_ID': 'U1'},
    'group2': {'API_KEY': 'xoxp-group2', 'USER_ID': 'U2'},
}
"""
# The later one: JSON, here with the comments that its README asks to remove.
JSON = """
# edit to your liking
{
    "TESTING": false,
    "CUTOFF_HOUR": 3,
    "TOGGL": {
        "global": {"API_KEY": "toggl-secret"},  # from your profile
        "Ääkköset & Co": {"NAME": "Ä", "PROJECTS": {"Kehitys": "default"}}
    },
    "CLOCKIFY": {"global": {"API_KEY": "clockify-secret"}},
    "ACTIVITYWATCH": {"global": {"EVENTS_URL": "x"}, "ääkköset & co": {"KEYWORDS": ["ääkkönen"]}},
    "GITHUB": {"global": {"TOKEN": "github-secret"}, "ääkköset & co": {"repo": ["acme", "api"]}}
}
"""
SECRETS = ["toggl-secret", "jira-secret", "taiga 'secret'", "xoxp-", "clockify-", "github-"]


class Imported:
    """An import into an empty folder, and what our own loader makes of it."""

    def __init__(self, folder: Path, text: str, name: str = "user_settings.py") -> None:
        self.source, self.target = folder / name, folder / "tracklater.toml"
        self.env_file = folder / ".env"
        self.source.write_text(text, encoding="utf-8")

    def run(self) -> Report:
        return import_settings(self.source, self.target, self.env_file)

    def settings(self) -> Settings:
        env_file = self.env_file if self.env_file.exists() else None
        return load(self.target, env_file, {"TRACKLATER_TIMEZONE": "UTC"}).settings


def revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def test_the_python_settings_become_ours(tmp_path: Path) -> None:
    imported = Imported(tmp_path, PYTHON)
    report = imported.run()
    settings = imported.settings()
    first, second = settings.groups["group1"], settings.groups["group2"]
    assert settings.thyme.dir == Path("/full/path/to/thyme/dir")
    assert settings.suggest.idle_minutes == 20
    assert settings.git.emails == ("firstname.lastname@email.com",)
    assert settings.slack.user_id == "U1"
    assert first.tracker.projects == {"Development": "default", "Bug fixing": "bug"}
    assert first.keywords == ("acme",)
    assert (first.jira.url, first.jira.project_key) == ("https://group1.atlassian.net", ("DEV",))
    assert second.tracker.client == 'Second "Group"'
    assert second.git.repos == (Path("/full/path/to/group2/repo"), Path("~/two").expanduser())
    assert second.taiga.project_slug == "username-group2"
    assert second.slack.user_id == "U2"
    assert report.groups == ("group1", "group2")


def test_secrets_go_to_a_private_env_file_and_nowhere_else(tmp_path: Path) -> None:
    imported = Imported(tmp_path, PYTHON)
    report = imported.run()
    settings = imported.settings()
    assert revealed(settings.toggl.api_token) == "toggl-secret"
    assert (settings.taiga.username, revealed(settings.taiga.password)) == (
        "me",
        "taiga 'secret' \\ #1",
    )
    jira = settings.groups["group1"].jira
    assert (jira.email, revealed(jira.api_token)) == ("me@first.org", "jira-secret")
    assert revealed(settings.slack.user_token) == "xoxp-global"
    assert revealed(settings.groups["group2"].slack.user_token) == "xoxp-group2"
    assert imported.env_file.stat().st_mode & 0o777 == 0o600
    elsewhere = imported.target.read_text(encoding="utf-8") + "\n".join(report.lines())
    assert not [secret for secret in SECRETS if secret in elsewhere]


@pytest.mark.parametrize("toggl", ["", "TOGGL = {'global': {'API_KEY': 't'}, 'acme': {}}"])
def test_clockify_becomes_ours(tmp_path: Path, toggl: str) -> None:
    """Alone, or where Toggl was switched off."""
    lines = [
        "ENABLED_MODULES = ['clockify']",
        toggl,
        "CLOCKIFY = {",
        "    'global': {'API_KEY': 'clockify-secret', 'WORKSPACE': '5e5e5e5e5e5e5e5e'},",
        "    'acme': {'NAME': 'Acme Ltd', 'PROJECTS': {'Development': 'default'}},",
        "}",
    ]
    imported = Imported(tmp_path, "\n".join(lines))
    imported.run()
    settings = imported.settings()
    assert settings.clockify.workspace == "5e5e5e5e5e5e5e5e"
    assert revealed(settings.clockify.api_key) == "clockify-secret"
    assert settings.toggl.api_token is None
    assert settings.groups["acme"].tracker.client == "Acme Ltd"
    assert settings.groups["acme"].tracker.projects == {"Development": "default"}
    assert "clockify-secret" not in imported.target.read_text(encoding="utf-8")


def test_json_with_comments_and_names_in_any_alphabet(tmp_path: Path) -> None:
    imported = Imported(tmp_path, JSON, "tracklater.json")
    report = imported.run()
    settings = imported.settings()
    assert list(settings.groups) == ["Ääkköset & Co"]
    group = settings.groups["Ääkköset & Co"]
    assert group.tracker.projects == {"Kehitys": "default"}
    assert group.keywords == ("ääkkönen",)
    assert settings.day_starts.hour == 3
    assert settings.activitywatch_url() == "http://127.0.0.1:5600"
    assert revealed(settings.toggl.api_token) == "toggl-secret"
    assert report.notes == (
        "CLOCKIFY: left out: entries go to one tracker, and TOGGL is there too;"
        " take that out of the file, and CLOCKIFY is taken over",
        "ACTIVITYWATCH.global: is no address: this machine's ActivityWatch is read",
        "ACTIVITYWATCH.ääkköset & co.KEYWORDS: ääkkönen: found inside longer words by the original,"
        " only as whole words here: add the longer words that you meant",
    )


@pytest.mark.parametrize(
    "repo",
    [
        '["acme", "api"]',
        '["acme/api"]',
        '"acme/api"',
        '"https://github.com/acme/api.git"',
        '"git@github.com:acme/api.git"',
    ],
)
def test_the_github_of_the_original_is_taken_over(tmp_path: Path, repo: str) -> None:
    text = f'{{"GITHUB": {{"global": {{"TOKEN": "github-secret"}}, "acme": {{"repo": {repo}}}}}}}'
    imported = Imported(tmp_path, text, "tracklater.json")
    assert imported.run().notes == ()
    settings = imported.settings()
    assert settings.groups["acme"].github.repos == ("acme/api",)
    assert revealed(settings.github.token) == "github-secret"
    assert "github-secret" not in imported.target.read_text(encoding="utf-8")


def test_a_groups_own_github_token_stays_the_groups(tmp_path: Path) -> None:
    text = '{"GITHUB": {"acme": {"repo": ["acme", "api"], "TOKEN": "github-secret"}}}'
    imported = Imported(tmp_path, text, "tracklater.json")
    assert imported.run().notes == ()
    assert revealed(imported.settings().groups["acme"].github.token) == "github-secret"
    assert "github-secret" not in imported.target.read_text(encoding="utf-8")


def test_a_repository_that_is_none_is_noted(tmp_path: Path) -> None:
    imported = Imported(tmp_path, '{"GITHUB": {"acme": {"repo": ["api"]}}}', "tracklater.json")
    assert imported.run().notes == ("GITHUB.acme.repo: is no owner and name: left out",)


@pytest.mark.parametrize(
    ("events_url", "url"),
    [
        (
            "http://localhost:5600/api/0/buckets/aw-watcher-window_box/events",
            "http://127.0.0.1:5600",
        ),
        ("http://desk.local:5601/api/0/buckets/x/events", "http://desk.local:5601"),
    ],
)
def test_the_activitywatch_of_the_original_is_taken_over(
    tmp_path: Path, events_url: str, url: str
) -> None:
    text = json.dumps(
        {
            "ACTIVITYWATCH": {
                "global": {"EVENTS_URL": events_url, "IDLE": 900, "CUTOFF": 300},
                "acme": {"KEYWORDS": ["acme"]},
            }
        }
    )
    imported = Imported(tmp_path, text, "tracklater.json")
    imported.run()
    settings = imported.settings()
    assert settings.activitywatch_url() == url
    assert settings.suggest.idle_minutes == 15
    assert settings.groups["acme"].keywords == ("acme",)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("TOGGL = {'global': {'X': 1}}", "TOGGL.global.X: has no counterpart here: left out"),
        ("GIT = {'g': {'REPOS': ['sub/repo']}}", "GIT.g: sub/repo is no full path: taken as "),
        ("FOO = {'global': {}}\nGIT = {}", "FOO: left out: has no counterpart here"),
        ("FOO = 5\nGIT = {}", "FOO: has no counterpart here"),
        ("GIT = {'g': 5}", "GIT.g: is no table of settings: left out"),
        ("import os\nGIT = {}", "line 1: is no plain setting: left out"),
        ("GIT = {}\nTOGGL = dict()", "line 2: TOGGL is computed: left out"),
        (
            "TOGGL = {\n 'global': {\n  'API_KEY': os.environ['KEY']}}",
            "line 3: API_KEY is computed: left out",
        ),
        ("GIT = {}\nGIT['x'] = {}", "line 2: is no plain setting: left out"),
        ("GIT = {**x}", "line 1: ** is computed: left out"),
        (
            "ENABLED_MODULES = ['toggl']\nGIT = {'g': {'REPOS': ['/r']}}",
            "GIT: was switched off in ENABLED_MODULES: left out",
        ),
        ("THYME = {'global': {'CUTOFF': 300}}", "THYME.global.CUTOFF: not needed: "),
        ("THYME = {'global': {'IDLE': 'x'}}", "THYME.global.IDLE: is no number of seconds"),
        ("CUTOFF_HOUR = 33\nGIT = {}", "CUTOFF_HOUR: is no hour: left out"),
        ("SLACK = {'g': {'CHANNELS': ['C1']}}", "SLACK.g.CHANNELS: not needed: "),
        ("SLACK = {'g': {'API_KEY': 'xoxb-1'}}", "SLACK.g.API_KEY: is a bot token, which cannot"),
        ("SLACK = {'g': {'API_KEY': 'xoxp-1'}}", "SLACK.g.API_KEY: taken over; if Slack refuses"),
        ("TAIGA = {'global': {'CREDENTIALS': 'x'}}", "TAIGA.global.CREDENTIALS: is no user name"),
        ("GIT = {'global': {'EMAILS': 5}}", "GIT.global: emails is no list of texts: left out"),
        ("TOGGL = {'g': {'NAME': 5}}", "TOGGL.g: client is no text: left out"),
        ("TOGGL = {'g': {'PROJECTS': 'x'}}", "TOGGL.g.PROJECTS: is no table: left out"),
        (
            "JIRA = {'g': {'URL': 'mock://jira.test', 'PROJECT_KEY': 'A'}}",
            'groups.g.jira.url: must be a web address that begins with "https://": left out',
        ),
        (
            "JIRA = {'g': {'URL': 'https://x.atlassian.net', 'CREDENTIALS': ['me', 'pw']}}",
            "JIRA.g.CREDENTIALS: taken over; Jira Cloud takes no passwords any more",
        ),
    ],
)
def test_what_is_not_taken_over_as_it_was_is_said(tmp_path: Path, text: str, note: str) -> None:
    imported = Imported(tmp_path, text)
    report = imported.run()
    assert len(report.notes) == 1
    assert report.notes[0].startswith(note)
    assert report.lines()[-1] == report.notes[0]
    assert imported.settings()


def test_a_password_for_a_jira_of_ones_own_is_of_no_use_here(tmp_path: Path) -> None:
    text = "JIRA = {'g': {'URL': 'https://jira.x.org', 'CREDENTIALS': ['me', 'pw']}}"
    imported = Imported(tmp_path, text)
    (note,) = imported.run().notes
    assert note.endswith("put it into TRACKLATER_GROUPS__G__JIRA__API_TOKEN")
    assert not imported.env_file.exists()
    assert imported.settings().groups["g"].jira.url == "https://jira.x.org"


def test_global_jira_settings_reach_each_group_that_has_none_of_its_own(tmp_path: Path) -> None:
    text = """
JIRA = {'global': {'CREDENTIALS': ('me', 'pw'), 'URL': 'https://a.atlassian.net'},
        'one': {'PROJECT_KEY': 'ONE'},
        'two': {'PROJECT_KEY': 'TWO', 'CREDENTIALS': ('you', 'pw2')}}
"""
    imported = Imported(tmp_path, text)
    imported.run()
    groups = imported.settings().groups
    assert [(group.jira.url, group.jira.email) for group in groups.values()] == [
        ("https://a.atlassian.net", "me"),
        ("https://a.atlassian.net", "you"),
    ]


def test_a_name_used_twice_in_the_file_has_its_value(tmp_path: Path) -> None:
    imported = Imported(tmp_path, "MINE = ['me@x.org']\nGIT = {'global': {'EMAILS': MINE}}")
    imported.run()
    assert imported.settings().git.emails == ("me@x.org",)


def test_groups_that_differ_in_case_alone_are_one(tmp_path: Path) -> None:
    text = "TOGGL = {'Acme': {'NAME': 'A'}}\nGIT = {'ACME': {'REPOS': ['/r']}}"
    imported = Imported(tmp_path, text)
    assert imported.run().groups == ("Acme",)
    assert imported.settings().groups["Acme"].git.repos == (Path("/r"),)


def test_the_settings_are_never_run(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    text = f"open({str(trap)!r}, 'w')\nGIT = {{'g': {{'REPOS': [open({str(trap)!r}, 'w')]}}}}"
    report = Imported(tmp_path, text).run()
    assert not trap.exists()
    assert len(report.notes) == 2


# -- what is there already ---------------------------------------------------------------------


def test_a_settings_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    imported = Imported(tmp_path, PYTHON)
    imported.target.write_text("mine")
    with pytest.raises(CannotImport, match="is already there: move it away, or choose another"):
        imported.run()
    assert imported.target.read_text() == "mine"
    assert not imported.env_file.exists()


def test_what_stands_in_the_env_file_stays_there(tmp_path: Path) -> None:
    imported = Imported(tmp_path, PYTHON)
    before = (
        "# my secrets\nOTHER='x'\nTRACKLATER_TOGGL__API_TOKEN=mine\n"
        "TRACKLATER_TAIGA__USERNAME=me\nTRACKLATER_TAIGA__PASSWORD="
    )
    imported.env_file.write_text(before)
    imported.env_file.chmod(0o644)
    report = imported.run()
    after = imported.env_file.read_text()
    assert after.startswith(f"{before}\n")
    assert after.count("TRACKLATER_TAIGA__USERNAME") == 1
    assert imported.env_file.stat().st_mode & 0o777 == 0o600
    settings = imported.settings()
    assert revealed(settings.toggl.api_token) == "mine"
    assert revealed(settings.taiga.password) == "taiga 'secret' \\ #1"
    kept = f"{imported.env_file}: TRACKLATER_TOGGL__API_TOKEN has another value already, which was"
    assert [note for note in report.notes if note.startswith(kept)]
    assert "mine" not in "\n".join(report.lines())


def test_a_variable_that_would_fit_two_groups_is_left_to_the_person(tmp_path: Path) -> None:
    text = "SLACK = {'a b': {'API_KEY': 'xoxp-1'}, 'a-b': {'API_KEY': 'xoxp-2'}}"
    imported = Imported(tmp_path, text)
    notes = imported.run().notes
    name = "TRACKLATER_GROUPS__A_B__SLACK__USER_TOKEN"
    assert notes.count(f"{name}: fits several groups: rename one, then set it by hand") == 2
    assert not imported.env_file.exists()
    assert list(imported.settings().groups) == ["a b", "a-b"]


# -- what is no settings file ------------------------------------------------------------------


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Other tests' garbage cannot be taken out at the bottom of a stack that is full."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds none of TrackLater's settings"),
        ("[1, 2]", "holds none of TrackLater's settings"),
        ("hello there", "line 1 is neither Python nor JSON"),
        ("TOGGL = {\n'a': {", "line 2 is neither Python nor JSON"),
        ("TOGGL = {}\x00", "is neither Python nor JSON"),
        ("[" * 100_000, "neither Python nor JSON"),
        ("-" * 100_000 + "1", "neither Python nor JSON"),
    ],
)
def test_what_is_no_settings_file_gets_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    imported = Imported(tmp_path, text)
    with pytest.raises(CannotImport, match=sentence):
        imported.run()
    assert not imported.target.exists()


def test_files_that_cannot_be_read_or_written_get_a_sentence(tmp_path: Path) -> None:
    imported = Imported(tmp_path, PYTHON)
    with pytest.raises(CannotImport, match="no such file"):
        import_settings(tmp_path / "gone.py", imported.target, imported.env_file)
    with pytest.raises(CannotImport, match="there is no such folder"):
        import_settings(imported.source, tmp_path / "gone" / "x.toml", imported.env_file)
    imported.source.write_bytes(b"GIT = {}  # \xff")
    with pytest.raises(CannotImport, match="is not UTF-8 text"):
        imported.run()


# -- the notations -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("X = {'a': True, 'b': None, 'c': -5}", {"a": True, "b": None, "c": -5}),
        ("X: dict = {'a': ('b', 'c')}", {"a": ["b", "c"]}),
        ("X = {A: b, 5: {'c'}}", {"A": "b", "5": ["c"]}),
        ('{"X": {"a": true, "b": null}}', {"a": True, "b": None}),
        ('# note\n{"X": {"a": true, "b": null}}', {"a": True, "b": None}),
    ],
)
def test_plain_values_are_read_in_every_notation(text: str, value: Any) -> None:
    original = understand(text)
    assert (original.modules["X"], original.notes) == (value, [])


@pytest.mark.parametrize(
    "text",
    ["plain", 'quo"te', "back\\slash", "new\nline", "tab\t", "\x7f\x00", "äö東🍏", "[x]", ""],
)
def test_any_text_survives_being_written_as_toml(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.toml"
    values = {
        ("slack", "user_id"): text,
        ("groups", text, "toggl", "projects"): {text: text},
        ("groups", text, "keywords"): [text, text],
    }
    file.write_text(toml(values, [text]), encoding="utf-8", newline="\n")
    assert {path: found.value for path, found in toml_layer(file).values.items()} == values


@pytest.mark.parametrize("secret", ["a b", "a'b", 'a"b', "a\\b", "a\\'b", "$HOME", "#x", "ä", "\\"])
def test_any_secret_survives_being_written_to_the_env_file(tmp_path: Path, secret: str) -> None:
    imported = Imported(tmp_path, f"TOGGL = {{'global': {{'API_KEY': {secret!r}}}}}")
    imported.run()
    assert dotenv_variables(imported.env_file) == {"TRACKLATER_TOGGL__API_TOKEN": secret}


def test_keywords_that_matched_inside_words_are_noted_and_those_of_folders_match(
    tmp_path: Path,
) -> None:
    text = """{"THYME": {"group1": {"KEYWORDS": ["acme", "~/g1/"]}, "group2": {"KEYWORDS": "glob"},
               "group3": {"KEYWORDS": ["~/g3/"]}}}"""
    imported = Imported(tmp_path, text, "tracklater.json")
    said = (
        "found inside longer words by the original, only as whole words here: add the longer"
        " words that you meant"
    )
    assert imported.run().notes == (
        f"THYME.group1.KEYWORDS: acme: {said}",
        f"THYME.group2.KEYWORDS: glob: {said}",
    )
    settings = imported.settings()
    keywords = Keywords(hint for name in settings.groups for hint in settings.hints_for(name))
    assert list(keywords.find("vim ~/g1/src/main.py")) == ["group1"]
