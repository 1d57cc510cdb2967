"""git as a source of clues: real repositories, made by git itself."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pytest

from tests.nobody import nobody
from tests.notation import FRIDAY, at
from tracklater_bot.model import Checkout, Commit, Hint, HintKind
from tracklater_bot.sources.git import (
    GitSource,
    branch_of,
    parse_log,
    parse_reflog,
    remote_urls,
    remote_words,
)
from tracklater_bot.sources.protocols import SourceError

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
    noon = int(at("12:00").timestamp())
    records = (
        f"a|{noon}|{noon}|HEAD|e@x|ok",
        "b||1|HEAD|e@x|no time",
        "c|1|²|HEAD|e@x|x",
        "half|3",
    )
    output = "\0".join(each.replace("|", "\x1f") for each in records) + "\0\0"
    assert [each.subject for each in parse_log(output.encode())] == ["ok"]


@pytest.mark.parametrize(
    ("ref", "branch"),
    [
        ("refs/heads/feature/DEV-1", ("feature/DEV-1",)),
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
        "from tracklater_bot.sources.git import GitSource;"
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
    monkeypatch.setattr("tracklater_bot.sources.git.TIMEOUT", 0.2)
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
        ("https://github.com", []),
        ("", []),
    ],
)
def test_words_of_a_remote(url: str, words: list[str]) -> None:
    assert remote_words(url) == words


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
from tracklater_bot.sources.git import GitSource
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
