"""Exports of tables, and the formats of annotation tools and of other tools' training dynamics.

Imports the ground modules and `tables`. A module per format reads and writes it; `tools` is the
table of the annotation tools, and `export` writes our own files, unchanged or, with `guard`, safe
for spreadsheets.
"""

__all__ = [
    "aum",
    "cleanlab",
    "coordinates",
    "dataset_cartography",
    "embedding_atlas",
    "export",
    "forms",
    "guard",
    "huggingface",
    "label_studio",
    "tools",
    "typed_columns",
]
