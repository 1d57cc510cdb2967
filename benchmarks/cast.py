"""Who a made-up day is about: clients, each with habits of naming things, and their issues."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.groups import Group, Project
from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.keys import KeyForm
from tracklater_bot.sources.issues.jira import key_form
from tracklater_bot.sources.issues.taiga import KEY_FORM as TAIGA

ME = "Mika Virtanen"
LOGIN = "mika"
EMAIL = "mika@virtanen.example"
SHARED_WORKSPACE = "Virtanen Consulting"


@dataclass(frozen=True, slots=True)
class Naming:
    """What a client is called in different places; `friend` is a title that only looks like it."""

    name: str
    display: str
    keywords: tuple[str, ...]
    folder: str
    remote: str
    key: str
    friend: str = ""


# Folders and remotes often do not contain the word that people put into their settings; some words
# are short and mean other things too; scripts differ; "nord" is the beginning of "nordlys".
NAMINGS = (
    Naming("acme", "Acme", ("acme",), "acme-api", "acme/api", "DEV"),
    Naming("globex", "Globex", ("globex",), "globex-web", "globex/web", "GLX"),
    Naming("northwind", "Northwind", ("northwind",), "nw-portal", "northwind/portal", "NWP"),
    Naming(
        "vuoli",
        "Kahvipaahtimo Vuoli",
        ("kahvipaahtimo", "vuoli"),
        "vuoli-shop",
        "vuoli/shop",
        "KAH",
    ),
    Naming(
        "nova",
        "Nova",
        ("nova",),
        "billing-core",
        "nova-systems/billing-core",
        "NOVA",
        "Compute service (nova) — OpenStack documentation — Mozilla Firefox",
    ),
    Naming("nord", "Nord Energi", ("nord",), "grid-ops", "nordenergi/grid-ops", "NRD"),
    Naming("nordlys", "Nordlys Media", ("nordlys",), "nordlys-cms", "nordlys/cms", "LYS"),
    Naming(
        "pushkin", "Кофейня Пушкин", ("кофейня", "pushkin"), "pushkin-pos", "pushkin/pos", "KOF"
    ),
    Naming("sakura", "さくら商店", ("さくら", "sakura"), "sakura-ec", "sakura-shoten/ec", "SKR"),
    Naming(
        "sun",
        "Sun & Co",
        ("sun",),
        "atlas",
        "sunco/atlas",
        "SUN",
        "Sun RPC portmapper explained - Stack Overflow — Mozilla Firefox",
    ),
    Naming(
        "tervakoski",
        "Tervakosken säätiö",
        ("säätiö", "tervakoski"),
        "intranet",
        "tervakoski/intranet",
        "TVK",
    ),
    Naming("umbrella", "Umbrella Health", ("umbrella",), "uh-mobile", "umbrella-health/app", "UMB"),
    Naming("helix", "Helix Bio", ("helix",), "lims", "helixbio/lims", "HLX"),
    Naming("mueller", "Müller & Söhne", ("müller", "mueller"), "mueller-erp", "mueller/erp", "ERP"),
)

ISSUE_TITLES = (
    "Fix login after password reset",
    "Rate limit the token endpoint",
    "Invoice PDF shows the wrong VAT",
    "Add CSV export to reports",
    "Search is slow with many filters",
    "Upgrade to PostgreSQL 16",
    "Ostoskori näyttää väärän summan",
    "Käännökset puuttuvat kassalta",
    "Remove the legacy payment gateway",
    "Dark mode for the dashboard",
    "Webhook retries lose events",
    "Import of suppliers fails on umlauts",
    "Accessibility of the date picker",
    "Onboarding mail is sent twice",
    "Cache product images on the CDN",
    "Kundenexport bricht bei Umlauten ab",
    "Lisää saatavuuskalenteri",
    "Two-factor sign in for admins",
    "Split settings into tabs",
    "Document the deployment",
    "Profile page crashes on empty avatar",
    "Nightly sync leaves stale rows",
    "Move cron jobs to the worker",
    "Show stock levels by warehouse",
    "Optimise the order history query",
    "Печать чека зависает",
    "注文一覧の並び替え",
    "Audit log for permission changes",
    "Replace moment.js",
    "Error page for expired links",
)

FILES = {
    "py": ("auth.py", "views.py", "models/user.py", "settings.py", "test_auth.py", "tasks.py"),
    "web": ("Cart.vue", "checkout.js", "i18n/fi.json", "routes.ts", "App.tsx", "index.html"),
    "go": ("main.go", "handler.go", "store_test.go", "Dockerfile", "README.md", "go.mod"),
    "java": ("OrderService.java", "pom.xml", "InvoiceTest.java", "application.yml", "Order.kt"),
}
EDITORS = ("code", "code", "jetbrains", "vim")
FORGES = ("github", "github", "gitlab")


@dataclass(frozen=True, slots=True)
class Client:
    """A group as the made-up person knows it, with its habits.

    `workspace` is its own Slack workspace, or "" where it has channels in the shared one.
    `tracker` is "jira", "taiga" or "". The two rates say how often a branch and a commit subject
    carry the issue's key.
    """

    naming: Naming
    tracker: str
    workspace: str
    channels: tuple[str, ...]
    editor: str
    forge: str
    files: tuple[str, ...]
    issues: tuple[Issue, ...]
    key_in_branch: float
    key_in_subject: float

    @property
    def name(self) -> str:
        """The group's name in the settings."""
        return self.naming.name

    @property
    def site(self) -> str:
        """The host of its Jira; "" without one."""
        return f"{self.name}.atlassian.net" if self.tracker == "jira" else ""

    @property
    def slug(self) -> str:
        """Its project's name in Taiga's addresses; "" without one."""
        return f"{LOGIN}-{self.name}" if self.tracker == "taiga" else ""

    def _key_forms(self) -> tuple[KeyForm, ...]:
        if self.tracker == "jira":
            return (key_form(self.naming.key),)
        return (TAIGA,) if self.tracker == "taiga" else ()

    def group(self) -> Group:
        """What the engine is told of it: the settings, and the names found in its repository."""
        name, naming = self.name, self.naming
        hosts = [word for word in (self.site, self.slug, self.workspace) if word]
        remotes = (naming.remote, naming.remote.rpartition("/")[2])
        hints = (
            *(Hint(name, HintKind.KEYWORD, word) for word in naming.keywords),
            *(Hint(name, HintKind.HOST, word) for word in hosts),
            Hint(name, HintKind.REPOSITORY, naming.folder),
            *(Hint(name, HintKind.REMOTE, word) for word in remotes),
        )
        return Group(
            name=self.name,
            hints=hints,
            key_forms=self._key_forms(),
            projects=(
                Project("Development", self.name, "default", naming.display, "1"),
                Project("Bug fixing", self.name, "bug", naming.display, "2"),
            ),
        )


