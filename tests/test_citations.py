"""Every file and section that the repository cites is there, and none is of a document outside.

Found are: links in Markdown, names of Markdown files in any text, paths of files of the repository in any text, and `§` with a number.
How to cite stands in docs/reference/README.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from cchc.settings import PROJECT

# Citations in these files stay as they are: a migration is never edited, because its hash is stored. 0028 and 0054 say the comments anew.
FROZEN = frozenset(
    f"include/sql/migrations/{name}.sql"
    for name in (
        *(
            "0001_ops",
            "0003_core",
            "0004_mart",
            "0006_secondary",
            "0007_declared",
            "0009_forms",
            "0011_rights",
            "0020_units",
            "0021_reasons",
        ),
        *("0017_plans", "0024_roles", "0032_alerts", "0033_words"),
    )
)
# this file plants what must be told
PLANTED = "tests/test_citations.py"
# paths that a test makes up, to show what a message says of a file that is not there
MADE_UP = ("include/sql/queries/coverage/dossier.sql", "include/sql/queries/reports/received_by_units.sql")
ENDINGS = (".md", ".py", ".sql", ".yaml", ".yml", ".toml", ".csv", ".json", ".j2", ".sh")
NAMES = ("Makefile", "Dockerfile")
ROOTS = ("dags", "demo", "docs", "expectations", "include", "plugins", "tests")
TEXT = Path("docs/reference/text")  # the words of generated pages: their links are those of the page, one folder above
LINK = re.compile(r"\]\(([^()\s]+)\)")
DOCUMENT = re.compile(r"(?<![\w/.<>*{}…-])((?:[\w.<>*{}…-]+/)*[\w.<>*{}…-]+\.md)\b(#[\w-]+)?")
FILE = re.compile(rf"(?<![\w/.<>*{{}}…-])((?:{'|'.join(ROOTS)})/[\w./<>*{{}}…-]*\.(?:py|sql|yaml|csv|json|j2))\b")
SECTION = re.compile(r"§+\s?(\d+(?:\.\d+)*)")
SECTIONS_OF = re.compile(r"§ = (docs/[\w/.-]+\.md)")
OUTSIDE = re.compile(
    r"\bINTERNALS\b|\bnotes/|\bnotes on Great Expectations\b|(?<![\w/])contracts/(?![\w<*({])|\bthe brief\b", re.IGNORECASE
)
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
PLACEHOLDER = re.compile(r"[<>*{}…]")


@dataclass(frozen=True)
class Fault:
    """One citation that leads nowhere."""

    file: str
    line: int
    words: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.words}"


def faults(root: Path) -> list[Fault]:
    """Every citation below `root` that leads nowhere, in the order of the files."""
    paths = [path for path in texts(root) if path.relative_to(root).as_posix() != PLANTED]
    return [fault for path in paths for fault in _faults_of(root, path)]


def texts(root: Path) -> Iterator[Path]:
    """The text files of the repository; nothing that a tool has made."""
    for path in sorted(root.iterdir()):
        if path.name.startswith(".") or path.name == "__pycache__" or path.name.endswith(".egg-info"):
            continue
        if path.is_dir():
            yield from texts(path)
        elif path.suffix in ENDINGS or path.name in NAMES:
            yield path


def _faults_of(root: Path, path: Path) -> Iterator[Fault]:
    name = path.relative_to(root).as_posix()
    content = path.read_text(encoding="utf-8")
    named = SECTIONS_OF.search(content)
    page = named[1] if named else None
    for number, line in enumerate(content.splitlines(), 1):
        for words in _faults_of_line(root, path, line, page):
            yield Fault(name, number, words)


def _faults_of_line(root: Path, path: Path, line: str, page: str | None) -> Iterator[str]:
    if path.suffix == ".md":
        for target in LINK.findall(line):
            yield from _link(root, path, target)
    if path.suffix in (".md", ".py"):  # a link in a program is of a page that it makes, and is found there
        line = LINK.sub("]", line)
    for found in DOCUMENT.finditer(line):
        is_literal = path.suffix == ".py" and line[found.start() - 1 : found.end() + 1] == f'"{found[1]}"'
        if not (is_literal and found[1] in names(root)):
            yield from _document(root, path, found[1], found[2] or "")
    for target in FILE.findall(line):
        if not PLACEHOLDER.search(target) and target not in MADE_UP and not any((place / target).exists() for place in (root, path.parent)):
            yield f"{target} does not exist"
    for outside in OUTSIDE.findall(line):
        yield f"{outside!r} names a document that is not in the repository; cite a page of docs/"
    for section in SECTION.findall(line):
        near = DOCUMENT.findall(line)
        yield from _section(root, near[-1][0] if near else page, section)


def _link(root: Path, path: Path, target: str) -> Iterator[str]:
    """What is wrong with a link of a Markdown page."""
    if re.match(r"[a-z]+:", target):
        return
    place, _, anchor = target.partition("#")
    folder = path.parent
    here = path.relative_to(root)
    if here.is_relative_to(TEXT):
        page = root / "docs/reference" / here.relative_to(TEXT)
        folder, path = page.parent, page
    cited = (folder / place).resolve() if place else path
    if not cited.exists():
        yield f"the link ({target}) leads to no file"
    elif anchor and anchor not in anchors(cited):
        yield f"the link ({target}) leads to no section of {cited.name}"


def _document(root: Path, path: Path, target: str, anchor: str) -> Iterator[str]:
    """What is wrong with the name of a Markdown file in a text."""
    if PLACEHOLDER.search(target):
        return
    here = path.relative_to(root)
    folder = root / "docs/reference" / here.relative_to(TEXT).parent if here.is_relative_to(TEXT) else path.parent
    cited = next((place / target for place in (root, folder) if (place / target).exists()), None)
    if cited is None:
        yield f"{target} is not in the repository; cite a page of docs/ by its path"
    elif anchor and anchor[1:] not in anchors(cited):
        yield f"{target}{anchor} is no section of that page"


def _section(root: Path, page: str | None, section: str) -> Iterator[str]:
    """What is wrong with a § and its number."""
    if page is None:
        yield f"§{section} of which page? Write docs/….md beside it, or say once in the file: § = docs/….md"
    elif (root / page).exists() and section not in numbers(root / page):
        yield f"{page} has no section {section}"


@cache
def names(root: Path) -> frozenset[str]:
    """The names of all text files, without their folders: a program puts a path together from them."""
    return frozenset(path.name for path in texts(root))


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of the headings of a Markdown page, as GitHub makes them."""
    found: dict[str, int] = {}
    made = set()
    for heading in _headings(page):
        words = re.sub(r"\]\([^)]*\)", "]", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        number = found.get(anchor, 0)
        made.add(f"{anchor}-{number}" if number else anchor)
        found[anchor] = number + 1
    return frozenset(made)


@cache
def numbers(page: Path) -> frozenset[str]:
    """The numbers with which headings of a Markdown page begin."""
    return frozenset(match[0] for heading in _headings(page) if (match := re.match(r"\d+(?:\.\d+)*(?= )", heading)))


def _headings(page: Path) -> list[str]:
    return [heading.strip() for heading in HEADING.findall(FENCE.sub("", page.read_text(encoding="utf-8")))]


def told(found: list[Fault]) -> str:
    return "\n".join(str(fault) for fault in found)


def test_every_citation_leads_somewhere() -> None:
    found = [fault for fault in faults(PROJECT) if fault.file not in FROZEN]
    assert not found, told(found)


def test_no_file_is_excused_without_need() -> None:
    excused = FROZEN
    assert excused - {fault.file for fault in faults(PROJECT)} == set(), "take these files out of FROZEN"


PAGE = """# A page

## 1 First

### 1.2 Words, and `code`

## Twice

## Twice
"""


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("README.md", "[a](docs/page.md)", None),
        ("README.md", "[a](docs/page.md#12-words-and-code)", None),
        ("README.md", "[a](docs/page.md#twice-1)", None),
        ("README.md", "[a](#1-first) https://example.org/x.md", "the link (#1-first) leads to no section of README.md"),
        ("README.md", "[a](docs/gone.md)", "the link (docs/gone.md) leads to no file"),
        ("README.md", "[a](docs/page.md#13-gone)", "the link (docs/page.md#13-gone) leads to no section of page.md"),
        ("docs/reference/text/part.md", "[a](../page.md) and [b](part.md#here)", None),
        ("docs/reference/text/part.md", "[a](../../page.md)", "the link (../../page.md) leads to no file"),
        ("a.py", '"""As docs/page.md says."""', None),
        ("a.py", '"""As docs/page.md#1-first says."""', None),
        ("a.py", 'PAGE = "page.md"', None),
        ("a.py", '"""As page.md says."""', "page.md is not in the repository"),
        ("a.py", '"""As docs/page.md#2-second says."""', "docs/page.md#2-second is no section of that page"),
        ("a.sql", "-- source: indicators.md §4", "indicators.md is not in the repository"),
        ("a.sql", "-- source: design.md", "design.md is not in the repository"),
        ("a.yaml", "# see contracts/one_stop.md", "contracts/one_stop.md is not in the repository"),
        ("a.py", '"""On the wire of contracts/."""', "'contracts/' names a document that is not in the repository"),
        ("a.py", '"""See the notes on Great Expectations."""', "'notes on Great Expectations' names a document"),
        ("a.py", '"""See INTERNALS, 3."""', "'INTERNALS' names a document"),
        ("a.sql", "-- docs/page.md §1.2", None),
        ("a.sql", "-- docs/page.md §1.3", "docs/page.md has no section 1.3"),
        ("a.sql", "-- by §1.2", "§1.2 of which page?"),
        ("a.py", '"""§ = docs/page.md\n\nBy §1.2 and §1."""', None),
        ("a.py", '"""§ = docs/page.md\n\nBy §3."""', "docs/page.md has no section 3"),
        ("a.py", "# include/sql/gone.sql", "include/sql/gone.sql does not exist"),
    ],
)
def test_a_dead_citation_is_told(name: str, text: str, words: str | None, tmp_path: Path) -> None:
    files = {"docs/page.md": PAGE, "docs/reference/part.md": "# Part\n\n## Here\n", name: text}
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, encoding="utf-8")
    found = [str(fault) for fault in faults(tmp_path)]
    assert len(found) == (words is not None), found
    assert words is None or (found[0].startswith(f"{name}:") and words in found[0])
