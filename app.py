"""The dashboard: `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

# A local file, because Streamlit fetches icons and emoji from the network.
ICON = Path(__file__).parent / "ui" / "icon.svg"
SIDEBAR_WIDTH = 240  # pixels; narrow, to leave room for the figures
PAGES = (
    st.Page("pages/dataset.py", title="Dataset", icon=":material/dataset:"),
    st.Page("pages/data_map.py", title="Data map", icon=":material/scatter_plot:", default=True),
    st.Page("pages/threshold.py", title="Threshold", icon=":material/tune:"),
    st.Page("pages/active_learning.py", title="Active learning", icon=":material/model_training:"),
    st.Page("pages/label.py", title="Label", icon=":material/label:"),
    st.Page("pages/suspects.py", title="Suspects", icon=":material/rule:"),
    st.Page("pages/compare.py", title="Compare", icon=":material/compare_arrows:"),
    st.Page("pages/runs.py", title="Runs", icon=":material/history:"),
    st.Page("pages/lesson.py", title="Learn", icon=":material/school:"),
)


def main() -> None:
    """Show the requested page in the frame that all pages share."""
    st.set_page_config(
        page_title="Cartography", page_icon=ICON, layout="wide", initial_sidebar_state=SIDEBAR_WIDTH
    )
    page = st.navigation(PAGES)
    with st.spinner("Loading …"):
        # The first import takes seconds; the spinner and the navigation appear before it.
        from ui import frame
    frame.show(page)


main()
