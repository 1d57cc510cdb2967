"""How much of what is random is tried: a little in every run, all of it with `--long`."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import settings

T = TypeVar("T")
OPTION = "--long"
_chosen = {OPTION: False}


def choose(*, long: bool) -> None:
    """Before the tests are imported. No example has to be quick: the machine may be busy."""
    _chosen[OPTION] = long
    settings.register_profile("ours", max_examples=usually(25, 100), deadline=None)
    settings.load_profile("ours")


def usually(few: T, many: T) -> T:
    """What every run tries, or what a long one tries."""
    return many if _chosen[OPTION] else few


def examples(many: int) -> settings:
    """So many examples in a long run, and a quarter of them in every other one."""
    return settings(max_examples=usually(max(many // 4, 8), many), deadline=None)
