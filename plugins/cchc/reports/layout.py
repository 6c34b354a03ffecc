"""The templates of include/reports: the version in force for a period, its words and its tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from cchc.errors import NotConfigured
from cchc.reports.content import Unit

FORMATS = ("text", "center", "count", "value", "percent", "points", "date", "status", "alert")


@dataclass(frozen=True)
class Column:
    """A column of a table: which key of the row, under which header, how wide, how written."""

    key: str
    header: str
    width: float
    format: str

    @property
    def is_number(self) -> bool:
        """Whether it stands to the right."""
        return self.format in ("count", "value", "percent", "points")


@dataclass(frozen=True)
class Table:
    """A table's layout. `title`, `subtitle`, `file` and `sheet` are there for those that are a paper of their own."""

    name: str
    columns: list[Column]
    group: str | None = None
    title: str = ""
    subtitle: str = ""
    file: str = ""
    sheet: str = ""
    empty: str = "Không có số liệu."


@dataclass(frozen=True)
class Letterhead:
    """Head and foot of a paper."""

    national: list[str]
    agency: list[str]
    sign: str
    place: str
    subject: str
    signer: list[str]
    recipients: list[str]
    reports_to: str

    @property
    def name(self) -> str:
        """The agency in one line, as people write it in a form."""
        return " ".join(self.agency)


@dataclass(frozen=True)
class Layout:
    """One version of the layouts."""

    folder: Path

    @classmethod
    def of(cls, reports_dir: Path, last_day: date) -> Layout:
        """The newest version that is in force on the last day of a period; for older days the oldest. Raises NotConfigured."""
        versions = sorted(path for path in reports_dir.glob("v*") if path.is_dir())
        if not versions:
            raise NotConfigured(f"no layouts in {reports_dir}: it needs a folder such as v2022-01-01")
        in_force = [path for path in versions if path.name[1:] <= last_day.isoformat()]
        return cls(in_force[-1] if in_force else versions[0])

    def data(self, name: str) -> dict[str, Any]:
        """A YAML file of this version. Raises NotConfigured naming it."""
        path = self.folder / f"{name}.yaml"
        try:
            found = yaml.safe_load(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise NotConfigured(f"the layout {self.folder.name} lacks {path.name}") from error
        except yaml.YAMLError as error:
            raise NotConfigured(f"{path}: {error}") from error
        if not isinstance(found, dict):
            raise NotConfigured(f"{path}: a mapping was expected")
        return found

    @cached_property
    def labels(self) -> dict[str, Any]:
        """Words of all reports."""
        return self.data("labels")

    @cached_property
    def form(self) -> dict[str, Any]:
        """Form II.06a."""
        return self.data("form_06a")

    @cached_property
    def tables(self) -> dict[str, Table]:
        """Tables by name. Raises NotConfigured where one has an unknown format."""
        found = {}
        for name, table in self.data("tables").items():
            columns = [Column(**column) for column in table.pop("columns")]
            wrong = {column.format for column in columns} - set(FORMATS)
            if wrong:
                raise NotConfigured(
                    f"{self.folder.name}/tables.yaml, {name}: unknown format {', '.join(sorted(wrong))}; known are {', '.join(FORMATS)}"
                )
            found[name] = Table(name=name, columns=columns, **table)
        return found

    def letterhead(self, unit: Unit) -> Letterhead:
        """Head and foot for a unit."""
        kinds = self.labels["letterhead"]
        chosen = kinds.get(unit.kind, kinds["other"])
        short = unit.name.removeprefix("Xã ").removeprefix("Thị trấn ").removeprefix("Phường ")
        words = {"name": unit.name, "short": short, "lower": unit.name[:1].lower() + unit.name[1:]}
        agency = [line.format(**words) for line in chosen["agency"]]
        return Letterhead(
            national=self.labels["national"],
            agency=[line.upper() for line in agency],
            sign=chosen["sign"],
            place=chosen["place"].format(**words),
            subject=chosen["subject"].format(**words),
            signer=chosen["signer"],
            recipients=chosen["recipients"],
            reports_to=chosen["reports_to"],
        )
