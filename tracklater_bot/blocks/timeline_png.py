"""The day's lanes as a PNG for a phone: pure, values in, bytes out.

Slack shows it some 340 points wide, so letters are large for the picture's size. It brings its own
light card, which stands out on Slack's dark theme as well as on its light one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from types import MappingProxyType
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont

from tracklater_bot.blocks.timeline import NO_GROUP, Bar, Lanes, channels, colours, sum_of
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.text import clean, count, day_name

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont
Box: TypeAlias = tuple[float, float, float, float]
_Entry: TypeAlias = tuple[str, str, str]  # of the legend: a name, a sum, a colour or a mark

WIDTH = 1200
SMOOTH = 2  # shapes are drawn larger and scaled down: Pillow's own have jagged edges

CARD, INK, BLACK, QUIET, GRID = "#ffffff", "#1d1c1d", "#000000", "#5e5d60", "#e4e3e6"
UNKNOWN, UNKNOWN_STRIPE = "#d9d8dc", "#b9b8bd"
MARGIN, RADIUS = 40, 28
TITLE, NORMAL, SMALL, TINY = 44, 36, 32, 26
BAR_HEIGHT, TRACKED_HEIGHT, TICK_HEIGHT, GAP = 128, 60, 44, 18
LEGEND_LINE = 54
MOST_LEGEND = 8
MOST_HOURS_LABELLED = 13

# Pillow's own font has Latin letters only; these are asked for where they are installed.
_WIDER_FONTS = (
    "NotoSans-Regular.ttf", "DejaVuSans.ttf", "LiberationSans-Regular.ttf", "Arial Unicode.ttf",
    "arial.ttf", "NotoSansCJK-Regular.ttc", "NotoSansHebrew-Regular.ttf",
    "NotoSansArabic-Regular.ttf", "Arial.ttf",
)  # fmt: skip


def draw(
    lanes: Lanes, groups: Sequence[str] = (), own: Mapping[str, str] = MappingProxyType({})
) -> bytes:
    """The lanes as a PNG, 1200 pixels wide.

    `groups` are all groups of the settings in their order: they keep each group's colour the same
    on every day. `own` are colours that groups have in the tracker.
    """
    layout = _Layout.of(lanes, colours((*groups, *lanes.groups()), own))
    size = (WIDTH * SMOOTH, round(layout.height) * SMOOTH)
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    _paint_shapes(_Pen(image), layout)
    image = image.reduce(SMOOTH)
    _paint_words(image, layout)
    out = BytesIO()
    image.save(out, "PNG")  # optimized, it takes four times as long to be 3 % smaller
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where everything goes, in pixels of the finished picture."""

    lanes: Lanes
    colours: Mapping[str, str]
    legend: tuple[_Entry, ...]
    bars_top: float
    tracked_top: float
    ticks_top: float
    axis_top: float
    legend_top: float
    height: float

    @classmethod
    def of(cls, lanes: Lanes, palette: Mapping[str, str]) -> _Layout:
        legend = tuple(_legend(lanes, palette))
        bars = MARGIN + TITLE + 2 * GAP
        tracked = bars + BAR_HEIGHT + GAP
        ticks = tracked + (TRACKED_HEIGHT + GAP if lanes.tracked else 0)
        axis = ticks + (TICK_HEIGHT + GAP if lanes.ticks.by_kind() else 0)
        legend_top = axis + SMALL + 2 * GAP
        lines = len(_legend_lines(legend))
        height = legend_top + lines * LEGEND_LINE + MARGIN - GAP
        return cls(lanes, palette, legend, bars, tracked, ticks, axis, legend_top, height)

    @property
    def hours(self) -> list[datetime]:
        """The hours to be marked; none where there is nothing to be placed between them."""
        lanes = self.lanes
        seen = lanes.suggested or lanes.tracked or lanes.ticks.by_kind()
        return list(lanes.hours()) if seen else []

    def x(self, at: datetime) -> float:
        """Where a moment lies; by real time, so the hour that comes twice is there twice."""
        span = self.lanes.span
        return MARGIN + (at - span.start) / span.length * (WIDTH - 2 * MARGIN)

    def box(self, span: Span, top: float, height: float) -> Box:
        """Where a bar lies; never too thin to be seen."""
        left, right = self.x(span.start) + 1, self.x(span.end) - 1
        return (left, top, max(right, left + 4), top + height)

    def fill(self, bar: Bar) -> str:
        """A bar's colour."""
        return self.colours[bar.group] if bar.group else UNKNOWN


