"""Classes and what they take from Slack's libraries: not their private parts, which may change."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import tracklater_bot

LIBRARIES = ("slack_sdk", "slack_bolt")


def _private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def _classes() -> Iterator[type]:
    for found in pkgutil.walk_packages(tracklater_bot.__path__, "tracklater_bot."):
        if not {"__main__", "migrations"} & set(found.name.split(".")):
            module = importlib.import_module(found.name)
            for _, known in inspect.getmembers(module, inspect.isclass):
                if known.__module__ == found.name:
                    yield known


def test_no_two_classes_of_the_product_have_one_name() -> None:
    names = [ours.__name__ for ours in _classes()]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_nothing_private_of_slacks_libraries_is_overridden() -> None:
    for ours in _classes():
        theirs = [base for base in ours.__mro__ if base.__module__.split(".")[0] in LIBRARIES]
        taken = {name for base in theirs for name in vars(base) if _private(name)}
        assert taken.isdisjoint(vars(ours)), ours


def test_nothing_private_of_anything_is_reached_into_where_slack_is_talked_to() -> None:
    (folder,) = (Path(path) / "slack" for path in tracklater_bot.__path__)
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and _private(node.attr):
                assert isinstance(node.value, ast.Name), (file.name, node.attr)
                assert node.value.id in ("self", "cls"), (file.name, node.attr)
