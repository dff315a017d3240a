import json
import os
import shutil
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.features import encoders
from cartography.features.encoders import EncoderFeatures

needs_packages = pytest.mark.skipif(
    find_spec("sentence_transformers") is None or find_spec("model2vec") is None,
    reason='no encoders: pip install "cartography-explorer[encoders]"',
)
needs_hub = pytest.mark.skipif(
    find_spec("huggingface_hub") is None, reason="huggingface_hub is not installed"
)

WORDS = ["the", "cat", "dog", "sat", "on", "mat", "a", "wolf", "##s", "##ed", "run", "in", "sun"]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *"bcdefghijklm"]
TEXTS = [
    "the cat sat on the mat",
    "",
    "a wolf",
    "the dogs run in the sun in the sun in the sun",
    "cat",
    "a wolf",
    "\u732b \ud800",
    "the cats",
]


def corpus(texts, name="made up"):
    n = len(texts)
    return Corpus(
        name=name,
        ids=np.array([f"q{i}" for i in range(n)], dtype=object),
        texts=np.array(texts, dtype=object),
        labels=np.full(n, -1),
        classes=(),
    )


def encoded(kind, *corpora, report=lambda _: None):
    """The features of each corpus, made together."""
    made = kind.fit(corpora[0], report).transform(corpora, report)
    parts = [(part.dimensions, [*part.blocks], part.coverage) for part in made]
    assert all(coverage is None for _, _, coverage in parts)
    matrices = [np.concatenate(blocks) for _, blocks, _ in parts]
    assert all(matrix.dtype == np.float32 for matrix in matrices)
    assert all(matrix.shape[1] == d for (d, _, _), matrix in zip(parts, matrices, strict=True))
    return matrices


def whole(text):
    """A text as a tokeniser accepts it."""
    return text.encode("utf-8", "replace").decode("utf-8")


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    """A folder of a random encoder: BERT of one layer, mean pooling, 16 dimensions."""
    pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("models")
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY))
    tokeniser = BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=12)
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=16,
        initializer_range=0.5,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(config).save_pretrained(folder / "bert")
    tokeniser.save_pretrained(folder / "bert")
    words = Transformer(str(folder / "bert"), max_seq_length=12)
    model = SentenceTransformer(modules=[words, Pooling(16)], device="cpu")
    model.save_pretrained(str(folder / "tiny-bert"), create_model_card=False)
    return folder / "tiny-bert"


@pytest.fixture(scope="module")
def static(tmp_path_factory):
    """A folder of a random static encoder with 8 dimensions."""
    pytest.importorskip("model2vec", reason="model2vec is not installed")
    from model2vec import StaticModel
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    tokeniser = Tokenizer(WordLevel({w: i for i, w in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    tokeniser.pre_tokenizer = Whitespace()
    vectors = np.random.default_rng(0).normal(size=(len(VOCABULARY), 8)).astype(np.float32)
    folder = tmp_path_factory.mktemp("models") / "tiny-static"
    StaticModel(vectors, tokeniser, {"model_type": "model2vec"}, normalize=True).save_pretrained(
        folder
    )
    return folder


@needs_packages
@pytest.mark.parametrize("batch", [32, 3])
def test_a_sentence_encoder_gives_the_vectors_of_its_library(bert, monkeypatch, batch):
    from sentence_transformers import SentenceTransformer

    monkeypatch.setitem(encoders._BATCH, "cpu", batch)
    model = SentenceTransformer(str(bert), device="cpu", local_files_only=True)
    expected = np.stack([model.encode(whole(text), show_progress_bar=False) for text in TEXTS])
    assert expected.shape == (8, 16)
    kind, training = EncoderFeatures(str(bert)), corpus(TEXTS)
    found, of_test = encoded(kind, training, corpus(TEXTS[3:5], "test"))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(of_test, expected[3:5], rtol=1e-4, atol=1e-5)
    assert found[2].tolist() == found[5].tolist()  # equal texts
    assert kind.describe(training) == "sentence encoder tiny-bert"


@needs_packages
@pytest.mark.parametrize("batch", [1_024, 3])
def test_a_static_encoder_gives_the_vectors_of_its_library(static, monkeypatch, batch):
    from model2vec import StaticModel

    monkeypatch.setattr(encoders, "_STATIC_BATCH", batch)
    model = StaticModel.from_pretrained(static)
    expected = np.stack([model.encode(whole(text)) for text in TEXTS])
    kind, training = EncoderFeatures(str(static)), corpus(TEXTS)
    (found,) = encoded(kind, training)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
    assert found[1].tolist() == [0] * 8  # an empty text
    assert kind.describe(training) == "static encoder tiny-static"


@needs_packages
def test_a_static_encoder_that_sentence_transformers_knows(static, tmp_path):
    """Its folder has modules.json; here its config.json does not say what it is."""
    from model2vec import StaticModel

    folder = tmp_path / "known"
    shutil.copytree(static, folder)
    (folder / "config.json").write_text("{}")
    kind = EncoderFeatures(str(folder))
    assert kind.describe(corpus(["cat"])) == "static encoder known"
    (found,) = encoded(kind, corpus(["the cat", "", "wolf on mat"]))
    expected = StaticModel.from_pretrained(static).encode(["the cat", "", "wolf on mat"])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@needs_packages
def test_a_model_in_half_precision_gives_32_bit_floats(static, tmp_path):
    from model2vec import StaticModel

    model = StaticModel.from_pretrained(static, quantize_to="float16")
    model.save_pretrained(tmp_path / "half")
    (found,) = encoded(EncoderFeatures(str(tmp_path / "half")), corpus(["the cat"]))
    np.testing.assert_array_equal(found[0], model.encode("the cat").astype(np.float32))


@needs_packages
def test_windows_and_blocks_change_nothing_but_memory(static, monkeypatch):
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, size=rng.integers(0, 9))) for _ in range(100)]
    kind = EncoderFeatures(str(static))
    (expected,) = encoded(kind, corpus(texts))
    monkeypatch.setattr(encoders, "_WINDOW", 40)
    monkeypatch.setattr(encoders, "BLOCK", 16)
    (made,) = kind.fit(corpus(texts), print).transform([corpus(texts)], lambda _: None)
    blocks = [*made.blocks]
    assert [*map(len, blocks)] == [16, 16, 8, 16, 16, 8, 16, 4]
    np.testing.assert_allclose(np.concatenate(blocks), expected, rtol=1e-6, atol=1e-7)


