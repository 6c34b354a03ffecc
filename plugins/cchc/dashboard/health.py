"""The health of the data: is everything well, and if not, what must be done by whom; and one load with all that is known of it.

Counts are for everybody. Single records are for those who may see dossiers: a person of a unit sees those of its unit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from cchc.core.completeness import not_received
from cchc.core.doubts import DOUBTS
from cchc.dashboard.load_rows import row_table
from cchc.dashboard.measures import Measured, Source, is_in, is_of, lamps, measure
from cchc.dashboard.page import Answer, Asking, NotThere
from cchc.dashboard.table import PAGE_ROWS, Asked, Column, Row, Table, table_of
from cchc.dashboard.thresholds import SIGNS, Light, thresholds
from cchc.dashboard.view import scope_names
from cchc.dashboard.words import Words
from cchc.errors import WrongUse
from cchc.findings.reconciliation import STATES
from cchc.reference.catalogue import catalogue
from cchc.states import ExtractStatus, LoadStatus
from cchc.warehouse import composed, query
from cchc.warehouse.queries import ask, statement

PARTS = ("summary", "coverage", "loads", "quarantine", "fields", "findings", "payments")
# to which part of the page a light leads
PART_OF = {
    "missing_units": "coverage",
    "blocked_files": "loads",
    "waiting_files": "loads",
    "doubts": "loads",
    "broken_runs": "loads",
    "quarantined": "quarantine",
    "changed_fields": "fields",
    "findings": "findings",
    "unmatched_payments": "payments",
}
AGAIN = 3  # seconds after which the page asks again, while something is counted for the first time
ORDER = (Light.WRONG, Light.WATCH, Light.COUNTING, Light.WELL)
# rules of the suites by what mends them (docs/runbooks/quarantine.md): the list of units, the profile; all others the unit at the source
UNIT_RULES = ("K6", "UNIT", "W_UNIT")
PROFILE_RULES = ("K2", "K3", "KEY", "W_UNREADABLE", "W_CODE")
DECLARED = "declared"
RUN_SIGNS = {
    LoadStatus.LOADED.value: "✓",
    LoadStatus.BLOCKED.value: "✕",
    LoadStatus.FAILED.value: "✕",
    LoadStatus.WAITING.value: "!",
    ExtractStatus.COMPLETE.value: "✓",
    ExtractStatus.SUPERSEDED.value: "!",
}


def page(asking: Asking) -> Answer:
    """The page `/health`."""
    asking, words = as_now(asking), asking.words
    part = asking.query.get("part") or PARTS[0]
    if part not in PARTS:
        raise WrongUse(f"'{part}' is no part of this page; {', '.join(PARTS)}")
    measured = measure(asking)
    units = units_of(asking, asking.view.scope)
    shown = lamps(asking, measured, units)
    acts = [lamp for state in (Light.WRONG, Light.WATCH) for lamp in shown if lamp.state == state]
    tables = _TABLES[part](asking, measured)
    if part == "summary":
        rows = [
            {
                "name": words[f"light_{lamp.name}"],
                "status": lamp.state.value,
                "number": lamp.number,
                "watch": lamp.threshold.watch,
                "wrong": lamp.threshold.wrong,
                "do": words[f"light_{lamp.name}_do"] if lamp.state in (Light.WRONG, Light.WATCH) else None,
                "part": PART_OF.get(lamp.name),
            }
            for lamp in shown
        ]
        tables = (_lights_table(asking, rows), *tables)
    return Answer(
        "health.html",
        words["health"],
        _values(asking)
        | {
            "parts": [
                (name, words[f"part_{name}"], asking.view.link("/health", part=name if name != PARTS[0] else None)) for name in PARTS
            ],
            "part": part,
            "acts": acts,
            "counted": Counter(lamp.state for lamp in shown),
            "order": [state for state in ORDER if any(lamp.state == state for lamp in shown)],
            "measured": measured,
            "part_of": PART_OF,
            "counted_at": min((known.at for known in measured.counted), default=None),
            "is_old": any(not known.is_fresh for known in measured.counted),
            "needs_rights": part in ("quarantine", "findings", "payments") and asking.person.scope_of_dossiers(asking.view.scope) is None,
        },
        tables,
        again_in=AGAIN if measured.is_counting else None,
    )


def load_page(asking: Asking) -> Answer:
    """The page `/loads/{load}`: one load, what became of its rows, its fields, what rules found, its records in quarantine."""
    asking, words = as_now(asking), asking.words
    number = asking.parts["load"]
    found = ask(asking.connection, "dashboard/load", load=int(number)) if is_number(number) else []
    if not found:
        raise NotThere(words("no_such_load", load=number))
    load = found[0]
    checks = [
        dict(row) | {"reason": _reason(row["message"], words)}
        for row in ask(asking.connection, "dashboard/load_check", load=load["load_id"])
    ]
    tables = [
        row_table(asking, load),
        _field_table(asking, load["load_id"]),
        table_of(
            "checks",
            words["checks"],
            (
                Column("rule", words["rule"], "code"),
                Column("action", words["action"]),
                Column("unexpected_count", words["records"], "count"),
                Column("reason", words["reason"]),
            ),
            checks,
            asking.query,
            words,
            empty=words["no_checks"],
        ),
        *_quarantine(asking, load["load_id"]),
    ]
    return Answer(
        "load.html",
        words("load_number", load=load["load_id"]),
        _values(asking)
        | {
            "load": load,
            "light": load_light(load["status"]),
            "needs_rights": asking.person.scope_of_dossiers(asking.view.scope) is None,
        },
        tuple(tables),
    )


def as_now(asking: Asking) -> Asking:
    """The same request for what is known now: the health of the data has no past."""
    return replace(asking, view=replace(asking.view, edition=None, known_at=None))


def _values(asking: Asking) -> dict[str, Any]:
    return {
        "a": asking,
        "view": asking.view,
        "signs": {light.value: sign for light, sign in SIGNS.items()} | RUN_SIGNS,
        "is_past_asked": bool(asking.query.get("edition") or asking.query.get("known_at")),
    }


def is_number(text: str) -> bool:
    """Whether a part of an address can be the number of a row."""
    return text.isascii() and text.isdigit() and len(text) < 16


def load_light(status: str) -> Light:
    """Whether a load is well."""
    if status in (LoadStatus.BLOCKED, LoadStatus.FAILED):
        return Light.WRONG
    return Light.WELL if status == LoadStatus.LOADED else Light.WATCH


def units_of(asking: Asking, scope: str) -> frozenset[str] | None:
    """The units of a scope; None for the whole, to which records without a unit belong too."""
    if scope == "all":
        return None
    if not scope.startswith("level:"):
        return frozenset({scope})
    units = ask(asking.connection, "dashboard/unit_level", d=asking.view.period.last_day)
    return frozenset(row["unit_code"] for row in units if f"level:{row['level']}" == scope)


def own_units(asking: Asking) -> tuple[bool, frozenset[str] | None]:
    """Whether the person sees single records of this scope, and of which units (None: of all)."""
    scope = asking.person.scope_of_dossiers(asking.view.scope)
    return scope is not None, None if scope is None else units_of(asking, scope)


def unit_names(asking: Asking) -> dict[str, str]:
    """The name of each unit on the last day of the period."""
    return scope_names(asking.connection, asking.view.period.last_day) | {
        row["unit_code"]: row["name"] for row in ask(asking.connection, "dashboard/unit_level", d=asking.view.period.last_day)
    }


# --- the summary -------------------------------------------------------------------------------------------------------


def _lights_table(asking: Asking, rows: Sequence[Row]) -> Table:
    words = asking.words

    def where(row: Row) -> str | None:
        return asking.view.link("/health", part=row["part"]) if row["part"] else None

    columns: tuple[Column, ...] = (
        Column("name", words["light"], link=where),
        Column("status", words["state"], "status"),
        Column("number", words["count"], "count"),
        Column("watch", words["watch_from"], "count"),
        Column("wrong", words["wrong_from"], "count"),
        Column("do", words["who_does_what"]),
    )
    return table_of("lights", words["lights"], columns, rows, asking.query, words)


def _summary(asking: Asking, measured: Measured) -> tuple[Table, ...]:
    return _source_table(asking, measured), *_gap_tables(asking, measured), _waiting_table(asking, measured)


def _source_table(asking: Asking, measured: Measured) -> Table:
    words, limit = asking.words, thresholds(asking.settings)

    def state(source: Source) -> Light:
        states = [limit.late_days.judged(source.late_days or 0)]
        if source.is_broken:
            states.append(Light.WRONG)
        if source.roles and source.known_at is None:
            states.append(limit.absent_sources.judged(1))
        return min(states, key=ORDER.index)

    rows = [
        {
            "name": source.name,
            "roles": ", ".join(_role(words, role) for role in source.roles),
            "status": state(source).value,
            "known_at": source.known_at,
            "age_days": source.age_days,
            "allowed_days": source.allowed_days,
            "late_days": source.late_days,
            "reaches": words["no"] if source.is_short or source.known_at is None else words["yes"],
            "run_status": source.run["status"] if source.run else None,
            "run_at": source.run["started_at"] if source.run else None,
            "message": source.problem or next((run["message"] for run in (source.run, source.retry) if run and run["message"]), None),
        }
        for source in measured.sources
    ]
    columns: tuple[Column, ...] = (
        Column("name", words["source"], note="message"),
        Column("roles", words["role"]),
        Column("status", words["state"], "status"),
        Column("known_at", words["source_known_to"], "moment"),
        Column("age_days", words["age_days"], "count"),
        Column("allowed_days", words["allowed_days"], "count"),
        Column("late_days", words["days_late"], "count"),
        Column("reaches", words("reaches", period=measured.period.code)),
        Column("run_status", words["last_run"], "status"),
        Column("run_at", words["since"], "moment"),
    )
    return table_of("sources", words["sources"], columns, rows, asking.query, words, empty=words["no_sources"])


def _role(words: Words, role: str) -> str:
    return words.texts.get(f"role_{role}", role)


def _gap_tables(asking: Asking, measured: Measured) -> list[Table]:
    """What was never asked for, and the dossiers that are listed and not stored; nothing where nothing is missing."""
    words = asking.words
    tables = []
    if measured.holes:
        rows = [
            {
                "source": hole.source,
                "entities": ", ".join(hole.entities),
                "from_at": hole.from_at,
                "to_at": hole.to_at,
                "known_at": hole.known_at,
            }
            for hole in measured.holes
        ]
        columns: tuple[Column, ...] = (
            Column("source", words["source"]),
            Column("entities", words["entity"]),
            Column("from_at", words["from"], "moment"),
            Column("to_at", words["to"], "moment"),
            Column("known_at", words["source_known_to"], "moment"),
        )
        tables.append(table_of("holes", words["holes"], columns, rows, asking.query, words))
    if measured.missing_months:
        months = [
            {"source": month.source, "month": month.month, "listed": month.listed, "missing": month.missing, "since": month.since}
            for month in measured.missing_months
        ]
        columns = (
            Column("source", words["source"]),
            Column("month", words["in_month"], "day"),
            Column("listed", words["listed"], "count"),
            Column("missing", words["not_stored"], "count"),
            Column("since", words["since"], "moment"),
        )
        tables.append(table_of("missing_months", words["missing_dossiers"], columns, months, asking.query, words))
        if asking.person.sees_everything:
            columns = (
                Column("dossier_code", words["dossier"], "code"),
                Column("source_code", words["source"]),
                Column("month_start", words["in_month"], "day"),
                Column("first_seen_at", words["since"], "moment"),
            )
            keys = ask(asking.connection, "dashboard/missing_key")
            tables.append(table_of("missing_keys", words["missing_keys"], columns, keys, asking.query, words))
    return tables


def _waiting_table(asking: Asking, measured: Measured) -> Table:
    words = asking.words
    columns: tuple[Column, ...] = (
        Column("month_start", words["in_month"], "day"),
        Column("source_name", words["source"]),
        Column("reason", words["reason"]),
        Column("marked_at", words["since"], "moment"),
    )
    return table_of("waiting", words["waiting_months"], columns, measured.waiting, asking.query, words, empty=words["no_waiting"])


# --- coverage ----------------------------------------------------------------------------------------------------------


def _coverage(asking: Asking, measured: Measured) -> tuple[Table, ...]:
    return tuple(table for table in (_missing_unit_table(asking, measured), _coverage_table(asking)) if table is not None)


def _coverage_name(words: Words, code: str) -> str:
    return words.texts.get(f"coverage_{code}", code)


def _missing_unit_table(asking: Asking, measured: Measured) -> Table | None:
    """The units that sent nothing, by the rule by which a period is closed; None while they are counted."""
    if measured.missing_units is None:
        return None
    words = asking.words
    rows = [
        {"coverage": _coverage_name(words, code), "unit": unit, "do": words["light_missing_units_do"]}
        for code, units in sorted(measured.missing_units.value.items())
        for unit in units.values()
    ]
    columns: tuple[Column, ...] = (
        Column("coverage", words["what_is_sent"]),
        Column("unit", words["unit"]),
        Column("do", words["who_does_what"]),
    )
    title = words("units_that_sent_nothing", period=measured.period.code)
    return table_of("missing_units", title, columns, rows, asking.query, words, empty=words["every_unit_sent"])


def _coverage_table(asking: Asking) -> Table:
    """The share that each unit has sent, by what is sent: of declared figures how many of them, of the others all or nothing."""
    words, view = asking.words, asking.view
    items = catalogue(asking.settings)
    shares: dict[str, dict[str, list[Any]]] = {}
    names: dict[str, str] = {}
    units = units_of(asking, view.scope)
    for row in ask(asking.connection, "dashboard/coverage", kind=view.period.kind, start=view.period.start, d=view.period.last_day):
        item = items.get(row["indicator_code"])
        code = DECLARED if row["role"] == DECLARED else item.coverage if item else None
        if code is not None and is_in(units, row["unit_code"]):
            names[row["unit_code"]] = row["unit_name"]
            shares.setdefault(row["unit_code"], {}).setdefault(code, []).append(row["coverage"])
    codes = sorted({code for of_unit in shares.values() for code in of_unit})
    order = list(scope_names(asking.connection, view.period.last_day))
    rows = [
        {"unit": names[unit]} | {code: 100 * sum(found) / len(found) for code, found in shares[unit].items()}
        for unit in sorted(shares, key=lambda unit: order.index(unit) if unit in order else len(order))
    ]
    columns: tuple[Column, ...] = (Column("unit", words["unit"]), *(Column(code, _coverage_name(words, code), "percent") for code in codes))
    title = words("coverage_of", period=view.period.code)
    return table_of("coverage", title, columns, rows, asking.query, words, empty=words["not_computed"])


# --- loads -------------------------------------------------------------------------------------------------------------


def _loads(asking: Asking, measured: Measured) -> tuple[Table, ...]:
    words, view = asking.words, asking.view

    def one(row: Row) -> str:
        return view.link(f"/loads/{row['load_id']}")

    blocked = [
        dict(row)
        | {
            "light": load_light(row["status"]).value,
            "do": words[f"light_{'waiting' if row['status'] == LoadStatus.WAITING else 'blocked'}_files_do"],
        }
        for row in measured.open_loads
    ]
    columns: tuple[Column, ...] = (
        Column("what", words["file_or_entity"], link=one, note="message"),
        Column("source_code", words["source"]),
        Column("status", words["state"], "status"),
        Column("started_at", words["since"], "moment"),
        Column("do", words["who_does_what"]),
    )
    return (
        table_of("blocked", words["blocked_files"], columns, blocked, asking.query, words, empty=words["no_blocked"]),
        _doubt_table(asking, measured),
        _load_table(asking),
    )


def _doubt_table(asking: Asking, measured: Measured) -> Table:
    """The doubts that loads have of themselves: counts alone, because the code of a dossier is not for everybody."""
    words, view = asking.words, asking.view
    rows = [
        {
            "load_id": load["load_id"],
            "source_code": load["source_code"],
            "what": load["file_name"] or load["entity"],
            "doubt": words[f"doubt_{doubt}"],
            "record_count": load[doubt][count],
            "started_at": load["started_at"],
            "do": words["light_doubts_do"],
        }
        for load in measured.doubted_loads
        for doubt, count in DOUBTS.items()
        if load[doubt]
    ]
    columns: tuple[Column, ...] = (
        Column("load_id", words["load"], "code", lambda row: view.link(f"/loads/{row['load_id']}")),
        Column("source_code", words["source"]),
        Column("what", words["file_or_entity"]),
        Column("doubt", words["doubt"]),
        Column("record_count", words["records"], "count"),
        Column("started_at", words["since"], "moment"),
        Column("do", words["who_does_what"]),
    )
    return table_of("doubts", words["doubts"], columns, rows, asking.query, words, empty=words["no_doubts"])


def _load_table(asking: Asking) -> Table:
    words, view = asking.words, asking.view
    columns: tuple[Column, ...] = (
        Column("load_id", words["load"], "code", lambda row: view.link(f"/loads/{row['load_id']}")),
        Column("source_name", words["source"]),
        Column("what", words["file_or_entity"], note="message"),
        Column("status", words["state"], "status"),
        Column("read_count", words["read_count"], "count"),
        Column("left_out_count", words["left_out_count"], "count"),
        Column("merged_count", words["merged_count"], "count"),
        Column("landed", words["landed"], "count"),
        Column("staged", words["staged"], "count"),
        Column("quarantined", words["quarantined"], "count"),
        Column("inserted", words["inserted"], "count"),
        Column("updated", words["updated"], "count"),
        Column("unchanged", words["unchanged"], "count"),
        Column("replaced", words["replaced_count"], "count"),
        Column("keyless", words["keyless_count"], "count"),
        Column("not_loaded", words["not_loaded_count"], "count"),
        Column("window_to", words["source_known_to"], "moment"),
        Column("started_at", words["since"], "moment"),
    )
    return _paged(asking, "loads", words["loads"], columns, "dashboard/load", {"load": None}, words["no_loads"])


def _paged(
    asking: Asking, name: str, title: str, columns: Sequence[Column], query_name: str, binds: Mapping[str, Any], empty: str
) -> Table:
    """A table of a query that may have very many rows: the warehouse sorts, filters and cuts it."""
    asked = Asked.of(name, asking.query, columns)
    searched = [column.name for column in columns if column.kind in ("text", "code", "status")]
    one_page = composed.one_page(statement(query_name), searched, asked.sort, asked.is_descending)

    def rows(limit: int | None, offset: int) -> list[dict[str, Any]]:
        pattern = f"%{_as_it_is(asked.search)}%" if asked.search else None
        return query(asking.connection, one_page, dict(binds) | {"pattern": pattern, "limit": limit, "offset": offset})

    found = rows(PAGE_ROWS, (asked.page - 1) * PAGE_ROWS)
    total = found[0]["total_count"] if found else (len(rows(None, 0)) if asked.page > 1 else 0)
    return Table(name, title, tuple(columns), tuple(found), total, asked, lambda: rows(None, 0), empty)


def _as_it_is(text: str) -> str:
    """A text in which ILIKE finds nothing special."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _field_table(asking: Asking, load: int) -> Table:
    words = asking.words
    columns: tuple[Column, ...] = (
        Column("field", words["field"], "code"),
        Column("column_name", words["used_as"], "code"),
        Column("record_count", words["records"], "count"),
        Column("present_count", words["present"], "count"),
        Column("filled_count", words["filled"], "count"),
    )
    rows = ask(asking.connection, "dashboard/load_field", load=load)
    return table_of("load_fields", words["fields"], columns, rows, asking.query, words, empty=words["no_fields"])


