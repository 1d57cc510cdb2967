"""Window titles as real programs write them.

A look is an application and the title its window has while it is in front. Looks that a client
leaves carry a cue of it; bare looks tell nothing of any client.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from benchmarks.cast import EMAIL, LOGIN, ME, SHARED_WORKSPACE, Client
from tracklater_bot.domain.issues import Issue


@dataclass(frozen=True, slots=True)
class Look:
    """The window of `app` is in front and called `title`."""

    app: str
    title: str


Cued: TypeAlias = Callable[[random.Random, Client, Issue | None], Look]

CHROME_PROFILES = ("", "", " - Mika", " - Mika (Work)")
PEOPLE = ("Anna Korhonen", "Matti Meikäläinen", "Li Wei", "Sofía Núñez", "Jens Ø. Larsen")


def _chrome(rng: random.Random, page: str) -> Look:
    return Look("chrome", f"{page} - Google Chrome{rng.choice(CHROME_PROFILES)}")


def _firefox(page: str) -> Look:
    return Look("firefox", f"{page} — Mozilla Firefox")


def _browser(rng: random.Random, page: str) -> Look:
    return _chrome(rng, page) if rng.random() < 0.5 else _firefox(page)


# -- Looks with a cue --------------------------------------------------------------------------


def editor(rng: random.Random, client: Client, issue: Issue | None) -> Look:
    """A file of the client's repository, in the editor it is worked on with."""
    file, folder = rng.choice(client.files), client.naming.folder
    if client.editor == "jetbrains":
        return Look(f"ide:{folder}", f"{folder} – {file}")
    if client.editor == "vim":
        name, _, path = file[::-1].partition("/")
        where = f"~/src/{folder}" + (f"/{path[::-1]}" if path else "")
        return Look("terminal", f"{name[::-1]} ({where}) - VIM")
    dirty = "● " if rng.random() < 0.4 else ""
    return Look(f"code:{folder}", f"{dirty}{file} - {folder} - Visual Studio Code")


def terminal(rng: random.Random, client: Client, issue: Issue | None) -> Look:
    """A shell in the repository, with and without tmux."""
    folder = client.naming.folder
    below = rng.choice(("", "", "/src", "/tests"))
    titles = (f"{LOGIN}@kone: ~/src/{folder}{below}", f"tmux: {folder} 1:zsh*", f"~/src/{folder}")
    return Look("terminal", rng.choice(titles))


def pull_request(rng: random.Random, client: Client, issue: Issue | None) -> Look:
    """A page of the forge: a pull request, a commit list, a comparison."""
    remote, number = client.naming.remote, rng.randrange(20, 500)
    title = issue.title if issue and rng.random() < 0.6 else "Tidy up the build"
    if client.forge == "gitlab":
        spaced = remote.replace("/", " / ")
        return _browser(rng, f"{title} (!{number}) · Merge requests · {spaced} · GitLab")
    pages = (
        f"{title} by {LOGIN} · Pull Request #{number} · {remote}",
        f"Pull request #{number} · {remote}",
        f"Commits · {remote}",
        f"{remote}: the main repository",
    )
    return _browser(rng, rng.choice(pages))


def slack(rng: random.Random, client: Client, issue: Issue | None) -> Look:
    """A channel of the client: in its own workspace, or in the shared one."""
    channel, space = rng.choice(client.channels), client.workspace or SHARED_WORKSPACE
    news = rng.choice(("", "", " - 1 new item", " - 3 new items"))
    titles = (f"{channel} (Channel) - {space}{news} - Slack", f"Slack | {channel} | {space}")
    return Look("slack", rng.choice(titles))


def mail(rng: random.Random, client: Client, issue: Issue | None) -> Look:
    """A mail about the client, in one of three programs."""
    name = client.naming.display
    subject = rng.choice((f"Re: {name}: laskutus", f"{name} – next steps", f"Fwd: {name} staging"))
    if rng.random() < 0.2:
        return _chrome(rng, f"{subject} - {EMAIL} - Gmail")
    return Look("mail", f"{subject} - Mozilla Thunderbird")


