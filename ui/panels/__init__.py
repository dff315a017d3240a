"""The widgets and figures of each page, a folder per page.

A panel may import `ui.state`, `ui.jobs` and `ui.parts`; the lesson also uses values of the pages
that it explains.
"""

__all__ = ["method"]
