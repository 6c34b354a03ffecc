"""Who is told is data: the authority's alerts.yaml, read strictly; and of what nobody is told is said."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cchc.errors import NotConfigured
from cchc.notices.reach import nobody_is_told
from cchc.notices.rules import read_rules
from cchc.notices.tell import report
from cchc.notices.trouble import EVENTS, Trouble
from cchc.notices.words import WORDS
from cchc.period import now
from cchc.settings import PROJECT, Settings
from cchc.warehouse import engine
from tests.notices.conftest import LINKS, Office, with_rules
from tests.support.cli import cchc
from tests.support.deliveries import payment_day
from tests.support.desk import Desk

RULES = """
recipients:
  operators: {channel: webhook}
  phu_ly: {channel: email, addresses: [ubnd.phuly@example.vn]}
  vendor: {channel: email, addresses: [a@vendor.example], language: en, connection: vendor_mail}
rules:
  - {to: [operators], events: [load_blocked, run_failed]}
  - {to: [phu_ly, operators], events: [coverage_missing], units: [H19.16.22]}
  - {to: [vendor], sources: [one_stop]}
  - {to: [operators], events: [target_missed], levels: [all, district]}
"""


def test_a_rule_holds_where_each_of_its_conditions_holds(tmp_path: Path) -> None:
    rules = read_rules(with_rules(Settings.load(), tmp_path / "reference", RULES))

    def told(event: str, **what: str) -> list[str]:
        return [recipient.name for recipient in rules.told(event, **what)]

    assert told("load_blocked", source="payments") == ["operators"]
    assert told("load_blocked", source="one_stop") == ["operators", "vendor"]
    assert told("coverage_missing", unit="H19.16.22", level="commune") == ["operators", "phu_ly"]
    assert told("coverage_missing", unit="H19.16.23", level="commune") == []
    assert told("coverage_missing", source="payments") == []
    assert told("target_missed", unit="all", level="all") == ["operators"]
    assert told("target_missed", unit="H19.16.22", level="commune") == []
    assert rules.recipients["vendor"].connection == "vendor_mail"
    assert rules.recipients["phu_ly"].connection == "cchc_smtp"
    assert rules.recipients["operators"].connection == "cchc_notify"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[operators], events", "[operator], events", "there is no recipient 'operator'; did you mean 'operators'?"),
        ("load_blocked, run", "load_block, run", "did you mean 'load_blocked'?"),
        ("H19.16.22", "H19.16.99", "there is no unit 'H19.16.99'"),
        ("one_stop", "onestop", "there is no source 'onestop'; did you mean 'one_stop'?"),
        ("a@vendor.example", "a@vendor", "'a@vendor' is no e-mail address"),
        ("channel: webhook", "channel: webhok", "'channel' is 'webhok'; did you mean 'webhook'?"),
        ("{channel: webhook}", "{channel: webhook, addresses: [a@b.vn]}", "'addresses' is for the channel email"),
        ("language: en", "language: fr", "Allowed: vi, en."),
        ("recipients:", "remind_after_hours: {load_blocked: 0}\nrecipients:", "it must be at least 1"),
        ("recipients:", "remind: {load_blocked: 0}\nrecipients:", "unknown key 'remind'. Allowed: days_before_closing, "),
    ],
)
def test_a_mistake_is_refused_with_what_was_meant(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in RULES
    settings = with_rules(Settings.load(), tmp_path / "reference", RULES.replace(old, new, 1))
    with pytest.raises(NotConfigured) as caught:
        read_rules(settings)
    assert words in str(caught.value)
    assert str(caught.value).startswith("alerts.yaml")


def test_the_file_of_the_project_tells_somebody_of_everything() -> None:
    rules = read_rules(Settings.load())
    assert all(rules.of(event) for event in EVENTS)
    example = re.search(r"    days_before_closing.*?(?=\n\n)", (PROJECT / "docs" / "runbooks" / "alerts.md").read_text("utf-8"), re.DOTALL)
    assert example is not None
    assert "phu_ly" in example[0]


def test_the_example_of_the_runbook_can_be_read(tmp_path: Path) -> None:
    page = (PROJECT / "docs" / "runbooks" / "alerts.md").read_text("utf-8")
    example = page.partition("([all keys](../schemas/alerts.json)):\n\n")[2].partition("\n\n")[0]
    rules = read_rules(with_rules(Settings.load(), tmp_path / "reference", "\n".join(line[4:] for line in example.splitlines())))
    assert list(rules.recipients) == ["operators", "phu_ly", "vendor"]
    listed = re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(EVENTS), "docs/runbooks/alerts.md lists the events"


def test_every_event_has_its_words_in_both_languages() -> None:
    assert set(WORDS) == set(EVENTS)
    for event, words in WORDS.items():
        assert set(words) == {"vi", "en"}, event
        assert words["vi"].title != words["en"].title


def test_of_what_nobody_is_told_is_said(office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def silent(lookup: object = office.connections.get) -> list[str]:
        with engine(office.settings).connect() as connection:
            return nobody_is_told(connection, read_rules(office.settings), lookup)  # type: ignore[arg-type]

    assert silent() == []
    (all_of_it,) = silent(lambda name: None)
    assert all_of_it.startswith(
        f"nobody is told of {', '.join(EVENTS)}: recipient operators: there is no connection cchc_notify; recipient office: "
    )
    assert silent({"cchc_smtp": office.connections["cchc_smtp"]}.get) == [], "one of the two is told of everything"
    office.tell(events=[])
    assert silent(lambda name: None) == [], "the last sending found both"
    del office.connections["cchc_notify"], office.connections["cchc_smtp"]
    office.tell(events=[])
    assert "there is no connection cchc_smtp (looked at " in silent(lambda name: None)[0]
    office.settings = with_rules(office.settings, tmp_path / "reference", "rules: []\n")
    assert silent() == [f"nobody is told of {', '.join(EVENTS)}: no rule of alerts.yaml names a recipient (docs/runbooks/alerts.md)"]


WHOM = """
recipients:
  vendor: {channel: webhook, language: en}
  commune: {channel: webhook, language: en}
  heads: {channel: webhook, language: en}
  away: {channel: webhook, language: en, connection: no_such_hook}
