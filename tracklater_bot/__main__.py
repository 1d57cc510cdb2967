"""`python -m tracklater_bot`, and the command `tracklater-bot`."""

from tracklater_bot.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
