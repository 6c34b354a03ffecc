"""The asset by which loads report the months that they touched.

There is one asset for all sources, because two assets would leave the runs of a DAG that waits for both hanging. Its partitions are months;
the refresh is started once for all months of a year that are reported together.
"""

from __future__ import annotations

from airflow.sdk import Asset, StartOfYearMapper

# partition key: the month, YYYY-MM, whose periods may hold another value
MONTHS_TOUCHED = Asset(name="months_touched", uri="cchc://mart/months_touched")
# a month, YYYY-MM, becomes its year, YYYY: the partition of the run that refreshes it
YEAR_OF_MONTH = StartOfYearMapper(input_format="%Y-%m")
