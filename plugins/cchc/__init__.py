"""The reform-indicator pipeline. A room imports only rooms below it: pyproject.toml holds the order, `lint-imports` checks it."""
