"""Choose a corpus, see what is in it, choose word vectors, and use it on the other pages."""

import streamlit as st

from ui import frame, words
from ui.faults import errors_in_place
from ui.naming import escape_markdown
from ui.panels.dataset import panel as panels
from ui.panels.dataset.contents import contents

frame.enter()

st.title("Dataset", anchor=False)
st.markdown("Choose the texts to map and to learn from, then the word vectors that describe them.")


def choose() -> None:
    """The steps from a source to the corpus in use; each needs the one before."""
    panels.take_over()
    source = panels.source()
    if source is None:
        return
    mistakes = st.container()  # above the table, where they are seen
    choice = panels.columns(source)
    found = panels.corpora(choice, mistakes)
    if found is None:
        return
    st.header(escape_markdown(choice.name), anchor=False)
    place = st.container(horizontal=True, vertical_alignment="center")
    contents(choice, *found)
    st.header("Word vectors", anchor=False, help=words.VECTORS)
    complete = panels.vectors(choice)
    if complete is not None:
        with place:
            panels.use(complete)
        panels.features(complete)


with errors_in_place():
    choose()
