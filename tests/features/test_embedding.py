import gzip
import re
import struct
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from importlib.util import find_spec

import numpy as np
import pytest

from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.features import trained_vectors
from cartography.features.embedding import Coverage, embed
from cartography.features.trained_vectors import train_skipgram, training_plan, vectors_key
from cartography.features.vector_files import read_vectors
from cartography.features.word_vectors import tokenise

needs_fasttext = pytest.mark.skipif(
    find_spec("fasttext") is None, reason="fastText is not installed"
)

VEC = "4 2\nthe 1 0 \ncat 0 2\nCat 5 5\n! 0.5 -1e-1\n"


def corpus(*texts, name="made up"):
    n = len(texts)
    return Corpus(
        name=name,
        ids=np.arange(n).astype(str).astype(object),
        texts=np.array(texts, dtype=object),
        labels=np.full(n, -1),
        classes=(),
    )


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CARTOGRAPHY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def vec(tmp_path):
    path = tmp_path / "four.vec"
    path.write_text(VEC)
    return path


def test_tokens():
    assert tokenise("Don't  stop_it, Zoë!") == ["Don", "'", "t", "stop_it", ",", "Zoë", "!"]
    assert tokenise("日本 3.5%") == ["日本", "3", ".", "5", "%"]
    assert tokenise(" \n") == []
    assert tokenise("Don't \\ stop\\it, ok", "white_space") == ["Don't", "stopit,", "ok"]


def test_words_may_be_split_at_white_space_only(vec):
    (embedding,) = embed([corpus("the cat!", "cat ! \\the")], vec, tokens="white_space")
    np.testing.assert_allclose(embedding.features, [[1, 0], [1.5, 1.9]], rtol=1e-6)
    assert embedding.coverage.tokens == 5
    assert embedding.coverage.words == 4


def test_padding_adds_the_first_word_of_the_training_corpus(vec):
    train, test = corpus("", "cat the zebra", "the"), corpus("the the", "")
    padded = embed([train, test], vec, padded_to=4)
    # cat is (0, 2), added four, one and three times; then two and four times.
    assert padded[0].features.tolist() == [[0, 8], [1, 4], [1, 6]]
    assert padded[1].features.tolist() == [[2, 4], [0, 8]]
    plain = embed([train, test], vec)
    assert plain[0].features.tolist() == [[0, 0], [1, 2], [1, 0]]
    assert plain[0].coverage == padded[0].coverage
    with pytest.raises(
        CartographyError, match=r"made up has a text of 3 tokens, longer than the padding \(2\)"
    ):
        embed([train], vec, padded_to=2)
    with pytest.raises(CartographyError, match="padding adds to a sum"):
        embed([train], vec, padded_to=4, pooling="mean")


def test_no_token_contains_white_space():
    text = "".join(f"a{chr(point)}1" for point in range(sys.maxunicode + 1))
    pieces = text.split()
    assert len(pieces) > 1
    assert tokenise(text) == [token for piece in pieces for token in tokenise(piece)]


@pytest.mark.parametrize(
    ("pooling", "features"),
    [
        # The: by its lower case; cat: twice; Cat: exact; zebra: unknown.
        ("sum", [[1, 4], [5.5, 4.9], [0, 0], [0, 0]]),
        ("mean", [[1 / 3, 4 / 3], [2.75, 2.45], [0, 0], [0, 0]]),
    ],
)
def test_features_and_coverage_by_hand(vec, pooling, features):
    texts = corpus("The cat cat", "Cat zebra!", "zebra", "")
    (embedding,) = embed([texts], vec, pooling=pooling)
    assert embedding.features.dtype == np.float32
    np.testing.assert_allclose(embedding.features, features, rtol=1e-6)
    assert embedding.coverage == Coverage(
        words=5, known_words=4, tokens=7, known_tokens=5, uncovered_texts=2
    )
    assert embedding.coverage.word_share == 0.8
    assert embedding.coverage.summary == (
        "4 of 5 words (80.0 %) have a vector, 71.4 % of all tokens; 2 texts have none"
    )
    assert embedding.vectors == "word vectors of four.vec"
    with pytest.raises(ValueError, match="read-only"):
        embedding.features[0, 0] = 1


