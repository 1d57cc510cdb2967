"""`python -m tracklater_bot`, and the command `tracklater-bot`."""

import gc
import os


def main() -> int:
    """Runs one command and returns its exit code."""
    # Most commands end within a second: looking for garbage in what they import would take 40 ms
    # of it on the way and 100 ms at the end. Those that stay turn it on again.
    gc.disable()
    # pydantic asks every installed package for plugins, which takes 7 ms. We want none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from tracklater_bot.cli import main as command  # noqa: PLC0415 - see above

    code = command()
    gc.freeze()  # spares Python the looking when it ends
    return code


if __name__ == "__main__":
    raise SystemExit(main())
