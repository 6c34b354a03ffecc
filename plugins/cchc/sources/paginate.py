"""Read all pages of one entity until the count of the source is reached. The loop always ends, and an error is never an empty list.

The `total` of the source counts a record once, even if it is delivered several times. If the pages end before the distinct keys plus the
rows without a readable key reach the `total` of the last page, this is an error. A record that changes during the paging moves to the end.
So it comes twice, or it leaves the window; with page numbers it also moves another record to a page that was read already. Then the window
is read again for the missed records.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from cchc.errors import ContractViolation
from cchc.sources.http import Client, entity_path, inclusive_days, page_check
from cchc.sources.landing import Window, Writer
from cchc.sources.profile import Entity, Profile
from cchc.sources.records import Intake

PASSES = 3
IDLE_PAGES = 5


class Totals:
    """The totals that the source reported on the pages of one reading."""

    def __init__(self) -> None:
        self.last = 0
        self.gone = 0
        self.moved = False
        self._first = True

    def see(self, total: int) -> None:
        """Note the total of one more page."""
        if not self._first and total != self.last:
            self.moved = True
            self.gone += max(0, self.last - total)
        self.last, self._first = total, False


def fetch(client: Client, profile: Profile, entity: Entity, window: Window, intake: Intake, writer: Writer) -> int:
    """Land all records of an entity in the window. Returns the total that the source reported.

    Raises ContractViolation if the counts do not add up or the pages do not end, and the errors of the client.
    """
    totals = Totals()
    line, moved = 1, False
    for number in range(PASSES):
        if number > 0:
            intake.read_again()
        for records in _pages(client, profile, entity, window, intake, totals):
            writer.add(intake.take(enumerate(records, line)))
            line += len(records)
        moved = moved or totals.moved or (number == 0 and intake.repeated > 0)
        if intake.most >= totals.last or not moved:
            break
    _check_counts(f"{profile.source} {entity.name}, window {window}", intake, totals)
    return totals.last


def _check_counts(where: str, intake: Intake, totals: Totals) -> None:
    found = f"{intake.distinct_keys} distinct keys and {intake.keyless} rows without a readable key"
    if intake.most < totals.last:
        raise ContractViolation(
            f"{where}: the pages ended with {found}, but the source counts {totals.last} (last page). Nothing of it is used; run again, "
            "and if it stays, ask the owner of the source."
        )
    if intake.least > totals.last + totals.gone:
        raise ContractViolation(
            f"{where}: the pages gave {found}, more than the {totals.last} that the source counts (last page). Nothing of it is used; "
            "ask the owner of the source."
        )


def _pages(client: Client, profile: Profile, entity: Entity, window: Window, intake: Intake, totals: Totals) -> Iterator[list[Any]]:
    pages = _cursor_pages if client.http.paginator.kind == "cursor" else _numbered_pages
    return pages(client, profile, entity, window, intake, totals)


def _cursor_pages(client: Client, profile: Profile, entity: Entity, window: Window, intake: Intake, totals: Totals) -> Iterator[list[Any]]:
    """Follow the cursor. Without a start no window is sent, because only then does the source deliver records without a change time."""
    pages = client.http.paginator
    path = entity_path(client.http, entity)
    params = {"limit": str(pages.size)}
    if entity.mode == "window" and window.start is not None:
        params[pages.from_parameter] = window.start.astimezone(profile.zone_info).isoformat()
        params[pages.to_parameter] = window.end.astimezone(profile.zone_info).isoformat()
    cursors: set[str] = set()
    idle = 0
    for number in itertools.count(1):
        where = f"{profile.source} {entity.name}, window {window}, page {number}"
        where += f", cursor {_mark(params['cursor'])}" if "cursor" in params else ""
        body = client.get_json(path, params, where, page_check(pages.data, pages.total, where))
        totals.see(body[pages.total])
        before = intake.fresh
        yield body[pages.data]
        idle = idle + 1 if intake.fresh == before else 0
        cursor = body.get(pages.next)
        if cursor is None or cursor == "":
            return
        if not isinstance(cursor, str):
            raise ContractViolation(f"{where}: {pages.next!r} is neither text nor null but {type(cursor).__name__}.")
        if cursor in cursors:
            raise ContractViolation(
                f"{where}: the next cursor, {_mark(cursor)}, came before, so the pages run in a circle. Ask the owner of the source."
            )
        if idle >= IDLE_PAGES:
            if intake.most >= totals.last:
                return
            raise ContractViolation(
                f"{where}: {idle} pages in a row brought nothing new, and {intake.most} of {totals.last} records are there. "
                "The pages do not end; ask the owner of the source."
            )
        cursors.add(cursor)
        params["cursor"] = cursor


def _mark(cursor: str) -> str:
    """The name of a cursor in messages: the first digits of its sha256, because the cursor may contain the key of a record."""
    return f"#{sha256(cursor.encode()).hexdigest()[:8]}"


def _numbered_pages(
    client: Client, profile: Profile, entity: Entity, window: Window, intake: Intake, totals: Totals
) -> Iterator[list[Any]]:
    """Read pages from 0. `last` and `totalPages` are not used: the end is an empty page, the reached count, or nothing new."""
    pages = client.http.paginator
    path = entity_path(client.http, entity)
    first, last = inclusive_days(window.start, window.end, profile)
    params = {"size": str(pages.size), pages.from_parameter: first, pages.to_parameter: last}
    idle = 0
    for number in itertools.count():
        where = f"{profile.source} {entity.name}, days {first} to {last}, page {number}"
        body = client.get_json(path, {**params, "page": str(number)}, where, page_check(pages.data, pages.total, where))
        totals.see(body[pages.total])
        if not body[pages.data]:
            return
        before = intake.fresh
        yield body[pages.data]
        idle = idle + 1 if intake.fresh == before else 0
        if intake.least >= totals.last or idle >= IDLE_PAGES:
            return