def cast(rng: random.Random, size: int, day: WorkDay) -> tuple[Client, ...]:
    """`size` different clients with habits and issues of their own."""
    namings = rng.sample(NAMINGS, size)
    if size > 2 and rng.random() < 0.15:  # one name inside another: a word is not a prefix
        rest = [each for each in namings if not each.name.startswith("nord")]
        namings = [NAMINGS[5], NAMINGS[6], *rest][:size]
    titles = rng.sample(ISSUE_TITLES, len(ISSUE_TITLES))
    return tuple(_client(rng, naming, titles[n::size], day) for n, naming in enumerate(namings))


def _client(rng: random.Random, naming: Naming, titles: list[str], day: WorkDay) -> Client:
    tracker = rng.choices(("jira", "taiga", ""), (60, 30, 10))[0]
    own = rng.random() < 0.45
    prefix = "" if own else f"{naming.name}-"
    return Client(
        naming=naming,
        tracker=tracker,
        workspace=naming.display if own else "",
        channels=tuple(prefix + word for word in ("general", "dev", "releases", "support")),
        editor=rng.choice(EDITORS),
        forge=rng.choice(FORGES),
        files=FILES[rng.choice(tuple(FILES))],
        issues=_issues(rng, naming, tracker, titles, day),
        key_in_branch=rng.choice((0.9, 0.9, 0.5, 0.0)),
        key_in_subject=rng.choice((0.9, 0.6, 0.3, 0.0)),
    )


def _issues(
    rng: random.Random, naming: Naming, tracker: str, titles: list[str], day: WorkDay
) -> tuple[Issue, ...]:
    if not tracker:
        return ()
    numbers = sorted(rng.sample(range(2, 400), len(titles)))
    return tuple(
        _issue(rng, naming, tracker, number, title, day)
        for number, title in zip(numbers, titles, strict=True)
    )


def _issue(
    rng: random.Random, naming: Naming, tracker: str, number: int, title: str, day: WorkDay
) -> Issue:
    jira = tracker == "jira"
    key = f"{naming.key}-{number}" if jira else f"#{number}"
    mine = rng.random() < 0.6
    url = (
        f"https://{naming.name}.atlassian.net/browse/{key}"
        if jira
        else f"https://tree.taiga.io/project/{LOGIN}-{naming.name}/us/{number}"
    )
    return Issue(
        key=key,
        title=title,
        url=url,
        tracker=tracker,
        group=naming.name,
        type=rng.choice(("bug", "story", "task")),
        closed=rng.random() < 0.15,
        mine=mine,
        in_progress=mine and rng.random() < 0.5,
        updated=day.span.start - timedelta(hours=rng.randrange(1, 400)),
    )
