"""`cchc user add | list | remove`: logins of persons on the warehouse, for psql and tools of BI."""

from __future__ import annotations

import argparse
import getpass
import sys

from cchc.cli.arguments import Add
from cchc.cli.printing import print_columns
from cchc.errors import WrongUse
from cchc.settings import Settings

ROLES = ("analyst", "dashboard", "unit")
ROLE_HELP = (
    "analyst: mart and core; dashboard: mart alone; unit: mart, of single dossiers, payments and feedback those of --unit alone "
    "(docs/guides/roles.md)"
)


def register(add: Add) -> None:
    """Add the command."""
    user = add("user", _user, "logins of persons on the warehouse, for psql, DBeaver, Power BI …: add, list, remove")
    user.add_argument("action", choices=("add", "list", "remove"))
    user.add_argument("name", nargs="?", metavar="NAME", help="small letters, digits and _")
    user.add_argument("--role", choices=ROLES, help=ROLE_HELP)
    user.add_argument("--unit", metavar="CODE", help="of --role unit: the unit whose dossiers the login sees")
    user.add_argument("--anew", action="store_true", help="the account is there: give it a new password, role and unit")
    user.add_argument("--by", default=getpass.getuser(), metavar="WHO", help="who does it (default: your account on this machine)")


def _user(options: argparse.Namespace, settings: Settings) -> int:
    if options.action == "list":
        return _list(settings)
    if options.name is None:
        raise WrongUse(f"`cchc user {options.action}` needs NAME")
    return _add(options, settings) if options.action == "add" else _remove(options, settings)


def _add(options: argparse.Namespace, settings: Settings) -> int:
    """Make the login and print all that a person needs to connect; the password is shown this once."""
    from cchc.warehouse import accounts

    if options.role is None:
        raise WrongUse(f"`cchc user add` needs --role: {', '.join(ROLES)}")
    login = accounts.add(settings, options.name, options.role, options.unit, options.by, anew=options.anew)
    of = f", unit {options.unit}" if options.unit else ""
    print(f"The login {login.user} is made: role {options.role}{of}. Its password is shown this once and kept nowhere.\n")
    for word, value in (
        ("Host", login.host),
        ("Port", login.port),
        ("Database", login.database),
        ("User", login.user),
        ("Password", login.password),
        ("URL", login.url),
        ("psql", login.psql),
    ):
        print(f"  {word:<9} {value}")
    if accounts.is_on_this_machine_alone(settings):
        print(
            "\nPostgreSQL listens on this machine alone. From another one, open a tunnel first, then connect to the address above there:\n"
            f"  ssh -N -L {login.port}:{login.host}:{login.port} YOU@THIS-MACHINE"
        )
    print("\nWhat there is to read, and how each tool is set up: docs/guides/analysts.md")
    return 0


def _list(settings: Settings) -> int:
    from cchc.warehouse import accounts

    rows = accounts.listed(settings)
    if not rows:
        print("nobody has a login yet; `cchc user add NAME --role analyst` makes one")
        return 0
    print_columns(["user_name", "role", "unit_code", "unit_name", "added_at", "added_by"], rows)
    for row in rows:
        if not row["has_login"]:
            print(f"{row['user_name']} cannot log in: this server lacks its login; `cchc user add … --anew` makes it", file=sys.stderr)
    return 0


def _remove(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.warehouse import accounts

    accounts.remove(settings, options.name)
    print(f"The login {options.name} is removed; nobody can connect with it any more.")
    return 0
