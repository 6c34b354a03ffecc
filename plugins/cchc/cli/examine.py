"""Check the installation: find what is wrong and what needs a person, as sentences that cchc.cli.doctor prints.

The checks only read: they start no server and write no row. `ok`: nothing to do. `NOTE`: a person should know it or decide something.
`WRONG`: a person must act, and the sentence says what to do.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

from sqlalchemy import Connection

from cchc.core import completeness
from cchc.errors import CchcError, sentence_of
from cchc.period import ZONE, now, to_minute
from cchc.runs.lateness import LONG_RUN
from cchc.settings import Settings, is_unscheduled
from cchc.sources.profile import Profile
from cchc.states import ExtractStatus, LoadStatus

OK, NOTE, WRONG = "ok", "NOTE", "WRONG"
LEAST_ROOM = 5  # GB; the demo's size takes one, and a day's logs of Airflow some hundred MB


class Finding(NamedTuple):
    """The result of one check: `ok`, `NOTE` or `WRONG`, and a sentence."""

    level: str
    text: str


def examine(settings: Settings, sources: list[str] | None = None) -> list[Finding]:
    """Check the installation, its sources and its data. `sources`: test the connections of these sources; by default of all configured."""
    from cchc.sources.profile import list_profiles, load_profile

    findings = [*_project(settings), *_machine(settings), *_connections(settings, sources)]
    embedded = _embedded(settings)
    findings += embedded
    if embedded and embedded[0].level != OK:
        return findings  # a query would start PostgreSQL
    reached = _checked("warehouse", lambda: _warehouse(settings))
    findings.append(reached)
    if reached.level == WRONG:
        return findings
    from cchc.quality.drift import all_drift
    from cchc.reference.plan_load import not_loaded
    from cchc.warehouse import engine

    profiles = []
    for name in list_profiles(settings.sources_dir):
        try:
            profiles.append(load_profile(settings.sources_dir, name))
        except CchcError:
            continue  # another finding has reported it already
    with engine(settings).connect() as connection:
        if not any(finding.level == WRONG and finding.text.startswith("plans") for finding in findings):
            findings += [Finding(WRONG, sentence) for sentence in not_loaded(connection, settings)]
        for profile in profiles:
            findings += _source(connection, settings, profile)
        findings += _repeated_payments(connection, profiles)
        findings += _roles(connection, list_profiles(settings.sources_dir))
        findings += [Finding(WRONG, hole.text) for hole in completeness.holes(connection)]
        findings += [Finding(NOTE if month.is_new else WRONG, month.text) for month in completeness.missing_months(connection)]
        findings += [Finding(NOTE, days.text) for days in completeness.missing_payment_days(connection)]
        findings += [Finding(NOTE if item.worked_on else OK, item.text) for item in completeness.not_received(connection)]
        findings += _loads(connection)
        findings += _left_alone(connection)
        findings += _doubts(connection)
        findings += _quarantine(connection)
        findings += [Finding(NOTE, f"drift: {item.sentence}") for item in all_drift(settings, [profile.source for profile in profiles])]
        findings += _waiting_months(connection)
        findings += _alerts(connection, settings)
        findings += _papers(connection, settings)
        findings += _beside(connection, settings)
        findings += _accounts(settings)
    return findings


def _accounts(settings: Settings) -> list[Finding]:
    """Accounts of persons whom Airflow's login does not know, because its file is lost or damaged."""
    if not (settings.home / "airflow").is_dir():
        return []  # nobody logs in here
    from cchc.embedded.accounts import cannot_log_in

    found = _checked("accounts", lambda: cannot_log_in(settings))
    return [] if found == Finding(OK, "accounts") else [Finding(WRONG, found.text)]


def _beside(connection: Connection, settings: Settings) -> list[Finding]:
    """What lies beside the warehouse and is not known to it, and the other way round."""
    from cchc.cli.beside import strange

    return [Finding(WRONG, sentence) for sentence in strange(connection, settings)]


