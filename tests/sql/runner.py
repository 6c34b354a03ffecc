"""Rows in, rows out: one case of tests/sql/<schema>/<table>/<case>/ against a real PostgreSQL.

given/<schema>.<table>.yaml   rows put into that table before; columns left out get the defaults below
binds.yaml                    what the SQL file or function is called with (see `MAKERS`); may be missing. `where`, a condition: which
                              rows of the case's own table it is about, where expect.yaml is a list
expect.yaml                   the rows afterwards: a list (of the case's own table), or a mapping of relation to list.
                              The columns of the first row are compared, no others; the order of rows plays no part, repeats do.

Times without an offset are those of Asia/Ho_Chi_Minh. `dossier: A` stands for dossier_code and dossier_id of one_stop, `step: S`
likewise for a step. A case runs in a transaction that is rolled back.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from cchc.core import declared, duplicates, facts, lists, missing_dossiers, payments
from cchc.core.load import merge_keys, note_trees
from cchc.core.merge import columns_of, merge_versions, staged_view
from cchc.indicators import compute, count
from cchc.indicators.known_procedures import SameLists
from cchc.models import MODELS
from cchc.period import parse_moment, parse_period
from cchc.publication import restatement
from cchc.publication.restatement_reasons import definition_of
from cchc.reference.catalogue import catalogue
from cchc.reference.dirty_months import mark_dirty_months
from cchc.reference.duties import load_duties
from cchc.reference.load import load_source
from cchc.reference.plan import DISTRICT, plan_of
from cchc.reference.plan_load import load_plans
from cchc.reference.roles import Clocks
from cchc.reference.unit_list import place_records
from cchc.reports import vietnamese
from cchc.settings import PROJECT, Settings
from cchc.sources.profile import load_profile
from cchc.staging.key_ids import key_id
from cchc.warehouse import run_file, sql

CASES = Path(__file__).parent
SOURCE = "one_stop"
Row = dict[str, Any]

_STAGED: Row = {"_load_id": 1, "_line": 1, "_first_seen_at": "2023-07-01", "_row": 1}
_VERSION: Row = {"source_code": SOURCE, "_load_id": 1, "_is_current": False, "_first_seen_at": "2023-07-01"}
_DOSSIER: Row = {"unit_code": "H19.16.3", "status_code": 4, "received_at": "2023-01-05 08:00:00"}
DEFAULTS: dict[str, Row] = {
    "core.dossier_version": _VERSION | _DOSSIER,
    "core.dossier_step_version": _VERSION | {"action_name": "x"},
    "core.assessment_version": _VERSION | {"_changed_at": "2023-06-30", "_is_current": True, "unit_code": "H19.16.3"},
    "core.document_version": _VERSION | {"source_code": "documents", "_changed_at": "2023-06-30", "_is_current": True},
    "core.work_file_version": _VERSION
    | {"source_code": "documents", "_changed_at": "2023-06-30", "_is_current": True, "unit_code": "H19.16.3", "secrecy_code": "thuong"}
    | {"is_special": False, "handling_code": "dien_tu"},
    "core.signature_version": _VERSION
    | {"source_code": "documents", "_changed_at": "2023-06-30", "_is_current": True, "is_valid": True, "certificate_kind_code": "ca_nhan"},
    "core.payment_day": {"source_code": "payments", "file_date": "2023-06-30", "file_name": "f.csv", "row_count": 1, "amount_vnd": 8000}
    | {"_load_id": 1},
    "core.payment_version": _VERSION
    | {"source_code": "payments", "_changed_at": "2023-06-30", "_is_current": True, "unit_code": "H19.16.3", "file_revision": 1}
    | {"kind_code": "PAY", "status_code": 1, "amount_vnd": 8000, "method_code": "tien-mat"},
    "core.unit": {"name": "a test", "level": "commune", "kind": "commune", "root_code": "H19.16", "valid_from": "2000-01-01"},
    "core.feedback_version": _VERSION
    | {"source_code": "feedback", "_changed_at": "2023-06-30", "_is_current": True, "unit_code": "H19.16.3", "file_date": "2023-06-30"}
    | {"file_revision": 1, "is_about_procedures": True, "status_code": "da_xu_ly", "channel_code": "1022"},
    "core.survey_answer_version": _VERSION
    | {"source_code": "survey", "_changed_at": "2023-06-30", "_is_current": True, "unit_code": "H19.16.3", "file_date": "2023-06-30"}
    | {"file_revision": 1},
    "core.declaration": {"plan_code": "plan_53_KH-UBND_2023"},
    "core.plan": {"plan_code": "plan_99_KH-UBND_2024", "valid_from": "2024-01-01", "valid_to": "2024-12-31"},
    "core.plan_target": {"plan_code": "plan_99_KH-UBND_2024", "target_order": 1, "section": "2.1", "clause_vi": "a test", "level": "all"}
    | {"operator": ">=", "operator_text": ">=", "kind": "flow", "lead_agency": "a test", "how": "computed"},
    "core.declared_file": {"source_code": "declared", "file_revision": 1, "_first_seen_at": "2023-07-01", "file_name": "f.xlsx"}
    | {"figure_count": 1, "content_hash": "x", "_load_id": 1, "unit_code": "H19.16.2", "month_start": "2023-06-01"},
    "core.declared_figure_version": {"source_code": "declared", "file_revision": 1, "_first_seen_at": "2023-07-01", "file_name": "f.xlsx"}
    | {"unit_code": "H19.16.2", "month_start": "2023-06-01", "is_approved": True, "file_line": 2, "_load_id": 1},
    "staging.model_declared_figure": _STAGED | {"unit_code": "H19.16.2", "month_start": "2023-06-01", "is_approved": True}
    | {"file_revision": 1, "denominator": 20, "_key": "k"},
    "core.procedure_list": {"source_code": SOURCE, "_load_id": 1},
    "core.procedure_list_item": {"unit_code": "H19.16.3", "valid_from": "2020-01-01", "status_code": "cong_khai"},
    "core.leader_list": {"source_code": "documents", "_load_id": 1},
    "core.leader_list_item": {"unit_code": "H19.16.3", "from_date": "2020-01-01"},
    "core.dossier_key": {"source_code": SOURCE, "_first_seen_at": "2023-06-01"},
    "core.dossier_key_month": {"source_code": SOURCE},
    "core.dossier_supplement": {"source_code": SOURCE, "round_number": 1},
    "core.dossier_due": {"source_code": SOURCE},
    "mart.dossier": {
        "source_code": SOURCE, "unit_code": "H19.16.3", "channel": "in_person", "is_digitized": False, "has_signed_result": False,
        "supplement_count": 0, "is_counted": True, "_changed_at": "2023-06-30", "_first_seen_at": "2023-07-01", "_load_id": 1,
    },
    "mart.dossier_open": {
        "source_code": SOURCE, "unit_code": "H19.16.3", "received_date": "2023-06-01", "is_paused": False, "is_past_due": False,
    },
    "mart.indicator_value": {
        "plan_code": "plan_53_KH-UBND_2023", "formula_version": 1, "is_provisional": False, "computed_at": "2023-07-01", "level": "all",
        "unit_code": "all", "period_kind": "month", "basis": "period",
    },
    "mart.score_766": {
        "period_kind": "month", "period_start": "2023-06-01", "period_end": "2023-07-01", "level": "commune", "formula_version": 1,
        "group_code": "g", "group_name_vi": "a test", "name_vi": "a test", "formula": "linear", "max_points": 10, "computed_at": "2023-07-01",
    },
    "mart.publication": {
        "plan_code": "plan_53_KH-UBND_2023", "period_kind": "month", "source_clocks": {}, "definitions": {}, "missing": {}, "findings": {},
        "approval": "person", "approved_by": "a tester", "published_at": "2023-07-05",
    },
    "mart.publication_value": {"formula_version": 1, "unit_code": "all", "level": "all", "basis": "period", "is_provisional": False},
    "mart.publication_item": {
        "publication_id": 1, "unit_code": "H19.16.3", "basis": "period", "numerator_items": [], "other_items": [],
    },
    "mart.restatement": {
        "publication_id": 1, "state": "open", "numerator": 1, "published_numerator": 1,
        "unit_code": "all", "level": "all", "basis": "period", "source_clocks": {}, "found_at": "2023-08-01",
    },
    "measured": {"formula_version": 1, "kind": "flow", "unit_code": "all", "level": "all", "basis": "year_to_date", "coverage": 1},
    "expected": {"has_sent": True},
    "item_now": {"unit_code": "H19.16.3", "indicator_code": "dossier_on_time_rate", "basis": "period", "is_numerator": True},
    "core.unit_version": {"name": "a test", "level": "commune", "kind": "commune", "root_code": "H19.16"},
    "staging.model_dossier": _STAGED | _DOSSIER | {"channel_code": 1, "result_kind_code": "ket_qua"},
    "staging.model_dossier_step": _STAGED | {"action_name": "x"},
    "staging.model_payment": _STAGED
    | {"kind_code": "PAY", "status_code": 1, "amount_vnd": 8000, "method_code": "tien-mat", "unit_code": "H19.16.3", "file_revision": 1},
    "ops.load": {"extract_id": 1, "source_code": SOURCE, "entity": "dossiers", "status": "loaded", "started_at": "2023-07-01"},
    "ops.quarantine": {
        "load_id": 1, "line": 1, "source_code": SOURCE, "entity": "dossiers", "action": "quarantine", "reason": "a test",
        "first_seen_at": "2023-07-01",
    },
    "ops.extract": {"source_code": SOURCE, "status": "complete", "started_at": "2023-07-01"},
    "ops.coverage": {"source_code": SOURCE, "entity": "dossiers"},
}  # fmt: skip


# tables that `cchc init` fills: a given row takes the place of the one that is there
INSTEAD = {
    "core.declaration": " on conflict (plan_code, indicator_code, unit_code) do update set form = excluded.form, "
    "is_required = excluded.is_required"
}
# tables that number their rows themselves
IDENTIFIED = ("ops.extract", "ops.load", "ops.withdrawal", "mart.publication", "mart.restatement")


class _Loader(yaml.SafeLoader):
    """YAML whose dates and times stay texts: PostgreSQL reads them, in its own zone."""


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path) -> Any:
    """A YAML file, a copy of its own; None where it does not exist."""
    return copy.deepcopy(_parsed(path.read_text(encoding="utf-8"))) if path.exists() else None


@cache
def _parsed(content: str) -> Any:
    """The content of a YAML file; parsed once, because each planted defect runs the cases of its table again."""
    return yaml.load(content, _Loader)  # noqa: S506 a SafeLoader


def _completed(table: str, row: Row, columns: list[str], number: int) -> Row:
    """A row with its defaults, and with the keys that follow from its codes."""
    full = (_STAGED if table.startswith("staging.") else {}) | DEFAULTS.get(table, {}) | row
    for short, code, number_column in (("dossier", "dossier_code", "dossier_id"), ("step", "step_code", "step_id")):
        if short in full:
            full[code] = full.pop(short)
            full[number_column] = key_id(str(full.get("source_code", SOURCE)), str(full[code]))
    if table == "staging.model_dossier" and "dossier_code" in full:
        full.setdefault("_key", full["dossier_code"])
    if table == "staging.model_dossier_step":
        full.setdefault("_key", full.get("step_code"))
    if table.startswith("staging.") and "_row" not in row:
        full["_row"] = number
    if table.startswith("staging.") and "_line" not in row:
        full["_line"] = number
    if table.startswith("staging.") and "_content_hash" not in row:
        content = {key: value for key, value in full.items() if not key.startswith("_") or key == "_changed_at"}
        full["_content_hash"] = key_id(json.dumps(content, sort_keys=True, default=str))
    if table == "staging.model_dossier_key":
        full.setdefault("_key", full.get("dossier_code"))
    if table == "core.procedure_list_item":
        full.setdefault("_key", "|".join(str(full.get(key)) for key in ("procedure_code", "unit_code", "valid_from")))
        full.setdefault("procedure_code_full", full.get("procedure_code"))
    if table == "core.leader_list_item":
        full.setdefault("_key", "|".join(str(full.get(key)) for key in ("person_code", "unit_code", "from_date")))
    if table == "mart.dossier":
        for column in ("received", "finished", "due", "first_due"):
            if full.get(f"{column}_at"):
                full.setdefault(f"{column}_date", str(full[f"{column}_at"])[:10])
    unknown = set(full) - set(columns)
    strange = {key for key in unknown if key in row}
    assert not strange, f"{table} has no column {', '.join(sorted(strange))}"
    return {key: value for key, value in full.items() if key in columns}


def insert(connection: Connection, table: str, rows: list[Row]) -> None:
    """Put rows into a table, completed by its defaults; of version tables `_is_current` is worked out unless a row says it."""
    columns = columns_of(connection, table)
    complete = [_completed(table, row, columns, number) for number, row in enumerate(rows, 1)]
    for columns_given, alike in groupby(complete, key=tuple):
        names = ", ".join(columns_given)
        own_number = f"{table.partition('.')[2]}_id"
        overriding = "overriding system value" if table in IDENTIFIED and own_number in columns_given else ""
        connection.execute(
            text(
                f"insert into {table} ({names}) {overriding} "
                f"select {names} from jsonb_populate_recordset(cast(null as {table}), cast(:r as jsonb))"
                f"{INSTEAD.get(table, '')}"
            ),
            {"r": json.dumps(list(alike))},
        )
    if table in ("core.dossier_version", "core.dossier_step_version") and not any("_is_current" in row for row in rows):
        key = "dossier_id" if table == "core.dossier_version" else "step_id"
        connection.execute(
            text(
                f"update {table} as v set _is_current = not exists (select 1 from {table} as w where w.{key} = v.{key} "
                "and (w._changed_at, w._first_seen_at) > (v._changed_at, v._first_seen_at))"
            )
        )

    if table in ("core.unit", "core.unit_version"):
        place_records(connection)


# --- what fills a table ------------------------------------------------------------------------------------------------

Maker = Callable[[Connection, Settings, Row, str], str]


def _dirty(connection: Connection) -> None:
    connection.execute(text("insert into ops.dirty_dossier select distinct dossier_id from core.dossier_version on conflict do nothing"))


def judge(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """judged_version for every given dossier."""
    _dirty(connection)
    run_file(connection, settings, "core/judged_version")
    return "judged_version"


def due(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """judged_version, then the rounds, then the dues."""
    judge(connection, settings, binds, table)
    run_file(connection, settings, "core/dossier_supplement")
    run_file(connection, settings, "core/dossier_due")
    return f"core.{table}"


def fact(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """The facts of every given dossier."""
    due(connection, settings, binds, table)
    run_file(connection, settings, "mart/dossier")
    return "derived_dossier"


def trees(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """The trees of which the staged payments are; with `of_stored`, those of all stored records that are not noted yet."""
    if binds.get("of_stored"):
        run_file(connection, settings, "core/source_tree")
        return "core.source_tree"
    _open_loads(connection, ["payment"], "payments")
    connection.execute(text("delete from core.source_tree"))
    for load in _loads(connection, "payment", binds):
        note_trees(connection, "payments", _staging(connection, settings, "payments", "payment", load))
    return "core.source_tree"


def decided(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """Which of the given records that stand in two sources do not count."""
    duplicates.decide_all(connection)
    return "core.duplicate_record"


def twins(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """The dossiers that are derived again, by source and key, after those of one_stop that `changed` names."""
    connection.execute(text("delete from ops.dirty_dossier"))
    for code in binds["changed"]:
        connection.execute(text("insert into ops.dirty_dossier values (:d)"), {"d": key_id(SOURCE, code)})
    run_file(connection, settings, "core/dirty_twin")
    connection.execute(
        text(
            "create temp table made on commit drop as select m.source_code, m.dossier_code from ops.dirty_dossier as x "
            "inner join mart.dossier as m on m.dossier_id = x.dossier_id"
        )
    )
    return "made"


def once(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """The given item_now, each unit and item once."""
    run_file(connection, settings, "queries/values/item_once", **binds)
    return "item_now"


def same_lists(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """Each of `moments`, and the one of them that stands for it among the lists of `sources` known at `known_at`."""
    same = SameLists(connection, binds["sources"]).of(
        [parse_moment(str(each)) for each in binds["moments"]], parse_moment(str(binds["known_at"]))
    )
    connection.execute(text("create temp table made (moment timestamptz, stands_for_it timestamptz) on commit drop"))
    for moment, first in same.items():
        connection.execute(text("insert into made values (:m, :f)"), {"m": moment, "f": first})
    return "made"


def derive(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """mart.dossier by the pipeline's own function."""
    _dirty(connection)
    _changed_step(connection)
    facts.derive_dossiers(connection, settings, SOURCE, parse_moment(binds.get("known_at", "2023-07-01")), binds.get("load_id"))
    return {"dossier_left_out": "ops.quarantine", "dossier_duplicate": "mart.dossier"}.get(table, f"mart.{table}")


