"""Places where time is written. One protocol (`protocols.py`), one file a place."""
