"""What a section of the settings is, what it says of itself, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_core import ErrorDetails

if TYPE_CHECKING:
    from tracklater_bot.settings.models import Settings

Key: TypeAlias = tuple[str, ...]
Missing: TypeAlias = tuple[Key, str]  # a setting, and why it is needed


class Section(BaseModel):
    """A table of the settings file: frozen, and closed to unknown keys.

    A section says itself what others want to know of it. `sends_to` are its fields with addresses
    that get a token, `shows` those with addresses of pages alone. `in_env` are fields that are
    written as variables though they are no secrets. `gives_clues` is what to set for a first
    source of clues, as it stands in a sentence.
    """

    # Built as part of the whole: each table would be built twice otherwise, 25 ms of every start.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    sends_to: ClassVar[tuple[str, ...]] = ()
    shows: ClassVar[tuple[str, ...]] = ()
    in_env: ClassVar[tuple[str, ...]] = ()
    gives_clues: ClassVar[str] = ""

    def lacks(self, settings: Settings, at: Key) -> Iterator[Missing]:
        """What is missing though something else that is set needs it; `at` is the section."""
        yield from ()

    def asks(self, settings: Settings, at: Key) -> Iterator[str]:
        """Addresses that are asked something: those that get a token, where there is one."""
        if any(isinstance(value, SecretStr) for _, value in self):
            yield from (getattr(self, field) or "" for field in self.sends_to)

    def places(self, settings: Settings) -> Iterator[str]:
        """The folders, the file or the server that its source reads, as the person knows them."""
        yield from ()

    def doubts(self) -> Iterator[tuple[str, str]]:
        """Fields that were probably meant otherwise, each with a sentence."""
        yield from ()


class GroupSection(Section):
    """A table of one group."""

    def exclusive(self) -> Iterator[tuple[str, Hashable]]:
        """Things that two groups can't share, each after what it is called."""
        yield from ()

    def title_names(self) -> Iterator[str]:
        """Names in titles that point to the group."""
        yield from ()

    def hosts(self, settings: Settings, group: str) -> Iterator[str]:
        """Servers in titles that point to the group, unless another group has them too."""
        yield from ()


# A section that is not written is read from an empty table, as part of the whole. Made here, as a
# default, each would build a validator of its own: 10 ms of every start.
UNSET: Any = Field({}, validate_default=True)


# -- What is wrong with the settings, in one line each ---------------------------------------


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
