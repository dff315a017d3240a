"""Corpora: texts, ids and gold labels from the columns of a table; draws and splits; the sample.

Imports the ground modules, `tables` and `formats`. To add another kind of source, extend
`open_source` in `sources`.
"""

__all__ = ["account", "corpus", "reading", "sample", "sources"]
