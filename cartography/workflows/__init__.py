"""Workflows: `map`, `simulate` and `compare`, each a whole workflow in one call.

May import every room but `cli`. A call is in `calls`; what it returns is in `results`.
"""

__all__ = ["calls", "results"]
