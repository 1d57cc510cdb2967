"""A local Slack, Toggl, Jira and Taiga with a sample workday, for the demo and the tests."""

from tracklater_sandbox.faults import Faults
from tracklater_sandbox.server import Sandbox
from tracklater_sandbox.slack import ME, OTHER, FakeSlack, NotThere, Outcome

__all__ = ["ME", "OTHER", "FakeSlack", "Faults", "NotThere", "Outcome", "Sandbox"]
