"""Rounding by largest remainder: each row and each client's day stays within a step of the truth.

Boundaries lie on the grid, and rows that touch share one. Which way each goes is a question of
cheapest flow: lengths flow from the boundaries through the rows to their groups, and all that is
wanted of them is convex, so that the best rounding is reached by cancelling whatever cycle makes
it better. All numbers are whole microseconds, so that nothing is better by a hair for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tracklater_bot.domain.day import Span

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TOUCH = timedelta(seconds=1)
# What is wanted, the most important first: a microsecond of each outweighs all that follows.
_FREE = 10**42  # rows lie in free time, and none ends before it begins
_LAW = 10**36  # a row's and a group's length is within a step of the exact one; no row vanishes
_NEAR = 10**30  # so is each boundary
_SHORT = 10**24  # a row shorter than a step is one step, none is shorter than `shortest`
_BALANCE = 1000  # with what is left over from other days, a group's length comes out even
_GROUND = 0

Cost = Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Row:
    """A span as it was worked, and whose time it is."""

    span: Span
    group: str | None


@dataclass(frozen=True, slots=True)
class Grid:
    """The steps, and what bounds them: rows stay in `free` time, the edges in `fixed` stay."""

    step: timedelta
    free: Sequence[Span]
    fixed: frozenset[datetime] = frozenset()
    shortest: timedelta = timedelta()


@dataclass(slots=True)
class _Arc:
    """A number of steps that is to be found, between two nodes of the flow."""

    tail: int
    head: int
    cost: Cost
    steps: int = 0


@dataclass(frozen=True, slots=True)
class _Boundary:
    """A boundary of `exact`, at `base` and as many steps as are found; none where it is fixed."""

    exact: int
    base: int
    low: int
    high: int
    fixed: bool


def rounded(
    rows: Sequence[Row], grid: Grid, left_over: Mapping[str, timedelta]
) -> list[Span | None]:
    """The rows, in order and apart, on the grid; None for one that has no room there.

    `left_over` is what rounding took from each group on other days, and is given back here.
    """
    if not rows or not grid.step:
        return [row.span for row in rows]
    return _Rounding(grid, left_over).of(rows)


@dataclass(slots=True)
class _Rounding:
    grid: Grid
    left_over: Mapping[str, timedelta]
    boundaries: list[_Boundary] = field(default_factory=list)
    arcs: list[_Arc] = field(default_factory=list)

    @property
    def step(self) -> int:
        return self.grid.step // _MICROSECOND

    def of(self, rows: Sequence[Row]) -> list[Span | None]:
        places = self._places(rows)
        first = len(self.boundaries)
        self._flow(rows, places)
        _cancel_cycles(self.arcs)
        at = [
            b.base + self.step * arc.steps
            for b, arc in zip(self.boundaries, self.arcs[:first], strict=True)
        ]
        return [_span(at[place], at[place + 1]) for place in places]

    def _places(self, rows: Sequence[Row]) -> list[int]:
        """For each row the number of the boundary at which it starts; it ends at the next."""
        places, end = [], None
        for row in rows:
            if end is None or row.span.start - end > _TOUCH:
                self.boundaries.append(self._boundary(row.span.start, row.span))
            places.append(len(self.boundaries) - 1)
            self.boundaries.append(self._boundary(row.span.end, row.span))
            end = row.span.end
        return places

    def _boundary(self, at: datetime, row: Span) -> _Boundary:
        hole = max(self.grid.free, key=lambda free: _shared(free, row), default=row)
        exact, low, high = (_number(one) for one in (at, hole.start, hole.end))
        nearest = (exact + self.step // 2) // self.step * self.step
        if at in self.grid.fixed:
            return _Boundary(exact, exact, low, high, fixed=True)
        if low <= nearest <= high:
            return _Boundary(exact, nearest, low, high, fixed=False)
        edge = min(max(nearest, low), high)
        return _Boundary(exact, edge, low, high, fixed=True)

    def _flow(self, rows: Sequence[Row], places: Sequence[int]) -> None:
        """Nodes: the ground, what lies between two boundaries, and the groups."""
        last = len(self.boundaries) - 1
        for number, boundary in enumerate(self.boundaries):
            tail = number + 1 if number < last else _GROUND
            self.arcs.append(_Arc(tail, number, self._boundary_cost(boundary)))
        row_at = dict(zip(places, rows, strict=True))
        in_groups = [row for row in rows if self._counts(row)]
        names = dict.fromkeys(row.group or "" for row in in_groups)
        groups = {name: last + 1 + number for number, name in enumerate(names)}
        constants = dict.fromkeys(groups, 0)
        for number in range(last):
            start, end = self.boundaries[number : number + 2]
            base, row = end.base - start.base, row_at.get(number)
            head = _GROUND
            if row is not None and self._counts(row):
                head = groups[row.group or ""]
                constants[row.group or ""] += base
            self.arcs.append(_Arc(number + 1, head, self._length_cost(base, row)))
        for name, node in groups.items():
            exact = sum(row.span.length // _MICROSECOND for row in in_groups if row.group == name)
            self.arcs.append(_Arc(node, _GROUND, self._group_cost(constants[name], exact, name)))

    def _counts(self, row: Row) -> bool:
        """Rows shorter than a step are counted apart."""
        return row.group is not None and row.span.length >= self.grid.step

    # -- What is wanted: convex functions of a number of steps ---------------------------------

    def _boundary_cost(self, boundary: _Boundary) -> Cost:
        def cost(steps: int) -> int:
            if boundary.fixed:
                return _FREE * abs(steps) * self.step
            at = boundary.base + steps * self.step
            outside = max(boundary.low - at, 0) + max(at - boundary.high, 0)
            off = abs(at - boundary.exact)
            return _FREE * outside + _NEAR * max(off - self.step, 0) + off * off

        return cost

    def _length_cost(self, base: int, row: Row | None) -> Cost:
        exact = row.span.length // _MICROSECOND if row is not None else 0
        shortest = self.grid.shortest // _MICROSECOND

        def cost(steps: int) -> int:
            length = base + steps * self.step
            found = _FREE * max(-length, 0)
            if row is None:
                return found
            if exact < self.step:
                return found + _SHORT * abs(length - self.step)
            off = max(abs(length - exact) - self.step, 0) + max(self.step // 2 - length, 0)
            return found + _LAW * off + _SHORT * max(shortest - length, 0)

        return cost

    def _group_cost(self, base: int, exact: int, name: str) -> Cost:
        even = exact + self.left_over.get(name, timedelta()) // _MICROSECOND

        def cost(steps: int) -> int:
            length = base + steps * self.step
            off = abs(length - exact)
            return _LAW * max(off - self.step, 0) + _BALANCE * (length - even) ** 2

        return cost


def _cancel_cycles(arcs: Sequence[_Arc]) -> None:
    """Finds the numbers of steps that cost least of all that flow in circles.

    Whatever flows does so in circles from the start, where nothing does. A better flow differs
    from this one by circles, of which one at least makes it cheaper by itself.
    """
    nodes = 1 + max(max(arc.tail, arc.head) for arc in arcs)
    while cycle := _cheaper_cycle(_residual(arcs), nodes):
        for arc, by in cycle:
            arc.steps += by


# From, to, what it costs more, the arc, one step up or down.
_Step = tuple[int, int, int, _Arc, int]


def _residual(arcs: Iterable[_Arc]) -> list[_Step]:
    found = []
    for arc in arcs:
        now = arc.cost(arc.steps)
        found.append((arc.tail, arc.head, arc.cost(arc.steps + 1) - now, arc, 1))
        found.append((arc.head, arc.tail, arc.cost(arc.steps - 1) - now, arc, -1))
    return found


def _cheaper_cycle(steps: Sequence[_Step], nodes: int) -> list[tuple[_Arc, int]]:
    """A circle of steps that costs less than nothing, if there is one (Bellman and Ford)."""
    distance: list[int] = [0] * nodes
    came: list[_Step | None] = [None] * nodes
    for _ in range(nodes):
        changed = False
        for step in steps:
            tail, head, more, _, _ = step
            if distance[tail] + more < distance[head]:
                distance[head], came[head], changed = distance[tail] + more, step, True
        if not changed:
            return []
        if cycle := _cycle_in(came):
            return cycle
    return []


def _cycle_in(came: Sequence[_Step | None]) -> list[tuple[_Arc, int]]:
    seen: dict[int, int] = {}
    for start in range(len(came)):
        node = start
        while node not in seen and (step := came[node]) is not None:
            seen[node], node = start, step[0]
        if seen.get(node) == start and came[node] is not None:
            return _around(came, node)
    return []


def _around(came: Sequence[_Step | None], start: int) -> list[tuple[_Arc, int]]:
    cycle, node = [], start
    while (step := came[node]) is not None:
        cycle.append((step[3], step[4]))
        node = step[0]
        if node == start:
            break
    return cycle


def _number(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _span(start: int, end: int) -> Span | None:
    if start >= end:
        return None
    return Span(_EPOCH + start * _MICROSECOND, _EPOCH + end * _MICROSECOND)


def _shared(free: Span, row: Span) -> timedelta:
    both = free.intersection(row)
    return both.length if both is not None else timedelta()
