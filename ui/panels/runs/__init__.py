"""The Runs page: the list of all runs on disk."""

__all__ = ["panel"]
