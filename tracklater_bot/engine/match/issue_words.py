"""Issues in texts: bare numbers that may be theirs, and what is found by key or by title.

Most bare numbers, `#12`, are no issue's: pull requests, colours, years and counts look the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tracklater_bot.domain.issues import REQUESTS, Issue, IssueId
from tracklater_bot.domain.keywords import is_unspaced
from tracklater_bot.domain.text import folded, listed

_BARE = re.compile(r"(?<![\w#&/!])#([1-9]\d{0,5})(?![^\W_]|[./:]\d)")
_BRANCH_NUMBER = re.compile(
    r"(?:^|/)([1-9]\d{0,5})[-_](?!\d+(?![^\W_]))(?=([^\W_]+))(?P<rest>[^/]*)"
)
_MORE = r"(?:\s*(?:,|&|\+|/|-|–|and|or|und|ja)?\s*\#\d+)*"
# Numbers of other things: in addresses, and those of code hosts and build servers.
_OTHER_NUMBERS = re.compile(
    rf"""
    https?://[^\s>|]*(?:\|[^>]*>)?
    | [(]\s*\#\d+{_MORE}\s*[)](?!!?:)
    | (?<![^\W_])(?:
        pull|merge[ds]?|(?:pull|merge)[ -]requests?|prs?|mrs?
        |(?:revert|backport|cherry[ -]pick)(?:s|ed)?(?:\ (?:of|from))? | (?:rebase[sd]?|broken\ by)
        |code\ review|ci|discussion|thread|adr|rfc
        |zendesk|trello|sentry|redmine|bugzilla|otrs|mantis|youtrack|asana|jira|linear|monday
        |gh|github|gitlab|bitbucket|gitea|forgejo|codeberg|upstream
        |build|job|pipeline|run|workflow|deploy(?:ment)?
      )(?:\ issues?)?[.:]?\s*[(]?\#\d+{_MORE}
    | \#\d+\ (?:(?:was|is|got|ist|wurde|has\ been)\ )?(?:ge)?merged\b
    | \#\d+\ (?:
        prio(?:rity)?|choice|reason|spot|place|fan|rule
        |(?:on|in|from|of)\ (?:the|my|our|your|that|this)\ (?:\w+\ )?
          (?:list|agenda|queue|ranking|menu)
      )(?![^\W_])
    """,
    re.VERBOSE,
)
_LONGEST = 2000  # letters of a text that are looked at, and before a number
_NEAR = 60
# What may be numbered by itself: order #404 need not be an issue.
_COUNTS = re.compile(
    rf"""
    (?<![^\W_])(?:
        release|version|revision|rev|patch|step|phase|part|take|try|attempt|round|sprint|iteration
        |week|day|month|chapter|slide|section|figure|line|row|item|point|option|choice|reason
        |example|question|order|invoice|customer|room|table|number|no|nr|id|user|product|article
        |server|case|test|level|slot|top
        |bestellung|auftrag|rechnung|kunde|woche|kw|teil|schritt|versuch|nummer|commande|facture
        |client|partie|étape|pedido|factura|cliente|fattura|ordine|tilaus|lasku|asiakas|osa|vaihe
        |viikko|beställning|faktura|kund|vecka|del|steg|заказ|сч[её]т|клиент
    )(?:s|en|n)?[.:]?\s*(?:\#\d+{_MORE}\D{{0,5}})?$
    """,
    re.VERBOSE,
)
_COLOURS = re.compile(
    r"""
    (?<![^\W_])(?:
        colou?r(?:s|es)?|couleurs?|borders?|backgrounds?|bg|gr[ae]y|shades?|css|hex|fill|stroke|tint|hover|dark(?:er|en)?
        |light(?:er|en)?|palette|theme|fonts?|rgba?|outline|shadow|gradient|accent|contrast|black
        |white|\w*farben?|färg\w*|цвет\w*|rahmen|hintergrund|grau|väri|tausta|reunus|harmaa
    )(?![^\W_])
    | \#(?=\d*[a-f]|0)(?:[\da-f]{3}|[\da-f]{6})(?![^\W_])
    | \#\d{3}\s*(?:to|->|=>|→|with|by)\s*\#\d{3}(?!\d)
    | [:=]\s*\#\d{3}\s*; | (?<![^\W_])(?:use[sd]?|using|set\ to)\s+\#\d{3}(?!\d)
    """,
    re.VERBOSE,
)
_ASKS = re.compile(
    r"(?:^|[\[(]|(?<![^\W_])(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?|refs?|see|issue|task|story"
    r"|ticket|bug|us)[: ]*)$"
)
# In the middle of a sentence the word before a number tells what is numbered, but none of these.
_ABOUT = re.compile(
    r"(?<![^\W_])(?:on|for|of|to|with|about|in|and|or|from|per|an|auf|für|zu|bei|mit|und|pour|sur"
    r"|avec|de|et|para|sobre|con|y|implement\w*|finish\w*|start\w*|continue\w*|do|done|wip)\s*$"
)
_WORD_BEFORE, _WORD_AFTER = re.compile(r"[^\W_]\s*$"), re.compile(r"\s+[^\W\d_]")
_YEAR = re.compile(r"(?:19|20)\d\d")
_GREY = re.compile(r"(\d)\1\1")
# After a number at a branch's start these are what is counted: `3-way-merge`, `100-percent`.
_COUNTED = listed("""bit|byte|click|col|column|columns|day|days|error|errors|factor|hour|hours|level
    |minute|minutes|month|months|page|pages|pass|percent|phase|pixel|point|px|second|seconds|star
    |step|steps|tier|times|way|week|weeks|year|years""")
# A page of a code host or a build server: `#77` there is one of its own.
_FORGE = re.compile(
    r"·|\b(?:pull|merge)[ -]requests?\b|(?<!\w)![1-9]\d*|\bprs? ?#|\[[\w.-]+/[\w.-]+\]"
    r"|\b(?:github|gitlab|bitbucket|codeberg|gitea|forgejo|gogs|sourcehut|azure devops|jenkins"
    r"|circleci|teamcity|buildkite)\b"
)


@dataclass(frozen=True, slots=True)
class BareNumber:
    """A bare `#12`. Without `certain` it is an issue only where `words` are in its title too."""

    number: str
    certain: bool
    words: str


def bare_numbers(text: str) -> Iterator[BareNumber]:
    """The bare numbers in a text that do not look like another thing's."""
    plain = _OTHER_NUMBERS.sub(" ", folded(text[:_LONGEST]))
    for match in _BARE.finditer(plain):
        before = plain[max(match.start() - _NEAR, 0) : match.start()]
        certain = not _is_ambiguous(match, before)
        yield BareNumber(match[1], certain, text[:_LONGEST])


def numbers_in_title(title: str, remotes: Iterable[str] = ()) -> list[BareNumber]:
    """The same in a window's title; on pages of code hosts, and of `remotes`, there are none."""
    text = folded(title)
    if "#" not in text or _FORGE.search(text) or any(remote in text for remote in remotes):
        return []
    return without_ranks(bare_numbers(title))


def without_ranks(numbers: Iterable[BareNumber]) -> list[BareNumber]:
    """Where people write prose, a number of one digit may be a rank: #1."""
    return [replace(one, certain=one.certain and len(one.number) > 1) for one in numbers]


def numbers_in_branch(branch: str) -> Iterator[BareNumber]:
    """The same in a branch's name, which may also begin with the number: `12-reset-password`."""
    for part in branch.split("/"):
        yield from bare_numbers(part)
    for number, first, rest in _BRANCH_NUMBER.findall(folded(branch)):
        yield BareNumber(number, False, first if first in _COUNTED else rest)


def _is_ambiguous(match: re.Match[str], before: str) -> bool:
    """Whether a number looks like a colour, a year, a rank or something counted."""
    number, text = match[1], match.string
    if len(number) == len("123456") or _YEAR.fullmatch(number) or _COUNTS.search(before):
        return True
    asked = _ASKS.search(before) is not None
    # A word in the middle of a sentence stands before the number: `the gate #12 is`.
    inside = _WORD_AFTER.match(text, match.end()) and _WORD_BEFORE.search(before)
    if not asked and (len(number) == 1 or (inside and not _ABOUT.search(before))):
        return True
    if len(number) != len("123"):
        return False
    return bool(_COLOURS.search(text)) or (_GREY.fullmatch(number) is not None and not asked)


# -- By key and title -------------------------------------------------------------------------

# Words that tell nothing of what an issue is about.
STOP_WORDS = listed("""add|all|and|bug|bugs|change|feature|fix|fixed|fixes|for|from|hotfix|into
    |issue|make|new|not|our|story|task|that|the|this|update|use|was|when|wip|with|work|you""")

_WORD = re.compile(r"[^\W_]+")
_SHORTEST_TITLE = 8  # letters; shorter ones are found in too many texts
_SHORTEST_DENSE_TITLE = 5  # where a letter is a word
_SHORTEST_STEM = 4
_SHORTEST_WORD = 3


class IssueTitles:
    """Issues by what texts say of them. A title is compared without accents and punctuation."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self._by_key: dict[IssueId, IssueId] = {}
        self._titles: defaultdict[str, dict[IssueId, tuple[str, ...]]] = defaultdict(dict)
        self._by_word: defaultdict[str, list[tuple[IssueId, tuple[str, ...]]]] = defaultdict(list)
        ordered = sorted(issues, key=lambda issue: issue.id)
        for issue in ordered:
            for alias in issue.aliases:
                self._by_key[_normalized(issue.id._replace(key=alias))] = issue.id
        for issue in ordered:
            if issue.type in REQUESTS and _normalized(issue.id) in self._by_key:
                continue  # it closes an issue, as was told later than that there is such a request
            words = _plain_words(issue.title)
            self._by_key[_normalized(issue.id)] = issue.id
            self._titles[issue.group][issue.id] = words
            if _is_specific(words):
                self._by_word[words[0]].append((issue.id, words))

    def first_known(self, named: Iterable[IssueId]) -> IssueId | None:
        """The first known issue among those that are named, by a key of before perhaps."""
        issues = (self._by_key.get(_normalized(issue)) for issue in named)
        return next((issue for issue in issues if issue is not None), None)

    def find(self, text: str) -> list[IssueId]:
        """The issues whose whole titles stand in a text; of titles in one another, the longest."""
        words = _plain_words(text)
        lengths = {
            issue: len(title)
            for index, word in enumerate(words)
            for issue, title in self._by_word.get(word, ())
            if words[index : index + len(title)] == title
        }
        longest = max(lengths.values(), default=0)
        return [issue for issue, length in lengths.items() if length == longest]

    def shares_word(self, issue: IssueId, text: str) -> bool:
        """Whether a text has a word of the issue's title, or the beginning of one."""
        title = _content_words(self._titles[issue.group][issue])
        words = _content_words(_plain_words(text))
        return any(_same_stem(word, other) for word in words for other in title)

    def by_title_prefix(self, group: str, branch: str) -> IssueId | None:
        """The group's one issue whose title begins with the words of a branch's last part."""
        words = _plain_words(branch.rpartition("/")[2])
        numbered = bool(words) and words[0].isdecimal()
        found = self._with_prefix(group, words)
        return found or (self._with_prefix(group, words[1:]) if numbered else None)

    def _with_prefix(self, group: str, words: tuple[str, ...]) -> IssueId | None:
        titles = self._titles[group].items() if _is_specific(words) else ()
        issues = [issue for issue, title in titles if title[: len(words)] == words]
        return issues[0] if len(issues) == 1 else None


def _normalized(issue: IssueId) -> IssueId:
    return issue._replace(key=issue.key.upper())


def _content_words(words: Iterable[str]) -> set[str]:
    """The words that say what an issue is about."""
    return {
        word
        for word in words
        if word not in STOP_WORDS
        and not word.isdecimal()
        and (len(word) >= _SHORTEST_WORD or is_unspaced(word[0]))
    }


def _same_stem(one: str, other: str) -> bool:
    """Whether two words are one, or one with other endings."""
    if one == other:
        return True
    shorter = min(len(one), len(other))
    pairs = enumerate(zip(one, other, strict=False))
    common = next((index for index, (a, b) in pairs if a != b), shorter)
    if common == shorter:
        return common >= _SHORTEST_STEM or is_unspaced(one[0])
    return common > _SHORTEST_STEM and common >= 0.8 * shorter


def _is_specific(words: tuple[str, ...]) -> bool:
    """Whether words are enough of them to be looked for."""
    letters = sum(map(len, words))
    if words and is_unspaced(words[0][0]):
        return letters >= _SHORTEST_DENSE_TITLE
    return len(words) > 1 and letters >= _SHORTEST_TITLE


def _plain_words(text: str) -> tuple[str, ...]:
    """The words of a text without accents, as people write them into branch names."""
    if text.isascii():  # most are, and thousands are read for each day
        return tuple(_WORD.findall(text.casefold()))
    bare = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return tuple(_WORD.findall(kept))
