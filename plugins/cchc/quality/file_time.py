"""The rules about the time of payments whose files are of a month or of a year, in place of the rule DAY of their suite.

The suite holds for every source of its model, and DAY asks for files of a day. Files without a manifest may be of a month or of a year.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cchc.quality.suites import Rule, Suite
from cchc.sources.name_patterns import is_shorter_than_a_day
from cchc.sources.profile import Entity, Profile

DAY, TIME = "DAY", "TIME"
REASON_DAY = "{paid_at} lies outside of the month or year of its file"
REASON_DAY_VI = "{paid_at} nằm ngoài tháng hoặc năm của tệp"
REASON_TIME = "{paid_at} is missing or is no time, so the payment would count in no month"
REASON_TIME_VI = "{paid_at} bị trống hoặc không đọc được, nên giao dịch không được tính vào tháng nào"


def with_file_time(suite: Suite, profile: Profile, entity: Entity) -> Suite:
    """The suite with TIME (a payment has a time) and DAY (it lies in the time of its file), where files are of a month or of a year.

    Call it before the reasons get the names of the source. DAY can be waived, TIME cannot: a payment without a time counts nowhere.
    """
    words = "" if profile.files is None else profile.files.name_words or ""
    if entity.model != "payment" or not is_shorter_than_a_day(words):
        return suite
    unit = "month" if "MM" in words else "year"
    inside = f"date_trunc('{unit}', paid_at at time zone '{profile.zone}')"
    rules = {
        TIME: _rule(TIME, REASON_TIME, REASON_TIME_VI, "select _row from {batch} where paid_at is null"),
        DAY: _rule(DAY, REASON_DAY, REASON_DAY_VI, f"select _row from {{batch}} where {inside} <> date_trunc('{unit}', file_date)"),
    }
    place = next((place for place, rule in enumerate(suite.rules) if rule.rule_id == DAY), None)
    if place is None:
        return suite
    return replace(suite, rules=(*suite.rules[:place], *rules.values(), *suite.rules[place + 1 :]))


def _rule(rule_id: str, reason: str, reason_vi: str, query: str) -> Rule:
    from great_expectations.core import ExpectationSuite

    meta = {"rule_id": rule_id, "action": "quarantine", "judged": "load", "reason": reason, "reason_vi": reason_vi}
    written: dict[str, Any] = {
        "type": "unexpected_rows_expectation",
        "kwargs": {"unexpected_rows_query": query},
        "severity": "critical",
        "meta": meta,
    }
    expectation: Any = ExpectationSuite(name=rule_id, expectations=[written]).expectations[0]
    return Rule(rule_id, "quarantine", "load", reason, reason_vi, expectation)
