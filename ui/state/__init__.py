"""What a visitor chose, and what belongs to this browser alone. The only owner of session keys.

May import the engine.
"""

__all__ = ["session", "workspace"]
