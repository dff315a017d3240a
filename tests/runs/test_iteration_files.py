from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from clouds import CORPUS, run

from cartography.active.simulation import Iteration
from cartography.errors import CartographyError
from cartography.runs.iteration_files import (
    COLUMNS,
    MAPS,
    batch_rows,
    iteration_table,
    read_iterations,
    read_run_outline,
    scalar_table,
    write_iteration,
)

ROW_OF = {name: row for row, name in enumerate(CORPUS.ids)}


def tables_of(iterations: list[Iteration]) -> list[pa.Table]:
    tables: list[pa.Table] = []
    for iteration in iterations:
        tables.append(iteration_table(iteration, CORPUS, tables[-1] if tables else None))
    return tables


def test_tables_are_read_exactly_up_to_the_first_gap(tmp_path: Path) -> None:
    iterations = run("lc")
    for number, table in enumerate(tables_of(iterations)):
        write_iteration(tmp_path, number, table)
    tables = read_iterations(tmp_path)
    scalars = scalar_table(tables)
    assert tuple(scalars.columns) == COLUMNS
    accuracies = [iteration.evaluation.accuracy for iteration in iterations]
    assert scalars["accuracy"].tolist() == accuracies
    assert scalars["agreement"].tolist()[1:] == [step.agreement for step in iterations[1:]]
    for iteration, rows in zip(iterations[1:], batch_rows(tables, ROW_OF), strict=True):
        assert iteration.batch is not None
        assert rows.tolist() == iteration.batch.rows.tolist()
    assert tables[3]["confidence"].to_pylist() == iterations[3].data_map.confidence.tolist()
    (tmp_path / MAPS / "iteration-001.parquet").unlink()
    assert len(read_iterations(tmp_path)) == 1
    assert read_iterations(tmp_path / "nowhere") == []


def test_a_text_keeps_the_values_of_its_batch() -> None:
    iterations = run("margin")
    last = tables_of(iterations)[-1].to_pandas()
    assert last["rank"].isna().tolist() == [True] * 20 + [False] * 18
    assert last["iteration"].tolist() == [0] * 20 + [1] * 6 + [2] * 6 + [3] * 6
    first = iterations[1].batch
    assert first is not None
    assert last["score"].tolist()[20:26] == first.scores.tolist()
    classes = np.array(CORPUS.classes)
    assert last["predicted_label"].tolist()[20:26] == classes[first.predicted].tolist()


def test_the_error_names_a_file_without_scalars(tmp_path: Path) -> None:
    write_iteration(tmp_path, 0, pa.table({"id": ["a"]}))
    with pytest.raises(CartographyError, match=r"iteration-000\.parquet cannot be read"):
        read_iterations(tmp_path)


def test_an_outline_has_the_scalars_and_the_batches_of_the_run(tmp_path: Path) -> None:
    iterations = run("lc")
    with pytest.raises(CartographyError, match="no iteration yet"):
        read_run_outline(tmp_path)
    for number, table in enumerate(tables_of(iterations)):
        write_iteration(tmp_path, number, table)
    outline = read_run_outline(tmp_path)
    assert outline.iterations.equals(scalar_table(read_iterations(tmp_path)))
    assert [batch.tolist() for batch in outline.batches] == [
        CORPUS.ids[step.batch.rows].tolist() for step in iterations if step.batch
    ]
    (tmp_path / MAPS / "iteration-002.parquet").write_bytes(b"not parquet")
    with pytest.raises(CartographyError, match=r"iteration-002\.parquet cannot be read"):
        read_run_outline(tmp_path)
