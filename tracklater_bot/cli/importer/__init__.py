"""From the original TrackLater's settings to ours: `import-settings`."""

from tracklater_bot.cli.importer.original import CannotImport
from tracklater_bot.cli.importer.writing import Report, import_settings

__all__ = ["CannotImport", "Report", "import_settings"]
