"""Deliveries of a source loaded in any order, some of them twice, end in the same rows: those of the order in which they were made.

Each example is a small made-up history of the one-stop software: what its dossiers, steps, assessments, procedures and lists of keys are
at each T. Every delivery is extracted, staged and validated once, through the pipeline's own steps; then the same deliveries are published
in two orders, each in a transaction that is rolled back, and every row of core and mart is compared, also as known at each T.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from cchc.period import ZONE
from cchc.pipeline import ingest as pipeline
from cchc.publication.known_at import rewind
from cchc.runs import extracts
from cchc.settings import Settings
from cchc.sources.connection import Connection as Access
from cchc.sources.profile import load_profile
from cchc.warehouse import engine
from tests.support.source_server import Source, serving
from tests.support.warehouse import NewWarehouse, execute, rows_of

SOURCE = "one_stop"
FIRST = datetime(2023, 6, 2, tzinfo=ZONE)
MONTHS = ("2023-05", "2023-06")
DOSSIERS = 8
EXAMPLES = int(os.environ.get("CCHC_ORDER_EXAMPLES", "0"))  # by hand: more of them, and others each time
ORDERS = 4 if EXAMPLES else 2  # beside that of T, of each history
# What two orders may differ in: the numbers of loads. Everything else of core and mart is compared, the moments of knowing included.
LEFT_OUT = ("_load_id",)
# A delivery in two windows has two T's, and these columns are moments of knowing. Lists are asked for at each T, so their tables have more rows.
MOMENTS = ("_load_id", "_first_seen_at", "first_seen_at", "deleted_at")
OF_LISTS = ("core.dossier_key", "core.dossier_key_month", "core.procedure_list", "core.procedure_list_item")
TABLES = "select schemaname || '.' || tablename from pg_tables where schemaname in ('core', 'mart') order by 1"


@dataclass(frozen=True)
class Dossier:
    """How a dossier stands at a T: its record (None: no window returns it), and what the list of its month says of it."""

    status: int | None
    changed: int  # days after FIRST
    listed: str  # listed, deleted, gone
    step: int | None = None  # status of its step


@dataclass(frozen=True)
class Delivery:
    """What the source answers at one T, and from which day on its window asks (None: everything)."""

    day: int
    since: int | None
    dossiers: tuple[Dossier, ...]
    procedures: tuple[int, ...]
    assessment: str
    months: tuple[str, ...] = MONTHS

    @property
    def known_at(self) -> datetime:
        """T."""
        return FIRST + timedelta(days=self.day)


def _stamp(day: int) -> str:
    return (FIRST + timedelta(days=day)).strftime("%Y%m%d%H%M%S")


@st.composite
def _lives(draw: st.DrawFn, days: list[int]) -> list[Dossier]:
    """One dossier at each T. Its change time never goes back, and once it is there every window that holds its change time has it."""
    born, steps_from = draw(st.integers(0, len(days) - 1)), draw(st.integers(0, len(days)))
    changed, life = 0, []
    for place, day in enumerate(days):
        changed = max(changed, draw(st.integers(0, day - 1)))
        status, step = draw(st.sampled_from([4, 9])), draw(st.sampled_from([2, 6]))
        listed = draw(st.sampled_from(["listed", "listed", "deleted", "gone"]))
        life.append(Dossier(status if place >= born else None, changed, listed, step if place >= max(born, steps_from) else None))
    return life


@st.composite
def histories(draw: st.DrawFn) -> list[Delivery]:
    """Three deliveries of some dossiers, which are received in one of two months."""
    days = sorted(draw(st.lists(st.integers(1, 9), min_size=3, max_size=3, unique=True)))
    lives = [draw(_lives(days)) for _ in range(DOSSIERS)]
    return [
        Delivery(
            day,
            None if place == 0 else draw(st.one_of(st.none(), st.integers(0, day - 1))),
            tuple(life[place] for life in lives),
            tuple(sorted(draw(st.lists(st.integers(1, 3), max_size=2, unique=True)))),
            draw(st.sampled_from(["hai_long", "khong_hai_long"])),
            draw(st.sampled_from([MONTHS, MONTHS, MONTHS[1:]])),
        )
        for place, day in enumerate(days)
    ]


@dataclass
class Answers:
    """The source on the loopback address, at one delivery."""

    source: Source = field(default_factory=Source)

    def stand_at(self, delivery: Delivery) -> None:
        """Answer as the delivery says from now on."""
        records = {name: list(self._records(delivery, name)) for name in ("dossiers", "dossier_steps", "procedures", "assessments")}
        keys: dict[str, list[Any]] = {month: [] for month in MONTHS}
        for number, dossier in enumerate(delivery.dossiers):
            if dossier.listed != "gone":
                keys[MONTHS[number % 2]].append({"MaHoSo": f"D{number}", "DeletedOn": _stamp(0) if dossier.listed == "deleted" else ""})

        def answer(path: str, query: dict[str, str]) -> Any:
            if path == "/api/dossiers/keys":
                return {"data": keys[query["month"]]}
            found = records[path.rpartition("/")[2]]
            return {"total": len(found), "data": found, "next_cursor": None}

        self.source.answer = answer

    @staticmethod
    def _records(delivery: Delivery, entity: str) -> Iterator[dict[str, Any]]:
        since = -1 if delivery.since is None else delivery.since
        if entity == "procedures":
            for number in delivery.procedures:
                yield {
                    "MaTTHC": f"1.00000{number}", "TenTTHC": "Thủ tục thử nghiệm", "MaLinhVuc": "LV1", "TenLinhVuc": "Lĩnh vực thử",
                    "CapThucHien": "xa", "MaDonVi": "H19.16.21", "MucDo": "4", "HieuLucTu": "20230101000000", "TrangThai": "cong_khai",
                }  # fmt: skip
        for number, dossier in enumerate(delivery.dossiers):
            if dossier.changed < since:
                continue
            received = f"2023{MONTHS[number % 2][-2:]}01080000"
            if entity == "dossiers" and dossier.status is not None:
                yield {
                    "MaHoSo": f"D{number}", "MaTTHC": "1.000001", "MaLinhVuc": "LV1", "MaDonVi": "H19.16.21", "KenhThucHien": "1",
                    "MucDo": "4", "NgayTiepNhan": received, "NgayHenTra": "20230610170000",
                    "NgayKetThucXuLy": "20230609100000" if dossier.status == 9 else "", "NgayTra": "",
                    "TrangThaiHoSo": str(dossier.status), "TaiLieuNop": [], "DanhSachGiayToKetQua": [], "DanhSachHoSoBoSung": [],
                    "NgaySuaCuoi": _stamp(dossier.changed),
                }  # fmt: skip
            if entity == "dossier_steps" and dossier.step is not None:
                yield {
                    "MaBuoc": f"B{number}", "MaHoSo": f"D{number}", "HanhDong": "xu_ly", "TrangThaiHoSo": str(dossier.step),
                    "NgayThucHien": received, "NgaySuaCuoi": _stamp(dossier.changed),
                }  # fmt: skip
        if entity == "assessments" and since <= 0:
            yield {
                "MaDanhGia": "G1", "MaHoSo": "", "MaDonVi": "H19.16.21", "ThoiGianDanhGia": _stamp(0), "DanhGia": delivery.assessment,
                "NgaySuaCuoi": _stamp(0),
            }  # fmt: skip


class Publisher:
    """One warehouse in which deliveries are staged and validated, and published in orders of choice."""

    def __init__(self, settings: Settings, url: str, answers: Answers) -> None:
        self.settings, self.answers = settings, answers
        self.access = Access(SOURCE, url, *answers.source.secret)
        self.profile = load_profile(settings.sources_dir, SOURCE)

    def prepare(self, delivery: Delivery) -> int:
        """Extract, stage and validate a delivery as an ingest does. Returns the number of its extract, which is not yet loaded."""
        self.answers.stand_at(delivery)
        since = None if delivery.since is None else FIRST + timedelta(days=delivery.since)
        extract_id = pipeline.open_extract(self.settings, SOURCE, since, delivery.known_at, full=since is None)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pipeline, "_first_month", lambda *_: delivery.months[0])
            pipeline.extract_step(self.settings, extract_id, self.access)
        pipeline.stage_step(self.settings, extract_id)
        assert pipeline.validate_step(self.settings, extract_id) == []
        return extract_id

    def publish(
        self, order: Sequence[int], moments: Sequence[datetime], without: Sequence[str] = LEFT_OUT
    ) -> dict[str, dict[str, list[str]]]:
        """Load extracts in an order. Returns every row of core and mart by table, as it is then and as known at each moment."""
        with engine(self.settings).connect() as connection:
            transaction = connection.begin()
            for extract_id in order:
                connection.execute(text("discard temp"))
                pipeline.publish(connection, self.settings, self.profile, extract_id, [])
            found = {"now": _rows(connection, without)}
            for moment in moments:
                connection.execute(text("discard temp"))
                with connection.begin_nested() as past:
                    rewind(connection, self.settings, moment)
                    found[f"known at {moment:%d %b}"] = _rows(connection, without)
                    past.rollback()
            transaction.rollback()
        return found

    def forget(self) -> None:
        """Remove what was staged, for the next example."""
        for row in rows_of(
            self.settings, "select tablename as name from pg_tables where schemaname = 'staging' and tablename like 'extract%'"
        ):
            execute(self.settings, f"drop table staging.{row['name']} cascade")
        execute(self.settings, "truncate ops.extract, ops.load, ops.coverage, ops.quarantine, ops.load_field cascade")


def _rows(connection: Connection, without: Sequence[str]) -> dict[str, list[str]]:
    found = {}
    for table in connection.execute(text(TABLES)).scalars().all():
        rows = connection.execute(text(f"select cast(to_jsonb(t) - cast(:w as text[]) as text) from {table} as t"), {"w": list(without)})
        found[table] = sorted(rows.scalars())
    found["known_at"] = [str(row) for row in connection.execute(text("select * from ops.source_clock order by 1"))]
    missing = text("select cast(to_jsonb(m) - cast(:w as text[]) as text) from ops.missing_key as m")
    found["ops.missing_key"] = sorted(connection.execute(missing, {"w": list(without)}).scalars())
    return found


def differences(left: dict[str, dict[str, list[str]]], right: dict[str, dict[str, list[str]]]) -> dict[str, list[str]]:
    """By moment and table the rows that only one side has."""
    return {
        f"{moment}: {table}": sorted(set(rows) ^ set(right[moment][table]))
        for moment, tables in left.items()
        for table, rows in tables.items()
        if rows != right[moment][table]
    }


@pytest.fixture(scope="module")
def publisher(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    """One warehouse and one source for all examples. Opening an extract ends none before it: all wait to be loaded."""
    answers = Answers()
    with new_warehouse(tmp_path_factory.mktemp("order")) as settings, serving(answers.source) as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(extracts, "supersede", lambda *_: None)
        patch.setattr(extracts, "_give_up", lambda *_: None)
        patch.setattr(extracts, "sweep_staging", lambda *_: [])
        yield Publisher(settings, url, answers)


def thoroughly(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """As many examples as are asked for by hand, otherwise few, and the same each time."""
    return hypothesis.settings(
        max_examples=EXAMPLES or examples,
        derandomize=not EXAMPLES,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),  # shrinking takes minutes
        report_multiple_bugs=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )


@hypothesis.given(history=histories(), data=st.data())
@thoroughly(3)
def test_any_order_and_repetition(publisher: Publisher, history: list[Delivery], data: st.DataObject) -> None:
    again = data.draw(st.sampled_from(range(len(history))), "repeated")
    made = [publisher.prepare(delivery) for delivery in [*history, history[again]]]
    moments = [delivery.known_at for delivery in history[:-1]]
    expected = publisher.publish(made[:-1], moments)
    for order in data.draw(st.lists(st.permutations(made), min_size=ORDERS, max_size=ORDERS, unique_by=tuple), "orders"):
        assert differences(expected, publisher.publish(order, moments)) == {}
    publisher.forget()


@hypothesis.given(history=histories(), data=st.data())
@thoroughly(2)
def test_one_delivery_in_two_windows(publisher: Publisher, history: list[Delivery], data: st.DataObject) -> None:
    """Split or merged: the same records with the same change times, whichever part comes first, and the same dossiers count."""
    last = history[-1]
    # an end after T is refused (K5), and a part has an earlier T, so here no dossier has ended
    whole = replace(last, since=None, dossiers=tuple(replace(each, status=each.status and 4) for each in last.dossiers))
    cut = data.draw(st.integers(1, whole.day - 1), "cut")
    made = [publisher.prepare(each) for each in (whole, replace(whole, day=cut), replace(whole, since=cut))]
    expected, *others = (publisher.publish(order, [], MOMENTS) for order in (made[:1], made[1:], made[:0:-1], made, made[::-1]))
    for found in others:
        for tables in (expected, found):
            for table in OF_LISTS:
                tables["now"].pop(table, None)
        assert differences(expected, found) == {}
    publisher.forget()
