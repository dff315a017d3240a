"""Query strategies, one file each: functions `(view, query_size, rng)` that return a `Selection`.

May import the rooms up to `maps`. A new strategy is a module here, an entry of
`table.STRATEGIES` and a name in `formatting.STRATEGY_NAMES`. One that needs a discriminator is a
generator: it yields a `DiscriminatorTask` and receives the result (see `cal`). Strategies import
`pool_view`, `selection`, `discriminator` and the scores of other strategies, never the table.
"""

__all__ = ["cal", "discriminator", "pool_view", "runner", "selection", "table"]
