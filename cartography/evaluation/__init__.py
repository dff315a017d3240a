"""Evaluation: runs compared in pairs, almost stochastic order, and the verdict in one sentence.

May import the rooms up to `active`.
"""

__all__ = ["comparison", "significance", "verdict"]
