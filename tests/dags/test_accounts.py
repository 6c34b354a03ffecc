"""Accounts of persons: kept as hashes, allowed at once, out at once, and let in by Airflow's own login beside its own users."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from cchc.airflow.accounts import ROLES, Accounts
from cchc.errors import NotConfigured, WrongUse
from cchc.settings import Settings
from tests.dags.conftest import Box
from tests.support.cli import cchc
from tests.support.warehouse import rows_of

PASSWORD = "a long password of a person"


def test_an_account_is_let_in_with_its_password_alone(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    accounts.put("thu", "viewer", PASSWORD)
    assert accounts.role_of("thu", PASSWORD) == "viewer"
    for name, password in (("thu", PASSWORD + "x"), ("thu", ""), ("other", PASSWORD), ("", "")):
        assert accounts.role_of(name, password) is None
    assert PASSWORD not in accounts.path.read_text()
    assert stat.S_IMODE(accounts.path.stat().st_mode) == 0o600
    accounts.put("thu", "op", PASSWORD + "2")
    assert (accounts.role_of("thu", PASSWORD), accounts.role_of("thu", PASSWORD + "2")) == (None, "op")
    accounts.remove("thu")
    assert accounts.role_of("thu", PASSWORD + "2") is None
    assert accounts.was_removed("thu")
    accounts.put("thu", "viewer", PASSWORD)
    assert not accounts.was_removed("thu")


@pytest.mark.parametrize("name", ["admin", "viewer", "Thu", "a", "x y", "thư", "../x", "a" * 70])
def test_a_name_that_is_not_allowed(tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongUse):
        Accounts(tmp_path).put(name, "viewer", PASSWORD)
    assert list(tmp_path.glob("*.json")) == []


def test_a_file_that_cannot_be_read_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "accounts.json").write_text("{")
    with pytest.raises(NotConfigured, match="Restore it from the backup"):
        Accounts(tmp_path).role_of("thu", PASSWORD)


def test_the_command_keeps_table_and_file_the_same(warehouse: Settings) -> None:
    made = cchc("account", "add", "nguyen.van.thu", "--role", "viewer", "--unit", "H19.16.21")
    assert made.code == 0, made.err
    password = made.out.rpartition(": ")[2].strip()
    accounts = Accounts(warehouse.home / "airflow")
    assert accounts.role_of("nguyen.van.thu", password) == "viewer"
    row = "select user_name, kind, role, unit_code from ops.account"
    assert rows_of(warehouse, row) == [{"user_name": "nguyen.van.thu", "kind": "airflow", "role": "viewer", "unit_code": "H19.16.21"}]
    assert cchc("account", "add", "le.thi.binh", "--role", "operator", "--password", PASSWORD).code == 0
    assert accounts.role_of("le.thi.binh", PASSWORD) == "op", "Airflow's name of the role"
    listed = cchc("account", "list").out.splitlines()[2:]
    assert [line.split()[:2] for line in listed] == [["le.thi.binh", "operator"], ["nguyen.van.thu", "viewer"]]
    changed = cchc("account", "password", "nguyen.van.thu")
    assert accounts.role_of("nguyen.van.thu", password) is None
    assert accounts.role_of("nguyen.van.thu", changed.out.rpartition(": ")[2].strip()) == "viewer"
    assert cchc("account", "remove", "nguyen.van.thu").code == 0
    assert set(accounts.read()) == {"le.thi.binh"} == {one["user_name"] for one in rows_of(warehouse, row)}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "thu"), "needs --role"),
        (("add",), "needs the name"),
        (("add", "thu", "--role", "viewer", "--unit", "H19.99"), "'H19.99' is no unit"),
        (("add", "thu", "--role", "admin", "--unit", "H19.16.21"), "confined to a unit can only see"),
        (("add", "admin", "--role", "admin"), "one of Airflow's own users"),
        (("add", "thu", "--role", "viewer", "--password", "short"), "at least 12"),
        (("password", "thu"), "there is no account 'thu'"),
        (("remove", "thu"), "there is no account 'thu'"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(warehouse: Settings, arguments: tuple[str, ...], words: str) -> None:
    said = cchc("account", *arguments)
    assert said.code == 2
    assert words in said.err
    assert rows_of(warehouse, "select 1 from ops.account") == []
    file = warehouse.home / "airflow" / "accounts.json"
    assert not file.exists() or json.loads(file.read_text())["accounts"] == {}


def test_the_name_is_taken_once(warehouse: Settings) -> None:
    assert cchc("account", "add", "thu", "--role", "viewer").code == 0
    again = cchc("account", "add", "thu", "--role", "admin")
    assert (again.code, "there is an account 'thu' already" in again.err) == (2, True)
    assert Accounts(warehouse.home / "airflow").read()["thu"].role == "viewer"


def test_airflow_lets_accounts_and_its_own_users_in(box: Box) -> None:
    """Airflow's own login and its tokens, with the auth manager that airflow.cfg names."""
    folder = box.log.parent / "airflow"  # of the Airflow of these tests
    folder.mkdir(exist_ok=True)
    accounts = Accounts(folder)
    accounts.put("thu", "op", PASSWORD)
    let_in = box.ask("log_in", name="thu", password=PASSWORD)
    assert let_in == {"name": "thu", "role": "op", "manager": "AccountsAuthManager"}
    assert box.ask("log_in", name="thu", password=PASSWORD + "x") == {"refused": 401}
    accounts.put("thu", "viewer", PASSWORD)
    assert box.ask("log_in", name="thu", password=PASSWORD)["role"] == "viewer"
    accounts.put("thu", "approver", PASSWORD)
    assert box.ask("log_in", name="thu", password=PASSWORD)["role"] == "viewer", "the name that Airflow has for it"
    own = json.loads((folder / "passwords.json").read_text())["admin"]
    assert box.ask("log_in", name="admin", password=own)["role"] == "admin"
    assert box.ask("log_in", name="admin", password=PASSWORD) == {"refused": 401}
    out = {"refused": "InvalidTokenError"}
    assert box.ask("log_in", name="thu", password=PASSWORD, put=["thu", "op", PASSWORD + "2"]) == out, "the token of before a new password"
    assert box.ask("log_in", name="thu", password=PASSWORD + "2", then="thu") == out, "out at once"
    accounts.put("thu", "viewer", PASSWORD)
    again = box.ask("log_in", name="thu", password=PASSWORD, then="thu", put=["thu", "op", PASSWORD + "2"])
    assert again == out, "the token of somebody who had an account of this name before"


