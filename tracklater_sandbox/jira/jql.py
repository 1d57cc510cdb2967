"""The part of JQL that a time tracker asks. What is unknown is refused as Jira does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

Test: TypeAlias = Callable[[Mapping[str, Any]], bool]

TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<op>>=|<=|!=|!~|=|>|<|~|\(|\)|,)"""
    r"""|(?P<word>[^\s()=!<>~,"']+))"""
)
FIELDS = {
    "project": "project",
    "key": "key",
    "issuekey": "key",
    "issue": "key",
    "assignee": "assignee",
    "reporter": "reporter",
    "worklogauthor": "worklog_authors",
    "updated": "updated",
    "created": "created",
    "text": "text",
    "summary": "text",
    "status": "status",
    "statuscategory": "category",
    "issuetype": "type",
    "type": "type",
    "resolution": "resolution",
}
BOUNDS = frozenset({"project", "key", "updated", "created"})
DAYS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class JqlError(ValueError):
    """A query that Jira refuses; the text is what Jira says."""


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: which issues, in which order, and whether anything bounds it."""

    test: Test
    order: tuple[str, bool] | None
    bounded: bool
    keys: tuple[str, ...]

    def run(self, issues: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The issues that fit, in order; newest key first by default."""
        found = [issue for issue in issues if self.test(issue)]
        name, falling = self.order or ("key", True)
        return sorted(found, key=lambda issue: _sortable(issue[name]), reverse=falling)


def parse(text: str, me: str, now: datetime) -> Query:
    """Reads a query for the person `me`. Raises JqlError."""
    return _Parser(_tokens(text), me, now).query()


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    while text[position:].strip():
        found = TOKEN.match(text, position)
        if found is None:
            raise JqlError(f"Error in the JQL Query: unexpected character at {position}.")
        tokens.append(found.group().strip())
        position = found.end()
    return tokens


class _Parser:
    """Recursive descent: or, and, not, parentheses, clauses."""

    def __init__(self, tokens: list[str], me: str, now: datetime) -> None:
        self._tokens = tokens
        self._at = 0
        self._me = me
        self._now = now
        self._bounded = False
        self._keys: list[str] = []

    def query(self) -> Query:
        """The whole query."""
        test: Test = _everything
        if self._peek() and not self._is("order"):
            test = self._or()
        order = self._order() if self._is("order") else None
        if self._peek():
            raise JqlError(f"Error in the JQL Query: unexpected '{self._peek()}'.")
        return Query(test, order, self._bounded, tuple(self._keys))

    def _or(self) -> Test:
        tests = [self._and()]
        while self._is("or"):
            self._next()
            tests.append(self._and())
        return lambda issue: any(test(issue) for test in tests)

    def _and(self) -> Test:
        tests = [self._one()]
        while self._is("and"):
            self._next()
            tests.append(self._one())
        return lambda issue: all(test(issue) for test in tests)

    def _one(self) -> Test:
        if self._is("not"):
            self._next()
            inner = self._one()
            return lambda issue: not inner(issue)
        if self._is("("):
            self._next()
            inner = self._or()
            self._expect(")")
            return inner
        return self._clause()

    def _clause(self) -> Test:
        name = _bare(self._next())
        field = FIELDS.get(name.lower())
        if field is None:
            raise JqlError(
                f"Field '{name}' does not exist or you do not have permission to view it."
            )
        self._bounded = self._bounded or field in BOUNDS
        operator = self._operator()
        values = self._values(operator)
        if field == "key":
            self._keys += [str(value).upper() for value in values]
        return _comparison(field, operator, values)

    def _operator(self) -> str:
        word = self._next().lower()
        if word in ("not", "is") and self._is("in" if word == "not" else "not"):
            return f"{word} {self._next().lower()}"
        if word not in ("=", "!=", "in", ">=", "<=", ">", "<", "~", "!~", "is"):
            raise JqlError(f"Error in the JQL Query: '{word}' is no operator.")
        return word

    def _values(self, operator: str) -> list[Any]:
        if not operator.endswith("in"):
            return [self._value()]
        self._expect("(")
        values = [self._value()]
        while self._is(","):
            self._next()
            values.append(self._value())
        self._expect(")")
        return values

    def _value(self) -> Any:
        word = self._next()
        if word.lower() == "currentuser" and self._is("("):
            self._expect("(")
            self._expect(")")
            return self._me
        if word.lower() in ("empty", "null"):
            return None
        relative = re.fullmatch(r"-(\d+)([mhdw])", _bare(word))
        if relative:
            span = timedelta(**{DAYS[relative.group(2)]: int(relative.group(1))})
            return self._now - span
        return self._moment(_bare(word))

    def _moment(self, word: str) -> Any:
        if not re.fullmatch(r"\d{4}[-/]\d\d[-/]\d\d( \d\d:\d\d)?", word):
            return word
        return datetime.fromisoformat(word.replace("/", "-")).replace(tzinfo=self._now.tzinfo)

    def _order(self) -> tuple[str, bool]:
        self._next()
        self._expect("by")
        name = self._next()
        field = FIELDS.get(name.lower())
        if field is None:
            raise JqlError(f"Not able to sort using field '{name}'.")
        falling = self._is("desc")
        if falling or self._is("asc"):
            self._next()
        return field, falling

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _is(self, word: str) -> bool:
        return self._peek().lower() == word

    def _next(self) -> str:
        if not self._peek():
            raise JqlError("Error in the JQL Query: the query ends too early.")
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, word: str) -> None:
        found = self._next()
        if found.lower() != word:
            raise JqlError(f"Error in the JQL Query: expecting '{word}' but got '{found}'.")


def _comparison(field: str, operator: str, values: list[Any]) -> Test:
    if operator in ("~", "!~"):
        words = [word.rstrip("*") for word in str(values[0]).lower().split()]
        contains: Test = lambda issue: all(  # noqa: E731
            word in str(issue[field]).lower() for word in words
        )
        return contains if operator == "~" else lambda issue: not contains(issue)
    if operator in (">=", "<=", ">", "<"):
        return _ordered(field, operator, values[0])
    among: Test = lambda issue: any(_same(issue[field], value) for value in values)  # noqa: E731
    if operator in ("=", "in", "is"):
        return among
    return lambda issue: not among(issue)


def _ordered(field: str, operator: str, bound: Any) -> Test:
    if not isinstance(bound, datetime):
        raise JqlError(f"Date value '{bound}' for field '{field}' is invalid.")
    tests: dict[str, Callable[[Any], bool]] = {
        ">=": lambda at: bool(at >= bound),
        "<=": lambda at: bool(at <= bound),
        ">": lambda at: bool(at > bound),
        "<": lambda at: bool(at < bound),
    }
    return lambda issue: tests[operator](issue[field])


def _same(found: Any, value: Any) -> bool:
    if isinstance(found, (list, tuple, set, frozenset)):
        return value in found
    if found is None or value is None:
        return found is value
    return str(found).lower() == str(value).lower()


def _sortable(value: Any) -> Any:
    """Keys by number, everything else as it is."""
    if isinstance(value, str) and re.fullmatch(r"[A-Z0-9_]+-\d+", value):
        project, _, number = value.rpartition("-")
        return project, int(number)
    return value


def _bare(word: str) -> str:
    if word[:1] in ("'", '"'):
        return re.sub(r"\\(.)", r"\1", word[1:-1])
    return word


def _everything(_: Mapping[str, Any]) -> bool:
    return True
