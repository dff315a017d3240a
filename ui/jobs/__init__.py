"""Background work and its results: workers, tasks, cached engine calls, runs on disk.

A new kind of long work is a function in `tasks`.
"""

__all__ = [
    "address",
    "background",
    "cached",
    "compared",
    "comparison_tables",
    "found",
    "groups",
    "labelling",
    "methods",
    "reference",
    "results",
    "run_list",
    "tasks",
]
