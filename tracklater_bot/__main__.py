"""`python -m tracklater_bot`."""

from tracklater_bot.cli import main

raise SystemExit(main())