def _checked(what: str, test: Callable[[], str | None]) -> Finding:
    """Run one test, and turn its result or its error into a finding."""
    try:
        answer = test()
    except CchcError as error:
        return Finding(WRONG, f"{what}: {error}")
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        return Finding(WRONG, f"{what}: {sentence}")
    return Finding(OK, f"{what}{f': {answer}' if answer else ''}")


def _project(settings: Settings) -> list[Finding]:
    """Check that plan, catalogue and profiles can be read."""
    from cchc.reference.catalogue import catalogue
    from cchc.reference.plan import in_words as plans_in_words
    from cchc.sources.profile import list_profiles

    return [
        _checked("plans", lambda: plans_in_words(settings)),
        _checked("catalogue", lambda: f"{len(catalogue(settings))} computed indicators"),
        *(_checked(f"profile {name}", partial(_name_of_profile, settings, name)) for name in list_profiles(settings.sources_dir)),
    ]


def _machine(settings: Settings) -> list[Finding]:
    """Check that there is room on the disk, that landing can be written, and that there is a key for the hashes."""
    findings = []
    there = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    free = shutil.disk_usage(there).free / 2**30
    if free < LEAST_ROOM:
        words = f"only {free:.1f} GB are free under {there}: PostgreSQL and Airflow stop without room (docs/runbooks/stopped.md)"
        findings.append(Finding(WRONG if free < LEAST_ROOM / 5 else NOTE, words))
    else:
        findings.append(Finding(OK, f"disk: {free:.0f} GB free under {there}"))
    if settings.landing_url.startswith("file://"):
        landing = Path(url2pathname(urlsplit(settings.landing_url).path))
        if landing.exists() and not landing.is_dir():
            words = f"landing {landing} is no folder: move it away, and put the landing of a backup in its place (docs/runbooks/restore.md)"
            findings.append(Finding(WRONG, words))
        elif landing.exists() and not os.access(landing, os.W_OK):
            findings.append(Finding(WRONG, f"landing {landing} cannot be written: give this user the right, or set CCHC_LANDING_URL"))
    if settings.home.exists():
        findings.append(_checked("key of the hashes", lambda: settings.privacy_key() and None))
    if open_to_others := settings.secrets_others_may_read():
        named = ", ".join(map(str, open_to_others[:3])) + (f" and {len(open_to_others) - 3} more" if len(open_to_others) > 3 else "")
        words = f"secrets: other accounts of this machine may read {named}: `chmod -R go= {settings.home / 'secrets'}`"
        findings.append(Finding(WRONG, words))
    return findings


def _name_of_profile(settings: Settings, name: str) -> str:
    from cchc.sources.profile import load_profile

    return load_profile(settings.sources_dir, name).name_vi


def _connections(settings: Settings, sources: list[str] | None) -> list[Finding]:
    """Test the connections of the sources."""
    from cchc.embedded.connections import known
    from cchc.sources.connection import variable
    from cchc.sources.profile import list_profiles

    names = sources or list_profiles(settings.sources_dir)
    try:
        variables = known(settings, names)
    except CchcError as error:
        return [Finding(WRONG, f"connections: {error}")]
    findings = []
    for name in names:
        if not sources and variable(name) not in variables:
            words = f"connection src_{name}: neither {variable(name)} is set nor does Airflow keep it, so this source cannot be extracted"
            findings.append(Finding(NOTE, words))
            continue
        findings.append(_checked(f"connection src_{name}", partial(_tried_connection, settings, name, variables)))
    return findings


def _tried_connection(settings: Settings, name: str, variables: Mapping[str, str]) -> str:
    from cchc.pipeline.ingest import check_connection
    from cchc.sources.connection import from_environment

    return check_connection(settings, name, from_environment(name, variables))


def _embedded(settings: Settings) -> list[Finding]:
    """Check the embedded PostgreSQL and Airflow of this CCHC_HOME, if they are used."""
    if settings.warehouse_url:
        return []
    from cchc.embedded import stack

    return [Finding(level, text) for level, text in stack.health(settings)]


