"""The Threshold page: what each t_cor does to the labelled texts, the pool and the batch."""

__all__ = ["panel", "sweep", "values"]
