"""The sample workday as data: who works on what, when, and what can be seen of it.

Times are `HH:MM` on the day's wall clock. Nobody and nothing here is real.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Scene:
    """A stretch of the day: `titles` take turns in front; a still scene shows the first only."""

    start: str
    end: str
    titles: tuple[str, ...]
    still: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A git checkout (`branch`) or a commit (`subject`) in a repository."""

    at: str
    repo: str
    branch: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A message the person wrote."""

    at: str
    channel: str
    text: str


@dataclass(frozen=True, slots=True)
class Tracked:
    """An entry that is in Toggl already; `days` weekdays before the sample day."""

    start: str
    end: str
    client: str
    project: str
    description: str
    days: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """Something typed to a coding agent, which then worked by itself `until`."""

    at: str
    until: str
    repo: str
    text: str


@dataclass(frozen=True, slots=True)
class Planned:
    """An entry of the calendar, to which `by` invited; `answer` is the person's own."""

    start: str
    end: str
    title: str
    by: str
    answer: str = "ACCEPTED"
    weekly: bool = False


ALWAYS_OPEN = (
    "Inbox - eero@example.com - Mozilla Thunderbird",
    "Spotify Premium",
    "Passwords.kdbx - KeePassXC",
    "eero@box: ~",
    "Downloads",
)

SCENES = (
    Scene(
        "08:50",
        "09:05",
        (
            "Inbox - eero@example.com - Mozilla Thunderbird",
            "general (Channel) - Acme - Slack",
            "Re: Release on Thursday - Mozilla Thunderbird",
        ),
    ),
    Scene(
        "09:05",
        "10:20",
        (
            "auth.py - acme-api - Visual Studio Code",
            "[DEV-123] Fix login - Jira - Google Chrome",
            "test_auth.py - acme-api - Visual Studio Code",
            "eero@box: ~/src/acme-api",
            "session.py - acme-api - Visual Studio Code",
            "datetime — Basic date and time types — Python documentation — Mozilla Firefox",
        ),
    ),
    Scene("10:20", "10:35", ("Zoom Meeting",), still=True),
    Scene(
        "10:35",
        "11:30",
        (
            "rate_limit.py - acme-api - Visual Studio Code",
            "[DEV-131] Rate limit is off by one - Jira - Google Chrome",
            "eero@box: ~/src/acme-api",
            "test_rate_limit.py - acme-api - Visual Studio Code",
        ),
    ),
    Scene("11:30", "12:15", ("dev-backend (Channel) - Acme - Slack",), still=True),
    Scene(
        "12:15",
        "12:45",
        (
            "PasswordReset.vue - globex-web - Visual Studio Code",
            "#12 Reset password - Globex Web - Taiga - Mozilla Firefox",
            "npm run dev - globex-web",
        ),
    ),
    Scene("12:45", "12:49", ("general (Channel) - Acme - Slack",)),
    Scene(
        "12:49",
        "13:40",
        (
            "PasswordReset.vue - globex-web - Visual Studio Code",
            "eero@box: ~/src/globex-web",
            "Globex – reset your password — Mozilla Firefox",
            "mail.ts - globex-web - Visual Studio Code",
        ),
    ),
    Scene(
        "13:40",
        "13:56",
        (
            "Weather for the weekend — Mozilla Firefox Private Browsing",
            "The best cardamom buns - YouTube — Mozilla Firefox Private Browsing",
            "Mozilla Firefox Private Browsing",
        ),
    ),
    Scene(
        "13:56",
        "14:45",
        (
            "Sprint planning - Globex Web - Taiga - Mozilla Firefox",
            "Globex backlog - Taiga - Mozilla Firefox",
            "globex-shared (Channel) - Globex - Slack",
        ),
    ),
    Scene(
        "14:45",
        "15:50",
        (
            "Cart.vue - globex-web - Visual Studio Code",
            "#17 Cart shows the wrong sum - Globex Web - Taiga - Mozilla Firefox",
            "cart.spec.ts - globex-web - Visual Studio Code",
            "eero@box: ~/src/globex-web",
        ),
    ),
    Scene("15:50", "16:00", ("Downloads", "New Tab — Mozilla Firefox")),
    Scene(
        "16:00",
        "17:05",
        (
            "Pull request #42 · acme/api — Mozilla Firefox",
            "[DEV-140] Export invoices as CSV - Jira - Google Chrome",
            "export.py - acme-api - Visual Studio Code",
            "eero@box: ~/src/acme-api",
        ),
    ),
    Scene(
        "17:05",
        "17:20",
        (
            "dev-backend (Channel) - Acme - Slack",
            "Inbox - eero@example.com - Mozilla Thunderbird",
        ),
    ),
    # The machine slept for a while; then something that no clue explains.
    Scene(
        "18:10",
        "18:45",
        (
            "Untitled 1 - LibreOffice Calc",
            "Untitled 2 - LibreOffice Writer",
            "New Tab — Mozilla Firefox",
        ),
    ),
)

