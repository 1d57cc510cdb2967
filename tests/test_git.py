"""git as a source of clues: real repositories, made by git itself."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC
from pathlib import Path

import pytest

from tests.nobody import nobody
from tests.notation import FRIDAY, at
from tracklater_bot.domain.clues import Checkout, Commit
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.clues.git import GitSource, _RepositoryReading
from tracklater_bot.sources.clues.git_log import asked_reflog, branch_of, parse_log
from tracklater_bot.sources.clues.git_repository import (
    Repository,
    head_reflog,
    locate,
    on_code_host,
    parse_reflog,
    remote_urls,
    remote_words,
)

ME = "eero@example.com"


@pytest.fixture(autouse=True)
def _only_the_test_speaks_to_git(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


class Repo:
    """A real repository; `when` is the clock that git believes, and the authors' too."""

    def __init__(self, path: Path, *init: str, email: str = ME) -> None:
        self.path = path
        self.email = email
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", *init)

    def git(self, *arguments: str, when: str = "08:00", authored: str = "") -> str:
        person = {"NAME": "Eero", "EMAIL": self.email}
        env = {f"GIT_{who}_{key}": person[key] for who in ("AUTHOR", "COMMITTER") for key in person}
        env |= {"GIT_AUTHOR_DATE": _date(authored or when), "GIT_COMMITTER_DATE": _date(when)}
        run = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=os.environ | env,
            check=True,
            capture_output=True,
        )
        return run.stdout.decode().strip()

    def commit(self, subject: str, when: str, *, authored: str = "", email: str = "") -> str:
        if email:
            return Repo.commit(_as(self, email), subject, when, authored=authored)
        self.git("commit", "-q", "--allow-empty", "-m", subject, when=when, authored=authored)
        return self.git("rev-parse", "HEAD")


def _as(repo: Repo, email: str) -> Repo:
    other = object.__new__(Repo)
    other.path, other.email = repo.path, email
    return other


def _date(when: str) -> str:
    return f"@{int(at(when).timestamp())} +0200"


def source(*repos: Repo | Path, emails: tuple[str, ...] = (ME,)) -> GitSource:
    paths = tuple(each.path if isinstance(each, Repo) else each for each in repos)
    return GitSource("acme", paths, emails)


def commits(git: GitSource) -> list[str]:
    reading = git.read(FRIDAY.span)
    assert reading.trouble is None
    return [_written(clue) for clue in reading.clues if isinstance(clue, Commit)]


def checkouts(git: GitSource) -> list[str]:
    clues = git.read(FRIDAY.span).clues
    return [_written(clue) for clue in clues if isinstance(clue, Checkout)]


def _written(clue: Commit | Checkout) -> str:
    clock = f"{FRIDAY.local(clue.at):%H:%M}"
    return f"{clock} {clue.subject if isinstance(clue, Commit) else clue.branch or '-'}"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "acme-api")


# -- Which commits -----------------------------------------------------------------------------


def test_a_commit_says_when_where_and_what(repo: Repo) -> None:
    sha = repo.commit("DEV-1 Fix login", "10:00")
    [clue] = [c for c in source(repo).read(FRIDAY.span).clues if isinstance(c, Commit)]
    assert clue == Commit(at("10:00"), "acme", "acme-api", sha, "DEV-1 Fix login", ("main",))


def test_commits_of_all_branches_and_of_a_detached_head(repo: Repo) -> None:
    repo.commit("on main", "09:00")
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("on topic", "10:00")
    repo.git("checkout", "-q", "--detach", "main")
    repo.commit("on no branch", "11:00")
    assert commits(source(repo)) == ["09:00 on main", "10:00 on topic", "11:00 on no branch"]


def test_a_commit_on_five_branches_counts_once(repo: Repo) -> None:
    repo.commit("shared", "09:00")
    for name in "abcd":
        repo.git("branch", name)
    assert commits(source(repo)) == ["09:00 shared"]


def test_own_addresses_without_regard_to_case_and_nobody_elses(repo: Repo) -> None:
    repo.commit("mine", "09:00", email="Eero@Example.COM")
    repo.commit("hers", "09:10", email="anna@example.com")
    repo.commit("only looks like mine", "09:20", email="veero@example.com")
    repo.commit("my other address", "09:30", email="eero@acme.example")
    addresses = ("eero@EXAMPLE.com", "eero@acme.example")
    assert commits(source(repo, emails=addresses)) == ["09:00 mine", "09:30 my other address"]


def test_an_address_is_no_pattern(repo: Repo) -> None:
    repo.commit("not mine", "09:00", email="eeroXexample@x.example")
    assert commits(source(repo, emails=("eero.example@x.example", ".*"))) == []


def test_a_mailmap_renames_nobody(repo: Repo) -> None:
    (repo.path / ".mailmap").write_text(f"Anna <anna@example.com> <{ME}>\n")
    repo.commit("mine", "09:00")
    assert commits(source(repo)) == ["09:00 mine"]


def test_the_author_time_counts_and_the_end_of_the_span_does_not(repo: Repo) -> None:
    repo.commit("the evening before", "03:59:59")
    repo.commit("first", "04:00:00")
    repo.commit("last", "27:59:59")
    repo.commit("the next day", "28:00:00")
    repo.commit("amended days later", "90:00", authored="12:00")
    assert commits(source(repo)) == ["04:00 first", "12:00 amended days later", "03:59 last"]


def test_an_old_author_date_on_top_hides_nothing(repo: Repo) -> None:
    repo.commit("mine", "09:00")
    repo.commit("picked from long ago", "10:00", authored="-2000:00")
    assert commits(source(repo)) == ["09:00 mine"]


def test_a_clock_hours_behind_hides_nothing(repo: Repo) -> None:
    repo.commit("mine", "09:00")
    repo.commit("committed on a machine with a slow clock", "-14:00", authored="10:00")
    assert commits(source(repo))[0] == "09:00 mine"


