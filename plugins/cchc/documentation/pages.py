"""What the generated pages of docs/reference share: the hand-written text of a page, and the parts that are put into it.

A page is written in docs/reference/text. A line such as `<!-- indicator: online_dossier_rate -->` in it is a mark: the generated part of
that name takes its place. Links in the text are those of the finished page, one folder above.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cchc.errors import NotConfigured
from cchc.reference.plan import plan_folders
from cchc.settings import PROJECT, Settings

FOLDER = PROJECT / "docs" / "reference"
TEXT = FOLDER / "text"
_MARK = re.compile(r"^<!-- ([a-z0-9_.]+(?:: [a-z0-9_.]+)?) -->$", re.MULTILINE)
_HEADER = re.compile(r"^-- (\w+): (.*(?:\n-- {2,}.*)*)", re.MULTILINE)
_TITLE = re.compile(r"\A# .+\n")


def repository() -> Settings:
    """The settings under which pages are made: the files of this repository, whatever the environment says."""
    include = PROJECT / "include"
    folders = plan_folders(include / "plans")
    return Settings(
        home=PROJECT / ".cchc",
        warehouse_url=None,
        landing_url="",
        sources_dir=include / "sources",
        plan=folders[0].name,
    )


def joined(name: str, parts: Mapping[str, str]) -> str:
    """The page docs/reference/`name`: its hand-written text with a generated part in the place of each mark.

    Arguments: `name`, the path below docs/reference; `parts`, by mark. Raises NotConfigured if the text has a mark without a part, lacks
    the mark of a part, or has one twice.
    """
    path = TEXT / name
    where = path.relative_to(PROJECT)
    if not path.exists():
        raise NotConfigured(f"{where} does not exist: write there what {name} has to say, with the marks {_listed(parts)}")
    text = path.read_text(encoding="utf-8")
    marks = _MARK.findall(text)
    faults = [f"the mark <!-- {mark} --> stands for nothing; take it out" for mark in dict.fromkeys(marks) if mark not in parts]
    faults += [f"the mark <!-- {mark} --> stands twice" for mark in dict.fromkeys(marks) if marks.count(mark) > 1]
    faults += [f"the mark <!-- {mark} --> is missing; write about it there" for mark in parts if mark not in marks]
    if faults:
        raise NotConfigured("\n".join(f"{where}: {fault}" for fault in faults))
    filled = _MARK.sub(lambda found: parts[found[1]].strip("\n"), text)
    return headed(filled, f"the text is {where}")


def headed(page: str, origin: str) -> str:
    """A page with the note below its title that says how it is made. `origin`: what it is made of, in words."""
    title = _TITLE.match(page)
    if title is None:
        raise NotConfigured(f"a page of docs/reference begins with a line '# …', found: {page[:40]!r}")
    note = f"\n<!-- Generated: `make reference` writes it anew; {origin}. -->\n"
    return title[0] + note + page[title.end() :]


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown. Bars and line breaks in the cells are replaced."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def code(words: Iterable[object]) -> str:
    """Words in code style, separated by commas."""
    return ", ".join(f"`{word}`" for word in words)


def header(file: Path, key: str) -> str:
    """One entry of the header of an SQL file (`-- grain: …`, `-- source: …`, `-- traps: …`). Raises NotConfigured where it has none."""
    found = dict(_HEADER.findall(file.read_text(encoding="utf-8")))
    if key not in found:
        raise NotConfigured(f"{file}: the header has no line '-- {key}: …'")
    return " ".join(str(found[key]).replace("\n--", " ").split())


def _cell(words: object) -> str:
    return " ".join(str(words).split()).replace("|", "\\|")


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(f"<!-- {mark} -->" for mark in parts) or "none"
