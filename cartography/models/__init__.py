"""Models: presets and their switches, M perceptrons side by side, and the loop that trains them.

The training step is `trainer.BatchedTrainer`; `training.train_epochs` is the only loop around it.
May import `corpora` and `features`. A new switch is a field of `switches.Switches`; a new preset is
an entry of `presets.PRESETS`.
"""

__all__ = ["metrics", "mlp", "presets", "switches", "trainer", "training"]