def site(rng: random.Random, client: Client, issue: Issue | None) -> Look:
    """The client's own product in a browser, a design, a shared document."""
    name = client.naming.display
    designs = (f"{name} – redesign – Figma", f"{name} spec - Google Docs", f"Dashboard | {name}")
    return _browser(rng, rng.choice(designs))


def board(rng: random.Random, client: Client, issue: Issue | None) -> Look:
    """The tracker's board; tells the group, not the issue."""
    if client.tracker == "jira":
        page = rng.choice((f"{client.naming.key} board", f"{client.naming.key} Sprint 14"))
        return _chrome(rng, f"{page} - Agile board - Jira")
    return _chrome(rng, f"Kanban - {client.naming.display}")


def issue_page(rng: random.Random, client: Client, issue: Issue | None) -> Look:
    """The issue's page in its tracker; the board where there is no issue."""
    if issue is None:
        return board(rng, client, issue)
    if issue.tracker == "jira":
        return _chrome(rng, f"[{issue.key}] {issue.title} - Jira")
    kind = {"bug": "Issue", "story": "User Story", "task": "Task"}[issue.type]
    return _chrome(rng, f"{issue.title} - {kind} {issue.key} - {client.naming.display}")


def branch(rng: random.Random, client: Client, issue: Issue | None) -> Look:
    """A shell or editor that shows the branch beside the folder."""
    if issue is None:
        return terminal(rng, client, issue)
    folder, name = client.naming.folder, branch_name(client, issue)
    if client.editor == "code" and rng.random() < 0.5:
        file = rng.choice(client.files)
        return Look(f"code:{folder}", f"{file} - {folder} ({name}) - Visual Studio Code")
    return Look("terminal", f"{LOGIN}@kone: ~/src/{folder} ({name})")


CUED: tuple[tuple[Cued, int], ...] = (
    (editor, 40),
    (terminal, 17),
    (pull_request, 9),
    (slack, 9),
    (mail, 4),
    (site, 6),
    (board, 3),
    (issue_page, 3),
    (branch, 4),
)


def cued(rng: random.Random, client: Client, issue: Issue | None) -> Look:
    """Any look that tells the client."""
    factories, weights = zip(*CUED, strict=True)
    chosen: Cued = rng.choices(factories, weights)[0]
    return chosen(rng, client, issue)


def interruption(rng: random.Random, client: Client) -> Look:
    """A short look into another client's chat or mail."""
    return slack(rng, client, None) if rng.random() < 0.7 else mail(rng, client, None)


# -- Looks without ------------------------------------------------------------------------------

READING = (
    "python - How to mock a JWT in pytest? - Stack Overflow",
    "datetime — Basic date and time types — Python 3 documentation",
    "Vue.js - The Progressive JavaScript Framework | Vue.js",
    "Array.prototype.flat() - JavaScript | MDN",
    "postgresql - Index not used with OR - Stack Overflow",
    "ChatGPT",
    "New Tab",
    "localhost:3000",
    "Swagger UI",
    "Grafana",
    "GitHub",
    "Calendar - Week of 16 November",
    "Google Translate",
    "git rebase --onto - Google Search",
)
COMMANDS = ("npm run dev", "pytest -k auth", "htop", f"{LOGIN}@kone: ~", "zsh", "docker compose up")


def bare(rng: random.Random, client: Client) -> Look:
    """A look that tells no client at all."""
    draw = rng.random()
    if draw < 0.38:
        return _browser(rng, rng.choice(READING))
    if draw < 0.66:
        return Look("terminal", rng.choice((*COMMANDS, f"ssh deploy@stage-{rng.randrange(1, 4)}")))
    if draw < 0.78:
        return _nameless_editor(rng, client)
    if draw < 0.86:
        return Look("slack", _shared_chat(rng))
    if draw < 0.94:
        return Look("mail", f"Inbox - {EMAIL} - Mozilla Thunderbird")
    return rng.choice(
        (
            Look("keepass", "Passwords.kdbx - KeePassXC"),
            Look("files", "Downloads"),
            Look("music", "Spotify Premium"),
            Look("preview", "scan-0012.pdf"),
        )
    )


