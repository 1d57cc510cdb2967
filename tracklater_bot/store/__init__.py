"""What is remembered: digests, decisions, the outbox, cached issues. Keyed by person."""
