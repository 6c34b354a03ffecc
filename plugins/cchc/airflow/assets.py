"""The asset by which loads report the months that they touched.

There is one asset for all sources, because Airflow starts the refresh once for each partition (month) of an asset.
"""

from __future__ import annotations

from airflow.sdk import Asset

# partition key: the month, YYYY-MM, whose periods may hold another value
MONTHS_TOUCHED = Asset(name="months_touched", uri="cchc://mart/months_touched")