def _nameless_editor(rng: random.Random, client: Client) -> Look:
    file, folder = rng.choice(client.files), client.naming.folder
    if client.editor == "jetbrains":
        return Look(f"ide:{folder}", file)
    if client.editor == "vim":
        return Look("terminal", f"vim {file}")
    return Look(f"code:{folder}", rng.choice((f"{file} - Visual Studio Code", "Settings")))


def _shared_chat(rng: random.Random) -> str:
    person = rng.choice(PEOPLE)
    titles = (
        f"Slack | {person} | {SHARED_WORKSPACE}",
        f"{person} (DM) - {SHARED_WORKSPACE} - Slack",
        f"Threads - {SHARED_WORKSPACE} - Slack",
    )
    return rng.choice(titles)


def friend(rng: random.Random, others: tuple[Client, ...]) -> Look | None:
    """A page that has a client's short word in it and has nothing to do with the client."""
    friends = [client.naming.friend for client in others if client.naming.friend]
    return Look("firefox", rng.choice(friends)) if friends else None


# -- Private ------------------------------------------------------------------------------------

IGNORE = ("YouTube", "Private Browsing", "Incognito", "Netflix", "Verkkopankki")
MARKED = (
    Look("private", "Mozilla Firefox Private Browsing"),
    Look("private", "Ilta-Sanomat — Mozilla Firefox (Private Browsing)"),
    Look("private", "Flats to let in Tampere - Google Chrome (Incognito)"),
    Look("firefox", "lo-fi beats to relax to - YouTube — Mozilla Firefox"),
    Look("chrome", "Watch Dark | Netflix - Google Chrome"),
    Look("firefox", "Verkkopankki – Tilit — Mozilla Firefox"),
)
UNMARKED = (
    Look("firefox", "Hacker News — Mozilla Firefox"),
    Look("chrome", "Helsingin Sanomat - Google Chrome"),
    Look("firefox", "r/cycling — Mozilla Firefox"),
)


def private(rng: random.Random) -> Look:
    """Nobody's work; mostly, but not always, in a window that the settings call private."""
    return rng.choice(MARKED if rng.random() < 0.93 else UNMARKED)


# -- Meetings -----------------------------------------------------------------------------------


def meeting(rng: random.Random, client: Client, *, named: bool) -> Look:
    """A call's window; `named`: its title tells whose call it is."""
    name, topic = client.naming.display, rng.choice(("weekly", "planning", "demo", "sync"))
    channel = rng.choice(client.channels)
    telling = (
        f"Meet – {name} {topic} - Google Chrome",
        f"{name} {topic} | Microsoft Teams",
        f"Huddle: #{channel} - {client.workspace or SHARED_WORKSPACE} - Slack",
        f"{name} {topic} - Zoom",
    )
    silent = (
        "Zoom Meeting",
        "Zoom Meeting 40-Minutes",
        "Meet - abc-defg-hij - Google Chrome",
        f"Meeting with {rng.choice(PEOPLE)} | Microsoft Teams",
        f"Meeting in {topic} | Microsoft Teams",
        f"Huddle - {ME} - Slack",
    )
    return Look("meeting", rng.choice(telling if named else silent))


def invitation(rng: random.Random, client: Client) -> Look:
    """Where somebody finds the link of a client's call."""
    name = client.naming.display
    looks = (
        _chrome(rng, f"{name} weekly - Google Calendar"),
        Look("mail", f"Invitation: {name} weekly - Mozilla Thunderbird"),
        slack(rng, client, None),
    )
    return rng.choice(looks)


# -- Branches -----------------------------------------------------------------------------------


def slug(text: str) -> str:
    """The first words of a title as they stand in a branch name."""
    words = "".join(letter if letter.isalnum() else " " for letter in text.casefold()).split()
    return "-".join(words[:4])


def branch_name(client: Client, issue: Issue) -> str:
    """The branch for an issue; a client names its branches with or without the key."""
    number = issue.key.lstrip("#")
    keyed = sum(map(ord, issue.key)) % 100 < client.key_in_branch * 100
    if issue.tracker == "taiga":
        return f"feature/tg-{number}-{slug(issue.title)}" if keyed else slug(issue.title)
    return f"{number}-{slug(issue.title)}" if keyed else f"feature/{slug(issue.title)}"
