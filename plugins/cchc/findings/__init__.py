"""Findings: what looks wrong in the records, by kind and unit, and the sums that must agree."""
