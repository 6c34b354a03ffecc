"""The text of the reform report: a template of include/reports, filled in from the content, as a list of blocks for any writer.

The template's lines: `# ` and `## ` and `### ` headings, `- ` items, `* ` items of the leader's page, `[…]` a part that only people can
write, `@table name`, `@chart name`, `@appendix title` (a page in landscape), `@sheet title` (an appendix that is not sent with the
report), `@page` (the next heading begins on a new page), `@open place | what` (a place outside the text that people have to fill in; it
is not printed, and stands with the `[…]` in `@table open_places`); every other line is a paragraph. Empty lines separate them. A value
from the data can never start a line, so it can never become a heading or a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from traceback import extract_tb
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError

from cchc.errors import NotConfigured
from cchc.reference.scopes import NAMES
from cchc.reports import charts
from cchc.reports import vietnamese as vi
from cchc.reports.content import Content
from cchc.reports.layout import Layout
from cchc.reports.rows import Line, PlanLine
from cchc.reports.tables import OPEN_PLACES, Tables

_NUMBERED = re.compile(r"^([IVX]+)\. .*$")  # a chapter is named by its number alone: its title is long
_LEVELS = {"# ": 1, "## ": 2, "### ": 3}
_COMMAND = re.compile(r"^@(table|chart|appendix|sheet|open)\s+(\S.*)$")
_PAGE = "@page"


@dataclass(frozen=True)
class Block:
    """A part of the report.

    `kind`: heading, paragraph, item, point (an item of the leader's page), placeholder, table, chart, appendix, sheet, page, open; `text`
    is its text or name.
    """

    kind: str
    text: str
    level: int = 0
    caption: str = ""


def environment(layout: Layout, *, html: bool = False) -> Environment:
    """Jinja2 for the files of a layout: a misspelt name is an error, and the values of a page are escaped."""
    return _environment(layout.folder, html)


@lru_cache(maxsize=8)
def _environment(folder: Path, html: bool) -> Environment:
    """Kept, because translating the templates takes a tenth of a report; a file that has changed is translated again."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=html,  # noqa: S701 - what is no page is text for a document
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # groups in the order of the Vietnamese alphabet: Jinja2's own filter of this name sorts by code points
    made.filters |= {"number": vi.number, "percent": vi.percent, "day": vi.day, "groupby": _groups}
    return made


class _Group(NamedTuple):
    grouper: str
    list: Sequence[Any]


def _groups(rows: Iterable[Any], attribute: str) -> list[_Group]:
    return [_Group(name, of_name) for name, of_name in vi.grouped(rows, lambda row: str(getattr(row, attribute)))]


def render(layout: Layout, template: str, values: dict[str, Any], *, html: bool = False) -> str:
    """Fill a template in. Raises NotConfigured that names the template and, where Jinja2 knows it, the line."""
    try:
        return environment(layout, html=html).get_template(template).render(values)
    except TemplateNotFound as error:
        raise NotConfigured(f"the layout {layout.folder.name} lacks {error.name}") from error
    except TemplateError as error:
        raise NotConfigured(f"{layout.folder.name}/{_place(error, template)}: {error.message}") from error


def _place(error: TemplateError, template: str) -> str:
    """The file and line of an error: a template may use others."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.name or template}, line {error.lineno}"
    frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else template


def blocks(content: Content, layout: Layout) -> list[Block]:
    """The reform report of a period. Raises NotConfigured where the template asks for a table or chart that does not exist."""
    tables = Tables(content, layout)
    found = parse(render(layout, "reform_report.j2", values(content, layout, tables)))
    for block in found:
        known = {"table": [*tables.names(), OPEN_PLACES], "chart": charts.names()}.get(block.kind)
        if known is not None and block.text not in known:
            raise NotConfigured(f"{layout.folder.name}/reform_report.j2: no {block.kind} '{block.text}'; known are {', '.join(known)}")
    return found


def parse(text: str) -> list[Block]:
    """Blocks of a filled-in template."""
    found: list[Block] = []
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in paragraph.splitlines() if line.strip()]
        loose: list[str] = []
        for line in lines:
            command = _COMMAND.match(line)
            prefix = next((start for start in _LEVELS if line.startswith(start)), None)
            if not (command or prefix or line.startswith(("- ", "* ")) or line == _PAGE):
                loose.append(line)
                continue
            found += _paragraph(loose)
            loose = []
            if line == _PAGE:
                found.append(Block("page", ""))
            elif command:
                name, _, caption = command[2].partition("|")
                found.append(Block(command[1], name.strip(), caption=caption.strip()))
            elif prefix:
                found.append(Block("heading", line[len(prefix) :], _LEVELS[prefix]))
            elif line.startswith("* "):
                found.append(Block("point", line[2:]))
            else:
                found.append(Block("placeholder" if _is_placeholder(line[2:]) else "item", line[2:]))
        found += _paragraph(loose)
    return found


def open_places(found: Sequence[Block]) -> list[tuple[str, str]]:
    """The places of a report that people have to fill in: the heading under which each stands, and what belongs there."""
    places: list[tuple[str, str]] = []
    above: dict[int, str] = {}
    for block in found:
        if block.kind == "heading":
            above = {level: text for level, text in above.items() if level < block.level} | {block.level: block.text}
        elif block.kind == "open":
            places.append((block.text, block.caption))
        elif block.kind == "placeholder":
            place = " / ".join(_NUMBERED.sub(r"\1", text) if level == 1 else text for level, text in sorted(above.items()))
            places.append((place, block.text.strip("[].; ")))
    return places


def _is_placeholder(text: str) -> bool:
    return text.startswith("[") and text.rstrip(".;").endswith("]")


def _paragraph(lines: list[str]) -> list[Block]:
    text = " ".join(lines)
    if not text:
        return []
    return [Block("placeholder" if _is_placeholder(text) else "paragraph", text)]


def values(content: Content, layout: Layout, tables: Tables | None = None) -> dict[str, Any]:
    """The names that a template may use."""
    tables = tables or Tables(content, layout)
    period = content.period

    def rows(section: str) -> Sequence[Line]:
        """The targets of a section of the plan."""
        return tables.fill(f"plan_section:{section}").rows

    late = tables.fill("late_by_unit").rows
    all_rows: list[PlanLine] = [tables.plan_line(row) for row in content.plan]
    return {
        "period": period,
        "kind": period.kind.removeprefix("report_"),
        "period_name": vi.period_name(period),
        "next_period": vi.next_period_name(period),
        "before_name": vi.period_before_name(period),
        "has_before": vi.has_own_period_before(period),
        "is_report": period.is_report,
        "span": vi.span(period).lower(),
        "words": tables.words(),
        "labels": layout.labels,
        "office": layout.office,
        "whole": f"{NAMES['all'][:1].lower()}{NAMES['all'][1:]}",
        "head": layout.letterhead(content.unit or content.district),
        "unit": content.unit,
        "rows": rows,
        "all_rows": all_rows,
        "change": vi.change,
        "form": content.form_total,
        "has_form": bool(content.form),
        "late_total": late[-1] if late else None,
        "due_count": len(content.due),
        "failures": content.failures,
        "ranking": content.ranking,
        "units": content.units,
        "most_failed": sorted((row for row in content.units if row.failed), key=lambda row: -len(row.failed)),
        "is_judged": content.is_judged,
        "is_provisional": content.is_provisional,
        "provisional_note": layout.labels.provisional_note,
        "source_note": tables.source_note(),
    }
