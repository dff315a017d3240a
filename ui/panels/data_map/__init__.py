"""The Data map page: the seed map and the full map, live and finished."""

__all__ = ["controls", "panel", "values"]