def test_max_length_cuts_texts(vec):
    (embedding,) = embed([corpus("the cat the")], vec, max_length=2)
    assert embedding.features.tolist() == [[1, 2]]
    assert embedding.coverage.tokens == 2
    # The cut is between a word and the comma that follows it.
    (embedding,) = embed([corpus("the cat, Cat"), corpus("cat!")], vec, max_length=2)[:1]
    assert embedding.features.tolist() == [[1, 2]]
    assert embedding.coverage.words == embedding.coverage.tokens == 2


def test_words_are_added_in_the_order_of_the_corpus(tmp_path):
    # In float32, 1e8 + 1 is 1e8: another order would give another sum under the same key.
    path = tmp_path / "v.vec"
    path.write_text("z 1e8\ny -1e8\na 1\n")
    (embedding,) = embed([corpus("z,y a", "a z y", "y a z")], path)
    assert embedding.features.tolist() == [[1], [1], [1]]


def test_many_texts_need_several_blocks(vec):
    (embedding,) = embed([corpus(*["the", "cat"] * 10_000)], vec)
    assert (embedding.features[0::2] == [1, 0]).all()
    assert (embedding.features[1::2] == [0, 2]).all()


def test_text_vectors_with_and_without_header_or_gzip(vec, tmp_path):
    headless = tmp_path / "headless.vec"
    headless.write_text(VEC.partition("\n")[2] + "the 9 9\n. . 3 3\n")  # the first "the" wins
    zipped = tmp_path / "four.vec.gz"
    zipped.write_bytes(gzip.compress(VEC.encode()))
    words = ["the", "CAT", "Cat", ".", "no"]
    expected = [[1, 0], [0, 2], [5, 5], [0, 0], [0, 0]]
    for path in (vec, headless, zipped):
        vectors = read_vectors(path, words)
        assert vectors.matrix.tolist() == expected
        assert vectors.has_vector.tolist() == [True, True, True, False, False]


def test_features_are_cached_and_computed_again_when_the_cache_is_damaged(own_cache, vec):
    texts = corpus("the cat", "Cat !")
    steps = []
    (first,) = embed([texts], vec, progress=steps.append)
    assert steps == [
        "splitting 2 texts into words",
        "looking up 4 words in four.vec",
        "embedding 2 texts of made up",
    ]
    steps.clear()
    (again,) = embed([texts], vec, progress=steps.append)
    assert steps == []
    assert again.coverage == first.coverage
    features = first.features.copy()
    for damage in ("*.npy", "*.json"):
        (path,) = (own_cache / "embeddings").glob(damage)
        path.write_bytes(path.read_bytes()[:-4])
        (rebuilt,) = embed([texts], vec)
        assert (rebuilt.features == features).all()
    # Other vectors under the same file name give other features.
    vec.write_text(VEC.replace("cat 0 2", "cat 0 3"))
    assert embed([texts], vec)[0].features[0].tolist() == [1, 3]


NUMBERS = "word 1 2\nother 3 4\n"

REFUSED = {
    "suffix": ("v.txt", NUMBERS, "v.txt: vectors are read from .vec, .vec.gz (text) and .bin"),
    "empty": ("v.vec", "", "v.vec has no vector for any of the 2 words of made up; "),
    "unknown words": ("v.vec", "mot 1 2\n", "v.vec has no vector for any of the 2 words of"),
    "no vectors": ("v.vec", "word\n", "v.vec, line 1 is neither a header nor a word and its n"),
    "no numbers": ("v.vec", NUMBERS + "thing 1 x\n", "v.vec, line 3: 'x' is not a number"),
    "too few": ("v.vec", "2 2\nword 1 2\nthing 1\n", "v.vec, line 3 has 1 instead of 2 numbers"),
    "too many": (
        "v.vec",
        "2 2\nword 1 2\nthing 1 2 3\n",
        "v.vec, line 3 has 3 instead of 2 numbers",
    ),
    "too large": ("v.vec", "word 1 1e99\n", "v.vec, line 1 has a number that is not finite"),
    "infinite": ("v.vec", "word 1 inf\n", "v.vec, line 1 has a number that is not finite"),
    "cut short": (
        "v.vec",
        "3 2\n" + NUMBERS,
        "v.vec declares 3 words but contains 2, so it is cut",
    ),
    "no gzip": ("v.vec.gz", NUMBERS, "v.vec.gz is not a complete gzip file ("),
    "half a gzip": ("v.vec.gz", gzip.compress(b"word 1 2")[:-9], "v.vec.gz is not a complete gzip"),
    "no binary": ("v.bin", NUMBERS * 9, "v.bin is not a complete fastText model: its first bytes"),
    "empty binary": ("v.bin", "", "v.bin is not a complete fastText model: "),
}


