"""A mistake in the words of a page."""

from pathlib import Path

import pytest

from ui.faults import sentence


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("a seed set of 6 leaves no pool: use a smaller --seed-size", "smaller “Seed size”"),
        ("name another column with --label", "Name another column with “Label column”"),
        ("train.csv has no rows", "train.csv has no rows"),
    ],
)
def test_options_are_called_as_their_widgets(said: str, shown: str) -> None:
    assert shown in sentence(said).replace("\\", "")


def test_no_folder_of_a_visitor_is_named(own_cache: Path) -> None:
    upload = own_cache / "workspaces" / ("a" * 32) / "uploads" / "0123456789" / "mine.csv"

    assert sentence(f"{upload} is empty").replace("\\", "") == "mine.csv is empty"
