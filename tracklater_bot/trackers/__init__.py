"""Places where time is written. One protocol (`base.py`), one file a place."""