# -- Shapes ------------------------------------------------------------------------------------


class _Pen:
    """Draws shapes in the finished picture's measures onto the larger canvas."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self._draw = ImageDraw.Draw(image)

    def rounded(self, box: Box, radius: float, fill: str, outline: str | None = None) -> None:
        radius = min(radius, (box[2] - box[0]) / 4)
        scaled, width = tuple(edge * SMOOTH for edge in box), 3 * SMOOTH
        self._draw.rounded_rectangle(scaled, radius * SMOOTH, fill, outline, width)

    def line(self, points: Sequence[tuple[float, float]], fill: str, width: float) -> None:
        scaled = [(x * SMOOTH, y * SMOOTH) for x, y in points]
        self._draw.line(scaled, fill=fill, width=round(width * SMOOTH))

    def mark(self, kind: str, x: float, y: float, radius: float) -> None:
        """What stands for a commit, a prompt or a message."""
        corners = [((x + a * radius) * SMOOTH, (y + b * radius) * SMOOTH) for a, b in _MARKS[kind]]
        if kind == _MESSAGE:
            self._draw.ellipse(corners, fill=QUIET)
        else:
            self._draw.polygon(corners, fill=INK)

    def bracket(self, left: float, right: float, top: float) -> None:
        """What stands for a meeting, which lasts."""
        self.line([(left, top), (left, top + 7), (right, top + 7), (right, top)], QUIET, 3)

    def striped(self, box: Box, radius: float, fill: str, stripe: str) -> None:
        """Slanted lines: what is unknown differs by more than its colour."""
        left, top, right, bottom = (round(edge * SMOOTH) for edge in box)
        width, height = max(right - left, 1), max(bottom - top, 1)
        patch = Image.new("RGB", (width, height), fill)
        brush = ImageDraw.Draw(patch)
        for start in range(-height, width, 14 * SMOOTH):
            brush.line([(start, height), (start + height, 0)], stripe, 4 * SMOOTH)
        mask = Image.new("L", (width, height), 0)
        corner = min(radius * SMOOTH, width / 4)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, width - 1, height - 1), corner, fill=255)
        self._image.paste(patch, (left, top), mask)


_COMMIT, _MESSAGE, _PROMPT, _MEETING = "commit", "message", "prompt", "meeting"
_TRACKED = "tracked"
# The corners of each mark; of the message's, those of the square around a dot.
_MARKS: Mapping[str, Sequence[tuple[int, int]]] = {
    _COMMIT: ((0, -1), (1, 0), (0, 1), (-1, 0)),
    _PROMPT: ((0, -1), (1, 1), (-1, 1)),
    _MESSAGE: ((-1, -1), (1, 1)),
}


def _paint_shapes(pen: _Pen, layout: _Layout) -> None:
    pen.rounded((0, 0, WIDTH - 1, layout.height - 1), RADIUS, CARD, GRID)
    for hour in layout.hours:
        x = layout.x(hour)
        pen.line([(x, layout.bars_top - GAP / 2), (x, layout.axis_top)], GRID, 2)
    for bar in layout.lanes.suggested:
        box = layout.box(bar.span, layout.bars_top, BAR_HEIGHT)
        if bar.group is None:
            pen.striped(box, 12, UNKNOWN, UNKNOWN_STRIPE)
        else:
            pen.rounded(box, 12, layout.fill(bar))
    for bar in layout.lanes.tracked:
        box = layout.box(bar.span, layout.tracked_top, TRACKED_HEIGHT)
        pen.rounded(box, 10, _tint(layout.fill(bar)), layout.fill(bar))
    middle = layout.ticks_top + TICK_HEIGHT / 2
    ticks = layout.lanes.ticks
    for meeting in ticks.meetings:
        left, _, right, _ = layout.box(meeting, middle, 0)
        pen.bracket(left, right, middle - 14)
    for kind, moments, below, radius in (
        (_MESSAGE, ticks.messages, 10, 7),
        (_PROMPT, ticks.prompts, 10, 9),
        (_COMMIT, ticks.commits, -8, 12),
    ):
        for at in moments:
            pen.mark(kind, layout.x(at), middle + below, radius)
    _paint_legend_marks(pen, layout)


def _paint_legend_marks(pen: _Pen, layout: _Layout) -> None:
    for (*_, colour), (x, y) in zip(layout.legend, _legend_places(layout), strict=True):
        box = (x, y + 6, x + 30, y + 36)
        if colour in _MARKS:
            pen.mark(colour, x + 15, y + 21, 11)
        elif colour == _MEETING:
            pen.bracket(x, x + 30, y + 14)
        elif colour == _TRACKED:
            pen.rounded(box, 8, CARD, QUIET)
        elif colour == NO_GROUP:
            pen.striped(box, 8, UNKNOWN, UNKNOWN_STRIPE)
        else:
            pen.rounded(box, 8, colour)


# -- Words -------------------------------------------------------------------------------------


def _paint_words(image: Image.Image, layout: _Layout) -> None:
    pen, lanes = ImageDraw.Draw(image), layout.lanes
    _write(pen, (MARGIN, MARGIN - 8), day_name(lanes.day), TITLE, INK)
    if lanes.suggested:
        # Not "to review": the picture stays as it is while the suggestions are decided.
        sums = f"{sum_of(lanes.suggested)} found"
        x = WIDTH - MARGIN - _length(sums, NORMAL)
        _write(pen, (x, MARGIN - 2), sums, NORMAL, QUIET)
    if not layout.hours:
        middle = layout.bars_top + BAR_HEIGHT / 2 - NORMAL / 2
        _write(pen, (MARGIN, middle), "Nothing was seen on this day", NORMAL, QUIET)
    for bar in lanes.suggested:
        _write_in_bar(image, layout, bar)
    for bar in lanes.tracked:
        box = layout.box(bar.span, layout.tracked_top, TRACKED_HEIGHT)
        size = next((size for size in (SMALL, TINY) if _fits(bar.label, size, box)), TINY)
        _write_centred(pen, box, [bar.label], size, INK)
    _write_hours(pen, layout)
    for (name, sums, _), (x, y) in zip(layout.legend, _legend_places(layout), strict=True):
        _write(pen, (x + 44, y), name, SMALL, INK)
        _write(pen, (x + 56 + _length(name, SMALL), y), sums, SMALL, QUIET)


def _write_in_bar(image: Image.Image, layout: _Layout, bar: Bar) -> None:
    """The key and the duration, or the key alone, upright if need be; nothing without room."""
    box = layout.box(bar.span, layout.bars_top, BAR_HEIGHT)
    ink = INK if bar.group is None else _ink_on(layout.fill(bar))
    label = bar.label if bar.group else "?"
    hours, minutes = divmod(round(bar.span.minutes), 60)
    both = [label, f"{hours}:{minutes:02d}" if hours else f"{minutes} min"]
    alone = [label]
    for lines, size in ((both, NORMAL), (both, SMALL), (both, TINY), (alone, SMALL), (alone, TINY)):
        if all(_fits(line, size, box) for line in lines):
            _write_centred(ImageDraw.Draw(image), box, lines, size, ink)
            return
    if box[2] - box[0] > TINY and _length(label, TINY) < BAR_HEIGHT - 8:
        _write_upright(image, box, label, ink)


def _write_upright(image: Image.Image, box: Box, label: str, ink: str) -> None:
    """The label from bottom to top in the middle of the box."""
    width = round(_length(label, TINY)) + 2
    patch = Image.new("RGBA", (width, round(TINY * 1.3)), (0, 0, 0, 0))
    _write(ImageDraw.Draw(patch), (1, 0), label, TINY, ink)
    turned = patch.rotate(90, expand=True)
    x, y = (box[0] + box[2] - turned.width) / 2, (box[1] + box[3] - turned.height) / 2
    image.alpha_composite(turned, (round(x), round(y)))


def _fits(line: str, size: int, box: Box) -> bool:
    return _length(line, size) <= box[2] - box[0] - 10


def _write_centred(
    pen: ImageDraw.ImageDraw, box: Box, lines: list[str], size: int, ink: str
) -> None:
    lines = [line for line in lines if line and _fits(line, size, box)]
    height = size * 1.15
    y = (box[1] + box[3]) / 2 - height * len(lines) / 2
    for line in lines:
        x = (box[0] + box[2]) / 2 - _length(line, size) / 2
        _write(pen, (x, y), line, size, ink)
        y += height


def _write_hours(pen: ImageDraw.ImageDraw, layout: _Layout) -> None:
    step = -(-len(layout.hours) // MOST_HOURS_LABELLED) or 1
    for hour in layout.hours[::step]:
        text = f"{hour.astimezone(layout.lanes.zone):%H}"
        x = layout.x(hour) - _length(text, SMALL) / 2
        _write(pen, (x, layout.axis_top + 6), text, SMALL, QUIET)


# -- Legend ------------------------------------------------------------------------------------


def _legend(lanes: Lanes, palette: Mapping[str, str]) -> Iterator[_Entry]:
    """What each colour and mark means, with sums."""
    groups = lanes.groups()
    for number, group in enumerate(groups[:MOST_LEGEND], 1):
        own = [bar for bar in lanes.suggested if bar.group == group]
        yield (
            _writable(clean(group, 24)) or f"Group {number}",
            sum_of(own) if own else "",
            palette[group],
        )
    unknown = [bar for bar in lanes.suggested if bar.group is None]
    if unknown:
        yield NO_GROUP, sum_of(unknown), NO_GROUP
    if lanes.tracked:
        yield lanes.tracked_name, sum_of(lanes.tracked), _TRACKED
    for kind, number in lanes.ticks.by_kind().items():
        yield count(number, kind), "", kind


def _entry_width(entry: _Entry) -> float:
    name, sums, _ = entry
    return 44 + _length(name, SMALL) + (12 + _length(sums, SMALL) if sums else 0) + 40


def _legend_lines(entries: Sequence[_Entry]) -> list[list[_Entry]]:
    """Which entries stand on which line, from left to right."""
    lines: list[list[_Entry]] = []
    used = float(WIDTH)
    for entry in entries:
        needed = _entry_width(entry)
        if used + needed > WIDTH - 2 * MARGIN + 40:
            lines.append([])
            used = 0
        lines[-1].append(entry)
        used += needed
    return lines


def _legend_places(layout: _Layout) -> Iterator[tuple[float, float]]:
    for row, line in enumerate(_legend_lines(layout.legend)):
        x = float(MARGIN)
        for entry in line:
            yield x, layout.legend_top + row * LEGEND_LINE
            x += _entry_width(entry)


# -- Letters -----------------------------------------------------------------------------------


def _write(
    pen: ImageDraw.ImageDraw, place: tuple[float, float], text: str, size: int, ink: str
) -> None:
    written = _writable(text)
    pen.text(place, written, fill=ink, font=_font_for(written, size) or _own_font(size))


def _length(text: str, size: int) -> float:
    written = _writable(text)
    return (_font_for(written, size) or _own_font(size)).getlength(written)


@lru_cache(maxsize=1024)
def _writable(text: str) -> str:
    """The text in letters that some font here has: itself, or without accents, or what is left."""
    if _font_for(text, SMALL):
        return text
    bare = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in bare if " " <= letter <= "~").strip()


@lru_cache(maxsize=1024)
def _font_for(text: str, size: int) -> Font | None:
    """The first font that has every letter of the text."""
    fonts = (_own_font(size), *_wider_fonts(size))
    return next((font for font in fonts if all(_has(font, letter) for letter in text)), None)


@lru_cache
def _own_font(size: int) -> Font:
    return ImageFont.load_default(size=size)


@lru_cache
def _wider_fonts(size: int) -> tuple[Font, ...]:
    fonts: list[Font] = []
    for name in _WIDER_FONTS:
        with suppress(OSError):  # not on this machine
            fonts.append(ImageFont.truetype(name, size))
    return tuple(fonts)


def _has(font: Font, letter: str) -> bool:
    """Whether the font has the letter: what it lacks, it draws as its box for the unknown."""
    if letter == " ":
        return True
    mask, unknown = font.getmask(letter), font.getmask("\U000f0000")
    return mask.size != unknown.size or bytes(mask) != bytes(unknown)


# -- Colours -----------------------------------------------------------------------------------


def _tint(colour: str) -> str:
    """The colour mixed with much white."""
    mixed = (round(channel * 0.25 + 255 * 0.75) for channel in channels(colour))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _ink_on(colour: str) -> str:
    """Black or white, whichever is read more easily on the colour (WCAG contrast)."""
    light = _luminance(colour)
    return BLACK if (light + 0.05) / 0.05 > 1.05 / (light + 0.05) else CARD


def _luminance(colour: str) -> float:
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
