"""What titles, branches, commits and messages say about groups and issues."""

from __future__ import annotations

from collections.abc import Sequence
from time import process_time

import pytest

from tests.clues import ACME, GLOBEX, GROUPS, ISSUES, checkout, commit, group, message, windows
from tests.notation import at
from tracklater_bot.domain.clues import Clue, Commit
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.domain.issues import Issue, IssueId
from tracklater_bot.domain.keys import KeyForm
from tracklater_bot.domain.keywords import group_meant
from tracklater_bot.engine.match.matcher import Matcher, keys_in_clues
from tracklater_bot.engine.windows import WindowKind, WindowPlace
from tracklater_bot.sources.issues.taiga import KEY_FORM as TAIGA


def matcher(
    *clues: Clue, groups: Sequence[Group] = GROUPS, issues: Sequence[Issue] = ISSUES
) -> Matcher:
    return Matcher(groups, issues, clues, WindowKind())


def key_of(issue: IssueId | None) -> str | None:
    return issue.key if issue else None


@pytest.mark.parametrize(
    ("title", "groups", "issues"),
    [
        ("auth.py - acme-api - Visual Studio Code", "acme", ""),
        ("eero@box: ~/src/acme-api/tests", "acme", ""),
        ("ACME board - Mozilla Firefox", "acme", ""),
        ("Slack | general | Acme", "acme", ""),
        ("acme_api notes", "acme", ""),
        ("Acme Corp spec - Google Docs", "acme", ""),
        ("acmeology explained", "", ""),  # only whole words
        ("tacme - acmes", "", ""),
        ("vim src/Cart.vue (~/src/globex-web) - VIM", "globex", ""),
        ("web design trends - Mozilla Firefox", "", ""),  # the last part of a remote alone
        ("Pull request #42 · globex/web — Mozilla Firefox", "globex", ""),
        ("[DEV-123] Fix login - Jira - Google Chrome", "acme", "DEV-123"),
        ("fix_dev-131_x", "acme", "DEV-131"),
        ("DEV-999 something new", "acme", ""),  # a key of ours, an issue unknown
        ("UTF-8 and SHA-256 and CVE-2024-1", "", ""),
        ("DEV board - Agile board - Jira - Google Chrome", "acme", ""),
        ("DEV Community: ten tips", "", ""),
        ("dev board - Agile board - Jira", "", ""),  # a word, not the key
        ("Reset password - User Story #12 - Globex", "globex", "#12"),
        ("Globex: TG-77 in review", "globex", "#77"),
        ("Issue #77 · globex/web", "globex", ""),  # GitHub's own number
        ("Tidy up (!12) · Merge requests · globex / web · GitLab", "globex", ""),
        ("Acme roadmap #12", "acme", ""),  # acme has no Taiga
        ("Acme and Globex, shared #12", "acme globex", "#12"),
        ("Ostoskori NÄYTTÄÄ väärän summan by mika", "globex", "#77"),
        ("Ostoskori nayttaa vaaran summan", "globex", "#77"),
        ("Rate limit the token endpoint (GitHub)", "acme", "DEV-131"),
        ("Rate limit the token", "", ""),  # not the whole title
        ("Google Chrome", "", ""),
        ("", "", ""),
    ],
)
def test_window_titles(title: str, groups: str, issues: str) -> None:
    found = matcher().window(title)
    assert " ".join(sorted(found.groups)) == groups
    assert " ".join(sorted(issue.key for issue in found.issues)) == issues


def test_a_program_called_like_a_keyword_is_no_cue() -> None:
    chrome = group("chrome", (HintKind.KEYWORD, "google chrome"), (HintKind.KEYWORD, "slack"))
    matches = matcher(groups=[chrome], issues=[])
    assert not matches.window("Fix login - Google Chrome").groups
    assert not matches.window("general (Channel) - Initech - Slack").groups
    assert matches.window("The Google Chrome team - Mozilla Firefox").groups


