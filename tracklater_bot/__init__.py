"""Suggests the time entries you forgot to make, and asks you about them in Slack."""

__version__ = "0.1.0"
