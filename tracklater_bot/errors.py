"""Errors that may be met without loading the room that raises them."""


class StoreError(Exception):
    """The database cannot be used. Its text is one sentence that says what to do."""

    tellable = True
