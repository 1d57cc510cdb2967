"""How single values are written: words, times, folders, addresses, tokens.

Every refusal here is a sentence part without the value itself: it may be a misplaced secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import time
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, SecretStr
from tzlocal import get_localzone

from tracklater_bot.domain.day import WEEKDAYS
from tracklater_bot.settings.base import SettingsError

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_COUNTRY = re.compile(r"[A-Za-z]{2}([-_][A-Za-z0-9]{1,3})?")
_HAS_DIGIT = re.compile(r"\d")
_MAIL = re.compile(r"[^\s<>()\",;:]+@[^\s<>()\",;:]+")
_TOKEN_KINDS = {"xoxb-": "bot token", "xapp-": "app-level token", "xoxp-": "user token"}


def _listed(value: object) -> object:
    """One word where a list is expected means a list of one; blank words are left out."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list | tuple):
        words = [word.strip() if isinstance(word, str) else word for word in value]
        return [word for word in words if word != ""]
    return value


def _addresses(value: object) -> object:
    """E-mail addresses alone: `Me <me@example.org>`, as git shows them, is that of Me."""
    words = _listed(value)
    if not isinstance(words, list):
        return words
    return [
        part for word in words for part in (isinstance(word, str) and _MAIL.findall(word)) or [word]
    ]


def _blank_is_unset(value: object) -> object:
    """An empty text says the same as no setting at all."""
    return None if isinstance(value, str) and not value.strip() else value


def _clock(value: object) -> object:
    """A time of day as "HH:MM". A bare number would silently mean seconds: it is refused."""
    if isinstance(value, time) and value.tzinfo is None:
        return value
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if found and int(found[1]) < 24 and int(found[2]) < 60:
        return time(int(found[1]), int(found[2]))
    raise ValueError('must be a time of day such as "17:30"')


def _weekday(value: object) -> object:
    """The short name of a weekday written in any case, short or long."""
    if not isinstance(value, str):
        return value
    word = value.strip().casefold()
    return word[:3] if word in WEEKDAYS else word


def _zone(value: object) -> object:
    """A time zone by its IANA name."""
    if value is None or isinstance(value, ZoneInfo):
        return value
    if isinstance(value, str) and (zone := _zone_named(value)):
        return zone
    hint = _zone_like(value) if isinstance(value, str) else ""
    raise ValueError(f'is no time zone: write one like "Europe/Helsinki"{hint}')


