"""The widgets and figures of the pages, one folder per page.

The lesson also uses values of the pages that it explains.
"""

__all__ = ["method"]
