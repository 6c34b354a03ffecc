"""Quality: the rules, what breaks them, and the last word before anything is published."""

from __future__ import annotations

from cchc.quality.validate import LoadVerdict, validate
from cchc.staging.tables import good_view

__all__ = ["LoadVerdict", "good_view", "validate"]
