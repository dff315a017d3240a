"""Tables: the bytes of a file, of any encoding and format, as rows with named columns.

Imports only the ground modules. A `Table` streams its columns in batches, so a file may be larger
than memory. To add a file format, write a function that returns a `Table` and add its suffix to
`READERS` in `reading`.
"""

__all__ = ["decoding", "encodings", "excel", "frames", "limits", "reading", "source", "table"]