def _warehouse(settings: Settings) -> str | None:
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    return None


def _source(connection: Connection, settings: Settings, profile: Profile) -> list[Finding]:
    """The known_at of a source, whether it is too old, and how the last run of the source ended."""
    from cchc.runs.lateness import oldest_allowed
    from cchc.warehouse import known_at_of, query

    name, findings = profile.source, []
    known_at = known_at_of(connection, name)
    rows = query(
        connection,
        "select distinct on (kind) extract_id, kind, status, superseded_by, message, started_at from ops.extract where source_code = :s "
        "order by kind, extract_id desc",
        {"s": name},
    )
    last = {row["kind"]: row for row in rows}
    if known_at is not None:
        age = now() - known_at
        limit = oldest_allowed(profile)
        sentence = f"{name}: T = {known_at.astimezone(ZONE).isoformat()}"
        if limit is None or age <= limit:
            findings.append(Finding(OK, sentence))
        elif _is_unscheduled(settings):
            findings.append(Finding(OK, f"{sentence}; no run goes by the clock here (CCHC_SCHEDULE=off)"))
        else:
            findings.append(
                Finding(
                    WRONG,
                    f"{sentence} is {age.days} days old, although its profile has it extracted at '{profile.schedule}'. "
                    f"See whether ingest_{name} runs in Airflow, or run `cchc ingest {name}`",
                )
            )
    elif _has_records(connection, name):
        findings.append(
            Finding(
                WRONG, f"{name}: records are loaded, but no complete extract reaches back to the beginning. `cchc ingest {name}` mends it"
            )
        )
    else:
        findings.append(Finding(NOTE, f"{name}: never extracted; its indicators have no value"))
    for kind, row in last.items():
        findings += _last_run(name, kind, row)
    return findings


def _roles(connection: Connection, profiles: list[str]) -> list[Finding]:
    """Report roles whose values end before known_at of one of their sources, or for ever. `profiles`: the sources that have a profile."""
    from cchc.reference.roles import every_tree
    from cchc.warehouse.queries import ask

    findings: dict[Finding, None] = {}  # a source may concern several trees, but is reported once
    for clocks in every_tree(connection):
        for role in sorted(clocks.by_role):
            known = clocks.of(role)
            for source, known_at in known.items():
                if source not in profiles:
                    text = (
                        f"{source} fills the role {role} and has no profile any more: it is not extracted, and the values of the role end "
                        f"at its T ({to_minute(known_at)}). Put {source}.yaml back into the folder of the profiles"
                    )
                    findings[Finding(WRONG, text)] = None
            if len(set(known.values())) > 1:
                first = min(known, key=lambda source: known[source])
                others = ", ".join(f"{source} until {to_minute(known[source])}" for source in known if source != first)
                text = f"role {role}: values end at T of {first} ({to_minute(known[first])}); known is {others}"
                findings[Finding(NOTE, text)] = None
    without_list = ask(connection, "doctor/dossiers_without_list")
    return [
        *findings,
        *_lists(connection),
        *(
            Finding(
                NOTE,
                f"{row['source_code']} delivers dossiers and no list of procedures: what is counted by the procedure (electronic results, "
                "certified copies) leaves its dossiers out",
            )
            for row in without_list
        ),
    ]


def _lists(connection: Connection) -> list[Finding]:
    """Report entries of lists that count although a newer list has ended them, or that count nowhere because their unit has ended."""
    from cchc.warehouse.queries import ask

    ended_elsewhere = [
        f"{row['source_code']}: {row['procedure_count']} procedures are in force by its list of {to_minute(row['listed_at'])} and have "
        f"ended in that of {row['ended_in']} of {to_minute(row['ended_listed_at'])}, such as {row['procedure_code']} of "
        f"{row['unit_code']}. They count as in force. Where {row['source_code']} was replaced, its list is to be ended too "
        "(docs/guides/several_sources.md)"
        for row in ask(connection, "doctor/procedure_ended_elsewhere")
    ]
    of_ended_units = [
        f"{row['source_code']} {row['entity']}: {row['entry_count']} entries of the newest list are of units that have ended, such as "
        f"{row['item']} of {row['unit_code']} (ended {row['ended_on']}). They count nowhere; ask the source to name the unit of today"
        for row in ask(connection, "doctor/list_of_ended_unit")
    ]
    return [Finding(NOTE, text) for text in [*ended_elsewhere, *of_ended_units]]


