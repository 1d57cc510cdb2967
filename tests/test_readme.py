"""The README names what there is: every source, every command, every link inside."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

from tracklater_bot import cli, sources
from tracklater_bot.settings import load
from tracklater_bot.settings.tree import env_names

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def source_names() -> set[str]:
    """The names of all sources: classes that can be checked, in the modules of `sources`."""
    found = set()
    for info in pkgutil.iter_modules(sources.__path__, f"{sources.__name__}."):
        module = importlib.import_module(info.name)
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ == info.name and kind.__name__.endswith("Source"):
                found.add(info.name.rpartition(".")[2])
    return found - {"protocols"}


def test_each_source_has_its_paragraph_and_none_is_made_up() -> None:
    chapter = README.split("\n## Sources\n")[1].split("\n## ")[0]
    headings = re.findall(r"^### (.+)$", chapter, re.M)
    assert set(headings) == source_names()
    assert len(headings) == len(set(headings))


@pytest.mark.parametrize("name", sorted(source_names()))
def test_each_source_has_its_test(name: str) -> None:
    tests = [f"test_{name}.py", f"test_{name}_source.py"]
    assert [test for test in tests if (ROOT / "tests" / test).exists()]


def test_the_readme_lists_every_command_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    offered = set(re.findall(r"^    ([a-z][a-z-]*)(?: |$)", capsys.readouterr().out, re.M))
    chapter = README.split("\n## Commands\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `([a-z-]+)", chapter, re.M)) == offered


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)\)", README))))
def test_files_that_the_readme_points_to_are_there(target: str) -> None:
    assert (ROOT / target).exists()


@pytest.mark.parametrize("anchor", sorted(set(re.findall(r"\]\(#([^)]+)\)", README))))
def test_chapters_that_the_readme_points_to_are_there(anchor: str) -> None:
    headings = re.findall(r"^#+ (.+)$", README, re.M)
    assert anchor in {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}


def test_the_settings_that_the_readme_shows_load_without_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = re.findall(r"^```toml\n(.*?)^```", README, re.M | re.S)
    Path("tracklater.toml").write_text("\n".join(shown), encoding="utf-8")
    loaded = load(None, None, {"TRACKLATER_TIMEZONE": "Europe/Helsinki"})
    assert list(loaded.settings.groups) == ["acme", "globex"]
    assert loaded.warnings == ()


@pytest.mark.parametrize("variable", sorted(set(re.findall(r"TRACKLATER_[A-Z_]+[A-Z]", README))))
def test_variables_that_the_readme_names_exist(variable: str) -> None:
    known = env_names(["acme", "acme web", "NAME"])
    assert variable == "TRACKLATER_CONFIG" or variable in known
