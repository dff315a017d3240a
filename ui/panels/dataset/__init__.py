"""The Dataset page: choosing a corpus and its word vectors, and what the corpus contains."""

__all__ = ["contents", "panel"]
