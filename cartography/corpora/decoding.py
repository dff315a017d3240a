"""The characters of a text file, whatever its encoding."""

from pathlib import Path

import charset_normalizer

from cartography.errors import CartographyError

# The longest mark first: UTF-32's begins with UTF-16's.
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_DETECTION_BYTES = 200_000


def decode_text(path: Path) -> tuple[str, tuple[str, ...]]:
    """The characters of a text file, and a note if its encoding was guessed.

    UTF-8, or UTF-16 and UTF-32 with a byte order mark, else what charset-normalizer detects. A
    binary file, or one whose encoding cannot be told, raises `CartographyError`.
    """
    data = path.read_bytes()
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), ()
            except UnicodeDecodeError as error:
                raise CartographyError(
                    f"{path} begins as {encoding.upper()} and is not: {error.reason} at byte "
                    f"{error.start:,}; save it as UTF-8"
                ) from error
    if b"\0" in data:
        raise CartographyError(f"{path} holds NUL bytes, so it is no text file; save it as UTF-8")
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        encoding = _detected(path, data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _undetected(path) from error
    return text, (f"{path.name} is not UTF-8 and was read as {encoding}: look at its accents",)


def _detected(path: Path, data: bytes) -> str:
    """The likeliest encoding of `data`, which is not UTF-8."""
    # Plain ASCII lines say nothing about the encoding and would drown the lines that do.
    lines = [
        (number, line) for number, line in enumerate(data.split(b"\n"), 1) if not line.isascii()
    ]
    broken = [number for number, line in lines if not _is_utf8(line)]
    if len(broken) < len(lines) / 2:
        raise CartographyError(
            f"{path}, line {broken[0]} is not UTF-8 as the rest of the file is; "
            "mend that line and save the file as UTF-8"
        )
    telling = b"\n".join(line for _, line in lines)[:_DETECTION_BYTES]
    matches = list(charset_normalizer.from_bytes(telling))
    if not matches:
        raise _undetected(path)
    # Western European text also passes for its rarer neighbours, which short texts often favour.
    if any("cp1252" in match.could_be_from_charset for match in matches):
        return "cp1252"
    return matches[0].encoding


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _undetected(path: Path) -> CartographyError:
    return CartographyError(
        f"{path} is not UTF-8 and its encoding cannot be detected; save it as UTF-8"
    )
