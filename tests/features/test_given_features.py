import json

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from cartography.corpora.account import Account
from cartography.corpora.corpus import Corpus, hold_out
from cartography.corpora.reading import read_corpus, read_train_test
from cartography.errors import CartographyError
from cartography.features.given_features import GivenFeatures


def corpus(*ids, name="made up", texts=None, account=None):
    return Corpus(
        name=name,
        ids=np.array(ids, dtype=object),
        texts=np.array(texts or [f"text {id} of {name}" for id in ids], dtype=object),
        labels=np.full(len(ids), -1),
        classes=(),
        account=account,
    )


def numbered(n, name="made up", file_rows=None):
    """A corpus whose ids are the row numbers of its file."""
    return corpus(*map(str, range(n)), name=name, account=Account(rows=file_rows or n, text="text"))


def taken(kind, training, *corpora):
    """The features of each corpus, made together."""
    made = kind.fit(training, lambda _: None).transform(corpora or [training], lambda _: None)
    parts = [(part.dimensions, [*part.blocks], part.coverage) for part in made]
    assert all(coverage is None for _, _, coverage in parts)
    matrices = [np.concatenate(blocks) for _, blocks, _ in parts]
    assert all(matrix.dtype == np.float32 for matrix in matrices)
    assert all(matrix.shape[1] == d for (d, _, _), matrix in zip(parts, matrices, strict=True))
    return [matrix.tolist() for matrix in matrices]


def refusal(kind, training, *corpora):
    with pytest.raises(CartographyError) as caught:
        taken(kind, training, *corpora)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def saved(tmp_path):
    def save(array, name="features.npy"):
        np.save(tmp_path / name, np.asarray(array), allow_pickle=True)
        return GivenFeatures(tmp_path / name)

    return save


def parquet_file(path, **columns):
    parquet.write_table(pa.table(columns), path)
    return path


# Arrays in the order of the texts.


def test_rows_are_those_of_the_training_texts(saved):
    kind, training = saved([[1, 2], [3, 4], [5, 6]]), numbered(3)
    assert taken(kind, training) == [[[1, 2], [3, 4], [5, 6]]]
    assert kind.describe(training) == "the file features.npy"


@pytest.mark.parametrize("dtype", ["<f8", ">f4", "f2", "i8", "u1", "?"])
def test_numbers_of_any_real_type_become_32_bit_floats(saved, dtype):
    assert taken(saved(np.array([[1], [0]], dtype=dtype)), numbered(2)) == [[[1], [0]]]


def test_rows_of_the_test_texts_follow(saved):
    kind = saved([[0], [1], [2], [3], [4]])
    training, test = numbered(3), numbered(2, "test")
    assert taken(kind, training, training, test) == [[[0], [1], [2]], [[3], [4]]]
    # The test texts alone: those of training are in the cache already.
    assert taken(kind, training, test) == [[[3], [4]]]
    assert taken(kind, training, training) == [[[0], [1], [2]]]
    # The training texts are the test texts too.
    assert taken(kind, training, numbered(3)) == [[[0], [1], [2]]]


def test_corpora_without_a_file_are_in_order_too(saved):
    kind = saved([[0], [1], [2]])
    training, test = corpus("b", "a"), corpus("x", name="test")
    assert taken(kind, training, training, test) == [[[0], [1]], [[2]]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (2, "has 2 rows, but made up has 3: give a row per text"),
        (6, "has 6 rows, but made up has 3 and with test there are 5: give the rows of the"),
        (4, "has 4 rows, but made up has 3 and with test there are 5"),
        (3, "has 3 rows, but made up has 3 and with test there are 5"),
    ],
)
def test_other_numbers_of_rows_are_refused_with_both(saved, rows, message):
    training, test = numbered(3), numbered(2, "test")
    assert message in refusal(saved(np.ones((rows, 1))), training, training, test)