@pytest.mark.parametrize(
    ("keyword", "title", "meant"),
    [
        ("säätiö", "Tervakosken SÄÄTIÖ ry", True),
        ("sa\u0308a\u0308tio\u0308", "Tervakosken säätiö", True),  # composed otherwise
        ("säätiö", "säätiöiden liitto", False),
        ("кофейня", "Кофейня Пушкин", True),
        ("注文", "今日の注文一覧", True),  # no spaces between words
        ("first group", "first-group/api", True),
        ("first group", "FIRST_GROUP", True),
        ("first group", "firstgroup", True),
        ("first group", "first aid group", False),
        ("müller & söhne", "Angebot Müller & Söhne.pdf", True),
        ("c++", "learn c++ today", True),
        ("c++", "learn c today", False),
        ("C++", "C++17 by example", True),
        ("C++", "Objective C++", True),
        ("C++", "VC++ runtime", False),  # it begins inside another word
        ("~/g1/", "vim ~/g1/src/main.py", True),
        ("~/g1/", "vim ~/g12/src", False),
        ("acme.", "acme.example: news", True),
        ("[acme]", "re: [acme]news", True),
        ("acme-", "acmeology", False),
    ],
)
def test_keywords_of_any_language(keyword: str, title: str, meant: bool) -> None:
    one = group("one", (HintKind.KEYWORD, keyword))
    assert bool(matcher(groups=[one], issues=[]).window(title).groups) is meant


def test_a_word_that_two_groups_claim_points_to_neither() -> None:
    one = group("one", (HintKind.REPOSITORY, "shop-api"))
    two = group("two", (HintKind.REPOSITORY, "shop-api"))
    assert not matcher(groups=[one, two], issues=[]).window("~/src/shop-api").groups


def test_the_longest_name_wins() -> None:
    shared = group("acme", (HintKind.KEYWORD, "umbrella"))
    other = group("umbrella-health", (HintKind.REMOTE, "umbrella-health/app"))
    matches = matcher(groups=[shared, other], issues=[])
    assert list(matches.window("Commits · umbrella-health/app").groups) == ["umbrella-health"]


@pytest.mark.parametrize(
    ("title", "meant"),
    [
        ("~/src/web", True),
        ("tmux: web 1:zsh*", True),
        ("index.html - web - Visual Studio Code", True),
        ("Notes - web design - Visual Studio Code", False),
        ("The history of the web", False),
    ],
)
def test_a_repository_with_a_common_name(title: str, meant: bool) -> None:
    one = group("one", (HintKind.REPOSITORY, "web"))
    assert bool(matcher(groups=[one], issues=[]).window(title).groups) is meant


@pytest.mark.parametrize(
    ("name", "branch", "key"),
    [
        ("acme", "DEV-123-fix-login", "DEV-123"),
        ("acme", "feature/dev-131_rate-limit", "DEV-131"),
        ("acme", "feature/rate-limit-the-token", "DEV-131"),  # words alone, cut short
        ("acme", "rate", None),
        ("acme", "main", None),
        ("acme", "", None),
        ("acme", "12-reset", None),
        ("globex", "12-reset-password", "#12"),
        ("globex", "feature/tg-77-ostoskori", "#77"),
        ("globex", "ostoskori-näyttää-väärän", "#77"),
        ("globex", "ostoskori-nayttaa-vaaran-summan", "#77"),
        ("globex", "DEV-123-fix-login", None),  # another group's key
    ],
)
def test_branches(name: str, branch: str, key: str | None) -> None:
    found = matcher().branch(name, branch)
    assert key_of(found) == key


@pytest.mark.parametrize(
    ("subject", "branch", "key"),
    [
        ("DEV-123: handle empty input", "main", "DEV-123"),
        ("Fix typo", "DEV-123-fix-login", "DEV-123"),
        ("DEV-131 on the way", "DEV-123-fix-login", "DEV-131"),  # the subject knows better
        ("Rate limit the token endpoint", "main", "DEV-131"),
        ("WIP", "main", None),
    ],
)
def test_commits(subject: str, branch: str, key: str | None) -> None:
    found = matcher().commit(commit("10:00", "acme", subject, branch))
    assert key_of(found) == key


