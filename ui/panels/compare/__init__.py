"""The Compare page: several runs and the verdict on them."""

__all__ = ["panel"]
