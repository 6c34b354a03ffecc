"""The one asset by which loads tell what they touched (design.md §7: one asset for all producers of a partitioned consumer)."""

from __future__ import annotations

from airflow.sdk import Asset

# partition key: the month, YYYY-MM, whose periods may hold another value
MONTHS_TOUCHED = Asset(name="months_touched", uri="cchc://mart/months_touched")
