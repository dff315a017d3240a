"""Features: texts to a float32 matrix (n, d), and near-duplicates by shared tokens.

May import `corpora`. To add a format of vector files, write a module next to `vector_text` with the
two functions of a `_Format`, and choose it in `vector_files`. To add a kind of features, write a
module next to `trained_vectors` that returns `WordVectors` (or the matrix itself), and call it in
`embedding.embed`.
"""

__all__ = ["embedding", "near_duplicates", "trained_vectors", "vector_files", "word_vectors"]
