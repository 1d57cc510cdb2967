"""The commands. Thin: each one reads its arguments, asks the app, and prints.

Exit codes: 0 done, 1 something asked for failed, 2 usage or settings. Errors are plain lines on
stderr. What a command does not use is not imported: a preview should start in a blink.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

from tracklater_bot import __version__
from tracklater_bot.cli import shared
from tracklater_bot.cli.signals import END_SECONDS, stop_event
from tracklater_bot.cli.team import agent, demo_team, has_joined, hub, join
from tracklater_bot.domain.errors import installing

Command = Callable[[argparse.Namespace], int]
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
FAILED, USAGE = 1, 2
# What may stand before a command as well as after it.
FILES = {"config": "the settings file", "env_file": "the file of secrets"}
NO_DEMO = (
    "The demo needs more than is installed here: run `sh scripts/demo`, or install the program"
    f" with its extra: {installing('demo')}"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    shared.survive_any_terminal()
    # pydantic looks for plugins among all packages there are: 20 ms of each start, for none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    parser = _parser()
    arguments = parser.parse_args(argv)
    for option in ("config", "env_file"):
        if getattr(arguments, option) and option not in arguments.takes:
            parser.error(f"this command takes no --{option.replace('_', '-')}")
    _configure_logging(verbose=arguments.verbose)
    command: Command = arguments.command
    try:
        code = command(arguments)
        sys.stdout.flush()  # what little was printed is written now, or when nobody can catch it
    except (shared.UsageError, shared.FailedError) as error:
        shared.say(str(error))
        return USAGE if isinstance(error, shared.UsageError) else FAILED
    except KeyboardInterrupt:
        return FAILED
    except BrokenPipeError:
        # The reader (head, less) has seen enough; Python must not complain while it shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _configure_logging(*, verbose: bool) -> None:
    """Warnings of everybody; with `verbose`, all that we ourselves have to tell.

    The libraries stay at warnings: at DEBUG, Slack's logs whole messages, answers and tokens.
    """
    handler = logging.StreamHandler()
    handler.addFilter(shared.without_quotes)
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(format=form, handlers=[handler])
    for name in shared.OURS:
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.WARNING)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tracklater-bot",
        description="Suggests the time entries you forgot to make, and asks you in Slack.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    _add_files(parser, FILES, default=None)
    _add_commands(parser.add_subparsers(title="commands", required=True, metavar="COMMAND"))
    return parser


def _add(
    commands: Commands,
    name: str,
    command: Command,
    help_text: str,
    takes: Collection[str] = FILES.keys(),
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help_text, description=help_text)
    parser.set_defaults(command=command, takes=takes)
    parser.add_argument("-v", "--verbose", action="store_true", help="tell what goes on")
    # Without a default, which would win over what stands before the command.
    _add_files(parser, takes, default=argparse.SUPPRESS)
    return parser


def _add_files(parser: argparse.ArgumentParser, names: Iterable[str], default: str | None) -> None:
    for name in names:
        option, does = f"--{name.replace('_', '-')}", FILES[name]
        parser.add_argument(option, type=Path, metavar="FILE", default=default, help=does)


def _add_commands(commands: Commands) -> None:
    help_text = "try everything on this machine: no accounts, no tokens, no network"
    parser = _add(commands, "demo", demo, help_text, takes=())
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="the page's port")
    parser.add_argument("--no-open", action="store_true", help="do not open a browser")
    parser.add_argument("--once", action="store_true", help="go through the day without a person")
    parser.add_argument("--json", action="store_true", help="with --once: print JSON")
    parser.add_argument("--team", action="store_true", help="three people on one hub")
    help_text = "write the settings from what this machine and your accounts tell"
    parser = _add(commands, "init", init, help_text)
    help_text = "where your repositories are (usual places of the home folder)"
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help=help_text)
    _add(commands, "run", run, "run the bot: schedule, slash command, buttons")
    parser = _add(commands, "preview", preview, "show a day's suggestions here; posts nothing")
    _when(parser)
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--png", type=Path, metavar="FILE", help="the timeline as a picture")
    parser.add_argument("--blocks", action="store_true", help="as the Slack message's JSON")
    parser.add_argument("--why", action="store_true", help="with the reasons of each suggestion")
    help_text = "the window titles that nothing explains, here alone"
    parser.add_argument("--titles", action="store_true", help=help_text)
    _when(_add(commands, "digest", digest, "post or refresh a day's message now"))
    parser = _add(commands, "check", check, "try every source, tracker and token")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser = _add(commands, "export", export, "what is in the tracker for these days")
    for option, name in (("--from", "first"), ("--to", "last")):
        help_text = f"the {name} day: YYYY-MM-DD, or a word as of the other commands"
        parser.add_argument(option, dest=name, required=True, metavar="D", help=help_text)
    parser.add_argument("--format", choices=("csv", "json"), default="csv")
    help_text = "what was learned from confirmed time, here alone"
    parser = _add(commands, "habits", habits, help_text)
    parser.add_argument("--forget", action="store_true", help="forget all of it")
    help_text = "turn the original TrackLater's settings into ours"
    parser = _add(commands, "import-settings", import_settings, help_text, takes=("env_file",))
    parser.add_argument("file", type=Path, metavar="FILE", help="its Python or JSON settings")
    output = Path("tracklater.toml")
    parser.add_argument("-o", "--output", type=Path, default=output, metavar="TOML")
    _add(commands, "record", record, "take one thyme snapshot and keep it safely")
    help_text = "keep `run`, or a team's `agent`, (and `record`) running, at each login"
    parser = _add(commands, "service", service, help_text)
    parser.add_argument("do", choices=("install", "uninstall", "status"))
    parser.add_argument("--show", action="store_true", help="with install: only print the files")
    _add_team_commands(commands)


def _add_team_commands(commands: Commands) -> None:
    parser = _add(commands, "hub", hub, "run a team's bot: many people on one Slack app")
    help_text = "only seal all tokens under the first key"
    parser.add_argument("--renew-keys", action="store_true", help=help_text)
    help_text = "only delete the tokens that no key opens any more"
    parser.add_argument("--drop-tokens", action="store_true", help=help_text)
    help_text = "only tell who has joined, when their machines were heard of, and what waits"
    parser.add_argument("--members", action="store_true", help=help_text)
    help_text = "only end a member's machine, and delete their tokens and drafts"
    parser.add_argument("--remove", metavar="MEMBER", help=help_text)
    parser = _add(commands, "join", join, "make this machine yours in a team's hub", takes=())
    parser.add_argument("url", metavar="URL", help="the hub's address, as it tells in Slack")
    parser.add_argument("code", metavar="CODE", help="what `/tracklater join` gives in Slack")
    _add(commands, "agent", agent, "tell the team's hub of your days, as long as it runs")


def _when(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "when",
        nargs="?",
        default="today",
        metavar="WHEN",
        help="today (default), yesterday, YYYY-MM-DD, or a weekday's name",
    )


def _port(text: str) -> int:
    number = int(text) if text.isdecimal() else -1
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: write a number up to 65535")
    return number


# -- What the commands do ----------------------------------------------------------------------
# Each imports what it needs when it runs. Of a preview, which takes half a second, that spares the
# demo (900 ms), the bot (370), rich (130), the checks (30), and 40 for the rest; of `--help`, the
# settings (180).


def demo(arguments: argparse.Namespace) -> int:
    """The sandbox and the real bot on it."""
    if arguments.json and not arguments.once:
        raise shared.UsageError("--json goes with --once.")
    try:
        from tracklater_bot.cli import demo as demonstration
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tracklater"):
            raise
        raise shared.FailedError(NO_DEMO) from error
    with shared.told(demonstration.DemoError):
        if arguments.team:
            return demo_team(arguments.port, open_browser=not arguments.no_open)
        if arguments.once:
            return demonstration.once(as_json=arguments.json)
        return demonstration.page(arguments.port, open_browser=not arguments.no_open)


def init(arguments: argparse.Namespace) -> int:
    """Settings from what there is; and yesterday, as they see it."""
    from tracklater_bot.cli import init as first_hour
    from tracklater_bot.cli.init.asking import Dialogue
    from tracklater_bot.http import utc_now
    from tracklater_bot.settings import SettingsError

    files = first_hour.places(arguments.config, arguments.env_file, os.environ)
    with shared.told(SettingsError, shared.UsageError), shared.told(first_hour.NothingWritten):
        first_hour.init(arguments.folders, files, os.environ, utc_now(), Dialogue(), has_joined())
    shown = vars(_parser().parse_args(["preview", "yesterday"]))
    env_file = files[1] if files[1].exists() else None
    print()
    return preview(argparse.Namespace(**{**shown, "config": files[0], "env_file": env_file}))


def run(arguments: argparse.Namespace) -> int:
    """The bot, until it is told to stop."""
    from tracklater_bot.cli.person import person_of
    from tracklater_bot.settings import needed, unfinished
    from tracklater_bot.slack.app import run_until
    from tracklater_bot.slack.connections import ConnectError

    stopped = stop_event(END_SECONDS)
    with shared.core_of(arguments) as core, shared.told(ConnectError):
        first = needed(core.file_settings)
        missing = dict.fromkeys((*first, *unfinished(core.file_settings)))
        if first:
            raise shared.UsageError("\n".join((*missing, "The README tells where to get them.")))
        for line in missing:
            shared.say(line)
        run_until(person_of(core), stopped, started=lambda bot: shared.say("\n".join(bot.story())))
    return 0


def preview(arguments: argparse.Namespace) -> int:
    """A day's suggestions on this screen."""
    from tracklater_bot.cli.first_day import empty_day, keyword_lines
    from tracklater_bot.drafting.machine import UnexplainedTitles
    from tracklater_bot.engine import answer
    from tracklater_bot.trackers.base import words_of

    if arguments.titles and (arguments.json or arguments.blocks):
        raise shared.UsageError(
            "--titles shows window titles here alone: leave out --json and --blocks."
        )
    titles = UnexplainedTitles() if arguments.titles else None
    engine = answer if titles is None else titles.answer
    loaded = shared.load_settings(arguments)
    with shared.opened_core(loaded.settings) as core:
        day = shared.day_of(core, arguments.when)
        with shared.progress(f"Reading {day.date}"):
            [draft], now = core.local_machine(engine).drafts([day]), core.clock()
            advice = list(empty_day(draft, day, loaded, core))
        taken = [hint.text for group in core.groups for hint in group.hints]
        groups, words = tuple(core.file_settings.groups), words_of(core.tracker)
    if arguments.png is not None:
        from tracklater_bot.blocks.timeline import lanes_of, ticks_of

        shared.write_png(arguments.png, lanes_of(draft, now, ticks_of(draft), words), groups)
    if arguments.json:
        from tracklater_bot.cli.preview_json import draft_json

        shared.print_json(draft_json(draft, now, why=arguments.why))
    elif arguments.blocks:
        from tracklater_bot.cli.preview_blocks import draft_message

        shared.print_json(draft_message(draft, now, words))
    elif arguments.png is None:
        from tracklater_bot.cli.terminal import print_draft

        print_draft(draft, now, None, words, why=arguments.why)
    for line in advice:
        shared.say(line)
    if titles is not None:
        from tracklater_bot.cli.terminal import print_titles

        for line in keyword_lines(titles.minutes, taken):
            print(line)
        print_titles(titles.minutes)
    return 0


