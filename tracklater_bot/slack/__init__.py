"""The person's bot in Slack."""
