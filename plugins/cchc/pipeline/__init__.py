"""The pipelines (ingest, refresh, close, initialise) step by step, as the DAGs and the commands call them."""
