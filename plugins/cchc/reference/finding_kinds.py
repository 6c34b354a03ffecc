"""The kinds of findings (include/reference/findings.yaml), and the view mart.finding, which is made of their SQL files.

Each kind of finding is one SQL file in include/sql/queries/findings, which returns one row for each dossier (or order). `mart.finding` is
a view over all of them, so it is never older than mart.dossier: when a correction is loaded, the finding disappears at once. The queries
look at the dossiers that may be a finding, which indexes find and triggers note (migration 0082), and decide for each of them anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from cchc.errors import NotConfigured
from cchc.near import near
from cchc.reference.entries import FindingEntry
from cchc.settings import Settings
from cchc.typed import read_once
from cchc.warehouse import composed, run_script, sql
from cchc.warehouse.files import SqlFile

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
    role: str
    name_vi: str
    name_en: str
    meaning_vi: str

    @property
    def sql(self) -> str:
        """The name of its SQL file."""
        return f"queries/findings/{self.code}"


def kinds(settings: Settings) -> dict[str, Kind]:
    """The kinds of findings by code, in the order of the file. Raises NotConfigured if a kind has no SQL file, or the reverse."""
    path = settings.reference_dir / "findings.yaml"
    found = {code: Kind(code=code, **entry.model_dump()) for code, entry in read_once(path, dict[str, FindingEntry]).items()}
    files = {file.stem for file in (settings.sql_dir / "queries" / "findings").glob("*.sql")}
    if files != set(found):
        unknown = sorted(set(found) - files)
        hints = ((code, near(code, files - set(found)).removeprefix("; ")) for code in unknown)
        hint = "".join(f"; {code}: {words}" for code, words in hints if words)
        raise NotConfigured(f"{path.name} and include/sql/queries/findings differ in: {', '.join(sorted(files ^ set(found)))}{hint}")
    return found


def kind_rows(settings: Settings) -> list[dict[str, Any]]:
    """The rows of core.finding_kind."""
    return [
        {
            "finding_code": kind.code,
            "finding_order": number,
            "role": kind.role,
            "name_vi": kind.name_vi,
            "name_en": kind.name_en,
            "meaning_vi": kind.meaning_vi,
        }
        for number, kind in enumerate(kinds(settings).values(), 1)
    ]


def view(settings: Settings) -> SqlFile:
    """The view mart.finding, composed from the files in include/sql/queries/findings. Raises NotConfigured as `kinds` does."""
    return SqlFile("mart", "view", "finding", composed.finding_view(_parts(settings), COLUMNS))


def relation(settings: Settings) -> str:
    """What the view mart.finding reads, made of the files of `settings`: at a past moment they may say something else than the view."""
    return f"({composed.findings(_parts(settings))})"


def _parts(settings: Settings) -> list[tuple[str, str]]:
    return [(code, sql(settings, kind.sql)) for code, kind in kinds(settings).items()]


def create_view(connection: Connection, settings: Settings) -> None:
    """Create the view mart.finding from the files in include/sql/queries/findings; a second call changes nothing."""
    run_script(connection, view(settings).content)
