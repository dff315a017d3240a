"""CSV files and batch cards that the project writes; reading is in `corpora`.

Imports only the ground modules. An export is a function that writes a pandas table to a file.
"""

__all__ = ["export"]
