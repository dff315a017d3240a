"""Corpora: reading texts from files, data frames and the Hub; draws and splits; the sample.

A file is decoded to text, a text is read as a `Table`, and a table becomes a `Corpus`.

Imports only the ground modules (errors, files, formatting). To add a file format, write a function
that returns a `Table` in `tables` and add its suffix to `READERS`. To add another kind of source,
extend `open_source` in `sources`.
"""

__all__ = ["corpus", "reading", "sample", "sources", "tables"]
