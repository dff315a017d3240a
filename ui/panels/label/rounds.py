"""The rounds so far: the map of what is labelled, where the next batch lies, and the accuracy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from cartography.figures import (
    Curve,
    accuracy_figure,
    by_class,
    by_correctness,
    data_map_figure,
    pool_figure,
)
from cartography.labelling.rounds import Round
from cartography.labelling.session import LabelSession
from ui import parts, words

_BY = {"correctness": "Correctness", "class": "Class"}


def show_map(session: LabelSession) -> None:
    """Show the map of the labelled texts after the last training, the new ones ringed."""
    trained = [each for each in session.rounds if each.map is not None]
    if not trained:
        st.info(
            "The map of your labels appears after the first training, when two classes have a "
            "label.",
            icon=":material/scatter_plot:",
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        colour = st.segmented_control(
            "Colour",
            list(_BY),
            default="correctness",
            required=True,
            format_func=_BY.__getitem__,
            key="label_map_colour",
            label_visibility="collapsed",
        )
        position = _choose_round(trained)
    last = trained[position]
    data_map, table = last.data_map, last.map
    assert data_map is not None
    assert table is not None
    if last.summary["warning"]:
        st.warning(last.summary["warning"], icon=":material/model_training:")
    classes = tuple(session.state.classes.values())
    numbers = {name: i for i, name in enumerate(classes)}
    labels = np.array([numbers.get(name, -1) for name in table["label"]], dtype=np.int64)
    before = set() if position == 0 else set(_ids(trained[position - 1]))
    new = np.array([item not in before for item in table["id"]]) if before else None
    chart = data_map_figure(
        data_map,
        colouring=by_class(labels, classes) if colour == "class" else by_correctness(data_map),
        highlighted=new,
        highlight_name="labelled since the round before",
    )
    st.caption(
        "Each point is one of your labels. Those at the bottom are not learned: they may be wrong, "
        "or unlike all others. The page Suspects goes through them."
    )
    parts.figure(
        chart,
        "label_map",
        f"Data map of {len(data_map)} labelled texts: {parts.describe_regions(data_map)}.",
        lambda: _with_texts(session, table),
    )


def _choose_round(trained: Sequence[Round]) -> int:
    """The position of the round whose map is shown, by default the last."""
    if len(trained) < 2:
        return 0
    numbers = [each.number for each in trained]
    # After a new round, the widget has other options and begins with the last again.
    number = st.select_slider(
        "After round",
        numbers,
        numbers[-1],
        key=f"label_map_round_{numbers[-1]}",
        width=200,
    )
    return numbers.index(number)


def show_batch(session: LabelSession) -> None:
    """Show where the last batch lies in the pool."""
    rounds = session.rounds
    if not rounds or rounds[-1].pool is None or not len(rounds[-1].batch):
        st.info(
            "After the first training, this shows how sure the model is of the texts that it asks "
            "for, beside the whole pool.",
            icon=":material/bar_chart:",
        )
        return
    last = rounds[-1]
    batch, pool = last.batch, last.pool
    assert pool is not None
    if last.summary["fallback"]:
        st.warning(last.summary["fallback"], icon=":material/info:")
    strategy = words.strategy(last.summary["strategy"])
    parts.figure(
        pool_figure(
            pool["max_probability"].to_numpy(),
            batch["probability"].to_numpy(),
            f"batch of round {last.number}",
        ),
        "label_pool",
        f"How sure the model is of {len(pool)} texts without a label, and of the {len(batch)} "
        f"asked for by {strategy}.",
        lambda: _with_texts(session, batch.drop(columns="duplicates")),
    )


def show_accuracy(session: LabelSession) -> None:
    """Show the accuracy by the number of labels."""
    measured = [each for each in session.rounds if each.summary["accuracy"] is not None]
    if not measured:
        st.info(
            "Accuracy is measured at each training: on the test set if there is one, otherwise by "
            "cross-validation on the labelled texts.",
            icon=":material/show_chart:",
        )
        return
    curves = _curves(measured)
    last = measured[-1].summary
    st.markdown(_say_accuracy(measured))
    chart = accuracy_figure(curves)
    if last["evaluated"] == "cross-validation":
        chart.update_yaxes(title_text="accuracy by cross-validation")
    parts.figure(
        chart,
        "label_accuracy",
        f"Accuracy by labelled texts, {last['accuracy']:.3f} at {last['labelled']}.",
        lambda: _rounds_table(session.rounds),
    )
    if last["evaluated"] == "cross-validation":
        st.caption(
            "By cross-validation on the labelled texts. These were chosen to be hard, so it is "
            "usually lower than on new texts, and rounds cannot be compared strictly. A test set "
            "drawn at random tells more."
        )


def _say_accuracy(rounds: Sequence[Round]) -> str:
    """The last accuracy in a sentence, and what was gained since the first round."""
    last = rounds[-1].summary
    of = "the test set of" if last["evaluated"] == "test set" else "your"
    sentence = f"**{last['accuracy']:.1%}** right on {of} {last['texts']:,} texts"
    same = [each.summary for each in rounds if each.summary["evaluated"] == last["evaluated"]]
    if len(same) > 1:
        gain = 100 * (last["accuracy"] - same[0]["accuracy"])
        sentence += f", {gain:+.1f} points since {same[0]['labelled']:,} labels"
    return f"{sentence}."


def _curves(rounds: Sequence[Round]) -> list[Curve]:
    curves = []
    for name in dict.fromkeys(each.summary["evaluated"] for each in rounds):
        last = {
            each.summary["labelled"]: each.summary["accuracy"]
            for each in rounds
            if each.summary["evaluated"] == name
        }
        counts = sorted(last)
        curves.append(
            Curve(
                str(name),
                np.array(counts, dtype=np.int64),
                np.array([last[count] for count in counts]),
            )
        )
    return curves


def _rounds_table(rounds: Sequence[Round]) -> pd.DataFrame:
    names = ("strategy", "labelled", "accuracy", "macro_f1", "evaluated", "texts", "at")
    records = [
        {"round": each.number, **{name: each.summary.get(name) for name in names}}
        for each in rounds
    ]
    return pd.DataFrame.from_records(records)


def _ids(each: Round) -> Sequence[str]:
    return [] if each.map is None else list(each.map["id"])


def _with_texts(session: LabelSession, table: pd.DataFrame) -> pd.DataFrame:
    texts = [session.text(item) for item in table["id"]]
    result = table.copy()
    result.insert(1, "text", texts)
    return result
