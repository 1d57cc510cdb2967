"""What belongs together on machines of many kinds: repositories, clients, issue projects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tracklater_bot.cli.init.finding import FoundRepository
from tracklater_bot.cli.init.grouping import IssueProject, Proposal, kinds, propose, short_name
from tracklater_bot.domain.groups import Project

NOW = datetime(2026, 11, 27, 18, tzinfo=UTC)
OWN = ("eero",)


def repo(place: str, remote: str = "", keys: str = "", days: int | None = 1) -> FoundRepository:
    *folders, name = place.split("/")
    return FoundRepository(
        Path("/home/eero/src", *folders, name),
        (remote,) if remote else (),
        tuple(folders),
        ("eero@example.com",),
        NOW - timedelta(days=days) if days is not None else None,
        Counter(keys.split()),
    )


def client(name: str, *projects: str) -> list[Project]:
    return [Project(project, "", client=name) for project in projects or ("Development",)]


def jira(key: str, name: str, site: str = "agency") -> IssueProject:
    return IssueProject("jira", f"https://{site}.atlassian.net", key, name)


def taiga(slug: str, name: str) -> IssueProject:
    return IssueProject("taiga", "https://api.taiga.io/api/v1", slug, name)


@dataclass(frozen=True)
class World:
    repos: Sequence[FoundRepository] = ()
    projects: Sequence[Project] = ()
    issues: Sequence[IssueProject] = ()

    def groups(self) -> list[Proposal]:
        return propose(self.repos, self.projects, self.issues, OWN, NOW).groups

    def together(self) -> dict[str, list[str]]:
        """Each group's repositories and issue projects, by name."""
        return {
            group.name: [each.path.name for each in group.repositories]
            + [each.key for each in group.issues]
            for group in self.groups()
        }


