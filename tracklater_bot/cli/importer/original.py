"""The original TrackLater's settings as data: a Python module, or JSON, comments or not.

A Python file is parsed and never run: what is not a plain value in it is named, not computed.
"""

from __future__ import annotations

import ast
import json
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# How JSON writes what Python writes with a capital; its README's JSON has comments like Python's.
_JSON_WORDS = {"true": True, "false": False, "null": None}


class CannotImport(Exception):
    """Nothing was imported. Its text is a sentence that says what to do."""


@dataclass(slots=True)
class Original:
    """The settings by module (`"TOGGL"`) as plain values, and notes on what could not be read."""

    modules: dict[str, Any]
    notes: list[str] = field(default_factory=list)


def read(path: Path) -> Original:
    """Reads the original's settings. Raises CannotImport."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise CannotImport(f"{path}: is not UTF-8 text") from None
    except OSError as error:
        raise CannotImport(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    original = understand(text, path.name)
    if not any(isinstance(value, dict) for value in original.modules.values()):
        raise CannotImport(f"{path}: holds none of TrackLater's settings, such as TOGGL or GIT")
    return original


def understand(text: str, name: str = "settings") -> Original:
    """The settings in a text. Raises CannotImport when it is neither Python nor JSON."""
    try:
        tables = json.loads(text)
    except (ValueError, RecursionError):
        return _ModuleReader().module(_parsed(text, name))
    return Original(tables if isinstance(tables, dict) else {})


def _parsed(text: str, name: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # about escapes such as "\\d"
            return ast.parse(text)
    except SyntaxError as error:
        raise CannotImport(
            f"{name}: line {error.lineno or 1} is neither Python nor JSON: correct it first"
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise CannotImport(f"{name}: is neither Python nor JSON") from None


class _NotPlain(Exception):
    """A value that only running the file would tell."""

    def __init__(self, node: ast.AST) -> None:
        super().__init__()
        self.line: int = getattr(node, "lineno", 1)


class _ModuleReader:
    """Reads plain values out of a module's statements, one after the other."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}
        self._notes: list[str] = []

    def module(self, tree: ast.Module) -> Original:
        """All that the module says plainly."""
        for statement in tree.body:
            self._statement(statement)
        return Original(self._known, self._notes)

    def _statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._assign(name, value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self._assign(name, value)
            case ast.Expr(value=ast.Dict() as value):  # JSON with comments
                self._known |= self._table(value)
            case ast.Expr(value=ast.Constant()):
                pass  # a docstring
            case _:
                self._notes.append(f"line {statement.lineno}: is no plain setting: left out")

    def _assign(self, name: str, node: ast.expr) -> None:
        try:
            self._known[name] = self._value(node)
        except _NotPlain as error:
            self._notes.append(f"line {error.line}: {name} is computed: left out")

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Dict():
                return self._table(node)
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                return [self._value(part) for part in parts]
            case ast.Name(id=name):  # one of the file's own, or text without its quotes
                return _JSON_WORDS.get(name, self._known.get(name, name))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return -number
        raise _NotPlain(node)

    def _table(self, node: ast.Dict) -> dict[str, Any]:
        """A table; a value in it that is computed is left out alone, with its key named."""
        table: dict[str, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                self._notes.append(f"line {value.lineno}: ** is computed: left out")
                continue
            name = key.id if isinstance(key, ast.Name) else str(self._value(key))
            try:
                table[name] = self._value(value)
            except _NotPlain as error:
                self._notes.append(f"line {error.line}: {name} is computed: left out")
        return table
