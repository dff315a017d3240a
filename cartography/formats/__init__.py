"""File formats of other tools, and the project's own exports.

Imports only the ground modules. An export is a function that writes a pandas table to a file.
"""

__all__ = ["export"]
