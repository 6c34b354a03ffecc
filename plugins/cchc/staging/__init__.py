"""Staging: landed records, typed, in tables of their own until they are checked and merged."""

from __future__ import annotations

from cchc.staging.stage import stage
from cchc.staging.tables import good_view, staged_entities, table_of

__all__ = ["good_view", "stage", "staged_entities", "table_of"]
