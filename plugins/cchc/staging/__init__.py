"""Staging: the landed records as typed rows in separate tables, until they are checked and merged."""

from __future__ import annotations

from cchc.staging.stage import stage
from cchc.staging.tables import good_view, staged_entities, table_of

__all__ = ["good_view", "stage", "staged_entities", "table_of"]
