"""Work in the background and what it gives: workers, tasks, cached engine calls, results on disk.

May import the engine and `ui.state`. A new kind of long work is a function in `tasks`.
"""

__all__ = [
    "address",
    "background",
    "cached",
    "compared",
    "comparison_tables",
    "found",
    "groups",
    "methods",
    "reference",
    "results",
    "run_list",
    "tasks",
]
