"""The scope of a value: a unit (its code), a level (`level:…`), or the whole authority (`all`)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, text

from cchc.errors import WrongUse
from cchc.reference.plan import DISTRICT

NAMES = {"all": "Toàn huyện", "level:district": "Cấp huyện", "level:commune": "Cấp xã", "level:ward": "Cấp phường"}


def known_scope(connection: Connection, scope: str) -> None:
    """Raise WrongUse if a scope is neither a unit, nor a level that has units, nor `all`."""
    found = connection.execute(
        text(
            "select 1 from (select unit_code from core.unit union select 'level:' || level from core.unit_span union select 'all') as s "
            "where unit_code = :u"
        ),
        {"u": scope},
    ).scalar()
    if found is None:
        raise WrongUse(f"'{scope}' is no unit; a unit code such as {DISTRICT}.3, level:district, level:commune, or all")


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