def _last_run(source: str, kind: str, row: dict[str, Any]) -> list[Finding]:
    named = "run" if kind == "ingest" else "retry from quarantine"
    what = f"{source}: the last {named} (extract {row['extract_id']}, {to_minute(row['started_at'])})"
    again = f"`cchc ingest {source}`" if kind == "ingest" else "`cchc quarantine retry`"
    if row["status"] == ExtractStatus.FAILED:
        return [Finding(WRONG, f"{what} failed: {row['message']}. When that is mended: {again}")]
    if row["status"] == ExtractStatus.BLOCKED:
        return [Finding(WRONG, f"{what} was blocked, nothing of it was published: {row['message']}")]
    if row["status"] == ExtractStatus.SUPERSEDED:
        from cchc.runs.extracts import SUPERSEDED, WITHDRAWAL

        if row["superseded_by"] == WITHDRAWAL:
            return []  # nothing has to take its place
        why = SUPERSEDED[row["superseded_by"]]
        return [Finding(WRONG, f"{what} gave way because {why}, and nothing has taken its place: {again}")]
    if row["status"] == ExtractStatus.RUNNING and now() - row["started_at"] > LONG_RUN:
        return [Finding(WRONG, f"{what} has not ended; it was probably cut off. {again} takes its place")]
    return []


def _is_unscheduled(settings: Settings) -> bool:
    from cchc.embedded import stack

    return is_unscheduled() or (settings.warehouse_url is None and not stack.runs_by_clock(settings))


def _has_records(connection: Connection, source: str) -> bool:
    from cchc.warehouse import query

    return bool(
        query(connection, "select 1 from ops.load where source_code = :s and status = 'loaded' and landed > 0 limit 1", {"s": source})
    )


def _loads(connection: Connection) -> list[Finding]:
    """Files and entities that are blocked or waiting now; a blocked file that a good revision has replaced is not reported."""
    from cchc.warehouse.queries import ask

    rows = ask(connection, "doctor/open_load")
    return [
        Finding(
            NOTE if row["status"] == LoadStatus.WAITING else WRONG,
            f"{row['source_code']} {row['what']} is {row['status']}: {row['message']}",
        )
        for row in rows
    ]


def _repeated_payments(connection: Connection, profiles: list[Profile]) -> list[Finding]:
    """Payments whose number the file of another day has too, by source and entity; a run tells it once."""
    from cchc.pipeline.repeated_payments import repeated_notes
    from cchc.warehouse.queries import ask

    rows = ask(connection, "doctor/repeated_payment")
    return [Finding(NOTE, note) for profile in profiles for note in repeated_notes(profile, rows)]


def _left_alone(connection: Connection) -> list[Finding]:
    """What of the newest files of an entity became no record: rows and sheets, added up where there are several files."""
    from cchc.sources.left_alone import LeftAlone, places_of_sheets, rows_in_words, valueless_in_words
    from cchc.warehouse.queries import ask

    files: dict[str, list[dict[str, Any]]] = {}
    for row in ask(connection, "doctor/left_alone"):
        files.setdefault(f"{row['source_code']} {row['entity']}", []).append(row)
    findings = []
    for entity, rows in files.items():
        total = LeftAlone()
        for row in rows:
            total.add(row["left_alone"])
        facts = total.facts()
        where = f"file {rows[0]['file_name']}" if len(rows) == 1 else f"{len(rows)} files of its newest run"
        if words := rows_in_words(facts if len(rows) == 1 else facts | {"end_row": None}):
            findings.append(Finding(NOTE, f"{entity}, {where}: no records are {words}"))
        if words := valueless_in_words(facts):
            findings.append(Finding(NOTE, f"{entity}, {where}: {words}"))
        if total.sheets:
            places = places_of_sheets(facts) if len(rows) == 1 else ""
            findings.append(Finding(NOTE, f"{entity}, {where}: {len(total.sheets)} more sheets have cells and are not read{places}"))
        findings += [Finding(NOTE, f"{entity}, {where}: {words}, so it is not read there") for words in dict.fromkeys(total.names)]
    return findings


