"""Habits: what the windows of confirmed time were like, so that others like them are known."""
