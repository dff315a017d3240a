"""The panels of the page Suspects."""

__all__ = ["page"]
