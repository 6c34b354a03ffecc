"""Note the trees of units that a source concerns, when the list of units puts a unit into another tree."""

from __future__ import annotations

from sqlalchemy import Connection

from cchc.period import last_day_before
from cchc.reference.dirty_months import mark_months_from
from cchc.reference.plan import first_day
from cchc.reference.unit_changes import REASON
from cchc.reference.units import Units
from cchc.settings import Settings
from cchc.warehouse import query, run_file


def note_moved_trees(connection: Connection, settings: Settings, old: Units, new: Units) -> list[str]:
    """Note the trees that units of stored records are in now, and mark the months of each source that is new in a tree.

    Arguments: `old` and `new`, the units before and after the change; the new units are stored already. Without it a tree would have no
    value of a source before a load of that source names a unit of the tree again. Returns a sentence for each source and tree.
    """
    if not any(_root(new, code) != _root(old, code) for code in new if code in old):
        return []
    clocks = {row["source_code"]: row["known_at"] for row in query(connection, "select source_code, known_at from ops.source_clock")}
    sentences = []
    for row in sorted(run_file(connection, settings, "core/source_tree").all()):
        sentence = f"{row.source_code}: it has records of the tree of unit {row.root_code}, too"
        known_at = clocks.get(row.source_code)
        if known_at is not None:
            mark_months_from(connection, settings, row.source_code, first_day(settings), known_at, REASON)
            sentence += f"; its months up to {last_day_before(known_at):%Y-%m} are to be computed again"
        sentences.append(sentence)
    return sentences


def _root(units: Units, code: str) -> str:
    """The root of the tree in which the newest state of a unit is."""
    return units.states[code][-1].root_code
