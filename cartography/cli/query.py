"""`cartography query`: a round of a project, which asks for the next batch."""

from pathlib import Path
from typing import Annotated

import typer

from cartography.cli import options
from cartography.cli.errors import report_errors, say
from cartography.cli.export import Form
from cartography.models.presets import SEEDS


def query_command(
    project: options.Project,
    strategy: Annotated[
        options.StrategyName,
        typer.Option(
            help="Query strategy. Before two classes have a label, texts that are unlike each "
            "other are asked for."
        ),
    ] = options.StrategyName.margin,  # type: ignore[attr-defined]
    size: Annotated[
        int | None,
        typer.Option(
            "--n",
            min=0,
            metavar="N",
            help="Texts to ask for; 0 only trains. Default: a tenth of the labelled texts, 20 to "
            "100.",
        ),
    ] = None,
    t_cor: Annotated[
        float | None,
        typer.Option(
            "--t-cor",
            min=0.0,
            max=1.0,
            metavar="X",
            help="CAL's threshold of correctness. Default: the preset's.",
        ),
    ] = None,
    batch: Annotated[
        Path | None,
        typer.Option(
            "--batch",
            metavar="FILE",
            help="Write the batch, to be labelled in its column `label` or in a tool; .csv, "
            ".jsonl or .parquet decides the form.",
        ),
    ] = None,
    form: Annotated[
        Form | None, typer.Option("--as", help="Another form of the batch, as in `export`.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write --batch over labels that would be lost.")
    ] = False,
    annotator: options.Annotator = "",
    seed: options.OneSeed = SEEDS[0],
    device: options.Device = "auto",
    # The dashboard's workers write into a folder that the dashboard knows.
    out: Annotated[Path | None, typer.Option("--out", hidden=True)] = None,
    quiet: options.Quiet = False,
) -> None:
    """Train on the labels of a project, measure the accuracy, and ask for the next batch.

    The batch waits in the project: label it with `cartography label`, in the dashboard, or in the
    file that --batch writes. Where the project names its annotators, --annotator writes the share
    of one.
    """
    with report_errors():
        from cartography.cli.label_files import (
            check_form,
            check_labels_are_stored,
            command,
            open_session,
            write_texts,
        )
        from cartography.errors import CartographyError
        from cartography.formatting import count_noun, strategy_name
        from cartography.labelling.round_model import RoundRequest
        from cartography.labelling.rounds import next_folder, run_round
        from cartography.labelling.tables import batch_table
        from cartography.progress import make_console, track_progress

        if batch is not None:
            check_form(batch, form, "--batch")
        elif form is not None:
            raise CartographyError("--as is the form of a file: give --batch FILE too")
        session = open_session(project, annotator)
        opened = session.project
        folder = next_folder(opened) if out is None else out.absolute()
        if folder.parent != opened.rounds_folder.absolute() or not folder.name.isdecimal():
            raise CartographyError(f"--out {out} is not the folder of a round of {opened.name!r}")
        if batch is not None and not force:
            check_labels_are_stored(session, batch, "--batch")
        console = make_console(quiet)
        request = RoundRequest(strategy.value, size, t_cor, seed, device, session.annotator)
        epochs = run_round(
            session.store, opened, request, folder, lambda step: console.print(f"{step} …")
        )
        total = opened.settings.chosen_preset().classifier.epochs
        for _ in track_progress(epochs, total, lambda epoch: epoch.number, "epoch", console):
            pass
        done = next(each for each in session.rounds if each.number == int(folder.name))
        summary = done.summary
        labels = count_noun(summary["labelled"], "label")
        line = f"{opened.name}: round {done.number}, {labels}"
        if summary["accuracy"] is not None:
            line += (
                f", accuracy {summary['accuracy']:.3f}, macro-F1 {summary['macro_f1']:.3f} "
                f"({summary['evaluated']}, {count_noun(summary['texts'], 'text')})"
            )
        elif "epochs" not in summary:
            line += ", no model before two classes have a label"
        else:
            line += ", too few labels to measure the accuracy"
        say(line)
        for remark in (summary["warning"], summary["fallback"]):
            if remark:
                say(f"{opened.name}: {remark}", err=True)
        chosen_by = strategy_name(str(summary["strategy"]))
        say(f"{count_noun(len(done.batch), 'text')} asked for by {chosen_by}")
        if batch is not None:
            items = [each.item for each in session.queue() if each.round == done.number]
            write_texts(session, batch_table(session, done, items), batch, form)
            back = command("label", project, batch=str(batch))
            say(f"{batch}: {count_noun(len(items), 'text')}; their labels come back by {back}")
        elif len(done.batch):
            say(f"to label them: {command('label', project)}")
