"""Another privacy key: what was hashed with the old one is hashed once more, with a secret that nobody keeps, and landing goes.

Whoever has a key can test guesses of identity numbers against the hashes that were made with it, and against what was made of such a
hash: the hash of a row's content, of a list, of a file of the landing. Afterwards nothing of that kind is left in the warehouse or in the
landing, so a key that leaked is of no use. Equal hashes stay equal, so no number changes: an indicator compares hashes of one dossier, and
none counts persons by them. A person can no longer be followed across the change.

Hashes are collected where the profiles say that they stand, and replaced wherever they stand: in every column of every table.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from cchc.errors import CchcError, WrongUse
from cchc.models import MODELS
from cchc.runs.extracts import NEW_KEY, staging_tables, supersede
from cchc.settings import Settings, secret_variable
from cchc.sources.landing import Folder
from cchc.sources.privacy import makes_hashes, mark_of
from cchc.sources.profile import Profile, list_profiles, load_profile
from cchc.warehouse import composed, owning, query, run_script, sql
from cchc.warehouse.audit import note
from cchc.warehouse.locks import REFERENCE, hold
from cchc.warehouse.queries import ask, run_statement

Place = tuple[str, str | None]
"""A column, and the field in its lists (None: the column itself)."""
ALWAYS: frozenset[Place] = frozenset({("applicant_key", None), ("papers", "path"), ("results", "path")})
"""Where hashes stand by the model, whatever the profile says today: it may be another one, or gone, while its rows are there."""
LISTS = (*(f"core.{model.name}_list_item" for model in MODELS.values() if model.merge == "list"), "ops.withdrawn_row")


@dataclass
class Rotated:
    """What a rotation did: rows that were hashed once more, by table; the sources whose landing went; whether a new key was made."""

    rows: dict[str, int] = field(default_factory=dict)
    landing: list[str] = field(default_factory=list)
    is_new_key: bool = False
    is_unproven: bool = False  # no load says under which key it landed, so nobody knows whether that of the environment was replaced


def rotate(settings: Settings) -> Rotated:
    """Take every hash of the old key out of the warehouse and the landing, and make a new key where it is kept in CCHC_HOME.

    A key of the environment must have been replaced before. It may be called again at any time: after a crash it does the rest.
    Raises WrongUse while a run is going on, and where every load landed under the key that the environment still has.
    """
    profiles = {name: load_profile(settings.sources_dir, name) for name in list_profiles(settings.sources_dir)}
    done = Rotated()
    with owning(settings) as connection:
        require_rest(connection)
        if secret_variable("CCHC_PRIVACY_KEY"):
            done.is_unproven = not _require_another(connection, settings)
        known = {row["source_code"]: row["is_marked"] for row in ask(connection, "runs/known_source")}
        concerned = sorted({source for source, profile in profiles.items() if makes_hashes(profile)} | {s for s in known if known[s]})
        for table in staging_tables(connection):
            connection.execute(text(f'drop table staging."{table}" cascade'))
        # Airflow may try a failed run again; what it had landed or staged goes
        supersede(connection, NEW_KEY, "true", {}, or_failed=True)
        connection.execute(text("create temp table collected_hash (old text primary key) on commit drop"))
        for source in sorted({*profiles, *known}):
            _collect(connection, source, profiles.get(source))
        for table in LISTS:
            connection.execute(text(composed.collect_lists(table)))
        open_publications(connection)
        done.rows = _replace(connection, settings)
        run_statement(connection, "runs/landing_forgotten", sources=concerned)
        note(connection, "key", "privacy rotate", f"{sum(done.rows.values())} rows; landing of {', '.join(concerned) or 'no source'}")
        # within the lock: a run that began now would land beside what is removed, and under the key that goes
        for source in concerned:
            Folder(settings.landing_url).child(source).remove()
            done.landing.append(source)
        if not secret_variable("CCHC_PRIVACY_KEY"):
            settings.replace_privacy_key()
            done.is_new_key = True
    return done


def open_publications(connection: Connection) -> None:
    """Let this transaction replace hashes of persons in what is published, where no figure is changed. It works for the tables' owner."""
    connection.execute(text("select set_config('cchc.opens_publications', 'on', true)"))


def require_rest(connection: Connection) -> None:
    """Let no run begin or go on until the transaction ends. Raises WrongUse, naming them, while runs are going on.

    Waits for a closing first: what it freezes is not seen by who replaces hashes, and would keep them for ever.
    """
    hold(connection, REFERENCE)
    connection.execute(text("lock table ops.extract in share row exclusive mode"))
    running = query(connection, "select extract_id, source_code from ops.extract where status = 'running' order by extract_id")
    if running:
        named = ", ".join(f"{row['source_code']} (extract {row['extract_id']})" for row in running)
        raise WrongUse(f"runs are going on: {named}. Pause the DAGs and wait for them; `cchc doctor` says which ones do not end")


def _require_another(connection: Connection, settings: Settings) -> bool:
    """Refuse a rotation that would leave the old key in use. Returns whether any load says under which key it landed."""
    mark = mark_of(settings.privacy_key())
    known = ask(connection, "runs/privacy_key")
    if known and all(row["privacy_key"] == mark for row in known):
        raise WrongUse(
            f"CCHC_PRIVACY_KEY is still the key under which load {known[-1]['load_id']} landed: set another one first, everywhere "
            "(docs/runbooks/privacy_key.md)"
        )
    return bool(known)


def hashed_fields(profile: Profile) -> Iterator[Place]:
    """Where each keyed hash that a source brings stands."""
    for entity in profile.entities.values():
        for column in entity.columns:
            if column.personal and column.present is None:  # a value that only says "there is one" is no hash
                yield column.name, None
            for item in column.items or ():
                if item.personal:
                    yield column.name, item.name


def _collect(connection: Connection, source: str, profile: Profile | None) -> None:
    """Fill `collected_hash` with all hashes of a source."""
    binds = {"source": source}
    for column, part in sorted(ALWAYS | {*(hashed_fields(profile) if profile else ())}, key=str):
        for row in ask(connection, "runs/table_with_column", column_name=column):
            table = f"core.{row['table_name']}"
            connection.execute(text(composed.collect_hashes(table, column, part)), binds)
        for statement in composed.collect_set_aside(column, part):
            connection.execute(text(statement), binds)


def _replace(connection: Connection, settings: Settings) -> dict[str, int]:
    """Replace what was collected in every table. Returns the changed rows by table; raises CchcError where a hash is left."""
    secret = secrets.token_hex(32)
    run_statement(connection, "runs/old_hash", secret=secret)
    run_script(connection, sql(settings, "queries/runs/with_new_hashes"))
    connection.execute(text("analyze old_hash"))
    changed = {}
    tables = {row["table_name"]: row for row in ask(connection, "runs/text_column")}
    for table, row in tables.items():
        if row["columns"]:
            statement = composed.replace_old_hashes(table, row["columns"], has_content_hash=row["has_content_hash"])
            binds = {"secret": secret} if ":secret" in statement else {}
            changed[table] = connection.execute(text(statement), binds).rowcount
    left = [table for table in tables if connection.execute(text(composed.count_old_hashes(table))).scalar_one()]
    if left:
        raise CchcError(
            f"a hash of the old key stands in a column of {', '.join(left)} that cannot be rewritten, so nothing was changed. "
            "Tell the developers"
        )
    return {table: rows for table, rows in changed.items() if rows}