SEE = ["GET", "/api/v2/dags", None]
APPROVE = ["PATCH", "/api/v2/dags/close_month/dagRuns/x/taskInstances/approval/-1/hitlDetails", {"chosen_options": ["Approve"]}]
START = ["POST", "/api/v2/dags/close_month/dagRuns", {"logical_date": None}]
SWITCH_ON = ["PATCH", "/api/v2/dags/close_month", {"is_paused": False}]
START_AGAIN = ["POST", "/api/v2/dags/close_month/clearTaskInstances", {"dry_run": False, "dag_run_id": "x"}]
CONNECTIONS = ["GET", "/api/v2/connections", None]


@pytest.mark.parametrize(
    ("role", "refused"),
    [
        ("viewer", [APPROVE, START, SWITCH_ON, START_AGAIN, CONNECTIONS]),
        ("approver", [START, SWITCH_ON, START_AGAIN, CONNECTIONS]),
        ("operator", []),
    ],
)
def test_what_each_role_may_do_in_airflow(box: Box, role: str, refused: list[list[Any]]) -> None:
    """Over Airflow's real API: 403 where the role may not; who may, is told that there is no such run."""
    folder = box.log.parent / "airflow"
    folder.mkdir(exist_ok=True)
    Accounts(folder).put(f"a.{role}", ROLES[role], PASSWORD)
    asked = [SEE, APPROVE, START, SWITCH_ON, START_AGAIN, CONNECTIONS]
    logged_in, *answers = box.ask("ask_api", name=f"a.{role}", password=PASSWORD, asked=asked)
    assert logged_in in (200, 201)
    assert [request for request, status in zip(asked, answers, strict=True) if status in (401, 403)] == refused, answers
    assert answers[0] == 200


