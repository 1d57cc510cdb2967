"""What the hub keeps beside the bot's tables, on the same PostgreSQL. All times are its clock's.

A change here needs a migration and a new `REVISION`.
"""

from __future__ import annotations

from sqlalchemy import Column, Date, Float, Index, Integer, MetaData, String, Table, text

from tracklater_bot.store.columns import UtcTime, Words

REVISION = "h001"

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"}
)

# Members of the workspace who have joined. `version` goes up with their tokens; `due_at` is when
# something happens by itself for them again (NULL: look at once).
people = Table(
    "hub_people",
    metadata,
    Column("person", Words, primary_key=True),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("joined_at", UtcTime, nullable=False),
    Column("due_at", UtcTime),
    Column("issues_at", UtcTime),
    Column("pruned_at", UtcTime),
    Index(None, "due_at"),
)

# A person has one machine at a time. `used` counts its requests since `since`.
devices = Table(
    "hub_devices",
    metadata,
    Column("id", Words, primary_key=True),
    Column("person", Words, nullable=False),
    Column("key", String(64), nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime),
    Column("since", UtcTime),
    Column("used", Integer, nullable=False, server_default="0"),
    Column("ended_at", UtcTime),
    Index(
        "uq_hub_devices_person", "person", unique=True, postgresql_where=text("ended_at IS NULL")
    ),
)

# One-time codes, as their hashes.
codes = Table(
    "hub_codes",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("person", Words, nullable=False),
    Column("until", UtcTime, nullable=False),
)

# What counts once: messages of devices, and what Slack sends.
nonces = Table(
    "hub_nonces",
    metadata,
    Column("device", Words, primary_key=True),
    Column("nonce", String(64), primary_key=True),
    Column("until", UtcTime, nullable=False),
    Index(None, "until"),
)

# Tokens, each under its place in the settings, as `sealing` made it.
credentials = Table(
    "hub_credentials",
    metadata,
    Column("person", Words, primary_key=True),
    Column("name", Words, primary_key=True),
    Column("sealed", Words, nullable=False),
)

# Questions to machines. The body goes when it is answered, the rest with the hourly prune.
requests = Table(
    "hub_requests",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person", Words, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("body", Words, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("taken_at", UtcTime),
    Column("answered_at", UtcTime),
    Column("answer", Words),
    Index(None, "person", "made_at"),
)

# Each day as the machine told of it last, for the time in which it sleeps.
drafts = Table(
    "hub_drafts",
    metadata,
    Column("person", Words, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("draft", Words, nullable=False),
    Column("at", UtcTime, nullable=False),
)

# When each of Slack's methods was called in the last minute, by all processes together; until when
# a channel rests; and what is left of each tracker's requests (see `pace`).
pace = Table(
    "hub_pace",
    metadata,
    Column("method", Words, primary_key=True),
    Column("calls", Words, nullable=False, server_default="[]"),
    Column("held_until", Float(53), nullable=False, server_default="0"),
)