# --- quarantine --------------------------------------------------------------------------------------------------------


def _quarantine_part(asking: Asking, measured: Measured) -> tuple[Table, ...]:
    return (*_quarantine(asking, None), _not_received(asking))


def _not_received(asking: Asking) -> Table:
    """The dossiers without a reception by source: they are stored and count nowhere."""
    words = asking.words
    columns: tuple[Column, ...] = (
        Column("source", words["source"], "code"),
        Column("dossiers", words["dossiers_not_received"], "count"),
        Column("worked_on", words["reception_lost"], "count"),
        Column("since", words["since"], "day"),
    )
    rows = [asdict(item) for item in not_received(asking.connection)]
    return table_of("not_received", words["not_received"], columns, rows, asking.query, words, empty=words["no_not_received"])


def _quarantine(asking: Asking, load: int | None) -> list[Table]:
    """The rules that open entries break, and the entries themselves for who may see them; of one load, or of all."""
    words = asking.words
    source, rule = (asking.query.get(name) or None for name in ("source", "rule"))

    def chosen(row: Row) -> str:
        return asking.here(source=row["source_code"], rule=row["rule"], **{"records.page": None}) + "#records"

    rules = [
        dict(row)
        | {"why": _reason(row["reason"], words), "do": words[_remedy(row["rule"])], "action_name": words[f"action_{row['action']}"]}
        for row in ask(asking.connection, "dashboard/quarantine_rule", load=load)
    ]
    columns: tuple[Column, ...] = (
        Column("rule", words["rule"], "code", chosen),
        Column("source_name", words["source"]),
        Column("entity", words["entity"]),
        Column("action_name", words["action"]),
        Column("record_count", words["records"], "count"),
        Column("why", words["reason"]),
        Column("since_at", words["since"], "moment"),
        Column("do", words["who_does_what"]),
    )
    tables = [table_of("rules", words["quarantine_by_rule"], columns, rules, asking.query, words, empty=words["no_quarantine"])]
    is_seen, units = own_units(asking)
    if is_seen:
        tables.append(
            _record_table(asking, {"source": source, "rule": rule, "load": load, "units": None if units is None else sorted(units)})
        )
    return tables


