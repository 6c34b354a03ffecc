"""The steps of each chain in their order: what the DAGs and the commands call."""