def test_texts_taken_from_a_file_find_their_rows_by_their_numbers(saved):
    """Such as the labelled ones: the array may have a row for each row of the file."""
    whole = numbered(5)
    part, test = whole.take(np.array([1, 2, 4])), numbered(2, "test")
    assert taken(saved([[i] for i in range(5)]), part) == [[[1], [2], [4]]]
    seven = saved([[i] for i in range(7)])
    assert taken(seven, part, part, test) == [[[1], [2], [4]], [[5], [6]]]
    unlabelled = test.take(np.array([1]))
    assert taken(seven, part, unlabelled) == [[[6]]]
    # One for each text that was taken.
    assert taken(saved([[7], [8], [9]]), part) == [[[7], [8], [9]]]
    message = "has 4 rows, but made up has 5, 3 of them in use"
    assert message in refusal(saved(np.ones((4, 1))), part)


def test_a_held_out_set_finds_its_rows_among_those_of_its_file(tmp_path, saved):
    path = tmp_path / "texts.csv"
    path.write_text("text,label\n" + "".join(f"text {i},{'ab'[i % 2]}\n" for i in range(40)))
    training, test = hold_out(read_corpus(path))
    kind = saved([[i, -i] for i in range(40)])
    both = taken(kind, training, training, test)
    for found, of in zip(both, (training, test), strict=True):
        assert [int(text.split()[1]) for text in of.texts] == [row[0] for row in found]
    assert len(both[1]) == 4
    in_use = saved([[i] for i in range(36)])
    assert "its texts were taken from those of texts" in refusal(in_use, training, test)


@pytest.mark.parametrize("name", ["q{}", "{}"])
def test_a_held_out_set_with_ids_of_a_column_needs_ids(tmp_path, saved, name):
    """Numbers in an id column are no row numbers."""
    path = tmp_path / "texts.csv"
    rows = [f"{name.format(39 - i)},text {i},{i % 2}\n" for i in range(40)]
    path.write_text("id,text,label\n" + "".join(rows))
    training, test = hold_out(read_corpus(path))
    message = "has 36, which are a part of a larger file: give a row for each of them, or give a"
    kind = saved(np.ones((40, 1)))
    assert message in refusal(kind, training)
    assert message in refusal(kind, training, test)


def test_a_held_out_set_without_a_file_needs_ids(saved):
    """The order of texts that were held out is not that of training texts, then test texts."""
    whole = corpus(*map(str, range(20)))
    labelled = Corpus(whole.name, whole.ids, whole.texts, np.arange(20) % 2, ("a", "b"))
    training, test = hold_out(labelled)
    kind = saved(np.arange(20)[:, None])
    assert "a part of a larger file" in refusal(kind, training, training, test)
    named = Corpus("n", np.array([f"q{i}" for i in range(20)], object), *_rest(labelled))
    training, test = hold_out(named)
    assert "its texts were taken from those of n" in refusal(kind, training, training, test)
    by_id = GivenFeatures.of_array(np.arange(20)[:, None], [f"q{i}" for i in range(20)])
    assert taken(by_id, training, test) == [[[int(name[1:])] for name in test.ids]]


def _rest(like):
    return like.texts, like.labels, like.classes


def test_parts_of_a_file_with_splits(tmp_path, saved):
    path = tmp_path / "texts.csv"
    rows = [f"text {i},{i % 2},{'test' if i % 3 == 0 else 'train'}\n" for i in range(12)]
    path.write_text("text,label,split\n" + "".join(rows))
    training, test = read_train_test(path)
    by_split = [[i] for i in range(12) if i % 3], [[i] for i in range(12) if i % 3 == 0]
    assert taken(saved([[i] for i in range(12)]), training, training, test) == [*by_split]
    message = "has 8, which are a part of a larger file"
    assert message in refusal(saved(np.ones((13, 1))), training, training, test)
    assert taken(saved([[i] for i in range(8)]), training) == [[[i] for i in range(8)]]


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e39])
def test_what_is_not_finite_in_32_bits_is_refused(saved, value):
    kind = saved([[1.0, 2.0], [1.0, value]])
    message = "row 1 (from 0): the features of the text with id '1' are not finite"
    assert message in refusal(kind, numbered(2))


