"""What is published is never changed, by whatever role; an edition begins by one function alone, which a loader may call."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cchc.settings import Settings
from cchc.warehouse import engine
from tests.support.cli import cchc, connect
from tests.support.deliveries import dossier, dossier_file
from tests.support.warehouse import rows_of

FROZEN = ("publication", "publication_value", "publication_item", "publication_unit", "publication_report", "publication_bundle")
COUNTS = " union all ".join(
    f"select '{name}' as name, count(*) as n, md5(string_agg(cast(t as text), '' order by t)) as sum from mart.{name} as t"
    for name in FROZEN
)
CLOSE = ("close", "2023-06", "--approved-by", "a tester", "--incomplete")
PASSWORD = "only-this-test"


@pytest.fixture
def loader(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """A month of one dossier; whoever works now is a login in cchc_loader and nothing else."""
    connect(monkeypatch, "one_stop", conn_type="fs", host=str(tmp_path / "drop"))
    dossier_file(tmp_path / "drop", "20230610", [dossier("H19.16.21-230605-0001")])
    with engine(warehouse).begin() as connection:
        connection.execute(text("delete from ops.dirty_month where month_start < '2023-06-01'"))
        connection.execute(text("do $$ begin create role frozen_loader; exception when duplicate_object then null; end $$"))
        connection.execute(text(f"alter role frozen_loader login password '{PASSWORD}'"))
        connection.execute(text("grant cchc_loader to frozen_loader"))
    owner = str(warehouse.warehouse_url)
    monkeypatch.setenv("CCHC_WAREHOUSE_URL", f"postgresql+psycopg://frozen_loader:{PASSWORD}@{owner.partition('@')[2]}")
    return warehouse


def test_a_loader_publishes_by_the_function_and_nobody_changes_it_afterwards(loader: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Settings.load()
    assert rows_of(mine, "select current_user as me") == [{"me": "frozen_loader"}]
    assert cchc("ingest", "one_stop", "--to", "2023-07-01").code == 0
    assert cchc("refresh", "2023-06").code == 0
    said = cchc(*CLOSE)
    assert said.code == 0, said.err
    assert [row["n"] > 0 for row in rows_of(loader, COUNTS)].count(True) >= 5
    noted = rows_of(loader, "select category, by_whom, database_login from ops.audit where action = 'publish'")
    assert noted == [{"category": "approval", "by_whom": "a tester", "database_login": "frozen_loader"}]

    before = rows_of(loader, COUNTS)
    forbidden = [
        "update mart.publication set approved_by = 'another'",
        *(f"update mart.{name} set publication_id = publication_id" for name in FROZEN[1:]),
        *(f"delete from mart.{name}" for name in FROZEN),
        *(f"truncate mart.{name} cascade" for name in FROZEN),
        *(f"insert into mart.{name} select * from mart.{name} limit 1" for name in FROZEN[1:]),
        "insert into mart.publication_unit select publication_id, 'H99', 'x', 'commune', 'commune' from mart.publication",
        "update mart.publication_value set numerator = numerator + 1",
        "merge into mart.publication_value as v using mart.publication as p on v.publication_id = p.publication_id when matched then delete",
    ]
    for settings in (mine, loader):  # the loader, and the superuser who owns the tables
        for opened in ("off", "on") if settings is mine else ("off",):  # the word of `cchc privacy rotate` works for the owner alone
            for statement in forbidden:
                with engine(settings).connect() as connection, pytest.raises(DBAPIError) as refused:
                    connection.execute(text(f"set local cchc.opens_publications = '{opened}'"))
                    connection.execute(text(statement))
                wrong = (psycopg.errors.InsufficientPrivilege, psycopg.errors.UniqueViolation)
                assert isinstance(refused.value.orig, wrong), (statement, refused.value)
    with engine(mine).connect() as connection, pytest.raises(DBAPIError, match="permission denied for table publication"):
        connection.execute(text("insert into mart.publication (plan_code) values ('p')"))
    assert rows_of(loader, COUNTS) == before
    engine(mine).dispose()


def test_an_edition_needs_a_name_and_no_other_role_begins_one(warehouse: Settings) -> None:
    call = (
        "select ops.publish_edition('p', 'month', date '2023-06-01', date '2023-07-01', 1, '{}', '{}', '{}', '{}', 'person', :by, null, "
        "now(), null)"
    )
    with engine(warehouse).connect() as connection, pytest.raises(DBAPIError, match="needs somebody who approves it"):
        connection.execute(text(call), {"by": "  "})
    for role in ("cchc_analyst", "cchc_dashboard", "cchc_unit", "cchc_web", "cchc_reader"):
        with engine(warehouse).connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
            connection.execute(text(f"set local role {role}"))
            connection.execute(text(call), {"by": "somebody"})
