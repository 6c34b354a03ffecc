"""What a page is made from, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from cchc.dashboard.person import Person
from cchc.dashboard.table import Table
from cchc.dashboard.view import View
from cchc.dashboard.words import Words
from cchc.settings import Settings
from cchc.warehouse.queries import ask


@dataclass(frozen=True)
class Asking:
    """One request: who asks for what. `query`: the parameters of the address; `parts`: the parts of the path, such as the unit."""

    settings: Settings
    connection: Connection
    person: Person
    view: View
    words: Words
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def editions(self) -> list[dict[str, Any]]:
        """The editions of the period, the newest first. Several parts of a page ask for them."""
        return ask(self.connection, "dashboard/edition", kind=self.view.period.kind, start=self.view.period.start)

    def of(self, view: View) -> Asking:
        """The same request with another view."""
        return replace(self, view=view)

    def here(self, **choices: Any) -> str:
        """The address of this page with all that it shows; `choices` are changed, None takes one away."""
        views_own = ("period", "scope", "basis", "edition", "known_at", "lang")
        own = {name: value for name, value in self.query.items() if name not in views_own and name not in ("format", "table")}
        return self.view.link(self.path, **(own | choices))


@dataclass(frozen=True)
class Answer:
    """A page: its template, title and values, and the tables that can be taken along."""

    template: str
    title: str
    values: Mapping[str, Any]
    tables: tuple[Table, ...] = ()
    status: int = 200
    view: View | None = None  # where the page shows another view than the address asks for: the page of a unit shows that unit
    again_in: int | None = None  # seconds after which the browser asks again, because the answer is still being computed


Page = Callable[[Asking], Answer]


@dataclass(frozen=True)
class Download:
    """A file to take along."""

    name: str
    media_type: str
    content: bytes


class NotThere(Exception):
    """The address names something that does not exist, or that this person may not know of."""
