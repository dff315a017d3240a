"""Runs on disk: manifests, maps, active-learning runs, threshold studies and sweeps.

May import every package except `reproduction`, `workflows` and `cli`. A new kind of run is a module
here and a value of `manifest.Kind`.
"""

__all__ = [
    "active_runs",
    "imported_maps",
    "iteration_files",
    "manifest",
    "map_exports",
    "map_runs",
    "next_batch",
    "opened",
    "sweeps",
    "threshold_runs",
    "user_columns",
]
