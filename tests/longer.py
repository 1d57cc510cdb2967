"""How much of what is random is tried: a little in every run, all of it with `--long`."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import settings

T = TypeVar("T")
OPTION = "--long"
_chosen = {OPTION: False}


def choose(*, long: bool) -> None:
    """Before the tests are imported. No example has to be quick: the machine may be busy.

    Only a long run looks for new ones: every other tries the same, so that it fails for a change
    alone.
    """
    _chosen[OPTION] = long
    most = usually(12, 100)
    settings.register_profile("ours", max_examples=most, deadline=None, derandomize=not long)
    settings.load_profile("ours")


def usually(few: T, many: T) -> T:
    """What every run tries, or what a long one tries."""
    return many if _chosen[OPTION] else few


def examples(many: int) -> settings:
    """So many examples in a long run, and an eighth of them in every other one."""
    return settings(max_examples=usually(max(many // 8, 8), many), deadline=None)
