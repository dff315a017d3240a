"""Workflows in one call: `map`, `simulate`, `compare`, and projects of labels.

May import every room but `cli`. A call is in `calls`, what it returns is in `results`; `projects`
makes and opens projects.
"""

__all__ = ["calls", "projects", "results"]
