"""Bolt listeners: acknowledge, ask the core, show blocks."""
