"""The engine: clues in, suggestions out. Pure: the same input gives the same output."""
