"""Who reads the dashboard, and what that person may see."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from cchc.errors import CchcError
from cchc.warehouse.queries import ask


class Forbidden(CchcError):
    """The person may not see what was asked for."""


@dataclass(frozen=True)
class Login:
    """A person as the login knows it: the name of the account, and whether it may start runs (an operator)."""

    name: str
    is_operator: bool = False


@dataclass(frozen=True)
class Person:
    """A reader and what it may see: figures are for everybody, single dossiers are not.

    `sees_everything`: dossiers of every unit, for operators and for accounts of the whole authority. `unit_code`: dossiers of this unit
    alone. Neither: figures, no dossier.
    """

    name: str
    is_operator: bool = False
    sees_everything: bool = False
    unit_code: str | None = None

    @property
    def sees_dossiers(self) -> bool:
        """Whether the person may see single dossiers of some unit."""
        return self.sees_everything or self.unit_code is not None

    def scope_of_dossiers(self, scope: str) -> str | None:
        """The scope in which this person sees the dossiers behind a figure of `scope`; None where it sees none of them.

        The person of a unit sees, behind a figure of a level or of the whole, the dossiers of its own unit.
        """
        if self.sees_everything:
            return scope
        if self.unit_code is None or (not scope_is_wide(scope) and scope != self.unit_code):
            return None
        return self.unit_code


def scope_is_wide(scope: str) -> bool:
    """Whether a scope has several units: a level, or the whole."""
    return scope == "all" or scope.startswith("level:")


def person_of(connection: Connection, login: Login) -> Person:
    """The reader of a login, as ops.account says. Of accounts that it does not know, operators see everything, and the others figures."""
    accounts = ask(connection, "dashboard/account", account=login.name)
    if not accounts:
        return Person(login.name, login.is_operator, sees_everything=login.is_operator)
    unit = accounts[0]["unit_code"]
    return Person(login.name, login.is_operator, sees_everything=unit is None, unit_code=unit)
