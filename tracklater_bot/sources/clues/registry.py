"""All sources that the settings set up. What isn't set up is left out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import ClueSource, SourceError
from tracklater_bot.sources.clues.git import GitSource
from tracklater_bot.sources.clues.git_command import load_gitpython
from tracklater_bot.sources.clues.thyme import ThymeSource


def clue_sources(settings: Settings) -> tuple[ClueSource, ...]:
    """The places where the person's work leaves traces."""
    return (*_thyme(settings), *_git(settings), *_slack(settings))


def _thyme(settings: Settings) -> Iterator[ClueSource]:
    if settings.thyme.dir is not None:
        yield ThymeSource(settings.thyme.dir)


def _git(settings: Settings) -> Iterator[ClueSource]:
    for name, group in settings.groups.items():
        if group.git.repos:
            # Before all sources read side by side: then git works while thyme's file is decoded,
            # which takes 15 ms less than to import first, with the file in the way.
            with suppress(SourceError):  # the reading tells it
                load_gitpython()
            yield GitSource(name, group.git.repos, settings.emails_for(name))


def _slack(settings: Settings) -> Iterator[ClueSource]:
    own = {name: settings.slack_for(name) for name in settings.groups}
    if not settings.slack.user_token and not any(
        value and value.user_token for value in own.values()
    ):
        return
    # Here, because the SDK takes 35 ms and more, and only those who have a token need it.
    from tracklater_bot.sources.clues.slack import SlackSource  # noqa: PLC0415

    if token := settings.slack.user_token:
        yield SlackSource(None, token, settings.slack.user_id, settings.slack.base_url)
    for name, workspace in own.items():
        if workspace and workspace.user_token:
            yield SlackSource(name, workspace.user_token, workspace.user_id, workspace.base_url)