def _record_table(asking: Asking, binds: Mapping[str, Any]) -> Table:
    words, view = asking.words, asking.view

    def of_load(row: Row) -> str:
        return view.link(f"/loads/{row['load_id']}")

    columns: tuple[Column, ...] = (
        Column("key", words["key"], "code"),
        Column("unit_code", words["unit"], "code"),
        Column("rule", words["rule"], "code"),
        Column("entity", words["entity"]),
        Column("file", words["file"], "code", of_load),
        Column("line", words["line_number"], "count"),
        Column("unreadable_columns", words["unreadable_columns"], "code"),
        Column("first_seen_at", words["since"], "moment"),
    )
    chosen = ", ".join(str(binds[name]) for name in ("source", "rule") if binds[name])
    title = f"{words['quarantine_records']} ({chosen})" if chosen else words["quarantine_records"]
    return _paged(asking, "records", title, columns, "dashboard/quarantine_record", binds, words["no_records_of_yours"])


def _reason(text: str | None, words: Words) -> str:
    """The half of a rule's words that this language has: they are stored in English and Vietnamese, with a dot between."""
    english, dot, vietnamese = (text or "").partition(" · ")
    return words.either(vietnamese, english) if dot else english


def _remedy(rule: str) -> str:
    """The name of the sentence that says who mends what a rule found."""
    if rule in UNIT_RULES:
        return "remedy_units"
    return "remedy_profile" if rule in PROFILE_RULES else "remedy_source"


