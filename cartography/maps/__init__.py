"""Data maps: training dynamics, recorders for other training loops, and Equations 1 to 3.

May import the rooms up to `models`. To add a statistic of the map, write a function next to
`confidence` in `data_map` and a property of `DataMap`.
"""

__all__ = ["data_map", "dynamics", "map_pair", "recorders", "under_training"]
