"""Features: texts to a float32 matrix (n, d), and near-duplicates by shared tokens.

May import `corpora`. A kind of features is a module with a class as `kinds.FeatureKind` describes
it; its name is an entry of `table`. To add a format of vector files, write a module next to
`vector_text` with the two functions of a `_Format`, and choose it in `vector_files`.
"""

__all__ = [
    "embedding",
    "encoders",
    "given_features",
    "kinds",
    "near_duplicates",
    "scaling",
    "table",
    "trained_vectors",
    "vector_files",
    "word_features",
    "word_vectors",
]
