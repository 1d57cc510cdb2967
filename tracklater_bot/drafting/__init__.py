"""A day drafted from its traces: every source read, the engine asked."""