WORLDS: Mapping[str, tuple[World, dict[str, list[str]]]] = {
    "clients with remotes of their own": (
        World(
            [repo("api", "acmeoy/api"), repo("web", "globex-corp/web")],
            [*client("Acme Oy"), *client("Globex Corporation")],
        ),
        {"acme": ["api"], "globex": ["web"]},
    ),
    "clients by folder": (
        World(
            [repo("northwind/site"), repo("acme/site")],
            [*client("Northwind Traders Ltd"), *client("ACME")],
        ),
        {"northwind traders": ["site"], "acme": ["site"]},
    ),
    "an agency that owns all remotes": (
        World(
            [
                repo("acme-shop", "studio-x/acme-shop"),
                repo("globex-site", "studio-x/globex-site"),
                repo("hooli-app", "studio-x/hooli-app"),
            ],
            [*client("Acme"), *client("Globex")],
            [jira("ACME", "Software"), jira("GLO", "Globex site")],
        ),
        {
            "acme": ["acme-shop", "ACME"],
            "globex": ["globex-site", "GLO"],
            "studio x": ["hooli-app"],
        },
    ),
    "one's own account owns all remotes": (
        World(
            [
                repo("acme-api", "eero/acme-api"),
                repo("globex-web", "eero/globex-web"),
                repo("dotfiles", "eero/dotfiles"),
            ],
            [*client("Acme Inc."), *client("Globex")],
        ),
        {"acme": ["acme-api"], "globex": ["globex-web"]},
    ),
    "a short organisation's name beside the client's": (
        World(
            [repo("globex-web", "gbx/globex-web"), repo("api", "gbx/api"), repo("acme")],
            [*client("Globex"), *client("Acme")],
        ),
        {"globex": ["globex-web", "api"], "acme": ["acme"]},
    ),
    "clients with a word in common": (
        World(
            [repo("a", "acme-labs/a"), repo("b", "acme-studio/b")],
            [*client("Acme Labs"), *client("Acme Studio")],
        ),
        {"acme labs": ["a"], "acme studio": ["b"]},
    ),
    "projects without clients": (
        World(
            [repo("acme-web", "acme/web"), repo("globex", "globex/globex")],
            [*client("", "Acme website", "Acme app", "Globex")],
        ),
        {"acme": ["acme-web"], "globex": ["globex"]},
    ),
    "no tracker: owners": (
        World([repo("a", "acme/a"), repo("b", "acme/b"), repo("c", "globex/c")]),
        {"acme": ["a", "b"], "globex": ["c"]},
    ),
    "no tracker: names": (
        World([repo("acme-api"), repo("acme-web"), repo("red-panda"), repo("globex-site")]),
        {"acme": ["acme-api", "acme-web"], "globex": ["globex-site"], "red panda": ["red-panda"]},
    ),
    "issues by the keys in branches": (
        World(
            [repo("a", "acme/a", "PLT PLT UTF"), repo("c", "globex/c", "WWW")],
            issues=[jira("PLT", "Platform"), jira("WWW", "Website")],
        ),
        {"acme": ["a", "PLT"], "globex": ["c", "WWW"]},
    ),
    "two Jiras with the same key": (
        World(
            [repo("a", "acme/a", "DEV"), repo("c", "globex/c", "DEV")],
            issues=[jira("DEV", "Development", "acme"), jira("DEV", "Development", "globex")],
        ),
        {"acme": ["a", "DEV"], "globex": ["c", "DEV"]},
    ),
    "Taiga by its project's name": (
        World([repo("c", "globex/c")], issues=[taiga("eero-globex-web", "Globex Web")]),
        {"globex": ["c", "eero-globex-web"]},
    ),
    "issues alone": (
        World(issues=[jira("NUC", "Nucleus"), jira("BOX", "The Box")]),
        {"nucleus": ["NUC"], "the box": ["BOX"]},
    ),
    "nobody's work for a year": (
        World([repo("a", "acme/a"), repo("pandas", "pandas-dev/pandas", days=None),
               repo("old", "initech/old", days=400)]),
        {"acme": ["a"]},
    ),
    "all is old": (
        World([repo("old", "initech/old", days=400)]),
        {"initech": ["old"]},
    ),
    "scripts without capitals": (
        World([repo("会社-web", "会社/web")], [*client("会社"), *client("Åäö Öljy Oy")]),
        {"会社": ["会社-web"], "åäö öljy": []},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", WORLDS)
def test_what_belongs_together(kind: str) -> None:
    world, wanted = WORLDS[kind]
    assert world.together() == wanted


def test_keywords_are_words_that_no_other_group_has() -> None:
    world = World(
        [repo("acme-web", "acme/web"), repo("web", "shop/web"), repo("x", "eero/acme")],
        [*client("Acme Services Oy"), *client("Shop")],
    )
    found = {group.name: group.keywords for group in world.groups()}
    assert found["acme services"][:2] == ["acme services", "acme"]
    assert "shop" not in found["shop"]  # a word of many projects


def test_names_are_told_apart_where_their_variables_would_not() -> None:
    world = World(projects=[*client("Acme-Web"), *client("Acme Web"), *client("acme_web")])
    names = [group.name for group in world.groups()]
    assert len(names) == len({name.replace(" ", "_").upper() for name in names}) == 3


def test_what_nothing_points_to_is_no_flood_of_groups() -> None:
    clients = [project for number in range(40) for project in client(f"Customer{number:02}")]
    proposed = propose([repo("a", "customer07/a")], clients, (), OWN, NOW)
    assert [group.name for group in proposed.groups] == ["customer07"]
    assert any("39 clients" in left for left in proposed.left_out)


@pytest.mark.parametrize(
    ("projects", "wanted"),
    [
        (["Development", "Bug fixing"], {"Development": "default", "Bug fixing": "bug"}),
        (["Bug fixing"], {"Bug fixing": "default"}),
        (["Meetings", "Coding"], {"Meetings": "other", "Coding": "default"}),
        (["One", "Two"], {"One": "default", "Two": "other"}),
    ],
)
def test_one_project_is_the_default(projects: list[str], wanted: dict[str, str]) -> None:
    assert kinds(projects) == wanted


def test_a_short_name_has_no_legal_form() -> None:
    names = ["Acme Oy", "Globex Inc.", "First Group", "Oy", "Acme GmbH & Co. KG"]
    assert [*map(short_name, names)] == ["acme", "globex", "first group", "oy", "acme"]
