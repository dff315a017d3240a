import pytest

from cartography.wording import beside, counted


@pytest.mark.parametrize(
    ("value", "limits", "text"),
    [
        (0.123456, (), "0.12"),
        (0.2996, (0.3,), "0.2996"),
        (0.3, (0.3,), "0.30"),
        (0.3004, (0.3,), "0.3004"),
        (0.6, (0.2, 0.8), "0.60"),
        (0.7999, (0.2, 0.8), "0.7999"),
        (0.00002, (0.0,), "0.00002"),
        (0.1 + 0.2, (0.3,), "0.30000000000000004"),
    ],
)
def test_a_number_stays_on_its_side_of_a_limit(
    value: float, limits: tuple[float, ...], text: str
) -> None:
    assert beside(value, *limits) == text


def test_counted() -> None:
    assert [counted(n, "text") for n in (0, 1, 2, 1200)] == [
        "0 texts",
        "1 text",
        "2 texts",
        "1,200 texts",
    ]
