"""Data quality: the rules, the rows that break them, and the final check before rows are loaded."""

from __future__ import annotations

from cchc.late_imports import import_late
from cchc.quality.validate import LoadVerdict, validate
from cchc.staging.tables import good_view

import_late()  # the modules of this room import Great Expectations when they first need it, which is after this

__all__ = ["LoadVerdict", "good_view", "validate"]
