"""How strongly each clue speaks for each group."""