def test_a_token_that_nobody_was_given_opens_nothing(box: Box) -> None:
    """Forged, expired, replayed, of another audience or cut off: Airflow's API and the dashboard answer 401 or 403, and lead nowhere."""
    folder = box.log.parent / "airflow"
    folder.mkdir(exist_ok=True)
    Accounts(folder).put("a.person", ROLES["viewer"], PASSWORD)
    found = box.ask("ask_with_tokens", name="a.person", password=PASSWORD, paths=["/cchc/", "/api/v2/dags"])
    assert found.pop("led to evil")[0] == 0
    for kind in ("own", "signed anew"):
        assert not {401, 403} & set(found.pop(kind)), "it is the way in"
    assert len(found) > 8
    assert {kind for kind, statuses in found.items() if set(statuses) - {401, 403}} == set(), found


def test_who_is_no_approver_any_more_approves_nothing(box: Box) -> None:
    """The account is looked up at each request, and one of another role has no part of it."""
    folder = box.log.parent / "airflow"
    folder.mkdir(exist_ok=True)
    accounts = Accounts(folder)
    accounts.put("a.person", ROLES["approver"], PASSWORD)
    assert box.ask("ask_api", name="a.person", password=PASSWORD, asked=[APPROVE])[1] == 404
    accounts.put("a.person", ROLES["viewer"], PASSWORD)
    assert box.ask("ask_api", name="a.person", password=PASSWORD, asked=[APPROVE])[1] == 403


def test_what_a_browser_is_answered(box: Box, installed: dict[str, str]) -> None:
    """No script reads the cookie of the login, no other page acts with it, logging out ends it, and who guesses waits and is told of."""
    folder = box.log.parent / "airflow"
    folder.mkdir(exist_ok=True)
    Accounts(folder).put("b.person", ROLES["operator"], PASSWORD)
    found = box.ask(
        "ask_as_browser", name="b.person", password=PASSWORD, environment={"CCHC_WAREHOUSE_URL": installed["CCHC_WAREHOUSE_URL"]}
    )
    assert found == {
        "login of own": [201, ["_token=TOKEN; Path=/; HttpOnly; SameSite=Lax"]],
        "login of own by TLS": [201, ["_token=TOKEN; Path=/; HttpOnly; SameSite=Lax; Secure"]],
        "login of a program": [201, []],
        "login of foreign": [403, []],
        "login over a dead cookie": ['_token=""; H', "_token=eyJhb"],
        "act of own": 204,
        "act of foreign": 403,
        "act of sandboxed": 403,
        "act of same site": 403,
        "frames": "SAMEORIGIN",
        "before logout": [False] * 4,
        "logout by a link of foreign": [403, 200],
        "logout by a link of same site": [403, 200],
        "logout by a link of foreign, an open line": [403, 200],
        "logout by a link of foreign, kept secret": [403, 200],
        "logout by a link of foreign, another spelling": [403, 200],
        "the page that asks": [True, "text/html; charset=utf-8", False],
        "logout": [307],
        "after logout": [True] * 4,
        "leads to": "/auth/login?next=%2Fcchc%2Funits%3Fperiod%3D2023-05",
        "wrong": [401] * 10 + [429],
        "right, too late": [429, True, "Too many wrong passwords"],
    }
    noted = rows_of(Settings.load(), "select category, action, subject, by_whom from ops.audit where category = 'login'")
    subject = "for the account b.person, from 10.2.0.9"
    assert noted == [{"category": "login", "action": "wrong passwords", "subject": subject, "by_whom": "b.person"}]
