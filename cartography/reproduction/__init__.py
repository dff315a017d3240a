"""The paper's experiments, run again: what is run, what came of it, and both beside the paper."""