# --- fields ------------------------------------------------------------------------------------------------------------


def _fields(asking: Asking, measured: Measured) -> tuple[Table, ...]:
    if measured.fields is None:
        return ()
    words = asking.words
    rows = [
        {
            "field": name,
            "source": finding.source,
            "entity": finding.entity,
            "kind": words[f"drift_{finding.kind}"],
            "do": words[f"drift_{finding.kind}_do"],
            "known_at": finding.known_at,
        }
        for finding in measured.fields.value
        for name in finding.fields
    ]
    columns: tuple[Column, ...] = (
        Column("field", words["field"], "code"),
        Column("source", words["source"]),
        Column("entity", words["entity"]),
        Column("kind", words["what_changed"]),
        Column("known_at", words["delivery_of"], "moment"),
        Column("do", words["who_does_what"]),
    )
    return (table_of("fields", words["fields_of_deliveries"], columns, rows, asking.query, words, empty=words["no_drift"]),)


# --- findings and payments ---------------------------------------------------------------------------------------------


def _findings(asking: Asking, measured: Measured) -> tuple[Table, ...]:
    if measured.findings is None:
        return ()
    words, view = asking.words, asking.view
    kinds = {row["finding_code"]: row for row in ask(asking.connection, "dashboard/finding_kind")}
    scope = units_of(asking, view.scope)
    there = [row for row in measured.findings.value if is_of(view.period, row["month_start"])]
    counted = Counter(row["finding_code"] for row in there if is_in(scope, row["unit_code"]))
    chosen = asking.query.get("finding") or None
    if chosen is not None and chosen not in kinds:
        raise WrongUse(f"'{chosen}' is no kind of finding; {', '.join(kinds)}")

    def name(code: str) -> str:
        return words.either(kinds[code]["name_vi"], kinds[code]["name_en"])

    rows = [
        {"code": code, "name": name(code), "meaning": kind["meaning_vi"], "number": counted[code]}
        for code, kind in kinds.items()
        if counted[code]
    ]
    columns: tuple[Column, ...] = (
        Column(
            "name",
            words["finding"],
            link=lambda row: asking.here(finding=row["code"], **{"records.page": None}) + "#records",
            note="meaning",
        ),
        Column("number", words["count"], "count"),
    )
    title = words("findings_of", period=view.period.code)
    tables = [table_of("findings", title, columns, rows, asking.query, words, empty=words["no_findings"])]
    is_seen, units = own_units(asking)
    if is_seen:
        names = unit_names(asking)
        records = [
            dict(row) | {"name": name(row["finding_code"]), "unit_name": names.get(row["unit_code"], row["unit_code"])}
            for row in there
            if is_in(units, row["unit_code"]) and chosen in (None, row["finding_code"])
        ]
        columns = (
            Column("item", words["record"], "code", lambda row: _story(asking, row)),
            Column("name", words["finding"]),
            Column("unit_name", words["unit"]),
            Column("event_date", words["day"], "day"),
        )
        title = words("finding_records", kind=name(chosen) if chosen else words["every_kind"])
        tables.append(table_of("records", title, columns, records, asking.query, words, empty=words["no_records_of_yours"]))
    return tuple(tables)


