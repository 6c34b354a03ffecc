"""A mistake in any of the six kinds of YAML files is refused with the file, the line, the place, and what was meant."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cchc.errors import NotConfigured
from cchc.forms.score import versions
from cchc.reference.catalogue import catalogue
from cchc.reference.closing import closing
from cchc.reference.duties import duties
from cchc.reference.finding_kinds import kinds
from cchc.settings import PROJECT, VINH_CUU, Settings
from cchc.sources.profile import load_profile

READERS: dict[str, Callable[[Settings], object]] = {
    "sources/one_stop.yaml": lambda settings: load_profile(settings.sources_dir, "one_stop"),
    "reference/indicators.yaml": catalogue,
    "authority/closing.yaml": closing,
    "reference/findings.yaml": kinds,
    "authority/declarations.yaml": duties,
    "reference/decision_766.yaml": versions,
}
PART = "{code: publish_on_time, max_points: 6, formula: linear, name_vi: Công bố"
MISTAKES = [
    # a misspelt key
    ("sources/one_stop.yaml", "received_at: {from:", "received_at: {form:", "entities.dossiers.columns.received_at: unknown key 'form'; did you mean 'from'? Allowed: aliases, codes, "),
    ("reference/indicators.yaml", "  record: dossier", "  recrod: dossier", "dossier_on_time_rate: unknown key 'recrod'; did you mean 'record'? Allowed: also, "),
    ("authority/closing.yaml", "  missing_units: 0", "  missing_unit: 0", "rule: unknown key 'missing_unit'; did you mean 'missing_units'? Allowed: absent_sources, missing_units."),
    ("reference/findings.yaml", "  name_en: End equal", "  nam_en: End equal", "end_equals_due: unknown key 'nam_en'; did you mean 'name_en'? Allowed: meaning_vi, "),
    ("authority/declarations.yaml", "  declared_by: [H19.16.3]", "  declare_by: [H19.16.3]", "legal_drafting_on_schedule_rate: unknown key 'declare_by'; did you mean 'declared_by'? Allowed: declared_by, "),
    ("reference/decision_766.yaml", PART, PART.replace("max_points", "max_point"), "entry 1.groups.entry 1.parts.entry 1: unknown key 'max_point'; did you mean 'max_points'? Allowed: at_zero, "),
    # a wrong type
    ("sources/one_stop.yaml", "overlap_hours: 24", "overlap_hours: a day", ": 'overlap_hours' must be a whole number, found 'a day'."),
    ("reference/indicators.yaml", "  version: 1", "  version: one", "dossier_on_time_rate: 'version' must be a whole number, found 'one'."),
    ("authority/closing.yaml", "wait_hours: 72", "wait_hours: three days", ": 'wait_hours' must be a number, found 'three days'."),
    ("reference/findings.yaml", "  name_en: End equal to due, to the second", "  name_en: 7", "end_equals_due: 'name_en' must be text (quote it), found 7."),
    ("authority/declarations.yaml", "  required: false", "  required: maybe", ": 'required' must be true or false, found 'maybe'."),
    ("reference/decision_766.yaml", PART, PART.replace("max_points: 6", "max_points: six"), "entry 1.groups.entry 1.parts.entry 1: 'max_points' must be a number, found 'six'."),
    # a missing key
    ("sources/one_stop.yaml", "zone: Asia/Ho_Chi_Minh\n", "", ": the key 'zone' is missing. There are: source, "),
    ("reference/indicators.yaml", "  role: dossiers\n", "", "dossier_on_time_rate: the key 'role' is missing. There are: version, "),
    ("authority/closing.yaml", "approval: person\n", "", ": the key 'approval' is missing. There are: rule, wait_hours, deadline_hours, closing_day."),
    ("reference/findings.yaml", "  role: dossiers\n", "", "end_equals_due: the key 'role' is missing. There are: name_vi, "),
    ("authority/declarations.yaml", "  declared_by: [H19.16.3]\n", "", "legal_drafting_on_schedule_rate: the key 'declared_by' is missing. There are: reason."),
    ("reference/decision_766.yaml", PART, PART.replace("formula: linear, ", ""), "entry 1.groups.entry 1.parts.entry 1: the key 'formula' is missing. There are: code, "),
    # a word that is not in its list
    ("sources/one_stop.yaml", "paginator: {kind: cursor", "paginator: {kind: curser", "http.paginator: 'kind' is 'curser'; did you mean 'cursor'? Allowed: cursor, page_number, offset, link_header, next_url, single."),
    ("reference/indicators.yaml", "  kind: flow", "  kind: flows", "dossier_on_time_rate: 'kind' is 'flows'; did you mean 'flow'? Allowed: flow, stock, count, score."),
    ("reference/indicators.yaml", "  coverage: dossiers", "  coverage: dossier", ", dossier_on_time_rate: include/sql/queries/coverage/dossier.sql does not exist; did you mean 'dossiers'?"),
    ("authority/closing.yaml", "\napproval: person", "\napproval: persons", ": 'approval' is 'persons'; did you mean 'person'? Allowed: person, rule."),
    ("reference/findings.yaml", "end_equals_due:", "end_equal_due:", " end_equal_due: did you mean 'end_equals_due'?"),
    ("authority/declarations.yaml", "  form: score", "  form: scores", ": 'form' is 'scores'; did you mean 'score'? Allowed: rate, count, score."),
    ("authority/declarations.yaml", "declared_by: each_unit", "declared_by: each_units", ": 'declared_by' is 'each_units'; did you mean 'each_unit'? It is each_unit, or a list of "),
    ("authority/declarations.yaml", "[each_office, each_commune]", "[each_ofice, each_commune]", "; unknown: each_ofice; did you mean 'each_office'?"),
    ("reference/decision_766.yaml", PART, PART.replace("linear", "lineal"), "entry 1.groups.entry 1.parts.entry 1: 'formula' is 'lineal'; did you mean 'linear'? Allowed: linear, full_at."),
    # a word that is no indicator, in a file that says who declares it
    ("authority/declarations.yaml", "\nlegal_drafting", "\nno_such_rate: {declared_by: each_unit, reason: x}\nlegal_drafting", ", no_such_rate: there is no such indicator."),
]  # fmt: skip


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    for name in ("sources", "reference"):
        shutil.copytree(PROJECT / "include" / name, tmp_path / name)
    shutil.copytree(VINH_CUU, tmp_path / "authority")
    sources, reference, authority = (tmp_path / name for name in ("sources", "reference", "authority"))
    return replace(Settings.load(), sources_dir=sources, reference_dir=reference, authority_dir=authority)


@pytest.mark.parametrize("file", READERS)
def test_the_files_as_they_are_can_be_read(own: Settings, file: str) -> None:
    assert READERS[file](own)


@pytest.mark.parametrize(("file", "old", "new", "told"), MISTAKES)
def test_a_mistake_is_refused_with_its_place(own: Settings, file: str, old: str, new: str, told: str) -> None:
    path = own.sources_dir.parent / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(NotConfigured) as caught:
        READERS[file](own)
    said = str(caught.value)
    assert said.startswith(path.name)
    assert told in said
    assert len(said.splitlines()) == 1, "one mistake is one sentence"


@pytest.mark.parametrize("file", READERS)
def test_a_key_that_stands_twice_is_refused(own: Settings, file: str) -> None:
    path = own.sources_dir.parent / file
    text = path.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("  ") and line.partition(":")[2].strip() and "{" not in line)
    path.write_text(text.replace(line, f"{line}\n{line}", 1), encoding="utf-8")
    with pytest.raises(NotConfigured, match=rf"{path.name} line \d+: the key '{line.split(':')[0].strip()}' stands there a second time"):
        READERS[file](own)
