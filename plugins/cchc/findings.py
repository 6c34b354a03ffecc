"""Findings: what looks wrong in the sources (indicators.md §7), counted by unit and month, down to the dossiers.

Each finding is one SQL file of include/sql/findings, one row a dossier (or order), named in include/reference/findings.yaml.
`mart.finding` is a view over all of them, so it can never be older than mart.dossier: a delivered correction takes a finding away
at once. Measured on the demo district (docs/guides/forms_findings_outlook.md): the whole view takes some seconds, one kind less
than two; a stored copy would have to follow every load, because a finding depends on versions that touch no indicator.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection

from cchc.errors import NotConfigured, WrongUse
from cchc.indicators.scopes import known_scope, scope_condition
from cchc.period import Period, add_months, month_start
from cchc.reference_models import FindingEntry
from cchc.settings import Settings
from cchc.typed import read
from cchc.warehouse import engine, query, run_script, sql

COLUMNS = {
    "finding_code": "Kind of finding (core.finding_kind) | Mã phát hiện",
    "finding_order": "Its place in lists | Thứ tự",
    "name_vi": "Its name | Tên phát hiện",
    "source_code": "Source whose record looks wrong | Nguồn",
    "unit_code": "Unit of the dossier, else of the payment | Đơn vị",
    "month_start": "First day of the month of the finish, else of the reception; of a payment without dossier its own | Tháng",
    "item": "Dossier, or order of the payment | Hồ sơ hoặc mã tham chiếu",
    "dossier_code": "MaHoSo | Mã hồ sơ",
    "event_date": "Day of what looks wrong | Ngày xảy ra",
    "detail": "What was found, as JSON | Chi tiết",
}


@dataclass(frozen=True)
class Kind:
    """One kind of finding."""

    code: str
    source: str
    name_vi: str
    name_en: str
    meaning_vi: str

    @property
    def sql(self) -> str:
        """Name of its SQL file."""
        return f"findings/{self.code}"


def kinds(settings: Settings) -> dict[str, Kind]:
    """The catalogue of findings, in the order of the file. Raises NotConfigured where file and SQL do not fit each other."""
    path = settings.reference_dir / "findings.yaml"
    found = {code: Kind(code=code, **entry.model_dump()) for code, entry in read(path, dict[str, FindingEntry]).items()}
    files = {file.stem for file in (settings.sql_dir / "findings").glob("*.sql")}
    if files != set(found):
        unknown = sorted(set(found) - files)
        hint = "".join(
            f"; {code}: did you mean {close[0]!r}?" for code in unknown if (close := get_close_matches(code, files - set(found), n=1))
        )
        raise NotConfigured(f"{path.name} and include/sql/findings differ in: {', '.join(sorted(files ^ set(found)))}{hint}")
    return found


def kind_rows(settings: Settings) -> list[dict[str, Any]]:
    """Rows of core.finding_kind."""
    return [
        {
            "finding_code": kind.code,
            "finding_order": number,
            "source_code": kind.source,
            "name_vi": kind.name_vi,
            "name_en": kind.name_en,
            "meaning_vi": kind.meaning_vi,
        }
        for number, kind in enumerate(kinds(settings).values(), 1)
    ]


def create_view(connection: Connection, settings: Settings) -> None:
    """Make mart.finding from the files of include/sql/findings; again changes nothing."""
    parts = "\nunion all\n".join(
        f"select '{code}' as finding_code, x.* from (\n{sql(settings, kind.sql)}\n) as x" for code, kind in kinds(settings).items()
    )
    comments = "".join(f"comment on column mart.finding.{column} is '{comment}';\n" for column, comment in COLUMNS.items())
    run_script(
        connection,
        f"""create or replace view mart.finding as
        select
            k.finding_code, k.finding_order, k.name_vi, f.source_code, f.unit_code,
            cast(date_trunc('month', f.month_day) as date) as month_start, f.item, f.dossier_code, f.event_date, f.detail
        from ({parts}) as f
        inner join core.finding_kind as k on k.finding_code = f.finding_code;
        comment on view mart.finding is
        'One row a finding: a dossier or payment that somebody should look at, as known now (indicators.md §7) | Phát hiện bất thường';
        {comments}""",
    )


@dataclass(frozen=True)
class Count:
    """How many findings of a kind a unit has in a period."""

    code: str
    name_vi: str
    unit_code: str
    unit_name: str
    count: int


def _where(period: Period, unit: str, code: str | None) -> tuple[str, dict[str, Any]]:
    """Conditions of a period, a scope and a kind. Of the report kinds the day counts, not the month."""
    condition = "f.month_start >= :first and f.month_start < :before and " + scope_condition(unit, "f.unit_code", "u.level")
    binds: dict[str, Any] = {"first": month_start(period.start), "before": period.end, "scope": unit, "d": period.last_day}
    if code is not None:
        condition += " and f.finding_code = :code"
        binds["code"] = code
    return condition, binds


def _check(settings: Settings, connection: Connection, period: Period, unit: str, code: str | None) -> None:
    known_scope(connection, unit)
    if period.is_report:
        months = f"{add_months(month_start(period.last_day), -1):%Y-%m} or {period.last_day:%Y-%m}"
        raise WrongUse(f"findings belong to calendar months: ask for {months} instead of {period.code}")
    if code is not None and code not in kinds(settings):
        raise WrongUse(f"'{code}' is no finding; known are: {', '.join(kinds(settings))}")


def counts(settings: Settings, period: Period, unit: str = "all", code: str | None = None) -> list[Count]:
    """How many findings of each kind each unit has, in the order of the catalogue. Empty = none."""
    with engine(settings).connect() as connection:
        _check(settings, connection, period, unit, code)
        condition, binds = _where(period, unit, code)
        rows = query(
            connection,
            "select f.finding_code as code, f.name_vi, f.unit_code, u.name as unit_name, count(*) as count from mart.finding as f "
            f"inner join core.unit_at(:d) as u on u.unit_code = f.unit_code where {condition} "
            "group by f.finding_order, f.finding_code, f.name_vi, f.unit_code, u.name order by f.finding_order, count(*) desc, f.unit_code",
            binds,
        )
    return [Count(**row) for row in rows]


def rows(settings: Settings, period: Period, unit: str = "all", code: str | None = None, limit: int = -1) -> list[dict[str, Any]]:
    """The findings themselves, with their dossiers; `limit` -1 = all."""
    with engine(settings).connect() as connection:
        _check(settings, connection, period, unit, code)
        condition, binds = _where(period, unit, code)
        return query(
            connection,
            "select f.finding_code, f.name_vi, f.unit_code, u.name as unit_name, f.item, f.dossier_code, f.event_date, f.detail "
            "from mart.finding as f inner join core.unit_at(:d) as u on u.unit_code = f.unit_code "
            f"where {condition} order by f.finding_order, f.unit_code, f.event_date, f.item" + ("" if limit < 0 else " limit :limit"),
            binds | ({} if limit < 0 else {"limit": limit}),
        )