STEPS = (
    Step("09:07", "acme-api", branch="feature/DEV-123-fix-login"),
    Step("09:48", "acme-api", subject="DEV-123 Keep the session after a password change"),
    Step("10:17", "acme-api", subject="DEV-123 Cover the expired session with a test"),
    Step("10:36", "acme-api", branch="bugfix/DEV-131-rate-limit"),
    Step("11:08", "acme-api", subject="DEV-131 Count the first request too"),
    Step("11:27", "acme-api", subject="DEV-131 Test the limit at its edge"),
    Step("12:17", "globex-web", branch="tg-12-reset-password"),
    Step("12:58", "globex-web", subject="TG-12 Ask for the e-mail address first"),
    Step("13:36", "globex-web", subject="TG-12 Send the reset link"),
    Step("14:47", "globex-web", branch="tg-17-cart-sum"),
    Step("15:22", "globex-web", subject="TG-17 Add up cents, not euros"),
    Step("15:46", "globex-web", subject="TG-17 Test the sum of an empty cart"),
    Step("16:02", "acme-api", branch="feature/DEV-140-export"),
    Step("16:58", "acme-api", subject="DEV-140 Quote commas in exported names"),
)

MESSAGES = (
    Said("09:02", "acme-dev", "Morning! I take DEV-123 first"),
    Said("10:37", "acme-dev", "DEV-123 is ready for review, on to DEV-131"),
    Said("12:47", "acme-dev", "Yes, the staging server is free now"),
    Said("13:38", "globex-web", "Reset link works on my machine, #12 is nearly done"),
    Said("15:49", "globex-web", "Found it: the cart added euros to cents. #17 is fixed"),
    Said("17:08", "acme-dev", "Left two comments on the pull request for DEV-140"),
)

# Lunch: nobody touches anything, and the agent that was asked last goes on for half an hour.
AWAY = (("11:30", "12:15"), ("17:20", "18:10"))

ASKED = (
    Asked("09:14", "09:26", "acme-api", "Where is the session dropped after a password change?"),
    Asked("09:52", "10:04", "acme-api", "Write the test for the expired session"),
    Asked("10:58", "11:06", "acme-api", "Why does the first request not count?"),
    Asked("11:28", "12:06", "acme-api", "Go through the other limits and test their edges"),
    Asked("16:12", "16:26", "acme-api", "Write the invoices to a CSV file"),
    Asked("16:34", "16:46", "acme-api", "Which exported names have commas?"),
)

MEETINGS = (
    Planned("10:20", "10:35", "Acme stand-up", "matti@acme.example", weekly=True),
    Planned("13:55", "14:45", "Sprint planning", "sanna@globex.example"),
    Planned("15:00", "15:30", "Acme all hands", "matti@acme.example", answer="DECLINED"),
)

CLIENTS = {
    "Acme Oy": ("Development", "Bug fixing"),
    "Globex Inc": ("Development",),
}

TRACKED = (
    Tracked("13:55", "14:45", "Globex Inc", "Development", "Sprint planning"),
    Tracked("09:00", "12:30", "Acme Oy", "Development", "DEV-123 Fix login", 1),
    Tracked("13:15", "16:45", "Globex Inc", "Development", "#12 Reset password", 1),
    Tracked("09:15", "11:45", "Globex Inc", "Development", "#15 Newsletter sign-up", 2),
    Tracked("12:30", "16:00", "Acme Oy", "Bug fixing", "DEV-127 Wrong time zone in e-mails", 2),
)

# So many weekdays before the sample day nothing was tracked, though the morning left traces.
FORGOTTEN_DAYS = 3
FORGOTTEN_SCENES = SCENES[:6]

JIRA = (
    # number, summary, type, status, category, days since the last change, mine
    (104, "Move to Python 3.12", "Task", "Done", "done", 24, True),
    (109, "Delete unused endpoints", "Task", "To Do", "new", 22, False),
    (112, "Password rules are not shown", "Story", "To Do", "new", 19, True),
    (115, "Search is slow with many users", "Bug", "To Do", "new", 16, False),
    (118, "Log in with a passkey", "Story", "To Do", "new", 12, True),
    (121, "Log out everywhere", "Story", "Done", "done", 9, True),
    (123, "Fix login", "Story", "In Progress", "indeterminate", 0, True),
    (125, "Invitations expire too early", "Bug", "To Do", "new", 7, True),
    (127, "Wrong time zone in e-mails", "Bug", "Done", "done", 2, True),
    (129, "Show the last sign-in", "Story", "To Do", "new", 5, False),
    (131, "Rate limit is off by one", "Bug", "In Progress", "indeterminate", 0, True),
    (134, "Upgrade the database driver", "Task", "To Do", "new", 4, True),
    (136, "Invoice totals for <b>Acme & Sons</b>", "Story", "To Do", "new", 3, True),
    (140, "Export invoices as CSV", "Story", "In Review", "indeterminate", 0, True),
    (142, "Sähköposti ei lähde: ääkköset rikki 🙈", "Bug", "To Do", "new", 1, True),
)

TAIGA = (
    # list, ref, subject, status, closed, days since the last change, mine
    ("epics", 10, "Customers help themselves", "In progress", False, 6, False),
    ("userstories", 11, "Sign up with an e-mail address", "Done", True, 20, True),
    ("userstories", 12, "Reset password", "In progress", False, 0, True),
    ("tasks", 13, "Text of the reset e-mail", "New", False, 3, True),
    ("userstories", 14, "Remember the delivery address", "New", False, 8, False),
    ("userstories", 15, "Newsletter sign-up", "Done", True, 2, True),
    ("issues", 16, "Logo is blurred on phones", "New", False, 4, True),
    ("issues", 17, "Cart shows the wrong sum", "In progress", False, 0, True),
    ("tasks", 18, "Translate the checkout", "New", False, 5, True),
    ("userstories", 19, "Pay by invoice", "New", False, 1, True),
)


def clock(word: str) -> timedelta:
    """`HH:MM` as the time since midnight."""
    hours, minutes = word.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
