"""The files of a layout are read strictly: what is misspelt or unknown is told with its line, all at once, before anything is written."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import pytest

from cchc.errors import NotConfigured
from cchc.reports import layout_file
from cchc.reports.formats import FORMATS
from cchc.reports.layout import Layout, filled
from cchc.settings import PROJECT
from cchc.typed import choices

REPORTS = PROJECT / "plugins" / "cchc" / "reports"
VIETNAMESE = re.compile("[À-ÖØ-öø-ỹ]")


@pytest.fixture
def copy(layout: Layout, tmp_path: Path) -> Layout:
    """A copy of the layout, to be spoilt."""
    return Layout(Path(shutil.copytree(layout.folder, tmp_path / "v2022-01-01")))


def spoil(copy: Layout, file: str, *changes: tuple[str, str]) -> None:
    path = copy.folder / file
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def test_every_fault_of_the_tables_is_told_at_once(copy: Layout) -> None:
    spoil(
        copy,
        "tables.yaml",
        ("{key: clause,", "{key: clausee,"),
        ("{key: received, header: Tiếp nhận trong kỳ, width: 11, format: count}", "{key: received, header: x, width: 11, format: money}"),
        ("{key: met,", "{key: met, align: right,"),
        ("group: unit_name", "group: unit_nam"),
    )
    with pytest.raises(NotConfigured) as caught:
        _ = copy.tables
    told = str(caught.value).splitlines()
    assert len(told) == 4 and all(re.match(r"v2022-01-01/tables.yaml line \d+, ", line) for line in told)
    assert "'key' is 'clausee'; did you mean 'clause'?" in told[0]
    assert "'format' is 'money'. Allowed: text, center, count" in told[1]
    assert "unknown key 'align'. Allowed: format, header, key, width." in told[2]
    assert "'group' is 'unit_nam'; did you mean 'unit_name'?" in told[3]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("labels.yaml", "alert: C00000", "alert: red", "the colour 'red' is not six digits"),
        ("labels.yaml", "missed: Chưa đạt", "mised: Chưa đạt", "did you mean 'missed'?"),
        ("form_06a.yaml", "A1:A3: TT", "A1:N3: TT", "'A1:N3' is not the address of header cells"),
        ("form_06a.yaml", 'check_wrong: "SAI {} dòng"', "check_wrong: SAI", "it must have {} once"),
        ("form_06a.yaml", "total: TỔNG CỘNG", "totl: TỔNG CỘNG", "did you mean 'total'?"),
        ("reports.yaml", "table: plan_annex", "table: plan_anex", "no table 'plan_anex'; did you mean 'plan_annex'?"),
        ("reports.yaml", "writer: form", "writer: table", "'table' goes with the writer 'table'"),
        ("tables.yaml", "summary: late_by_unit", "summary: late_by_units", "did you mean 'late_by_unit'?"),
    ],
)
def test_a_fault_is_told_with_its_file_and_the_word_that_is_near(file: str, old: str, new: str, said: str, copy: Layout) -> None:
    spoil(copy, file, (old, new))
    with pytest.raises(NotConfigured, match=f"v2022-01-01/{file}") as caught:
        _ = (copy.labels, copy.form, copy.tables, copy.reports)
    assert said in str(caught.value)


def test_words_that_ask_for_what_is_not_known_there_are_told() -> None:
    assert filled("{a} và {b}", a=1, b=2) == "1 và 2"
    with pytest.raises(NotConfigured, match=r"the layout says '\{c\}'.*only a, b can stand there"):
        filled("{c}", a=1, b=2)


def test_the_formats_of_the_files_are_those_that_there_are() -> None:
    assert choices(layout_file.FormatName) == list(FORMATS)


# the rules of the language, the text of the approval in Airflow, the words of the data package: no paper has them
NO_PAPERS = {"vietnamese.py", "approval.py", "dataset.py"}


@pytest.mark.parametrize("path", sorted(REPORTS.glob("*.py")), ids=lambda path: path.name)
def test_words_and_colours_stand_in_the_layout(path: Path) -> None:
    if path.name in NO_PAPERS:
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
    }
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in documented]
    words = [text for text in texts if isinstance(text, str) and VIETNAMESE.search(text) and text != "\u2013"]
    colours = [text for text in texts if isinstance(text, str) and re.search(r"\b[0-9A-F]{6}\b|#[0-9A-Fa-f]{6}\b", text)]
    assert (words, colours) == ([], [])
