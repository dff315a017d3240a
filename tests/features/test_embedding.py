import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from importlib.util import find_spec

import numpy as np
import pytest
from made_up import corpus

from cartography.errors import CartographyError
from cartography.features import embedding, trained_vectors
from cartography.features.kinds import Coverage
from cartography.features.trained_vectors import train_skipgram, training_plan, vectors_key
from cartography.features.word_features import WordFeatures
from cartography.features.word_vectors import tokenise

needs_fasttext = pytest.mark.skipif(
    find_spec("fasttext") is None, reason="fastText is not installed"
)

VEC = "4 2\nthe 1 0 \ncat 0 2\nCat 5 5\n! 0.5 -1e-1\n"


def embed(corpora, vectors="corpus", progress=None, **options):
    kind = WordFeatures(vectors, **options)
    return embedding.embed(corpora, kind, scaled=False, progress=progress)


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
    assert embedding.description == "word vectors of four.vec"
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
    # In float32, 512 + 2^-16 is 512: another order would give another sum under the same key.
    path = tmp_path / "v.vec"
    path.write_text(f"z 512\ny -512\na {2**-16}\n")
    (embedding,) = embed([corpus("z,y a", "a z y", "y a z")], path)
    assert embedding.features.tolist() == [[2**-16]] * 3


def test_many_texts_need_several_blocks(vec):
    (embedding,) = embed([corpus(*["the", "cat"] * 10_000)], vec)
    assert (embedding.features[0::2] == [1, 0]).all()
    assert (embedding.features[1::2] == [0, 2]).all()


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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vectors": "nowhere.vec"}, "no vectors at nowhere.vec; give a .vec, .txt or .bin"),
        ({"pooling": "max"}, "unknown pooling 'max'; give sum or mean"),
        ({"max_length": 0}, "--max-length must be 1 or more, not 0"),
        ({"dimensions": 0}, "trained vectors have 1 to 300 dimensions, not 0"),
    ],
)
def test_invalid_options_are_refused(options, message):
    with pytest.raises(CartographyError, match=re.escape(message)):
        embed([corpus("word")], **options)


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
    assert test_embedding.description == "fastText skip-gram trained on training, 10 dimensions"
    # A corpus that is embedded later has the same vectors.
    _, later = embed([training, corpus("cat the", name="later")], dimensions=10)
    np.testing.assert_allclose(later.features[0], test_embedding.features[0], rtol=1e-6)
    assert capfd.readouterr() == ("", "")


def test_an_uncovered_training_corpus_shows_words_of_both(vec):
    with pytest.raises(CartographyError) as caught:
        embed([corpus("? नमस्ते दुनिया, नमस्ते")], vec)
    assert str(caught.value) == (
        f"{vec} has no vector for any of the 4 words of made up, such as 'नमस्ते' and 'दुनिया'; it "
        "contains words like 'the', 'cat' and 'Cat': give vectors of the corpus's language"
    )
    vec.write_text("")
    with pytest.raises(
        CartographyError, match="of the 1 word of made up, such as '日本'; it contains "
    ):
        embed([corpus("日本")], vec)
    with pytest.raises(CartographyError, match=r"^made up has no word in any text; name another"):
        embed([corpus("", " ")], vec)


def test_hindi_words_are_found(tmp_path):
    path = tmp_path / "hindi.vec"
    words = [
        "कीमत",
        "खाता",
        "गाड़ी",
        "डिलीवरी",
        "पता",
        "पार्सल",
        "बॉक्स",
        "भुगतान",
        "मित्र",
        "रिफंड",
        "शुल्क",
        "सामान",
    ]
    path.write_text("12 2\n" + "".join(f"{w} {i} 1\n" for i, w in enumerate(words)), "utf-8")
    (embedding,) = embed([corpus(*map(" ".join, (words[:6], words[6:], words)))], path)
    assert embedding.coverage == Coverage(12, 12, 24, 24, 0)
    assert embedding.features.tolist() == [[15, 6], [51, 6], [66, 12]]
    # A cut after some words leaves them as they are, pairs of letters too.
    (cut,) = embed([corpus("東京都に", "गाड़ी पता।")], path, max_length=2)
    assert cut.coverage.words == 4


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


def test_without_fasttext_only_training_vectors_fails(monkeypatch, vec):
    monkeypatch.setitem(sys.modules, "fasttext", None)
    (embedding,) = embed([corpus("the cat")], vec)
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
