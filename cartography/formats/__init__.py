"""Formats of other tools, and the project's own exports.

Imports the ground alone. An export is one function from a pandas table to a file.
"""

__all__ = ["export"]
