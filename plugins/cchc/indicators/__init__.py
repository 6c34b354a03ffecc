"""The indicators: computed for a period and unit, counted down to their rows, looked ahead."""
