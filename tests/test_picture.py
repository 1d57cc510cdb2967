from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from tests.digests import digest, entry, many, with_text
from tests.hostile import HOSTILE
from tests.notation import at, span
from tracklater_bot.blocks import timeline_png as picture
from tracklater_bot.blocks.timeline import PALETTE, Bar, Lanes, Ticks, colours, lanes_of
from tracklater_bot.blocks.timeline_png import WIDTH, draw
from tracklater_bot.domain.day import Span

NOW = at("18:00")
ZONE = ZoneInfo("Europe/Helsinki")
FRIDAY = date(2026, 11, 20)


def opened(png: bytes) -> Image.Image:
    image = Image.open(BytesIO(png))
    assert image.format == "PNG"
    image.load()
    return image


def bar_colours(png: bytes) -> Counter[str]:
    """How many pixels there are of each colour of the palette."""
    pixels = opened(png).convert("RGB").getcolors(maxcolors=1 << 24) or []
    found = {bytes(colour).hex(): number for number, colour in pixels if isinstance(colour, tuple)}
    return Counter({each: found[each[1:]] for each in PALETTE if each[1:] in found})


def lanes(*bars: tuple[str, str | None], **more: object) -> Lanes:
    made = tuple(Bar(span(when), group, "DEV-1") for when, group in bars)
    return replace(Lanes(FRIDAY, ZONE, made), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [0, 1, 8, 30, 200])
def test_any_day_can_be_drawn(number: int) -> None:
    png = draw(lanes_of(digest(*many(number)), NOW, Ticks((at("09:00"),), (at("10:00"),))))
    image = opened(png)
    assert image.width == WIDTH
    assert 300 < image.height < 1200
    assert len(png) < 300_000


def test_a_meeting_is_marked_from_its_beginning_to_its_end() -> None:
    bars = lanes(("09:00-12:00", "acme"))
    without, short, long = (
        draw(replace(bars, ticks=Ticks(meetings=meetings)))
        for meetings in ((), (span("10:00-10:15"),), (span("10:00-12:00"),))
    )
    assert opened(short).height > opened(without).height
    greys = [opened(png).convert("L").histogram() for png in (short, long)]
    dark = [sum(n * (255 - grey) for grey, n in enumerate(each)) for each in greys]
    assert dark[0] < dark[1]


def test_the_same_day_is_drawn_the_same() -> None:
    day = lanes(("09:00-10:00", "acme"), ("10:00-11:00", None))
    assert draw(day) == draw(day)


def test_groups_have_their_colours_and_their_share_of_the_line() -> None:
    found = bar_colours(draw(lanes(("08:00-11:00", "acme"), ("11:00-12:00", "globex"))))
    acme, globex = (colours(["acme", "globex"])[group] for group in ("acme", "globex"))
    assert 2.5 < found[acme] / found[globex] < 3.3


def test_colours_stay_when_a_day_lacks_a_group() -> None:
    known = ("acme", "globex", "initech")
    for group in known:
        found = bar_colours(draw(lanes(("08:00-11:00", group)), known))
        assert set(found) == {colours(known)[group]}


def test_time_flows_evenly_through_a_change_of_the_clock() -> None:
    """03:00 to 04:00 comes twice: the two bars are one hour each, and equally wide."""
    start = datetime(2026, 10, 25, 0, tzinfo=UTC)
    first = Span(start, start.replace(hour=1))
    second = Span(start.replace(hour=1), start.replace(hour=2))
    day = Lanes(date(2026, 10, 24), ZONE, (Bar(first, "acme"), Bar(second, "globex")))
    found = bar_colours(draw(day))
    assert len(found) == 2
    smaller, larger = sorted(found.values())
    assert larger / smaller < 1.1


def test_what_is_tracked_has_a_lane_of_its_own() -> None:
    without = opened(draw(lanes(("09:00-10:00", "acme"))))
    tracked = lanes_of(digest(tracked=(entry("08:00-09:00 acme"),)), NOW).tracked
    with_lane = opened(draw(lanes(("09:00-10:00", "acme"), tracked=tracked)))
    assert with_lane.height > without.height


def test_the_card_is_light_and_its_corners_are_clear() -> None:
    image = opened(draw(lanes(("09:00-10:00", "acme")))).convert("RGBA")
    assert image.getpixel((0, 0)) == (0, 0, 0, 0)
    assert image.getpixel((WIDTH // 2, 20)) == (255, 255, 255, 255)


@pytest.mark.parametrize("colour", PALETTE)
def test_words_on_bars_have_enough_contrast(colour: str) -> None:
    ink = picture._ink_on(colour)
    lights = sorted((picture._luminance(colour), picture._luminance(ink)))
    assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 4.5


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_drawn_or_left_out(text: str) -> None:
    made = digest(*(with_text(each, text) for each in many(3, minutes=60)))
    opened(draw(lanes_of(made, NOW)))


def test_no_letter_is_drawn_as_a_box_where_no_font_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on a machine without any font: Pillow's own has Latin letters only."""
    monkeypatch.setattr(picture, "_WIDER_FONTS", ())
    for cached in (picture._wider_fonts, picture._font_for, picture._writable):
        cached.cache_clear()
    try:
        assert picture._writable("Acmé") == "Acme"
        assert picture._writable("東京 API") == "API"
        assert picture._writable("東京") == ""
        opened(draw(lanes(("09:00-10:00", "東京"))))
    finally:
        monkeypatch.undo()
        for cached in (picture._wider_fonts, picture._font_for, picture._writable):
            cached.cache_clear()