def digest(arguments: argparse.Namespace) -> int:
    """Posts a day's message, or brings it up to date."""
    from tracklater_bot.cli.person import person_of
    from tracklater_bot.slack.app import web_client
    from tracklater_bot.slack.days import Days
    from tracklater_bot.slack.messages import PostError

    with shared.core_of(arguments) as core:
        shared.day_of(core, arguments.when)  # so that a mistake in it is told first
        days = Days(person_of(core), web_client(core.file_settings))
        days.note_zone()
        day = shared.day_of(core, arguments.when)
        with shared.told(PostError), shared.progress(f"Reading {day.date}"):
            opened = days.open_day(day, review=True)
        days.finish()
    for status in opened.draft.sources:
        if status.trouble:
            shared.say(f"{status.name}: {status.trouble}")
    print(opened.summary())
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Everything tried for real."""
    from tracklater_bot.checks import check_all, files_read, network, secrets_read
    from tracklater_bot.cli.terminal import print_lines

    loaded = shared.load_settings(arguments)
    with shared.opened_core(loaded.settings) as core, shared.progress("Trying everything"):
        read = [files_read(loaded), *secrets_read(loaded)]
        findings = [*read, *check_all(core), network(core.file_settings)]
    if arguments.json:
        shared.print_json([asdict(finding) for finding in findings])
    else:
        print_lines([(finding.ok, finding.line()) for finding in findings])
    return 0 if all(finding.ok for finding in findings) else FAILED


def habits(arguments: argparse.Namespace) -> int:
    """What was learned, in words, or its end."""
    from tracklater_bot.cli.terminal import print_habits

    with shared.core_of(arguments) as core:
        machine = core.local_machine()
        if arguments.forget:
            machine.forget_habits()
            shared.say(
                "All that was learned is forgotten. Entries from now on are learned from again."
            )
            return 0
        with shared.progress("Reading recordings"):
            print_habits(machine.habits_in_words([shared.day_of(core, "today")]))
    return 0


def export(arguments: argparse.Namespace) -> int:
    """What is in the tracker for these days."""
    from tracklater_bot.cli.export import Known, export_rows, print_csv, print_export_json
    from tracklater_bot.domain.day import Span
    from tracklater_bot.trackers.base import Refused

    with shared.core_of(arguments) as core:
        first, last = shared.day_of(core, arguments.first), shared.day_of(core, arguments.last)
        if first.date > last.date:
            raise shared.UsageError("--from comes after --to: write the earlier day first.")
        with shared.told(Refused):
            core.writable_tracker()
        span = Span(first.span.start, last.span.end)
        with shared.progress(f"Reading {first.date} to {last.date}"):
            tracked, known = core.catalog.exported(span), Known.of(core, first.date)
        zone, now = core.calendar.zone(), core.clock()
    rows = export_rows(tracked.entries, span, zone, known, now)
    if arguments.format == "json":
        about = {"from": first.date, "to": last.date, "timezone": zone, "trouble": tracked.trouble}
        print_export_json(rows, {key: value and str(value) for key, value in about.items()})
    else:
        print_csv(rows)
    if tracked.trouble:
        shared.say(f"Not all of it is there: {tracked.trouble}.")
    return FAILED if tracked.trouble else 0


def import_settings(arguments: argparse.Namespace) -> int:
    """The original's settings as ours."""
    from tracklater_bot.cli.importer.original import CannotImport
    from tracklater_bot.cli.importer.writing import import_settings as convert

    env_file = arguments.env_file or arguments.output.parent / ".env"
    with shared.told(CannotImport, shared.UsageError):
        report = convert(arguments.file, arguments.output, env_file)
    for line in report.lines():
        print(line)
    return 0


