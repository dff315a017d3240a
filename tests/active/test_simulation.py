from dataclasses import replace

import numpy as np
import pytest
import torch
from clouds import CORPUS, FEATURES, PRESET, TEST, TEST_FEATURES, picks, run
from sklearn.metrics import cohen_kappa_score, f1_score
from sklearn.model_selection import train_test_split

import cartography.active.simulation as simulation
from cartography.active.learner import ActiveLearner
from cartography.active.simulation import Trial, seed_set, simulate
from cartography.errors import CartographyError
from cartography.models.metrics import cohen_kappa, evaluate
from cartography.strategies.table import STRATEGIES


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_simulation_follows_algorithm_1(strategy: str) -> None:
    found = run(strategy)
    assert [each.number for each in found] == [0, 1, 2, 3]
    assert [len(each.rows) for each in found] == [20, 26, 32, 38]
    seeds = set(found[0].rows.tolist())
    chosen = [row for batch in picks(found) for row in batch]
    assert len(chosen) == len(set(chosen)) == 18
    assert not seeds & set(chosen)
    for each in found:
        assert each.data_map.ids.tolist() == CORPUS.ids[each.rows].tolist()
        assert each.labels.tolist() == CORPUS.labels[each.rows].tolist()
        assert 0 <= each.evaluation.accuracy <= 1
    for each in found[1:]:
        assert each.batch is not None
        assert (np.diff(each.batch.scores) <= 0).all() or strategy == "cal-dal"
        expected = each.data_map.confidence[-6:].mean()
        assert each.batch_statistics.confidence == pytest.approx(expected)
    has_discriminator = strategy in ("cal", "dal", "cal-dal")
    assert np.isfinite(found[1].batch.discriminator_accuracy) == has_discriminator  # type: ignore[union-attr]
    assert picks(run(strategy)) == picks(found)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_wrong_labels_in_the_pool_change_no_pick(
    strategy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gold labels of texts that are not labelled yet must not reach a strategy."""
    honest = run(strategy)
    seed_rows = honest[0].rows
    planted = (CORPUS.labels + 1) % 3
    planted[seed_rows] = CORPUS.labels[seed_rows]
    # The stratified seed set is drawn by the labels, so both runs are given the same one.
    monkeypatch.setattr(simulation, "seed_set", lambda *_: seed_rows)
    deceived = run(strategy, replace(CORPUS, labels=planted))
    assert deceived[1].labels.tolist() != honest[1].labels.tolist()
    assert picks(deceived)[0] == picks(honest)[0]
    # A label counts from when it is taught, so that the second batch may differ.
    if strategy != "random":
        assert picks(deceived)[1] != picks(honest)[1]


def test_the_seed_set_is_stratified_and_shared_by_strategies() -> None:
    sets = {name: run(name, preset=replace(PRESET, iterations=0))[0] for name in ("random", "cal")}
    assert sets["random"].rows.tolist() == sets["cal"].rows.tolist()
    assert sets["random"].evaluation == sets["cal"].evaluation
    shares = np.bincount(CORPUS.labels) / 90 * 20
    assert np.abs(np.bincount(sets["cal"].labels) - shares).max() < 1


def test_the_fixed_seed_set_is_drawn_from_the_labelled_texts() -> None:
    labelled = np.arange(1, 90, 2)
    partly = replace(CORPUS, labels=np.where(np.arange(90) % 2, CORPUS.labels, -1))
    expected, _ = train_test_split(labelled, train_size=20, random_state=42)
    assert seed_set(partly, 20, 7, stratified=False).tolist() == expected.tolist()
    assert sorted(seed_set(partly, 45, 7, stratified=False)) == labelled.tolist()


@pytest.mark.parametrize("stratified", [True, False])
@pytest.mark.parametrize("size", [0, 91])
def test_a_seed_set_of_no_text_or_too_many_is_refused(size: int, stratified: bool) -> None:
    message = f"cannot draw {size} labelled texts: there are 90; give a size between 1 and"
    with pytest.raises(CartographyError, match=message):
        seed_set(CORPUS, size, 7, stratified)


@pytest.mark.parametrize("stopped_after", [0, 1, 2, 3])
def test_a_resumed_simulation_goes_on_as_if_never_stopped(stopped_after: int) -> None:
    whole = run("cal")
    done = [batch.rows for batch in (each.batch for each in whole[1 : stopped_after + 1]) if batch]
    rest = run("cal", done=[done])
    assert [each.number for each in rest] == list(range(stopped_after + 1, 4))
    assert picks(rest) == picks(whole)[stopped_after:]
    for before, after in zip(whole[stopped_after + 1 :], rest, strict=True):
        assert before.evaluation == after.evaluation
        assert before.data_map.confidence.tolist() == after.data_map.confidence.tolist()
        assert before.agreement == after.agreement
        assert before.pool == after.pool
        assert before.batch is not None
        assert after.batch is not None
        assert before.batch.pool_max_probability == after.batch.pool_max_probability


def test_trials_side_by_side_pick_as_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cartography.parallel._CORES", 1)  # two of three models go in lockstep
    trials = [Trial("cal", 7), Trial("lc", 7), Trial("cal", 8)]
    together = list(simulate(CORPUS, FEATURES, TEST, TEST_FEATURES, trials, preset=PRESET))
    assert [each.trial for each in together[:3]] == trials
    for trial in trials:
        alone = simulate(CORPUS, FEATURES, TEST, TEST_FEATURES, [trial], preset=PRESET)
        assert picks(list(alone)) == picks([each for each in together if each.trial == trial])


def test_trials_may_differ_in_t_cor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cartography.parallel._CORES", 1)  # two of three models go in lockstep
    trials = [Trial("cal", 7), Trial("cal", 7, 0.5), Trial("cal", 7, 0.8)]
    together = list(simulate(CORPUS, FEATURES, TEST, TEST_FEATURES, trials, preset=PRESET))
    found = [picks([each for each in together if each.trial == trial]) for trial in trials]
    for t_cor, chosen in zip((PRESET.t_cor, 0.5, 0.8), found, strict=True):
        assert picks(run("cal", preset=replace(PRESET, t_cor=t_cor))) == chosen
    assert found[0] != found[1]


def test_what_an_iteration_tells_of_its_model_and_pool() -> None:
    found = run("lc")
    assert [each.pool for each in found] == [70, 70, 64, 58]
    assert np.isnan(found[0].agreement)
    for number in (1, 2, 3):
        models = []
        for last in found[number - 1 : number + 1]:
            learner = ActiveLearner(
                FEATURES, CORPUS.ids, CORPUS.classes, strategy="lc", preset=PRESET, seed=7
            )
            learner.teach_rows(last.rows, last.labels)
            models.append(learner)
        before, after = (
            each.probabilities(torch.from_numpy(TEST_FEATURES)).argmax(axis=1) for each in models
        )
        assert found[number].agreement == pytest.approx(cohen_kappa_score(before, after))
        asked = models[0].probabilities(torch.from_numpy(FEATURES))[models[0].pool]
        batch = found[number].batch
        assert batch is not None
        assert batch.pool_max_probability == pytest.approx(asked.max(axis=1).mean(), abs=1e-6)


def test_agreement_needs_no_label() -> None:
    unlabelled = TEST.labels.copy()
    unlabelled[10:] = -1
    trials = [Trial("random", 7)]
    test = replace(TEST, labels=unlabelled)
    found = list(simulate(CORPUS, FEATURES, test, TEST_FEATURES, trials, preset=PRESET))
    whole = run("random")
    assert [each.agreement for each in found[1:]] == [each.agreement for each in whole[1:]]
    assert found[1].evaluation != whole[1].evaluation


def test_agreement_by_hand() -> None:
    one, other = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1])
    # Alike in 4 of 5; by chance in 3/5 * 2/5 + 2/5 * 3/5 = 12/25.
    assert cohen_kappa(one, other) == pytest.approx((0.8 - 0.48) / (1 - 0.48))
    assert cohen_kappa(one, one) == 1
    assert cohen_kappa(np.array([2, 2]), np.array([2, 2])) == 1
    assert cohen_kappa(np.array([0, 0]), np.array([2, 2])) == 0
    assert cohen_kappa(np.array([0, 1]), np.array([1, 0])) == -1


def test_the_last_batch_takes_what_is_left_and_the_run_ends() -> None:
    found = run("random", preset=replace(PRESET, query_size=40, iterations=5))
    assert [len(each.rows) for each in found] == [20, 60, 90]
    assert sorted(found[-1].rows.tolist()) == list(range(90))


def test_mistakes() -> None:
    with pytest.raises(CartographyError, match=r"seed set of 90 leaves no pool.*--seed-size"):
        run("cal", preset=replace(PRESET, seed_size=90))
    unlabelled = CORPUS.labels.copy()
    unlabelled[4] = -1
    with pytest.raises(CartographyError, match="text '1-4' has no gold label"):
        run("cal", corpus=replace(CORPUS, labels=unlabelled))
    with pytest.raises(CartographyError, match="name at least one seed"):
        list(simulate(CORPUS, FEATURES, TEST, TEST_FEATURES, []))


def test_evaluation_by_hand() -> None:
    found = evaluate(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, -1]))
    assert found.accuracy == 3 / 4
    # Class 0: precision 1/2, recall 1; class 1: precision 1, recall 2/3.
    assert found.macro_f1 == pytest.approx((2 / 3 + 4 / 5) / 2)
    with pytest.raises(CartographyError, match="no gold labels"):
        evaluate(np.array([0]), np.array([-1]))


def test_macro_f1_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    for classes in (2, 5, 9):
        gold, predicted = rng.integers(classes, size=(2, 40))
        gold[:5], predicted[predicted == 3] = -1, 1
        known = gold >= 0
        expected = f1_score(gold[known], predicted[known], average="macro", zero_division=0)
        assert evaluate(predicted, gold).macro_f1 == pytest.approx(expected)
