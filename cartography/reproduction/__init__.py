"""The paper's experiments: plan, runs, raw results, and a report next to the paper's numbers.

May import every room but `cli`.
"""

__all__ = ["experiments", "pictures", "plan", "report", "results", "work"]
