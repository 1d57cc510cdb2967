"""A Jira on loopback."""

from tracklater_sandbox.jira.service import CLOUD_ID, COLLEAGUE, ME, FakeJira, JiraIssue

__all__ = ["CLOUD_ID", "COLLEAGUE", "ME", "FakeJira", "JiraIssue"]
