"""One thin page for each step of the way."""
