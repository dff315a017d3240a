"""Corpora: bytes to text, text to tables, tables to a `Corpus`; draws and splits; the sample.

Imports the ground alone (errors, files, formatting). To add a file format, write a function that
returns a `Table` in `tables` and name its suffix in `READERS`; to add a place that tables come
from, extend `open_source` in `sources`.
"""

__all__ = ["corpus", "reading", "sample", "sources", "tables"]