def test_rows_of_other_texts_may_be_not_finite(saved):
    assert taken(saved([[1.0], [np.nan]]), numbered(1)) == [[[1]]]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones(3), r"has the shape \(3,\): give \(n, d\), .*; for one number per text, \(n, 1\)"),
        (np.ones((3, 2, 1)), r"has the shape \(3, 2, 1\): give \(n, d\)"),
        (np.ones((3, 0)), r"shape \(3, 0\)"),
        (np.ones((3, 1), dtype=complex), "has complex numbers: give real ones"),
        (np.array([["a"], ["b"]]), "has values of type <U1: give numbers"),
        (np.ones((3, 1), dtype="M8[s]"), "has values of type datetime64"),
        (np.array([[1, None]], dtype=object), "is not an array of numbers|values of type object"),
    ],
)
def test_arrays_of_something_else_are_refused(saved, array, message):
    with pytest.raises(CartographyError, match=message):
        saved(array).fit(numbered(3), lambda _: None)
    with pytest.raises(CartographyError, match=message):
        GivenFeatures.of_array(array)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no array",
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (9, 9), }\n",
        b"\x80\x04\x95\x0e\x00\x00\x00\x00\x00\x00\x00]\x94(K\x01K\x02e.",  # a pickle
    ],
)
def test_files_that_are_no_array_are_refused(tmp_path, content):
    path = tmp_path / "features.npy"
    path.write_bytes(content)
    assert "is not an array of numbers" in refusal(GivenFeatures(path), numbered(3))


def test_archives_missing_files_and_columns_of_arrays_are_refused(tmp_path, saved):
    path = tmp_path / "archive.npy"
    with path.open("wb") as handle:
        np.savez(handle, a=np.ones((3, 1)))
    assert "is an archive of arrays" in refusal(GivenFeatures(path), numbered(3))
    missing = GivenFeatures(tmp_path / "none.npy")
    assert "no features at" in refusal(missing, numbered(3))
    with pytest.raises(CartographyError, match="no features at"):
        missing.key(numbered(3))
    named = GivenFeatures(saved(np.ones((3, 1))).path, "vector")
    assert "has no columns: leave out the column" in refusal(named, numbered(3))


def test_an_array_is_mapped_from_its_file(saved):
    fitted = saved(np.ones((3, 2))).fit(numbered(3), lambda _: None)
    assert isinstance(fitted.rows.matrix, np.memmap)


def test_blocks_are_of_bounded_size(saved):
    features = np.arange(40_000)[:, None]
    (made,) = (
        saved(features)
        .fit(numbered(40_000), lambda _: None)
        .transform([numbered(40_000)], lambda _: None)
    )
    blocks = [*made.blocks]
    assert max(map(len, blocks)) <= 16_384
    np.testing.assert_array_equal(np.concatenate(blocks), features)


# Tables, matched by id.


def test_a_table_is_matched_by_the_id_column_of_the_texts(tmp_path):
    path = parquet_file(
        tmp_path / "features.parquet",
        id=[1, 2, 3],
        qid=["c", "a", "b"],
        vector=[[3.0, 0.5], [1.0, 0.5], [2.0, 0.5]],
        text=["x", "y", "z"],
    )
    training = corpus("a", "b", account=Account(rows=2, text="text", id="qid"))
    test = corpus("c", name="test")
    kind = GivenFeatures(path)
    assert taken(kind, training, training, test) == [[[1, 0.5], [2, 0.5]], [[3, 0.5]]]
    assert kind.describe(training) == "the file features.parquet"
    named = GivenFeatures(path, "vector")
    assert named.describe(training) == "column 'vector' of the file features.parquet"
    assert taken(named, training, test) == [[[3, 0.5]]]


