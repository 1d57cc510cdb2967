"""A local Slack, Toggl, Jira and Taiga with a sample workday, for the demo and the tests."""

from tracklater_bot.sandbox.faults import Faults
from tracklater_bot.sandbox.server import Sandbox
from tracklater_bot.sandbox.slack import ME, OTHER, FakeSlack, NotThere, Outcome

__all__ = ["ME", "OTHER", "FakeSlack", "Faults", "NotThere", "Outcome", "Sandbox"]
