"""What a section of the settings is, and what it says of itself."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr

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
