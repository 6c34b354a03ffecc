"""Prepare the installation: its privacy key, the warehouse's tables, views and functions, the project's own reference data, roles."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, text

from cchc.core import facts
from cchc.errors import NotConfigured
from cchc.period import now
from cchc.reference import finding_kinds
from cchc.reference.dirty_months import dirty_months
from cchc.reference.load import load_reference
from cchc.settings import Settings
from cchc.warehouse import engine, known_at_of, migrate
from cchc.warehouse.queries import ask
from cchc.warehouse.roles import grant_roles
from cchc.warehouse.url import as_owner, make_server

log = logging.getLogger(__name__)

_NAMED = 5  # up to so many views and functions are named in the text; more are only counted


@dataclass(frozen=True)
class Initialised:
    """What `initialise` did: the applied migrations, the created views and functions, and sentences about changed reference data.

    `waiting_months`: all months (YYYY-MM) that wait for a refresh, for any reason. `key_file`: where the privacy key lies that was made.
    """

    migrations: list[str]
    made: list[str]
    changes: list[str]
    waiting_months: list[str]
    key_file: Path | None = None

    @property
    def text(self) -> str:
        """The same as lines of text. The months are named only if the reference data changed."""
        lines = [f"warehouse ready; migrations applied: {', '.join(self.migrations) or 'none, it was up to date'}"]
        if self.key_file is not None:
            lines.append(_key_made(self.key_file))
        if self.made:
            few = ", ".join(self.made) if len(self.made) <= _NAMED else f"{len(self.made)} of them"
            lines.append(f"views and functions made from their files: {few}")
        lines += [f"  {sentence}" for sentence in self.changes]
        if self.changes and self.waiting_months:
            lines.append(f"`cchc refresh` computes the months that wait: {', '.join(self.waiting_months)}")
        return "\n".join(lines)


def initialise(settings: Settings) -> Initialised:
    """Make the privacy key, migrate the warehouse, load the reference data and grant the roles, as the owner of the warehouse.

    A second call changes nothing.

    Raises CchcError if an applied migration was edited, and NotConfigured if a file of the reference data cannot be read, if the privacy
    key under which something landed is not there, or if the roles cannot be made and the tasks have a login of their own.
    """
    make_server(settings)
    owner = as_owner(settings)
    _require_no_lost_key(owner)
    key_file = settings.make_privacy_key()
    try:
        return _prepared(settings, owner, key_file)
    except BaseException:
        if key_file is not None:  # the next call finds the key, and would not tell it
            log.warning(_key_made(key_file))
        raise


def _prepared(settings: Settings, owner: Settings, key_file: Path | None) -> Initialised:
    applied = migrate(owner, [finding_kinds.view(owner)])
    changes = load_reference(owner, judge_anew=partial(_judge_days_anew, owner))
    if not grant_roles(settings) and (settings.owner_url or not settings.warehouse_url):
        raise NotConfigured(
            "the roles of the warehouse were not made (the reason stands above), so no task could log in: mend it and run `cchc init` again"
        )
    with engine(owner).connect() as connection:
        waiting = sorted({month for months in dirty_months(connection).values() for month in months})
    return Initialised(list(applied.migrations), list(applied.made), changes, waiting, key_file)


def _key_made(file: Path) -> str:
    return (
        f"privacy key made: {file}. The hashes of persons are made with it, and none can be made again without it: `cchc backup` copies "
        "it; keep a copy yourself where backups are made in another way (docs/runbooks/privacy_key.md)"
    )


def _judge_days_anew(settings: Settings, connection: Connection, sources: list[str]) -> str | None:
    """Derive all dossiers of sources again, by the days of the zones that core.source has now. Returns a sentence if any changed."""
    connection.execute(
        text("insert into ops.dirty_dossier select dossier_id from mart.dossier where source_code = any(:s) on conflict do nothing"),
        {"s": sources},
    )
    facts.no_changed_steps(connection)
    known_at = max((at for source in sources if (at := known_at_of(connection, source)) is not None), default=now())
    changed = facts.derive_dossiers(connection, settings, sources[0], known_at, None)
    if not changed:
        return None
    return f"the days of {', '.join(sources)} are judged in another zone than before: {changed} dossiers have other days, late or in time"


def _require_no_lost_key(owner: Settings) -> None:
    """Raise NotConfigured where there is no privacy key and something landed under one: another key would give a person another hash."""
    if owner.has_privacy_key():
        return
    with engine(owner).connect() as connection:
        if connection.execute(text("select to_regclass('ops.load')")).scalar() is None:
            return
        loads = ask(connection, "runs/privacy_key")
    if loads:
        raise NotConfigured(
            f"the privacy key is not there (CCHC_PRIVACY_KEY, or privacy_key in {owner.home / 'secrets'}), and load "
            f"{loads[-1]['load_id']} landed under one: restore it from the backup. Where it is lost, `cchc privacy rotate` replaces every "
            "hash and makes another key (docs/runbooks/privacy_key.md). Nothing was changed"
        )
