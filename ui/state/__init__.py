"""A visitor's choices and private files. The only module group that owns session keys."""

__all__ = ["session", "workspace"]
