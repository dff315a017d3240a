"""The Dataset page: choosing a corpus and its features, and what the corpus contains."""

__all__ = ["contents", "features", "panel", "returned"]
