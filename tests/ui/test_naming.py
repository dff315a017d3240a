"""Names that visitors chose: escaped, and made distinct."""

import pytest

from ui.naming import distinct_names, escape_markdown


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("train_v2.csv, seed_size 5: ok", "train_v2.csv, seed_size 5: ok"),
        ("$5 to $10 *new*", r"\$5 to \$10 \*new\*"),
        ("![x](http://a.example/x.png)", r"!\[x](http://a.example/x.png)"),
        ("<b>", r"\<b>"),
        ("<unk> & a < b", r"\<unk> & a < b"),
        ("&lt;", r"\&lt;"),
        ("_a_ :red[b] :material/home:", r"\_a\_ \:red\[b] \:material/home:"),
        ("a\\b `c`", r"a\\b \`c\`"),
    ],
)
def test_markdown_is_escaped(text: str, escaped: str) -> None:
    assert escape_markdown(text) == escaped


def test_only_repeated_names_get_a_mark() -> None:
    names = {"k1": "cal", "k2": "lc", "k3": "cal"}

    assert distinct_names(names, str.upper) == {"k1": "cal · K1", "k2": "lc", "k3": "cal · K3"}
