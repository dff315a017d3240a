"""Shared code of the dashboard: session state, background jobs and the panels of each page."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder of `app.py` and `pages/`."""
