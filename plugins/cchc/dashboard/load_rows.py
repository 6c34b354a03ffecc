"""The rows of one load by what became of them: read, left alone, repeated, merged, stored, with the sum that adds up."""

from __future__ import annotations

from cchc.dashboard.page import Asking
from cchc.dashboard.table import Column, Row, Table, table_of
from cchc.warehouse.queries import ask


def row_table(asking: Asking, load: Row) -> Table:
    """The table of the kinds of rows of a load, and below them how many were read in all.

    Arguments: `load`, a row of the query `dashboard/load`. Rows that no kind has are told in a row of their own.
    """
    words = asking.words
    kinds = [(row["kind"], int(row["row_count"])) for row in ask(asking.connection, "dashboard/load_row_kind", load=load["load_id"])]
    read = int(load["read_count"])
    if unknown := read - sum(count for _, count in kinds):
        kinds.append(("unaccounted", unknown))
    rows = [{"kind": words[f"row_kind_{kind}"], "row_count": count, "why": words[f"row_why_{kind}"]} for kind, count in kinds]
    if rows:
        rows.append({"kind": words["rows_in_all"], "row_count": read, "why": words["rows_in_all_why"]})
    columns = (Column("kind", words["kind_of_row"]), Column("row_count", words["count"], "count"), Column("why", words["meaning_of_row"]))
    return table_of("rows", words["rows_of_load"], columns, rows, asking.query, words, empty=words["no_rows_of_load"])
