"""Findings: records that look wrong, by kind and unit, and the reconciliation of payments."""
