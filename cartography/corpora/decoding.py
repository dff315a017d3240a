"""Decoding of text files of any encoding."""

from pathlib import Path

import charset_normalizer

from cartography.errors import CartographyError

# Longest first: the mark of UTF-32 starts with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_DETECTION_BYTES = 200_000


def decode_text(path: Path) -> tuple[str, tuple[str, ...]]:
    """Decode a text file.

    The encoding is UTF-8, or UTF-16 or UTF-32 with a byte order mark, else what
    charset-normalizer detects.

    Parameters
    ----------
    path : Path

    Returns
    -------
    text : str
    notes : tuple of str
        A note if the encoding was detected.

    Raises
    ------
    CartographyError
        The file is binary, or its encoding cannot be detected.
    """
    data = path.read_bytes()
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), ()
            except UnicodeDecodeError as error:
                raise CartographyError(
                    f"{path} starts with the byte order mark of {encoding.upper()} but is not "
                    f"valid: {error.reason} at byte {error.start:,}; save it as UTF-8"
                ) from error
    if b"\0" in data:
        raise CartographyError(
            f"{path} contains NUL bytes, so it is not a text file; save it as UTF-8"
        )
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        encoding = _detect_encoding(path, data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _undetected_encoding(path) from error
    return text, (f"{path.name} is not UTF-8 and was read as {encoding}: check its accents",)


def _detect_encoding(path: Path, data: bytes) -> str:
    """Return the likeliest encoding of `data`, which is not UTF-8."""
    # ASCII lines carry no information about the encoding and would outnumber the others.
    lines = [
        (number, line) for number, line in enumerate(data.split(b"\n"), 1) if not line.isascii()
    ]
    broken = [number for number, line in lines if not _is_utf8(line)]
    if len(broken) < len(lines) / 2:
        raise CartographyError(
            f"{path}, line {broken[0]} is not UTF-8, unlike the rest of the file; "
            "fix that line and save the file as UTF-8"
        )
    sample = b"\n".join(line for _, line in lines)[:_DETECTION_BYTES]
    matches = list(charset_normalizer.from_bytes(sample))
    if not matches:
        raise _undetected_encoding(path)
    # Short texts in cp1252 often match a rarer, similar encoding better.
    if any("cp1252" in match.could_be_from_charset for match in matches):
        return "cp1252"
    return matches[0].encoding


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _undetected_encoding(path: Path) -> CartographyError:
    return CartographyError(
        f"{path} is not UTF-8 and its encoding cannot be detected; save it as UTF-8"
    )
