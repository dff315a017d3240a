"""Error messages in the words of a page."""

from pathlib import Path

import pytest

from ui.faults import sentence


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("a seed set of 6 leaves no pool: use a smaller --seed-size", "smaller “Seed size”"),
        ("name another column with --label", "Name another column with “Label column”"),
        ("train.csv has no rows", "train.csv has no rows"),
    ],
)
def test_options_are_named_by_their_widgets(message: str, expected: str) -> None:
    assert expected in sentence(message).replace("\\", "")


def test_a_visitor_s_folder_is_hidden(own_cache: Path) -> None:
    upload = own_cache / "workspaces" / ("a" * 32) / "uploads" / "0123456789" / "mine.csv"

    assert sentence(f"{upload} is empty").replace("\\", "") == "mine.csv is empty"
