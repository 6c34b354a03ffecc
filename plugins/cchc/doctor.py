"""`cchc doctor`: what is wrong with this installation, and what waits for somebody, in sentences."""

from __future__ import annotations

import os

from cchc.errors import CchcError
from cchc.settings import Settings
from cchc.trouble import in_words


def examine(settings: Settings, sources: list[str] | None = None) -> list[tuple[bool, str]]:
    """Findings as (is fine, sentence): warehouse, profiles, plan, connections, blocked and waiting loads, months to refresh."""
    from cchc.indicators.catalogue import catalogue
    from cchc.indicators.plan import targets
    from cchc.quality.drift import all_drift
    from cchc.sources.connection import from_environment
    from cchc.sources.profile import list_profiles, load_profile
    from cchc.warehouse import engine, query, require_migrated

    found: list[tuple[bool, str]] = []

    def check(what: str, test: object) -> bool:
        try:
            answer = test() if callable(test) else test
        except CchcError as error:
            found.append((False, f"{what}: {error}"))
            return False
        except Exception as error:
            sentence = in_words(error)
            if sentence is None:
                raise
            found.append((False, f"{what}: {sentence}"))
            return False
        found.append((True, f"{what}{f': {answer}' if answer else ''}"))
        return True

    check("plan", lambda: f"{settings.plan}, {len(targets(settings))} targets by level")
    check("catalogue", lambda: f"{len(catalogue(settings))} computed indicators")
    names = list_profiles(settings.sources_dir)
    for name in names:
        check(f"profile {name}", lambda name=name: load_profile(settings.sources_dir, name).name_vi)
    for name in sources or names:
        if not sources and f"AIRFLOW_CONN_SRC_{name.upper()}" not in os.environ:
            found.append((True, f"connection src_{name}: not configured in this environment"))
            continue

        def reached(name: str = name) -> str:
            from cchc.pipeline import check_connection

            return check_connection(settings, name, from_environment(name))

        check(f"connection src_{name}", reached)
    if not check("warehouse", lambda: require_migrated(settings)):
        return found
    with engine(settings).connect() as connection:
        for row in query(connection, "select source_code, known_at from ops.source_clock order by 1"):
            found.append((True, f"{row['source_code']}: T = {row['known_at'].isoformat()}"))
        for row in query(
            connection,
            "select distinct on (source_code, entity, file_name) source_code, coalesce(file_name, entity) as what, status, message "
            "from ops.load order by source_code, entity, file_name, load_id desc",
        ):
            if row["status"] in ("blocked", "failed", "waiting"):
                found.append((row["status"] == "waiting", f"{row['source_code']} {row['what']} is {row['status']}: {row['message']}"))
        for row in query(
            connection,
            "select source_code, entity, count(*) as rows from ops.quarantine "
            "where action = 'quarantine' and resolved_at is null group by 1, 2 order by 1, 2",
        ):
            found.append((True, f"{row['source_code']} {row['entity']}: {row['rows']} entries in quarantine (`cchc quarantine list`)"))
        found += [(True, f"drift: {finding.sentence}") for finding in all_drift(settings, names)]
        waiting = query(connection, "select distinct to_char(month_start, 'YYYY-MM') as month from ops.dirty_month order by 1")
        if waiting:
            found.append((True, f"months that wait for `cchc refresh`: {', '.join(row['month'] for row in waiting)}"))
    return found
