"""What stands around every page."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ui import session
from ui.faults import shown_in_place


def show(page: StreamlitPage) -> None:
    """Run `page`, its mistakes shown in place, and say beside it which corpus is in use."""
    with shown_in_place():
        page.run()
    choice = session.choice()
    with st.sidebar:
        st.caption("Corpus in use")
        st.markdown(f"**{choice.name}**")
        st.caption(f"Word vectors: {choice.vectors_name}, {choice.pooling}")
        if choice.test:
            st.caption(f"Test set: {choice.test_name}")
