"""Programs by the names that systems and recorders have for them: `Google-chrome`, `chrome.exe`."""

from __future__ import annotations

import re
from functools import lru_cache

from tracklater_bot.domain.text import folded, listed

_ENDINGS = re.compile(r"\.(?:exe|app|bin)$|[ -](?:browser|stable|esr|bin|wayland|nightly|beta)$")
_REVERSED = re.compile(r"(?:org|com|io|net|dev|app|md)(?:\.[\w-]+)*\.(?=[\w-]+$)")
_ALIASES = {
    "chrome": "google chrome", "google chrome canary": "google chrome", "msedge": "microsoft edge",
    "edge": "microsoft edge", "navigator": "firefox", "mozilla firefox": "firefox",
    "firefoxdeveloperedition": "firefox", "firefox developer edition": "firefox",
    "visual studio code": "code", "vscode": "code", "code insiders": "code",
    "visual studio code insiders": "code", "code oss": "code", "code url handler": "code",
    "neovim": "nvim", "zoom us": "zoom", "zoom.us": "zoom",
}  # fmt: skip
_CHROMIUM = listed("""google chrome|chromium|brave|microsoft edge|vivaldi|opera|arc|yandex|thorium
    |ungoogled chromium|dia|comet""")
_FIREFOX = listed("""firefox|librewolf|waterfox|floorp|zen|tor|mullvad|iceweasel|palemoon""")
BROWSERS = (
    _CHROMIUM
    | _FIREFOX
    | listed("""safari|orion|epiphany|qutebrowser|falkon|konqueror
    |duckduckgo|mozilla firefox|firefox developer edition""")
)
TERMINALS = listed("""terminal|gnome terminal|gnome terminal server|konsole|xterm|uxterm|urxvt
    |iterm2|iterm|alacritty|kitty|wezterm|wezterm gui|ghostty|tilix|foot|st|terminator
    |xfce4 terminal|kgx|ptyxis|windowsterminal|windows terminal|powershell|pwsh|cmd|conhost|warp
    |hyper|guake|yakuake|rxvt|mintty""")
_CODE = listed("""code|vscodium|codium|cursor|windsurf|positron|antigravity""")
_IN_TERMINALS = frozenset(("vim", "nvim", "emacs", "helix", "kakoune", "micro"))
_EDITORS = re.compile(
    r"idea|intellij|pycharm|webstorm|goland|phpstorm|rubymine|rider|clion|datagrip|rustrover"
    r"|android studio|jetbrains|sublime|emacs|vim|neovide|xcode|zed|kate|gedit|gnome builder"
    r"|notepad\+\+|eclipse|netbeans|devenv|visual studio|textmate|nova|helix|lapce"
)
_LOCKED = listed("""loginwindow|lockapp|windows default lock screen|screensaverengine|logonui|i3lock
    |swaylock|xscreensaver|gnome screensaver|kscreenlocker greet|hyprlock|light locker|slock
    |xsecurelock|mate screensaver|cinnamon screensaver""")


@lru_cache(1000)
def program(app: str) -> str:
    """The program's one name, folded: `google chrome` of `Google-chrome` and `chrome.exe`."""
    name = folded(app[:200]).strip()
    while (shorter := _ENDINGS.sub("", name)) != name:
        name = shorter
    name = " ".join(re.split(r"[\s_-]+", _REVERSED.sub("", name)))
    return _ALIASES.get(name, name)


def is_browser(app: str) -> bool:
    """Whether the program shows pages of the web."""
    return program(app) in BROWSERS


def is_for_code(app: str) -> bool:
    """Whether the program is an editor or a terminal: what its titles name is worked on."""
    name = program(app)
    return name in _CODE or name in TERMINALS or _EDITORS.search(name) is not None


def is_lock_screen(app: str, title: str) -> bool:
    """Whether it is a lock screen."""
    return program(app) in _LOCKED or title == "Windows Default Lock Screen"


def same_browser(watcher: str, app: str) -> bool:
    """Whether a watcher in a browser may mean this program.

    Those in relatives of Chrome and Firefox often call themselves by those two names.
    """
    told, name = program(watcher), program(app)
    relatives = {"google chrome": _CHROMIUM, "firefox": _FIREFOX}.get(told, frozenset())
    return told == name or name in relatives


def same_editor(watcher: str, app: str) -> bool:
    """Whether a watcher in an editor may mean this program, or the terminal that it runs in."""
    told, name = program(watcher), program(app)
    if told in _CODE:
        return name in _CODE
    if told in _IN_TERMINALS and name in TERMINALS:
        return True
    jetbrains = told in ("jetbrains", "intellij", "idea") and is_for_code(app)
    return told in name or (jetbrains and name not in TERMINALS and name not in _CODE)