def test_cherry_picks_and_rebases_count_once(repo: Repo) -> None:
    repo.commit("base", "08:00")
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("work", "09:00")
    repo.git("checkout", "-q", "main")
    repo.commit("meanwhile", "09:30")
    repo.git("cherry-pick", "--allow-empty", "topic", when="10:00", authored="09:00")
    repo.git("branch", "copy", "topic")
    repo.git("rebase", "-q", "main", "topic", when="11:00")
    found = commits(source(repo))
    assert sorted(found) == ["08:00 base", "09:00 work", "09:30 meanwhile"]


def test_work_fetched_from_another_machine_counts(repo: Repo, tmp_path: Path) -> None:
    laptop = Repo(tmp_path / "laptop")
    laptop.commit("on the train", "07:00")
    repo.git("fetch", "-q", str(laptop.path), "main:refs/remotes/laptop/feature/DEV-9")
    [clue] = source(repo).read(FRIDAY.span).clues
    assert isinstance(clue, Commit)
    assert (clue.subject, clue.branches) == ("on the train", ("feature/DEV-9",))


def test_stashes_and_tags_are_no_commits_of_a_branch(repo: Repo) -> None:
    repo.commit("base", "08:00")
    (repo.path / "file").write_text("x")
    repo.git("add", "file")
    repo.git("stash", when="09:00")
    assert commits(source(repo)) == ["08:00 base"]


@pytest.mark.parametrize(
    "subject",
    [
        "%s %n $(touch x) `id` 'q' \"q\"",
        "a | b ; c",
        "Käyttäjä 🔥 日本語",
        "<!channel> & <b>",
        "-x",
    ],
)
def test_a_subject_may_be_anything(repo: Repo, subject: str) -> None:
    repo.commit(subject, "09:00")
    assert commits(source(repo)) == [f"09:00 {subject}"]


def test_control_characters_in_a_subject_become_spaces(repo: Repo) -> None:
    repo.commit("red \x1b[31m and \x1f unit \x1e record", "09:00")
    assert commits(source(repo)) == ["09:00 red  [31m and   unit   record"]


@pytest.mark.parametrize(
    ("message", "by_program"),
    [
        ("vault backup: 2026-11-20 09:00:00", True),
        ("Mend the cart\n\nTidy.\n\nCo-authored-by: Claude <noreply@anthropic.com>", True),
        ("Mend the cart\n\nIt was empty.", False),
    ],
)
def test_a_commit_says_whether_a_program_made_it(
    repo: Repo, message: str, by_program: bool
) -> None:
    repo.commit(message, "09:00")
    [made] = (clue for clue in source(repo).read(FRIDAY.span).clues if isinstance(clue, Commit))
    assert (made.by_program, made.subject) == (by_program, message.partition("\n")[0])


def test_subjects_in_other_encodings(repo: Repo) -> None:
    message = repo.path / "message"
    message.write_bytes("Päivitys".encode("latin-1"))
    repo.git("-c", "i18n.commitEncoding=latin-1", "commit", "-q", "--allow-empty", "-F", "message")
    _write_commit(repo, "09:00", "Päivitys".encode("latin-1"))
    assert commits(source(repo)) == ["08:00 Päivitys", "09:00 P\N{REPLACEMENT CHARACTER}ivitys"]


def _write_commit(repo: Repo, when: str, message: bytes, headers: str = "") -> None:
    """A commit on top, as git itself would not write it."""
    who = f"E <{ME}> {_date(when)[1:]}"
    tree, parent = repo.git("rev-parse", "HEAD^{tree}"), repo.git("rev-parse", "HEAD")
    start = f"tree {tree}\nparent {parent}\nauthor {who}\ncommitter {who}\n{headers}\n"
    (repo.path / "object").write_bytes(start.encode() + message)
    repo.git("reset", "-q", repo.git("hash-object", "-t", "commit", "-w", "object"))


def test_records_that_make_no_sense_are_left_out() -> None:
    lines = ("9|9|a|HEAD|e@x|ok", "9||b|HEAD|e@x|no time", "²|9|c|HEAD|e@x|none", "9|9|half", "")
    records = [line.replace("|", "\x1f").encode() for line in lines]
    assert [each.subject for each in parse_log(records, 0)] == ["ok"]


# -- What lies under old commits ---------------------------------------------------------------


def _fetched(repo: Repo, folder: Path) -> Path:
    """A clone, in whose reflog there is none of it."""
    repo.git("clone", "-q", "--no-local", ".", str(folder))
    return folder


@pytest.mark.parametrize("old", [1, 5, 60])
def test_old_commits_on_top_hide_nothing(repo: Repo, tmp_path: Path, old: int) -> None:
    repo.commit("base", "-100:00")
    repo.commit("first", "09:00")
    repo.commit("second", "11:00")
    for number in range(old):
        repo.commit(f"patch {number}", "-300:00")
    expected = ["09:00 first", "11:00 second"]
    assert commits(source(repo)) == expected
    assert commits(source(_fetched(repo, tmp_path / "clone"))) == expected


def test_old_commits_in_between_hide_nothing(repo: Repo, tmp_path: Path) -> None:
    for number in range(4):
        repo.commit(f"work {number}", f"{9 + number}:00")
        repo.commit("patch", "-300:00")
    expected = ["09:00 work 0", "10:00 work 1", "11:00 work 2", "12:00 work 3"]
    assert commits(source(_fetched(repo, tmp_path / "clone"))) == expected


def test_a_commit_of_1970_on_top_hides_nothing_beside_busy_branches(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit("base", "-9000:00")
    repo.git("branch", "busy")
    repo.commit("mine", "09:00")
    repo.git("-c", "user.name=x", "commit", "-q", "--allow-empty", "-m", "clock", when="-400000:00")
    _import(repo, "busy", count=3000, hours_apart=2)
    assert commits(source(_fetched(repo, tmp_path / "clone"))) == ["09:00 mine"]


def _import(repo: Repo, branch: str, count: int, hours_apart: int) -> None:
    """Many commits of another person on top of a branch, the last one before the day."""
    last = int(at("-30:00").timestamp())
    stream = []
    for number in range(count):
        who = f"Anna <anna@x> {last - 3600 * hours_apart * (count - number)} +0000"
        start = "" if number else f"from refs/heads/{branch}^0\n"
        commit = f"author {who}\ncommitter {who}\ndata 1\nx\n{start}\n"
        stream.append(f"commit refs/heads/{branch}\n{commit}")
    command = ["git", "fast-import", "--quiet"]
    subprocess.run(command, cwd=repo.path, input="".join(stream).encode(), check=True)


def test_a_day_long_ago_is_found_below_thousands_of_commits(repo: Repo, tmp_path: Path) -> None:
    repo.commit("mine", "09:00")
    for number in range(3):
        _write_commit(repo, f"{40 + number}:00", b"later")
    last = int(at("50:00").timestamp())
    who = [f"Anna <anna@x> {last + number * 60} +0000" for number in range(3000)]
    stream = "".join(
        f"commit refs/heads/main\nauthor {each}\ncommitter {each}\ndata 1\nx\n"
        + ("\n" if number else "from refs/heads/main^0\n\n")
        for number, each in enumerate(who)
    )
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=repo.path, input=stream.encode(), check=True
    )
    assert commits(source(_fetched(repo, tmp_path / "clone"))) == ["09:00 mine"]


