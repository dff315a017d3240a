"""The lesson: its steps, their questions, and what the numbers of a corpus answer."""

__all__ = ["panel", "script"]
