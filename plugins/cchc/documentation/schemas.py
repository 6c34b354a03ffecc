"""JSON Schemas of the YAML files: `python -m cchc.documentation.schemas` writes docs/schemas (part of `make schemas`).

With a schema, an editor shows a misspelt key while it is typed; each file names its schema in its first line. Rules between keys, which a
schema cannot express, are checked when the file is read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from cchc.dashboard.thresholds import ThresholdFile
from cchc.dashboard.words import WordFile
from cchc.reference.entries import FILES
from cchc.reference.plan_header import PlanHeader
from cchc.reports.layout_file import FILES as REPORTS
from cchc.reports.layout_file import OfficeFile
from cchc.settings import PROJECT
from cchc.sources.profile_file import ProfileFile
from cchc.typed import adapter

FOLDER = PROJECT / "docs" / "schemas"
# for each schema a description and its files in include/
KINDS: dict[str, tuple[str, str, Any]] = {
    "profile": ("A profile: everything that is particular to one source", "sources/*.yaml", ProfileFile),
    "catalogue": ("The catalogue of indicators", "reference/indicators.yaml", FILES["indicators.yaml"]),
    "plan": ("The header of a plan", "plans/*/plan.yaml", PlanHeader),
    "authority": ("The authority whose plan is measured", "authorities/*/authority.yaml", FILES["authority.yaml"]),
    "letterhead": ("How an authority and its units are called on papers", "authorities/*/letterhead.yaml", OfficeFile),
    "indicator_units": (
        "The units that the SQL of an indicator names",
        "authorities/*/indicator_units.yaml",
        FILES["indicator_units.yaml"],
    ),
    "closing": ("How periods are closed", "authorities/*/closing.yaml", FILES["closing.yaml"]),
    "alerts": ("Who is told of what goes wrong", "authorities/*/alerts.yaml", FILES["alerts.yaml"]),
    "unit_mail": ("Who gets the list of late dossiers of a unit", "authorities/*/unit_mail.yaml", FILES["unit_mail.yaml"]),
    "findings": ("The kinds of findings", "reference/findings.yaml", FILES["findings.yaml"]),
    "duties": ("Who declares what", "authorities/*/declarations.yaml", FILES["declarations.yaml"]),
    "report_list": ("The reports, in their order", "reports/*/reports.yaml", REPORTS["reports"]),
    "report_tables": ("The tables of the reports", "reports/*/tables.yaml", REPORTS["tables"]),
    "report_form_06a": ("Form II.06a", "reports/*/form_06a.yaml", REPORTS["form_06a"]),
    "report_labels": ("The words and colours of the reports", "reports/*/labels.yaml", REPORTS["labels"]),
    "dashboard_thresholds": (
        "From which number on the health of the data is to be watched, or is wrong",
        "dashboard/thresholds.yaml",
        ThresholdFile,
    ),
    "dashboard_words": ("The words of the dashboard", "dashboard/words.yaml", WordFile),
    "score": ("The versions of the score of Decision 766/QĐ-TTg", "reference/decision_766.yaml", FILES["decision_766.yaml"]),
}


class _Plain(GenerateJsonSchema):
    """Generates schemas without titles, because these only repeat the key."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema `name` (a key of KINDS)."""
    title, _, kind = KINDS[name]
    content = adapter(kind).json_schema(by_alias=True, schema_generator=_Plain)
    _close(content)
    return {"$schema": GenerateJsonSchema.schema_dialect} | content | {"title": title}


def _close(part: Any) -> None:
    """Forbid other names in mappings whose names have a pattern."""
    for value in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _close(value)
    if isinstance(part, dict) and "patternProperties" in part:
        part["additionalProperties"] = False


def text(name: str) -> str:
    """The content of docs/schemas/<name>.json."""
    return json.dumps(schema(name), ensure_ascii=False, indent=2) + "\n"


def write(folder: Path = FOLDER) -> None:
    """Write all schemas."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in KINDS:
        (folder / f"{name}.json").write_text(text(name), encoding="utf-8")


if __name__ == "__main__":
    write()
