"""The time zone of this machine."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal import get_localzone

from tracklater_bot.settings.errors import SettingsError

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
