"""README and docs/ name what there is: every source, every command, every page, every link."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections import Counter
from pathlib import Path

import pytest

from tracklater_bot import sources
from tracklater_bot.cli import main as cli
from tracklater_bot.settings import load
from tracklater_bot.settings.tree import env_names

ROOT = Path(__file__).parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = {path.relative_to(ROOT).as_posix(): path for path in (*ROOT.glob("*.md"), *DOCS)}
FOR_USERS = ("README.md", *(name for name in PAGES if name.startswith("docs/")))
FENCED = re.compile(r"^( *)```.*?^\1```$", re.M | re.S)


def text(page: str) -> str:
    return PAGES[page].read_text(encoding="utf-8")


def prose(page: str) -> str:
    """The page without its examples, in which a comment looks like a heading."""
    return FENCED.sub("", text(page))


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.M):
        name = re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
        found.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return found


def links() -> list[tuple[str, str]]:
    """Each page with each place inside the project that it points to, pictures too."""
    pointed = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
    return [(page, to) for page in PAGES for to in sorted(set(pointed.findall(prose(page))))]


def source_names() -> set[str]:
    """The names of all sources: classes that can be checked, in the modules of `sources`."""
    found = set()
    for info in pkgutil.walk_packages(sources.__path__, f"{sources.__name__}."):
        module = importlib.import_module(info.name)
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ == info.name and kind.__name__.endswith("Source"):
                found.add(info.name.rpartition(".")[2])
    return found - {"base"}


def test_each_source_has_its_paragraph_and_none_is_made_up() -> None:
    headings = re.findall(r"^## (.+)$", prose("docs/sources.md"), re.M)
    assert set(headings) == source_names()
    assert len(headings) == len(set(headings))


@pytest.mark.parametrize("name", sorted(source_names()))
def test_each_source_has_its_test(name: str) -> None:
    tests = [f"test_{name}.py", f"test_{name}_source.py"]
    assert [test for test in tests if (ROOT / "tests" / test).exists()]


def test_the_page_of_commands_lists_every_command_and_no_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    offered = set(re.findall(r"^    ([a-z][a-z-]*)(?: |$)", capsys.readouterr().out, re.M))
    assert set(re.findall(r"^\| `([a-z-]+)", text("docs/commands.md"), re.M)) == offered


@pytest.mark.parametrize(("page", "link"), links())
def test_what_a_page_points_to_is_there(page: str, link: str) -> None:
    target, _, anchor = link.partition("#")
    place = (PAGES[page].parent / target).resolve() if target else PAGES[page]
    assert place.exists()
    assert not anchor or anchor in anchors(place.relative_to(ROOT).as_posix())


@pytest.mark.parametrize("page", [path.name for path in DOCS])
def test_the_readme_leads_to_each_page(page: str) -> None:
    assert f"](docs/{page})" in text("README.md")


def test_a_stranger_finds_the_first_command_without_scrolling() -> None:
    assert "sh scripts/demo" in text("README.md").splitlines()[:15]
    assert len(text("README.md").splitlines()) <= 150


def test_the_figures_of_the_readme_are_those_that_were_measured() -> None:
    told = re.findall(r"(\d+\.\d) %", text("README.md"))
    assert told
    assert [figure for figure in told if f"| {figure}% |" not in text("docs/accuracy.md")] == []


@pytest.mark.parametrize(
    ("page", "groups"),
    [("README.md", ["acme", "globex"]), ("docs/settings.md", ["acme web"])],
)
def test_the_settings_that_a_page_shows_load_without_a_warning(
    page: str, groups: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = re.findall(r"^```toml\n(.*?)^```", text(page), re.M | re.S)
    Path("tracklater.toml").write_text("\n".join(shown), encoding="utf-8")
    loaded = load(None, None, {"TRACKLATER_TIMEZONE": "Europe/Helsinki"})
    assert list(loaded.settings.groups) == groups
    assert loaded.warnings == ()


@pytest.mark.parametrize(
    "variable",
    sorted(
        {name for page in FOR_USERS for name in re.findall(r"TRACKLATER_[A-Z_]+[A-Z]", text(page))}
    ),
)
def test_variables_that_the_pages_name_exist(variable: str) -> None:
    assert variable == "TRACKLATER_CONFIG" or variable in env_names(["acme", "acme web"])


@pytest.mark.parametrize(
    "file", [*FOR_USERS, "CONTRIBUTING.md", "tracklater.example.toml", ".env.example"]
)
def test_the_groups_of_all_examples_are_called_acme_and_globex(file: str) -> None:
    written = (ROOT / file).read_text(encoding="utf-8")
    named = re.findall(
        r"\bgroups\.(?!py)\"?([\w ]+)|GROUPS__([A-Z]+)__|\b(group ?[0-9])\b", written, re.I
    )
    others = {name.lower() for found in named for name in found if name}
    assert others <= {"acme", "acme web", "globex"}


# -- CONTRIBUTING --------------------------------------------------------------------------------

NAMED = re.compile(r"`((?:[\w.]+/)*[\w.]+\.(?:py|toml|md|example))`(?: \(((?:`\w+`(?:, )?)+)\))?")


PLACES = ("", "tracklater_bot", "tracklater_bot/engine", "tracklater_hub")


def named_in_contributing() -> list[tuple[str, str]]:
    """Each file that CONTRIBUTING names, with the names in brackets behind it."""
    found = NAMED.findall(prose("CONTRIBUTING.md"))
    return [(file, names) for file, names in found if "NAME" not in file and "NNNN" not in file]


@pytest.mark.parametrize(("file", "names"), named_in_contributing())
def test_what_contributing_names_is_there(file: str, names: str) -> None:
    places = [ROOT / before / file for before in PLACES]
    (there, *_) = [place for place in places if place.exists()]
    written = there.read_text(encoding="utf-8")
    for name in re.findall(r"\w+", names):
        assert re.search(rf"\b{name}\b", written), f"{name} is not in {file}"


# What is no place of its own to look in: shapes of what other files say.
BESIDES = {
    "domain/json_value.py", "engine/intervals.py", "slack/person.py", "__main__.py",
}  # fmt: skip


def test_each_file_of_the_product_has_its_place_in_contributing() -> None:
    product = ROOT / "tracklater_bot"
    files = {str(path.relative_to(product)) for path in product.rglob("*.py")}
    named = {file for file, _ in named_in_contributing()}
    named |= {f"engine/{file}" for file in named}
    unnamed = files - named - BESIDES
    assert {
        file for file in unnamed if "__init__" not in file and "migrations" not in file
    } == set()


def test_contributing_names_more_than_a_few() -> None:
    assert len(named_in_contributing()) > 50
    assert sum(bool(names) for _, names in named_in_contributing()) > 20


def test_nobody_is_sent_to_an_index_that_does_not_have_the_program() -> None:
    """Nothing is published yet: extras are installed in a copy of the repository."""
    sources = [
        file
        for room in ("tracklater_bot", "tracklater_hub")
        for file in (ROOT / room).rglob("*.py")
    ]
    pages = [PAGES[name] for name in FOR_USERS]
    wrong = re.compile(r"(pipx?|uvx?)\b[^\n]*\btracklater[-_]bot\[")
    assert [file.name for file in (*sources, *pages) if wrong.search(file.read_text("utf-8"))] == []
