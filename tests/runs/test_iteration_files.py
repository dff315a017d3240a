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
    batches_of,
    iteration_table,
    read_iterations,
    read_run_outline,
    scalars_of,
    write_iteration,
)

ROW_OF = {name: row for row, name in enumerate(CORPUS.ids)}


def tables_of(iterations: list[Iteration]) -> list[pa.Table]:
    tables: list[pa.Table] = []
    for each in iterations:
        tables.append(iteration_table(each, CORPUS, tables[-1] if tables else None))
    return tables


def test_what_was_written_is_read_to_the_last_bit_as_far_as_it_has_no_gap(tmp_path: Path) -> None:
    iterations = run("lc")
    for number, table in enumerate(tables_of(iterations)):
        write_iteration(tmp_path, number, table)
    tables = read_iterations(tmp_path)
    found = scalars_of(tables)
    assert tuple(found.columns) == COLUMNS
    assert found["accuracy"].tolist() == [each.evaluation.accuracy for each in iterations]
    assert found["agreement"].tolist()[1:] == [each.agreement for each in iterations[1:]]
    for each, rows in zip(iterations[1:], batches_of(tables, ROW_OF), strict=True):
        assert each.batch is not None
        assert rows.tolist() == each.batch.rows.tolist()
    assert tables[3]["confidence"].to_pylist() == iterations[3].data_map.confidence.tolist()
    (tmp_path / MAPS / "iteration-001.parquet").unlink()
    assert len(read_iterations(tmp_path)) == 1
    assert read_iterations(tmp_path / "nowhere") == []


def test_a_text_keeps_what_it_was_when_it_joined() -> None:
    iterations = run("margin")
    last = tables_of(iterations)[-1].to_pandas()
    assert last["rank"].isna().tolist() == [True] * 20 + [False] * 18
    assert last["iteration"].tolist() == [0] * 20 + [1] * 6 + [2] * 6 + [3] * 6
    first = iterations[1].batch
    assert first is not None
    assert last["score"].tolist()[20:26] == first.scores.tolist()
    classes = np.array(CORPUS.classes)
    assert last["predicted_label"].tolist()[20:26] == classes[first.predicted].tolist()


def test_a_file_without_its_scalars_is_named(tmp_path: Path) -> None:
    write_iteration(tmp_path, 0, pa.table({"id": ["a"]}))
    with pytest.raises(CartographyError, match=r"iteration-000\.parquet cannot be read"):
        read_iterations(tmp_path)


def test_an_outline_has_the_scalars_and_the_picks_of_the_run(tmp_path: Path) -> None:
    iterations = run("lc")
    with pytest.raises(CartographyError, match="no iteration yet"):
        read_run_outline(tmp_path)
    for number, table in enumerate(tables_of(iterations)):
        write_iteration(tmp_path, number, table)
    outline = read_run_outline(tmp_path)
    assert outline.iterations.equals(scalars_of(read_iterations(tmp_path)))
    assert [batch.tolist() for batch in outline.batches] == [
        CORPUS.ids[each.batch.rows].tolist() for each in iterations if each.batch
    ]
    (tmp_path / MAPS / "iteration-002.parquet").write_bytes(b"not parquet")
    with pytest.raises(CartographyError, match=r"iteration-002\.parquet cannot be read"):
        read_run_outline(tmp_path)
