"""Active learning: the learner, Algorithm 1 simulated, the threshold study, and advice in words.

May import the rooms up to `strategies`.
"""

__all__ = [
    "cold_start",
    "group",
    "learner",
    "reasons",
    "simulation",
    "stopping",
    "threshold_study",
]
