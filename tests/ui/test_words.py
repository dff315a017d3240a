"""The tooltips: none is written that no page shows."""

import re
from pathlib import Path

from ui import words

ROOT = Path(__file__).resolve().parents[2]


def test_every_text_is_shown_somewhere() -> None:
    texts = {name for name, value in vars(words).items() if name.isupper() and type(value) is str}
    files = [path for room in ("ui", "pages") for path in (ROOT / room).rglob("*.py")]
    shown = {
        name for path in files for name in re.findall(r"\bwords\.(\w+)", path.read_text("utf-8"))
    }

    assert texts - shown == set()
