"""Choose a corpus, see what is in it, choose word vectors, and use it on the other pages."""

import streamlit as st

from ui import cached, frame, panels, pickers, results, words
from ui.faults import shown_in_place

frame.enter()

st.title("Dataset", anchor=False)
st.markdown("Choose the texts to map and to learn from, then the word vectors that describe them.")


def choose() -> None:
    """The steps from a source to the corpus in use; each needs the one before."""
    source = pickers.source()
    if source is None:
        st.info(
            "Give a table with a column of texts and a column of labels: CSV, TSV, JSONL or "
            "Parquet. The corpus in use stays until you choose another.",
            icon=":material/upload_file:",
        )
        return
    choice = pickers.columns(source)
    train, test = cached.corpora(choice)
    st.header(choice.name, anchor=False)
    for note in train.notes:
        st.caption(f":material/info: {note[:1].upper()}{note[1:]}.")
    report = cached.report(train)
    panels.corpus_counts(report)
    if test is not None:
        st.caption(f"Test set: {test.name}, {len(test):,} texts.")
    shares, texts = st.tabs(["Classes", "Texts"])
    with shares:
        panels.class_shares(report)
    with texts:
        panels.table(results.preview(train), f"The first texts of {train.name}", height=360)

    st.header("Word vectors", anchor=False, help=words.VECTORS)
    embedded = pickers.vectors(choice)
    if embedded is None:
        st.info("Give a file of word vectors.", icon=":material/upload_file:")
        return
    if st.button("Embed", key="embed", type="primary", icon=":material/memory:"):
        panels.embed(embedded)
    panels.use_button(embedded)


with shown_in_place():
    choose()
