"""`cartography embed`: make the features of a corpus and report what its word vectors cover."""

from dataclasses import asdict

import typer

from cartography.cli import options
from cartography.cli.errors import report_errors


def embed_command(
    data: options.Data,
    out: options.Out,
    features: options.Features,
    quiet: options.Quiet = False,
) -> None:
    """Make the features of a corpus ahead of time; run.json says what the word vectors cover.

    The features go to the cache, where `map`, `learn` and `threshold` find them.
    """
    with report_errors():
        from cartography.cli.inputs import embed_corpora, read_corpora
        from cartography.progress import make_console
        from cartography.runs.manifest import SUMMARY, require_empty, write_json

        require_empty(out)
        console = make_console(quiet)
        train, test = read_corpora(data.data, data, console)
        embedding = embed_corpora(train, test, features, console).features
        write_json(
            out / SUMMARY,
            {
                "kind": "embed",
                "corpus": train.name,
                "fingerprint": train.fingerprint,
                "features": embedding.key,
                "vectors": embedding.description,
                "coverage": asdict(embedding.coverage) if embedding.coverage else None,
                "summary": embedding.summary,
            },
        )
        typer.echo(f"{out}: {embedding.summary}")
