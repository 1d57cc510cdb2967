"""The system's keyring: secrets by the names of their variables, for those who list them.

The package is an extra, and loaded here alone: where no name is listed, nothing asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tracklater_bot.domain.errors import installing

SERVICE = "tracklater-bot"
PLACE = "the system's keyring"
GOOD = 1  # of keyring's priorities: less keeps nothing, or in plain text


def offered() -> str:
    """What the keyring here is called; "" without one that keeps secrets, or without the extra."""
    try:
        import keyring  # noqa: PLC0415 - see above

        backend = keyring.get_keyring()
        return str(backend.name) if backend.priority >= GOOD else ""
    except Exception:  # noqa: BLE001 - each system's has errors of its own
        return ""


def keep(secrets: Mapping[str, str]) -> str:
    """Keeps them, and reads them back. Why that was not possible; "" where it was."""
    try:
        import keyring  # noqa: PLC0415

        for name, secret in secrets.items():
            keyring.set_password(SERVICE, name, secret)
            if keyring.get_password(SERVICE, name) != secret:
                return f"{PLACE} keeps nothing"
    except Exception as error:  # noqa: BLE001
        return _trouble(error)
    return ""


def drop(name: str) -> None:
    """Takes the secret out, where it is and can be taken out."""
    try:
        import keyring  # noqa: PLC0415

        keyring.delete_password(SERVICE, name)
    except Exception:  # noqa: BLE001 - it is of no use to anybody any more
        return


def kept(names: Sequence[str]) -> tuple[dict[str, str], str]:
    """Those of the secrets that are there, and why others may be missing."""
    found: dict[str, str] = {}
    try:
        for name in names:
            import keyring  # noqa: PLC0415

            if secret := keyring.get_password(SERVICE, name):
                found[name] = secret
    except ModuleNotFoundError:
        return {}, f"keyring: it needs one more package: {installing('keyring')}"
    except Exception as error:  # noqa: BLE001
        return found, f"keyring: {_trouble(error)}: unlock it, or write the secrets into .env"
    missing = [name for name in names if name not in found]
    return found, f"keyring: {', '.join(missing)} is not in it" if missing else ""


def _trouble(error: Exception) -> str:
    return f"{PLACE} cannot be used ({type(error).__name__})"
