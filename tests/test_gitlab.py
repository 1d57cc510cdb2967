"""GitLab: a stand-in of its API on loopback, and how its issues are called in texts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from pydantic import SecretStr

from tests.loopback import Asked, FakeTime, Loopback, Said, loopback, serving
from tests.notation import at
from tests.sourcecontract import a_commit, hold_issues, matcher, one_line
from tracklater_bot.domain.clues import Checkout, Window
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.issues import Issue
from tracklater_bot.settings import ResolvedForge, Settings
from tracklater_bot.sources.base import PartlyRead, SourceError
from tracklater_bot.sources.issues.gitlab import GitLabSource
from tracklater_bot.sources.issues.registry import issue_sources, key_forms

NOW = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
TOKEN = "gitlab-secret"
ME, OTHER = {"id": 7, "username": "ann"}, {"id": 8, "username": "ben"}


def row(iid: int, title: str = "", **more: Any) -> dict[str, Any]:
    """A row as GitLab sends it."""
    return {
        "id": 1000 + iid,
        "iid": iid,
        "title": title or f"Issue {iid}",
        "state": "opened",
        "issue_type": "issue",
        "updated_at": (NOW - timedelta(hours=iid)).isoformat(),
        "author": OTHER,
        "assignees": [ME],
        "labels": [],
        "references": {"short": f"#{iid}", "full": f"acme/shop/web#{iid}"},
        **more,
    }


def request(iid: int, title: str = "", **more: Any) -> dict[str, Any]:
    full = {"short": f"!{iid}", "full": f"acme/shop/web!{iid}"}
    made = {"author": ME, "assignees": None, "issue_type": None, "references": full}
    return row(iid, title or f"Request {iid}", **{**made, **more})


class GitLab(Loopback):
    """One project, whatever it is called; pages as long as they are asked for."""

    def __init__(self) -> None:
        super().__init__([])
        self.issues = [row(12, "Fix login"), row(13, "Rate limit", assignees=[])]
        self.requests = [request(34), request(35, state="merged")]
        self.closes: dict[int, list[dict[str, Any]]] = {34: [row(12, "Fix login")]}
        self.paths = ["acme/shop/web"]
        self.instead: Said | None = None

    def next(self, asked: Asked) -> Said:
        self.asked.append(asked)
        if self.instead is not None:
            return self.instead
        parts = urlsplit(asked.path)
        path, params = parts.path.removeprefix("/api/v4"), parse_qs(parts.query)
        if path == "/user":
            return Said(body=ME)
        _, _, project, *what = path.split("/")
        if unquote(project) not in self.paths:
            return Said(404, {"message": "404 Project Not Found"})
        if what[-1] == "closes_issues":
            return Said(body=self.closes.get(int(what[1]), []))
        return self._listed(self.issues if what == ["issues"] else self.requests, params)

    def _listed(self, rows: list[dict[str, Any]], params: dict[str, list[str]]) -> Said:
        if "iids[]" in params:
            rows = [each for each in rows if str(each["iid"]) in params["iids[]"]]
        if since := params.get("updated_after"):
            rows = [each for each in rows if each["updated_at"][:19] >= since[0][:19]]
        if "search" in params:
            rows = [each for each in rows if params["search"][0] in each["title"]]
        if "author_id" in params:
            rows = [each for each in rows if each["author"] == ME]
        if "assignee_id" in params:
            rows = [each for each in rows if ME in each["assignees"]]
        size, number = int(params.get("per_page", ["20"])[0]), int(params.get("page", ["1"])[0])
        more = str(number + 1) if len(rows) > number * size else ""
        headers = {"X-Next-Page": more, "X-Total": str(len(rows))}
        return Said(body=rows[(number - 1) * size : number * size], headers=headers)


@pytest.fixture(autouse=True)
def their_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    said = f"{NOW:%a, %d %b %Y %H:%M:%S} GMT"
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda _: said)


@pytest.fixture
def server() -> Iterator[GitLab]:
    with serving(GitLab()) as script:
        yield script


@pytest.fixture
def time() -> FakeTime:
    return FakeTime(NOW)


def source(server: Loopback, time: FakeTime, *paths: str) -> GitLabSource:
    place = ResolvedForge(
        paths or ("acme/shop/web",),
        server.url,
        f"{server.url}/api/v4",
        SecretStr(TOKEN),
        alone=not paths,
    )
    return GitLabSource("acme", place, time, time.timing())


def settings(url: str = "https://gitlab.com", **groups: Any) -> Settings:
    return Settings.model_validate({"gitlab": {"url": url, "token": TOKEN}, "groups": groups})


def one_project() -> Settings:
    return settings(acme={"gitlab": {"projects": ["acme/shop/web"]}})


# -- Reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize("projects", [["acme/shop/web"], ["acme/shop/web", "acme/api"]])
def test_it_keeps_to_what_a_source_of_issues_is(
    server: GitLab, projects: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    now = datetime.now(UTC)
    server.paths = projects
    server.issues = [
        row(n, updated_at=(now - timedelta(minutes=n)).isoformat()) for n in range(1, 251)
    ]
    chosen = settings(server.url, acme={"gitlab": {"projects": projects}})
    (found,) = issue_sources(chosen)
    hold_issues(found, Group("acme", (), key_forms(chosen, "acme")))
    assert len({each.key for each in found.recent(None)}) == 251 * len(projects)
    assert {asked.headers["PRIVATE-TOKEN"] for asked in server.asked} == {TOKEN}


def test_issues_are_read_with_the_merge_requests_that_close_them(
    server: GitLab, time: FakeTime
) -> None:
    server.issues[1] |= {"labels": ["type::bug"], "state": "closed"}
    login, rate, other = source(server, time).recent(None)
    assert (login.key, login.title, login.aliases) == ("#12", "Fix login", ("!34",))
    assert login.url == f"{server.url}/acme/shop/web/-/issues/12"
    assert (login.mine, login.type, login.closed) == (True, "issue", False)
    assert (rate.mine, rate.type, rate.closed) == (False, "bug", True)
    assert (other.key, other.type, other.closed) == ("!35", "merge request", True)
    assert other.url.endswith("/acme/shop/web/-/merge_requests/35")


def test_others_merge_requests_are_asked_about_only_where_clues_name_them(
    server: GitLab, time: FakeTime
) -> None:
    server.requests[0]["author"] = OTHER
    assert ("!34",) not in {each.aliases for each in source(server, time).recent(None)}
    (found,) = source(server, time).by_keys(["!34"])
    assert (found.key, found.aliases) == ("#12", ("!34",))


def test_what_is_named_is_asked_at_once(server: GitLab, time: FakeTime) -> None:
    found = source(server, time).by_keys(["#12", "#13", "#99", "DEV-1", "#12", "other/x#13", "&5"])
    assert [each.key for each in found] == ["#12", "#13"]
    assert len(server.asked) == 2
    assert source(server, time).by_keys(["DEV-1"]) == ()
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("home", "key"),
    [
        ("acme/shop/web", "acme/shop/web#12"),
        ("Acme/API", "acme/api#12"),
        ("globex/shop", "acme/shop/web!34"),  # another client's: nothing is told of it
    ],
)
def test_it_may_close_an_issue_of_another_project(
    server: GitLab, time: FakeTime, home: str, key: str
) -> None:
    jira = {"id": "DEV-1", "title": "of another tracker"}
    server.closes[34] = [jira, row(12, references={"full": f"{home}#12"})]
    (found,) = source(server, time, "acme/shop/web", "acme/api").by_keys(["acme/shop/web!34"])
    assert found.key == key


def test_readings_of_many_own_merge_requests_are_bounded(server: GitLab, time: FakeTime) -> None:
    server.requests = [request(n, updated_at=NOW.isoformat()) for n in range(1, 200)]
    source(server, time).recent(NOW)
    assert sum("closes_issues" in asked.path for asked in server.asked) == 20


def test_typeahead(server: GitLab, time: FakeTime) -> None:
    assert [each.key for each in source(server, time).search("login")] == ["#12"]
    assert [each.key for each in source(server, time).search("!35")] == ["!35"]


def test_an_odd_row_is_counted_and_the_others_are_there(server: GitLab, time: FakeTime) -> None:
    odd = [row(1) | {"iid": None}, row(2) | {"iid": "x"}, row(3, assignees=[{"id": None}])]
    for each in odd:
        each["updated_at"] = NOW.isoformat()
    server.issues = [*odd, server.issues[0]]
    with pytest.raises(PartlyRead) as told:
        source(server, time).recent(NOW - timedelta(days=2))
    assert "#12" in {issue.key for issue in told.value.issues}
    assert str(told.value) == "GitLab sent 3 rows that were not understood and left out"


@pytest.mark.parametrize("skew", [timedelta(), timedelta(hours=3), timedelta(hours=-3)])
def test_what_changed_is_asked_on_the_servers_clock(server: GitLab, skew: timedelta) -> None:
    server.issues[0]["updated_at"] = (NOW - timedelta(minutes=9)).isoformat()
    ours = FakeTime(NOW - skew)
    found = source(server, ours).recent(ours.now - timedelta(minutes=10))
    assert "#12" in {each.key for each in found}
    assert "#13" not in {each.key for each in found}


def test_check_says_who_and_how_many(server: GitLab, time: FakeTime) -> None:
    assert source(server, time).check() == "signed in as ann, sees 2 open issues in acme/shop/web"


# -- What goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (Said(401, {"message": "401 Unauthorized"}), "refused the token: check TRACKLATER"),
        (Said(403, {"error": "insufficient_scope"}), "needs the scope read_api"),
        (Said(404, {"message": "404 Project Not Found"}), "none of acme/shop/web"),
        (Said(301, {}, {"Location": "https://elsewhere.test/api/v4/user"}), "sends us on to"),
    ],
)
def test_a_failure_is_a_sentence(server: GitLab, time: FakeTime, said: Said, sentence: str) -> None:
    server.instead = said
    with pytest.raises(SourceError) as told:
        source(server, time).recent(NOW)
    assert sentence in str(told.value)
    assert one_line(str(told.value))
    assert told.value.lasting
    assert TOKEN not in str(told.value)
    assert len(server.asked) == 1


def test_a_limit_is_told_with_its_end_and_kept_to(server: GitLab, time: FakeTime) -> None:
    server.instead = Said(429, "Retry later", {"Retry-After": "1500"})
    limited = source(server, time)
    until = (NOW + timedelta(minutes=25)).astimezone()
    for _ in range(2):
        with pytest.raises(SourceError) as told:
            limited.recent(NOW)
        assert str(told.value) == f"GitLab wants no more requests for now, until {until:%H:%M %Z}"
    assert len(server.asked) == 1


def test_a_renamed_project_is_followed_on_its_own_server(server: GitLab, time: FakeTime) -> None:
    class Renamed(GitLab):
        def next(self, asked: Asked) -> Said:
            if "old" not in asked.path:
                return super().next(asked)
            there = asked.path.replace("acme%2Fold", "acme%2Fshop%2Fweb")
            return Said(301, {}, {"Location": f"{self.url}{there}"})

    with serving(Renamed()) as renamed:
        found = source(renamed, time, "acme/old", "acme/api").by_keys(["acme/old#12"])
    assert [each.key for each in found] == ["acme/old#12"]


def test_a_token_follows_to_no_other_server(time: FakeTime) -> None:
    with loopback(Said(body=ME)) as elsewhere:
        moved = Said(301, {}, {"Location": f"{elsewhere.url}/api/v4/user"})
        with loopback(moved) as server, pytest.raises(SourceError, match="sends us on to"):
            source(server, time).recent(NOW)
        assert not elsewhere.asked


# -- What the issues are called ------------------------------------------------------------------

LOGIN = Issue("#12", "Fix login", "", "gitlab", "acme", aliases=("!34",))
HOME = ("shop/web",)  # as git's remotes are called


@pytest.mark.parametrize(
    ("subject", "remotes", "key"),
    [
        ("Fixes #12", HOME, "#12"),
        ("Resolve #12: tidy up", HOME, "#12"),
        ("Implements #12", HOME, "#12"),
        ("Tidy up (!34)", HOME, "#12"),
        ("Tidy up (#12)", HOME, "#12"),
        ("Merge branch '12-fix-it' into 'main'", HOME, "#12"),
        ("See merge request acme/shop/web!34", HOME, "#12"),
        ("See acme/shop/web#12", ("acme/docs",), "#12"),
        ("See https://gitlab.com/acme/shop/web/-/issues/12", (), "#12"),
        ("See https://gitlab.com/acme/shop/web/-/merge_requests/34/diffs", (), "#12"),
        ("See https://gitlab.com/acme/shop/web/-/work_items/12", (), "#12"),
        ("Tidy up (!34)", (), "#12"),
        ("Fixes #12", ("acme/docs",), None),
        ("See merge request acme/api!34", HOME, None),
        ("See other/acme/shop/web!34", HOME, None),
        ("Wow!34", HOME, None),
    ],
)
def test_keys_in_commits(subject: str, remotes: tuple[str, ...], key: str | None) -> None:
    made = a_commit(subject, *remotes)
    found = matcher(one_project(), (LOGIN,), made).commit(made)
    assert (found.key if found else None) == key


@pytest.mark.parametrize("branch", ["12-fix-login", "issue-12", "feature/12-fix-login"])
def test_branches_as_gitlab_makes_them(branch: str) -> None:
    out = Checkout(at("09:00"), "acme", "web", branch, hosted=True, remotes=HOME)
    found = matcher(one_project(), (LOGIN,), out).branch("acme", branch)
    assert found is not None
    assert found.key == "#12"


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Fix login (#12) · Issues · Acme / Shop / Web · GitLab — Mozilla Firefox", "#12"),
        ("Fix it (!34) · Merge requests · Acme / Shop / Web · GitLab", "#12"),
        ("gitlab.com/acme/shop/web/-/merge_requests/34", "#12"),
        ("Fix login (#12) · Issues · Acme / Shop / Web / Old · GitLab", None),
        ("Fix login (#12) · Issues · Globex / Web · GitLab", None),
    ],
)
def test_its_pages_in_titles(title: str, key: str | None) -> None:
    seen = matcher(one_project(), (LOGIN,), Window(at("10:00"), title, 0)).window(title)
    assert [issue.key for issue in seen.issues] == ([key] if key else [])


def test_a_server_of_ones_own_points_to_its_group() -> None:
    chosen = settings(acme={"gitlab": {"projects": ["web"], "url": "https://git.acme.test"}})
    assert "git.acme.test" in {hint.text for hint in chosen.hints_for("acme")}
    assert "gitlab.com" not in {hint.text for hint in one_project().hints_for("acme")}


def test_github_and_gitlab_in_one_group_need_their_names() -> None:
    chosen = settings(
        acme={"gitlab": {"projects": ["acme/web"]}, "github": {"repos": ["acme/api"]}}
    )
    assert {form.key for form in key_forms(chosen, "acme")} == {
        "acme/web#{}",
        "acme/web!{}",
        "acme/api#{}",
    }
