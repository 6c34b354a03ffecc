"""The layouts of include/reports: the version that holds for a period, its words, tables and reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from cchc.authority import authority
from cchc.errors import NotConfigured
from cchc.near import near
from cchc.reports.content import Unit
from cchc.reports.layout_file import FILES, FormFile, LabelsFile, OfficeFile, ReportEntry, TableEntry
from cchc.settings import authority_dir
from cchc.typed import read_once

OFFICE = "letterhead.yaml"  # of the authority's folder
COMMUNES = ("commune", "ward")


@dataclass(frozen=True)
class Letterhead:
    """Head and foot of a paper."""

    national: list[str]
    agency: list[str]
    agency_name: str
    sign: str
    place: str
    subject: str
    signer: list[str]
    recipients: list[str]
    reports_to: str


@dataclass(frozen=True)
class Layout:
    """One version of the layouts. What is wrong in its files raises NotConfigured with one line for each fault."""

    folder: Path

    @classmethod
    def of(cls, reports_dir: Path, last_day: date) -> Layout:
        """The newest version that holds on the last day of a period; for older days the oldest. Raises NotConfigured if there is none."""
        versions = sorted(path for path in reports_dir.glob("v*") if path.is_dir())
        if not versions:
            raise NotConfigured(f"no layouts in {reports_dir}: it needs a folder such as v2022-01-01")
        in_force = [path for path in versions if path.name[1:] <= last_day.isoformat()]
        return cls(in_force[-1] if in_force else versions[0])

    def _read(self, name: str) -> Any:
        path = self.file(f"{name}.yaml")
        try:
            return read_once(path, FILES[name])
        except NotConfigured as error:
            raise NotConfigured("\n".join(f"{self.folder.name}/{line}" for line in str(error).splitlines())) from None

    def file(self, name: str) -> Path:
        """A file of this version. Raises NotConfigured where it is missing."""
        path = self.folder / name
        if not path.is_file():
            raise NotConfigured(f"the layout {self.folder.name} lacks {name}")
        return path

    @cached_property
    def labels(self) -> LabelsFile:
        """The words and colours of all reports."""
        found: LabelsFile = self._read("labels")
        return found

    @cached_property
    def form(self) -> FormFile:
        """Form II.06a."""
        found: FormFile = self._read("form_06a")
        return found

    @cached_property
    def tables(self) -> dict[str, TableEntry]:
        """The tables by their names; those of `from_sql` are among them."""
        file = self._read("tables")
        found = {name: getattr(file, name) for name in type(file).model_fields if name != "from_sql"}
        found = {name: table for name, table in found.items() if table is not None}  # an older layout lacks what came later
        for name in self.queries:
            if name in found:
                raise NotConfigured(f"{self.folder.name}/tables.yaml, from_sql: there is a table {name!r} already; give it another name")
        found |= file.from_sql
        for name, table in found.items():
            if table.summary is not None and table.summary not in found:
                raise NotConfigured(
                    f"{self.folder.name}/tables.yaml, {name}: no table {table.summary!r} for 'summary'{near(table.summary, found)}"
                )
        return found

    @cached_property
    def queries(self) -> list[str]:
        """The tables whose rows an SQL file gives."""
        return list(self._read("tables").from_sql)

    @cached_property
    def reports(self) -> dict[str, ReportEntry]:
        """The reports by their kinds, in the order in which they are written."""
        found: dict[str, ReportEntry] = self._read("reports")
        for kind, report in found.items():
            if report.table is not None and report.table not in self.tables:
                raise NotConfigured(f"{self.folder.name}/reports.yaml, {kind}: no table {report.table!r}{near(report.table, self.tables)}")
        return found

    @cached_property
    def office(self) -> OfficeFile:
        """How the authority and its units are called; no layout says it, because it is the authority's own."""
        return read_once(authority_dir() / OFFICE, OfficeFile)

    def letterhead(self, unit: Unit) -> Letterhead:
        """Head and foot for a unit."""
        kinds = self.office.letterhead
        chosen = kinds.root if unit.unit_code == authority().code else kinds.commune if unit.kind in COMMUNES else kinds.other
        short = unit.name
        for word in self.office.short_without:
            short = short.removeprefix(word)
        words = {"name": unit.name, "short": short, "lower": unit.name[:1].lower() + unit.name[1:]}
        return Letterhead(
            national=self.labels.national,
            agency=[filled(line, **words).upper() for line in chosen.agency],
            agency_name=filled(chosen.agency_name, **words),
            sign=chosen.sign,
            place=filled(chosen.place, **words),
            subject=filled(chosen.subject, **words),
            signer=chosen.signer,
            recipients=chosen.recipients,
            reports_to=chosen.reports_to,
        )


def filled(words: str, **values: Any) -> str:
    """Words of a layout with their {names} filled in. Raises NotConfigured for a name that is not known there."""
    try:
        return words.format(**values)
    except (KeyError, IndexError, ValueError) as error:
        raise NotConfigured(f"the layout says {words!r}: {{}} holds {error}, but only {', '.join(values)} can stand there") from None