@pytest.mark.parametrize(("name", "content", "message"), REFUSED.values(), ids=REFUSED)
def test_vectors_that_cannot_be_read_are_refused(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CartographyError, match=re.escape(message)) as caught:
        embed([corpus("word thing")], path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vectors": "nowhere.vec"}, "no vectors at nowhere.vec; give a .vec, .vec.gz or .bin"),
        ({"pooling": "max"}, "unknown pooling 'max'; give sum or mean"),
        ({"max_length": 0}, "--max-length must be 1 or more, not 0"),
        ({"dimensions": 0}, "trained vectors have 1 to 300 dimensions, not 0"),
    ],
)
def test_invalid_options_are_refused(options, message):
    with pytest.raises(CartographyError, match=re.escape(message)):
        embed([corpus("word")], **options)


def write_binary(path, words, shortest, longest, buckets, version=12, kind=2):
    """Write a fastText model of 3 dimensions by the description of its format."""
    matrix = np.random.default_rng(0).normal(size=(len(words) + buckets, 3)).astype("<f4")
    options = (5, 1, 1, 5, 1, 2, kind, buckets, shortest, longest, 100)
    content = struct.pack("<2i12id", 793712314, version, 3, *options, 1e-4)
    content += struct.pack("<3i2q", len(words), len(words), 0, 100, -1)
    for word in words:
        content += word.encode() + b"\0" + struct.pack("<qb", 3, 0)
    for part in (matrix, np.zeros((len(words), 3), "<f4")):
        content += struct.pack("<?2q", False, *part.shape) + part.tobytes()
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("shortest", "longest", "buckets", "version", "kind"),
    [(3, 6, 2000, 12, 2), (1, 3, 50, 12, 2), (0, 0, 0, 12, 2), (2, 3, 50, 11, 3)],
)
def test_a_binary_is_read_as_fasttext_reads_it(tmp_path, shortest, longest, buckets, version, kind):
    path = tmp_path / "model.bin"
    write_binary(
        path, ["</s>", "What", "the", "naïveté", "a"], shortest, longest, buckets, version, kind
    )
    model = pytest.importorskip("fasttext").load_model(str(path))
    words = ["What", "naïveté", "a", "unseen", "日本語", "é"]
    vectors = read_vectors(path, [*words, "The"])
    expected = np.array([model.get_word_vector(word) for word in [*words, "the"]])
    np.testing.assert_allclose(vectors.matrix, expected, atol=1e-6)
    assert (vectors.has_vector == expected.any(axis=1)).all()
    content = path.read_bytes()
    for size in (1, 70, 100, 130, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:size])
        with pytest.raises(CartographyError, match="is not a complete fastText model"):
            read_vectors(path, words)


TEXTS = ["the cat sat on the mat .", "a dog sat on the log .", "the cat and a dog ran ."] * 20


@needs_fasttext
def test_trained_vectors_are_the_same_in_every_process():
    script = (
        "import sys, numpy as np\n"
        "from cartography.features.trained_vectors import train_skipgram\n"
        "junk = [np.full(n, 1e9) for n in range(1, 3000)]\n"
        "del junk  # so that memory which fastText allocates next is not zero\n"
        f"words, matrix = train_skipgram([text.split() for text in {TEXTS!r}], 20)\n"
        "sys.stdout.buffer.write(matrix.tobytes())\n"
    )
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    words, matrix = train_skipgram([text.split() for text in TEXTS], 20)
    assert other.stdout == matrix.tobytes()
    assert other.stderr == b""
    assert set(words) == {"</s>", *" ".join(TEXTS).split()}
    assert np.isfinite(matrix).all()


