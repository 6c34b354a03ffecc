"""The scope of a value: a unit (its code), a level (`level:…`), or the whole authority (`all`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, text

from cchc.authority import authority
from cchc.errors import WrongUse
from cchc.near import near, plain
from cchc.reference.plan import DISTRICT

# the Vietnamese name of the whole and of each level
NAMES = authority().scope_names()


def known_scope(connection: Connection, scope: str) -> None:
    """Raise WrongUse if a scope is neither a unit, nor a level that has units, nor `all`."""
    units = _units(connection)
    levels = connection.execute(text("select distinct 'level:' || level from core.unit_span order by 1")).scalars()
    scopes = [*units, *(str(level) for level in levels), "all"]
    if scope not in scopes:
        hint = _nearest(scope, units) or near(scope, scopes)
        raise WrongUse(f"'{scope}' is no unit; a unit code such as {DISTRICT}.3, {authority().scope_words}{hint}")


def known_unit(connection: Connection, code: str) -> None:
    """Raise WrongUse if there is no unit of this code."""
    units = _units(connection)
    if code not in units:
        raise WrongUse(f"'{code}' is no unit; a unit code such as {DISTRICT}.3{_nearest(code, units) or near(code, units)}")


def _units(connection: Connection) -> dict[str, str]:
    """The name of each unit by its code."""
    return {str(code): str(name) for code, name in connection.execute(text("select unit_code, name from core.unit order by unit_code"))}


def _nearest(name: str, units: Mapping[str, str]) -> str:
    """The hint for somebody who gave the name of a unit, whole or in part, instead of its code; empty where no unit is called so."""
    wanted = plain(name)
    called = [code for code, known in units.items() if len(wanted) > 2 and wanted in plain(known)]
    return "; did you mean " + " or ".join(f"{code!r} ({units[code]})" for code in called[:3]) + "?" if called else ""


def scope_name(connection: Connection, scope: str, day: date) -> str:
    """The Vietnamese name of a scope on a day."""
    name = connection.execute(text("select name from core.unit_at(:d) where unit_code = :u"), {"u": scope, "d": day}).scalar()
    return str(name or NAMES.get(scope, scope))


def scope_condition(scope: str, unit: str, level: str) -> str:
    """An SQL condition that is true for the rows of a scope. It uses the bind value `:scope`.

    Arguments: `unit` and `level`, SQL expressions of the unit code and of its level.
    """
    if scope == "all":
        return "true"
    return f"'level:' || {level} = :scope" if scope.startswith("level:") else f"{unit} = :scope"
