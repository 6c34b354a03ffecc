"""The audit log: every act that must be accounted for is in it, no role can change it, and rows go only when their category's time is over."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cchc.cli import audit as command
from cchc.settings import Settings
from cchc.warehouse import engine
from cchc.warehouse.audit import CATEGORIES, forget_old
from cchc.warehouse.redacted import without_texts
from cchc.warehouse.roles import READER_ROLE, WEB_ROLE
from tests.support.cli import cchc, connect
from tests.support.deliveries import dossier, dossier_file
from tests.support.warehouse import execute, rows_of

NUMBER = "000000000017"
CODE = "H19.16.21-230605-0001"
ACTS = "select category, action, subject, by_whom from ops.audit order by audit_id"


def acts(settings: Settings) -> list[tuple[str, str, str, str]]:
    """What is in the log."""
    return [tuple(row.values()) for row in rows_of(settings, ACTS)]


def test_the_commands_note_what_they_do(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("cchc.warehouse.audit.machine_account", lambda: "an operator")
    monkeypatch.setenv("CCHC_PDF", "off")
    connect(monkeypatch, "one_stop", conn_type="fs", host=str(tmp_path / "drop"))
    person = {"SoGiayToChuHoSo": NUMBER}
    dossier_file(tmp_path / "drop", "20230609", [dossier(CODE, **person)])
    assert cchc("ingest", "one_stop", "--to", "2023-06-20").code == 0
    dossier_file(tmp_path / "drop", "20230610", [dossier("H19.16.21-230605-0002", **person)])
    assert cchc("ingest", "one_stop", "--to", "2023-07-01").code == 0
    execute(warehouse, "delete from ops.dirty_month where month_start < '2023-06-01'")
    assert cchc("refresh").code == 0
    june = ("--period", "2023-06")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{NUMBER}\n"))
    for given in (
        ("scorecard", "2023-06"),  # figures alone: not noted
        ("sql", f"select count(*) from core.dossier where dossier_code = '{CODE}' or dossier_id = 123456789 -- {NUMBER}"),
        ("explain", "dossier", CODE),
        ("explain", "dossier_on_time_rate", *june, "--rows", "0"),  # figures alone
        ("explain", "dossier_on_time_rate", *june, "--part", "denominator"),
        ("export", "all", *june, "--format", "json"),
        ("findings", "2023-06"),  # counts alone
        ("findings", "2023-06", "--rows", "5"),
        ("quarantine", "list"),  # counts alone
        ("quarantine", "show"),
        ("close", "2023-06", "--approved-by", "Trần Thị Giả Định", "--incomplete"),
        ("withdraw", "--file", "dossiers_20230610.ndjson", "--reason", "a test", "--by", "somebody"),
        ("privacy", "erase", "--reason", "a letter", "--yes", "--by", "an official"),
        ("user", "add", "audited_lan", "--role", "analyst", "--by", "the chief"),
        ("user", "remove", "audited_lan"),
    ):
        said = cchc(*given)
        assert said.code == 0, (given, said.err)
    monkeypatch.setenv("CCHC_PRIVACY_KEY", "another key for tests")
    assert cchc("privacy", "rotate").code == 0
    found = acts(warehouse)
    assert [(category, action, by) for category, action, _, by in found] == [
        ("sql", "cchc sql", "an operator"),
        ("look", "cchc explain dossier", "an operator"),
        ("look", "cchc explain", "an operator"),
        ("export", "cchc export", "an operator"),
        ("look", "cchc findings", "an operator"),
        ("look", "cchc quarantine show", "an operator"),
        ("approval", "publish", "Trần Thị Giả Định"),
        ("withdrawal", "withdraw", "somebody"),
        ("erasure", "privacy erase", "an official"),
        ("account", "user add", "the chief"),
        ("account", "user remove", "an operator"),
        ("key", "privacy rotate", "an operator"),
    ]
    assert found[0][2] == "select count(*) from core.dossier where dossier_code = '…' or dossier_id = … '…'"
    assert found[6][2] == "month from 2023-06-01, edition 1, by person"
    assert NUMBER not in str(found)
    table = cchc("audit", "--category", "look", "--rows", "1").out
    assert "cchc quarantine show" in table and "explain" not in table
    assert (
        cchc("audit", "--by", "the chief", "--format", "csv")
        .out.splitlines()[1]
        .endswith("user add,audited_lan: analyst,the chief,postgres")
    )
    assert cchc("audit", "--since", "2100-01-01").out == "nothing of that kind was done\n"
    assert command.CATEGORIES == CATEGORIES
    assert {row["category"] for row in rows_of(warehouse, "select category from ops.audit_category")} == set(CATEGORIES)


def test_an_act_that_fails_is_not_noted_as_done(warehouse: Settings) -> None:
    said = cchc("close", "2023-06", "--approved-by", "somebody")
    assert said.code != 0
    assert cchc("user", "add", "nobody_else", "--role", "unit", "--unit", "H99").code == 2
    assert acts(warehouse) == []


def test_where_nothing_can_be_noted_nothing_is_shown(warehouse: Settings) -> None:
    execute(warehouse, "drop function ops.audited(text, text, text, text)")
    said = cchc("sql", "select 17 + 4 as answer")
    assert said.code == 1
    assert "21" not in said.out and "ops.audited" in said.err


def test_nobody_changes_the_log(warehouse: Settings) -> None:
    assert cchc("sql", "select 1").code == 0
    statements = (
        "update ops.audit set by_whom = 'another'",
        "delete from ops.audit",
        "truncate ops.audit",
        "update ops.audit_category set keep_days = 1",
        "insert into ops.audit (happened_at, category, action, subject, by_whom, database_login) values (now(), 'sql', 'x', 'x', 'x', 'x')",
    )
    before = rows_of(warehouse, ACTS)
    roles = ("cchc_loader", "cchc_analyst", "cchc_dashboard", "cchc_unit", WEB_ROLE, READER_ROLE)
    for role in roles:
        for statement in statements:
            with engine(warehouse).connect() as connection:
                connection.execute(text(f"set role {role}"))
                with pytest.raises(DBAPIError) as refused:
                    connection.execute(text(statement))
                assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege), (role, statement)
    for statement in statements[:3]:  # the owner, who may everything else
        with engine(warehouse).connect() as connection, pytest.raises(DBAPIError, match="ops.audit is only added to"):
            connection.execute(text(statement))
    with engine(warehouse).connect() as connection, pytest.raises(DBAPIError, match="audit_category_keep_ck"):
        connection.execute(text(statements[3]))
    assert rows_of(warehouse, ACTS) == before


@pytest.mark.parametrize("role", ["cchc_loader", WEB_ROLE])
def test_who_may_add_cannot_choose_the_time_or_the_login(warehouse: Settings, role: str) -> None:
    with engine(warehouse).begin() as connection:
        connection.execute(text(f"set local role {role}"))
        connection.execute(text("select ops.audited('look', 'a page', 'a dossier', 'lan')"))
    row = rows_of(warehouse, "select database_login, now() - happened_at < interval '1 minute' as is_now, by_whom from ops.audit")
    assert row == [{"database_login": "postgres", "is_now": True, "by_whom": "lan"}]
    for other in ("cchc_analyst", "cchc_dashboard", "cchc_unit"):
        if other == "cchc_analyst" and role == WEB_ROLE:
            continue
        with engine(warehouse).connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
            connection.execute(text(f"set local role {other}"))
            connection.execute(text("select ops.audited('look', 'a page', 'a dossier', 'lan')"))


def test_rows_go_when_the_time_of_their_category_is_over(warehouse: Settings) -> None:
    execute(
        warehouse,
        "insert into ops.audit (happened_at, category, action, subject, by_whom, database_login) "
        "select now() - make_interval(days => c.keep_days + d), c.category, 'x', cast(d as text), 'x', 'x' "
        "from ops.audit_category as c cross join (values (-1), (1)) as v (d)",
    )
    assert forget_old(warehouse) == len(CATEGORIES)
    assert rows_of(warehouse, "select distinct subject from ops.audit") == [{"subject": "-1"}]
    assert forget_old(warehouse) == 0


@pytest.mark.parametrize(
    ("statement", "kept"),
    [
        ("select 'Nguyễn ''A''' , x", "select '…' , x"),
        ("select $$a$$, $t$b$t$ from t", "select '…', '…' from t"),
        ("select 1 /* 0901234567 */ -- 079\n from t", "select 1 '…' '…' from t"),
        ("select 079085000017, 12345, h19_230605", "select …, 12345, h19_230605"),
        ("select 'not closed 079085000017", "select '…'"),
        (json.dumps({"a": 1}), '{"a": 1}'),
    ],
)
def test_a_statement_is_kept_without_texts_and_long_numbers(statement: str, kept: str) -> None:
    assert without_texts(statement) == kept
