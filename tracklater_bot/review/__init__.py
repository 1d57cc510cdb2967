"""What each button means, without Slack."""
