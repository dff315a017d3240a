"""Compressed files and archives, and files of unknown kinds."""

import bz2
import gzip
import lzma
import struct
import zipfile
from pathlib import Path

import pytest

from cartography.errors import CartographyError
from cartography.tables.reading import is_table, read_table

CSV = b"text,label\na,x\nb,y\n"
JSONL = b'{"text": "a", "label": "x"}\n{"text": "b", "label": "y"}\n'


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("t.csv.gz", gzip.compress(CSV)),
        ("t.CSV.GZ", gzip.compress(CSV)),
        ("t.csv.bz2", bz2.compress(CSV)),
        ("t.csv.xz", lzma.compress(CSV)),
        ("t.jsonl.gz", gzip.compress(JSONL)),
        ("t.tsv.gz", gzip.compress(CSV.replace(b",", b"\t"))),
    ],
)
def test_compressed_tables(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    table = read_table(path)
    assert table.values("label") == table.values("label") == ["x", "y"], "it is read again"
    assert table.location == str(path)


def test_one_table_in_a_zip(tmp_path: Path) -> None:
    members = {"data/t.csv": CSV, "README": b"x", "__MACOSX/._t.csv": b"x", "data/.t.csv": b"x"}
    table = read_table(zipped(tmp_path / "t.zip", members))
    assert table.values("text") == ["a", "b"]
    assert table.name == "t.csv"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"a.csv": CSV, "b.csv": CSV}, "contains 2 tables (a.csv, b.csv): unpack it"),
        ({"a.doc": CSV}, "contains no table (a.doc)"),
        ({}, "contains no table (nothing)"),
        ({"t.zip": b"x"}, "t.zip/t.zip: the suffix '.zip' is not that of a known format"),
    ],
)
def test_other_archives_are_refused(
    tmp_path: Path, members: dict[str, bytes], message: str
) -> None:
    with pytest.raises(CartographyError) as refusal:
        read_table(zipped(tmp_path / "t.zip", members))
    assert message in str(refusal.value)


def test_a_name_in_a_zip_is_no_path(tmp_path: Path) -> None:
    table = read_table(zipped(tmp_path / "t.zip", {"../../up.csv": CSV}))
    assert table.rows == 2
    assert not (tmp_path.parent / "up.csv").exists()


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("t.csv.gz", gzip.compress(CSV * 500)[:-9], "cannot be unpacked"),
        ("t.csv.gz", b"no gzip", "cannot be unpacked"),
        ("t.csv.bz2", b"no bzip", "cannot be unpacked"),
        ("t.csv.xz", b"no xz", "cannot be unpacked"),
        ("t.zip", b"PK no zip", "is not a complete zip file"),
        ("t.tar.gz", b"x", "is an archive of files: unpack it"),
        ("t.parquet.gz", gzip.compress(b"PAR1"), "is a columnar file: unpack it first"),
        ("t.gz", gzip.compress(CSV), "the suffix '' is not that of a known format"),
        ("t.ods", b"x", "the suffix '.ods' is not that of a known format; save it as .xlsx"),
        ("t.docx", b"x", "; give a table of texts"),
    ],
)
def test_damaged_and_unknown_files(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(CartographyError) as refusal:
        read_table(path)
    assert message in str(refusal.value)


def test_encrypted_members_are_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "t.zip", {"t.csv": CSV})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag of encryption in the directory
    path.write_bytes(data)
    with pytest.raises(CartographyError, match=r"t.zip/t.csv is encrypted"):
        read_table(path)


@pytest.mark.parametrize("filling", [b"\0", b"a", b"a\n"])
def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filling: bytes) -> None:
    monkeypatch.setenv("CARTOGRAPHY_MAX_UNPACKED", "3000000")
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(filling * 40_000_000))
    with pytest.raises(CartographyError) as refusal:
        read_table(path)
    assert "unpacked" in str(refusal.value) or "NUL" in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        *(("t.csv", True), ("T.CSV", True), ("t.csv.gz", True), ("t.zip", True)),
        *(("t.vec.gz", False), ("t.bin", False), ("t", False), ("t.xlsx", True)),
    ],
)
def test_names_of_tables(name: str, known: bool) -> None:
    assert is_table(name) == known


@pytest.mark.parametrize("name", ["t.zip", "t.xlsx"])
def test_an_archive_of_too_many_files_is_not_listed(tmp_path: Path, name: str) -> None:
    entry = zipped(tmp_path / "one.zip", {"a" * 1_000: b""}).read_bytes()
    listed = entry[entry.index(b"PK\1\2") : entry.index(b"PK\5\6")] * 5_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 5_000, 5_000, len(listed), 0, 0)
    path = tmp_path / name
    path.write_bytes(listed + end)
    with pytest.raises(CartographyError, match="it lists too many files"):
        read_table(path)
