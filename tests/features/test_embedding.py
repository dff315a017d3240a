import gzip
import re
import struct
import subprocess
import sys

import fasttext
import numpy as np
import pytest

from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.features.embedding import Coverage, embed
from cartography.features.trained_vectors import train_skipgram, training_plan
from cartography.features.vector_files import look_up
from cartography.features.word_vectors import tokenise

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


def test_white_space_alone_may_part_words(vec):
    (embedding,) = embed([corpus("the cat!", "cat ! \\the")], vec, tokens="white_space")
    np.testing.assert_allclose(embedding.features, [[1, 0], [1.5, 1.9]], rtol=1e-6)
    assert embedding.coverage.tokens == 5
    assert embedding.coverage.words == 4


def test_padding_adds_the_first_word_of_the_training_corpus(vec):
    train, test = corpus("", "cat the zebra", "the"), corpus("the the", "")
    found = embed([train, test], vec, padded_to=4)
    # cat is (0, 2): four, one and three times; then two and four times.
    assert found[0].features.tolist() == [[0, 8], [1, 4], [1, 6]]
    assert found[1].features.tolist() == [[2, 4], [0, 8]]
    plain = embed([train, test], vec)
    assert plain[0].features.tolist() == [[0, 0], [1, 2], [1, 0]]
    assert plain[0].coverage == found[0].coverage
    with pytest.raises(CartographyError, match="made up has a text of 3 tokens and padding fills"):
        embed([train], vec, padded_to=2)
    with pytest.raises(CartographyError, match="padding adds to a sum"):
        embed([train], vec, padded_to=4, pooling="mean")


def test_no_token_reaches_over_white_space():
    every = "".join(f"a{chr(point)}1" for point in range(sys.maxunicode + 1))
    pieces = every.split()
    assert len(pieces) > 1
    assert tokenise(every) == [token for piece in pieces for token in tokenise(piece)]


