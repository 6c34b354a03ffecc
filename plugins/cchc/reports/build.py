"""`cchc report`, and what a closed month freezes: every report of a period as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cchc.errors import CchcError, WrongUse
from cchc.files import write_atomic
from cchc.period import Period
from cchc.reports.content import Content, read
from cchc.reports.document import report_document
from cchc.reports.layout import Layout
from cchc.reports.page import list_page, public_page
from cchc.reports.workbook import form_workbook, table_workbook
from cchc.settings import Settings

Writer = Callable[[Content, Layout], bytes]


def _table(name: str) -> dict[str, Writer]:
    return {
        ".xlsx": lambda content, layout: table_workbook(content, layout, name),
        ".html": lambda content, layout: list_page(content, layout, name),
    }


WRITERS: dict[str, dict[str, Writer]] = {
    "06a": {".xlsx": form_workbook},
    "annex": _table("plan_annex"),
    "report": {".docx": report_document},
    "late": _table("late"),
    "due": _table("due"),
    "ranking": _table("ranking"),
    "page": {".html": public_page},
}
KINDS = tuple(WRITERS)


def build(
    settings: Settings, period: Period, folder: Path, unit: str | None = None, kinds: Sequence[str] = KINDS, *,
    each_unit: bool = False, is_edition: bool = False,
) -> list[Path]:  # fmt: skip
    """Write the reports of a period into a folder; their paths, in the order of `KINDS`.

    `unit` None is the whole district; the ranking is written only there. `each_unit` adds a sheet for each unit to form II.06a.
    A published period calls its units as it was published; `is_edition`: these are the papers of a new edition, which calls them anew.
    The same data give the same bytes. Raises WrongUse for an unknown kind or unit, CchcError where the period is not computed or the
    folder cannot be written; then no file of the period is left half written.
    """
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise WrongUse(f"no report {', '.join(unknown)}; known are {', '.join(KINDS)}")
    content = read(settings, period, unit, each_unit=each_unit, is_edition=is_edition)
    layout = Layout.of(settings.reports_dir, period.last_day)
    files: dict[str, bytes] = {}
    for kind in KINDS:
        if kind not in kinds or (kind == "ranking" and unit is not None):
            continue
        for ending, writer in WRITERS[kind].items():
            files[file_name(layout, kind, period, unit) + ending] = writer(content, layout)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            write_atomic(folder / name, data)
    except OSError as error:
        raise CchcError(f"the reports cannot be written into {folder}: {error.strerror or error}") from error
    return [folder / name for name in files]


def file_name(layout: Layout, kind: str, period: Period, unit: str | None) -> str:
    """A report's file name without its ending: what it is, of when, of whom."""
    names: dict[str, Callable[[], str]] = {
        "06a": lambda: layout.form["file"],
        "annex": lambda: layout.tables["plan_annex"].file,
        "report": lambda: "bao_cao_cchc",
        "page": lambda: "cong_khai",
    }
    name = names.get(kind, lambda: layout.tables[kind].file)()
    return "_".join([name, period.code, *([unit] if unit else [])])


def default_folder(settings: Settings, period: Period) -> Path:
    """Where `cchc report` writes."""
    return settings.home / "reports" / period.code
