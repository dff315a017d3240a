"""Evaluation: learning curves compared, almost stochastic order, and verdicts in words.

May import the rooms up to `active`.
"""

__all__ = ["comparison", "significance", "verdict"]
