"""Labelling: projects, the events of their labels, rounds, agreement and label suspects.

May import every package except `reproduction`, `workflows` and `cli`. A change of the tables in
`schema` is a step in `migrations/versions`, and its number in `store`.
"""

__all__ = [
    "agreement",
    "cross_validation",
    "events",
    "planted_noise",
    "project",
    "reconcile",
    "round_model",
    "rounds",
    "session",
    "state",
    "store",
    "suspect_runs",
    "suspects",
    "tables",
]
