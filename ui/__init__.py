"""What the pages of the dashboard share: a visitor's state, jobs in workers, and each page's panels."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder of `app.py` and `pages/`."""
