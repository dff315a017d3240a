"""The Dataset page: choose a corpus and its features for all pages."""

import streamlit as st

from ui import frame, words
from ui.faults import errors_in_place
from ui.naming import escape_markdown
from ui.panels.dataset import features, panel, returned
from ui.panels.dataset.contents import contents

frame.enter()

st.title("Dataset", anchor=False)
st.markdown("Choose the texts, and how they become numbers, for all pages.")


def choose() -> None:
    """Show the steps from a source to the corpus in use; each needs the step before."""
    panel.take_over()
    source = panel.choose_source()
    if source is None:
        return
    if panel.offer_map(source):
        return
    errors = st.container()  # above the table, where a visitor sees them
    choice = panel.choose_columns(source)
    labels = st.container()  # above the corpus, which tells what there is to choose
    corpora = panel.read_corpora(choice, errors)
    with labels:
        panel.offer_labels(choice, corpora)
    if corpora is None:
        return
    returned.offer_project(corpora[0])
    st.header(escape_markdown(choice.name), anchor=False)
    buttons = st.container(horizontal=True, vertical_alignment="center")
    contents(choice, *corpora)
    st.header("Features", anchor=False, help=words.FEATURES)
    complete_choice = features.choose_features(choice)
    if complete_choice is not None:
        with buttons:
            panel.offer_use(complete_choice, corpora[0])
        features.show_features(complete_choice)


with errors_in_place():
    choose()
