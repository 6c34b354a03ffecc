"""docs/reference/rules.md: the rules of every model from expectations/staging, and the kinds of findings."""

from __future__ import annotations

import json
import re
from typing import Any

from cchc.documentation.pages import code, header, joined, repository, table
from cchc.models import MODELS
from cchc.quality.suites import NAME as COLUMN
from cchc.quality.suites import suite_path
from cchc.reference.entries import FindingEntry
from cchc.settings import PROJECT, Settings
from cchc.sources.profile import list_profiles, load_profile
from cchc.typed import read

NAME = "rules.md"
JUDGED = {"load": "when it is loaded", "always": "again at each load, by its steps"}
CRITICAL = re.compile(r"K\d+")


def text() -> str:
    """The page."""
    settings = repository()
    suites = {model: _suite(settings, model) for model in MODELS}
    rows = [row for row in suites["dossier"] if CRITICAL.fullmatch(row["rule_id"])]
    return joined(
        NAME,
        {
            "critical": table(("rule", "what breaks it", "trong tiếng Việt", "judged"), [_critical(row) for row in rows]),
            "models": "\n\n".join(_model(settings, model, suite) for model, suite in suites.items()),
            "findings": _findings(settings),
        },
    )


def _suite(settings: Settings, model: str) -> list[dict[str, Any]]:
    """The rules of a model: what `meta` of each expectation says, with its type."""
    written = json.loads(suite_path(settings.expectations_dir, model).read_text(encoding="utf-8"))["expectations"]
    return [expectation["meta"] | {"type": expectation["type"]} for expectation in written]


def _critical(row: dict[str, Any]) -> tuple[str, ...]:
    return f"`{row['rule_id']}`", _reason(row["reason"]), _reason(row["reason_vi"]), JUDGED[row["judged"]]


def _reason(words: str) -> str:
    """A reason with the names of the columns as code; a profile puts the source's field beside each."""
    return COLUMN.sub(lambda found: f"`{found[1]}`", words)


def _model(settings: Settings, model: str, suite: list[dict[str, Any]]) -> str:
    delivered, waived = _delivered(settings, model)
    path = suite_path(settings.expectations_dir, model).relative_to(PROJECT)
    about = f"Rules: `{path}`. " + (f"Delivered by: {', '.join(delivered)}." if delivered else "No profile delivers it yet.")
    rows = [
        (f"`{row['rule_id']}`", row["action"], _reason(row["reason"]), _reason(row["reason_vi"]), JUDGED[row["judged"]]) for row in suite
    ]
    lines = [f"### {model}", about, table(("rule", "action", "what breaks it", "trong tiếng Việt", "judged"), rows)]
    return "\n\n".join([*lines, *waived])


def _delivered(settings: Settings, model: str) -> tuple[list[str], list[str]]:
    """The entities of the profiles that deliver a model, and a sentence for each rule that a profile waives."""
    delivered, waived = [], []
    for source in list_profiles(settings.sources_dir):
        for entity in load_profile(settings.sources_dir, source).entities.values():
            keys = [entity.key_list] if entity.deletions is not None else []
            for part in [entity, *keys]:
                if part.model == model:
                    delivered.append(f"`{source}` {part.name}")
                    waived += [f"Profile `{source}` waives `{rule}`: {reason}." for rule, reason in part.waived_rules.items()]
    return delivered, waived


def _findings(settings: Settings) -> str:
    entries = read(settings.reference_dir / "findings.yaml", dict[str, FindingEntry])
    rows = [
        (
            f"`{name}`",
            f"{entry.name_vi}<br>{entry.name_en}",
            code([entry.role]),
            entry.meaning_vi,
            header(settings.sql_dir / "queries" / "findings" / f"{name}.sql", "traps"),
        )
        for name, entry in entries.items()
    ]
    return table(("finding", "name", "role", "what it means", "take care"), rows)