@pytest.mark.parametrize(
    ("text", "channel", "own", "groups", "issues"),
    [
        ("on it", "acme-dev", None, "acme", ""),
        ("the Globex logo", "", None, "globex", ""),
        ("DEV-123 is done", "random", None, "acme", "DEV-123"),
        ("#12 is done", "globex", None, "globex", "#12"),
        ("#12 is done", "random", None, "", ""),
        ("ask globex", "general", "acme", "acme", ""),  # acme's own workspace
        ("hello", "general", "nobody", "", ""),
    ],
)
def test_messages(text: str, channel: str, own: str | None, groups: str, issues: str) -> None:
    found = matcher().message(message("10:00", text, channel, own))
    assert " ".join(found.groups) == groups
    assert " ".join(issue.key for issue in found.issues) == issues


def test_a_word_for_windows_means_nothing_elsewhere() -> None:
    word = Hint("acme", HintKind.KEYWORD, "umbrella", windows_only=True)
    groups = [Group("acme", (word,)), Group("globex")]
    read = matcher(groups=groups, issues=[])
    assert read.window("Umbrella plan - Google Docs").groups == {"acme": "keyword umbrella"}
    assert read.message(message("10:00", "the umbrella plan")).groups == {}
    assert not read.names_others("globex", "Draw the umbrella")
    assert group_meant("the umbrella plan", "umbrella", groups) is None


@pytest.mark.parametrize(
    ("text", "channel", "group"),
    [
        ("can you look at the acme login?", "", "acme"),
        ("DEV-7 is back", "general", "acme"),
        ("on it", "globex-web", "globex"),
        ("acme or globex?", "", None),
        ("#12 is done", "general", None),
        ("lunch?", "general", None),
    ],
)
def test_the_group_that_a_message_is_for(text: str, channel: str, group: str | None) -> None:
    assert group_meant(text, channel, GROUPS) == group


def test_a_key_names_the_issue_of_its_own_tracker() -> None:
    forge = KeyForm("forge", r"acme/api#(\d+)", "#{}", tells_group=True)
    groups = [Group("acme", key_forms=(TAIGA, forge))]
    issues = [
        Issue("#12", "A story", "", "taiga", "acme"),
        Issue("#12", "A bug", "", "forge", "acme"),
    ]
    read = matcher(groups=groups, issues=issues)
    found = read.commit(commit("10:00", "acme", "Mend acme/api#12"))
    assert found == IssueId("acme", "#12", "forge")
    assert read.commit(commit("10:00", "acme", "TG-12")) == IssueId("acme", "#12", "taiga")


# -- Numbers that are no issues ----------------------------------------------------------------

SHOP = group("shop", (HintKind.REMOTE, "firm/shop"), key_forms=(TAIGA,))
SHOP_ISSUES = tuple(
    Issue(key, title, "", "taiga", "shop")
    for key, title in (
        ("#1", "Move to the new server"),
        ("#2", "Sitemap for search engines"),
        ("#3", "Opening hours of the branches"),
        ("#5", "Order totals"),
        ("#12", "Reset password"),
        ("#77", "Export as a table"),
        ("#100", "Faster search"),
        ("#333", "Sort the rows"),
        ("#404", "Delivery address"),
        ("#412", "Palautuslomake"),
        ("#2026", "Newsletter"),
        ("#123456", "Vouchers"),
    )
)


def shop(*clues: Clue) -> Matcher:
    return matcher(*clues, groups=[SHOP], issues=SHOP_ISSUES)


def _commit(subject: str, branch: str = "main", *, hosted: bool = False) -> Commit:
    return Commit(at("10:00"), "shop", "shop", subject, subject, (branch,), hosted)


