"""Which sources fill a role, and how far each is known: the clocks by which values over several sources are judged.

Indicators, forms, findings and coverage count a role (dossiers, documents, payments, feedback, survey, declared), whichever sources fill
it. J and T are each source's own; a value over several sources has as its T the earliest of theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, text

from cchc.authority import authority
from cchc.warehouse import query


@dataclass(frozen=True)
class Clocks:
    """T of each source by the role that it fills, in one tree of units; None = never extracted.

    A role that no source fills has no entry.
    """

    root: str
    by_role: Mapping[str, Mapping[str, datetime | None]] = field(default_factory=dict)

    def of(self, role: str) -> dict[str, datetime]:
        """The sources of a role that have a T, with it, by name."""
        return {source: known_at for source, known_at in sorted(self.by_role.get(role, {}).items()) if known_at is not None}

    def known_at(self, role: str) -> datetime | None:
        """T of a role: the earliest of its sources'; None where none has one."""
        return min(self.of(role).values(), default=None)

    def latest(self, roles: Iterable[str]) -> datetime | None:
        """The latest T of all sources of some roles; None where none has one."""
        return max((known_at for role in roles for known_at in self.of(role).values()), default=None)

    def sources(self, roles: Iterable[str]) -> dict[str, datetime | None]:
        """T of every source of some roles; a role without a source stands under its own name, without a T."""
        found: dict[str, datetime | None] = {}
        for role in sorted(set(roles)):
            found |= self.by_role.get(role) or {role: None}
        return dict(sorted(found.items()))


def role_clocks(connection: Connection, root: str | None = None) -> Clocks:
    """The clocks of a tree of units; without `root` those of the authority's own tree."""
    root = root or authority().code
    found: dict[str, dict[str, datetime | None]] = {}
    for row in query(connection, "select role, source_code, known_at from core.role_clock where root_code = :r", {"r": root}):
        found.setdefault(row["role"], {})[row["source_code"]] = row["known_at"]
    return Clocks(root, found)


def roles_of(connection: Connection, source: str) -> set[str]:
    """The roles that a source fills."""
    return set(connection.execute(text("select role from core.source_role where source_code = :s"), {"s": source}).scalars())


def roots_of(connection: Connection, source: str) -> list[str]:
    """The trees of units that a source concerns: the authority's first, where it is one of them."""
    found = connection.execute(text("select distinct root_code from core.role_clock where source_code = :s"), {"s": source}).scalars()
    return sorted(found, key=lambda root: (root != authority().code, root))


def tree_of(connection: Connection, scope: str) -> str:
    """The root of the tree in which a scope counts: of a unit its own, of a level and of the whole the authority's."""
    found = connection.execute(text("select root_code from core.unit where unit_code = :u"), {"u": scope}).scalar()
    return str(found or authority().code)


def marking_source(clocks: Clocks, role: str) -> tuple[str, datetime] | None:
    """The source under which months of a role are marked, the one that is known furthest, with its T; None where none has a T.

    A mark of one source of a role has the whole role computed again.
    """
    known = clocks.of(role)
    return max(known.items(), key=lambda item: (item[1], item[0]), default=None)
