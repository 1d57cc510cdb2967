"""Whom the work of these days is for: customers, what they are called where, and their tasks."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tracklater_bot.domain.groups import Group, Project
from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.domain.issues import Issue
from tracklater_bot.sources.issues.jira import key_form
from tracklater_bot.sources.issues.taiga import KEY_FORM as TAIGA

TEAM = "Lindqvist Studio"


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer with its words. `team` is its own Slack workspace, or "" for `TEAM`'s."""

    group: str
    called: str
    words: tuple[str, ...]
    repo: str
    owner: str
    prefix: str
    tracker: str = ""
    team: str = ""
    contact: str = ""
    keyed: float = 0.5
    tasks: tuple[Issue, ...] = ()

    @property
    def rooms(self) -> tuple[str, ...]:
        """Its Slack channels."""
        return tuple(f"{self.group}-{word}" for word in ("team", "backend", "incidents"))

    def settings(self) -> Group:
        """The group as the settings and its repository tell of it."""
        site = f"{self.group}.atlassian.net" if self.tracker == "jira" else ""
        slug = f"jo-{self.group}" if self.tracker == "taiga" else ""
        hints = [Hint(self.group, HintKind.KEYWORD, word) for word in self.words]
        hints += [Hint(self.group, HintKind.HOST, w) for w in (site, slug, self.team) if w]
        hints.append(Hint(self.group, HintKind.REPOSITORY, self.repo))
        remotes = (f"{self.owner}/{self.repo}", self.repo)
        hints += [Hint(self.group, HintKind.REMOTE, word) for word in remotes]
        return Group(
            name=self.group,
            hints=tuple(hints),
            key_forms={"jira": (key_form(self.prefix),), "taiga": (TAIGA,)}.get(self.tracker, ()),
            projects=(Project("Consulting", self.group, "default", self.called, "11"),),
        )


def _named(
    group: str, called: str, words: tuple[str, ...], home: tuple[str, str, str], contact: str
) -> Customer:
    owner, repo, prefix = home
    return Customer(group, called, words, repo, owner, prefix, contact=contact)


CUSTOMERS = (
    _named(
        "brookfield",
        "Brookfield Dairy",
        ("brookfield",),
        ("brookfield", "milkrun", "MR"),
        "Dana Whitlock",
    ),
    _named("kallio", "Kallio Arkkitehdit", ("kallio",), ("kallio-ark", "kuvapankki", "KA"), "Sari"),
    _named("verdant", "Verdant", ("verdant",), ("verdant-hq", "greenhouse", "VER"), "Priya Raman"),
    _named(
        "ostrava",
        "Ostrava Rail",
        ("ostrava rail",),
        ("ostrava-rail", "timetable", "RAIL"),
        "Jan Dvořák",
    ),
    _named("lumen", "Lumen Labs", ("lumen",), ("lumenlabs", "spectra-ui", "LUM"), "Theo Brandt"),
    _named(
        "marchetti",
        "Marchetti & Figli",
        ("marchetti",),
        ("marchetti", "ordini-web", "ORD"),
        "Giulia Conti",
    ),
    _named(
        "tidewater",
        "Tidewater Mutual",
        ("tidewater",),
        ("tidewater-mutual", "claims-workstation", "CLM"),
        "Marcus Hale",
    ),
    _named(
        "koyama", "小山精機", ("koyama", "小山"), ("koyama-seiki", "line-monitor", "KYM"), "Aoi"
    ),
    _named("zephyr", "Zéphyr Conseil", ("zéphyr",), ("zephyr", "simulateur", "ZC"), "Luc Moreau"),
    _named(
        "grabowski",
        "Grabowski i Synowie",
        ("grabowski",),
        ("grabowski", "magazyn", "MAG"),
        "Ola Nowak",
    ),
    _named(
        "pine", "Pine Street Clinic", ("pine street",), ("pinestreet", "ehr", "EHR"), "Dr. Osei"
    ),
    _named("almendra", "Almendra", ("almendra",), ("almendra-foods", "b2b", "ALM"), "Inés Soler"),
)
DEEDS = ("Let drivers cancel", "Speed up", "Rewrite", "Hide", "Migrate", "Sort", "Explain", "Print")
OBJECTS = (
    "pickups on the route map", "the nightly price feed", "the permit upload", "archived sensors",
    "delivery notes", "seat reservations", "the claims inbox", "spectrum previews",
    "le calcul des marges", "raporty magazynowe", "pedidos pendientes", "日報の集計",
    "appointment reminders", "the onboarding tour", "tariff tables", "photo captions",
)  # fmt: skip


def chosen(rng: random.Random, number: int) -> tuple[Customer, ...]:
    """So many customers with habits and tasks of their own."""
    titles = [f"{deed} {thing}" for deed in DEEDS for thing in OBJECTS]
    rng.shuffle(titles)
    return tuple(_with_habits(rng, each, titles) for each in rng.sample(CUSTOMERS, number))


def _with_habits(rng: random.Random, customer: Customer, titles: list[str]) -> Customer:
    tracker = rng.choices(("jira", "taiga", ""), (5, 3, 2))[0]
    count = rng.randint(4, 15) if tracker else 0
    numbers = rng.sample(range(3, 900), count)
    return Customer(
        customer.group,
        customer.called,
        customer.words,
        customer.repo,
        customer.owner,
        customer.prefix,
        tracker,
        customer.called if rng.random() < 0.4 else "",
        customer.contact,
        rng.choice((1.0, 0.7, 0.3, 0.0)),
        tuple(_task(rng, customer, tracker, number, titles.pop()) for number in numbers),
    )


def _task(rng: random.Random, customer: Customer, tracker: str, number: int, title: str) -> Issue:
    key = f"{customer.prefix}-{number}" if tracker == "jira" else f"#{number}"
    sites = {
        "jira": f"https://{customer.group}.atlassian.net/browse/{key}",
        "taiga": f"https://tree.taiga.io/project/jo-{customer.group}/us/{number}",
    }
    mine = rng.random() < 0.7
    return Issue(
        key=key,
        title=title,
        url=sites[tracker],
        tracker=tracker,
        group=customer.group,
        type=rng.choice(("story", "task", "bug")),
        closed=rng.random() < 0.2,
        mine=mine,
        in_progress=mine and rng.random() < 0.4,
    )