@pytest.mark.parametrize(
    ("subject", "key"),
    [
        ("Tidy up (#77)", None),
        ("Tidy up (#77) (#12)", None),
        ("Tidy up (#77, #12)", None),
        ("Tidy up (PR #77)", None),
        ('Revert "Tidy up (#77)" (#12)', None),
        ("Merge pull request #77 from firm/tidy", None),
        ("Merged in tidy (pull request #77)", None),
        ("Merge #77: tidy up", None),
        ("Backport of #77", None),
        ("Follow up to PR #77", None),
        ("Review PRs #77 and #12", None),
        ("As said in PR#77", None),
        ("See merge request firm/shop!77", None),
        ("Take over !77", None),
        ("Port firm/shop#77", None),
        ("See github issue #77", None),
        ("See https://git.firm.org/shop#77", None),
        ("Make the border #333", None),
        ("#333 for the background", None),
        ("From #412 to #333", None),
        ("Use #412 and #fff", None),
        ("Grey is #333 now", None),
        ("Set it to #123456", None),
        ("Goals of #2026", None),
        ("Build #77 is broken", None),
        ("Refund for order #404", None),
        ("Sprint #12", None),
        ("Print invoices #12 and #77", None),
        ("Rechnung #404 korrigiert", None),
        ("Show the gate #12 in the list", None),
        ("Textfarbe #404", None),
        ("Teil #2", None),
        ("Refactoring #2", None),
        ("Our #1 customer", None),
        ("Mend tests broken by #77", None),
        ("After #77 was merged", None),
        ("Zendesk #77", None),
        ("Work on #77 again", "#77"),
        ("Behebt #77", "#77"),
        ("feat(#77): tidy up", "#77"),
        ("#2: tidy up", "#2"),
        ("Address on order #404", "#404"),  # a word of its title
        ("Speed up the start page #12", "#12"),
        ("Move to #12.1", None),
        ("Order totals (#77)", "#5"),
        ("Order totals #77", "#5"),  # the title beats the number
        ("Tidy up #12", "#12"),
        ("#77 tidy up", "#77"),
        ("Closes #77, #12", "#77"),
        ("Tidy up (closes #77)", "#77"),
        ("Part of #77", "#77"),
        ("[#77] Tidy up", "#77"),
        ("Fix sending #412", "#412"),  # in two languages
        ("Fixes #333", "#333"),
        ("Keep rows grey #333", "#333"),  # a word of its title
        ("TG-77 (#12)", "#77"),
        ("TG-12 Order totals", "#12"),
        ("See https://tree.taiga.io/project/me-shop/us/77", "#77"),
    ],
)
def test_numbers_in_subjects(subject: str, key: str | None) -> None:
    assert key_of(shop().commit(_commit(subject))) == key


@pytest.mark.parametrize("text", ["#123,", "#1 ", "order #1 ", "(#1", "pull ", "/1-", "#fff #123"])
def test_endless_texts_are_read_in_no_time(text: str) -> None:
    start = process_time()
    assert key_of(shop().commit(_commit(text * 20_000, text * 20_000))) in (None, "#1")
    assert process_time() - start < 5


@pytest.mark.parametrize(
    ("subject", "branch", "key"),
    [
        ("Tidy up #77", "main", None),
        ("Closes #77", "main", None),
        ("#12: tidy up", "main", None),
        ("Order totals #77", "main", "#5"),
        ("TG-77 tidy up", "main", "#77"),
        ("Tidy up #77", "12-reset-password", "#12"),
        ("Tidy up", "feature/#77-tidy-up", None),
        ("Tidy up", "feature/#77-export", "#77"),
        ("Tidy up", "77-order-totals", "#5"),
        ("Tidy up", "tg-77", "#77"),
    ],
)
def test_numbers_where_a_code_host_has_its_own(subject: str, branch: str, key: str | None) -> None:
    made = _commit(subject, branch, hosted=True)
    assert key_of(shop(made).commit(made)) == key


