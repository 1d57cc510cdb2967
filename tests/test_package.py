"""The wheel and the sdist hold what the program needs, and nothing of its making."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from tracklater_bot import __version__

ROOT = Path(__file__).parent.parent
PACKAGES = ("tracklater_bot", "tracklater_hub", "tracklater_sandbox")
SOURCE = (*PACKAGES, "docs")
NEVER = ("tests/", "benchmarks/", ".git", "__pycache__", ".sqlite3")


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both, built as for the index, from a copy: building writes beside the source."""
    folder = tmp_path_factory.mktemp("package")
    source = folder / "source"
    source.mkdir()
    for name in SOURCE:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, source)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder / "dist")],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return folder / "dist"


@pytest.fixture(scope="module")
def wheel(dist: Path) -> zipfile.ZipFile:
    (file,) = dist.glob("*.whl")
    return zipfile.ZipFile(file)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return message_from_bytes(wheel.read(name))


def test_the_wheel_has_every_file_that_the_program_reads(wheel: zipfile.ZipFile) -> None:
    kept = {
        str(path.relative_to(ROOT))
        for name in PACKAGES
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert kept - set(wheel.namelist()) == set()


def test_nothing_of_its_making_is_inside(wheel: zipfile.ZipFile) -> None:
    assert [name for name in wheel.namelist() for never in NEVER if never in name] == []


def test_the_source_comes_with_its_pages_and_examples(dist: Path) -> None:
    (file,) = dist.glob("*.tar.gz")
    with tarfile.open(file) as source:
        inside = {name.partition("/")[2] for name in source.getnames()}
    assert {
        "README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md", "pyproject.toml", "manifest.yml",
        "tracklater.example.toml", ".env.example", "docs/settings.md",
    } <= inside  # fmt: skip


def test_it_says_what_it_is_once(dist: Path, metadata: Message) -> None:
    assert metadata["Version"] == __version__
    assert (metadata["License-Expression"], metadata["License-File"]) == ("MIT", "LICENSE")
    assert {file.name.split("-")[1].removesuffix(".tar.gz") for file in dist.iterdir()} == {
        __version__
    }
    said = [ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8")]
    assert not [text for text in said if re.search(r"^version *= *\"", text, re.M)]


def test_it_links_to_no_address_that_is_not_there(metadata: Message) -> None:
    """It is published nowhere yet."""
    assert metadata.get_all("Project-URL", []) == []
    assert metadata["Home-page"] is None
