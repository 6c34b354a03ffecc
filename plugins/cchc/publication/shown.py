"""What was shown to the approver of a period, and what has changed when the period is frozen.

A person may answer days after the text was written, and loads go on meanwhile. What is frozen are the values of the freeze, because they
are right as of their date; which of them are not those that were shown is told with the publication, and noted in the audit log. Airflow
keeps what was shown between its tasks, the command line in ops.close_shown.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from cchc.indicators.refresh import wait_for_others
from cchc.period import ZONE, Period, now, parse_moment
from cchc.reference.catalogue import catalogue
from cchc.reference.scopes import NAMES
from cchc.settings import Settings
from cchc.warehouse.queries import ask, run_statement

NAMED = 5  # how many of the changed values a sentence names


@dataclass(frozen=True)
class Shown:
    """The values of a period at the moment `at`: how many there were, a hash of which they were, and one of all that they said."""

    at: datetime
    count: int
    keys_hash: str
    content_hash: str

    def as_json(self) -> dict[str, Any]:
        """As it is kept between two tasks."""
        return asdict(self) | {"at": self.at.isoformat()}


def from_json(kept: dict[str, Any]) -> Shown:
    """What `Shown.as_json` gave."""
    return Shown(**kept | {"at": parse_moment(kept["at"])})


def shown_now(connection: Connection, settings: Settings, period: Period) -> Shown:
    """What stands of a period at this moment. Values that a refresh computes meanwhile are waited for.

    The transaction keeps further refreshes out until it ends, so what is read in it is what was shown.
    """
    for role in sorted({item.role for item in catalogue(settings, period.last_day).values()}):
        wait_for_others(connection, role)
    return _read(connection, period)


def keep(connection: Connection, period: Period, shown: Shown, by: str) -> None:
    """Keep what an account was shown of a period, in place of what it was shown before."""
    run_statement(
        connection,
        "publication/keep_shown",
        period_kind=period.kind,
        period_start=period.start,
        by_account=by,
        shown_at=shown.at,
        value_count=shown.count,
        keys_hash=shown.keys_hash,
        content_hash=shown.content_hash,
    )


def shown_to(connection: Connection, period: Period, by: str) -> Shown | None:
    """What an account was shown last of a period; None if it was shown nothing since the newest edition."""
    rows = ask(connection, "publication/shown_to", period_kind=period.kind, period_start=period.start, by_account=by)
    return Shown(*(rows[0][column] for column in ("shown_at", "value_count", "keys_hash", "content_hash"))) if rows else None


def changed_since(connection: Connection, period: Period, publication_id: int, shown: Shown) -> str | None:
    """Which values of a new edition are not those that were shown, as a sentence in Vietnamese; None if all of them are.

    It is called in the transaction that freezes the edition.
    """
    at = f"lúc trình duyệt ({shown.at.astimezone(ZONE):%H:%M %d/%m/%Y})"
    if not shown.count:
        return f"{at} kỳ này chưa có số liệu nào được tính"
    frozen = _read(connection, period)
    if frozen.content_hash == shown.content_hash:
        return None
    changed = ask(
        connection,
        "publication/changed_since",
        publication_id=publication_id,
        period_kind=period.kind,
        period_start=period.start,
        shown_at=shown.at,
    )
    said = [f"{len(changed)} số liệu khác với {at}, nay là: {'; '.join(_named(row) for row in changed[:NAMED])}"] if changed else []
    if len(changed) > NAMED:
        said.append(f"và {len(changed) - NAMED} số liệu khác")
    if frozen.keys_hash != shown.keys_hash:
        said.append(f"có số liệu được thêm hoặc bỏ so với {at}")
    # what was computed on a machine whose clock is late cannot be named
    return "; ".join(said) or f"có số liệu khác với {at}"


def _named(row: dict[str, Any]) -> str:
    unit = row["unit_name"] or NAMES.get(row["unit_code"], row["unit_code"])
    basis = "lũy kế" if row["basis"] == "year_to_date" else "trong kỳ"
    return f"{row['indicator_name']}, {unit}, {basis}: {row['numerator']}/{row['denominator']}"


def _read(connection: Connection, period: Period) -> Shown:
    (row,) = ask(connection, "publication/shown", period_kind=period.kind, period_start=period.start)
    return Shown(now(), row["value_count"], row["keys_hash"], row["content_hash"])
