"""A warehouse of the first release becomes one of today by `cchc init`, and every published value stays; so do the answers as known at.

`make_first_release.py` says how the dump was made, and what is left out of it.
"""

from __future__ import annotations

import json
import lzma
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cchc.period import parse_moment, parse_period
from cchc.publication.edition import in_force
from cchc.reports.scorecard import reading
from cchc.settings import Settings
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine, query
from tests.support.cli import cchc
from tests.support.environment import environment
from tests.support.warehouse import admin, rows_of

HERE = Path(__file__).parent
NAME = "first_release"
LONGEST = 500_000
# what was published: table, and the columns that the first release had
PUBLISHED = (
    "mart.publication", "mart.publication_value", "mart.publication_item", "mart.publication_report",
    "mart.restatement", "mart.restatement_item", "mart.score_766",
)  # fmt: skip
VALUES = (
    "select indicator_code, unit_code, basis, numerator, denominator, value from mart.indicator_value "
    "where period_kind = :kind and period_start = :start"
)
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def upgraded(postgres_server: postgres.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Rows]]:
    """The warehouse of the first release after `cchc init` of today, and what it had published before."""
    dump = tmp_path_factory.mktemp("dump") / "warehouse.dump"
    dump.write_bytes(lzma.decompress((HERE / f"{NAME}.dump.xz").read_bytes()))
    postgres_server.ensure_databases(NAME)
    address = ["--host", "127.0.0.1", "--port", str(postgres_server.port), "--username", postgres.SUPERUSER]
    restore = [str(postgres.binaries() / "pg_restore"), *address, "--exit-on-error", "--no-owner", "--no-privileges", "--dbname", NAME]
    subprocess.run([*restore, str(dump)], env={"PGPASSWORD": postgres_server.password}, check=True)
    home = tmp_path_factory.mktemp("upgraded")
    variables = {"CCHC_HOME": str(home), "CCHC_WAREHOUSE_URL": postgres_server.url(NAME), "CCHC_PRIVACY_KEY": "a key for tests"}
    with environment(**variables):
        settings = Settings.load()
        before = {table: published(settings, table) for table in PUBLISHED}
        said = cchc("init")
        assert said.code == 0, said.err
        yield settings, before
        engine(settings).dispose()
    admin(postgres_server, f"drop database {NAME} with (force)")


def published(settings: Settings, table: str) -> list[dict[str, Any]]:
    """Every row of a table of publications."""
    return rows_of(settings, f"select * from {table}")


def test_the_dump_is_small_and_of_the_first_release(upgraded: tuple[Settings, Rows]) -> None:
    settings, before = upgraded
    assert (HERE / f"{NAME}.dump.xz").stat().st_size < LONGEST
    first = rows_of(settings, "select name from ops.migration order by applied_at, name limit 12")
    assert first[-1]["name"] == "0013_quarantine"
    assert [(row["period_start"].isoformat(), row["edition"]) for row in before["mart.publication"]] == [
        ("2023-01-01", 1), ("2023-01-01", 2), ("2023-02-01", 1),
    ]  # fmt: skip
    assert {table: len(rows) > 0 for table, rows in before.items()} == dict.fromkeys(PUBLISHED, True)
    assert sum(bool(row["numerator"]) for row in before["mart.publication_value"]) > 100, "figures, not zeros alone"


@pytest.mark.parametrize("table", PUBLISHED)
def test_what_was_published_is_as_it_was(upgraded: tuple[Settings, Rows], table: str) -> None:
    """Row for row, in the columns that the first release had."""
    settings, before = upgraded
    columns = before[table][0].keys() if before[table] else set()
    kept = [{name: row[name] for name in columns} for row in published(settings, table)]
    assert sorted(map(repr, kept)) == sorted(map(repr, before[table]))


def test_the_editions_are_read_by_the_code_of_today(upgraded: tuple[Settings, Rows]) -> None:
    settings, before = upgraded
    with engine(settings).connect() as connection:
        for code, edition in (("2023-01", 2), ("2023-02", 1)):
            found = in_force(connection, settings, parse_period(code))
            assert found is not None
            assert (found["edition"], found["approved_by"]) == (edition, "Lê Thị Thử")
            said = cchc("scorecard", code)
            assert (said.code, said.err) == (0, "")
            stored = [row for row in before["mart.publication_value"] if row["publication_id"] == found["publication_id"]]
            shown = query(
                connection,
                "select indicator_code, unit_code, basis, numerator, denominator from mart.published_value where publication_id = :p",
                {"p": found["publication_id"]},
            )
            names = ("indicator_code", "unit_code", "basis", "numerator", "denominator")
            assert {tuple(row[name] for name in names) for row in shown} == {tuple(row[name] for name in names) for row in stored}
    listed = cchc("publications")
    assert (listed.code, listed.out.count("Lê Thị Thử")) == (0, 3)


def answers() -> dict[str, list[list[str]]]:
    """What the first release answered: period and moment, then rows of indicator, unit, basis, numerator, denominator, value, status."""
    found: dict[str, list[list[str]]] = json.loads(lzma.decompress((HERE / f"{NAME}.json.xz").read_bytes()))
    return found


@pytest.mark.parametrize("asked", sorted(answers()))
def test_answers_as_known_at_are_those_of_the_first_release(upgraded: tuple[Settings, Rows], asked: str) -> None:
    code, moment = asked.split()
    settings, period = upgraded[0], parse_period(code)
    told = {(row[0], row[1], row[2]): (number(row[3]), number(row[4]), number(row[5])) for row in answers()[asked]}
    with reading(settings, parse_moment(moment), period) as (connection, _):
        rows = query(connection, VALUES, {"kind": period.kind, "start": period.start})
    found = {
        (r["indicator_code"], r["unit_code"], r["basis"]): tuple(number(r[n]) for n in ("numerator", "denominator", "value")) for r in rows
    }
    assert len(told) > 1000
    assert sum(bool(value[0]) for value in told.values()) > 30
    assert {key: (value, found.get(key)) for key, value in told.items() if found.get(key) != value} == {}


def number(value: Any) -> Decimal | None:
    """A number of a CSV or of the warehouse, comparable."""
    return None if value in (None, "") else round(Decimal(value), 9)
