"""The paper's experiments: what is run, its results on disk, and the report next to the paper's figures.

May import every room but `cli`.
"""

__all__ = ["experiments", "pictures", "plan", "report", "results", "work"]
