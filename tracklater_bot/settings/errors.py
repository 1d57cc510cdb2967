"""What is wrong with the settings, in one line each."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic_core import ErrorDetails


class SettingsError(Exception):
    """The settings cannot be used. Its text is one or a few plain lines, without any value."""

    def __init__(self, problems: str | Iterable[str]) -> None:
        lines = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(lines))


_REASONS = {
    "extra_forbidden": "unknown setting",
    "string_type": "must be text in quotes",
    "secret": "must be text in quotes",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "tuple_type": 'must be a list, such as ["one", "two"]',
    "path_type": "must be a path in quotes",
    "dict_type": 'must be a table, such as {{ "Development" = "default" }}',
    "model_type": "must be a section with settings of its own",
    "model_attributes_type": "must be a section with settings of its own",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
}


def reason(detail: ErrorDetails) -> str:
    """The reason as the end of a line; it never repeats the value."""
    context = detail.get("ctx", {})
    if detail["type"] == "value_error":
        return str(context.get("error", "cannot be used"))
    wording = _REASONS.get(detail["type"], "cannot be used here")
    return wording.format_map({key: str(value).replace("'", '"') for key, value in context.items()})
