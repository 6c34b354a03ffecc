"""What a person at the district does, without the command line: put files into drop folders, ingest, refresh, read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cchc.period import parse_moment, parse_period
from cchc.pipeline import ingest as pipeline
from cchc.pipeline.refresh import refresh
from cchc.settings import Settings
from cchc.sources.connection import Connection
from tests.support.warehouse import HasWarehouse


class Desk(HasWarehouse):
    """One warehouse with a drop folder for each source."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.folder = settings, folder

    def inbox(self, source: str) -> Path:
        """The drop folder of a source."""
        path = self.folder / source
        path.mkdir(parents=True, exist_ok=True)
        return path

    def drop(self, source: str, name: str, data: bytes) -> Path:
        """Put a file into the folder of a source."""
        path = self.inbox(source) / name
        path.write_bytes(data)
        return path

    def ingest(self, source: str, known_at: str) -> pipeline.Outcome:
        """Load what is in the folder of a source, as of T."""
        return pipeline.ingest(self.settings, source, Connection(source, str(self.inbox(source))), end=parse_moment(known_at))

    def refresh(self, *months: str) -> None:
        """What waits in these months; without any, all that waits."""
        refresh(self.settings, [parse_period(month).start for month in months] or None)

    def settle(self, *months: str) -> None:
        """Refresh these months, and take the others that wait as done: a test that asks for one month need not compute sixty."""
        self.refresh(*months)
        self.execute("delete from ops.dirty_month")

    def value(self, code: str, period: str, unit: str = "all", basis: str = "period") -> dict[str, Any]:
        """The stored value of an indicator; there must be one."""
        asked = parse_period(period)
        (row,) = self._values(code, asked.kind, asked.start.isoformat(), unit, basis)
        return row

    def status(self, code: str, period: str, unit: str = "all") -> str:
        """The status of a stored value."""
        return str(self.value(code, period, unit)["status"])

    def counts(self, code: str, kind: str, start: str, basis: str = "period", unit: str = "all") -> tuple[int, int] | None:
        """Numerator and denominator of a stored value; None where there is none."""
        found = self._values(code, kind, start, unit, basis)
        return (found[0]["numerator"], found[0]["denominator"]) if found else None

    def _values(self, code: str, kind: str, start: str, unit: str, basis: str) -> list[dict[str, Any]]:
        return self.rows(
            "select * from mart.indicator_value where indicator_code = :c and period_kind = :k and period_start = cast(:s as date) "
            "and unit_code = :u and basis = :b",
            c=code, k=kind, s=start, u=unit, b=basis,
        )  # fmt: skip