def _zone_named(name: str) -> ZoneInfo | None:
    """The zone, found without listing all there are, which takes 15 ms."""
    # Second copies; those on the right have leap seconds.
    if name.startswith(("posix/", "right/", "posixrules")):
        return None
    with suppress(ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(name)
    return None


def _zone_like(value: str) -> str:
    """A hint at a place with such a name.

    Never at a number or an abbreviation: Etc/GMT+3 is west of GMT, CEST looks like EST.
    """
    names = sorted(available_timezones())
    wanted = value.strip().replace(" ", "_").casefold()
    same = next((name for name in names if name.casefold() == wanted), "")
    places = [name for name in names if "/" in name and not name.startswith("Etc/")]
    cities = {name.rpartition("/")[2].casefold(): name for name in places}
    by_word = {name.casefold(): name for name in places} | cities
    near = get_close_matches(wanted, by_word, n=1, cutoff=0.8) or get_close_matches(
        wanted.rpartition("/")[2], cities, n=1, cutoff=0.8
    )
    meant = same or (by_word[near[0]] if near and not _HAS_DIGIT.search(wanted) else "")
    return f"; did you mean {meant}?" if meant else ""


def _folder(value: Path | None) -> Path | None:
    """A full path; `~` is the home directory. Services run elsewhere, so nothing is relative."""
    if value is None:
        return None
    try:
        path = value.expanduser()
    except RuntimeError:
        raise ValueError("names the home directory of a user that does not exist") from None
    if not path.is_absolute():
        raise ValueError('must be a full path, such as "/home/me/work" or "~/work"')
    return path


def _address(value: str | None) -> str | None:
    """A web address without a slash at its end; no address at all is "" or None."""
    if not value:
        return value
    try:
        parts = urlsplit(value.strip())
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise ValueError('must be a web address that begins with "https://"')
    if parts.username or parts.password:
        raise ValueError("must not hold a user name or password: they have settings of their own")
    return value.strip().rstrip("/")


def _some_address(value: str) -> str:
    """An address that cannot be left out: empty text is refused as any that is none."""
    return _address(value or "none") or ""


def _slack_address(value: str | None) -> str | None:
    """Slack's SDK joins method names to its base address, which must end with a slash."""
    return None if value is None else f"{_some_address(value)}/"


def _country(value: str) -> str:
    if value and not _COUNTRY.fullmatch(value):
        raise ValueError('must be a country code such as "FI", or "" for none')
    return value.upper()


def _trimmed(value: SecretStr | None) -> SecretStr | None:
    """The secret without the blanks and line ends that copying adds; None when nothing is left."""
    text = value.get_secret_value().strip() if value else ""
    return SecretStr(text) if text else None


def _joined(value: object) -> object:
    """Several secrets are one text."""
    words = _listed(value)
    texts = isinstance(words, list) and all(isinstance(word, str) for word in words)
    return " ".join(words) if texts and isinstance(words, list) else value


def _slack_token(kind: str) -> Callable[[SecretStr | None], SecretStr | None]:
    """Refuses a token that shows by its beginning that it is another kind of Slack token."""

    def check(value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value else ""
        for prefix, name in _TOKEN_KINDS.items():
            if text.startswith(prefix) and name != kind:
                wanted = next(begin for begin, label in _TOKEN_KINDS.items() if label == kind)
                raise ValueError(
                    f"holds a Slack {name} ({prefix}…); the {kind} begins with {wanted}"
                )
        return value

    return check


def repository(value: str) -> str:
    """`acme/api`, also of its address."""
    path = urlsplit(value).path if "://" in value else value.rpartition(":")[2]
    return path.partition("/-/")[0].strip("/").removesuffix(".git")


Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Repositories = Annotated[
    tuple[Annotated[str, AfterValidator(repository)], ...], BeforeValidator(_listed)
]
Emails = Annotated[tuple[str, ...], BeforeValidator(_addresses)]
OwnEmails = Annotated[
    tuple[str, ...] | None, BeforeValidator(_addresses), AfterValidator(lambda words: words or None)
]
Days = Annotated[
    tuple[Annotated[Weekday, BeforeValidator(_weekday)], ...], BeforeValidator(_listed)
]
Clock = Annotated[time, BeforeValidator(_clock)]
Zone = Annotated[ZoneInfo | None, BeforeValidator(_zone), BeforeValidator(_blank_is_unset)]
Folder = Annotated[Path, AfterValidator(_folder)]
OwnFolder = Annotated[Path | None, AfterValidator(_folder), BeforeValidator(_blank_is_unset)]
OwnFile = OwnFolder  # a full path as well
Folders = Annotated[tuple[Folder, ...], BeforeValidator(_listed)]
Address = Annotated[str, AfterValidator(_address)]
SomeAddress = Annotated[str, AfterValidator(_some_address)]
OwnAddress = Annotated[str | None, AfterValidator(_address), BeforeValidator(_blank_is_unset)]
SlackAddress = Annotated[str, AfterValidator(_slack_address)]
OwnSlackAddress = Annotated[
    str | None, AfterValidator(_slack_address), BeforeValidator(_blank_is_unset)
]
OwnText = Annotated[str | None, BeforeValidator(_blank_is_unset)]
Country = Annotated[str, AfterValidator(_country)]
Secret = Annotated[SecretStr | None, AfterValidator(_trimmed)]
Secrets = Annotated[Secret, BeforeValidator(_joined)]
BotToken = Annotated[Secret, AfterValidator(_slack_token("bot token"))]
AppToken = Annotated[Secret, AfterValidator(_slack_token("app-level token"))]
UserToken = Annotated[Secret, AfterValidator(_slack_token("user token"))]


_UNNAMED = "local"  # tzlocal's name for a zone file that is a copy, not a link


def machine_zone() -> ZoneInfo:
    """The zone this machine is set to. Raises SettingsError when its name cannot be found."""
    try:
        zone = get_localzone()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = None
    if not isinstance(zone, ZoneInfo) or zone.key in (None, _UNNAMED):
        raise SettingsError(
            "timezone: this machine does not tell the name of its time zone; "
            'write timezone = "Europe/Helsinki", or yours, into tracklater.toml'
        )
    return zone
