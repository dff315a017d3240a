"""`cartography embed`: make the features of a corpus and say what its word vectors cover."""

from dataclasses import asdict

import typer

from cartography.cli import options
from cartography.cli.inputs import embed_corpora, read_corpora, report_errors
from cartography.features.embedding import CORPUS_VECTORS
from cartography.progress import make_console
from cartography.runs.manifest import SUMMARY, require_empty, write_json


def embed_command(
    data: options.Data,
    out: options.Out,
    test: options.Test = None,
    text: options.TextColumn_ = None,
    label: options.LabelColumn = None,
    id: options.IdColumn = None,
    vectors: options.Vectors = CORPUS_VECTORS,
    pooling: options.PoolingName = "sum",
    max_length: options.MaxLength = None,
    quiet: options.Quiet = False,
) -> None:
    """Make the features of a corpus ahead of time; run.json says what the word vectors cover.

    The features go to the cache, where `map`, `learn` and `threshold` find them.
    """
    with report_errors():
        require_empty(out)
        console = make_console(quiet)
        corpus, held_out = read_corpora(data, test, text, label, id, console)
        inputs = embed_corpora(corpus, held_out, vectors, pooling, max_length, console)
        found = inputs.features
        write_json(
            out / SUMMARY,
            {
                "kind": "embed",
                "corpus": corpus.name,
                "fingerprint": corpus.fingerprint,
                "features": found.key,
                "vectors": found.vectors,
                "coverage": asdict(found.coverage),
                "summary": found.coverage.summary,
            },
        )
        typer.echo(f"{out}: {found.coverage.summary}")
