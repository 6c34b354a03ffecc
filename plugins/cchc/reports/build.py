"""`cchc report`, and what a closed month freezes: every report of a period as files."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cchc.errors import CchcError, NotConfigured, WrongUse
from cchc.files import write_atomic
from cchc.near import near
from cchc.period import Period
from cchc.publication.edition import in_force
from cchc.reports.content import Content, read
from cchc.reports.document import report_document
from cchc.reports.layout import Layout, filled
from cchc.reports.layout_file import ReportEntry
from cchc.reports.page import list_page, public_page
from cchc.reports.pdf import as_pdf, why_none
from cchc.reports.seal import Seal
from cchc.reports.workbook import form_workbook, table_workbook
from cchc.settings import Settings
from cchc.warehouse import engine

log = logging.getLogger(__name__)

Writer = Callable[[Content, Layout], bytes]


@dataclass(frozen=True)
class Report:
    """One report: its kind (`--kind`), the beginning of its file's name, and for each ending what writes its bytes."""

    kind: str
    file: str
    writers: dict[str, Writer]
    whole_only: bool = False

    def name(self, period: Period, unit: str | None) -> str:
        """The file's name without its ending: what it is, of when, of whom."""
        return "_".join([self.file, period.code, *([unit] if unit else [])])


def _writers(entry: ReportEntry) -> dict[str, Writer]:
    table = entry.table or ""
    by_name: dict[str, dict[str, Writer]] = {
        "form": {".xlsx": form_workbook},
        "table": {
            ".xlsx": lambda content, layout: table_workbook(content, layout, table),
            ".html": lambda content, layout: list_page(content, layout, table),
        },
        "document": {".docx": report_document},
        "page": {".html": public_page},
    }
    return by_name[entry.writer]


def registry(layout: Layout) -> dict[str, Report]:
    """The reports of a layout (its reports.yaml) by their kinds, in the order in which they are written."""
    return {kind: Report(kind, entry.file, _writers(entry), entry.whole_only) for kind, entry in layout.reports.items()}


def layout_of(settings: Settings, period: Period) -> Layout:
    """The layout of a period's papers: of a published period the one of its edition in force, else the one that holds on its last day.

    So a new layout changes no paper of a published period, and its next edition differs from the one before in what was restated alone.
    Raises NotConfigured where the layout is not there (any more).
    """
    with engine(settings).connect() as connection:
        edition = in_force(connection, settings, period)
    if edition is None or edition["layout"] is None:
        return Layout.of(settings.reports_dir, period.last_day)
    folder = settings.reports_dir / str(edition["layout"])
    if not folder.is_dir():
        raise NotConfigured(
            f"edition {edition['edition']} of {period.code} was published with the layout {folder.name}, which {folder.parent} lacks: "
            "put the folder back; a period that was published keeps its layout"
        )
    return Layout(folder)


def build(
    settings: Settings, period: Period, folder: Path, unit: str | None = None, kinds: Sequence[str] | None = None, *,
    each_unit: bool = False, is_edition: bool = False, seal: Seal | None = None,
) -> list[Path]:  # fmt: skip
    """Write the reports of a period into a folder; their paths, in the order of the layout.

    `unit`: None is the whole district; some reports are written only for it. `kinds`: None is every report. `each_unit` adds a sheet for
    each unit to form II.06a. A published period calls its units as it was published; `is_edition`: these are the papers of a new edition,
    which calls them anew. `seal`: of the edition; it is printed on every paper.

    A Word paper or workbook is written as PDF, too, where LibreOffice is installed (cchc.reports.pdf); where it is not, the log says so.
    The same data give the same bytes. Raises WrongUse for an unknown kind or unit, NotConfigured for a wrong layout, CchcError where the
    period is not computed or the folder cannot be written; then no file of the period is left half written.
    """
    layout = layout_of(settings, period)
    reports = registry(layout)
    for kind in kinds or ():
        if kind not in reports:
            raise WrongUse(f"no report {kind}{near(kind, reports)}; known are {', '.join(reports)}")
    if seal is not None:
        told = filled(layout.labels.seal, period=seal.period, edition=seal.edition, digits=seal.digits)
        seal = replace(seal, text_vi=told)
    content = replace(read(settings, period, unit, each_unit=each_unit, is_edition=is_edition, queries=layout.queries), seal=seal)
    files: dict[str, bytes] = {}
    for report in reports.values():
        if (kinds is not None and report.kind not in kinds) or (report.whole_only and unit is not None):
            continue
        for ending, writer in report.writers.items():
            data = writer(content, layout)
            files[report.name(period, unit) + ending] = seal.on(data, ending) if seal else data
    missing = why_none(settings)
    if missing:
        log.info("%s", missing)
    else:
        files |= as_pdf(files, period.last_day)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            write_atomic(folder / name, data)
    except OSError as error:
        raise CchcError(f"the reports cannot be written into {folder}: {error.strerror or error}") from error
    return [folder / name for name in files]


def default_folder(settings: Settings, period: Period) -> Path:
    """Where `cchc report` writes."""
    return settings.home / "reports" / period.code