@pytest.mark.parametrize("name", ["id", "guid", "ID"])
def test_without_that_column_by_one_that_is_named_like_one(tmp_path, name):
    path = tmp_path / "features.jsonl"
    rows = [{name: 7.0, "v": [1, 2]}, {name: "x", "v": [3, 4]}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    account = Account(rows=2, text="text", id="qid")
    assert taken(GivenFeatures(path), corpus("x", "7", account=account)) == [[[3, 4], [1, 2]]]


def test_a_table_without_ids_is_in_the_order_of_the_texts(tmp_path):
    path = parquet_file(tmp_path / "features.parquet", v=[[1.0], [2.0], [3.0]])
    training, test = numbered(2), numbered(1, "test")
    kind = GivenFeatures(path)
    assert taken(kind, training, training, test) == [[[1], [2]], [[3]]]
    assert "has 3 rows, but made up has 4" in refusal(kind, numbered(4))


def test_a_table_in_several_batches(tmp_path):
    numbers = np.arange(25_000)
    path = parquet_file(
        tmp_path / "features.parquet",
        id=numbers.astype(str)[::-1],
        v=[*np.stack([numbers, -numbers], 1)[::-1].astype(np.float32)],
    )
    (found,) = taken(GivenFeatures(path), numbered(25_000))
    assert found == np.stack([numbers, -numbers], 1).tolist()


def test_ids_that_the_file_lacks_are_counted(tmp_path):
    path = parquet_file(tmp_path / "features.parquet", id=["a", "z"], v=[[1.0], [2.0]])
    message = refusal(GivenFeatures(path), corpus("a", "b", "c", "d", "e"))
    assert "has no row for 4 ids of made up, such as 'b', 'c' and 'd'" in message
    assert "its ids are such as 'a' and 'z'" in message


def test_ids_that_occur_twice_are_refused(tmp_path):
    path = parquet_file(tmp_path / "features.parquet", id=[*"abcbbc"], v=[[1.0]] * 6)
    message = "has 2 ids more than once, such as 'b' and 'c'"
    assert message in refusal(GivenFeatures(path), corpus("a"))
    with pytest.raises(CartographyError, match="the array has 1 id more than once, such as 'a'"):
        GivenFeatures.of_array([[1], [2]], ["a", "a"])


def test_one_id_of_a_training_and_another_test_text_is_refused(tmp_path):
    path = parquet_file(tmp_path / "features.parquet", id=["0", "1", "2"], v=[[0.0], [1.0], [2.0]])
    kind, training = GivenFeatures(path), numbered(3)
    message = refusal(kind, training, training, numbered(2, "test"))
    assert "2 ids of test are those of other texts of made up, such as '0' and '1'" in message
    # The same text under the same id is no contradiction.
    same = training.take(np.array([2, 0]))
    assert taken(kind, training, training, same) == [[[0], [1], [2]], [[2], [0]]]


def jsonl(path, cells):
    path.write_text("".join(json.dumps({"id": i, "v": v}) + "\n" for i, v in enumerate(cells)))
    return GivenFeatures(path, "v")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([[1, 2], [3]], "row 2 (line 2), column 'v' has 1 number, the rows before it have 2"),
        ([[1, 2], None], "row 2 (line 2), column 'v' contains null instead of a list of numbers"),
        ([[1, 2], "[1, 2]"], "column 'v' contains a string instead of a list of numbers"),
        (["0.1 0.2", "0.3 0.4"], "row 1 (line 1), column 'v' contains a string instead"),
        ([[1, 2], 3], "column 'v' contains a number instead of a list of numbers"),
        ([["1", "2"], [3, 4]], "row 1 (line 1), column 'v' contains a string in its list"),
        ([[1, None], [3, 4]], "column 'v' contains null in its list: give a list of numbers"),
        ([[1, [2]], [3, [4]]], "column 'v' contains a list in its list"),
        ([[[1], [2]], [[3], [4]]], "column 'v' contains a list in its list"),
        ([[], []], "column 'v' contains an empty list: give a list of numbers"),
        ([[1, 2], [float("nan"), 1]], "row 2 (line 2): the features of the text with id '1' are"),
    ],
)
def test_cells_that_are_no_lists_of_numbers_are_named(tmp_path, cells, message):
    assert message in refusal(jsonl(tmp_path / "features.jsonl", cells), numbered(2))


def test_numbers_beyond_64_bits_are_numbers(tmp_path):
    kind = jsonl(tmp_path / "features.jsonl", [[10**20, 1], [True, 0.5]])
    assert taken(kind, numbered(2)) == [[[np.float32(1e20), 1], [1, 0.5]]]