def opened(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """mart.dossier_open at the D and J of a period and T."""
    derive(connection, settings, binds, table)
    values = _period(SOURCE, binds)
    days = [{"source_code": SOURCE, "as_of_date": values["last_day"].isoformat(), "end_at": values["end_at"].isoformat()}]
    run_file(connection, settings, "mart/dossier_open", days=json.dumps(days), dossiers=None)
    return "mart.dossier_open"


def _period(source: str, binds: Row) -> dict[str, Any]:
    units = next((item.units for item in catalogue(Settings.load()).values() if item.units and binds.get("units", True)), ())
    return count.binds(source, parse_period(binds["period"]), binds.get("basis", "period"), parse_moment(binds["known_at"]), units)


def _clocks(source: str, known_at: datetime) -> Clocks:
    """T of one source, in the role that bears its name, or the dossiers'."""
    return Clocks(DISTRICT, {"dossiers" if source == SOURCE else source: {source: known_at}})


def _changed_step(connection: Connection) -> None:
    connection.execute(text("create temp table changed_step (dossier_id bigint, changed_at timestamptz) on commit drop"))


def changed_step(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """changed_step for the steps named in `changed`."""
    _changed_step(connection)
    connection.execute(text("create temp table changed_dossier_step_key (step_id bigint) on commit drop"))
    for code in binds["changed"]:
        connection.execute(text("insert into changed_dossier_step_key values (:s)"), {"s": key_id(SOURCE, code)})
    run_file(connection, settings, "core/changed_step")
    return "changed_step"


def _staging(connection: Connection, settings: Settings, source: str, model: str, load: int) -> str:
    """The staged rows of one load as the pipeline shows them to a merge."""
    connection.execute(text("update ops.load set status = 'loaded' where status = 'validated'"))
    connection.execute(text("update ops.load set status = 'validated' where load_id = :l"), {"l": load})
    return staged_view(connection, model, source, f"staging.model_{model}")


def _loads(connection: Connection, model: str, binds: Row) -> list[int]:
    """The loads of the staged rows in the order in which they arrive: `order`, else that of their numbers; none has arrived yet."""
    found = list(connection.execute(text(f"select distinct _load_id from staging.model_{model} order by 1")).scalars())
    connection.execute(text("update ops.load set status = 'staged' where load_id = any(:l)"), {"l": found})
    return binds.get("order") or found


def _open_loads(connection: Connection, models: list[str], source: str) -> None:
    """A row of ops.load for each load of the staged rows that has none."""
    for model in models:
        connection.execute(
            text(
                "insert into ops.load (load_id, extract_id, source_code, entity, window_to, status, started_at) overriding system value "
                f"select distinct on (_load_id) _load_id, _load_id, :s, 'dossiers', _first_seen_at, 'loaded', _first_seen_at "
                f"from staging.model_{model} as m where not exists (select 1 from ops.load as l where l.load_id = m._load_id)"
            ),
            {"s": source},
        )


def merge(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """A version table, load after load."""
    model = table.removesuffix("_version")
    source = binds.get("source", SOURCE)
    _open_loads(connection, [model], source)
    for load in _loads(connection, model, binds):
        staged = _staging(connection, settings, source, model, load)
        merge_versions(connection, MODELS[model], staged, f"changed_{load}")
        connection.execute(text(f"drop table changed_{load}"))
    return f"core.{table}"


def change(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """What the last load of dossiers and steps changes: load after load merged and derived."""
    _open_loads(connection, ["dossier", "dossier_step"], SOURCE)
    for load in sorted({*_loads(connection, "dossier", binds), *_loads(connection, "dossier_step", binds)}):
        connection.execute(text("discard temp"))
        connection.execute(text("delete from ops.dirty_month"))
        _changed_step(connection)
        for model, key in (("dossier_step", "step_id"), ("dossier", "dossier_id")):
            staged = _staging(connection, settings, SOURCE, model, load)
            merge_versions(connection, MODELS[model], staged, f"changed_{model}_key")
            if model == "dossier_step":
                run_file(connection, settings, "core/changed_step")
            connection.execute(
                text(
                    f"insert into ops.dirty_dossier select distinct v.dossier_id from core.{model}_version as v "
                    f"inner join changed_{model}_key as c on v.{key} = c.{key} on conflict do nothing"
                )
            )
        facts.derive_dossiers(connection, settings, SOURCE, parse_moment(binds["known_at"]), load)
    return "dossier_change"


def payment(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """core.payment_version, file after file in the order `order`; several in one list arrive in one extract."""
    for number, files in enumerate(binds["order"]):
        connection.execute(
            text(
                "update ops.load set status = case when load_id = any(:l) then 'validated' when status = 'blocked' then status else 'loaded' end"
            ),
            {"l": files if isinstance(files, list) else [files]},
        )
        staged = staged_view(connection, "payment", "payments", "staging.model_payment")
        payments.merge_payments(
            connection, settings, "payments", staged, f"day_{number}", parse_moment(binds.get("known_at", "2023-07-01")), 1
        )
    return {"payment_in_force": "core.payment_version"}.get(table, f"core.{table}")


def catalogue_list(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """core.procedure_list or core.leader_list: one full list after the other."""
    model = table.removesuffix("_list")
    source = SOURCE if model == "procedure" else "documents"
    _open_loads(connection, [model], source)
    for load in _loads(connection, model, binds):
        connection.execute(text("delete from ops.dirty_month"))
        staged = _staging(connection, settings, source, model, load)
        known = connection.execute(text("select window_to from ops.load where load_id = :l"), {"l": load}).scalar_one()
        lists.merge_list(connection, settings, model, source, load, staged, known, known)
        connection.execute(text(f"drop table listed_{model}"))
    return f"core.{table}"


def keys(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """The answers of /keys, one after the other: [{month, known_at}]; each row of the model belongs to the answer of its _first_seen_at."""
    connection.execute(text("update staging.model_dossier_key set _load_id = 0, _line = _row"))
    for load, answer in enumerate(binds["answers"], 1):
        known = parse_moment(answer["known_at"])
        connection.execute(text("update staging.model_dossier_key set _load_id = :l where _first_seen_at = :t"), {"l": load, "t": known})
        connection.execute(
            text(
                "insert into ops.load (load_id, extract_id, source_code, entity, window_to, status, started_at, manifest) "
                "overriding system value values (:l, :l, :s, 'dossiers.keys', :t, 'validated', :t, cast(:m as jsonb))"
            ),
            {"l": load, "s": SOURCE, "t": known, "m": json.dumps({"months": [answer["month"][:7]]})},
        )
        connection.execute(text("delete from ops.dirty_dossier"))
        connection.execute(
            text("drop table if exists pg_temp.asked_month, pg_temp.listed_key, pg_temp.changed_key, pg_temp.missing_before")
        )
        staged = _staging(connection, settings, SOURCE, "dossier_key", load)
        merge_keys(connection, settings, SOURCE, staged, known, load)
        if table.startswith("missing_key"):
            missing_dossiers.update_missing_keys(connection, settings, SOURCE, known)
    if table.startswith("missing_key"):
        return "ops.missing_key"
    return {
        "dossier_key_dirty": "ops.dirty_dossier",
        "dossier_key_month": "core.dossier_key_month",
        "key_month_asked": "asked_month",
        "key_listed": "listed_key",
        "key_changed": "changed_key",
    }.get(table, "core.dossier_key")


def keys_taken_back(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """core.dossier_key_month of the loads up to a moment."""
    run_file(connection, settings, f"core/{table}", moment=parse_moment(binds["moment"]))
    return "core.dossier_key_month"


def marked_days(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """ops.dirty_month of the ranges of days in `binds`: [from, to]."""
    days = " union all ".join(
        f"select cast('{first}' as date) as from_date, cast({'null' if last is None else repr(str(last))} as date) as to_date"
        for first, last in binds["days"]
    )
    mark_dirty_months(connection, settings, SOURCE, days, parse_moment(binds["marked_until"]), "a test")
    return "ops.dirty_month"


def function(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """A function of core with the arguments of `binds`, in their order."""
    return _called(connection, binds, f"core.{table}")


def function_of_mart(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """A function of mart with the arguments of `binds`, in their order, on the given rows as they stand."""
    return _called(connection, binds, f"mart.{table}")


def _called(connection: Connection, binds: Row, name: str) -> str:
    arguments = ", ".join(f"cast('{value}' as {kind})" for value, kind in binds["arguments"])
    connection.execute(text(f"create temp table made on commit drop as select * from {name}({arguments})"))
    return "made"


def periods(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """core.period_end of each of `periods` (kind, first day), or the words with which it refuses one."""
    connection.execute(text("create temp table made (period_kind text, period_start date, period_end date, refused text) on commit drop"))
    for kind, start in binds["periods"]:
        values = {"kind": kind, "start": start, "end": None, "refused": None}
        try:
            with connection.begin_nested():
                asked = text("select core.period_end(:kind, cast(:start as date))")
                values["end"] = connection.execute(asked, {"kind": kind, "start": start}).scalar_one()
        except DBAPIError as error:
            values["refused"] = str(error.orig).splitlines()[0]
        connection.execute(text("insert into made values (:kind, :start, :end, :refused)"), values)
    return "made"


def limits(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """limit_passed between `previous` and `known_at`."""
    clocks = {name: parse_moment(binds[name]) for name in ("previous", "known_at")}
    run_file(connection, settings, "core/limit_passed", source=SOURCE, **clocks)
    return "limit_passed"


def resolved(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """ops.quarantine after the keys of `passed` (key, T, load) were delivered and passed."""
    connection.execute(text("create temp table passed_key (key text, first_seen_at timestamptz, load_id bigint) on commit drop"))
    for key, moment, load in binds["passed"]:
        connection.execute(text("insert into passed_key values (:k, :t, :l)"), {"k": key, "t": parse_moment(moment), "l": load})
    run_file(connection, settings, "core/quarantine_resolved", source=SOURCE, entity="dossiers", now=parse_moment(binds["now"]))
    return "ops.quarantine"


def open_at(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """core.dossier_open_at with the arguments of `binds`, after the facts of the given dossiers are derived."""
    derive(connection, settings, binds, table)
    return function(connection, settings, binds, table)


def measured(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """measured from what the indicators' own SQL counted: the given unit_count, person and expected.

    `beside`: other periods and bases that are computed at the same time, by what differs.
    """
    listed = [{"version": 1, "kind": "flow"} | entry for entry in binds["listed"]]
    basis = binds.get("basis", "year_to_date")
    for counted_in in ("unit_count", "person", "expected"):  # a row that names no period or basis is of the one that is asked for
        connection.execute(
            text(f"update {counted_in} set basis = coalesce(basis, :b), period_number = coalesce(period_number, 0)"), {"b": basis}
        )
    asked = {"period_number": 0, "basis": basis, "last_day": str(binds.get("last_day", "2023-06-30"))}
    if "compared_on" in binds:
        asked["compared_on"] = str(binds["compared_on"])
    others = [
        asked | {name: str(value) if isinstance(value, date) else value for name, value in other.items()}
        for other in binds.get("beside", [])
    ]
    run_file(
        connection,
        settings,
        "queries/values/measured",
        listed=json.dumps(listed),
        asked=json.dumps([asked, *others]),
        root=DISTRICT,
        is_bound=True,
    )
    return "measured"


def item(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """The given item_now as an indicator counts it, each item under the unit for which it counts."""
    connection.execute(text("create temp table given_item on commit drop as select * from item_now"))
    connection.execute(text("truncate item_now"))
    counted = "select g.unit_code, g.counted_on, g.item, g.is_numerator from given_item as g"
    values = {"last_day": binds["last_day"]}
    count.count_items(connection, settings, counted, values, binds["code"], binds["basis"], DISTRICT)
    return "item_now"


def restated(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """mart.restatement_item of the given open restatements of a period (publication 1), from the given item_now: what is counted now."""
    period = parse_period(binds["period"])
    codes = connection.execute(text("select distinct indicator_code from mart.restatement order by 1")).scalars()
    listed = [replace(catalogue(settings)[code], version=binds.get("version", 1)) for code in codes]
    published = dict(connection.execute(text("select * from mart.publication where publication_id = 1")).mappings().one())
    published["definitions"] = {item.code: definition_of(settings, replace(item, version=1)) for item in listed}
    known_at = parse_moment(binds["known_at"])
    clocks = Clocks(
        DISTRICT,
        {
            role: {SOURCE if role == "dossiers" else role: known_at} | dict.fromkeys(binds.get("also_of", {}).get(role, []), known_at)
            for item in listed
            for role in item.roles
        },
    )
    connection.execute(text("create temp table if not exists changed_since (dossier_code text) on commit drop"))
    restatement.compare_items(connection, settings, listed, published)
    restatement.write_items(connection, settings, listed, period, clocks, published)
    return "mart.restatement_item"


def out_of_scope(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """What stays of the given mart.indicator_value of a period with the last day D."""
    period = parse_period(binds["period"])
    run_file(
        connection,
        settings,
        "mart/value_out_of_scope",
        listed=json.dumps(binds["listed"]),
        root=binds.get("root", DISTRICT),
        role=binds.get("role", "dossiers"),
        period_kinds=[period.kind],
        period_starts=[period.start],
        last_days=[binds["last_day"]],
    )
    return "mart.indicator_value"


def of_other_version(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """What stays of the given mart.indicator_value of a period in which the versions `listed` hold."""
    period = parse_period(binds["period"])
    run_file(
        connection,
        settings,
        "mart/value_of_other_version",
        listed=json.dumps(binds["listed"]),
        root=binds.get("root", DISTRICT),
        period_kinds=[period.kind],
        period_starts=[period.start],
    )
    return "mart.indicator_value"


def form(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """A form of mart with the arguments of `binds`, after the facts of the given dossiers are derived; T is that of the given extract."""
    derive(connection, settings, binds, table)
    return _called(connection, binds, f"mart.{table}")


def part_of_form(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """The same of a function of core that a form of mart reads."""
    derive(connection, settings, binds, table)
    return _called(connection, binds, f"core.{table}")


def finding(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """The rows of a finding's SQL file, after the facts of the given dossiers, if there are any, are derived."""
    if connection.execute(text("select 1 from core.dossier_version limit 1")).scalar() and binds.get("derive", True):
        derive(connection, settings, binds, "dossier")
    connection.exec_driver_sql(f"create temp table made on commit drop as\n{sql(settings, f'queries/findings/{table}')}")
    return "made"


def value(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """mart.indicator_value of `period` and `and_periods`: from the given `measured`, or, with `indicators` in the binds, counted from core and mart."""
    source, period, clock = binds.get("source", SOURCE), parse_period(binds["period"]), parse_moment(binds["known_at"])
    if connection.execute(text("select count(*) from ops.extract where source_code = :s"), {"s": source}).scalar_one() == 0:
        insert(connection, "ops.extract", [{"source_code": source, "window_to": binds["known_at"]}])
    if "indicators" in binds:
        listed = [catalogue(settings)[code] for code in binds["indicators"]]
        compute.compute(connection, settings, listed, listed[0].role, [period], _clocks(source, clock))
    else:
        connection.execute(text("update measured set period_number = 0 where period_number is null"))
        role = "dossiers" if source == SOURCE else source
        periods = [period, *(parse_period(other) for other in binds.get("and_periods", []))]
        plans = {each: plan_of(connection, each) for each in periods}
        compute.write_values(connection, settings, role, plans, _clocks(source, clock))
    return "mart.indicator_value"


def view(schema: str) -> Maker:
    """A view as it stands, or a table as `cchc init` filled it."""
    return lambda connection, settings, binds, table: f"{schema}.{table}"


def profile(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """What the profile `profile` of docs/examples brings into the warehouse."""
    load_source(connection, load_profile(PROJECT / "docs" / "examples", binds["profile"]))
    return f"core.{table}"


def counted(folder: str) -> Maker:
    """The rows of an indicator's or a coverage's SQL file for `period`, `basis` and `known_at` (T).

    `also`: T of other roles, whose part (`<file>__<role>.sql`) is counted with it; of a coverage a unit has sent if it has to any.
    """

    def run(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
        parts = {table: binds} | {
            f"{table}__{role}": binds | {"source": role, "known_at": at} for role, at in binds.get("also", {}).items() if at
        }
        for number, (part, own) in enumerate(parts.items()):
            statement = sql(settings, f"queries/{folder}/{part}")
            wanted = set(text(statement).compile().params)
            chosen = _period(own.get("source", SOURCE), own) | {"code": binds.get("code")} | binds.get("binds", {})
            # D is that of the indicator's own role
            chosen["last_day"] = _period(SOURCE, binds)["last_day"]
            into = "insert into made" if number else "create temp table made on commit drop as"
            connection.execute(text(f"{into}\n{statement}"), {name: chosen[name] for name in wanted})
        if folder == "coverage":
            connection.execute(
                text(
                    "create temp table sent on commit drop as select unit_code, bool_or(has_sent) as has_sent from made group by unit_code"
                )
            )
            return "sent"
        return "made"

    return run


def declared_file(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """Declared workbooks, load after load."""
    _open_loads(connection, ["declared_figure"], "declared")
    insert(connection, "ops.extract", [{"source_code": "declared", "window_to": binds["known_at"]}])
    for load in _loads(connection, "declared_figure", binds):
        staged = _staging(connection, settings, "declared", "declared_figure", load)
        known = connection.execute(text("select window_to from ops.load where load_id = :l"), {"l": load}).scalar_one()
        connection.execute(text("drop table if exists pg_temp.declared_file_delivered, pg_temp.declared_file_repeated"))
        declared.merge_declared(connection, settings, "declared", staged, known)
    return {
        "declared_file_delivered": table,
        "declared_file_repeated": table,
        "declared_dirty_month": "ops.dirty_month",
        "declared_file": "core.declared_file",
    }.get(table, "core.declared_figure")


def declared_value(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """mart.indicator_value of declared indicators from the given files."""
    listed = [catalogue(settings)[code] for code in binds["indicators"]]
    clocks = _clocks("declared", parse_moment(binds["known_at"]))
    compute.compute(connection, settings, listed, "declared", [parse_period(binds["period"])], clocks)
    connection.execute(text(f"create temp table made on commit drop as select * from mart.indicator_value where {binds['of']}"))
    return "made"


def plan_files(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """A table of plans after `cchc init` with the plans of include/plans and of `with` (docs/examples/plans), changed by `edits` [file, old, new]."""
    with TemporaryDirectory() as folder:
        shutil.copytree(settings.plans_dir, folder, dirs_exist_ok=True)
        for name in binds.get("with", []):
            shutil.copytree(PROJECT / "docs" / "examples" / "plans" / name, Path(folder) / name)
        for name in binds.get("without", []):
            shutil.rmtree(Path(folder) / name)
        for name, old, new in binds.get("edits", []):
            text_before = (Path(folder) / name).read_text(encoding="utf-8")
            assert old in text_before, f"{name} does not say {old!r}"
            (Path(folder) / name).write_text(text_before.replace(old, new, 1), encoding="utf-8")
        load_plans(connection, replace(settings, plans_dir=Path(folder), plan=binds.get("plan", settings.plan)))
    return f"core.{table}"


def judged_otherwise(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """ops.dirty_month after the plans (`changed` cells) or the duties (`changed` indicators) of the given rows were found to be others."""
    connection.execute(text("delete from ops.dirty_month"))
    known = parse_moment(binds.get("known_at", "2023-08-01"))
    values = {"changed": json.dumps(binds.get("changed", [])), "source": "declared", "root": DISTRICT, "known_at": known, "now": known}
    run_file(connection, settings, f"core/{table}", **values)
    return "ops.dirty_month"


def status(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """core.judged_status of each of `values` (case and arguments by name; those left out are null), for a plan of 2023."""
    connection.execute(text('create temp table made ("case" text, status text) on commit drop'))
    for given in binds["values"]:
        row = {"year_start": "2023-01-01", "year_end": "2023-12-31", "operator": ">="} | given
        kinds = dict.fromkeys(("target_kind", "operator"), "text") | dict.fromkeys(("last_day", "year_start", "year_end"), "date")
        arguments = ", ".join(f"{name} => cast(:{name} as {kinds.get(name, 'numeric')})" for name in STATUS_ARGUMENTS)
        connection.execute(text(f"insert into made select :case, core.judged_status({arguments})"), dict.fromkeys(STATUS_ARGUMENTS) | row)
    return "made"


def ordered(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """`words` with their places by core.vietnamese_order, and by the same rule in Python."""
    words = binds["words"]
    connection.execute(text("create temp table made (place bigint, words text, by_python integer) on commit drop"))
    rank = 'row_number() over (order by core.vietnamese_order(w.word) collate "C")'
    asked = text(f"insert into made select {rank}, w.word, array_position(:known, w.word) from unnest(cast(:words as text [])) as w (word)")
    connection.execute(asked, {"words": words, "known": sorted(words, key=vietnamese.order)})
    return "made"


STATUS_ARGUMENTS = (
    "target_kind", "operator", "target", "numerator", "denominator", "numerator_before", "denominator_before", "last_day", "year_start",
    "year_end",
)  # fmt: skip


def declaration(connection: Connection, settings: Settings, binds: Row, table: str) -> str:
    """core.declaration after it was loaded again, of some units and indicators."""
    load_duties(connection, settings)
    connection.execute(text(f"create temp table made on commit drop as select * from core.declaration where {binds['of']}"))
    return "made"


MAKERS: dict[str, Maker] = {
    "core/waived_rule": profile,
    "core/declaration": declaration,
    "core/declared_coverage_at": function,
    "core/plan": plan_files,
    "core/plan_change": plan_files,
    "core/plan_target": plan_files,
    "core/plan_dirty_month": judged_otherwise,
    "core/declaration_dirty_month": judged_otherwise,
    "core/judged_status": status,
    "core/vietnamese_order": ordered,
    "core/declared_figure": declared_file,
    "core/declared_file": declared_file,
    "core/declared_file_delivered": declared_file,
    "core/declared_file_repeated": declared_file,
    "core/declared_dirty_month": declared_file,
    "ops/dirty_month_by_day": marked_days,
    "core/declared_figure_at": function,
    "core/unit_at": function,
    "core/unit_scope": function,
    "core/scope_member": function,
    "core/unit_in_period": function,
    "core/document_sign_key": function,
    "core/own_unit": function,
    "core/procedure_now": function,
    "mart/declared_figure": view("mart"),
    "values/declared_measured": declared_value,
    "core/changed_step": changed_step,
    "core/judged_version": judge,
    "core/dossier_supplement": due,
    "core/dossier_due": due,
    "core/dossier_key": keys,
    "core/dossier_key_dirty": keys,
    "core/key_changed": keys,
    "core/dossier_key_month": keys,
    "core/key_month_asked": keys,
    "core/key_listed": keys,
    "core/key_month_taken_back": keys_taken_back,
    "core/missing_key": keys,
    "core/missing_key_since": keys,
    "core/missing_key_arrived": keys,
    "core/payment_version": payment,
    "core/payment_day": payment,
    "core/payment_in_force": payment,
    "core/procedure_list": catalogue_list,
    "core/leader_list": catalogue_list,
    "core/procedure_at": function,
    "core/procedure_in_force": function,
    "core/procedure_in_force_on": function,
    "core/procedure_elsewhere": function,
    "core/dirty_twin": twins,
    "core/source_tree": trees,
    "core/duplicate_record": decided,
    "mart/dossier_duplicate": derive,
    "values/item_once": once,
    "values/same_lists": same_lists,
    "core/procedure_span": function,
    "core/leader_in_post": function,
    "core/period_end": periods,
    "core/limit_passed": limits,
    "core/dossier_open_at": open_at,
    "core/dossier_open_of": open_at,
    "core/quarantine_resolved": resolved,
    "mart/dossier": fact,
    "mart/dossier_change": change,
    "mart/dossier_left_out": derive,
    "mart/dossier_open": opened,
    "values/measured": measured,
    "values/item": item,
    "mart/value_out_of_scope": out_of_scope,
    "mart/value_of_other_version": of_other_version,
    "core/form_06a_counted": part_of_form,
    "core/form_06a_group": part_of_form,
    "mart/form_06a": form,
    "mart/form_06a_dossier": form,
    "mart/payment_reconciliation_between": function_of_mart,
    "mart/indicator_value": value,
    "mart/restatement_item": restated,
} | {f"core/{model}_version": merge for model in MODELS if MODELS[model].table and model != "payment"}


def maker_of(schema: str, table: str) -> Maker:
    """What fills a table; a view, and a table that `cchc init` fills, are looked at as they stand."""
    if schema == "findings":
        return finding
    return counted(schema) if schema in ("indicators", "coverage", "scores") else MAKERS.get(f"{schema}/{table}", view(schema))


# --- the run -----------------------------------------------------------------------------------------------------------


def run(connection: Connection, settings: Settings, case: Path) -> list[tuple[str, list[Row], list[Row]]]:
    """Run one case: (relation, rows expected, rows found) of each relation that it names."""
    schema, table = case.parts[-3:-1]
    binds = read(case / "binds.yaml") or {}
    count.work_tables(connection)
    count.item_table(connection)
    for path in sorted((case / "given").glob("*.yaml")):
        insert(connection, path.stem, read(path))
    relation = maker_of(schema, table)(connection, settings, binds, table)
    expected = read(case / "expect.yaml")
    if "where" in binds:
        connection.execute(text(f"create temp table chosen on commit drop as select * from {relation} where {binds['where']}"))
        relation = "chosen"
    wanted = expected if isinstance(expected, dict) else {relation: expected}
    return [(name, *_compare(connection, name, rows or [])) for name, rows in wanted.items()]


def _compare(connection: Connection, relation: str, rows: list[Row]) -> tuple[list[Row], list[Row]]:
    wanted = [_expected(row) for row in rows]
    columns = list(wanted[0]) if wanted else ["*"]
    assert all(list(row) == columns for row in wanted), f"the rows expected of {relation} differ in their columns"
    names = ", ".join(f"r.{column}" for column in columns)
    query = f"select to_jsonb(x) as row from (select {names} from {relation} as r) as x"
    found = [row[0] for row in connection.execute(text(query))]
    if not wanted:
        return [], found
    typed = [
        connection.execute(
            text(
                f"select to_jsonb(x) from (select {names} from jsonb_populate_record(cast(null as {relation}), cast(:r as jsonb)) as r) as x"
            ),
            {"r": json.dumps(row)},
        ).scalar_one()
        for row in wanted
    ]
    order = lambda row: json.dumps(row, sort_keys=True)  # noqa: E731
    return sorted(typed, key=order), sorted(found, key=order)


def _expected(row: Row) -> Row:
    full = dict(row)
    if "dossier" in full:
        full = {"dossier_id": key_id(SOURCE, str(full.pop("dossier"))), **full}
    if "step" in full:
        full = {"step_id": key_id(SOURCE, str(full.pop("step"))), **full}
    return full
