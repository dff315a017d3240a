"""What a token is, in every script; the tokens of Latin texts are those of a plain pattern."""

# ruff: noqa: RUF001  (letters of other scripts are what is tested)

import re
import sys
import unicodedata
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cartography.features import word_vectors
from cartography.features.word_vectors import Forms, tokenise

quick = settings(deadline=None, database=None, derandomize=True, max_examples=300)

PLAIN = re.compile(r"\w+|[^\w\s]")
SPACED = "abcXYZ019_éßñçÅяЖёλΩتحمیאבגדकखगनमতকঅட안녕"
MARKS = "\u0301\u0308\u0327\u064e\u05b8\u093e\u093f\u094d\u09cd\u200c\u200d\ufe0f\u20e3"
UNSPACED = "東京都日本ひらがなカナーกขคำเมืองກຂမြန်ខ្មែរ〇々"
OTHER = " \t\n\x1c\u2028\u3000!?'#*-.،।\u0600👍🏽👨👩👧❤\U0001f1e9\U0001f1ea"
any_text = st.text(st.sampled_from(SPACED + MARKS + UNSPACED + OTHER), max_size=25) | st.text(
    max_size=15
)


def without_space(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        # Hindi, Bengali, Tamil: vowel signs and viramas are marks.
        ("शुल्क खाता भुगतान।", ["शुल्क", "खाता", "भुगतान", "।"]),
        ("বাংলাদেশের মানুষ", ["বাংলাদেশের", "মানুষ"]),
        ("தமிழ் மொழி", ["தமிழ்", "மொழி"]),
        # A joiner at the end of a word belongs to it after a virama, and is a stray elsewhere.
        ("ന്\u200d അവന്\u200d", ["ന്\u200d", "അവന്\u200d"]),
        ("می\u200cخواهم کتاب\u200c!", ["می\u200cخواهم", "کتاب", "\u200c", "!"]),
        ("שָׁלוֹם עֲלֵיכֶם", [unicodedata.normalize("NFC", word) for word in ("שָׁלוֹם", "עֲלֵיכֶם")]),
        ("مُحَمَّد", ["مُحَمَّد"]),
        ("cafe\u0301 Zoe\u0308!", ["café", "Zoë", "!"]),
        ("q\u0303u!\u0301", ["q\u0303u", "!\u0301"]),  # there is no composed form
        ("안녕하세요 세계", ["안녕하세요", "세계"]),
        (unicodedata.normalize("NFD", "안녕"), ["안녕"]),
        # Scripts without spaces: pairs of grapheme clusters.
        ("ภาษาไทย", ["ภา", "าษ", "ษา", "าไ", "ไท", "ทย"]),
        ("ที่น้ำมี", ["ที่น้ำ", "น้ำมี"]),
        ("พ.ศ. ๒๕๖๗", ["พ", ".", "ศ", ".", "๒๕๖๗"]),
        ("東京都に3回行く", ["東京", "京都", "に", "3", "回行", "く"]),
        ("コーヒー", ["コー", "ーヒ", "ヒー"]),
        ("か\u3099く", ["がく"]),
        ("iPhone手机很贵，好", ["iPhone", "手机", "机很", "很贵", "，", "好"]),
        ("二〇二六年", ["二〇", "〇二", "二六", "六年"]),
        # Emoji: families, flags, skin, keycaps, variation selectors.
        ("ok👨\u200d👩\u200d👧👍🏽", ["ok", "👨\u200d👩\u200d👧", "👍🏽"]),
        ("🇩🇪🇫🇷❤\ufe0f☺", ["🇩🇪", "🇫🇷", "❤\ufe0f", "☺"]),
        (
            "top1\ufe0f\u20e32\u20e3#\ufe0f\u20e3",
            ["top", "1\ufe0f\u20e3", "2\u20e3", "#\ufe0f\u20e3"],
        ),
        # As ever.
        ("½ 10² a_b\u00adc", ["½", "10²", "a_b", "\u00ad", "c"]),
        ("\u0600١٢ x", ["\u0600", "١٢", "x"]),
    ],
)
def test_tokens_of_every_script(text: str, tokens: list[str]) -> None:
    assert tokenise(text) == tokens


def test_white_space_leaves_every_character_as_it_is() -> None:
    assert tokenise("cafe\u0301 ภาษา\\ไทย", "white_space") == ["cafe\u0301", "ภาษาไทย"]


