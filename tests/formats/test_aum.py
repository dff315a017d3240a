from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cartography.errors import CartographyError
from cartography.formats.aum import AumValues, read_aum, write_aum

# The two files as the aum package writes them.
VALUES = "sample_id,aum\nsample_1,1.205\nsample_3,1.145\nsample_2,-3.785\n"
RECORDS = (
    "sample_id,num_measurements,target_logit,target_val,other_logit,other_val,margin,aum\n"
    "sample_1,1,3.74,0,2.48,10,1.26,1.26\n"
    "sample_1,2,4.59,0,3.44,10,1.15,1.205\n"
    "sample_2,1,-0.09,1,3.11,0,-3.2,-3.2\n"
    "sample_2,2,-1.12,1,3.25,0,-4.37,-3.785\n"
    "sample_3,2,2.63,6,2.11,2,0.52,1.145\n"
    "sample_3,1,3.39,6,1.62,10,1.77,1.77\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "aum_values.csv"


def test_values_are_read_in_the_order_of_the_file(file: Path) -> None:
    file.write_text(VALUES)
    found = read_aum(file)
    assert found.ids.tolist() == ["sample_1", "sample_3", "sample_2"]
    assert found.aum.tolist() == [1.205, 1.145, -3.785]


def test_the_last_measurement_of_full_records_counts(file: Path) -> None:
    file.write_text(RECORDS)
    found = read_aum(file)
    assert found.ids.tolist() == ["sample_1", "sample_2", "sample_3"]
    assert found.aum.tolist() == [1.205, -3.785, 1.145]


def test_what_is_written_is_read_back_equal_and_sorted(file: Path) -> None:
    rng = np.random.default_rng(0)
    made = AumValues(np.array(["a", "b,c", "-d", "=e", "007"], dtype=object), rng.normal(size=5))
    write_aum(file, made)
    found = read_aum(file)
    assert np.all(np.diff(found.aum) <= 0)
    expected = dict(zip(made.ids, made.aum, strict=True))
    assert dict(zip(found.ids, found.aum, strict=True)) == expected
    assert list(pd.read_csv(file).columns) == ["sample_id", "aum"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "sample_id,score\na,1\n",
            "no column 'aum', so it is not a table of areas under the margin",
        ),
        ("aum\n1\n", "no column 'sample_id'"),
        (VALUES + "sample_1,2\n", r"row 4 .*has the id 'sample_1' of row 1 .*again"),
        ("sample_id,aum\na,high\n", r"row 1 .*column 'aum' has 'high' and not a finite number"),
        ("sample_id,aum\na,nan\n", "row 1 .*column 'aum' has 'nan'"),
        ("sample_id,aum\na,1e999\n", "row 1 .*column 'aum'"),
        ("sample_id,aum\na,\n", "row 1 .*column 'aum' is empty"),
        ("sample_id,aum\n,1\n", "row 1 .*column 'sample_id' is empty"),
        (RECORDS + "sample_1,2,0,0,0,0,0,0\n", r"row 7 .*measurement 2 of sample 'sample_1' again"),
    ],
)
def test_errors_name_the_row(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(CartographyError, match=message):
        read_aum(file)
