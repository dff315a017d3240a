"""Two or more active-learning runs beside each other."""

import streamlit as st

from ui import frame, panels, pickers, results, session

frame.enter()

st.title("Compare", anchor=False)
st.markdown(
    "Which strategy learns more from the same number of labels, and where on the map does it pick?"
)

corpora = results.by_corpus(results.found_runs())
if not corpora:
    st.info("There is no active-learning run yet.", icon=":material/compare_arrows:")
    st.page_link("pages/active_learning.py", label="Run one", icon=":material/model_training:")
    st.stop()

found = pickers.corpus_of_runs(corpora, session.choice())
chosen = pickers.compared([run.name for run in found])
runs = [found[place] for place in chosen]
if not runs:
    st.info("Choose at least one run above.", icon=":material/checklist:")
    st.stop()
if len(found) == 1:
    st.info(
        "There is one run on this corpus. Run another strategy on the Active learning page to "
        "compare; Random is the one to beat.",
        icon=":material/model_training:",
    )
panels.comparison([results.learn_run(run) for run in runs], results.series_names(runs))
