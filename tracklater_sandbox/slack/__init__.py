"""A Slack on loopback: Web API, Socket Mode, and a person who clicks."""

from tracklater_sandbox.slack.fake import FakeSlack, visible_messages
from tracklater_sandbox.slack.person import NotThere, Outcome
from tracklater_sandbox.slack.workspace import ME, OTHER

__all__ = ["ME", "OTHER", "FakeSlack", "NotThere", "Outcome", "visible_messages"]
