"""A Toggl Track on loopback."""

from tracklater_sandbox.toggl.account import WORKSPACE, Account
from tracklater_sandbox.toggl.service import FakeToggl

__all__ = ["WORKSPACE", "Account", "FakeToggl"]