@pytest.mark.parametrize(
    ("branch", "key"),
    [
        ("404-page", None),
        ("404-not-found", None),
        ("3-way-merge", None),
        ("2fa-login", None),
        ("2-factor-login", None),
        ("100-percent", None),
        ("100-percent-faster-search", None),  # counted, not named
        ("2026-roadmap", None),
        ("2026-11-20-newsletter", None),
        ("1-click-checkout", None),
        ("1-server", "#1"),
        ("feature/77-fix-the-thing", None),
        ("12-reset-password", "#12"),
        ("12_password_reset", "#12"),
        ("mika/12-resetting", "#12"),
        ("fix/12-passwords", "#12"),
        ("412-palautuslomakkeen-tila", "#412"),
        ("412-palautuslomake", "#412"),
        ("77-order-totals", "#5"),
        ("feature/#77", "#77"),
        ("feature/#77-tidy-up", "#77"),
    ],
)
def test_numbers_at_the_start_of_branches(branch: str, key: str | None) -> None:
    assert key_of(shop().branch("shop", branch)) == key


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Tidy up by mika · Pull Request #77 · firm/shop — Mozilla Firefox", None),
        ("Tidy up (!77) · Merge requests · firm / shop · GitLab", None),
        ("Shop is down · Issue #77 · firm/shop · GitHub", None),
        ("firm/shop: Pull request #77: Tidy up — Bitbucket", None),
        ("#77 - Tidy up - firm/shop - Codeberg.org", None),
        ("#77 - Tidy up - firm/shop - Git of the firm", None),
        ("Re: [firm/shop] Tidy up (#77) - Gmail", None),
        ("Shop » build #77 - Jenkins", None),
        ("shop: Tidy up (#77)", None),
        ("Order totals by mika · Pull Request #77 · firm/shop", "#5"),
        ("Export as a table - User Story #77 - Shop — Mozilla Firefox", "#77"),
        ("Pull requests in the export - Task #77 - Shop - Google Chrome", "#77"),
        ("https://tree.taiga.io/project/me-shop/issue/77 - Shop", "#77"),
        ("Shop: TG-77 in review", "#77"),
        ("Shop plan #77", "#77"),
        ("We are #1 - Shop", None),
    ],
)
def test_numbers_in_window_titles(title: str, key: str | None) -> None:
    found = shop().window(title)
    assert "shop" in found.groups
    assert [issue.key for issue in found.issues] == ([] if key is None else [key])


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("PR #77 is up", None),
        ("can you look at !77?", None),
        ("<https://github.com/firm/shop/pull/77|#77> is up", None),
        ("see #3 on the list", None),
        ("#1 priority for today", None),
        ("#12 on the agenda", None),
        ("the button should be grey, #333", None),
        ("#77 ist gemerged", None),
        ("Bestellung #404 ist da", None),
        ("table #12 at three", None),
        ("ich bin an #77", "#77"),
        ("working on #77 now", "#77"),
        ("#77 is done", "#77"),
        ("#12 on the way", "#12"),
        ("#3: opening hours are in", "#3"),
        ("https://tree.taiga.io/project/me-shop/task/3", "#3"),
    ],
)
def test_numbers_in_messages(text: str, key: str | None) -> None:
    found = shop().message(message("10:00", text, "", "shop"))
    assert [issue.key for issue in found.issues] == ([] if key is None else [key])


def test_a_branch_of_the_day_in_a_title() -> None:
    matches = matcher(checkout("09:00", "acme", "feature/rate-limit-the-token"))
    found = matches.window("mika@kone: ~ (feature/rate-limit-the-token)")
    assert list(found.groups) == ["acme"]
    assert list(found.issues) == [IssueId("acme", "DEV-131", "jira")]


def test_a_moved_issue_is_known_by_its_old_key() -> None:
    moved = Issue("NEW-1", "Moved", "", "jira", "acme", aliases=("DEV-7",))
    assert matcher(issues=[moved]).branch("acme", "DEV-7-moved") == IssueId("acme", "NEW-1", "jira")