def test_batches_have_the_longest_texts_first_and_are_smaller_for_long_ones():
    encoder = encoders._Encoder(lambda _: None, 4, 50_000, "an encoder")
    lengths = [10, 200_000, 5, 60_000, 100, 0, 7]
    costs = encoder.costs(["x" * length for length in lengths])
    # One character more than there are; texts are cut at 50,000.
    assert costs.tolist() == [11, 50_001, 6, 50_001, 101, 1, 8]
    order = np.argsort(-costs, kind="stable")
    batches = [batch.tolist() for batch in encoder.batches(order, costs)]
    assert batches == [[1, 3, 4, 0], [6, 2, 5]]
    whole_texts = encoders._Encoder(lambda _: None, 4, None, "an encoder")
    costs = whole_texts.costs(["x" * length for length in lengths])
    order = np.argsort(-costs, kind="stable")
    # 256,000 characters hold one text of 200,000, then four of 60,000 or less.
    batches = [batch.tolist() for batch in whole_texts.batches(order, costs)]
    assert batches == [[1], [3, 4, 0, 6], [2, 5]]


def test_progress_is_reported_once_per_second(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(encoders.time, "monotonic", lambda: now[0])
    said = []
    # 4,096 texts; the first 1,024 cost three quarters of all characters.
    costs = np.repeat([9, 1], [1_024, 3_072])
    progress = encoders._Progress.start(costs, said.append)
    for at, texts, cost in [
        (100.5, 512, 4_608),  # too early
        (101.0, 512, 4_608),  # 1 s for 9,216 of 12,288: a third of a second is left
        (101.5, 512, 512),
        (103.0, 512, 512),  # 3 s for 10,240: 0.6 s left
        (105.0, 2_048, 2_048),  # done: nothing more to say
    ]:
        now[0] = at
        progress.add(texts, cost)
    assert said == [
        "encoding 1,024 of 4,096 texts, about 1 s left",
        "encoding 2,048 of 4,096 texts, about 1 s left",
    ]
    assert encoders._duration(40.4) == "40 s"
    assert encoders._duration(89.9) == "90 s"
    assert encoders._duration(120) == "2 min"
    assert encoders._duration(9_000) == "2.5 h"


@needs_packages
def test_progress_counts_the_texts_of_the_corpus(static, monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(encoders.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(encoders, "_STATIC_BATCH", 2)
    said = []
    texts = ["the cat", "the cat", "a", "sun", "dog", "the cat"]
    encoded(EncoderFeatures(str(static)), corpus(texts), report=said.append)
    # Longest first: "the cat" (three times, 24 of 34) and "sun" (4), then "dog" and "a".
    assert said == [
        "loading static encoder tiny-static",
        "encoding 4 of 6 texts, about 1 s left",
    ]


@needs_packages
def test_the_number_of_threads_stays(bert):
    import torch

    before = torch.get_num_threads()
    encoded(EncoderFeatures(str(bert)), corpus(["the cat"]))
    assert torch.get_num_threads() == before


@needs_packages
def test_nothing_is_drawn_over_the_progress(bert, capfd):
    from transformers.utils import logging

    logging.enable_progress_bar()
    encoded(EncoderFeatures(str(bert)), corpus(["the cat"]))
    assert capfd.readouterr() == ("", "")
    assert logging.is_progress_bar_enabled()


@needs_packages
def test_numbers_that_are_not_finite_are_refused(static, tmp_path):
    from model2vec import StaticModel

    model = StaticModel.from_pretrained(static, normalize=False)
    model.embedding[VOCABULARY.index("wolf")] = np.nan
    model.save_pretrained(tmp_path / "broken")
    with pytest.raises(
        CartographyError,
        match="static encoder broken gives numbers that are not finite to the text with id 'q1' of "
        "made up: give another model",
    ):
        encoded(EncoderFeatures(str(tmp_path / "broken")), corpus(["the cat", "a wolf"]))


@pytest.mark.parametrize("shape", [(1,), (1, 0)])
def test_a_model_that_gives_no_vectors_is_refused(shape):
    encoder = encoders._Encoder(lambda _: np.ones(shape), 4, None, "sentence encoder x")
    with pytest.raises(CartographyError, match="sentence encoder x gives no vector for each text"):
        encoder(["a"])


def test_an_error_of_the_library_is_one_line():
    def fail(texts):
        raise RuntimeError("CUDA out of memory. Tried to allocate\nmuch")

    encoder = encoders._Encoder(fail, 4, None, "sentence encoder x")
    with pytest.raises(
        CartographyError,
        match=r"x cannot encode texts \(CUDA out of memory. Tried to allocate\): free memory, or "
        "start with CUDA_VISIBLE_DEVICES= to use the CPU",
    ):
        encoder(["a"])


# Folders.


@needs_packages
@pytest.mark.parametrize("name", ["bert", "static"])
def test_a_damaged_model_is_refused_in_one_line(name, request, tmp_path):
    folder = tmp_path / "damaged"
    shutil.copytree(request.getfixturevalue(name), folder)
    next(folder.rglob("model.safetensors")).write_bytes(b"\x08" + bytes(7) + b"{}")
    with pytest.raises(CartographyError, match=r"damaged cannot be loaded as a (sentence|static)"):
        encoded(EncoderFeatures(str(folder)), corpus(["a"]))


@needs_packages
def test_code_of_a_model_is_not_run(bert, tmp_path):
    folder = tmp_path / "coded"
    shutil.copytree(bert, folder)
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["type"] = "own.Pooling"
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\nPooling = int\n")
    with pytest.raises(CartographyError, match="coded cannot be loaded as a sentence encoder"):
        encoded(EncoderFeatures(str(folder)), corpus(["a"]))
    assert not (tmp_path / "ran").exists()


def test_what_is_no_folder_of_a_model_is_refused(tmp_path):
    (tmp_path / "file.bin").write_bytes(b"")
    with pytest.raises(CartographyError, match=r"file\.bin is a file: give the folder of an enc"):
        EncoderFeatures(str(tmp_path / "file.bin")).fit(corpus(["a"]), print)
    with pytest.raises(CartographyError, match="contains no encoder"):
        EncoderFeatures(str(tmp_path)).key(corpus(["a"]))
    with pytest.raises(CartographyError, match=r"none is no folder: give the folder of an enc"):
        EncoderFeatures(str(tmp_path / "none")).describe(corpus(["a"]))
    with pytest.raises(CartographyError, match="no encoder is named"):
        EncoderFeatures(" ")


@needs_packages
@pytest.mark.parametrize(
    ("name", "module", "package"),
    [("bert", "sentence_transformers", "sentence-transformers"), ("static", "model2vec", "model2")],
)
def test_a_missing_package_is_named(name, module, package, request, monkeypatch):
    folder = request.getfixturevalue(name)
    monkeypatch.setitem(sys.modules, module, None)
    match = rf'needs {package}.*: run pip install "cartography-explorer\[encoders\]"'
    with pytest.raises(CartographyError, match=match):
        encoded(EncoderFeatures(str(folder)), corpus(["a"]))


def model_folder(path, **files):
    """A folder that has only what keys and names are made from."""
    path.mkdir(parents=True)
    contents = {"config.json": '{"model_type": "model2vec"}', "model.safetensors": "weights"}
    for name, content in {**contents, **files}.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text(content)
    return EncoderFeatures(str(path))


def test_the_key_is_that_of_the_content(tmp_path):
    training = corpus(["a"])
    key = model_folder(tmp_path / "one").key(training)
    assert len(key) == 32
    others = {
        "README.md": "about",
        ".gitattributes": "*",
        ".cache/x": "",
        "onnx/model.onnx": "the same, otherwise",
    }
    assert model_folder(tmp_path / "two", **others).key(training) == key
    assert model_folder(tmp_path / "three", **{"model.safetensors": "w"}).key(training) != key
    assert model_folder(tmp_path / "four", **{"vocab.txt": ""}).key(training) != key
    assert model_folder(tmp_path / "five", **{"1_Pooling/config.json": ""}).key(training) != key
    assert model_folder(tmp_path / "six").key(corpus(["b"])) == key  # it is not fitted


def test_a_changed_file_changes_the_key(tmp_path):
    training = corpus(["a"])
    kind = model_folder(tmp_path / "one")
    before = kind.key(training)
    weights = tmp_path / "one" / "model.safetensors"
    weights.write_text("WEIGHTS")
    later = time.time() + 10  # clocks of file systems can be coarse
    os.utime(weights, (later, later))
    assert kind.key(training) != before


def test_a_relative_folder_has_its_name(tmp_path, monkeypatch):
    model_folder(tmp_path / "one")
    monkeypatch.chdir(tmp_path / "one")
    assert EncoderFeatures(".").describe(corpus(["a"])) == "static encoder one"


# The Hub.


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A Hub with one model, and what was asked of it."""
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError, RepositoryNotFoundError

    asked = []

    def snapshot_download(name, *, ignore_patterns):
        asked.append((name, "pytorch_model*.bin" in ignore_patterns))
        if name == "nobody/nothing":
            raise RepositoryNotFoundError.__new__(RepositoryNotFoundError)
        if name == "far/away":
            raise LocalEntryNotFoundError("of\nseveral lines")
        if name == "in/trouble":
            raise OSError("disk full\nand more")
        return str(tmp_path / "hub" / name)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    encoders._snapshot.cache_clear()
    yield asked
    encoders._snapshot.cache_clear()


@needs_hub
def test_a_model_of_the_hub_is_a_folder(hub, tmp_path):
    training = corpus(["a"])
    key = model_folder(tmp_path / "hub" / "some" / "model").key(training)
    kind = EncoderFeatures("some/model")
    assert kind.key(training) == key
    assert kind.describe(training) == "static encoder some/model"
    said = []
    assert kind.fit(training, said.append).folder == tmp_path / "hub" / "some" / "model"
    assert said == ["looking for some/model on the Hub"]
    assert EncoderFeatures("hub:some/model").describe(training) == "static encoder some/model"
    assert hub == [("some/model", True)] * 2


@needs_hub
def test_old_weights_are_downloaded_where_there_are_no_others(hub, tmp_path):
    kind = model_folder(tmp_path / "hub" / "sentence-transformers" / "old")
    (Path(kind.model) / "model.safetensors").unlink()
    EncoderFeatures("old").key(corpus(["a"]))  # its owner is the library's
    assert hub == [("sentence-transformers/old", True), ("sentence-transformers/old", False)]


@needs_hub
@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("nobody/nothing", "nobody/nothing is no folder, and there is no model nobody/nothing on"),
        ("far/away", "far/away is not on this computer and the Hub cannot be reached: give a fold"),
        ("in/trouble", r"in/trouble cannot be downloaded from the Hub \(disk full\): give a folde"),
        ("a/b/c", "a/b/c is no folder: give the folder of an encoder"),
        ("a b", "a b is no folder: give the folder of an encoder"),
    ],
)
def test_a_model_that_the_hub_does_not_give_is_refused_in_one_line(hub, model, message):
    with pytest.raises(CartographyError, match=message):
        EncoderFeatures(model).key(corpus(["a"]))


@needs_hub
def test_without_a_connection_a_name_is_refused_in_one_line():
    """The tests' own Hugging Face cache is empty, and its Hub is switched off."""
    if os.environ.get("HF_HUB_OFFLINE") != "1":
        pytest.skip("the Hub is not switched off")
    encoders._snapshot.cache_clear()
    with pytest.raises(CartographyError, match="is not on this computer and the Hub cannot be"):
        EncoderFeatures("nobody/nothing").key(corpus(["a"]))
