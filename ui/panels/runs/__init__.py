"""The Runs page: everything on disk."""

__all__ = ["panel"]
