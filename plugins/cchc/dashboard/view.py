"""What the reader chose: period, basis, scope, edition or moment, and language.

It stands in the address, so every view can be sent as a link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, urlencode

from sqlalchemy import Connection

from cchc.dashboard.words import LANGUAGES
from cchc.errors import WrongUse
from cchc.period import BASES, KINDS, Period, parse_moment, parse_period
from cchc.reference.scopes import NAMES, known_scope
from cchc.warehouse.queries import ask

WIDE_SCOPES = tuple(NAMES)  # the whole first
DEFAULT_BASIS = "year_to_date"
ANY_SOURCE = "-"  # in the address of a dossier where the page that leads to it does not know its source


class NothingComputed(WrongUse):
    """No period was ever computed: there is nothing to show yet."""


@dataclass(frozen=True)
class View:
    """The choices of the reader. `edition`: a published edition of the period; `known_at`: a past moment; neither: as known now."""

    period: Period
    basis: str = DEFAULT_BASIS
    scope: str = "all"
    edition: int | None = None
    known_at: datetime | None = None
    language: str = "vi"
    base: str = ""

    @property
    def is_now(self) -> bool:
        """Whether the view shows what is known now."""
        return self.edition is None and self.known_at is None

    def link(self, path: str = "/", **choices: Any) -> str:
        """The address of a page with the choices of this view; `choices` are changed or added, None takes one away.

        `period`, `basis`, `scope`, `edition`, `known_at` and `lang` are those of the view; every other name is a parameter of the page.
        """
        kept: dict[str, Any] = {
            "period": self.period.code,
            "scope": None if self.scope == "all" else self.scope,
            "basis": None if self.basis == DEFAULT_BASIS else self.basis,
            "edition": self.edition,
            "known_at": self.known_at.isoformat() if self.known_at else None,
            "lang": None if self.language == LANGUAGES[0] else self.language,
        }
        return address(self.base, path, kept | choices)

    def dossier(self, dossier_code: str, source: str = ANY_SOURCE, **choices: Any) -> str:
        """The address of a dossier. Its code is a source's own text, so it is quoted."""
        return self.link(f"/dossiers/{quote(source, safe='')}/{quote(dossier_code, safe='')}", **choices)

    def with_scope(self, scope: str) -> View:
        """The same view of another scope."""
        return replace(self, scope=scope)


def address(base: str, path: str, parameters: Mapping[str, Any]) -> str:
    """A path below the dashboard with its parameters; those that are None are left out."""
    written = urlencode({name: value for name, value in parameters.items() if value is not None})
    return f"{base}{path}" + (f"?{written}" if written else "")


def read_view(connection: Connection, asked: Mapping[str, str], base: str) -> View:
    """The view that an address asks for. What it does not say has a default: the newest month that is over, the year to date, the whole.

    Raises WrongUse for a choice that does not exist, NothingComputed where no period was ever computed.
    """
    period = parse_period(asked["period"]) if asked.get("period") else newest_period(connection)
    scope = asked.get("scope") or "all"
    known_scope(connection, scope)
    basis = asked.get("basis") or DEFAULT_BASIS
    if basis not in BASES:
        raise WrongUse(f"'{basis}' is no basis; {' or '.join(BASES)}")
    edition = asked.get("edition") or None
    if edition is not None and not (edition.isascii() and edition.isdigit() and len(edition) < 6):
        raise WrongUse(f"'{edition}' is no edition; a number such as 1")
    moment = parse_moment(asked["known_at"].replace(" ", "+")) if asked.get("known_at") and edition is None else None
    return View(period, basis, scope, int(edition) if edition else None, moment, language_of(asked), base)


def language_of(asked: Mapping[str, str]) -> str:
    """The language that an address asks for; Vietnamese if it asks for none."""
    return asked["lang"] if asked.get("lang") in LANGUAGES else LANGUAGES[0]


def newest_period(connection: Connection) -> Period:
    """The newest computed month that is over, or else the newest one. Raises NothingComputed where there is none."""
    months = [period for period in computed_periods(connection) if period.kind == "month"]
    if not months:
        raise NothingComputed("no period is computed yet")
    known = ask(connection, "dashboard/clock")
    over = [
        month
        for month in months
        if any(row["role"] == "dossiers" and row["last_day"] and month.last_day <= row["last_day"] for row in known)
    ]
    return max(over or months, key=lambda month: month.start)


def computed_periods(connection: Connection) -> list[Period]:
    """Every computed period: by kind, the newest first."""
    found = [Period(row["period_kind"], row["period_start"], row["period_end"]) for row in ask(connection, "dashboard/period")]
    return sorted(found, key=lambda period: (KINDS.index(period.kind), -period.start.toordinal()))


def scope_names(connection: Connection, day: date) -> dict[str, str]:
    """The name of each scope on a day: the whole, its levels, its units in their order."""
    units = ask(connection, "dashboard/unit", d=day)
    levels = {row["level"] for row in units}
    wide = {scope: name for scope, name in NAMES.items() if scope == "all" or scope.removeprefix("level:") in levels}
    return wide | {row["unit_code"]: row["name"] for row in units}
