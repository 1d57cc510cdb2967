"""The values that travel, and the pure rules about them: no I/O, no clock."""
