"""The rule that sets a record aside for a value that cannot be read, in a column that its profile or an indicator does not do without.

It is no rule of a suite: a suite holds for every source of its model, and this one holds where the profile of a source asks for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cchc.quality.suites import NAME, Rule, Suite
from cchc.sources.profile import Entity, Profile

RULE_ID = "UNREADABLE"
COLUMN = "_unreadable_critical"
REASON = "A value is there and cannot be read, in a column that is critical or by which an indicator counts"
REASON_VI = "Có giá trị không đọc được ở một cột quan trọng hoặc cột mà chỉ tiêu dựa vào để đếm"
ROWS = (
    "select _row from {{batch}} where exists (select 1 from unnest(string_to_array(_unreadable_critical, ',')) as field (name)"
    " where field.name {among} (cast(array[{names}] as text[])))"
)


def with_unreadable(suite: Suite, profile: Profile, entity: Entity) -> Suite:
    """The suite, with the rule UNREADABLE where the profile counts by columns, or where no rule of the suite looks at critical ones.

    Of what another rule names (K3 of dossiers) the new one says nothing again, and where the profile counts by columns the other rule
    says nothing of columns that it does not name: a status that cannot be read is no time. Call it before the reasons get the names of the
    source.
    """
    others = [rule for rule in suite.rules if getattr(rule.expectation, "column", None) == COLUMN]
    has_critical = entity.changed_at_critical or any(column.critical for column in entity.columns)
    if profile.unreadable != "counted" and (others or not has_critical):
        return suite
    named = sorted({name for rule in others for name in NAME.findall(rule.reason)})
    if others and not named:
        return suite
    first = next((place for place, rule in enumerate(suite.rules) if rule.action == "warn"), len(suite.rules))
    meta = {"rule_id": RULE_ID, "action": "quarantine", "judged": "load", "reason": REASON, "reason_vi": REASON_VI}
    rule = Rule(RULE_ID, "quarantine", "load", REASON, REASON_VI, _expectation("<> all", named, meta))
    rules = [_narrow(each) if each in others else each for each in suite.rules]
    return replace(suite, rules=(*rules[:first], rule, *rules[first:]))


def _narrow(rule: Rule) -> Rule:
    """A rule about values that cannot be read, of the columns that its reason names alone."""
    return replace(rule, expectation=_expectation("= any", sorted(set(NAME.findall(rule.reason))), rule.expectation.meta))


def _expectation(among: str, named: list[str], meta: dict[str, Any]) -> Any:
    from great_expectations.core import ExpectationSuite

    import cchc.quality.expectations  # noqa: F401  registers our own expectations

    query = ROWS.format(among=among, names=", ".join(f"'{name}'" for name in named))
    written = {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}, "severity": "critical", "meta": meta}
    return ExpectationSuite(name=meta["rule_id"], expectations=[written]).expectations[0]
