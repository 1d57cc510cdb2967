"""A team on one Slack app: the network between the two halves, and many people in one process.

`join` and `agent` run on a person's machine and need no database; all else runs on the hub.
"""
