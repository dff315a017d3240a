"""The Threshold page: how t_cor changes the labelled texts, the pool and the next batch."""

__all__ = ["panel", "sweep", "values"]
