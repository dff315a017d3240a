"""The panels of the page Label."""

__all__ = ["page"]