def test_a_training_that_diverges_is_repeated_at_a_lower_rate():
    rates = []

    def diverges_twice(**options):
        rates.append(options["lr"])
        return None if len(rates) < 3 else (["a"], np.ones((1, 2), np.float32))

    words, _ = train_skipgram([["a"]], 2, train_once=diverges_twice)
    assert words == ["a"]
    assert rates == [rates[0], rates[0] / 2, rates[0] / 4]
    with pytest.raises(CartographyError, match="diverges at every learning rate"):
        train_skipgram([["a"]], 2, train_once=lambda **_: None)


@needs_fasttext
def test_vectors_are_trained_on_the_training_corpus_only(capfd):
    training, test = corpus(*TEXTS, name="training"), corpus("the cat", "unheard of", name="test")
    steps = []
    train_embedding, test_embedding = embed([training, test], dimensions=10, progress=steps.append)
    assert train_embedding.features.shape == (60, 10)
    assert "training word vectors on 60 texts" in steps
    assert test_embedding.coverage == Coverage(
        words=4, known_words=2, tokens=4, known_tokens=2, uncovered_texts=1
    )
    assert not test_embedding.features[1].any()
    assert test_embedding.vectors == "fastText skip-gram trained on training, 10 dimensions"
    # A corpus that is embedded later has the same vectors.
    _, later = embed([training, corpus("cat the", name="later")], dimensions=10)
    np.testing.assert_allclose(later.features[0], test_embedding.features[0], rtol=1e-6)
    assert capfd.readouterr() == ("", "")


def test_an_uncovered_test_corpus_is_allowed(vec):
    _, test = embed([corpus("the cat"), corpus("bonjour", name="test")], vec)
    assert test.coverage.uncovered_texts == 1
    assert test.features.tolist() == [[0, 0]]


@needs_fasttext
def test_damaged_trained_vectors_are_trained_again(own_cache):
    (before,) = embed([corpus(*TEXTS)], dimensions=10)
    features = before.features.copy()
    for path in own_cache.glob("*/*"):
        path.write_bytes(path.read_bytes()[:100])
    (after,) = embed([corpus(*TEXTS)], dimensions=10)
    assert (after.features == features).all()


@needs_fasttext
@pytest.mark.parametrize(
    "texts", [["word"], ["__label__a b", "\0 \x01", "\ufeff"], ["same same same"] * 50]
)
def test_unusual_corpora_can_be_trained_on(texts):
    (embedding,) = embed([corpus(*texts)], dimensions=5)
    assert np.isfinite(embedding.features).all()


def test_a_corpus_without_words_is_refused():
    with pytest.raises(CartographyError, match="made up has no word in any text"):
        embed([corpus("", " ")])


@pytest.mark.parametrize(
    ("tokens", "epochs", "stride"),
    [(60_000, 10, 1), (300_000, 5, 1), (1_000_000, 1, 1), (2_800_000, 1, 3)],
)
def test_long_corpora_are_trained_for_fewer_epochs(tokens, epochs, stride):
    plan = training_plan(tokens)
    assert (plan.epochs, plan.stride) == (epochs, stride)


def test_without_fasttext_only_training_vectors_fails(monkeypatch, vec, tmp_path):
    monkeypatch.setitem(sys.modules, "fasttext", None)
    binary = tmp_path / "model.bin"
    write_binary(binary, ["the", "cat"], 3, 6, 50)
    for path in (vec, binary):
        (embedding,) = embed([corpus("the cat")], path)
        assert embedding.features.any()
    with pytest.raises(CartographyError) as caught:
        embed([corpus("the cat")])
    assert str(caught.value) == (
        'training word vectors needs fastText: run pip install "cartography-explorer[fasttext]", '
        "or give a file of word vectors with --vectors"
    )


def test_without_fasttext_metadata_there_is_still_a_cache_key(monkeypatch):
    def no_version(name):
        raise PackageNotFoundError(name)

    with_version = vectors_key(corpus("the cat"), 10)
    monkeypatch.setattr(trained_vectors, "version", no_version)
    without = vectors_key(corpus("the cat"), 10)
    assert len(without) == len(with_version) == 32
