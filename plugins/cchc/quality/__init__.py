"""Data quality: the rules, the rows that break them, and the final check before rows are loaded."""

from __future__ import annotations

from cchc.quality.validate import LoadVerdict, validate
from cchc.staging.tables import good_view

__all__ = ["LoadVerdict", "good_view", "validate"]
