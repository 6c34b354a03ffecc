"""Another privacy key: what was hashed with the old one is hashed once more, with a secret that nobody keeps, and landing goes.

Whoever has a key can test guesses of identity numbers against the hashes that were made with it. Afterwards no such hash is left in the
warehouse or in the landing, so a key that leaked is of no use. Equal hashes stay equal, so no number changes: an indicator compares hashes
of one dossier, and none counts persons by them. A person can no longer be followed across the change.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from cchc.errors import WrongUse
from cchc.runs.extracts import staging_tables
from cchc.settings import Settings, secret_variable
from cchc.sources.landing import Folder
from cchc.sources.privacy import makes_hashes, mark_of
from cchc.sources.profile import Profile, list_profiles, load_profile
from cchc.warehouse import composed, engine, query
from cchc.warehouse.queries import ask


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
    profiles = [load_profile(settings.sources_dir, name) for name in list_profiles(settings.sources_dir)]
    concerned = [profile for profile in profiles if makes_hashes(profile)]
    done = Rotated()
    with engine(settings).begin() as connection:
        require_rest(connection)
        if secret_variable("CCHC_PRIVACY_KEY"):
            done.is_unproven = not _require_another(connection, settings)
        secret = secrets.token_hex(32)
        for profile in concerned:
            _rekey(connection, profile, secret, done)
        for table in staging_tables(connection):
            connection.execute(text(f'drop table staging."{table}" cascade'))
        connection.execute(
            text("update ops.load set landing_path = null where source_code = any(:s)"), {"s": [profile.source for profile in concerned]}
        )
        # within the lock: a run that began now would land beside what is removed, and under the key that goes
        for profile in concerned:
            Folder(settings.landing_url).child(profile.source).remove()
            done.landing.append(profile.source)
        if not secret_variable("CCHC_PRIVACY_KEY"):
            settings.replace_privacy_key()
            done.is_new_key = True
    return done


def require_rest(connection: Connection) -> None:
    """Let no run begin or go on until the transaction ends. Raises WrongUse, naming them, while runs are going on."""
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


def hashed_fields(profile: Profile) -> Iterator[tuple[str, str, str | None]]:
    """Entity, column, and the field in the column's list (None: the column itself), for each keyed hash that a source brings."""
    for entity in profile.entities.values():
        for column in entity.columns:
            if column.personal and column.present is None:  # a value that only says "there is one" is no hash
                yield entity.name, column.name, None
            for item in column.items or ():
                if item.personal:
                    yield entity.name, column.name, item.name


def _rekey(connection: Connection, profile: Profile, secret: str, done: Rotated) -> None:
    for entity, column, part in hashed_fields(profile):
        for row in ask(connection, "runs/table_with_column", column_name=column):
            table = f"core.{row['table_name']}"
            statement = composed.rekey_text(table, column) if part is None else composed.rekey_list(table, column, part)
            changed = connection.execute(text(statement), {"source": profile.source, "secret": secret}).rowcount
            done.rows[table] = max(done.rows.get(table, 0), changed)
        binds = {"source": profile.source, "entity": entity, "secret": secret}
        changed = connection.execute(text(composed.rekey_quarantined(column, part)), binds).rowcount
        done.rows["ops.quarantine"] = max(done.rows.get("ops.quarantine", 0), changed)
        withdrawn = connection.execute(text(composed.rekey_withdrawn(column, part)), {"source": profile.source, "secret": secret}).rowcount
        done.rows["ops.withdrawn_row"] = max(done.rows.get("ops.withdrawn_row", 0), withdrawn)
