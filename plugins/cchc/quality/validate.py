"""The step "validate": check the staged rows by the rules of the suites.

Every row that breaks a rule gets an entry in ops.quarantine for each broken rule. A load with too many bad rows is blocked. Great
Expectations audits the rows that remain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import Connection, sql
from psycopg.types.json import Jsonb
from sqlalchemy.engine import Engine

from cchc.errors import CchcError, NotConfigured
from cchc.quality.audit import audit, refresh_good_view
from cchc.quality.compile import compile_suite
from cchc.quality.dossier_ends import create_ends_table, ends_table, fill_ends_table
from cchc.quality.entity_suite import suite_of
from cchc.quality.gx import Gx, session
from cchc.quality.results import CheckResult, write_results
from cchc.quality.suites import Suite
from cchc.settings import Settings
from cchc.sources.fields import named
from cchc.sources.profile import Entity, Profile
from cchc.staging.columns import PIPELINE
from cchc.staging.tables import SCHEMA, staged_entities, table_of
from cchc.states import LoadStatus
from cchc.warehouse.driver import psycopg_connection
from cchc.warehouse.queries import execute

JUDGEABLE = (LoadStatus.LANDED, LoadStatus.STAGED, LoadStatus.VALIDATED, LoadStatus.LOADED)
SHARE, ROWS = 0.05, 20
UNREADABLE_SHARE = 0.5
PAST_LOADS = 3
LOOK = "Look at the rows with `cchc quarantine list`"


@dataclass(frozen=True)
class LoadVerdict:
    """The result of the validation of a load. `quarantined` and `warned`: numbers of rows. `message`: why it is blocked and what to do."""

    load_id: int
    entity: str
    quarantined: int
    warned: int
    blocked: bool
    message: str | None


@dataclass
class _Load:
    """One load during the validation."""

    load_id: int
    entity: str
    file_name: str | None
    landed: int
    staged: int
    status: str
    message: str | None
    quarantined: int
    warned: int
    rows: int = 0
    rules: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> LoadVerdict:
        blocked = self.status == LoadStatus.BLOCKED
        return LoadVerdict(self.load_id, self.entity, self.quarantined, self.warned, blocked, self.message if blocked else None)


def validate(
    engine: Engine, profile: Profile, load_ids: Iterable[int], extract_id: int, *, expectations_dir: Path | None = None
) -> list[LoadVerdict]:
    """Validate the staged loads `load_ids` of one extract. Returns the result of each, ordered by load id.

    Writes ops.quarantine (open entries of these loads are replaced), ops.check_result, and the columns quarantined, warned, status
    (validated or blocked) and message of ops.load. A load that is already blocked stays blocked. Loads that are waiting, failed or
    superseded have no result. Raises NotConfigured if a suite is wrong, and LoadBlocked if the audit fails.
    """
    directory = expectations_dir or Settings.load().expectations_dir
    entities = sorted(staged_entities(profile).values(), key=lambda entity: entity.model != "dossier_step")  # K4 and K7 look at the steps
    with psycopg_connection(engine) as connection:
        loads = _loads(connection, profile, list(load_ids))
        create_ends_table(connection, extract_id)
        judged: list[_Load] = []
        with session(engine) as gx:
            for entity in entities:
                mine = [load for load in loads if load.entity == entity.name]
                if mine:
                    suite = suite_of(directory, profile, entity, ends_table(extract_id))
                    _judge_entity(gx, connection, profile, entity, suite, [load for load in mine if load.status in JUDGEABLE], extract_id)
                    judged += [load for load in mine if load.status in (LoadStatus.VALIDATED, LoadStatus.BLOCKED)]
    return [load.verdict for load in sorted(judged, key=lambda load: load.load_id)]


def _loads(connection: Connection[Any], profile: Profile, load_ids: list[int]) -> list[_Load]:
    rows = connection.execute(
        "select load_id, entity, file_name, landed, staged, status, message, quarantined, warned from ops.load"
        " where load_id = any(%s) and source_code = %s order by load_id",
        [load_ids, profile.source],
    )
    loads = [_Load(*row) for row in rows]
    unknown = {load.entity for load in loads} - set(staged_entities(profile))
    if unknown:
        raise NotConfigured(f"Profile {profile.source} has no entity {', '.join(sorted(unknown))}, but ops.load has loads of it.")
    return loads


def _judge_entity(
    gx: Gx, connection: Connection[Any], profile: Profile, entity: Entity, suite: Suite, loads: list[_Load], extract_id: int
) -> None:
    if not loads:
        return
    table = table_of(entity, extract_id)
    with connection.transaction():
        refresh_good_view(connection, entity, extract_id)
        if entity.model == "dossier":
            fill_ends_table(connection, profile, entity, extract_id)
    compiled = compile_suite(lambda: gx.validator(SCHEMA, table.name), suite, table.identifier.as_string(None))
    with connection.transaction():
        _find(connection, compiled.failing_rows(table.identifier.as_string(None)), table.identifier, loads)
        _quarantine(connection, profile, entity, suite, table.identifier, loads)
        _count(connection, suite, table.identifier, loads)
        results = {load.load_id: [*_rule_results(suite, load), *_batch_results(connection, profile, load, suite)] for load in loads}
        write_results(connection, "check", results)
        for load in loads:
            problems = [result.message for result in results[load.load_id] if result.action == "block" and not result.is_success]
            load.status = LoadStatus.BLOCKED if problems else LoadStatus.STAGED
            load.message = " ".join(problems) or None
        with connection.cursor() as cursor:
            cursor.executemany(
                "update ops.load set quarantined = %s, warned = %s, status = %s, message = %s where load_id = %s",
                [(load.quarantined, load.warned, load.status, load.message, load.load_id) for load in loads],
            )
    passed = [load for load in loads if load.status != LoadStatus.BLOCKED]
    if passed:
        ids = [load.load_id for load in passed]
        audit(gx, connection, profile, entity, suite, ids, extract_id)
        connection.execute("update ops.load set status = 'validated' where load_id = any(%s)", [ids])
        for load in passed:
            load.status = LoadStatus.VALIDATED


def _find(connection: Connection[Any], query: str, table: sql.Identifier, loads: list[_Load]) -> None:
    """Fill the temporary table `failing` with (_row, rule) of these loads."""
    connection.execute("create temp table failing (_row bigint not null, rule text not null) on commit drop")
    connection.execute(f"insert into failing {query}".encode())
    connection.execute(
        sql.SQL("delete from failing where _row in (select _row from {} where _load_id <> all(%s))").format(table),
        [[load.load_id for load in loads]],
    )
    connection.execute("analyze failing")


def _quarantine(
    connection: Connection[Any], profile: Profile, entity: Entity, suite: Suite, table: sql.Identifier, loads: list[_Load]
) -> None:
    """Write one entry to ops.quarantine for each broken rule of a row; the earlier open entries of the loads are deleted.

    Entries of the same row and rule that a newer delivery had resolved are also replaced; the next step resolves them again. The stored
    record names the unreadable columns of the model (`_unreadable`, `_shape_error`) and the vendor's fields (`_fields`).
    """
    connection.execute(sql.SQL("create temp view judged_row as select * from {}").format(table))
    execute(connection, "quality/quarantine_replaced", load_ids=[load.load_id for load in loads])
    rules = suite.with_actions("quarantine", "warn").rules
    execute(
        connection,
        "quality/quarantine",
        source=profile.source,
        entity=entity.name,
        pipeline=list(PIPELINE),
        fields=Jsonb(entity.vendor_fields),
        rules=[rule.rule_id for rule in rules],
        actions=[rule.action for rule in rules],
        reasons=[rule.words for rule in rules],
    )
    connection.execute("drop view judged_row")


def _count(connection: Connection[Any], suite: Suite, table: sql.Identifier, loads: list[_Load]) -> None:
    """Count the rows, the rows in quarantine, the rows with a warning, and the rows by rule, for each load."""
    by_id = {load.load_id: load for load in loads}
    for load in loads:
        load.rows, load.rules = 0, {}
        load.reasons = {rule.rule_id: rule.words for rule in suite.rules}
    for load_id, rows in connection.execute(sql.SQL("select _load_id, count(*) from {} group by _load_id").format(table)):
        if load_id in by_id:
            by_id[load_id].rows = rows
    joined = sql.SQL("from failing inner join {} as staged on staged._row = failing._row").format(table)
    for load_id, rule, rows in connection.execute(
        sql.SQL("select staged._load_id, failing.rule, count(*) {} group by staged._load_id, failing.rule").format(joined)
    ):
        by_id[load_id].rules[rule] = rows
    statement = sql.SQL("select staged._load_id, count(distinct staged._row) {} where failing.rule = any(%s) group by staged._load_id")

    def rows_with(action: str) -> dict[int, int]:
        rules = [rule.rule_id for rule in suite.with_actions(action).rules]
        return dict(connection.execute(statement.format(joined), [rules]).fetchall())

    quarantined, warned = rows_with("quarantine"), rows_with("warn")
    for load in loads:
        load.quarantined, load.warned = quarantined.get(load.load_id, 0), warned.get(load.load_id, 0)


def _rule_results(suite: Suite, load: _Load) -> list[CheckResult]:
    results = []
    for rule in suite.rules:
        count = load.rules.get(rule.rule_id, 0)
        message = rule.words
        if count and rule.action == "block":
            message = f"{_name(load)}: {count} rows break the rule {rule.rule_id}, so nothing of the load was published: {rule.words}."
        results.append(CheckResult(rule.rule_id, rule.action, count == 0, count, message))
    return results


def _batch_results(connection: Connection[Any], profile: Profile, load: _Load, suite: Suite) -> list[CheckResult]:
    """The results of the rules about a load as a whole; a load that breaks one is blocked."""
    results = [_counts_result(load), _share_result(profile, load, suite), *_landing_result(connection, profile, load)]
    results.append(_unreadable_result(connection, profile, load))
    factor = profile.settings.get("batch_factor")
    return results if factor is None else results + _size_result(connection, load, factor)


def _counts_result(load: _Load) -> CheckResult:
    message = f"{_name(load)}: {load.landed} records landed, {load.staged} staged, {load.rows} in the staging table."
    if load.staged != load.rows:  # never the fault of what was delivered, so it must not be set aside as wrong
        raise CchcError(
            f"{message} PostgreSQL has lost rows of the staging table, or it has some twice. Nothing was judged: run the source again"
        )
    is_right = load.landed == load.staged
    if not is_right:
        message += " The counts do not add up. Extract the window again; if they differ once more, landing is damaged."
    return CheckResult("COUNTS", "block", is_right, abs(load.landed - load.rows), message)


def _landing_result(connection: Connection[Any], profile: Profile, load: _Load) -> list[CheckResult]:
    """Whether the landing has all fields that the profile uses now, and as hashes those that it hashes now.

    A field that the profile did not use when the load landed is not in the landing, so a retry would read it as empty. A field that it did
    not hash then stands there as it was delivered, and a retry would bring it into the warehouse.
    """
    row = connection.execute("select manifest -> 'fields' from ops.load where load_id = %s", [load.load_id]).fetchone()
    fields = {} if row is None or row[0] is None else row[0]
    if fields.get("mapped") is None:
        return []
    entity = staged_entities(profile)[load.entity]
    # a manifest of before does not say it
    otherwise = sorted((set(fields["hashed"]) ^ entity.hashed) & set(fields["mapped"])) if "hashed" in fields else []
    lacking = [name for name in entity.fields if name not in fields["mapped"] and name not in entity.optional_fields]
    lacking += [f"pick of {column}" for name, column in entity.picked.items() if name not in fields.get("picked", ())]
    message = f"{_name(load)}: everything that the profile uses could land."
    if lacking:
        again = "deliver the file again under another name" if load.file_name else "ingest its window again (--from, --to)"
        message = (
            f"{_name(load)} landed when the profile did not use {named(lacking, entity)} yet, so landing does not have it: {again}, or "
            f"mark it optional: true with a reason in the profile {profile.source}.yaml."
        )
    elif otherwise:
        message = (
            f"{_name(load)} landed when the profile hashed other fields: {named(otherwise, entity)}. Nothing of it is read again: have it "
            "delivered anew. Its landing keeps them as they came, until the retention removes it (keep_days of the DAG maintenance)."
        )
    return [CheckResult("LANDING", "block", not lacking and not otherwise, len(lacking) + len(otherwise), message)]


def _share_result(profile: Profile, load: _Load, suite: Suite) -> CheckResult:
    share, rows = profile.settings.get("quarantine_share", SHARE), int(profile.settings.get("quarantine_rows", ROWS))
    is_bearable = load.quarantined <= rows or load.quarantined <= share * load.rows
    message = f"{profile.source} {_name(load)}: {load.quarantined} of {load.rows} rows in quarantine."
    if not is_bearable:
        rules = [rule for rule in suite.with_actions("quarantine").rules if load.rules.get(rule.rule_id)]
        rules.sort(key=lambda rule: -load.rules[rule.rule_id])
        named = ", ".join(f"{rule.rule_id} {load.rules[rule.rule_id]} ({rule.reason})" for rule in rules[:3])
        message += (
            f" That is more than {share:.1%} and more than {rows} rows: nothing of the load was published. Most by rule: {named}. {LOOK},"
            f" have the source mend them and ingest again, or raise quarantine_share or quarantine_rows in the profile {profile.source}."
        )
    return CheckResult("SHARE", "block", is_bearable, 0 if is_bearable else load.quarantined, message)


def _unreadable_result(connection: Connection[Any], profile: Profile, load: _Load) -> CheckResult:
    """Whether the values of every field can be read, but for a share: then not the values are wrong but the profile, or the delivery."""
    share, rows = profile.settings.get("unreadable_share", UNREADABLE_SHARE), int(profile.settings.get("quarantine_rows", ROWS))
    found = execute(connection, "quality/unreadable_field", load_id=load.load_id, rows=rows, share=share).fetchall()
    message = f"{profile.source} {_name(load)}: the values of its fields can be read."
    if found:
        fields = "; ".join(f"{field} ({column}): {bad} of {filled} values" for field, column, bad, filled in found)
        message = (
            f"{profile.source} {_name(load)}: cannot be read as the profile says: {fields}. That is more than {share:.0%} and more than "
            f"{rows} rows: nothing of the load was published. Correct the formats, marks or words of these columns in the profile "
            f"{profile.source}.yaml (docs/guides/values.md), ask the sender where they are right, or raise unreadable_share."
        )
    return CheckResult("UNREADABLE", "block", not found, sum(row[2] for row in found), message)


def _size_result(connection: Connection[Any], load: _Load, factor: float) -> list[CheckResult]:
    """Whether the number of rows is far from the median of the published loads of the same kind (full or window)."""
    row = execute(connection, "quality/usual_size", load_id=load.load_id).fetchone()
    past, median = row or (0, None)
    if past < PAST_LOADS or not median:
        return []
    is_usual = median / factor <= load.rows <= median * factor
    message = f"{_name(load)}: {load.rows} rows; {past} earlier loads had {median:.0f} (median)."
    if not is_usual:
        message += f" That is outside the factor {factor:g}. If the size is right, raise batch_factor in the profile and ingest again."
    return [CheckResult("SIZE", "block", is_usual, 0 if is_usual else load.rows, message)]


def _name(load: _Load) -> str:
    return f"{load.entity} {load.file_name}" if load.file_name else f"{load.entity} (load {load.load_id})"
