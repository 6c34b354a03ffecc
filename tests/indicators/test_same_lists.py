"""Moments that stand for one another have the same procedures, whatever lists came, and the procedures of several days are those of each."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from cchc.indicators.known_procedures import SameLists
from cchc.settings import Settings
from cchc.warehouse import engine
from tests.support.warehouse import NewWarehouse

FIRST = datetime(2023, 1, 1, tzinfo=UTC)
SOURCES = ("one_stop", "second")
AT = "select cast(p as text) from core.procedure_at(:s, :j, :known) as p order by 1"
SPAN = "select cast(p as text) from core.procedure_span(:s, :j, :known) as p order by 1"


@pytest.fixture(scope="module")
def settings(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One warehouse; each test leaves it as it was."""
    with new_warehouse(tmp_path_factory.mktemp("lists")) as fresh:
        yield fresh


def _story(connection: Connection, chance: random.Random) -> None:
    """Some lists with some entries each, which come in any order, several of them more than once."""
    connection.execute(text("delete from core.procedure_list; delete from core.procedure_list_item"))
    for name in "abcd":
        for number in chance.sample(range(6), chance.randint(1, 5)):
            values = {
                "list_hash": name,
                "_key": str(number),
                "procedure_code": f"1.00000{number % 4}",
                "unit_code": "H19.16.22",
                "service_level": chance.randint(1, 4),
                "has_fee": chance.random() < 0.5,
                "yields_document": chance.random() < 0.5,
                "valid_from": date(2022, 1, 1) + timedelta(days=chance.randrange(700)),
                "status_code": chance.choice(["ban_hanh", "bai_bo"]),
                "valid_to": chance.choice([None, date(2023, 3, 1)]),
            }
            connection.execute(
                text(f"insert into core.procedure_list_item ({', '.join(values)}) values ({', '.join(f':{each}' for each in values)})"),
                values,
            )
    for source in SOURCES:
        for day in sorted(chance.sample(range(60), chance.randint(0, 8))):
            connection.execute(
                text("insert into core.procedure_list values (:s, :at, :hash, 1)"),
                {"s": source, "at": FIRST + timedelta(days=day), "hash": chance.choice("abcd")},
            )


def _rows(connection: Connection, statement: str, **binds: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(text(statement), binds)]


@pytest.mark.parametrize("seed", range(12))
def test_a_moment_has_the_procedures_of_the_one_that_stands_for_it(seed: int, settings: Settings) -> None:
    chance = random.Random(seed)
    moments = [FIRST + timedelta(days=day, hours=chance.choice([0, 12])) for day in range(-3, 63, 3)]
    known_at = FIRST + timedelta(days=chance.randint(20, 63))
    moments = [moment for moment in moments if moment <= known_at]
    with engine(settings).connect() as connection:
        _story(connection, chance)
        same = SameLists(connection, SOURCES).of(moments, known_at)
        assert set(same) == set(moments)
        for source in SOURCES:
            for statement in (AT, SPAN):
                for moment, first in same.items():
                    asked = {"s": source, "known": known_at}
                    assert _rows(connection, statement, j=moment, **asked) == _rows(connection, statement, j=first, **asked)
        connection.rollback()


def test_some_moments_do_stand_for_others_and_some_do_not(settings: Settings) -> None:
    shares = []
    with engine(settings).connect() as connection:
        for seed in range(12):
            _story(connection, random.Random(seed))
            moments = [FIRST + timedelta(days=day) for day in range(0, 60, 3)]
            shares.append(len(set(SameLists(connection, SOURCES).of(moments, moments[-1]).values())) / len(moments))
        connection.rollback()
    assert min(shares) < 0.3 < max(shares)


@pytest.mark.parametrize("seed", range(6))
def test_the_procedures_of_several_days_are_those_of_each_day(seed: int, settings: Settings) -> None:
    chance = random.Random(seed)
    days = [date(2022, 1, 1) + timedelta(days=each) for each in range(0, 700, 50)]
    known = FIRST + timedelta(days=62)
    with engine(settings).connect() as connection:
        _story(connection, chance)
        together = _rows(
            connection, "select * from core.procedure_in_force_on(:s, :days, :j, :j) order by 1, 2, 3", s="one_stop", days=days, j=known
        )
        alone = [
            (day, *row)
            for day in days
            for row in _rows(
                connection, "select * from core.procedure_in_force(:s, :d, :j, :j) order by 1, 2", s="one_stop", d=day, j=known
            )
        ]
        assert together == alone
        connection.rollback()