def _doubts(connection: Connection) -> list[Finding]:
    """What loads noted of themselves because it may be wrong, though no rule is broken; a run tells it once."""
    from cchc.core.doubts import standing
    from cchc.pipeline.row_notes import standing_notes

    return [Finding(NOTE, note) for note in standing_notes(standing(connection))]


def _quarantine(connection: Connection) -> list[Finding]:
    """The number of records in quarantine; a record that was delivered several times counts once."""
    from cchc.warehouse import query

    rows = query(
        connection,
        "select source_code, entity, count(distinct coalesce('key ' || key, file || ' ' || line)) as records from ops.quarantine "
        "where action = 'quarantine' and resolved_at is null group by 1, 2 order by 1, 2",
    )
    return [
        Finding(NOTE, f"{row['source_code']} {row['entity']}: {row['records']} records in quarantine (`cchc quarantine list`)")
        for row in rows
    ]


def _alerts(connection: Connection, settings: Settings) -> list[Finding]:
    """Whether people are told of what goes wrong: rules that can be read, recipients with an address, nothing undelivered."""
    from cchc.notices.reach import nobody_is_told, not_looked_for
    from cchc.notices.rules import read_rules
    from cchc.sources.connection import parts_from_environment
    from cchc.warehouse.queries import ask

    try:
        rules = read_rules(settings)
    except CchcError as error:
        return [Finding(WRONG, f"alerts: nobody is told of anything: {error}")]
    silent = [Finding(NOTE, f"alerts: {sentence}") for sentence in nobody_is_told(connection, rules, parts_from_environment)]
    lost = [
        Finding(
            WRONG,
            f"alerts: {row['waiting_count']} messages to {row['recipient']} wait since {to_minute(row['since_at'])}: {row['problem']}. "
            "They are tried again each hour",
        )
        for row in ask(connection, "alerts/undelivered")
    ]
    if not _is_unscheduled(settings) and (paused := not_looked_for(connection, rules, now())) is not None:
        lost.append(Finding(NOTE, f"alerts: {paused}"))
    return [*silent, *lost] or [Finding(OK, "alerts: somebody is told of everything")]


def _waiting_months(connection: Connection) -> list[Finding]:
    from cchc.warehouse import query

    months = [
        row["month"]
        for row in query(connection, "select distinct to_char(month_start, 'YYYY-MM') as month from ops.dirty_month order by 1")
    ]
    return [Finding(NOTE, f"months that wait for `cchc refresh`: {', '.join(months)}")] if months else []


def _papers(connection: Connection, settings: Settings) -> list[Finding]:
    """Whether every published paper is there, byte for byte."""
    from cchc.warehouse.queries import ask

    rows = ask(connection, "doctor/published_paper")
    lost = [f"{settings.home / row['path']}" for row in rows if not _is_paper(settings.home / row["path"], row["sha256"])]
    if not rows or not lost:
        return [Finding(OK, f"publications: {len(rows)} published papers")] if rows else []
    named = ", ".join(lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
    return [
        Finding(
            WRONG,
            f"publications: {len(lost)} of {len(rows)} published papers are gone or are not what was published: {named}. Put the folder "
            "`publications` of a backup in their place (docs/runbooks/restore.md)",
        )
    ]


def _is_paper(path: Path, sha256: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except OSError:
        return False
