"""The whole story of a dossier: what was delivered when, the due in force, what else names it, and whether it counts."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, text

from cchc.errors import WrongUse
from cchc.explain.items import Part, items_behind, parts_of
from cchc.explain.story import story, story_for
from cchc.period import parse_period
from cchc.reference.catalogue import catalogue
from cchc.settings import Settings
from cchc.warehouse import query
from tests.explain.conftest import PERIOD

MONTH = parse_period(PERIOD)
ON_TIME = "dossier_on_time_rate"
CATALOGUE = catalogue(Settings.load())


def one(connection: Connection, statement: str, **binds: Any) -> str:
    """The first value of the first row."""
    return str(next(iter(query(connection, statement, binds)[0].values())))


def test_every_version_with_what_changed(published: Settings, connection: Connection) -> None:
    code = one(connection, "select dossier_code from core.dossier_version group by 1 having count(*) > 1 order by 1 limit 1")
    told = story(connection, published, code)
    rows = query(connection, "select * from core.dossier_version where dossier_code = :c order by _changed_at, _first_seen_at", {"c": code})
    assert [(v.changed_at, v.known_at, v.load_id) for v in told.versions] == [
        (r["_changed_at"], r["_first_seen_at"], r["_load_id"]) for r in rows
    ]
    assert [v.is_current for v in told.versions].count(True) == 1
    assert told.versions[0].changes == ()
    for before, after, version in zip(rows, rows[1:], told.versions[1:], strict=False):
        changed = {change.field for change in version.changes}
        for field in ("status_code", "due_at", "processed_at", "returned_at", "unit_code", "channel_code"):
            assert (field in changed) == (before[field] != after[field])
    assert set(told.loads) >= {version.load_id for version in told.versions}
    assert all(load.source_code == "one_stop" for load in told.loads.values())


def test_content_that_is_not_shown_is_still_compared(published: Settings, connection: Connection) -> None:
    code = one(connection, "select dossier_code from core.dossier_version group by 1 having count(*) > 1 order by 1 limit 1")
    told = story(connection, published, code)
    connection.execute(
        text('update core.dossier_version set databases = \'[{"database_code": "x"}]\' where dossier_code = :c and _is_current'),
        {"c": code},
    )
    changes = {change.field: change for change in story(connection, published, code).versions[-1].changes}
    assert set(changes) - {change.field for change in told.versions[-1].changes} == {"databases"}
    assert "another" not in repr(story(connection, published, code))


def test_every_step_in_order(published: Settings, connection: Connection) -> None:
    code = one(
        connection, "select dossier_code from core.dossier_step where dossier_code is not null group by 1 order by count(*) desc, 1 limit 1"
    )
    told = story(connection, published, code)
    rows = query(
        connection,
        'select step_code, done_at from core.dossier_step where dossier_code = :c order by done_at nulls last, step_code collate "C"',
        {"c": code},
    )
    assert [(step.step_code, step.done_at) for step in told.steps] == [(row["step_code"], row["done_at"]) for row in rows]
    step = told.steps[-1]
    connection.execute(
        text(
            "insert into core.dossier_step_version select source_code, step_id, step_code, dossier_id, dossier_code, done_at + interval '1 hour', "
            "status_code, node_code, post_name, unit_code, action_name, started_at, step_due_at, _changed_at, _changed_at + interval '1 day', "
            "_first_seen_at, _content_hash, _failed_rules, false, _load_id from core.dossier_step_version where step_code = :s"
        ),
        {"s": step.step_code},
    )
    again = next(found for found in story(connection, published, code).steps if found.step_code == step.step_code)
    assert [change.field for change in again.versions[-1].changes] == ["done_at", "deleted_at"]


def test_the_due_in_force_is_the_one_that_decides(published: Settings, connection: Connection) -> None:
    rows = query(
        connection,
        "select d.dossier_code, d.due_at, (select count(*) from core.dossier_due as u where u.dossier_id = d.dossier_id) as n "
        "from mart.dossier as d where d.due_at is not null order by n desc, d.dossier_code limit 150",
    )
    assert rows[0]["n"] > 1
    for row in rows:
        dues = story(connection, published, row["dossier_code"], with_findings=False).dues
        assert len(dues) == row["n"]
        assert [due.due_at for due in dues if due.is_in_force] == [row["due_at"]]
        assert dues[0].set_by == "first" and dues[0].known_at and dues[0].load_id


def test_supplements_payments_findings_and_quarantine(published: Settings, connection: Connection) -> None:
    supplemented = one(
        connection,
        "select d.dossier_code from mart.dossier as d inner join core.dossier_supplement as s on s.dossier_id = d.dossier_id order by 1 limit 1",
    )
    told = story(connection, published, supplemented)
    assert told.supplements and told.facts["supplement_count"] == len(told.supplements)
    paid = one(
        connection, "select p.dossier_code from core.payment as p inner join mart.dossier as d using (dossier_code) order by 1 limit 1"
    )
    payment = next(record for record in story(connection, published, paid).related if record.kind == "payment")
    assert payment.facts["amount_vnd"] and payment.source_code == "payments" and payment.load_id in story(connection, published, paid).loads
    found = query(
        connection,
        "select dossier_code, finding_code from mart.finding where dossier_code in (select dossier_code from mart.dossier) limit 1",
    )[0]
    findings = story(connection, published, found["dossier_code"]).findings
    assert findings and found["finding_code"] in {finding.finding_code for finding in findings}
    assert story(connection, published, found["dossier_code"], with_findings=False).findings is None
    broken = one(
        connection,
        "select key from ops.quarantine where entity = 'dossiers' and action = 'quarantine' and source_code = 'one_stop' order by 1 limit 1",
    )
    entries = story(connection, published, broken).quarantine
    rules = {
        row["rule"] for row in query(connection, "select rule from ops.quarantine where entity = 'dossiers' and key = :k", {"k": broken})
    }
    assert {entry.rule for entry in entries if entry.entity == "dossiers"} == rules


def test_a_dossier_that_nothing_counts_says_why(published: Settings, connection: Connection) -> None:
    deleted = one(connection, "select dossier_code from mart.dossier where left_out_reason = 'deleted' order by 1 limit 1")
    told = story(connection, published, deleted)
    assert told.left_out and told.left_out.en == "it is deleted in its source"
    broken = query(
        connection, "select dossier_code, left_out_rules from mart.dossier where left_out_reason = 'critical' order by 1 limit 1"
    )[0]
    told = story(connection, published, broken["dossier_code"])
    assert told.left_out and broken["left_out_rules"][0] in told.left_out.en


@pytest.mark.parametrize("code", [ON_TIME, "online_dossier_rate", "cashless_transaction_rate", "ecertified_copy_count"])
def test_the_verdict_is_what_the_items_say(code: str, published: Settings, connection: Connection) -> None:
    seen = set()
    for part in (Part.NUMERATOR, Part.DENOMINATOR_NOT_NUMERATOR, Part.NOT_COUNTED):
        if part not in parts_of(CATALOGUE[code]):
            continue
        page = items_behind(connection, published, code, MONTH, "year_to_date", "all", part=part, limit=40)
        for item in [item for item in page.items if item.dossier_code][::13]:
            told = story_for(connection, published, str(item.dossier_code), None, code, MONTH, "year_to_date").verdict
            assert told is not None and (told.part, told.why) == (part, item.why)
            seen.add(part)
    assert len(seen) > 1


def test_a_dossier_outside_of_the_period(published: Settings, connection: Connection) -> None:
    old = one(connection, "select dossier_code from mart.dossier where is_counted and finished_at < '2023-11-01' order by 1 limit 1")
    told = story_for(connection, published, old, "one_stop", ON_TIME, MONTH, "period").verdict
    assert told and told.part is Part.NOT_COUNTED and told.items == ()
    assert told.why.en.startswith("outside of the period (from 2023-12-01 00:00 to before 2024-01-01 00:00): received 20")
    told = story_for(connection, published, old, None, "cashless_transaction_rate", MONTH, "period").verdict
    assert told and "no record of the dossier lies between" in told.why.en
    told = story_for(connection, published, old, None, "sample_dossier_rate", MONTH, "period").verdict
    assert told and told.part is None and told.why.en == "this indicator does not count dossiers"


def test_an_unknown_key_names_what_is_near(published: Settings, connection: Connection) -> None:
    code = one(connection, "select max(dossier_code) from mart.dossier")
    wrong = code[:-1] + ("8" if code[-1] != "8" else "9")
    with pytest.raises(WrongUse, match=rf"no source has a dossier '{wrong}', not even in quarantine; near are: .*{code}"):
        story(connection, published, wrong)
    with pytest.raises(WrongUse, match=rf"near are: {code}"):
        story(connection, published, code.lower())
    with pytest.raises(WrongUse, match=r"no source has a dossier 'nothing', not even in quarantine$"):
        story(connection, published, "nothing")
    with pytest.raises(WrongUse, match=f"payments has no dossier '{code}'; one_stop has it"):
        story(connection, published, code, "payments")
    connection.execute(text("update mart.dossier set other_dossier_code = 'SECOND' where dossier_code = :c"), {"c": code})
    with pytest.raises(WrongUse, match=f"'SECOND' is the second code of the dossier {code}: ask for that one"):
        story(connection, published, "SECOND")


def test_a_code_of_two_sources_asks_which(published: Settings, connection: Connection) -> None:
    code = one(connection, "select max(dossier_code) from mart.dossier")
    connection.execute(
        text(
            "insert into ops.quarantine (load_id, source_code, entity, key, rule, action, reason, first_seen_at) "
            "select max(load_id), 'other_stop', 'dossiers', :c, 'K2', 'quarantine', 'a test', now() from ops.load"
        ),
        {"c": code},
    )
    connection.execute(text("insert into core.source (source_code, name_vi, zone) values ('other_stop', 'x', 'Asia/Ho_Chi_Minh')"))
    connection.execute(text("insert into core.source_role (source_code, role) values ('other_stop', 'dossiers')"))
    with pytest.raises(WrongUse, match=f"several sources have the dossier '{code}': one_stop, other_stop; name one with --source"):
        story(connection, published, code)
    assert story(connection, published, code, "one_stop").other_sources == ("other_stop",)
    hidden = story(connection, published, code, "other_stop")
    assert hidden.facts == {} and hidden.versions == () and [entry.rule for entry in hidden.quarantine] == ["K2"]


def test_no_story_holds_a_personal_hash(published: Settings, connection: Connection) -> None:
    rows = query(
        connection,
        "select dossier_code, applicant_key, papers from core.dossier_version where applicant_key is not null and papers is not null limit 20",
    )
    assert len(rows) == 20
    for row in rows:
        shown = repr(story(connection, published, row["dossier_code"], with_findings=False))
        paths = [paper["path"] for paper in row["papers"] if paper.get("path")]
        assert row["applicant_key"] not in shown and not any(path in shown for path in paths)