def record(arguments: argparse.Namespace) -> int:
    """One thyme snapshot."""
    from tracklater_bot.cli.record import RecordError
    from tracklater_bot.cli.record import record as take

    settings = shared.load_settings(arguments).settings
    if settings.thyme.dir is None:
        raise shared.UsageError(
            "thyme.dir is not set: write the folder of thyme's files into the settings."
        )
    with shared.told(RecordError):
        recorded = take(settings.thyme.dir, settings.zone())
    if recorded.note:
        shared.say(recorded.note)
    return 0


def service(arguments: argparse.Namespace) -> int:
    """The system's own way to keep the bot running."""
    from tracklater_bot.cli import service as services
    from tracklater_bot.cli.terminal import print_lines
    from tracklater_bot.settings import SettingsError

    call, manager = services.call_system, services.manager_of(sys.platform, os.environ)
    if arguments.do == "uninstall":
        removed = [f"{file}: removed" for file in services.uninstall(manager, call)]
        print("\n".join(removed or ["Nothing was installed."]))
        return 0
    with shared.told(SettingsError, shared.UsageError):
        loaded = shared.load_settings(arguments)
        jobs = services.jobs_of(loaded, os.environ, sys.platform, joined=has_joined())
    if arguments.do == "status":
        jobs += services.left_over(manager, jobs)
        states = [services.status(manager, job, call) for job in jobs]
        print_lines(states)
        return 0 if all(ok for ok, _ in states) else FAILED
    print(services.shown(manager, jobs))
    unseen = sorted(name for name in os.environ if name.startswith(("TRACKLATER_", "SLACK_")))
    if unseen:
        shared.say(f"A service does not see this shell's {', '.join(unseen)}: write it into .env.")
    if not arguments.show:
        with shared.told(services.ServiceError):
            services.install(manager, jobs, call)
        shared.say(f"Installed and started. {manager.hint(jobs[0])}")
    return 0
