"""`cchc account add | list | password | remove`: the accounts of persons for Airflow's pages and the dashboard."""

from __future__ import annotations

import argparse
import secrets

from cchc.cli.arguments import Add
from cchc.cli.printing import cell, print_table
from cchc.errors import WrongUse
from cchc.settings import Settings

ACTIONS = ("add", "list", "password", "remove")
ROLES = ("viewer", "approver", "operator", "admin")


def register(add: Add) -> None:
    """Add the command."""
    account = add("account", _account, "accounts of persons for Airflow and the dashboard: add, list, password, remove")
    account.add_argument("action", choices=ACTIONS)
    account.add_argument("name", nargs="?", help="with which the person logs in, for example nguyen.van.thu")
    account.add_argument("--role", choices=ROLES, help="viewer sees, approver also approves, operator also runs, admin may all")
    account.add_argument("--unit", metavar="CODE", help="the unit whose dossiers alone the person sees; default: every unit")
    account.add_argument("--password", help="at least 12 characters; default: one is made and printed once")


def _account(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    if options.action == "list":
        return _list(settings)
    if not options.name:
        raise WrongUse(f"`cchc account {options.action}` needs the name of the account")
    if options.action == "remove":
        from cchc.embedded import accounts

        accounts.remove(settings, options.name)
        print(f"{options.name} is removed, and is logged out where it was logged in")
        return 0
    return _set(options, settings)


def _set(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.embedded import accounts

    password = options.password or secrets.token_urlsafe(15)
    if options.action == "add":
        if not options.role:
            raise WrongUse("`cchc account add` needs --role viewer, approver, operator or admin")
        accounts.add(settings, options.name, options.role, options.unit, password)
        print(f"{options.name} is added as {options.role}" + (f", for {options.unit} alone" if options.unit else ""))
    else:
        if options.role or options.unit:
            raise WrongUse("`cchc account password` changes the password alone; remove the account and add it for another role or unit")
        accounts.change_password(settings, options.name, password)
        print(f"{options.name} has another password")
    if not options.password:
        print(f"Password (shown this once): {password}")
    return 0


def _list(settings: Settings) -> int:
    from cchc.embedded import accounts

    columns = ["user_name", "role", "unit_code", "added_at", "added_by"]
    rows = [[cell(row[column]) for column in columns] for row in accounts.listed(settings)]
    print_table(["name", "role", "unit", "added", "added by"], rows, ["added by", "added"])
    return 0
