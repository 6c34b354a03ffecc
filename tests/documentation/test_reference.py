"""The generated pages of docs/reference are what the catalogue, plans, profiles, rules, DAGs and texts say."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cchc.documentation import contract_page, pages, reference
from cchc.documentation.pages import FOLDER
from cchc.errors import NotConfigured
from cchc.settings import PROJECT


def test_no_page_is_old() -> None:
    assert reference.stale() == []


@pytest.mark.parametrize("name", reference.PAGES)
def test_an_old_page_is_named_with_the_command(name: str, tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    page = (tmp_path / name).read_text(encoding="utf-8").splitlines()
    (tmp_path / name).write_text("\n".join([*page[:-1], "old words"]) + "\n", encoding="utf-8")
    (told,) = reference.stale(tmp_path, [name])
    assert told.startswith(f"docs/reference/{name} is old from line {len(page)} on; run `make reference`.")
    (tmp_path / name).unlink()
    (told,) = reference.stale(tmp_path, [name])
    assert "is old from line 1 on" in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# A page\n\n<!-- b -->\n", "the mark <!-- b --> stands for nothing"),
        ("# A page\n", "the mark <!-- a --> is missing"),
        ("# A page\n\n<!-- a -->\n<!-- a -->\n", "the mark <!-- a --> stands twice"),
        ("<!-- a -->\n", "a page of docs/reference begins with a line '# …'"),
    ],
    ids=["no such part", "a part has no place", "twice", "no title"],
)
def test_a_text_that_does_not_fit_its_parts_is_refused(text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PROJECT", tmp_path)
    monkeypatch.setattr(pages, "TEXT", tmp_path)
    (tmp_path / "plan.md").write_text(text, encoding="utf-8")
    with pytest.raises(NotConfigured) as refused:
        pages.joined("plan.md", {"a": "part"})
    assert words in str(refused.value)


def rules_of_the_code() -> set[str]:
    """The rules about a whole file or load, by the names under which the code reports them."""
    code = "\n".join(
        path.read_text(encoding="utf-8") for room in ("sources", "quality") for path in (PROJECT / "plugins" / "cchc" / room).glob("*.py")
    )
    return set(re.findall(r'"(B\d)"', code)) | set(re.findall(r'Check(?:Result)?\("([A-Z]{4,})", ', code))


def test_every_rule_about_a_file_or_load_is_on_the_page() -> None:
    page = (FOLDER / "rules.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(\w+)` \|", page.partition("## Rules of a whole file")[2].partition("## Findings")[0], flags=re.MULTILINE))
    assert told == rules_of_the_code()
    assert told == {f"B{number}" for number in range(7)} | {"COUNTS", "SHARE", "SIZE", "FIELDS", "LANDING", "UNREADABLE"}


def test_a_source_without_words_has_a_page_of_its_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(PROJECT / "docs" / "examples" / "dutch_permits.yaml", tmp_path)
    settings = replace(pages.repository(), sources_dir=tmp_path)
    monkeypatch.setattr(contract_page, "repository", lambda: settings)
    source = "dutch_permits"
    page = contract_page.text(f"contracts/{source}.md")
    assert page.startswith("# ") and f"the profile is include/sources/{source}.yaml" in page
    assert re.search(r"^\| `[^`]+` \|  \| `dossier_code` \| text \|", page, flags=re.MULTILINE), page[:2000]


def test_a_field_that_nobody_explains_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FOLDER / "text", tmp_path / "text")
    source = "survey"
    fields = tmp_path / "text" / "contracts" / f"{source}.yaml"
    fields.write_text(fields.read_text(encoding="utf-8").replace("  MaDonVi: unit\n", ""), encoding="utf-8")
    monkeypatch.setattr(contract_page, "TEXT", tmp_path / "text")
    with pytest.raises(NotConfigured, match=r"survey.yaml, answers: say what MaDonVi means; the profile uses it"):
        contract_page.text(f"contracts/{source}.md")


def test_every_code_word_of_the_glossary_is_used() -> None:
    page = (FOLDER / "glossary.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| ") and not line.startswith("| English")]
    words = {word for row in rows for word in re.findall(r"`([^`]+)`", row[3])}
    roots = [PROJECT / name for name in ("plugins", "include", "dags")]
    code = "\n".join(
        path.read_text(encoding="utf-8") for root in roots for ending in ("py", "sql", "yaml") for path in root.rglob(f"*.{ending}")
    )
    assert {word for word in words if word not in code and word.rpartition(".")[2] not in code} == set()
    assert len(words) > 60


def test_the_index_names_every_page() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    found = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.md") if pages.TEXT not in path.parents}
    assert found == {*reference.PAGES, "README.md", "glossary.md", "limits.md", "profile.md"}, (
        "a page that nobody makes, or one that is not there"
    )
    assert {name for name in found - {"README.md"} if f"({name})" not in index} == set()
