"""Merge records that come in dated files: among the rows with one key, the row of the file with the greatest (date, revision) is in force.

A record that is absent from a later file stays. The row of every file is stored as a version, even if it repeats an earlier one, because
a file in between may still arrive. Months are marked only if the content of the row in force changed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from cchc.core.merge import Counts, columns_of, merge_versions
from cchc.models import Model
from cchc.reference.dirty_months import mark_dirty_months
from cchc.settings import Settings
from cchc.warehouse import composed

_DELIVERY = ("file_date", "file_revision", "_changed_at", "_first_seen_at", "_content_hash", "_is_current", "_load_id")


def merge_dated_files(
    connection: Connection, settings: Settings, target: Model, source: str, staged: str, marked_until: datetime
) -> dict[int, Counts]:
    """Merge the staged rows of a model, and mark the months of all days that a changed record has now or had before.

    Arguments: `staged`, the relation with the staged rows; `marked_until`, the latest moment whose month may be marked. Returns the counts
    of each load by its id.
    """
    model = target.name
    content = ", ".join(column for column in columns_of(connection, target.versions) if column not in _DELIVERY)
    identity = ", ".join(target.identity)
    current = f"select {content} from {target.versions} as v where v._is_current and ({identity}) in (select {identity} from"
    connection.execute(text(f"create temp table before_{model} on commit drop as {current} {staged})"))
    counts = merge_versions(connection, target, staged, f"changed_{model}_key")
    connection.execute(text(composed.dated_file_change(target, content, current)))
    dated = " union ".join(f"select {day} as from_date, {day} as to_date from dated_file_change as c" for day in target.days_of("c"))
    mark_dirty_months(connection, settings, source, dated, marked_until, f"records of {source} that changed")
    connection.execute(text(f"drop table dated_file_change, before_{model}"))
    return counts