rules:
  - {to: [vendor], sources: [payments]}
  - {to: [commune], units: [H19.16.21]}
  - {to: [heads], levels: [district]}
  - {to: [away]}
"""
ADDED = """  late: {channel: webhook, language: en}
rules:
  - {to: [late]}
"""


def test_each_recipient_is_told_what_its_rules_name(office: Office, tmp_path: Path) -> None:
    def open_one(name: str, source: str | None = None, unit: str | None = None, level: str | None = None) -> list[str]:
        facts = {"dag_id": "a_dag", "run_id": name, "task": "a_task"}
        trouble = Trouble("run_failed", name, now(), facts, source=source, unit=unit, level=level)
        told = report(office.settings, trouble, office.connections.get, LINKS)
        assert told.undelivered == [], "who has no connection is told nothing, and nothing is lost"
        assert told.unreachable == {"away": "there is no connection no_such_hook"}
        return [recipient for recipient, _ in told.sent]

    office.settings = with_rules(office.settings, tmp_path / "reference", WHOM)
    assert open_one("one", source="payments") == ["vendor"]
    assert open_one("two", unit="H19.16.21", level="commune") == ["commune"]
    assert open_one("three", unit="H19.16.2", level="district") == ["heads"]
    assert open_one("four", source="one_stop") == []
    with_rules(office.settings, tmp_path / "reference", WHOM.replace("rules:\n", ADDED))
    office.hook.status = 500
    (lost,) = office.tell(events=[]).undelivered
    assert lost == "late was not told of run_failed: the webhook of cchc_notify answered 500"
    office.hook.status = 204
    assert office.tell(events=[]).sent == [("late", "[Reform figures] Run failed (4)")], "who is added is told of everything that is open"
    office.hook.status = 500
    office.settings = with_rules(office.settings, tmp_path / "reference", WHOM.replace("rules:\n", ADDED))
    report(
        office.settings, Trouble("run_failed", "five", now(), {"dag_id": "d", "run_id": "r", "task": "t"}), office.connections.get, LINKS
    )
    office.hook.status = 204
    with_rules(office.settings, tmp_path / "reference", WHOM)
    told = office.tell(events=[])
    assert (told.sent, told.undelivered) == ([], []), "what waits for somebody who is removed is forgotten"


def test_the_command_line(warehouse: Settings, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_SCHEDULE", "off")
    said = cchc("alerts")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("no alert is open\nnobody is told of load_blocked, ")
    desk = Desk(warehouse, tmp_path / "drop")
    payment_day(desk.inbox("payments"), "20230106", claimed=60_000)
    desk.ingest("payments", "2023-01-10T00:00:00+07:00")
    monkeypatch.setenv("AIRFLOW_CONN_CCHC_NOTIFY", f'{{"conn_type": "http", "host": "{office.hook.url}"}}')
    said = cchc("alerts", "--send")
    assert said.code == 0, said.err
    assert said.out.startswith("told operators: [Số liệu CCHC] Tệp hoặc lần nạp bị chặn\n")
    assert "giaodich_20230106.csv is blocked" in said.out
    assert "nobody is told" not in said.out
    assert cchc("alerts", "--send").out.startswith("there is nothing new to tell\n")
    office.hook.status = 500
    payment_day(desk.inbox("payments"), "20230107", claimed=60_000)
    desk.ingest("payments", "2023-01-11T00:00:00+07:00")
    said = cchc("alerts", "--send")
    assert said.code == 1
    assert "operators was not told of load_blocked: the webhook of cchc_notify answered 500" in said.out
    assert "WRONG alerts: 1 messages to operators wait since " in cchc("doctor").out


def test_doctor_says_that_nothing_is_looked_for(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_CCHC_NOTIFY", f'{{"conn_type": "http", "host": "{office.hook.url}"}}')
    assert "alerts: nothing was looked for yet: switch on the DAG alerts in Airflow" in cchc("doctor").out
    office.tell(now() - timedelta(hours=4), events=[])
    assert "alerts: nothing was looked for since " in cchc("doctor").out
    office.tell(events=[])
    assert "alerts: somebody is told of everything" in cchc("doctor").out
    monkeypatch.delenv("AIRFLOW_CONN_CCHC_NOTIFY")
    del office.connections["cchc_notify"]
    office.tell(events=[])
    assert "NOTE  alerts: nobody is told of load_blocked, " in cchc("doctor").out


def test_a_finder_that_fails_silences_no_other(office: Office, tmp_path: Path) -> None:
    desk = Desk(office.settings, tmp_path / "drop")
    payment_day(desk.inbox("payments"), "20230106", claimed=60_000)
    desk.ingest("payments", "2023-01-10T00:00:00+07:00")
    desk.execute("alter table mart.restatement rename to restatement_gone")
    told = office.tell()
    assert [problem.partition(":")[0] for problem in told.problems] == ["restatement could not be looked for"]
    assert "[Reform figures] Load or file blocked" in [text.splitlines()[0] for text in office.heard().hook]


def test_settings_without_the_file_say_so(tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    with pytest.raises(NotConfigured, match="alerts.yaml cannot be read"):
        read_rules(replace(Settings.load(), authority_dir=tmp_path / "reference"))
