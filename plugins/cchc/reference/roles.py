"""Which sources fill a role, and the moment up to which each source is known (known_at).

Indicators, forms, findings and coverage count the records of a role (dossiers, documents, payments, feedback, survey, declared), whichever
sources fill it. Each source has its own known_at, and its records count up to its own end_at. The known_at of a value over several sources
is the earliest of theirs.
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
    """The known_at of each source by the role that it fills, in one tree of units; None if the source was never extracted.

    A role that no source fills has no entry. `root`: the unit at the top of the tree.
    """

    root: str
    by_role: Mapping[str, Mapping[str, datetime | None]] = field(default_factory=dict)

    @property
    def is_own(self) -> bool:
        """Whether the tree is the authority's own: its plan, levels and whole are those of that tree alone."""
        return self.root == authority().code

    def of(self, role: str) -> dict[str, datetime]:
        """The known_at of each source of a role that has one, by the name of the source."""
        return {source: known_at for source, known_at in sorted(self.by_role.get(role, {}).items()) if known_at is not None}

    def known_at(self, role: str) -> datetime | None:
        """The known_at of a role: the earliest of its sources; None if no source has one."""
        return min(self.of(role).values(), default=None)

    def names(self, role: str) -> str:
        """The sources of a role, for a message; the role itself where no source fills it."""
        return ", ".join(sorted(self.by_role.get(role) or [role]))

    def latest(self, roles: Iterable[str]) -> datetime | None:
        """The latest known_at of all sources of some roles; None if no source has one."""
        return max((known_at for role in roles for known_at in self.of(role).values()), default=None)

    def sources(self, roles: Iterable[str]) -> dict[str, datetime | None]:
        """The known_at of every source of some roles, by source. A role without a source is listed under its own name, with None."""
        clocks: dict[str, datetime | None] = {}
        for role in sorted(set(roles)):
            clocks |= self.by_role.get(role) or {role: None}
        return dict(sorted(clocks.items()))


def role_clocks(connection: Connection, root: str | None = None) -> Clocks:
    """The known_at of every source in a tree of units; without `root` in the authority's own tree."""
    root = root or authority().code
    clocks: dict[str, dict[str, datetime | None]] = {}
    for row in query(connection, "select role, source_code, known_at from core.role_clock where root_code = :r", {"r": root}):
        clocks.setdefault(row["role"], {})[row["source_code"]] = row["known_at"]
    return Clocks(root, clocks)


def every_tree(connection: Connection) -> list[Clocks]:
    """The clocks of each tree of units that a source concerns."""
    roots = connection.execute(text("select distinct root_code from core.role_clock order by root_code")).scalars().all()
    return [role_clocks(connection, root) for root in roots]


def roles_of(connection: Connection, source: str) -> set[str]:
    """The roles that a source fills."""
    return set(connection.execute(text("select role from core.source_role where source_code = :s"), {"s": source}).scalars())


def roots_of(connection: Connection, source: str) -> list[str]:
    """The roots of the trees of units that a source concerns; the authority's own comes first if it is one of them."""
    roots = connection.execute(text("select distinct root_code from core.role_clock where source_code = :s"), {"s": source}).scalars()
    return sorted(roots, key=lambda root: (root != authority().code, root))


def tree_of(connection: Connection, scope: str) -> str:
    """The root of the tree in which a scope counts: for a unit its own tree, for a level and for the whole the authority's tree."""
    root = connection.execute(text("select root_code from core.unit where unit_code = :u"), {"u": scope}).scalar()
    return str(root or authority().code)


def marking_source(clocks: Clocks, role: str) -> tuple[str, datetime] | None:
    """The source under which months of a role are marked: the one with the latest known_at, and that moment.

    None if no source of the role has a known_at. One mark is enough, because it makes a refresh compute the whole role.
    """
    known = clocks.of(role)
    return max(known.items(), key=lambda item: (item[1], item[0]), default=None)
