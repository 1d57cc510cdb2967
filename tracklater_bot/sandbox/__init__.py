"""A Slack, a Toggl, a Jira and a Taiga on loopback, and a sample workday."""