@pytest.mark.parametrize(
    ("pooling", "features"),
    [
        # The: lower case; cat twice; Cat: exact; zebra: unknown.
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


def test_a_text_can_be_cut(vec):
    (embedding,) = embed([corpus("the cat the")], vec, max_length=2)
    assert embedding.features.tolist() == [[1, 2]]
    assert embedding.coverage.tokens == 2
    # The cut falls between a word and the mark that follows it.
    (embedding,) = embed([corpus("the cat, Cat"), corpus("cat!")], vec, max_length=2)[:1]
    assert embedding.features.tolist() == [[1, 2]]
    assert embedding.coverage.words == embedding.coverage.tokens == 2


def test_words_are_added_in_the_order_in_which_the_corpus_has_them(tmp_path):
    # In float32 1 is lost beside 1e8, so that another order has another sum under the same key.
    path = tmp_path / "v.vec"
    path.write_text("z 1e8\ny -1e8\na 1\n")
    (embedding,) = embed([corpus("z,y a", "a z y", "y a z")], path)
    assert embedding.features.tolist() == [[1], [1], [1]]


def test_many_texts_cross_the_blocks_of_the_product(vec):
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
        found = look_up(path, words)
        assert found.matrix.tolist() == expected
        assert found.known.tolist() == [True, True, True, False, False]


def test_the_cache_answers_without_the_work_and_is_not_trusted_when_damaged(own_cache, vec):
    texts = corpus("the cat", "Cat !")
    said = []
    (first,) = embed([texts], vec, progress=said.append)
    assert said == [
        "splitting 2 texts into words",
        "looking up 4 words in four.vec",
        "embedding 2 texts of made up",
    ]
    said.clear()
    (again,) = embed([texts], vec, progress=said.append)
    assert said == []
    assert again.coverage == first.coverage
    features = first.features.copy()
    for damage in ("*.npy", "*.json"):
        (path,) = (own_cache / "embeddings").glob(damage)
        path.write_bytes(path.read_bytes()[:-4])
        (rebuilt,) = embed([texts], vec)
        assert (rebuilt.features == features).all()
    # Other vectors in the same place are other features.
    vec.write_text(VEC.replace("cat 0 2", "cat 0 3"))
    assert embed([texts], vec)[0].features[0].tolist() == [1, 3]


NUMBERS = "word 1 2\nother 3 4\n"

REFUSED = {
    "suffix": ("v.txt", NUMBERS, "v.txt: vectors are read from .vec, .vec.gz (text) and .bin"),
    "empty": ("v.vec", "", "v.vec has no vector for any of the 2 words of made up; "),
    "no words of ours": ("v.vec", "mot 1 2\n", "v.vec has no vector for any of the 2 words of"),
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
    "cut short": ("v.vec", "3 2\n" + NUMBERS, "v.vec promises 3 words and holds 2, so it is cut"),
    "no gzip": ("v.vec.gz", NUMBERS, "v.vec.gz is not a whole gzip file ("),
    "half a gzip": ("v.vec.gz", gzip.compress(b"word 1 2")[:-9], "v.vec.gz is not a whole gzip"),
    "no binary": ("v.bin", NUMBERS * 9, "v.bin is not a whole fastText model: it does not begin"),
    "empty binary": ("v.bin", "", "v.bin is not a whole fastText model: "),
}


@pytest.mark.parametrize(("name", "content", "message"), REFUSED.values(), ids=REFUSED)
def test_vectors_that_cannot_be_read_are_refused(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CartographyError, match=re.escape(message)) as refusal:
        embed([corpus("word thing")], path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vectors": "nowhere.vec"}, "no vectors at nowhere.vec; give a .vec, .vec.gz or .bin"),
        ({"pooling": "max"}, "pooling 'max' is not known; give sum or mean"),
        ({"max_length": 0}, "a max-length of 0 leaves no words; give 1 or more"),
        ({"dimensions": 0}, "vectors of 0 dimensions cannot be trained; give 1 to 300"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, message):
    with pytest.raises(CartographyError, match=re.escape(message)):
        embed([corpus("word")], **options)


def write_binary(path, words, shortest, longest, buckets, version=12, kind=2):
    """A fastText model written by its format's description, 3 dimensions."""
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
    model = fasttext.load_model(str(path))
    words = ["What", "naïveté", "a", "unseen", "日本語", "é"]
    found = look_up(path, [*words, "The"])
    theirs = np.array([model.get_word_vector(word) for word in [*words, "the"]])
    np.testing.assert_allclose(found.matrix, theirs, atol=1e-6)
    assert (found.known == theirs.any(axis=1)).all()
    whole = path.read_bytes()
    for size in (1, 70, 100, 130, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(CartographyError, match="is not a whole fastText model"):
            look_up(path, words)


TEXTS = ["the cat sat on the mat .", "a dog sat on the log .", "the cat and a dog ran ."] * 20


def test_trained_vectors_are_the_same_in_every_process():
    script = (
        "import sys, numpy as np\n"
        "from cartography.features.trained_vectors import train_skipgram\n"
        "junk = [np.full(n, 1e9) for n in range(1, 3000)]\n"
        "del junk  # memory that is handed out again, and not as zeros\n"
        f"words, matrix = train([text.split() for text in {TEXTS!r}], 20)\n"
        "sys.stdout.buffer.write(matrix.tobytes())\n"
    )
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    words, matrix = train_skipgram([text.split() for text in TEXTS], 20)
    assert other.stdout == matrix.tobytes()
    assert other.stderr == b""
    assert set(words) == {"</s>", *" ".join(TEXTS).split()}
    assert np.isfinite(matrix).all()


def test_a_training_that_diverges_is_done_again_at_a_lower_rate():
    rates = []

    def diverges_twice(**options):
        rates.append(options["lr"])
        return None if len(rates) < 3 else (["a"], np.ones((1, 2), np.float32))

    words, _ = train_skipgram([["a"]], 2, run=diverges_twice)
    assert words == ["a"]
    assert rates == [rates[0], rates[0] / 2, rates[0] / 4]
    with pytest.raises(CartographyError, match="the training diverges at every learning rate"):
        train_skipgram([["a"]], 2, run=lambda **_: None)


def test_vectors_are_trained_on_the_training_corpus_alone(capfd):
    training, test = corpus(*TEXTS, name="training"), corpus("the cat", "unheard of", name="test")
    said = []
    trained, held = embed([training, test], dimensions=10, progress=said.append)
    assert trained.features.shape == (60, 10)
    assert "training word vectors on 60 texts" in said
    assert held.coverage == Coverage(
        words=4, known_words=2, tokens=4, known_tokens=2, uncovered_texts=1
    )
    assert not held.features[1].any()
    assert held.vectors == "fastText skip-gram trained on training, 10 dimensions"
    # Another corpus later has the same vectors.
    _, later = embed([training, corpus("cat the", name="later")], dimensions=10)
    np.testing.assert_allclose(later.features[0], held.features[0], rtol=1e-6)
    assert capfd.readouterr() == ("", "")


def test_an_uncovered_test_corpus_is_no_mistake(vec):
    _, test = embed([corpus("the cat"), corpus("bonjour", name="test")], vec)
    assert test.coverage.uncovered_texts == 1
    assert test.features.tolist() == [[0, 0]]


def test_damaged_trained_vectors_are_trained_anew(own_cache):
    (before,) = embed([corpus(*TEXTS)], dimensions=10)
    features = before.features.copy()
    for path in own_cache.glob("*/*"):
        path.write_bytes(path.read_bytes()[:100])
    (after,) = embed([corpus(*TEXTS)], dimensions=10)
    assert (after.features == features).all()


@pytest.mark.parametrize(
    "texts", [["word"], ["__label__a b", "\0 \x01", "\ufeff"], ["same same same"] * 50]
)
def test_odd_corpora_can_be_trained_on(texts):
    (embedding,) = embed([corpus(*texts)], dimensions=5)
    assert np.isfinite(embedding.features).all()


def test_a_corpus_without_words_is_refused():
    with pytest.raises(CartographyError, match="made up has no word in any text"):
        embed([corpus("", " ")])


@pytest.mark.parametrize(
    ("tokens", "epochs", "stride"),
    [(60_000, 10, 1), (300_000, 5, 1), (1_000_000, 1, 1), (2_800_000, 1, 3)],
)
def test_long_corpora_are_trained_on_for_a_shorter_time(tokens, epochs, stride):
    plan = training_plan(tokens)
    assert (plan.epochs, plan.stride) == (epochs, stride)
