"""A Taiga on loopback."""

from tracklater_sandbox.taiga.service import COLLEAGUE, ME, FakeTaiga, TaigaItem

__all__ = ["COLLEAGUE", "ME", "FakeTaiga", "TaigaItem"]