def test_the_column_is_named_if_there_are_several(tmp_path):
    two = parquet_file(tmp_path / "two.parquet", a=[[1.0]], b=[[2.0]], c=["x"])
    message = "has 2 columns of lists of numbers: name one of 'a' and 'b'"
    assert message in refusal(GivenFeatures(two), numbered(1))
    assert taken(GivenFeatures(two, "b"), numbered(1)) == [[[2]]]
    assert "has no column 'd', but 'a', 'b' and 'c': save the" in refusal(
        GivenFeatures(two, "d"), numbered(1)
    )
    none = tmp_path / "none.csv"
    none.write_text("id,v\n0,0.5\n")
    message = "has no column of lists of numbers: save the features as lists, in Parquet with"
    assert message in refusal(GivenFeatures(none), numbered(1))


def test_an_id_that_is_none_is_named(tmp_path):
    path = parquet_file(tmp_path / "features.parquet", id=["a", None], v=[[1.0], [2.0]])
    assert "row 2, column 'id' contains null, which cannot be an id" in refusal(
        GivenFeatures(path), corpus("a")
    )


# Arrays in memory.


def test_an_array_in_memory(tmp_path):
    training = corpus("b", "a")
    assert taken(GivenFeatures.of_array([[1, 2], [3, 4]]), training) == [[[1, 2], [3, 4]]]
    by_id = GivenFeatures.of_array([[1], [2], [3]], ["a", "b", 7])
    assert taken(by_id, training, training, corpus("7", name="test")) == [[[2], [1]], [[3]]]
    assert by_id.describe(training) == "a given array"
    assert taken(GivenFeatures.of_array([[1], [2]], np.array([5, 6])), corpus("6")) == [[[2]]]
    assert "the array has 2 rows, but made up has 3" in refusal(
        GivenFeatures.of_array([[1], [2]]), numbered(3)
    )


def test_arrays_and_ids_that_do_not_fit_are_refused():
    with pytest.raises(CartographyError, match="has 2 rows, but there are 3 ids: give an id per"):
        GivenFeatures.of_array([[1], [2]], [*"abc"])
    with pytest.raises(CartographyError, match=r"ids\[1\] contains null, which cannot be an id"):
        GivenFeatures.of_array([[1], [2]], ["a", None])
    with pytest.raises(CartographyError, match=r"the features are no array of shape \(n, d\)"):
        GivenFeatures.of_array([[1], [2, 3]])


# Keys.


def test_the_key_depends_on_the_content_the_column_and_the_training_ids(tmp_path, saved):
    training = numbered(2)
    kind = saved([[1.0], [2.0]])
    key = kind.key(training)
    assert len(key) == 32
    assert saved([[1.0], [2.0]], "copy.npy").key(training) == key
    assert saved([[1.0], [2.5]], "other.npy").key(training) != key
    assert GivenFeatures(kind.path, "v").key(training) != key
    assert kind.key(training.take(np.array([1, 0]))) != key
    np.save(kind.path, np.array([[1.0], [3.0]]))
    assert kind.key(training) != key


def test_the_key_of_an_array_depends_on_its_content_and_ids():
    training = numbered(2)

    def key(*given):
        return GivenFeatures.of_array(*given).key(training)

    array = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert key(array) == key(array.copy()) == key(np.asfortranarray(array))
    others = [
        (array.astype(np.float32),),
        (array.reshape(4, 1),),
        (array.T,),
        (array, ["0", "1"]),
        (array, ["1", "0"]),
    ]
    assert len({key(*given) for given in others} | {key(array)}) == 6


def test_a_parquet_column_with_too_much_in_a_row_group_says_what_to_do(tmp_path, monkeypatch):
    from cartography.tables import columnar

    monkeypatch.setattr(columnar, "_MOST_LISTED", 5)
    path = parquet_file(tmp_path / "features.parquet", v=[[1.0, 2.0]] * 3)
    for kind in (GivenFeatures(path), GivenFeatures(path, "v")):
        message = refusal(kind, numbered(3))
        assert "(column 'v' is left out: its lists hold too many values): save the" in message
