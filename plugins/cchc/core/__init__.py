"""From staging to core: one version of each record, merged, dated and counted."""
