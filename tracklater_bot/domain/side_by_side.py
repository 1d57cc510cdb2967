"""Calls side by side that end in time: what hangs is left behind and holds up nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future, wait
from contextlib import suppress
from contextvars import copy_context
from threading import Thread
from typing import Any, TypeVar

A = TypeVar("A")
B = TypeVar("B")

SECONDS = 60.0
AT_ONCE = 8
TOO_LONG = "took too long"

# Calls that were given up, by what they were for. Each is let hang once, not once a draft.
_hanging: dict[Hashable, Future[Any]] = {}


def in_background(call: Callable[[], B]) -> Future[B]:
    """Starts a call in a thread for which the end of the program does not wait.

    Whether somebody waits for it is known there too.
    """
    future: Future[B] = Future()
    Thread(target=copy_context().run, args=(_settle, future, call), daemon=True).start()
    return future


def side_by_side(
    call: Callable[[A], B],
    arguments: Iterable[A],
    late: Callable[[A], B],
    *,
    key: Callable[[A], Hashable],
    at_once: int = AT_ONCE,
    seconds: float = SECONDS,
) -> list[B]:
    """Each one's result, in order; `late` gives that of a call which takes longer than `seconds`.

    Such a call goes on by itself. Until it ends, none is started for the same `key` again.
    """
    jobs: list[tuple[A, Future[B]]] = [(argument, Future()) for argument in arguments]
    hanging = {job for job, future in list(_hanging.items()) if not future.done()}
    startable = [job for job in jobs if key(job[0]) not in hanging]
    waiting = deque(startable)

    def work() -> None:
        with suppress(IndexError):
            while True:
                argument, future = waiting.popleft()
                _settle(future, lambda argument=argument: call(argument))  # type: ignore[misc]

    for _ in startable[:at_once]:
        Thread(target=work, daemon=True).start()
    wait([future for _, future in startable], timeout=seconds)
    never_begun = {id(future) for _, future in (*waiting,)}
    waiting.clear()
    results = []
    for argument, future in jobs:
        if future.done():
            results.append(future.result())
            continue
        if key(argument) not in hanging and id(future) not in never_begun:
            _hanging[key(argument)] = future
        results.append(late(argument))
    for ended in [job for job, future in list(_hanging.items()) if future.done()]:
        _hanging.pop(ended, None)
    return results


def _settle(future: Future[B], call: Callable[[], B]) -> None:
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001 - raised where the result is taken
        future.set_exception(error)
