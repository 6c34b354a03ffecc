"""The accounts of persons, in both places: ops.account (who, with which role, of which unit) and the file that Airflow's login reads.

The file lies in CCHC_HOME/airflow, for the embedded installation and for docker-compose alike.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from cchc.airflow.accounts import ROLES, Accounts
from cchc.errors import WrongUse
from cchc.near import near
from cchc.period import now
from cchc.reference.scopes import known_unit
from cchc.settings import Settings
from cchc.warehouse import engine, owning, query
from cchc.warehouse.audit import machine_account, note

SHOWN = {airflow: ours for ours, airflow in ROLES.items()}


def add(settings: Settings, name: str, role: str, unit: str | None, password: str) -> None:
    """Add an account. Raises WrongUse if there is one of this name, or if name, role, unit or password are not allowed."""
    with owning(settings) as connection:
        if unit is not None:
            known_unit(connection, unit)
        if unit is not None and role != "viewer":
            raise WrongUse(f"an account that is confined to a unit can only see: --role viewer, not {role}")
        if _is_there(connection, name):
            raise WrongUse(f"there is an account '{name}' already; `cchc account password {name}` changes its password")
        connection.execute(
            text(
                "insert into ops.account (user_name, kind, role, unit_code, added_at, added_by) "
                "values (:name, 'airflow', :role, :unit, :now, :by)"
            ),
            {"name": name, "role": ROLES[role], "unit": unit, "now": now(), "by": machine_account()},
        )
        note(connection, "account", "account add", f"{name}: {role}{f', unit {unit}' if unit else ''}")
        _file(settings).put(name, ROLES[role], password)  # last: if it fails, the row is taken back


def change_password(settings: Settings, name: str, password: str) -> None:
    """Give an account another password. Raises WrongUse if there is none of this name, or if the password is too short."""
    with owning(settings) as connection:
        _require(connection, name)
        role = query(connection, "select role from ops.account where kind = 'airflow' and user_name = :n", {"n": name})[0]["role"]
        note(connection, "account", "account password", name)
    _file(settings).put(name, role, password)


def remove(settings: Settings, name: str) -> None:
    """Remove an account. Raises WrongUse if there is none of this name."""
    with owning(settings) as connection:
        _require(connection, name)
        connection.execute(text("delete from ops.account where kind = 'airflow' and user_name = :n"), {"n": name})
        note(connection, "account", "account remove", name)
        file = _file(settings)
        if name in file.read():
            file.remove(name)


def listed(settings: Settings) -> list[dict[str, Any]]:
    """The accounts by name, with the role as `cchc account` calls it."""
    with engine(settings).connect() as connection:
        rows = query(connection, "select * from ops.account where kind = 'airflow' order by user_name")
    return [row | {"role": SHOWN.get(row["role"], row["role"])} for row in rows]


def cannot_log_in(settings: Settings) -> str | None:
    """A sentence about accounts that stand in the warehouse and not in the file that Airflow's login reads; None where there are none.

    Raises NotConfigured where the file cannot be read: then nobody of it is let in.
    """
    accounts = Accounts(settings.home / "airflow")
    known = accounts.read()
    lost = [row["user_name"] for row in listed(settings) if row["user_name"] not in known]
    if not lost:
        return None
    return (
        f"{', '.join(lost)} cannot log in: {accounts.path} does not have them. Restore it from the backup, or give each a new password: "
        f"`cchc account password {lost[0]}`"
    )


def _file(settings: Settings) -> Accounts:
    folder = settings.home / "airflow"
    folder.mkdir(parents=True, exist_ok=True)
    return Accounts(folder)


def _is_there(connection: Connection, name: str) -> bool:
    return bool(query(connection, "select 1 from ops.account where kind = 'airflow' and user_name = :n", {"n": name}))


def _require(connection: Connection, name: str) -> None:
    if not _is_there(connection, name):
        known = [row["user_name"] for row in query(connection, "select user_name from ops.account where kind = 'airflow'")]
        raise WrongUse(f"there is no account '{name}'{near(name, known)}")
