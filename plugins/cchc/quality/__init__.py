"""Data quality: the rules, the rows that break them, and the final check before rows are loaded."""

from __future__ import annotations

from cchc.late_imports import import_late

import_late()  # before anything of this room imports Great Expectations

from cchc.quality.validate import LoadVerdict, validate  # noqa: E402
from cchc.staging.tables import good_view  # noqa: E402

__all__ = ["LoadVerdict", "good_view", "validate"]