@quick
@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_is_cut_by_the_plain_pattern(text: str) -> None:
    assert tokenise(text) == PLAIN.findall(text)
    # The same through the patterns for all texts, which the last word needs.
    assert tokenise(f"{text} 日本") == [*PLAIN.findall(text), "日本"]


@quick
@given(
    st.text(
        st.characters(max_codepoint=0x24F).filter(lambda c: unicodedata.category(c) != "Mn")
        | st.sampled_from("яЖёйЇλΩώتحمیگپ،؟«»—…“”’€½²№"),
        max_size=30,
    ).map(lambda text: unicodedata.normalize("NFC", text))
)
def test_letters_without_marks_are_cut_by_the_plain_pattern(text: str) -> None:
    assert tokenise(text) == PLAIN.findall(text)
    assert tokenise(f"{text} 日本") == [*PLAIN.findall(text), "日本"]


def test_the_short_way_is_for_characters_that_nothing_joins_to() -> None:
    short = [
        c for c in map(chr, range(sys.maxunicode + 1)) if word_vectors._PLAIN_TEXT.fullmatch(c)
    ]
    assert {"a", "é", "Ж", "ת", "ی", "한", "—"} <= set(short)
    assert all(unicodedata.is_normalized("NFC", c) for c in short)
    assert not any(unicodedata.combining(c) or unicodedata.category(c) == "Cn" for c in short)
    text = " ".join(f"x{c} {c}x{c}" for c in short)
    assert tokenise(text) == tokenise(f"{text} 日本")[:-1]


@pytest.mark.parametrize(
    "text",
    [
        "\U0001f1e9",
        "a\u0301\u0316",
        "\u0301\u0316",
        "👩\u200d",
        "a\u200c",
        "क\u094d\u200c",
        "\u200c",
        "東",
    ],
)
def test_long_rows_of_marks_take_no_longer_than_words(text: str) -> None:
    long = text * 100_000
    start = perf_counter()
    for variant in (long, f"a{long}!", long.replace("a", "") + "é"):
        assert "".join(tokenise(variant)).count(text[-1]) >= variant.count(text[-1])
    assert perf_counter() - start < 10  # by the square of their number they would take hours


def test_letters_and_digits_are_those_of_python() -> None:
    # Every assigned character but marks, after a letter: joined to it or not, as `re` has it.
    characters = [
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(character) not in ("Cn", "Co", "Cs", "Mn", "Mc", "Me")
        and unicodedata.is_normalized("NFC", character)
        and not character.isspace()
        and character not in "\u200c\u200d\uff9e\uff9f"
        and "TAG " not in unicodedata.name(character, "")
    ]
    other = {c for c in characters if tokenise(f"é{c}") != PLAIN.findall(f"é{c}")}
    names = {re.split("[ -]", unicodedata.name(c))[0] for c in other}
    assert names - {"HALFWIDTH", "NEW", "HENTAIGANA", "VERTICAL", "MASU", "IDEOGRAPHIC", "OLD"} == {
        *("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TAI", "AHOM")
    }
    assert all(c.isalpha() or c == "〇" for c in other)


@given(any_text)
@quick
def test_tokens_come_from_the_pieces_between_white_space(text: str) -> None:
    assert tokenise(text) == [token for piece in text.split() for token in tokenise(piece)]


@given(any_text)
@quick
def test_a_token_is_its_own_only_token_in_composed_form(text: str) -> None:
    for token in tokenise(text):
        assert tokenise(token) == [token]
        assert unicodedata.is_normalized("NFC", token)


@given(any_text)
@quick
def test_composed_and_decomposed_texts_have_the_same_tokens(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)
    assert tokenise(unicodedata.normalize("NFC", decomposed)) == tokenise(decomposed)


@given(st.text(st.sampled_from(SPACED + MARKS + OTHER), max_size=25))
@quick
def test_nothing_is_lost_where_words_have_spaces(text: str) -> None:
    assert "".join(tokenise(text)) == without_space(unicodedata.normalize("NFC", text))


def test_forms_match_in_composed_form_and_in_lower_case() -> None:
    forms = Forms(["Café", "THE", "नमस्ते"])
    assert forms.find("Cafe\u0301".encode()) == "Café"
    assert forms.find("café".encode()) == "café"
    assert forms.find(b"the") == "the"
    assert forms.find("नमस्ते".encode()) == "नमस्ते"
    assert forms.find(b"The") is None
    assert forms.find(b"\xff\xfe") is None
