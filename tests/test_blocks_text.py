from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import HOSTILE, bad_characters, hostile_text, isolates_balanced
from tracklater_bot.blocks.text import lines_within, link, mrkdwn, plain, safe_url
from tracklater_bot.domain.text import units


@given(hostile_text)
def test_nothing_in_outside_text_formats_links_or_mentions(text: str) -> None:
    made = mrkdwn(text, 150)
    assert not set(made) & set("*_~`<>\n")
    assert made.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").count("&") == 0
    assert not made.startswith("&gt;")
    assert not bad_characters(made)
    assert isolates_balanced(made)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!channel> & you", "&lt;!channel&gt; &amp; you"),
        ("fix *all* in_snake_case", "fix ∗all∗ inˍsnakeˍcase"),
        ("> quote", "› quote"),
        (":tada: at 12:30", "∶tada: at 12:30"),
        ("plain words", "plain words"),
    ],
)
def test_how_outside_text_looks(text: str, shown: str) -> None:
    assert mrkdwn(text, 100) == shown


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.atlassian.net/browse/DEV-1", "https://a.atlassian.net/browse/DEV-1"),
        ("http://127.0.0.1:8080/jira/browse/DEV-1", "http://127.0.0.1:8080/jira/browse/DEV-1"),
        ("https://a.example/x|y>z", "https://a.example/x%7Cy%3Ez"),
        ("https://a.example/ä", "https://a.example/%C3%A4"),
        ("https://a.example/?a=1&b=%20", "https://a.example/?a=1&b=%20"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("//evil.example", None),
        ("https://", None),
        ("https://[bad", None),
        ("https://a.example/\nx", None),
        ("https://a.example/ x", None),
        ("https://a.example/" + "x" * 600, None),
        ("", None),
    ],
)
def test_only_plain_web_addresses_become_links(url: str, safe: str | None) -> None:
    assert safe_url(url) == safe


def test_a_link_without_a_safe_address_is_its_label() -> None:
    assert link("javascript:alert(1)", "DEV-1") == "DEV-1"
    assert link("https://a.example/?a=1&b=2", "DEV-1") == "<https://a.example/?a=1&amp;b=2|DEV-1>"


@given(hostile_text, st.integers(3, 80))
def test_plain_text_is_never_empty_or_too_long(text: str, most: int) -> None:
    made = plain(text, most)
    assert made
    assert units(made) <= most


@pytest.mark.parametrize("text", HOSTILE)
def test_a_paragraph_ends_on_a_whole_line(text: str) -> None:
    lines = [mrkdwn(text, 200) or "x"] * 40
    made = lines_within(lines, 1000)
    assert len(made) <= 1000
    assert set(made.split("\n")[:-1]) <= set(lines)
    assert lines_within(["a", "b"]) == "a\nb"
