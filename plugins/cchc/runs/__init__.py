"""Runs: the extracts and loads of each source, tried again, set back, cleared away."""
