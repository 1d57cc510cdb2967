"""Text that somebody might put into a title to make trouble."""

from __future__ import annotations

import unicodedata

from hypothesis import strategies as st

HOSTILE = (
    "<!channel> pay <@U012ABCDEF> now <https://evil.example|here>",
    "*bold* _italic_ ~gone~ `code` ```block```",
    "> quoted\n> again",
    "&amp; &lt;!here&gt;",
    "\u202egnp.exe\u202c \u2066left\u2069 \u200frtl\u200e",
    "שלום עולם 123",
    "مرحبا بالعالم",
    "Z" + "\u0310\u0334\u0317" * 400 + "algo",
    "\x00\x07\x1b[31mred\x1b[0m\x7f\x85",
    ":tada::skull: @here #general",
    "👩‍👩‍👧‍👦" * 60,
    "𝕳" * 500,
    "'; DROP TABLE items; --",
    "{0.__class__} %s %n $(reboot) `reboot`",
    "日本語のとても長いタイトル" * 40,
    "\ud800 lone",
    "https://evil.example/login",
    "a" * 20_000,
    "&" * 5_000,
    "\u200b\u2060\ufeff",
    " ",
    "",
)

hostile_text = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=400))

_ISOLATES = "\u2068\u2069"


def bad_characters(text: str) -> list[str]:
    """Control, bidirectional and lone surrogate characters that should not be there."""
    return [
        character
        for character in text
        if character not in "\n" + _ISOLATES + "\u200c\u200d"
        and unicodedata.category(character) in ("Cc", "Cf", "Cs")
    ]


def isolates_balanced(text: str) -> bool:
    """Whether what is isolated ends again, so that nothing after it is turned round."""
    return text.count("\u2068") == text.count("\u2069")
