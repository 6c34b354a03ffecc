"""The files of the dashboard for Superset, and what is wrong with them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import yaml

from cchc.settings import PROJECT

FOLDER = PROJECT / "include" / "superset"
Entry = dict[str, Any]


@dataclass
class Export:
    """The files by kind; datasets by their uuid, charts by their uuid."""

    database: Entry
    datasets: dict[str, Entry]
    charts: dict[str, Entry]
    dashboard: Entry
    placed: dict[str, Entry] = field(init=False)

    def __post_init__(self) -> None:
        places = self.dashboard["position"].values()
        self.placed = {place["meta"]["uuid"]: place["meta"] for place in places if isinstance(place, dict) and place["type"] == "CHART"}

    def dataset(self, table: str) -> Entry:
        """The dataset of a table or view."""
        (found,) = [entry for entry in self.datasets.values() if entry["table_name"] == table]
        return found

    def chart(self, name: str) -> Entry:
        """The chart with this title."""
        (found,) = [entry for entry in self.charts.values() if entry["slice_name"] == name]
        return found


def read() -> Export:
    """What stands in include/superset/dashboard."""

    def entries(pattern: str) -> list[Entry]:
        return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((FOLDER / "dashboard").glob(pattern))]

    (database,), (dashboard,) = entries("databases/*.yaml"), entries("dashboards/*.yaml")
    datasets, charts = ({entry["uuid"]: entry for entry in entries(pattern)} for pattern in ("datasets/mart/*.yaml", "charts/*.yaml"))
    return Export(database, datasets, charts, dashboard)


def statements(dataset: Entry) -> dict[str, str]:
    """For each column and metric of a dataset the SQL that Superset would make of it, without rows."""
    place = f"{dataset['schema']}.{dataset['table_name']}"
    found = {}
    for column in dataset["columns"]:
        expression = column.get("expression") or f'"{column["column_name"]}"'
        found[f"{place}.{column['column_name']}"] = f"select {expression} from {place} limit 0"
    for metric in dataset["metrics"]:
        found[f"{place}, metric {metric['metric_name']}"] = f"select {metric['expression']} from {place} limit 0"
    return found


def filters(chart: Entry, dataset: Entry) -> list[str]:
    """The SQL of the filters of a chart, or of a filter of the dashboard."""
    place = f"{dataset['schema']}.{dataset['table_name']}"
    return [f"select 1 from {place} where ({each['sqlExpression']}) limit 0" for each in chart.get("adhoc_filters", [])]


def named_columns(params: Entry) -> set[str]:
    """The columns that a chart names."""
    found = {*params.get("all_columns", []), *params.get("groupby", [])}
    found |= {each["column"] for each in params.get("conditional_formatting", [])}
    found |= {json.loads(each)[0] for each in params.get("order_by_cols", [])}
    return found | ({params["x_axis"]} if "x_axis" in params else set())


def named_metrics(params: Entry) -> set[str]:
    """The metrics that a chart names."""
    return {*params.get("metrics", []), *([params["metric"]] if "metric" in params else [])}


def broken_references(export: Export) -> list[str]:
    """What a file names and another file does not have, in words."""
    found = []
    for uuid, chart in export.charts.items():
        name, dataset = chart["slice_name"], export.datasets.get(chart["dataset_uuid"])
        if uuid not in export.placed:
            found.append(f"the chart «{name}» is not on the dashboard")
        if dataset is None:
            found.append(f"the chart «{name}» has no dataset")
            continue
        columns = {column["column_name"] for column in dataset["columns"]}
        metrics = {metric["metric_name"] for metric in dataset["metrics"]}
        found += [f"the chart «{name}» names the column {each}" for each in sorted(named_columns(chart["params"]) - columns)]
        shaped = set(chart["params"].get("column_config", {})) - columns - metrics
        found += [f"the chart «{name}» gives a form to {each}" for each in sorted(shaped)]
        found += [f"the chart «{name}» names the metric {each}" for each in sorted(named_metrics(chart["params"]) - metrics)]
    found += [f"the dashboard has the chart «{meta['sliceName']}»" for uuid, meta in export.placed.items() if uuid not in export.charts]
    return found + _broken_filters(export)


def _broken_filters(export: Export) -> list[str]:
    """A filter of the dashboard reaches a chart by a column of this name in the chart's dataset; Superset says nothing where there is none."""
    found = []
    for each in export.dashboard["metadata"]["native_filter_configuration"]:
        (target,) = each["targets"]
        for uuid, meta in export.placed.items():
            dataset = export.datasets.get(export.charts.get(uuid, {}).get("dataset_uuid", ""), {"columns": []})
            reached = meta["chartId"] not in each["scope"]["excluded"]
            has = target["column"]["name"] in {column["column_name"] for column in dataset["columns"]}
            if reached and not has:
                found.append(f"the filter «{each['name']}» does not reach the chart «{meta['sliceName']}»")
    return found
