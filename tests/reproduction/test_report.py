from reproduced import RANDOM, full_accuracies, make_results, random_and_cal

from cartography.models.presets import PAPER_PRESETS
from cartography.models.switches import describe_switches
from cartography.reproduction.plan import UNUSED_SWITCHES
from cartography.reproduction.report import report


def test_two_seeds_are_explained() -> None:
    two = {run: {1: seeds[1], 2: seeds[2]} for run, seeds in random_and_cal().items()}
    assert "Two seeds give no reliable interval" in report([make_results(two, seeds=[1, 2])])
    assert "Two seeds" not in report([make_results(random_and_cal())])


def test_the_report_of_empty_results_names_what_was_not_run() -> None:
    text = report([make_results({})])
    for name in PAPER_PRESETS:
        assert f"Preset {name} was not run." in text
    assert "nan" not in text


def test_the_report_of_partial_results() -> None:
    text = report([make_results({**random_and_cal(), ("paper", "lc", None): {1: (0.5, 0.6, 0.7)}})])
    assert (
        "Not run under preset paper, or not with all seeds: LC, Entropy, BALD, DAL, CAL+DAL at "
        "t_cor 0.2, CAL at t_cor 0, CAL at t_cor 0.4, CAL at t_cor 0.6, CAL at t_cor 0.8, a "
        "training on all texts, the map of all texts and the map of the seed set."
    ) in text
    assert "A small version" in text
    assert "No switch was run by itself." in text
    assert "110 of the paper's 5,452, 2 %" in text
    assert "| CAL, t_cor 0.2 | 0.724 | 0.820 ± " in text
    assert "nan" not in text


def test_the_report_of_both_data_sets() -> None:
    runs = {
        (name, strategy, t_cor): seeds
        for (_, strategy, t_cor), seeds in random_and_cal().items()
        for name in PAPER_PRESETS
    }
    picks = {("paper", strategy): {1: "ab cd"} for strategy in ("random", "cal")}
    full = full_accuracies(paper_padding=-0.1)
    news = make_results({("paper", "random", None): RANDOM}, dataset="agnews")
    text = report([make_results(runs, full, picks), news])
    folders = "--report docs/reproduction/trec --report docs/reproduction/agnews"
    assert f"    cartography reproduce {folders}\n" in text
    lines = text.splitlines()
    assert lines.count("## TREC") == lines.count("## AG News") == 1
    for number, line in enumerate(lines):
        if line.startswith("| --- |"):
            assert "(`cartography reproduce --report docs/reproduction/" in lines[number - 3]
        if line.startswith("|"):
            assert line.count("|") == lines[number - 1].count("|") or not lines[number - 1]
    row = next(line for line in lines if line.startswith("| paper, padding=on |"))
    assert row.split(" | ")[1] == "0.720 ± 0.050<br>**-0.100 ± 0.000**"
    for name in UNUSED_SWITCHES:
        assert f"`{name}`: {describe_switches()[name]}" in text
    assert "Not run yet, or not with all seeds: paper, hidden_layers=2;" in text
    assert "| CAL and Random | 82 (76) | 4 (0) of 4 |" in text
    assert "    cartography reproduce some.csv" in lines
    assert "nan" not in text
