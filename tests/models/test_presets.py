from cartography.models.presets import PAPER


def test_the_paper_settings_are_those_it_states() -> None:
    main, binary = PAPER.classifier, PAPER.discriminator
    assert main.hidden == (300, 300, 300)
    assert (main.dropout, main.learning_rate, main.epochs) == (0.3, 1e-4, 30)
    assert (main.betas, main.epsilon, main.dynamics) == ((0.9, 0.999), 1e-8, "epoch_end")
    assert (binary.hidden, binary.learning_rate, binary.epochs) == ((300,), 5e-5, 30)
    assert (PAPER.t_cor, PAPER.mc_passes) == (0.2, 10)
    assert (PAPER.query_size, PAPER.iterations) == (50, 30)


def test_open_sizes_follow_the_corpus() -> None:
    trec, agnews, tiny = (PAPER.for_corpus(rows) for rows in (5_452, 120_000, 200))
    assert (trec.classifier.batch_size, trec.discriminator.batch_size) == (16, 16)
    assert (agnews.classifier.batch_size, agnews.discriminator.batch_size) == (64, 64)
    assert (trec.seed_size, agnews.seed_size, tiny.seed_size) == (500, 1_000, 20)
    assert trec.for_corpus(120_000) == trec
