"""The lesson: its steps, their questions, and the answers computed from a corpus."""

__all__ = ["panel", "script"]