def _story(asking: Asking, row: Row, source: str | None = None) -> str | None:
    """The page of the dossier that a record concerns; None where it concerns none."""
    if not row["dossier_code"]:
        return None
    return asking.view.dossier(row["dossier_code"], source or row["source_code"])


def _payments(asking: Asking, measured: Measured) -> tuple[Table, ...]:
    if measured.payments is None:
        return ()
    words, view, period = asking.words, asking.view, asking.view.period
    scope = units_of(asking, view.scope)
    there = [row for row in measured.payments.value if row["day"] is not None and period.start <= row["day"] < period.end]
    chosen = asking.query.get("state") or None
    if chosen is not None and chosen not in STATES:
        raise WrongUse(f"'{chosen}' is no state of a payment; {', '.join(STATES)}")

    def name(state: str) -> str:
        return words.either(STATES[state], words.texts.get(f"payment_{state}"))

    rows = [
        {"code": state, "name": name(state)}
        | {
            column: sum(row[column] or 0 for row in there if row["state"] == state and is_in(scope, row["unit_code"]))
            for column in ("order_count", "fee_vnd", "paid_vnd", "refunded_vnd")
        }
        | {
            "missing": sum(
                row["order_count"]
                for row in there
                if row["state"] == state and row["is_receipt_missing"] and is_in(scope, row["unit_code"])
            )
        }
        for state in STATES
    ]
    columns: tuple[Column, ...] = (
        Column("name", words["state"], link=lambda row: asking.here(state=row["code"], **{"records.page": None}) + "#records"),
        Column("order_count", words["orders"], "count"),
        Column("fee_vnd", words["fee_vnd"], "count"),
        Column("paid_vnd", words["paid_vnd"], "count"),
        Column("refunded_vnd", words["refunded_vnd"], "count"),
        Column("missing", words["without_receipt"], "count"),
    )
    title = words("payments_of", period=period.code)
    tables = [table_of("payments", title, columns, rows, asking.query, words)]
    is_seen, units = own_units(asking)
    if is_seen:
        names = unit_names(asking)
        dossiers = next((source.code for source in measured.sources if "dossiers" in source.roles), "-")
        records = [
            dict(row)
            | {
                "name": name(row["state"]),
                "unit_name": names.get(row["unit_code"], row["unit_code"]),
                "item": row["order_code"] or row["dossier_code"],
            }
            for row in there
            if row["is_open"] and is_in(units, row["unit_code"]) and chosen in (None, row["state"])
        ]
        columns = (
            Column("order_code", words["order"], "code"),
            Column("dossier_code", words["dossier"], "code", lambda row: _story(asking, row, dossiers)),
            Column("unit_name", words["unit"]),
            Column("day", words["day"], "day"),
            Column("name", words["state"]),
            Column("fee_vnd", words["fee_vnd"], "count"),
            Column("paid_vnd", words["paid_vnd"], "count"),
            Column("refunded_vnd", words["refunded_vnd"], "count"),
            Column("is_receipt_missing", words["without_receipt"], "yes"),
        )
        title = words("payment_records", state=name(chosen) if chosen else words["every_state"])
        tables.append(table_of("records", title, columns, records, asking.query, words, empty=words["no_records_of_yours"]))
    return tuple(tables)


_TABLES: dict[str, Callable[[Asking, Measured], tuple[Table, ...]]] = {
    "summary": _summary,
    "coverage": _coverage,
    "loads": _loads,
    "quarantine": _quarantine_part,
    "fields": _fields,
    "findings": _findings,
    "payments": _payments,
}
