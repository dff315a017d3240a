"""The Active learning page: one run, iteration by iteration."""

__all__ = ["panel", "settings"]
