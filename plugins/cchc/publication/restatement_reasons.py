"""Find the reason why an item now counts differently than when its period was published: what changed in its record since then.

Each kind of record in the catalogue has one query for it. It is a file in include/sql/queries/publication/learnt; if the record is one key
of a version table, the query is `cchc.warehouse.composed.versions_learnt`. docs/guides/publication.md lists the reasons.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import Connection, text

from cchc.models import MODELS, VERSIONED
from cchc.period import ZONE
from cchc.reference.catalogue import RECORDS, Indicator, statement_of, without_comments
from cchc.reference.roles import Clocks
from cchc.settings import Settings
from cchc.warehouse import composed, query, run_file

# Data other than records that an indicator depends on: part of a table name in its SQL → the name of it in a restatement.
COUNTED_BY = {
    "core.procedure_": "procedure_list",
    "core.leader_": "leader_list",
    "core.working_day": "calendar",
}

# The records of which several tables say how they count: a file of include/sql/queries/publication/withdrawn finds what was withdrawn.
WITHDRAWN_APART = ("dossier", "certification", "signature", "procedure")


def fill_learnt(connection: Connection, settings: Settings, indicators: list[Indicator], binds: dict[str, Any]) -> None:
    """Fill the temporary table `learnt` for the items in `changed_item`.

    For each item it says whether its record was deleted, restored, left out, late or changed since the publication. A row may be limited to
    one unit or to one kind of change. Fills `withdrawn_item` for items that count otherwise because of a withdrawal, with who and why.
    `binds`: the result of `restatement._asked`.
    """
    for table in ("learnt", "dossier_learnt", "withdrawn_item", "withdrawn_dossier"):
        connection.execute(text(f"drop table if exists pg_temp.{table}"))
    connection.execute(
        text(
            "create temp table withdrawn_item (record text, item text, unit_code text, change text, detail text, withdrawal_id bigint) "
            "on commit drop"
        )
    )
    connection.execute(
        text(
            "create temp table learnt (record text, item text, unit_code text, change text, is_deleted boolean, is_restored boolean, "
            "is_left_out boolean, is_late boolean, is_changed boolean) on commit drop"
        )
    )
    records = {item.record for item in indicators}
    # One entry for each source that fills a role of the indicator, because the record may come from any of them.
    asked = [{**entry, "source": source} for entry in json.loads(binds["listed"]) for source in entry["sources"]]
    binds = binds | {"listed": json.dumps(asked)}
    if records & {"dossier", "certification"}:
        run_file(connection, settings, "queries/publication/dossier_learnt", **binds)
        run_file(connection, settings, "queries/publication/withdrawn_dossier", zone=ZONE.key, **binds)
    for record in RECORDS:
        if record not in records:
            continue
        keyed = [model for model in VERSIONED if model.record == record and model.item is not None]
        for model in keyed:
            connection.execute(text(composed.versions_learnt(model)), {name: binds[name] for name in ("listed", "published_clocks")})
        if not keyed:
            run_file(connection, settings, f"queries/publication/learnt/{record}", **binds)
        for model in MODELS.values():
            if model.record == record and composed.has_item(model):
                connection.execute(text(composed.withdrawn_items(model)), {"publication_id": binds["publication_id"]})
        if record in WITHDRAWN_APART:
            run_file(connection, settings, f"queries/publication/withdrawn/{record}", **binds)


def counted_by(connection: Connection, settings: Settings, indicator: Indicator, clocks: Clocks, published: dict[str, Any]) -> str:
    """The data other than records that an indicator depends on and that may differ from the publication.

    They are named as in `mart.restatement_item.detail`, separated by commas. A list (of procedures, leaders) is named only if it differs
    from the list known at the publication. The formula is named if its SQL changed without a new version (`_formula`). `published`: the
    row of mart.publication.
    """
    statement = without_comments(statement_of(settings, indicator))
    frozen, sources = published["source_clocks"], list(clocks.by_role.get(indicator.role, {}))
    found = _formula(published["definitions"][indicator.code], definition_of(settings, indicator))
    for table, name in COUNTED_BY.items():
        if table not in statement:
            continue
        if name.endswith("_list") and not any(_is_another_list(connection, name, source, frozen.get(source)) for source in sources):
            continue
        found.append(name)
    if indicator.record is None:
        found.append("record_not_named")
    return ", ".join([*found, "units", *(["another_source"] if indicator.also or len(sources) > 1 else [])])


def _is_another_list(connection: Connection, name: str, source: str, moment: str | None) -> bool:
    """Whether the newest list of a source differs from the newest list that was known at `moment` (ISO 8601)."""
    newest = "(select list_hash from core.{name} where source_code = :s and fetched_at <= {until} order by fetched_at desc limit 1)"
    now, then = newest.format(name=name, until="'infinity'"), newest.format(name=name, until="cast(:t as timestamptz)")
    return bool(query(connection, f"select {now} is distinct from {then} as is_another", {"s": source, "t": moment})[0]["is_another"])


def definition_of(settings: Settings, indicator: Indicator) -> dict[str, Any]:
    """The formula of an indicator in the form of mart.publication.definitions: its version and two SHA-256 hashes of its SQL.

    `sha256` is the hash of the SQL as it is written. `statement_sha256` is the hash of the SQL without comments and layout, which changes
    only if the formula does.
    """
    statement = statement_of(settings, indicator)
    return {
        "version": indicator.version,
        "sha256": hashlib.sha256(statement.encode()).hexdigest(),
        "statement_sha256": hashlib.sha256(without_comments(statement).encode()).hexdigest(),
    }


def _formula(published: dict[str, Any], current: dict[str, Any]) -> list[str]:
    """What a restatement names of the formula: nothing, `formula` if it is another one, `formula_not_comparable` if that cannot be known.

    It cannot be known for an edition that has no `statement_sha256` (frozen before this hash was recorded) if the SQL is written otherwise
    now: perhaps only its comments are. `published` and `current`: results of `definition_of`.
    """
    if published["version"] == current["version"] and published["sha256"] == current["sha256"]:
        return []
    if published["version"] == current["version"] and "statement_sha256" not in published:
        return ["formula_not_comparable"]
    return [] if all(published[name] == current[name] for name in ("version", "statement_sha256")) else ["formula"]
