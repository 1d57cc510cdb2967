"""What of a title stands still: its words, without what programs change by themselves in it.

Counters, clocks, progress, sizes, speeds and every glyph that is no letter or number go, so that
two titles which differ in nothing else are the same. Numbers that name something stay.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import chain

from tracklater_bot.domain.text import folded
from tracklater_bot.engine.looks import title_of

_HOURS = r"h|hrs?|hours?|std|stunden?|tim|timmar|tunti|tuntia|heures?|horas?|or[ae]|ч|час\w*"
_SECONDS = r"m|min\w*|ms|s|se[ckg]\w*|мин\w*|сек\w*|[dj]|days?|tage?n?|jours?|päivää"
_SIZE = (
    r"[kmgtp]?i?(?:b|o|bits?|bytes?|octets?|б)|[kmgt]|[kmg]?b(?:it/|p)s|[kmg]?hz|fps|rpm|it|°[cf]"
)
_PERCENT = r"""[%٪]|per\ ?cent|pct|pro[cszt]+ent\w*|pour\ ?cents?|por\ ?ci?ento|per\ ?cento
    |процент\w*|パーセント|퍼센트"""
_NUMBER = r"\d+(?:[.,]\d+)?"
_ALONE = r"(?<![\w.,\#!:-])"
_SIGNED = rf"{_ALONE}(?:[+−-](?=\d))?"
_FLEETING = re.compile(
    rf"""
      [(\[{{<«‹【〔「] (?!20[12]\d[)\]}}])
        \s* [+*•−-]? \d [\d\s.,'’+:/%]* [^()\[\]{{}}\d]{{0,24}} [)\]}}>»›】〕」] (?!\.\w)
    | ^ [(\[] ! \d+ [)\]]
    | {_SIGNED} {_NUMBER} \s? (?:{_PERCENT}) | [%٪] \s? {_NUMBER}
    | {_ALONE} -? \d{{1,3}} (?: :\d\d ){{1,2}} (?:[.,]\d+)? (?!\d) (?:\s?[ap]m\b)?
    | {_ALONE} (?: \d+ \s? (?:小时|小時|時間|分钟?|分鐘|秒钟?|시간|분|초|人|件|条|封|通|건|개) )+
    | {_ALONE} (?: {_NUMBER} \s? (?:{_HOURS}|{_SECONDS}) (?![^\W\d]) \s* )+ (?!\w)
    | {_ALONE} {_NUMBER} \s? (?:{_SIZE}) (?:/\w{{1,3}})? (?!\w)
    | {_ALONE} \d+ [.,] \d\d (?! [\w-] | [.,]\w )
    """,
    re.VERBOSE,
)
_PROGRESS = re.compile(
    rf"{_ALONE}(?<!/)(?P<done>\d[\d.,]{{0,15}})(?:\s?[/|]\s?|\s\w{{1,4}}\s)(?P<all>\d[\d.,]{{0,15}})(?![\w/-])"
)
_PARTS = re.compile(r"\s[-–—|·•:/\\]+\s|\||:\s(?=\d+\s+[^\W\d])")
# Where somebody turns pages: what is numbered, a document's file name or a word, and its pages.
_PAGED = re.compile(
    r"[^\W_]\.(?:pdf|djvu|epub|ps|xps|pptx?|odp|key|docx?|odt)(?!\w)"
    r"|(?<!\w)(?:page|slide|seite|folie|sivu|dia|p[aá]gina|diapositiv\w*|sida|strona|страница"
    r"|слайд)(?= \d)|ページ|スライド|页|頁|쪽|페이지"
    r"|(?<!\w)(?:files changed|diff|review|(?:pull|merge) request)(?!\w)"
)
# What a program does to a document, piece by piece.
_TRANSFER = re.compile(
    r"(?<!\w)(?:(?:up|down)?load|copy|convert|export|import|render|print|process|sync|scan|send)"
    r"(?:ing)?(?!\w)|(?:kopi|konvert|export|import)ier|druck[et]|lade(?!\w)|télécharg|descarg"
    r"|imprim|lataa|kopioi|tulost|загру"
)
_PAGE = re.compile(
    r"(?<![\w.,/])(\d{1,4})(?=\s?/\s?\d{1,4}(?![\w.,/])|\s\w{1,4}\s\d{1,4}(?![\w.,/]))"
)
# Who wrote last in a channel: `Anna Vogel in #general`.
_WRITER = re.compile(r"(?:^|(?<=[!*)] ))[^#|!*()]{2,40} (?:in|im|en|dans|i|w) (?=#\w)")
_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d+")
_COUNT = re.compile(r"\d[\d.,]*\+?")
_COUNT_OF = re.compile(r"[\W_]*(?!20[12]\d\b)\d[\d.,]*\+?(?:\s+[^\W\d]+){1,4}[\W_]*")
_NEWS = re.compile(r"(?:^| )\+\w+")
_MARKED = re.compile(r"[#!]\d")
_FILE = re.compile(r"[\w()-]{1,40}\.[a-z]\w{0,4}(?!\w)")
_NAME = re.compile(rf"{_FILE.pattern}|[#!]\d+|\d{{4}}-\d\d|[a-z]{{1,20}}-\d+")
# How editors mark a file that is not saved: somebody typed. A star apart from it is a spinner's,
# and a dot alone may be a page's for news.
_UNSAVED = re.compile(r"(?:^|\s)\*(?=\w)|(?<=\w)\*(?:\s|$)|\[\+\]")
_DOTTED = re.compile(r"(?:^|\s)[●•]\s?(?=\w)|(?<=\w)\s?[●•](?:\s|$)")
_AGENT = re.compile(r"\s*[\u2801-\u28ff✢✳✶✻✽]\s")
_EDITOR = re.compile(
    r"(?<!\w)(?:visual studio code|vscodium|code - oss|cursor|windsurf|sublime text|zed)(?!\w)"
)


class TitleNormalizer:
    """Compares titles; every one is looked at once.

    In windows of talk no number names anything, and one song or film follows another by itself.
    """

    def __init__(
        self,
        is_talk: Callable[[str], bool] = lambda _title: False,
        is_leisure: Callable[[str], bool] = lambda _title: False,
    ) -> None:
        self.is_talk = is_talk
        self._is_leisure = is_leisure
        self._known: dict[str, str] = {}

    def normalized(self, title: str) -> str:
        """What stands still of a title."""
        if title not in self._known:
            leisure, shown = self._is_leisure(title), title_of(title)
            words = "" if leisure else normalized(shown, talk=self.is_talk(title))
            self._known[title] = words + title.removeprefix(shown)
        return self._known[title]

    def is_same(self, one: str, other: str) -> bool:
        """Whether a program may have made one of the other.

        A running text stays the same, and `acme` is the same as `3 new messages - acme`. Behind its
        spinner a coding agent names what it does.
        """
        if _AGENT.match(one) and _AGENT.match(other):
            return True
        mine, theirs = self.normalized(one), self.normalized(other)
        if mine == theirs or _without_news(mine) == theirs or mine == _without_news(theirs):
            return True
        letters, turned = mine.replace(" ", ""), theirs.replace(" ", "")
        return len(letters) == len(turned) and turned in letters * 2

    def without_numbers(self, title: str) -> str:
        """What stands still of a title when all its numbers may run."""
        return _DIGITS.sub("0", self.normalized(title))

    def numbers(self, title: str) -> list[int]:
        """The numbers in what stands still of a title."""
        return [int(digits[:15]) for digits in _DIGITS.findall(self.normalized(title))]


def named_things(title: str) -> tuple[str, ...]:
    """The files and numbers that people give things, in a title: `3.docx`, `#12`."""
    return tuple(_NAME.findall(folded(title)))


def normalized(title: str, *, talk: bool = False) -> str:
    """The words of a title, and the numbers that name something."""
    text = unicodedata.normalize("NFKC", folded(title))
    text = _WRITER.sub("", text) if talk else text
    marks = ("*",) if not talk and is_unsaved(text) else ()
    if _DIGITS.search(text):
        if _PAGED.search(text) and not _TRANSFER.search(text):
            text = _PAGE.sub(r" page\1 ", text)
        text = _PROGRESS.sub(_without_progress, _FLEETING.sub(" ", text))
    words = chain.from_iterable(_words(part, talk=talk) for part in _PARTS.split(text))
    return " ".join(chain(marks, words))


def is_unsaved(title: str) -> bool:
    """Whether an editor shows that somebody typed in the file that it names."""
    dotted = _DOTTED.search(title) and (_FILE.search(title) or _EDITOR.search(title))
    return bool(_UNSAVED.search(title) or dotted)


def _without_news(text: str) -> str:
    return _NEWS.sub("", text).strip()


def _without_progress(found: re.Match[str]) -> str:
    """`3/120` is gone; `120/3` and a month of a year are something else."""
    done, whole = (int("0" + "".join(_DIGITS.findall(found[name]))) for name in ("done", "all"))
    is_month = 1 <= done <= 12 and re.fullmatch(r"\d+/(?:19|20)\d\d", found[0]) is not None
    return found[0] if done > whole or is_month else " "


def _words(part: str, *, talk: bool) -> list[str]:
    """The words of a part between separators; of one that only counts little more than what.

    `3 new items` is `+newite`: the endings of words go with the number.
    """
    words = _WORD.findall(part)
    if _COUNT_OF.fullmatch(part):
        stems = "".join(word[:3] for word in words if word.isalpha())
        return [] if talk else [f"+{stems}"]
    if (talk or len(words) == 1) and not _MARKED.search(part):
        return [word for word in words if not _COUNT.fullmatch(word)]
    return words