def test_issues_of_one_title_in_two_groups_need_more() -> None:
    twins = [
        Issue("DEV-1", "Update the dependencies", "", "jira", "acme"),
        Issue("#1", "Update the dependencies", "", "taiga", "globex"),
    ]
    matches = matcher(issues=twins)
    assert not matches.window("Update the dependencies").groups
    assert list(matches.window("Update the dependencies · acme/api").issues) == [
        IssueId("acme", "DEV-1", "jira")
    ]


@pytest.mark.parametrize(
    ("title", "place"),
    [
        ("Zoom Meeting", WindowPlace.MEETING),
        ("Zoom-Meeting", WindowPlace.MEETING),
        ("Réunion Zoom", WindowPlace.MEETING),
        ("Reunión de Zoom", WindowPlace.MEETING),
        ("Cisco Webex Meetings", WindowPlace.MEETING),
        ("GoTo Meeting", WindowPlace.MEETING),
        ("VooV Meeting", WindowPlace.MEETING),
        ("Zoom Meeting 40-Minutes", WindowPlace.MEETING),
        ("Acme weekly - Zoom", WindowPlace.MEETING),
        ("Zoom Workplace", WindowPlace.WORK),
        ("Zoom Workplace - Free account", WindowPlace.WORK),
        ("Zoom - Licensed Account", WindowPlace.WORK),
        ("Zoom", WindowPlace.WORK),
        ("Meet - abc-defg-hij - Google Chrome", WindowPlace.MEETING),
        ("Meet – Acme weekly - Google Chrome", WindowPlace.MEETING),
        ("Google Meet - Google Chrome", WindowPlace.PAGE),
        ("Headphones | Gigantti - Google Chrome", WindowPlace.PAGE),
        ("Cheap flights — Mozilla Firefox", WindowPlace.PAGE),
        ("Cheap flights - Google Chrome - Mika (Work)", WindowPlace.PAGE),
        ("Mozilla Firefox", WindowPlace.WORK),
        ("New Tab - Google Chrome", WindowPlace.WORK),
        ("localhost:3000 — Mozilla Firefox", WindowPlace.WORK),
        ("Pull request #42 · acme/api - Google Chrome", WindowPlace.WORK),
        ("Rename it · Discussion #7 · acme — Mozilla Firefox", WindowPlace.WORK),
        ("[DEV-123] Fix login - Jira - Google Chrome", WindowPlace.WORK),
        ("Meet the team - Acme", WindowPlace.WORK),
        ("Meeting notes - Google Docs", WindowPlace.WORK),
        ("Meeting in General | Microsoft Teams", WindowPlace.MEETING),
        ("Weekly sync | Microsoft Teams", WindowPlace.MEETING),
        ("Chat | Anna Korhonen | Microsoft Teams", WindowPlace.TALK),
        ("Calendar | Microsoft Teams", WindowPlace.TALK),
        ("Huddle - Mika Virtanen - Slack", WindowPlace.MEETING),
        ("Standup | Jitsi Meet — Mozilla Firefox", WindowPlace.MEETING),
        ("Anna's room | Whereby - Google Chrome", WindowPlace.MEETING),
        ("general (Channel) - Acme - Slack", WindowPlace.TALK),
        ("Re: invoice - Mozilla Thunderbird", WindowPlace.TALK),
        ("python - How to mock - Stack Overflow - Google Chrome", WindowPlace.REFERENCE),
        ("Watch Dark | Netflix - Google Chrome", WindowPlace.LEISURE),
        ("Mozilla Firefox Private Browsing", WindowPlace.LEISURE),
        ("Kalender | Microsoft Teams", WindowPlace.TALK),
        ("Calls | Microsoft Teams", WindowPlace.TALK),
        ("Meetings - Webex", WindowPlace.WORK),
        ("Zoom-vergadering", WindowPlace.MEETING),
        ("Zoom Besprechung", WindowPlace.MEETING),
        ("Zoom会议", WindowPlace.MEETING),
        ("Jitsi Meet | acme-weekly", WindowPlace.MEETING),
        ("Chime Meeting: acme weekly", WindowPlace.MEETING),
        ("acme - Brave (Private)", WindowPlace.LEISURE),
        ("acme - Private - Vivaldi", WindowPlace.LEISURE),
        ("acme - Google Chrome (Gizli)", WindowPlace.LEISURE),
        ("acme - Google Chrome (inkognitofönster)", WindowPlace.LEISURE),
        ("acme - גלישה בסתר", WindowPlace.LEISURE),
        ("(2) Kalenteri | Acme | Microsoft Teams", WindowPlace.TALK),
        ("Aktivität | Microsoft Teams", WindowPlace.TALK),
        ("Calendrier | Acme | mika@acme.fr | Microsoft Teams", WindowPlace.TALK),
        ("カレンダー | Microsoft Teams", WindowPlace.TALK),
        ("Team meeting | Microsoft Teams", WindowPlace.MEETING),
        ("Daily | Microsoft Teams", WindowPlace.MEETING),
        ("Besprechung | Microsoft Teams", WindowPlace.MEETING),
        ("Anna Korhonen | Microsoft Teams", WindowPlace.MEETING),
        ("Csevegés | Microsoft Teams", WindowPlace.TALK),
        ("(4) Sohbet | Microsoft Teams", WindowPlace.TALK),
        ("Hovory | Microsoft Teams", WindowPlace.TALK),
        ("Ημερολόγιο | Microsoft Teams", WindowPlace.TALK),
        ("Whiteboard | Microsoft Teams", WindowPlace.TALK),
        ("Chat und Kanäle | Microsoft Teams", WindowPlace.TALK),
        ("FaceTime", WindowPlace.MEETING),
        ("Amazon Chime: Meeting Controls", WindowPlace.MEETING),
        ("RingCentral Meeting", WindowPlace.MEETING),
        ("Webex", WindowPlace.WORK),  # open all day
        ("acme wiki - 无痕式 - Google Chrome", WindowPlace.LEISURE),
        ("acme wiki — Mozilla Firefox (隐私浏览模式)", WindowPlace.LEISURE),
        ("acme wiki — Mozilla Firefox (Privátní prohlížení)", WindowPlace.LEISURE),
        ("acme wiki — Firefox – Yksityinen selaustila", WindowPlace.LEISURE),
        ("Flats to let - Google Chrome (Incognito)", WindowPlace.LEISURE),
        ("Arzttermin — Mozilla Firefox (Privater Modus)", WindowPlace.LEISURE),
        ("Médecin — Mozilla Firefox (Navigation privée)", WindowPlace.LEISURE),
        ("Lääkäri — Mozilla Firefox (Yksityinen selaus)", WindowPlace.LEISURE),
        ("Piso - Google Chrome (Incógnito)", WindowPlace.LEISURE),
        ("Врач - Google Chrome (Инкогнито)", WindowPlace.LEISURE),
        ("病院 - Google Chrome (シークレット)", WindowPlace.LEISURE),
        ("auth.py - acme-api - Visual Studio Code", WindowPlace.WORK),
    ],
)
def test_places(title: str, place: WindowPlace) -> None:
    assert WindowKind().of(title) is place


def test_meetings_of_the_settings() -> None:
    kinds = WindowKind(["webinar"])
    assert kinds.is_meeting("Product Webinar - Google Chrome")
    assert not kinds.is_meeting("Webinars to come")


def test_keys_for_the_catalogue() -> None:
    clues = [
        *windows("09:00-09:01 [DEV-7] Old - Jira", "09:01-09:02 UTF-8", "09:02-09:03 Globex #3"),
        checkout("09:05", "acme", "dev-8-x"),
        commit("09:06", "globex", "TG-4 and #5"),
        message("09:07", "see DEV-9"),
    ]
    assert keys_in_clues(clues, GROUPS) == ("#3", "#4", "#5", "DEV-7", "DEV-8", "DEV-9")
    assert keys_in_clues(clues, [ACME]) == ("DEV-7", "DEV-8", "DEV-9")
    assert keys_in_clues(clues, [GLOBEX]) == ("#3", "#4", "#5")
