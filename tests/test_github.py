"""GitHub: a stand-in of its GraphQL on loopback, and how its issues are called in texts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from pydantic import SecretStr

from tests.loopback import Asked, FakeTime, Loopback, Said, serving
from tests.notation import FRIDAY, at
from tests.repositories import committed
from tests.sourcecontract import a_commit, hold_issues, matcher, one_line
from tracklater_bot.checks import check_all
from tracklater_bot.core import opened
from tracklater_bot.domain.clues import ChatMessage, Checkout, Commit, Window
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.keys import Keys
from tracklater_bot.engine.looks import look_of
from tracklater_bot.engine.match.matcher import keys_in_clues
from tracklater_bot.settings import ResolvedForge, Settings, unfinished
from tracklater_bot.sources.base import PartlyRead, SourceError
from tracklater_bot.sources.issues import github
from tracklater_bot.sources.issues.github import GitHubSource
from tracklater_bot.sources.issues.registry import issue_sources, key_forms

NOW = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
TOKEN = "github-secret"


def node(number: int, title: str = "", **more: Any) -> dict[str, Any]:
    """A row as GitHub sends it."""
    return {
        "kind": "Issue",
        "number": number,
        "title": title or f"Issue {number}",
        "closed": False,
        "updated": (NOW - timedelta(hours=number)).isoformat().replace("+00:00", "Z"),
        "assignees": {"nodes": [{"login": "ann"}, None]},
        "labels": None,
        "repository": {"nameWithOwner": "acme/api"},
        **more,
    }


def pull(number: int, *closes: dict[str, Any], **more: Any) -> dict[str, Any]:
    closing = {"kind": "PullRequest", "author": {"login": "ben"}, "closes": {"nodes": [*closes]}}
    return node(number, **{"title": f"Pull {number}", **closing, **more})


class GitHub(Loopback):
    """Answers questions about one repository, whatever it is called; pages of fifty."""

    def __init__(self) -> None:
        super().__init__([])
        self.issues = [node(12, "Fix login"), node(13, "Rate limit", assignees={"nodes": []})]
        self.pulls = [pull(34, node(12, "Fix login")), pull(35)]
        self.name = "acme/api"
        self.errors: list[dict[str, Any]] = []
        self.instead: Said | None = None

    def next(self, asked: Asked) -> Said:
        self.asked.append(asked)
        if self.instead is not None:
            return self.instead
        question = json.loads(asked.body)
        query, variables = question["query"], question["variables"]
        data: dict[str, Any] = {"viewer": {"login": "ann"}}
        if "search(" in query:
            data["search"] = {"nodes": self.issues[:2]}
        else:
            data["repository"] = self._repository(query, variables)
        return Said(body={"data": data, "errors": self.errors})

    def _repository(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = {"nameWithOwner": self.name}
        if "totalCount" in query:
            return told | {"issues": {"totalCount": 2}, "pullRequests": {"totalCount": 1}}
        if "issueOrPullRequest" in query:
            here = [each for each in (*self.issues, *self.pulls) if each.get("number")]
            known = {f"n{each['number']}": each for each in here}
            return told | {name: row for name, row in known.items() if f"{name}:" in query}
        start, size = int(variables["after"] or 0), 50
        rows = [each for each in self.issues if _passes(each, variables["filter"])]
        info = {"hasNextPage": start + size < len(rows), "endCursor": str(start + size)}
        told["issues"] = {"nodes": rows[start : start + size], "pageInfo": info}
        return told | ({"pullRequests": {"nodes": self.pulls}} if variables["pulls"] else {})


def _passes(row: dict[str, Any], filters: dict[str, Any]) -> bool:
    if "since" in filters:
        return str(row["updated"]) >= str(filters["since"])
    return not row["closed"] and {"login": "ann"} in row["assignees"]["nodes"]


@pytest.fixture
def server() -> Iterator[GitHub]:
    with serving(GitHub()) as script:
        yield script


@pytest.fixture
def time() -> FakeTime:
    return FakeTime(NOW)


def source(server: GitHub, time: FakeTime, *paths: str, **more: Any) -> GitHubSource:
    place = ResolvedForge(
        paths or ("acme/api",), server.url, f"{server.url}/api", SecretStr(TOKEN), alone=not paths
    )
    resolved = ResolvedForge(**{name: getattr(place, name) for name in place.__slots__} | more)
    return GitHubSource("acme", resolved, time, time.timing())


def settings(url: str = "https://github.com", **groups: Any) -> Settings:
    return Settings.model_validate({"github": {"url": url, "token": TOKEN}, "groups": groups})


def one_repository(**more: Any) -> Settings:
    return settings(acme={"github": {"repos": ["acme/api"]}, **more})


# -- Reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize("repos", [["acme/api"], ["acme/api", "acme/web"]])
def test_it_keeps_to_what_a_source_of_issues_is(server: GitHub, repos: list[str]) -> None:
    now = datetime.now(UTC)
    server.issues = [
        node(n, updated=(now - timedelta(minutes=n)).isoformat()) for n in range(1, 121)
    ]
    server.pulls = [pull(134, node(12)), pull(135)]
    chosen = settings(server.url, acme={"github": {"repos": repos}})
    (found,) = issue_sources(chosen)
    hold_issues(found, Group("acme", (), key_forms(chosen, "acme")))
    assert len({each.key for each in found.recent(None)}) == 121 * len(repos)
    assert {asked.headers["Authorization"] for asked in server.asked} == {f"Bearer {TOKEN}"}
    assert {asked.path for asked in server.asked} == {"/api/graphql"}


def test_issues_are_read_with_the_pull_requests_that_close_them(
    server: GitHub, time: FakeTime
) -> None:
    server.issues[1] |= {"labels": {"nodes": [{"name": "kind/bug"}]}, "closed": True}
    login, rate, other = source(server, time).recent(None)
    assert (login.key, login.title, login.aliases) == ("#12", "Fix login", ("#34",))
    assert login.url == f"{server.url}/acme/api/issues/12"
    assert (login.mine, login.type, login.closed) == (True, "issue", False)
    assert (rate.mine, rate.type, rate.closed) == (False, "bug", True)
    assert (other.key, other.type) == ("#35", "pull request")
    assert other.url.endswith("/acme/api/pull/35")


def test_a_first_reading_has_old_ones_of_ones_own(server: GitHub, time: FakeTime) -> None:
    server.issues.append(node(14, "From last year", updated="2025-11-27T09:00:00Z"))
    server.issues.append(
        node(15, "Somebody's", updated="2025-11-27T09:00:00Z", assignees={"nodes": []})
    )
    assert "#14" in {each.key for each in source(server, time).recent(None)}
    assert "#15" not in {each.key for each in source(server, time).recent(None)}
    assert {each.key for each in source(server, time).recent(NOW - timedelta(hours=1))} == {
        "#12",  # of the pull request, which says more of it
        "#35",
    }


def test_what_is_named_is_asked_at_once(server: GitHub, time: FakeTime) -> None:
    found = source(server, time).by_keys(["#12", "#13", "#99", "DEV-1", "#12", "other/x#13", "!12"])
    assert [each.key for each in found] == ["#12", "#13"]
    assert len(server.asked) == 1


def test_a_pull_request_is_the_issue_that_it_closes(server: GitHub, time: FakeTime) -> None:
    (found,) = source(server, time).by_keys(["#34"])
    assert (found.key, found.aliases) == ("#12", ("#34",))


@pytest.mark.parametrize(
    ("name", "home", "key"),
    [
        ("acme/api", "acme/api", "acme/api#12"),
        ("acme/renamed", "acme/renamed", "acme/api#12"),  # what the settings call it
        ("acme/api", "acme/WEB", "acme/web#12"),
        ("acme/api", "globex/shop", "acme/api#34"),  # another client's: nothing is told of it
    ],
)
def test_it_may_close_an_issue_of_another_repository(
    server: GitHub, time: FakeTime, name: str, home: str, key: str
) -> None:
    server.name = name
    server.pulls = [pull(34, node(12, repository={"nameWithOwner": home}))]
    (found,) = source(server, time, "acme/api", "acme/web").by_keys(["acme/api#34"])
    assert found.key == key


def test_typeahead_stays_in_the_groups_repositories(server: GitHub, time: FakeTime) -> None:
    server.issues[1]["repository"] = {"nameWithOwner": "globex/shop"}
    (found,) = source(server, time).search("login repo:globex/shop is:pr")
    assert found.key == "#12"
    asked = json.loads(server.asked[0].body)["variables"]["text"]
    assert asked == "repo:acme/api is:issue in:title login repo globex shop is pr"
    assert [each.key for each in source(server, time).search("#13")] == ["#13"]
    assert source(server, time).search("…") == ()


def test_an_odd_row_is_counted_and_the_others_are_there(server: GitHub, time: FakeTime) -> None:
    odd = [{"number": None}, "x", {"number": -1, "title": "x"}]
    server.issues = [node(12, "Fix login"), *odd]  # type: ignore[list-item]
    server.instead = Said(
        body={
            "data": {
                "viewer": None,
                "repository": {"issues": {"nodes": server.issues}, "pullRequests": None},
            }
        }
    )
    with pytest.raises(PartlyRead) as told:
        source(server, time).recent(NOW)
    assert [issue.key for issue in told.value.issues] == ["#12"]
    assert str(told.value) == "GitHub sent 3 rows that were not understood and left out"


def test_no_more_than_so_many_pages_are_read(server: GitHub, time: FakeTime) -> None:
    server.issues = [node(n, updated="2026-11-27T15:00:00Z") for n in range(1, 2500)]
    server.pulls = []
    assert len(source(server, time).recent(NOW - timedelta(hours=2))) == 2000
    assert len(server.asked) == 40


def test_check_says_who_and_how_many(server: GitHub, time: FakeTime) -> None:
    said = source(server, time, "acme/api", "acme/web").check()
    assert said == (
        "signed in as ann, sees 2 open issues and 1 pull request in acme/api"
        " and 2 open issues and 1 pull request in acme/web"
    )


# -- What goes wrong -----------------------------------------------------------------------------

RESET = int((NOW + timedelta(minutes=25)).timestamp())
LIMITED = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{RESET}"}
MISSING = {"data": {"viewer": {"login": "ann"}, "repository": None}}


@pytest.mark.parametrize(
    ("said", "sentence", "lasting"),
    [
        (Said(401, {"message": "Bad credentials"}), "refused the token: check TRACKLATER", True),
        (Said(403, {}), "needs Issues and Pull requests: read", True),
        (Said(403, {}, {"X-GitHub-SSO": "required; url=https://x"}), "single sign-on", True),
        (Said(404, {}), "no GitHub API at github.url", True),
        (Said(301, {}, {"Location": "https://elsewhere.test/"}), "sends us on to", True),
        (Said(body=MISSING), "shows this token no repository acme/api", True),
        (Said(body={"data": {"repository": {}}}), "needs Issues: read", True),
        (Said(body={"data": None, "errors": [{"message": "x"}]}), "could not answer", False),
        (
            Said(body={**MISSING, "errors": [{"type": "RESOURCE_LIMITS_EXCEEDED"}]}),
            "could not answer (RESOURCE_LIMITS_EXCEEDED)",
            False,
        ),
        (Said(body=[]), "unexpected form", False),
        (Said(body={"data": {"repository": {"issues": 3}}}), "unexpected form", False),
    ],
)
def test_a_failure_is_a_sentence(
    server: GitHub, time: FakeTime, said: Said, sentence: str, lasting: bool
) -> None:
    server.instead = said
    with pytest.raises(SourceError) as told:
        source(server, time).recent(NOW)
    assert sentence in str(told.value)
    assert one_line(str(told.value))
    assert told.value.lasting is lasting
    assert TOKEN not in str(told.value)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "said",
    [
        Said(403, {}, LIMITED),
        Said(403, {}, {"Retry-After": "1500"}),
        Said(429, {}, {"Retry-After": "1500"}),
        Said(body={"data": None, "errors": [{"type": "RATE_LIMITED"}]}, headers=LIMITED),
    ],
)
def test_a_limit_is_told_with_its_end_and_kept_to(
    server: GitHub, time: FakeTime, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    their_now = f"{NOW:%a, %d %b %Y %H:%M:%S} GMT"
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda _: their_now)
    server.instead = said
    limited = source(server, time)
    until = (NOW + timedelta(minutes=25)).astimezone()
    for _ in range(2):
        with pytest.raises(SourceError) as told:
            limited.recent(NOW)
        assert str(told.value) == f"GitHub wants no more requests for now, until {until:%H:%M %Z}"
        assert not told.value.lasting
    assert len(server.asked) == 1
    server.instead = None
    time.forward(minutes=26)
    assert limited.recent(NOW)


def test_a_limit_without_a_time_is_a_minute(server: GitHub, time: FakeTime) -> None:
    server.instead = Said(403, {"message": "You have exceeded a secondary rate limit."})
    limited = source(server, time)
    with pytest.raises(SourceError, match="no more requests for now, until"):
        limited.recent(NOW)
    server.instead = None
    time.forward(seconds=61)
    assert limited.recent(NOW)


# -- Whose token goes where ----------------------------------------------------------------------


def test_the_global_token_goes_to_the_global_server_alone() -> None:
    chosen = settings(
        acme={"github": {"repos": ["acme/api"]}},
        globex={"github": {"repos": ["globex/shop"], "url": "https://git.globex.test"}},
    )
    acme, globex = chosen.groups["acme"].github, chosen.groups["globex"].github
    assert acme.resolved(chosen, "acme").token is not None  # type: ignore[union-attr]
    assert globex.resolved(chosen, "globex").token is None  # type: ignore[union-attr]
    missing = "TRACKLATER_GROUPS__GLOBEX__GITHUB__TOKEN is missing: without it no issue can be read"
    assert [line for line in unfinished(chosen) if "GITHUB" in line] == [missing]
    with pytest.raises(SourceError, match="set TRACKLATER_GROUPS__GLOBEX__GITHUB__TOKEN"):
        issue_sources(chosen)[1].check()


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("https://github.com", "https://api.github.com"),
        ("https://acme.ghe.com", "https://api.acme.ghe.com"),
        ("https://git.acme.test", "https://git.acme.test/api"),
    ],
)
def test_where_the_api_is(url: str, api: str) -> None:
    chosen = settings(url, acme={"github": {"repos": ["acme/api"]}})
    assert chosen.asked() == (api.removeprefix("https://").partition("/")[0],)
    assert chosen.groups["acme"].github.api_of(url) == api


def gh(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "gh"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_gh_gives_its_token_for_that_host_where_the_person_says_so(
    server: GitHub, time: FakeTime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gh(tmp_path, f'echo "$@" > {tmp_path}/asked; echo gho_own', monkeypatch)
    assert source(server, time, token=None, gh=True).recent(NOW)
    assert server.asked[0].headers["Authorization"] == "Bearer gho_own"
    host = server.url.removeprefix("http://")
    assert (tmp_path / "asked").read_text().split() == ["auth", "token", "--hostname", host]


@pytest.mark.parametrize(
    ("script", "sentence"),
    [("exit 1", "gh is not signed in to"), ("exec sleep 60", "gh gave no token within")],
)
def test_gh_that_gives_none_is_a_sentence(
    server: GitHub, time: FakeTime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    script: str, sentence: str,
) -> None:  # fmt: skip
    gh(tmp_path, script, monkeypatch)
    monkeypatch.setattr(github, "_GH_SECONDS", 1)
    with pytest.raises(SourceError, match=sentence):
        source(server, time, token=None, gh=True).recent(NOW)
    assert not server.asked


def test_gh_is_not_run_unless_it_is_asked_for(
    server: GitHub, time: FakeTime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gh(tmp_path, f"touch {tmp_path}/ran; echo gho_own", monkeypatch)
    with pytest.raises(SourceError, match="GitHub needs a token"):
        source(server, time, token=None).recent(NOW)
    assert source(server, time, gh=True).recent(NOW)
    assert not (tmp_path / "ran").exists()


# -- What the issues are called ------------------------------------------------------------------

LOGIN = Issue("#12", "Fix login", "", "github", "acme", aliases=("#34",))
NEXT = Issue("#40", "Show the day", "", "github", "acme", type="pull request")
HOME = ("acme/api", "ann/api")


def key_in(chosen: Settings, made: Commit, issues: tuple[Issue, ...] = (LOGIN, NEXT)) -> str | None:
    """The issue of a commit, when only those are known that were asked for because of it."""
    found = matcher(chosen, issues, made).commit(made)
    return found.key if found else None


@pytest.mark.parametrize(
    ("subject", "key"),
    [
        ("Fixes #12", "#12"),
        ("Fix login (#34)", "#12"),  # the pull request's issue
        ("Tidy up (#40)", "#40"),
        ("Tidy up, fixes #12 (#40)", "#12"),
        ("Tidy up #12 (#40)", "#12"),
        ("Merge pull request #34 from ann/fix", "#12"),
        ("GH-12: tidy up", "#12"),
        ("Tidy up (PR #34)", "#12"),
        ("Tidy up acme/api#12", "#12"),
        ("Tidy up Acme/API#12", "#12"),
        ("See https://github.com/acme/api/issues/12#issuecomment-1", "#12"),
        ("See https://github.com/acme/api/pull/34/files", "#12"),
        ("Tidy up #12", "#12"),
        ("Port other/api#12", None),
        ("Port acme/api-docs#12", None),
        ("See https://github.com/other/api/issues/12", None),
        ("See https://github.com.evil.test/acme/api/issues/12", None),
        ("Grey is #12a", None),
        ("Release 12", None),
    ],
)
def test_numbers_in_commits_of_its_own_clone(subject: str, key: str | None) -> None:
    assert key_in(one_repository(), a_commit(subject, *HOME)) == key


@pytest.mark.parametrize(
    ("subject", "remotes", "key"),
    [
        ("Fixes #12", ("acme/docs",), None),
        ("Fix login (#34)", ("acme/docs",), None),
        ("Fixes acme/api#12", ("acme/docs",), "#12"),
        ("Fixes #12", (), "#12"),  # a clone without a remote: it can mean one thing
        ("Use (#34)", (), None),
    ],
)
def test_numbers_elsewhere(subject: str, remotes: tuple[str, ...], key: str | None) -> None:
    assert key_in(one_repository(), a_commit(subject, *remotes)) == key


@pytest.mark.parametrize(
    "branch",
    ["12-fix-login", "feature/12-fix-login", "issue-12", "gh-12-tidy", "ann/issue-12", "issue/12"],
)
def test_branches_as_github_and_people_make_them(branch: str) -> None:
    out = Checkout(at("09:00"), "acme", "api", branch, hosted=True, remotes=HOME)
    found = matcher(one_repository(), (LOGIN,), out).branch("acme", branch)
    assert found is not None
    assert found.key == "#12"


@pytest.mark.parametrize("branch", ["3-way-merge", "12", "release-12", "tissue-12", "2026-12-01"])
def test_branches_that_name_no_issue(branch: str) -> None:
    out = Checkout(at("09:00"), "acme", "api", branch, hosted=True, remotes=HOME)
    many = tuple(Issue(f"#{n}", f"Thing {n}", "", "github", "acme") for n in range(1, 100))
    assert matcher(one_repository(), many, out).branch("acme", branch) is None


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Fix login · Issue #12 · acme/api — Mozilla Firefox", "#12"),
        ("Fix it by ann · Pull Request #34 · acme/api - Google Chrome", "#12"),
        ("Fix login (#34) · acme/api@1234567", "#12"),
        ("https://github.com/acme/api/issues/12", "#12"),
        ("Re: [acme/api] Fix login (acme/api#12)", "#12"),
        ("Re: [acme/api] Fix it (Issue #12) - Mozilla Thunderbird", "#12"),
        ("[acme/api] Fix it (PR #34) - ann@acme.test - Gmail", "#12"),
        ("[other/api] Fix it (PR #34) - ann@acme.test - Gmail", None),
        ("Fix login · Issue #12 · acme/api-docs", None),
        ("Fix login · Issue #12 · other/api", None),
        ("Plans · Discussion #12 · acme/api", None),
        ("acme/api · GitHub", None),
    ],
)
def test_its_pages_in_titles(title: str, key: str | None) -> None:
    window = Window(at("10:00"), title, 0)
    seen = matcher(one_repository(), (LOGIN,), window).window(title)
    assert [issue.key for issue in seen.issues] == ([key] if key else [])
    assert ("acme" in seen.groups) is ("acme/api" in title)


@pytest.mark.parametrize(
    ("server", "url", "key"),
    [
        ("https://github.com", "https://github.com/acme/api/issues/12?q=1#issuecomment-5", "#12"),
        ("https://github.com", "https://github.com/Acme/API/pull/34/files", "#12"),
        ("https://github.com", "https://github.com/acme/api/pulls", None),
        ("https://github.com", "https://github.com/acme/api/discussions/12", None),
        ("https://git.acme.test:8443", "https://git.acme.test:8443/acme/api/issues/12", "#12"),
        ("https://acme.test/git", "https://acme.test/git/acme/api/issues/12", "#12"),
        ("https://git.acme.test", "https://github.com/acme/api/issues/12", None),
    ],
)
def test_its_pages_by_their_addresses(server: str, url: str, key: str | None) -> None:
    chosen = settings(server, acme={"github": {"repos": ["acme/api"]}})
    window = Window(at("10:00"), "Something", 0, app="Firefox", url=url)
    seen = matcher(chosen, (LOGIN,), window).window(look_of(window))
    assert list(seen.groups) == ["acme"]
    assert [issue.key for issue in seen.issues] == ([key] if key else [])


def test_of_titles_and_subjects_numbers_alone_leave(server: GitHub, time: FakeTime) -> None:
    title = "SECRETTITLE · Issue #12 · acme/api"
    made, window = a_commit("SECRETSUBJECT (#34)", *HOME), Window(at("10:00"), title, 0)
    chosen = one_repository()
    keys = keys_in_clues([made, window], [Group("acme", (), key_forms(chosen, "acme"))])
    source(server, time).by_keys(keys)
    assert keys == ("#12", "#34")
    assert b"SECRET" not in b"".join(asked.body for asked in server.asked)


@pytest.mark.parametrize(
    "text", ["(#1", "#1 (#", "fix #", "merge branch 'a/", "acme/api#", "gh-1 ", "[acme/api] ("]
)
def test_endless_texts_are_read_in_no_time(text: str) -> None:
    made = a_commit(text * 20_000, *HOME)
    start = process_time()
    key_in(one_repository(), made)
    assert process_time() - start < 5


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({}, "#12"),
        ({"github": {"repos": ["acme/api", "acme/web"]}}, None),
        ({"gitlab": {"projects": ["acme/web"]}}, None),
        ({"taiga": {"project_slug": "acme"}}, None),
    ],
)
def test_a_bare_number_counts_where_it_can_mean_one_thing(
    more: dict[str, Any], key: str | None
) -> None:
    chosen = settings(acme={"keywords": ["acme"], "github": {"repos": ["acme/api"]}, **more})
    said = ChatMessage(at("10:00"), "acme", "Done with #12", "general")
    title = "notes on #12 - acme - Kate"
    matches = matcher(chosen, (LOGIN,), said, Window(at("10:00"), title, 0))
    for seen in (matches.message(said), matches.window(title)):
        assert [issue.key for issue in seen.issues] == ([key] if key else [])


def test_many_repositories_cost_little_where_none_is_named() -> None:
    chosen = settings(acme={"github": {"repos": [f"acme/api-{n}" for n in range(30)]}})
    keys = Keys({"acme": key_forms(chosen, "acme")})
    titles = [f"Fix thing {n} - some file.py - acme-api - Visual Studio Code" for n in range(4000)]
    start = process_time()
    assert not [issue for title in titles for issue in keys.scoped(title)]
    assert process_time() - start < 1.5


def test_of_several_repositories_a_number_is_the_one_of_its_clone() -> None:
    chosen = settings(acme={"github": {"repos": ["acme/api", "acme/web"]}})
    api = Issue("acme/api#12", "Fix login", "", "github", "acme")
    web = Issue("acme/web#12", "Wider pages", "", "github", "acme")
    both = (api, web)
    assert key_in(chosen, a_commit("Fixes #12", "acme/api"), both) == "acme/api#12"
    assert key_in(chosen, a_commit("Fixes #12", "acme/web"), both) == "acme/web#12"
    assert key_in(chosen, a_commit("Wider (#12)", "acme/web"), both) == "acme/web#12"
    assert key_in(chosen, a_commit("Fixes #12"), both) is None
    assert key_in(chosen, a_commit("Fixes acme/web#12", "acme/api"), both) == "acme/web#12"


def test_beside_a_taiga_numbers_are_githubs_in_its_clone_alone() -> None:
    chosen = one_repository(taiga={"project_slug": "acme-api"})
    here = Issue("acme/api#12", "Fix login", "", "github", "acme")
    story = Issue("#12", "As a buyer I log in", "", "taiga", "acme")
    both = (here, story)
    assert key_in(chosen, a_commit("Fixes #12", *HOME), both) == "acme/api#12"
    assert key_in(chosen, a_commit("Fixes TG-12", "acme/docs"), both) == "#12"
    assert key_in(chosen, a_commit("Fixes #12"), both) == "#12"


def test_a_pull_request_that_was_linked_later_is_its_issue() -> None:
    stale = Issue("#34", "Fix login", "", "github", "acme", type="pull request")
    assert key_in(one_repository(), a_commit("Tidy up (#34)", *HOME), (stale, LOGIN)) == "#12"


def test_one_repository_of_two_groups_points_to_neither() -> None:
    chosen = settings(
        acme={"github": {"repos": ["acme/api"]}}, globex={"github": {"repos": ["acme/api"]}}
    )
    title = "Fix login · Issue #12 · acme/api"
    assert not matcher(chosen, (LOGIN,), Window(at("10:00"), title, 0)).window(title).groups


@pytest.mark.parametrize(
    "written",
    [
        "acme/api",
        " acme/api ",
        "https://github.com/acme/api",
        "https://github.com/acme/api.git/",
        "git@github.com:acme/api.git",
        "ssh://git@github.com/acme/api.git",
    ],
)
def test_a_repository_may_be_written_as_its_address(written: str) -> None:
    chosen = settings(acme={"github": {"repos": [written]}})
    assert chosen.groups["acme"].github.repos == ("acme/api",)


# -- A whole day ---------------------------------------------------------------------------------


def test_a_squash_on_a_day_is_an_entry_for_the_issue(server: GitHub, tmp_path: Path) -> None:
    """From a repository's commit to what is suggested, with GitHub asked in between."""
    server.issues[0]["closed"] = True  # long ago: only the clue asks for it
    server.issues[0]["updated"] = "2026-01-01T00:00:00Z"
    server.pulls = [pull(34, server.issues[0], updated="2026-01-01T00:00:00Z")]
    repo = committed(tmp_path / "api", at("11:00").isoformat(), "Tidy up (#34)")
    config = repo / ".git" / "config"
    remote = '[remote "origin"]\n\turl = git@github.com:acme/api.git\n'
    config.write_text(config.read_text(encoding="utf-8") + remote, encoding="utf-8")
    chosen = Settings.model_validate(
        {
            "timezone": "Europe/Helsinki",
            "database_url": f"sqlite:///{tmp_path}/kept.sqlite3",
            "github": {"url": server.url, "token": TOKEN},
            "git": {"emails": ["eero@example.com"]},
            "groups": {"acme": {"git": {"repos": [str(repo)]}, "github": {"repos": ["acme/api"]}}},
        }
    )
    with opened(chosen, lambda: at("18:00")) as core:
        (draft,) = core.machine.drafts([FRIDAY])
        assert "github: signed in as ann" in " ".join(
            f"{finding.name}: {finding.sentence}" for finding in check_all(core)
        )
    assert [each.description for each in draft.suggestions] == ["#12 Fix login"]
    assert draft.suggestions[0].issue is not None
    assert draft.suggestions[0].issue.url == f"{server.url}/acme/api/issues/12"
    assert {status.name: status.trouble for status in draft.sources}["github"] is None