def test_damage_that_is_older_than_the_day_loses_nothing(repo: Repo) -> None:
    lost = repo.commit("lost", "-300:00")
    repo.commit("old", "-200:00")
    repo.commit("work", "09:00")
    (repo.path / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    assert commits(source(repo)) == ["09:00 work"]


# -- What only HEAD's reflog knows -------------------------------------------------------------


def _amend(repo: Repo, when: str, *more: str) -> None:
    repo.git("commit", "-q", "--amend", "--allow-empty", "--no-edit", *more, when=when)


def _ids(git: GitSource) -> set[str]:
    return {clue.sha for clue in git.read(FRIDAY.span).clues if isinstance(clue, Commit)}


def test_each_time_that_a_commit_was_amended_counts(repo: Repo) -> None:
    repo.commit("Order form", "09:10")
    for hour in (10, 11, 12):
        _amend(repo, f"{hour}:10")
    assert commits(source(repo)) == [f"{hour}:10 Order form" for hour in ("09", "10", "11", "12")]
    assert _ids(source(repo)) == {repo.git("rev-parse", "HEAD")}, "it is one commit"


@pytest.mark.parametrize("how", [("-m", "Order form"), ("-m", "Order form", "--reset-author")])
def test_an_amended_commit_has_its_last_words(repo: Repo, how: tuple[str, ...]) -> None:
    repo.commit("WIP", "09:10")
    _amend(repo, "10:10")
    repo.git("commit", "-q", "--amend", "--allow-empty", *how, when="11:10")
    assert commits(source(repo)) == [f"{hour}:10 Order form" for hour in ("09", "10", "11")]
    assert len(_ids(source(repo))) == 1


def test_yesterdays_commit_amended_today(repo: Repo) -> None:
    repo.commit("Order form", "-10:00")
    _amend(repo, "09:30")
    assert commits(source(repo)) == ["09:30 Order form"]


def test_todays_commit_amended_tomorrow_counts_today(repo: Repo) -> None:
    repo.commit("Order form", "09:30")
    _amend(repo, "33:00")
    assert commits(source(repo)) == ["09:30 Order form"]


def test_amended_and_rebased_is_one_commit(repo: Repo) -> None:
    repo.commit("base", "08:00", email="anna@example.com")
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("work", "09:00")
    _amend(repo, "10:00")
    repo.git("checkout", "-q", "main")
    repo.commit("hers", "10:30", email="anna@example.com")
    repo.git("rebase", "-q", "main", "topic", when="11:00")
    assert commits(source(repo)) == ["09:00 work", "10:00 work"]
    assert len(_ids(source(repo))) == 1


def test_amending_anothers_commit_makes_it_not_mine(repo: Repo) -> None:
    repo.commit("hers", "09:00", email="anna@example.com")
    _amend(repo, "10:00")
    assert commits(source(repo)) == []


def test_another_who_amends_mine_does_no_work_of_mine(repo: Repo) -> None:
    repo.commit("mine", "09:00")
    _amend(_as(repo, "anna@example.com"), "10:00")
    assert commits(source(repo)) == ["09:00 mine"]


def test_a_squash_merge_whose_branch_is_deleted(repo: Repo) -> None:
    repo.commit("base", "-20:00")
    repo.git("checkout", "-q", "-b", "topic", when="08:30")
    repo.commit("first step", "09:00")
    repo.commit("second step", "10:00")
    repo.git("checkout", "-q", "main", when="10:30")
    repo.git("merge", "-q", "--squash", "topic", when="10:31")
    repo.commit("Topic", "10:32")
    repo.git("branch", "-q", "-D", "topic")
    clues = [c for c in source(repo).read(FRIDAY.span).clues if isinstance(c, Commit)]
    assert [(_written(clue), clue.branches) for clue in clues] == [
        ("09:00 first step", ("topic",)),
        ("10:00 second step", ("topic",)),
        ("10:32 Topic", ("main",)),
    ]


def test_a_deleted_branch_from_another_machine_that_was_looked_at(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit("base", "-20:00")
    laptop = Repo(tmp_path / "laptop")
    laptop.commit("on the train", "07:00")
    laptop.commit("on the bus", "07:30")
    repo.git("fetch", "-q", str(laptop.path), "main:trip")
    repo.git("checkout", "-q", "trip", when="12:00")
    repo.git("checkout", "-q", "main", when="12:10")
    repo.git("branch", "-q", "-D", "trip")
    assert commits(source(repo)) == ["07:00 on the train", "07:30 on the bus"]


def test_work_that_was_reset_away_was_work(repo: Repo) -> None:
    repo.commit("base", "08:00")
    repo.commit("a wrong idea", "09:00")
    repo.git("reset", "-q", "--hard", "HEAD~1", when="09:30")
    repo.commit("a better one", "10:00")
    assert commits(source(repo)) == ["08:00 base", "09:00 a wrong idea", "10:00 a better one"]


def test_gone_commits_of_others_and_of_other_days_are_left_out(repo: Repo) -> None:
    repo.commit("base", "-100:00")
    repo.commit("hers", "09:00", email="anna@example.com")
    repo.commit("the evening before", "-1:00")
    repo.git("reset", "-q", "--hard", "HEAD~2", when="09:30")
    assert commits(source(repo)) == []


def test_what_another_worktrees_head_knows(repo: Repo, tmp_path: Path) -> None:
    repo.commit("base", "-20:00")
    repo.git("worktree", "add", "-q", str(tmp_path / "hotfix"), "-b", "hotfix", when="08:00")
    tree = _as(repo, ME)
    tree.path = tmp_path / "hotfix"
    tree.commit("hotfix", "09:00")
    _amend(tree, "10:00")
    tree.git("checkout", "-q", "--detach", "main", when="11:00")
    repo.git("branch", "-q", "-D", "hotfix")
    assert commits(source(repo)) == ["09:00 hotfix", "10:00 hotfix"]


def test_gone_commits_that_git_has_cleared_away(repo: Repo) -> None:
    repo.commit("base", "08:00")
    lost = repo.commit("gone", "09:00")
    repo.git("reset", "-q", "--hard", "HEAD~1", when="09:30")
    (repo.path / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    assert commits(source(repo)) == ["08:00 base"]


def test_words_that_a_rebase_changed(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("base", "-20:00")
    for name, when in (("Oder form", "09:00"), ("Totals", "10:00")):
        (repo.path / name).touch()
        repo.git("add", name)
        repo.commit(name, when)
    with monkeypatch.context() as editing:
        editing.setenv("GIT_SEQUENCE_EDITOR", "sed -i -e 1s/pick/reword/")
        editing.setenv("GIT_EDITOR", "sed -i -e s/Oder/Order/")
        repo.git("rebase", "-q", "-i", "HEAD~2", when="11:00", authored="09:00")
    assert commits(source(repo)) == ["09:00 Order form", "10:00 Totals", "11:00 Order form"]
    assert len(_ids(source(repo))) == 2


def test_two_clones_count_an_amended_commit_once(repo: Repo, tmp_path: Path) -> None:
    repo.commit("work", "09:00")
    _amend(repo, "10:00")
    git = source(repo, _fetched(repo, tmp_path / "clone"))
    assert commits(git) == ["09:00 work", "10:00 work"]


@pytest.mark.parametrize(
    ("ref", "branch"),
    [
        ("refs/heads/feature/DEV-1", ("feature/DEV-1",)),
        ("refs/heads/feature/DEV-1~4", ("feature/DEV-1",)),
        ("refs/remotes/origin/feature/DEV-1", ("feature/DEV-1",)),
        ("refs/remotes/origin/HEAD", ()),
        ("HEAD", ()),
        ("worktrees/x/HEAD", ()),
        ("refs/tags/v1", ()),
    ],
)
def test_branch_of_a_ref(ref: str, branch: tuple[str, ...]) -> None:
    assert branch_of(ref) == branch


# -- Checkouts ---------------------------------------------------------------------------------


def test_checkouts_of_the_day_and_the_branch_of_the_morning(repo: Repo) -> None:
    repo.commit("base", "-100:00")
    repo.git("checkout", "-q", "-b", "old", when="-90:00")
    repo.git("checkout", "-q", "-b", "feature/DEV-1", when="-10:00")
    repo.git("checkout", "-q", "main", when="09:00")
    repo.git("switch", "-q", "-c", "feature/DEV-2", when="10:00")
    repo.git("checkout", "-q", "main", when="30:00")
    reading = source(repo).read(FRIDAY.span)
    assert reading.clues == (
        Checkout(at("-10:00"), "acme", "acme-api", "feature/DEV-1"),
        Checkout(at("09:00"), "acme", "acme-api", "main"),
        Checkout(at("10:00"), "acme", "acme-api", "feature/DEV-2"),
    )


def test_without_a_checkout_it_is_the_branch_of_the_first_entry(repo: Repo) -> None:
    repo.commit("base", "-50:00")
    assert checkouts(source(repo)) == ["22:00 main"]


def test_the_branch_that_the_first_checkout_left_was_there_from_the_start(repo: Repo) -> None:
    repo.commit("base", "09:00")
    repo.git("checkout", "-q", "-b", "topic", when="12:00")
    assert checkouts(source(repo)) == ["09:00 main", "12:00 topic"]


def test_a_detached_head_is_no_branch(repo: Repo) -> None:
    first = repo.commit("first", "08:00")
    repo.commit("second", "08:30")
    repo.git("checkout", "-q", first, when="09:00")
    repo.git("checkout", "-q", "main", when="10:00")
    repo.git("checkout", "-q", "HEAD~1", when="11:00")
    assert checkouts(source(repo)) == ["08:00 main", "09:00 -", "10:00 main", "11:00 -"]


def test_a_renamed_branch(repo: Repo) -> None:
    repo.commit("base", "08:00")
    repo.git("branch", "-m", "feature/DEV-3", when="09:00")
    assert checkouts(source(repo)) == ["08:00 main", "09:00 feature/DEV-3"]


def test_a_rebase_leaves_the_branch_as_it_is(repo: Repo) -> None:
    repo.commit("base", "08:00")
    repo.git("checkout", "-q", "-b", "topic", when="08:10")
    repo.commit("work", "08:20")
    repo.git("checkout", "-q", "main", when="08:30")
    repo.commit("more", "08:40")
    repo.git("rebase", "-q", "main", "topic", when="09:00")
    assert checkouts(source(repo))[-2:] == ["08:30 main", "09:00 topic"]


def test_a_commit_belongs_to_the_branch_it_was_made_on(repo: Repo) -> None:
    repo.commit("base", "08:00")
    repo.git("checkout", "-q", "-b", "feature/DEV-1", when="08:10")
    repo.commit("work", "09:00")
    repo.git("branch", "aaa")
    repo.git("checkout", "-q", "main", when="10:00")
    repo.git("merge", "-q", "--ff-only", "feature/DEV-1", when="10:05")
    clues = source(repo).read(FRIDAY.span).clues
    made = {clue.subject: clue.branches for clue in clues if isinstance(clue, Commit)}
    assert made == {"base": ("main",), "work": ("feature/DEV-1",)}


def test_a_reflog_with_lines_that_make_no_sense() -> None:
    moved = "0 1 E <e@x> 100 +0200\tcheckout: moving from main to topic"
    text = f"garbage\n{moved}\n0 2 E <e@x> x +0200\tcheckout: moving from a to b\n\x00\x00"
    assert parse_reflog(text, "topic").branches == ((100, "main"), (100, "topic"))
    assert parse_reflog("", "main").branches == ()


# -- Kinds of repositories ---------------------------------------------------------------------


def test_a_bare_repository_and_its_clone_count_each_commit_once(repo: Repo, tmp_path: Path) -> None:
    repo.commit("work", "09:00")
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "api.git"))
    reading = source(tmp_path / "api.git", repo).read(FRIDAY.span)
    assert [c.repo for c in reading.clues if isinstance(c, Commit)] == ["api"]
    assert Hint("acme", HintKind.REPOSITORY, "api") in reading.hints


def test_worktrees_share_commits_and_have_their_own_checkouts(repo: Repo, tmp_path: Path) -> None:
    repo.commit("base", "08:00")
    repo.git("worktree", "add", "-q", str(tmp_path / "acme-hotfix"), "-b", "hotfix", when="09:00")
    tree = _as(repo, ME)
    tree.path = tmp_path / "acme-hotfix"
    tree.git("checkout", "-q", "--detach", when="09:10")
    tree.commit("in no branch", "10:00")
    for git in (source(repo, tree), source(tree), source(repo)):
        reading = git.read(FRIDAY.span)
        found = [(c.repo, c.subject) for c in reading.clues if isinstance(c, Commit)]
        assert found == [("acme-api", "base"), ("acme-api", "in no branch")]
        moves = [(c.repo, c.branch) for c in reading.clues if isinstance(c, Checkout)]
        assert moves == [("acme-api", "main"), ("acme-hotfix", "hotfix"), ("acme-hotfix", "")]
        assert {hint.text for hint in reading.hints} == {"acme-api", "acme-hotfix"}


def test_the_same_repository_by_several_paths(repo: Repo, tmp_path: Path) -> None:
    repo.commit("work", "09:00")
    (tmp_path / "link").symlink_to(repo.path)
    assert commits(source(repo, tmp_path / "link", repo.path / ".." / "acme-api")) == ["09:00 work"]


def test_two_clones_count_each_commit_once(repo: Repo, tmp_path: Path) -> None:
    repo.commit("work", "09:00")
    repo.git("clone", "-q", ".", str(tmp_path / "clone"))
    assert commits(source(repo, tmp_path / "clone")) == ["09:00 work"]


@pytest.mark.parametrize("kind", [(), ("--bare",)])
def test_an_empty_repository_is_no_trouble(tmp_path: Path, kind: tuple[str, ...]) -> None:
    reading = source(Repo(tmp_path / "new", *kind)).read(FRIDAY.span)
    assert (reading.clues, reading.trouble) == ((), None)


def test_a_shallow_clone(repo: Repo, tmp_path: Path) -> None:
    repo.commit("too far back", "08:00")
    repo.commit("work", "09:00")
    repo.git("clone", "-q", "--depth=1", f"file://{repo.path}", str(tmp_path / "shallow"))
    assert commits(source(tmp_path / "shallow")) == ["09:00 work"]


def test_a_sha256_repository(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "modern", "--object-format=sha256")
    repo.commit("base", "08:00")
    repo.git("checkout", "-q", "-b", "topic", when="09:00")
    [commit] = [c for c in source(repo).read(FRIDAY.span).clues if isinstance(c, Commit)]
    assert len(commit.sha) == 64
    assert commit.branches == ("main",)


def test_a_submodule(repo: Repo, tmp_path: Path) -> None:
    library = Repo(tmp_path / "library")
    library.commit("library work", "09:00")
    allow = ("-c", "protocol.file.allow=always")
    repo.git(*allow, "submodule", "--quiet", "add", str(library.path), "lib")
    reading = source(repo.path / "lib").read(FRIDAY.span)
    assert [c.subject for c in reading.clues if isinstance(c, Commit)] == ["library work"]
    assert Hint("acme", HintKind.REPOSITORY, "lib") in reading.hints


def test_a_bare_folder_beside_its_worktrees_is_called_after_the_folder(tmp_path: Path) -> None:
    Repo(tmp_path / "acme-api" / ".bare", "--bare")
    (tmp_path / "acme-api" / ".git").write_text("gitdir: ./.bare\n")
    reading = source(tmp_path / "acme-api").read(FRIDAY.span)
    assert reading.trouble is None
    assert [hint.text for hint in reading.hints] == ["acme-api"]


def test_home_is_expanded(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("work", "09:00")
    monkeypatch.setenv("HOME", str(repo.path.parent))
    assert commits(source(Path("~/acme-api"))) == ["09:00 work"]


def test_without_addresses_the_repositorys_own_counts(repo: Repo) -> None:
    repo.git("config", "user.email", ME.upper())
    repo.commit("mine", "09:00")
    repo.commit("hers", "09:10", email="anna@example.com")
    assert commits(source(repo, emails=())) == ["09:00 mine"]


# -- Trouble -----------------------------------------------------------------------------------


def trouble(git: GitSource) -> str:
    reading = git.read(FRIDAY.span)
    assert reading.trouble is not None
    assert "\n" not in reading.trouble
    return reading.trouble


def test_one_repository_failing_does_not_stop_the_others(repo: Repo, tmp_path: Path) -> None:
    repo.commit("work", "09:00")
    (tmp_path / "plain").mkdir()
    reading = source(tmp_path / "missing", repo, tmp_path / "plain").read(FRIDAY.span)
    assert [c.subject for c in reading.clues if isinstance(c, Commit)] == ["work"]
    assert reading.trouble == (
        f"{tmp_path}/missing does not exist: correct git.repos in the settings; "
        f"{tmp_path}/plain is no git repository: correct git.repos in the settings"
    )


def test_a_folder_inside_a_repository_is_not_taken_for_it(repo: Repo) -> None:
    (repo.path / "src").mkdir()
    repo.commit("work", "09:00")
    assert trouble(source(repo.path / "src")) == (
        f"{repo.path}/src is no git repository: name {repo.path} instead"
    )


def test_a_damaged_repository_inside_another_does_not_show_the_outer_one(repo: Repo) -> None:
    repo.commit("of the outer one", "09:00")
    (repo.path / "inner" / ".git").mkdir(parents=True)
    assert f"git cannot read {repo.path}/inner: not a git repository" in trouble(
        source(repo.path / "inner")
    )


def test_a_file_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "is no git repository" in trouble(source(tmp_path / "file"))


def test_a_repository_that_may_not_be_read(repo: Repo) -> None:
    repo.path.chmod(0)
    try:
        with nobody():
            sentence = trouble(source(repo))
    finally:
        repo.path.chmod(0o700)
    assert sentence == (
        f"{repo.path} cannot be read (Permission denied): allow it, or take it out of git.repos"
    )


def test_a_repository_of_another_user(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("work", "09:00")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert trouble(source(repo)) == (
        f"git refuses {repo.path}, which belongs to another user: if you trust it,"
        f" run `git config --global --add safe.directory {repo.path}`"
    )


def test_checkouts_are_still_told_when_git_refuses(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("work", "09:00")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert checkouts(source(repo)) == ["09:00 main"]


def test_a_missing_object(repo: Repo) -> None:
    lost = repo.commit("lost", "08:00")
    repo.commit("work", "09:00")
    (repo.path / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    assert trouble(source(repo)).startswith(f"git cannot read {repo.path}: ")


def test_nobody_knows_whose_commits(repo: Repo) -> None:
    repo.commit("work", "09:00")
    assert "put your addresses into git.emails" in trouble(source(repo, emails=()))


def test_git_is_missing(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("work", "09:00")
    assert commits(source(repo))
    monkeypatch.setattr("git.cmd.Git.GIT_PYTHON_GIT_EXECUTABLE", "no-such-git")
    assert trouble(source(repo)) == "git is not installed, or not in PATH: install it"


def test_git_is_missing_from_the_start(repo: Repo) -> None:
    repo.commit("work", "09:00")
    script = (
        "from pathlib import Path; from tests.notation import FRIDAY;"
        "from tracklater_bot.sources.clues.git import GitSource;"
        f"print(GitSource('acme', (Path({str(repo.path)!r}),), ('x',)).read(FRIDAY.span).trouble)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": str(repo.path)},
        cwd=Path(__file__).parent.parent,
        check=True,
        capture_output=True,
        text=True,
    )
    assert run.stdout.strip() == "git is not installed, or not in PATH: install it"


def test_a_drive_that_does_not_answer(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "slow-git"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr("tracklater_bot.sources.clues.git_log.TIMEOUT", 0.2)
    monkeypatch.setattr("git.cmd.Git.GIT_PYTHON_GIT_EXECUTABLE", str(slow))
    assert trouble(source(repo)).startswith(f"git took more than 0.2 seconds for {repo.path}")


def test_an_environment_that_misleads_git(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("work", "09:00")
    monkeypatch.setenv("GIT_DIR", str(repo.path / ".git"))
    assert "GIT_DIR is set in the environment" in trouble(source(repo))


# -- A repository from anybody -----------------------------------------------------------------


def _program(folder: Path) -> tuple[Path, Path]:
    """A program that leaves a mark when it is run."""
    mark, program = folder / "mark", folder / "program"
    program.write_text(f"#!/bin/sh\ntouch '{mark}'\n")
    program.chmod(0o755)
    return mark, program


def test_no_program_that_a_repository_names_is_run(repo: Repo, tmp_path: Path) -> None:
    mark, program = _program(tmp_path)
    repo.commit("work", "09:00")
    signature = "-----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n"
    _write_commit(repo, "10:00", b"signed", f"gpgsig {signature}")
    for key in ("core.fsmonitor", "core.pager", "pager.log", "diff.external", "gpg.program"):
        repo.git("config", key, str(program))
    repo.git("config", "log.showSignature", "true")
    repo.git("config", "alias.log", f"!{program}")
    repo.git("config", "core.hooksPath", str(tmp_path))
    mark.unlink(missing_ok=True)
    repo.git("log")
    assert mark.exists(), "the trap works"
    mark.unlink()
    assert commits(source(repo)) == ["09:00 work", "10:00 signed"]
    assert not mark.exists()


def test_a_partial_clone_fetches_nothing(repo: Repo, tmp_path: Path) -> None:
    mark, program = _program(tmp_path)
    lost = repo.commit("lost", "08:00")
    repo.commit("work", "09:00")
    (repo.path / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    for key, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::{program}",
        "remote.origin.uploadpack": str(program),
        "protocol.ext.allow": "always",
    }.items():
        repo.git("config", key, value)
    subprocess.run(["git", "log"], cwd=repo.path, check=False, capture_output=True)
    assert mark.exists(), "the trap works"
    mark.unlink()
    assert trouble(source(repo)).startswith(f"git cannot read {repo.path}: ")
    assert not mark.exists()


# -- Hints -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("git@github.com:acme/api.git", ["acme/api", "api"]),
        ("github.com:acme/api", ["acme/api", "api"]),
        ("ssh://git@git.acme.example:2222/acme/api.git/", ["acme/api", "api"]),
        ("https://eero:s3cret@github.com/acme/api.git", ["acme/api", "api"]),
        ("https://gitlab.com/acme/backend/api.git", ["backend/api", "api"]),
        ("https://dev.azure.com/acme/shop/_git/api", ["shop/api", "api"]),
        ("https://git.acme.example/~eero/my%20api.git", ["~eero/my api", "my api"]),
        ("file:///srv/git/api.git", ["api"]),
        ("/home/eero/src/api", ["api"]),
        ("../api.git", ["api"]),
        (r"C:\src\api", ["api"]),
        ("https://eero:p[ss@git.acme.example/acme/api", ["acme/api", "api"]),
        ("https://eero:p]s@git.acme.example/api", ["api"]),
        ("https://eero:s/cr@t@git.acme.example/acme/api", ["acme/api", "api"]),
        ("https://eero:p#s?s@git.acme.example/acme/api", ["acme/api", "api"]),
        ("https://eero:p\u2100s@git.acme.example/acme/api", ["acme/api", "api"]),
        ("https://[bad/acme/api", ["acme/api", "api"]),
        ("ssh://git@[::1]:22/acme/api", ["acme/api", "api"]),
        ("https://git.acme.example:x/acme/api?a=b", ["acme/api", "api"]),
        ("https://github.com", []),
        ("", []),
    ],
)
def test_words_of_a_remote(url: str, words: list[str]) -> None:
    assert remote_words(url) == words


@pytest.mark.parametrize(
    ("url", "hosted"),
    [
        ("git@github.com:acme/api.git", True),
        ("https://GitHub.com/acme/api", True),
        ("https://eero:s3cret@gitlab.com/acme/api.git", True),
        ("git@gitlab.firm.org:acme/api.git", True),
        ("ssh://git@gitlab.firm.org:2222/acme/api", True),
        ("https://code.firm.org/gitlab/acme/api", False),
        ("git@bitbucket.org:acme/api.git", True),
        ("https://codeberg.org/acme/api", True),
        ("https://gitea.firm.org/acme/api", True),
        ("https://forgejo.firm.org/acme/api", True),
        ("git@ssh.dev.azure.com:v3/acme/shop/api", True),
        ("https://acme.visualstudio.com/shop/_git/api", True),
        ("git@git.sr.ht:~eero/api", True),
        ("git@github-work:acme/api", True),  # a name from ~/.ssh/config
        ("gh:acme/api", True),
        ("https://eero:p[ss@github.com/acme/api", True),
        ("https://github.com:p@ss@git.acme.example/acme/api", False),
        ("backup@server:github/api.git", False),
        ("/mnt/github.com/acme/api", False),
        ("file:///mnt/gitlab/api", False),
        ("git@server.acme.example:api.git", False),
        ("", False),
    ],
)
def test_addresses_on_code_hosts(url: str, hosted: bool) -> None:
    assert on_code_host(url) is hosted


@pytest.mark.parametrize("hosted", [True, False])
def test_clues_know_of_a_code_host(repo: Repo, hosted: bool) -> None:
    repo.commit("work", "09:00")
    repo.git("remote", "add", "backup", "backup@server:api.git")
    if hosted:
        repo.git("remote", "add", "origin", "git@github.com:acme/api.git")
    clues = source(repo).read(FRIDAY.span).clues
    assert [c.hosted for c in clues if isinstance(c, Commit | Checkout)] == [hosted] * 2
    remotes = ("acme/api",) if hosted else ()
    assert [c.remotes for c in clues if isinstance(c, Commit | Checkout)] == [remotes] * 2


@pytest.mark.parametrize(
    "url",
    [
        "https://user:p[ss@host/x",
        "https://user:p]ss@host/x",
        "https://[user:p[ss@host/x",
        "https://user:p[ss\u2100@host/x",
        "://p[ss",
        "https://",
        "https://user:p[ss",
    ],
)
def test_an_odd_address_loses_nothing(repo: Repo, tmp_path: Path, url: str) -> None:
    other = Repo(tmp_path / "other")
    other.commit("elsewhere", "10:00")
    repo.commit("work", "09:00")
    repo.git("remote", "add", "fork", "git@github.com:eero/api.git")
    with (repo.path / ".git" / "config").open("a", encoding="utf-8") as config:
        config.write(f'[remote "origin"]\n\turl = "{url}"\n')
    git = source(repo, other)
    assert commits(git) == ["09:00 work", "10:00 elsewhere"]
    hints = {hint.text for hint in git.read(FRIDAY.span).hints}
    assert {"acme-api", "eero/api", "other"} <= hints


@pytest.mark.parametrize("odd", ["~nobody-of-that-name/api", "nul\0l"])
def test_an_odd_path_loses_only_itself(repo: Repo, odd: str) -> None:
    repo.commit("work", "09:00")
    reading = source(Path(odd), repo).read(FRIDAY.span)
    assert [c.subject for c in reading.clues if isinstance(c, Commit)] == ["work"]
    assert reading.trouble is not None


def test_a_repository_with_an_odd_file_loses_only_itself(repo: Repo, tmp_path: Path) -> None:
    repo.commit("work", "09:00")
    odd = Repo(tmp_path / "odd")
    odd.commit("lost", "10:00")
    (odd.path / ".git" / "commondir").write_bytes(b"a\0b\n")
    reading = source(odd, repo).read(FRIDAY.span)
    assert [c.subject for c in reading.clues if isinstance(c, Commit)] == ["work"]
    assert reading.trouble is not None
    assert str(odd.path) in reading.trouble


def test_remotes_of_a_configuration() -> None:
    config = (
        '[core]\n\turl = no\n[remote "a"]\n\tURL = x:y/z\n\tpushurl="p"\n[branch "b"]\n url = no\n'
    )
    assert remote_urls(config) == ["x:y/z", "p"]


def test_hints_are_the_folder_and_the_remotes(repo: Repo) -> None:
    repo.git("remote", "add", "origin", "https://eero:s3cret@github.com/acme/api.git")
    repo.git("remote", "add", "fork", "git@github.com:eero/api.git")
    assert source(repo).read(FRIDAY.span).hints == (
        Hint("acme", HintKind.REPOSITORY, "acme-api"),
        Hint("acme", HintKind.REMOTE, "acme/api"),
        Hint("acme", HintKind.REMOTE, "api"),
        Hint("acme", HintKind.REMOTE, "eero/api"),
    )


# -- The check ---------------------------------------------------------------------------------


def test_check_counts_repositories(repo: Repo, tmp_path: Path) -> None:
    assert source(repo).check() == f"1 repository, commits by {ME}"
    other = Repo(tmp_path / "other")
    assert source(repo, other).check() == f"2 repositories, commits by {ME}"


def test_check_names_what_is_wrong(repo: Repo, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="missing does not exist"):
        source(repo, tmp_path / "missing").check()


def test_times_are_in_utc(repo: Repo) -> None:
    repo.commit("work", "09:00")
    clues = source(repo).read(FRIDAY.span).clues
    assert [clue.at.tzinfo for clue in clues] == [UTC, UTC]


_COLD_START = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tests.notation import FRIDAY
from tracklater_bot.sources.clues.git import GitSource
git = GitSource("acme", (Path(sys.argv[1]),), ("eero@example.com",))
with ThreadPoolExecutor() as pool:
    first = pool.submit(git.read, FRIDAY.span)
    while not (hasattr(sys.modules.get("git.cmd"), "Git") or first.done()):
        pass
    second = pool.submit(git.read, FRIDAY.span)
print(len(first.result().clues), len(second.result().clues))
"""


def test_a_second_group_waits_until_git_is_ready(repo: Repo) -> None:
    """The library looks for git when it is first imported; nobody may run ahead of that."""
    repo.commit("work", "09:00")
    run = subprocess.run(
        [sys.executable, "-c", _COLD_START, str(repo.path)],
        cwd=Path(__file__).parent.parent,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (run.stdout.strip(), run.stderr) == ("2 2", "")


# -- What hangs, never ends, or is somebody else's ---------------------------------------------


@pytest.mark.parametrize("place", [".git", "HEAD", "config", "logs/HEAD", "commondir"])
@pytest.mark.parametrize("kind", ["pipe", "endless"])
def test_what_is_no_file_is_told_and_holds_up_nothing(
    repo: Repo, tmp_path: Path, place: str, kind: str
) -> None:
    other = Repo(tmp_path / "other")
    other.commit("fine", "09:00")
    repo.commit("work", "09:10")
    path = repo.path / place if place == ".git" else repo.path / ".git" / place
    if path.is_dir():
        path.rename(tmp_path / "kept")
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    reading = source(repo, other).read(FRIDAY.span)
    assert "fine" in [clue.subject for clue in reading.clues if isinstance(clue, Commit)]
    assert str(repo.path) in (reading.trouble or "")
    assert "no regular file" in (reading.trouble or "")


def test_a_repository_that_hangs_takes_no_other_along(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Repo(tmp_path / "other")
    other.commit("fine", "09:00")
    released, real = threading.Event(), GitSource._read

    def hang(git: GitSource, repository: Repository, span: Span) -> _RepositoryReading:
        if repository.path == repo.path:
            released.wait(60)
        return real(git, repository, span)

    monkeypatch.setattr(GitSource, "_read", hang)
    monkeypatch.setattr("tracklater_bot.sources.clues.git.READING", 2.0)
    reading = source(repo, other).read(FRIDAY.span)
    released.set()
    assert [clue.subject for clue in reading.clues if isinstance(clue, Commit)] == ["fine"]
    assert reading.trouble == f"{repo.path} took too long"


def test_of_an_endless_reflog_the_end_is_read(repo: Repo) -> None:
    repo.commit("work", "09:00")
    repo.git("checkout", "-q", "-b", "topic", when="10:00")
    log = repo.path / ".git/logs/HEAD"
    real, sha = log.read_bytes(), "1" * 40
    old = f"{sha} {sha} Eero <{ME}> 1600000000 +0200\tcommit: old\n".encode()
    log.write_bytes(old * 100_000 + real)
    assert checkouts(source(repo))[-1:] == ["10:00 topic"]
    assert source(repo).read(FRIDAY.span).trouble is None, "the day is there"
    later = f"{sha} {sha} Eero <{ME}> 1900000000 +0200\tcommit: later\n".encode()
    log.write_bytes(real + later * 100_000)
    assert "only its end is read" in (source(repo).read(FRIDAY.span).trouble or "")


def test_a_worktree_of_another_groups_repository_says_so_and_counts_there(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit("work", "09:00")
    repo.git("worktree", "add", "-q", str(tmp_path / "borrowed"), "-b", "topic")
    groups = {
        "globex": {"git": {"repos": [str(tmp_path / "borrowed")]}},
        "acme": {"git": {"repos": [str(repo.path)]}},
    }
    settings = Settings.model_validate({"git": {"emails": [ME]}, "groups": groups})
    globex, acme = GitSource.set_up(settings)
    assert commits(acme) == ["09:00 work"]
    reading = globex.read(FRIDAY.span)
    assert reading.clues == ()
    assert reading.trouble == (
        f"{tmp_path / 'borrowed'} is a part of {repo.path}, which counts for acme"
    )


def test_two_groups_worktrees_of_one_repository_count_once(repo: Repo, tmp_path: Path) -> None:
    repo.commit("work", "09:00")
    groups = {}
    for name in ("globex", "acme"):
        repo.git("worktree", "add", "-q", str(tmp_path / name), "-b", name)
        groups[name] = {"git": {"repos": [str(tmp_path / name)]}}
    settings = Settings.model_validate({"git": {"emails": [ME]}, "groups": groups})
    globex, acme = GitSource.set_up(settings)
    assert commits(globex) == ["09:00 work"]
    assert "counts for globex" in (acme.read(FRIDAY.span).trouble or "")


def test_git_tells_a_reflog_as_its_file_does(repo: Repo, tmp_path: Path) -> None:
    """Where git keeps reflogs in another form (reftable, from git 2.45 on) it is asked."""
    repo.commit("work", "09:00")
    repo.git("checkout", "-q", "-b", "topic", when="10:00")
    repo.commit("more", "10:30")
    repo.git("commit", "-q", "--amend", "--allow-empty", "-m", "better", when="11:00")
    repo.git("worktree", "add", "-q", str(tmp_path / "hotfix"), "-b", "hotfix", when="11:30")
    repo.git("checkout", "-q", "--detach", "main", when="12:00")
    repository = locate(repo.path)
    for head in repository.heads():
        assert asked_reflog(repository, head) == head_reflog(head)[0]


def test_a_repository_with_reftable_keeps_its_checkouts_or_says_why(repo: Repo) -> None:
    repo.commit("work", "09:00")
    config = repo.path / ".git" / "config"
    before = config.read_text()
    try:
        repo.git("refs", "migrate", "--ref-format=reftable")
    except subprocess.CalledProcessError:  # an older git, which cannot read such a repository
        config.write_text(
            before.replace("repositoryformatversion = 0", "repositoryformatversion = 1")
            + "[extensions]\n\trefStorage = reftable\n"
        )
        assert "git is too old to read" in (source(repo).read(FRIDAY.span).trouble or "")
    else:
        repo.git("checkout", "-q", "-b", "topic", when="10:00")
        assert checkouts(source(repo))[-1:] == ["10:00 topic"]
