"""Runs: the extracts and loads of each source, their retries, and maintenance."""
