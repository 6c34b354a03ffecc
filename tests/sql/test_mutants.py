"""Each planted defect turns a case red: comparisons that take one instant or day more or less, and rules that are left out.

The defects are planted in a copy of include/sql; the cases of the mutated file's own table must notice.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from cchc.settings import Settings
from cchc.warehouse import engine
from tests.sql.runner import CASES, run
from tests.support.defects import SQL, planted, statement_of, text_of
from tests.support.warehouse import NewWarehouse


@dataclass(frozen=True)
class Mutant:
    """A defect: in a file, or in what a statement makes, `old` becomes `new`; at `position`, or where `old` stands first."""

    place: str
    old: str
    new: str
    position: int | None = None

    @property
    def name(self) -> str:
        """Where it is and what it does, for the list of tests."""
        return f"{self.place}: {' '.join(self.old.split())} → {' '.join(self.new.split()) or 'nothing'}"

    def planted_in(self, sound: str) -> str:
        """The text with the defect. Raises AssertionError where the text no longer says what the defect changes."""
        return planted(sound, self.place, self.old, self.new, self.position)


# one bound more or less: whatever is compared with a bind (start, end, D, J, T)
BOUND = re.compile(r"[\w.)]+\s+(<=|>=|<|>)\s+cast\(:\w+ as \w+\)")
# the same in a function: its arguments, and what follows from them
BOUND_IN_FUNCTION = re.compile(r"[\w.]+\s+(<=|>=|<|>)\s+(?:j|[sb]\.(?:start|end)_at)\b")
LAYERS = ("indicators", "coverage", "scores")
BOUNDED = ("core.dossier_open_of", "core.form_06a_counted")
OTHER = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}

# rules, in the words of the SQL: file, what stands there, what stands there in its place
RULES = (
    ("mart/dossier", "when t.finished_date < t.due_date then 'early'", "when t.finished_date <= t.due_date then 'early'"),
    ("mart/dossier", "when t.finished_date = t.due_date then 'on_time'", "when t.finished_at <= t.due_at then 'on_time'"),
    ("mart/dossier", "coalesce(n.deleted_at, g.gone_at, m.asked_at)", "coalesce(n.deleted_at, m.asked_at)"),
    ("mart/dossier", "a.asked_at >= n._first_seen_at and", ""),
    ("mart/dossier", "u.valid_after < cast(cast(", "u.valid_after <= cast(cast("),
    ("mart/dossier", "or n.status_code in (3, 7) then 'returned'", "or n.status_code = 3 then 'returned'"),
    ("mart/dossier", "in ('tra_lai', 'xin_rut')", "in ('tra_lai')"),
    ("mart/dossier", "when n.result_kind_code in ('tra_lai', 'xin_rut') or n.status_code in (3, 7)", "when n.status_code in (3, 7)"),
    ("mart/dossier", "n.deleted_at is null and n._changed_at > l.deleted_at", "n.deleted_at is null"),
    ("mart/dossier", "n.deleted_at is null and n._changed_at > l.deleted_at", "false"),
    ("mart/dossier", "l.asked_at >= n._first_seen_at then null", "false then null"),
    ("mart/dossier", "l.asked_at >= n._first_seen_at then null", "l.asked_at is not null then null"),
    ("mart/dossier", "m.asked_at is not null and not m.is_listed", "false"),
    ("mart/dossier", "or n._first_seen_at > m.asked_at) then null", ") then null"),
    ("mart/dossier", "where j.failed_rules is null and j.due_at is not null", "where j.due_at is not null"),
    ("mart/dossier", "order by j.dossier_id asc, j._changed_at asc", "order by j.dossier_id asc, j.due_at asc"),
    ("mart/dossier", "cast(least(p.due_at, b.due_at) at", "cast(p.due_at at"),
    ("mart/dossier", "and not coalesce(cast(p.item ->> 'is_deleted' as boolean), false)", ""),
    ("mart/dossier", "and coalesce(p.item ->> 'path', '') <> ''", ""),
    ("mart/dossier", "where p.item ->> 'path' = r.item ->> 'path'", "where p.item ->> 'path' = r.item ->> 'path' and p.item ->> 'is_deleted' is null"),
    ("mart/dossier", "t.deleted_at is null and t.left_out_rules is null", "t.deleted_at is null"),
    ("mart/dossier", "where v._is_current", "where v._is_current and v._failed_rules is null"),
    ("core/dossier_due", "count(*) over (partition by j.dossier_id) = 1 and coalesce(", "coalesce("),
    ("core/dossier_due", " and coalesce(j.supplements = cast('[]' as jsonb), true)", ""),
    ("mart/dossier_change", "when u.changed_at is not null\n", "when true\n"),
    ("mart/dossier_change", "c.is_attribute_changed then c.received_date", "c.is_attribute_changed then null"),
    ("mart/dossier_change", "case when c.is_end_changed then c.finished_from end", "cast(null as date)"),
    ("mart/dossier_change", "case when not d.is_open_somewhere then d.finished_to end", "d.finished_to"),
    ("mart/dossier_left_out", "where r.rule in ('K4', 'K7')", "where r.rule in ('K7')"),
    ("queries/values/measured", "count(distinct p.item) as denominator", "count(*) as denominator"),
    ("queries/values/measured", "case when l.kind <> 'count' then s.denominator end", "s.denominator"),
    ("queries/values/measured", "    having count(g.level) > 0\n", ""),
    ("mart/indicator_value", "case when b.kind = 'stock' then b.numerator else b.numerator_to_date end", "b.numerator"),
    ("mart/indicator_value", "t.level in ('all', d.level)", "t.level = d.level"),
    ("mart/indicator_value", "greatest(0, ceil(", "abs(ceil("),
    ("mart/indicator_value", "ceil(t.target * d.denominator - d.numerator)", "round(t.target * d.denominator - d.numerator)"),
    ("mart/indicator_value", "nullif(m.denominator, 0)", "greatest(m.denominator, 1)"),
    ("mart/indicator_value", "case when m.kind = 'count' then 1 else", "case when false then 1 else"),
    ("mart/indicator_value", "(select a.period_number from asked as a where a.has_year_before)", "(select a.period_number from asked as a)"),
    ("mart/indicator_value", "inner join asked as a on d.period_number = a.period_number", "cross join asked as a"),
    ("mart/indicator_value", "partition by c.period_number, c.unit_code", "partition by c.unit_code"),
    ("mart/indicator_value", "between p.valid_from and p.valid_to", ">= p.valid_from"),
    ("mart/indicator_value", "between p.valid_from and p.valid_to", "<= p.valid_to"),
    ("mart/indicator_value", "a.period_end - 1 between", "a.period_end between"),
    ("mart/indicator_value", "a.period_end - 1 between", "a.last_day between"),
    ("mart/indicator_value", "greatest(h.valid_from, make_date(", "least(h.valid_from, make_date("),
    ("mart/indicator_value", "least(h.valid_to, make_date(", "greatest(h.valid_to, make_date("),
    ("mart/indicator_value", "    where t.ended_at is null\n", ""),
    ("mart/indicator_value", "case when d.period_number not in (select h.period_number from holding as h) then 'no plan holds' end", "cast(null as text)"),
    ("mart/indicator_value", "d.coverage < 1", "d.coverage < 0"),
    ("mart/indicator_value", "or not coalesce(d.is_approved, true)", ""),
    ("mart/indicator_value", "        plan_code = excluded.plan_code,\n", ""),
    ("mart/dossier_duplicate", "c._changed_at desc, c.source_code asc", "c.source_code asc"),
    ("mart/dossier_duplicate", "c._changed_at desc, c.source_code asc", "c._changed_at desc, c.source_code desc"),
    ("mart/dossier_duplicate", "where d.deleted_at is null\n", "where true\n"),
    ("core/dirty_twin", "on x.dossier_id = m.dossier_id\n", "on false\n"),
    ("queries/values/item_once", "order by i.is_numerator desc", "order by i.is_numerator"),
    ("queries/values/item_once", "partition by i.unit_code, i.item", "partition by i.item"),
    ("queries/values/measured", "bool_or(e.has_sent)", "bool_and(e.has_sent)"),
    ("queries/findings/duplicate_source", "where d.left_out_reason = 'duplicate_source'", "where not d.is_counted"),
    ("queries/findings/duplicate_source", "q.source_code = v.source_code and q.key = v.assessment_code", "q.key = v.assessment_code"),
    ("queries/indicators/dossier_on_time_rate", "and d.outcome = 'resolved'", ""),
    ("queries/indicators/dossier_on_time_rate", "and d.due_date is not null", ""),
    ("queries/indicators/dossier_on_time_rate", "and d.is_counted", ""),
    ("queries/indicators/dossier_on_time_first_due_rate", "d.first_timeliness in", "d.timeliness in"),
    ("queries/indicators/dossier_in_time_overall_rate", "not o.is_past_due as is_numerator", "true as is_numerator"),
    ("queries/indicators/electronic_result_rate", "and d.received_date >= p.from_date", ""),
    ("queries/indicators/electronic_result_rate", "and d.unit_code = p.unit_code", ""),
    ("queries/indicators/electronic_result_rate", "cast(:end_at as timestamptz), cast(:known_at", "cast(:known_at as timestamptz), cast(:known_at"),
    ("queries/indicators/ecertification_coverage_rate", "(u.kind = 'commune' or u.unit_code = any(cast(:units as text[])))", "u.kind in ('commune', 'office')"),
    ("queries/indicators/cashless_transaction_rate", "and p.amount_vnd > 0", ""),
    ("queries/indicators/cashless_transaction_rate", "and p.kind_code = 'PAY'", ""),
    ("queries/indicators/electronic_work_file_rate", "and w.is_special = false", "and w.is_special is not true"),
    ("queries/indicators/leader_digital_signature_rate", "and s.is_valid", ""),
    ("queries/indicators/procedure_update_timely_rate", "and w.is_working", ""),
    ("queries/indicators/procedure_update_timely_rate", "offset 4", "offset 5"),
    ("queries/indicators/procedure_update_timely_rate", "l.published_date <= l.limit_date", "l.published_date < l.limit_date"),
    ("queries/indicators/procedure_update_timely_rate", "min(p.published_date)", "max(p.published_date)"),
    ("queries/indicators/procedure_update_timely_rate", "l.published_date is not null\n    or", "l.published_date is null\n    or"),
    ("queries/coverage/dossiers", "and d.is_counted", ""),
    ("core/dossier_due", "b.valid_after >= g._changed_at", "b.valid_after > g._changed_at"),
    ("core/dossier_due", "b._changed_at <= r.received_back_at and", "b._changed_at < r.received_back_at and"),
    ("core/dossier_due", "max(r.due_after_at) as due_after_at", "min(r.due_after_at) as due_after_at"),
    ("core/dossier_due", "b.valid_after < r.received_back_at", "true"),
    ("core/dossier_due", "where j.failed_rules is null", "where true"),
    ("core/judged_version", "v._changed_at asc, v._first_seen_at desc", "v._changed_at asc, v._first_seen_at asc"),
    ("core/judged_version", "d.status_code = 3 and d.received_at is not null", "d.status_code = 3"),
    ("core/judged_version", "date_trunc('second', e.finished_at) < date_trunc('second', e.received_at)", "e.finished_at < e.received_at"),
    ("core/judged_version", "where s.deleted_at is null and s.status_code in (3, 7, 9, 10)", "where s.status_code in (3, 7, 9, 10)"),
    ("core/dossier_key_dirty", "(d.deleted_at is null) <> exists", "true or exists"),
    ("core/quarantine_resolved", "(p.first_seen_at, p.load_id) > (q", "(p.first_seen_at, p.load_id) >= (q"),
    ("core/quarantine_resolved", "(p.first_seen_at, p.load_id) > (q.first_seen_at, q.load_id)", "true"),
    ("core/quarantine_resolved", "(p.first_seen_at, p.load_id) > (q.first_seen_at, q.load_id)", "p.first_seen_at > q.first_seen_at"),
    ("core/quarantine_resolved", "and q.rule not in ('K4', 'K7')", ""),
    ("core/quarantine_resolved", "(n.rule = q.rule or ", "(false or "),
    ("core/quarantine_resolved", "or (n.action = 'quarantine' and n.rule not in ('K4', 'K7'))", ""),
    ("core/quarantine_resolved", "n.action = 'quarantine' and n.rule not in ('K4', 'K7')", "n.action = 'quarantine'"),
    ("core/quarantine_resolved", "and q.entity = cast(:entity as text)", ""),
    ("core/quarantine_resolved", "q.source_code = cast(:source as text)\n        and", ""),
    ("core/limit_passed", "p.passed_at > cast(:previous", "p.passed_at >= cast(:previous"),
    ("core/limit_passed", "p.passed_at <= cast(:known_at", "p.passed_at < cast(:known_at"),
    ("core/limit_passed", "and p.published_date is null", ""),
    ("core/limit_passed", "offset 4", "offset 3"),
    ("core/limit_passed", "l.limit_date + 1", "l.limit_date"),
    ("queries/coverage/feedback", "u.kind in ('office', 'public_service_unit', 'commune')", "u.kind in ('office', 'commune')"),
    ("queries/indicators/feedback_on_time_rate", "as date) <= i.due_date", "as date) < i.due_date"),
    ("queries/indicators/feedback_on_time_rate", "and f.repeated_code is null", ""),
    ("queries/indicators/feedback_on_time_rate", "and f.is_about_procedures", ""),
    ("queries/indicators/feedback_on_time_rate", "and i.status_code <> 'chuyen_don_vi'", ""),
    ("queries/indicators/feedback_satisfaction_rate", "and f.repeated_code is null", ""),
    ("queries/indicators/feedback_satisfaction_rate", "and f.is_about_procedures", ""),
    ("queries/indicators/feedback_satisfaction_rate", "and f.rating_code is not null", ""),
    ("queries/indicators/procedure_satisfaction_rate__survey", "s.score >= 4", "s.score > 4"),
    ("queries/indicators/procedure_satisfaction_rate__survey", "s.score >= 4", "s.score >= 3"),
    ("queries/indicators/procedure_satisfaction_rate", "a.rating_code in ('rat_hai_long', 'hai_long')", "a.rating_code = 'hai_long'"),
    ("queries/indicators/procedure_satisfaction_rate__survey", "and s.score is not null", ""),
    ("queries/indicators/procedure_satisfaction_rate", "and a.rating_code is not null", ""),
    ("queries/values/declared_measured", "coalesce(bool_and(g.is_approved), true)", "true"),
    ("queries/values/declared_measured", "bool_and(f.is_approved)", "bool_or(f.is_approved)"),
    ("queries/values/declared_measured", "case when l.kind <> 'count' then s.denominator end", "s.denominator"),
    ("queries/values/declared_measured", "- b.back as date)", "as date)"),
    ("queries/values/declared_measured", "('year_before', interval '1 year')", "('year_before', interval '1 month')"),
    ("queries/values/declared_measured", "k.on_day, cast(:root as text), k.compared_on)", "k.on_day, cast(:root as text))"),
    ("queries/values/declared_measured", "coalesce(o.scope_code, f.unit_code)", "f.unit_code"),
    ("queries/values/declared_measured", "and u.is_founded", ""),
    ("core/plan_dirty_month", "s.target is distinct from t.target", "false"),
    ("core/plan_dirty_month", "or (s.status is null) <> (t.indicator_code is null)", ""),
    ("core/plan_dirty_month", "or (t.kind = 'direction' and s.status <> 'no_data')", ""),
    ("core/plan_dirty_month", "and s.status <> 'no_data'", ""),
    ("core/plan_dirty_month", "least(s.valid_to, make_date(", "greatest(s.valid_to, make_date("),
    ("core/plan_dirty_month", "t.kind <> 'direction'\n", "false\n"),
    ("core/plan_dirty_month", "c.level in ('all', v.level)", "true"),
    ("core/plan_dirty_month", "nullif(y.denominator, 0)", "y.denominator"),
    ("core/plan_dirty_month", "least(v.period_end - 1, cast(", "greatest(v.period_end - 1, cast("),
    ("core/plan_dirty_month", "(s.no_target_reason is null) <> (s.valid_from is not null) as is_of_another_plan", "false as is_of_another_plan"),
    ("core/plan_dirty_month", "between h.valid_from and h.valid_to", ">= h.valid_from"),
    ("core/plan_dirty_month", "        and s.valid_from is not null\n", ""),
    ("core/declaration_dirty_month", "and c.coverage is distinct from c.coverage_now", ""),
    ("core/declaration_dirty_month", "v.plan_code = c.plan_code and v.indicator_code", "v.indicator_code"),
    ("core/declaration_dirty_month", "where c.is_stored and", "where"),
    ("queries/findings/ended_in_bulk", "having count(*) > 20", "having count(*) >= 20"),
    ("queries/findings/ended_in_bulk", "having count(*) > 20", "having count(*) > 21"),
    ("queries/findings/ended_in_bulk", "where d.is_counted and d.finished_at is not null", "where d.finished_at is not null"),
    ("queries/findings/second_supplement_round", "having count(*) >= 2", "having count(*) > 2"),
    ("queries/findings/second_supplement_round", "having count(*) >= 2", "having count(*) >= 1"),
    ("queries/findings/second_supplement_round", "where d.is_counted", ""),
    ("queries/findings/double_payment", "having count(*) >= 2", "having count(*) > 2"),
    ("queries/findings/double_payment", "having count(*) >= 2", "having count(*) >= 1"),
    ("queries/findings/double_payment", "and p.amount_vnd > 0", ""),
    ("queries/findings/double_payment", "p.status_code = 1 and p.amount_vnd", "p.amount_vnd"),
    ("queries/findings/double_payment", "coalesce(k.dossier_unit_code, k.unit_code)", "k.unit_code"),
    ("queries/findings/due_moved_after_passing", "as date) > cast(t.due_before", "as date) >= cast(t.due_before"),
    ("queries/findings/due_moved_after_passing", "where v._failed_rules is null", ""),
    ("queries/findings/due_moved_after_passing", "as timestamptz) between t.changed_before and", "as timestamptz) between '-infinity' and"),
    ("queries/findings/due_moved_after_passing", "and t.due_at is distinct from t.due_before", ""),
    ("queries/findings/due_moved_after_passing", "where d.is_counted", ""),
    ("queries/findings/end_changed", "having count(*) > 1", "having count(*) > 2"),
    ("queries/findings/end_changed", "c.finding_code = 'end_changed'", "c.finding_code = 'reopened'"),
    ("queries/findings/end_changed", "where d.is_counted", ""),
    ("queries/findings/end_equals_due", "date_trunc('second', d.finished_at) = date_trunc('second', d.due_at)", "date_trunc('minute', d.finished_at) = date_trunc('minute', d.due_at)"),
    ("queries/findings/end_equals_due", "d.is_counted and", ""),
    ("queries/findings/late_without_apology", "- interval '1 microsecond'", ""),
    ("queries/findings/late_without_apology", "coalesce(d.apology_count, 0) = 0", "d.apology_count = 0"),
    ("queries/findings/late_without_apology", "where o.is_past_due", "where true"),
    ("queries/findings/late_without_apology", "d.timeliness = 'late'", "d.timeliness in ('late', 'on_time')"),
    ("queries/findings/paid_without_transaction", "d.paid_online_code in (1, 2)", "d.paid_online_code = 1"),
    ("queries/findings/paid_without_transaction", "coalesce(d.submitted_at, d.received_at)", "d.received_at"),
    ("queries/findings/paid_without_transaction", "in (d.dossier_code, d.other_dossier_code)", "= d.dossier_code"),
    ("queries/findings/paid_without_transaction", "p.status_code = 1 and p.amount_vnd > 0", "p.amount_vnd > 0"),
    ("queries/findings/paid_without_transaction", "p.status_code = 1 and p.amount_vnd > 0", "p.status_code = 1"),
    ("queries/findings/paid_without_transaction", "d.is_counted\n    and", ""),
    ("queries/findings/procedure_not_listed", "d.is_counted\n    and", ""),
    ("queries/findings/procedure_not_listed", "where i._failed_rules is null", ""),
    ("queries/findings/procedure_not_listed", "l.source_code = d.source_code and", ""),
    ("queries/findings/procedure_not_listed", "and l.unit_code = d.unit_code", ""),
    ("queries/findings/procedure_not_listed", "p.source_code = d.source_code)", "true)"),
    ("queries/findings/received_on_day_off", "where r.is_counted and", "where"),
    ("queries/findings/received_on_day_off", "where not w.is_working", "where true"),
    ("queries/findings/record_unit_did_not_exist", "r.event_date >= g.from_date", "r.event_date > g.from_date"),
    ("queries/findings/record_unit_did_not_exist", "r.event_date <= g.to_date", "r.event_date < g.to_date"),
    ("queries/findings/record_unit_did_not_exist", "o.counted_code is distinct from o.unit_code", "o.counted_code <> o.unit_code"),
    ("queries/findings/record_unit_did_not_exist", "and x.kind_code = 'PAY'", ""),
    ("queries/findings/record_unit_did_not_exist", "and x.status_code = 1", ""),
    ("queries/findings/record_unit_did_not_exist", "and x.amount_vnd > 0", ""),
    ("queries/findings/record_unit_did_not_exist", "and x.secrecy_code = 'thuong'", ""),
    ("queries/findings/record_unit_did_not_exist", "and not x.is_special", ""),
    ("queries/findings/record_unit_did_not_exist", "x.is_about_procedures and", ""),
    ("queries/findings/record_unit_did_not_exist", "and x.repeated_code is null", ""),
    ("queries/findings/record_unit_did_not_exist", "coalesce(x.answered_at, x.due_at)", "x.due_at"),
    ("queries/findings/record_unit_did_not_exist", "coalesce(x.answered_at, x.due_at)", "x.answered_at"),
    ("queries/findings/refund_exceeds_payment", "where r.refunded_vnd > p.paid_vnd", "where r.refunded_vnd >= p.paid_vnd"),
    ("queries/findings/refund_exceeds_payment", "sum(r.amount_vnd) as refunded_vnd", "max(r.amount_vnd) as refunded_vnd"),
    ("queries/findings/refund_exceeds_payment", "r.kind_code = 'REFUND' and", ""),
    ("queries/findings/refund_exceeds_payment", "r.status_code = 1 and", ""),
    ("queries/findings/refund_exceeds_payment", "g.kind_code = 'PAY'\n        and", ""),
    ("queries/findings/refund_exceeds_payment", "and g.status_code = 1", ""),
    ("queries/findings/refund_exceeds_payment", "coalesce(g.order_code, g._key)", "g.order_code"),
    ("queries/findings/refund_exceeds_payment", "coalesce(sum(g.amount_vnd), 0)", "sum(g.amount_vnd)"),
    ("queries/findings/reopened", "b.status_before = 10 and b.status_code = 9", "false"),
    ("queries/findings/reopened", "s.deleted_at is null and s.done_at is not null and", "s.done_at is not null and"),
    ("queries/findings/reopened", "where d.is_counted", ""),
    ("queries/findings/reopened", "where v.status_code is not null", ""),
    ("queries/findings/repeats_no_feedback", "f.is_about_procedures\n    and f.repeated_code is not null\n    and", "f.is_about_procedures and"),
    ("queries/findings/repeats_no_feedback", "f.is_about_procedures\n    and f.repeated_code is not null\n    and", "f.repeated_code is not null and"),
    ("queries/findings/repeats_no_feedback", "and r.is_about_procedures", ""),
    ("queries/findings/repeats_no_feedback", "and r.repeated_code is null", ""),
    ("queries/findings/repeats_no_feedback", "where n.repeated_code is not null and n.feedback_code", "where false and n.feedback_code"),
    ("queries/findings/result_is_submitted_paper", "v._is_current\n        and", "true and"),
    ("queries/findings/result_is_submitted_paper", "and coalesce(r.item ->> 'path', '') <> ''", ""),
    ("queries/findings/result_is_submitted_paper", "where d.is_counted", ""),
    ("queries/findings/deleted_after_counted", "and v._failed_rules is null", ""),
    ("queries/findings/deleted_after_counted", "and v.received_at is not null", ""),
    ("queries/findings/deleted_after_counted", "v._first_seen_at < coalesce(l.learnt_at", "v._first_seen_at <= coalesce(l.learnt_at"),
    ("queries/findings/transaction_not_recorded", "p.method_code = 'truc-tuyen' and", ""),
    ("queries/findings/transaction_not_recorded", "p.status_code = 1 and p.amount_vnd > 0", "p.amount_vnd > 0"),
    ("queries/findings/transaction_not_recorded", "p.status_code = 1 and p.amount_vnd > 0", "p.status_code = 1"),
    ("queries/findings/transaction_not_recorded", "p.dossier_code\n    where d.is_counted and", "p.dossier_code\n    where"),
    ("queries/findings/transaction_without_dossier", "p.paid_at < c.known_at", "p.paid_at <= c.known_at"),
    ("queries/findings/transaction_without_dossier", "p.kind_code in ('PAY', 'REFUND')", "p.kind_code = 'PAY'"),
    ("queries/findings/transaction_without_dossier", "and p.status_code = 1", ""),
    ("queries/findings/transaction_without_dossier", "and p.amount_vnd > 0", ""),
    ("queries/findings/transaction_without_dossier", "where d.other_dossier_code = p.dossier_code", "where false"),
    ("queries/findings/two_codes", "\nwhere d.is_counted", ""),
    ("queries/findings/two_codes", "n.is_counted and n.dossier_code =", "n.dossier_code ="),
    ("queries/findings/two_codes", "and n.dossier_id <> d.dossier_id", ""),
    ("queries/findings/two_codes", "n.is_counted\n        and n.other_dossier_code", "n.other_dossier_code"),
    ("queries/findings/two_codes", "n.other_dossier_code = d.other_dossier_code\n        and n.source_code <> d.source_code", "n.other_dossier_code = d.other_dossier_code"),
    ("queries/findings/two_codes", "n.source_code <> d.source_code\n        and (n._changed_at, n.dossier_id) > (d._changed_at, d.dossier_id)", "n.source_code <> d.source_code"),
    ("queries/findings/two_codes", "and n.is_counted\n        and (n._changed_at, n.dossier_id) > (d._changed_at, d.dossier_id)", "and n.is_counted"),
    ("queries/findings/two_codes", "and n.is_counted\n        and (n._changed_at", "and (n._changed_at"),
    ("queries/findings/two_codes", "and d.unit_code = n.unit_code", ""),
    ("queries/findings/two_codes", "and d.received_at = n.received_at", ""),
    ("queries/findings/two_codes", "upper(regexp_replace(n.", "(regexp_replace(n."),
    ("queries/findings/two_codes", "n.procedure_code = d.procedure_code and", ""),
    ("queries/findings/two_codes", "and c.moment <> date_trunc('day', c.moment)", ""),
    ("queries/findings/two_codes", "and s.source_code <> d.source_code", ""),
    ("queries/findings/two_codes", "and n.other_dossier_code is distinct from d.dossier_code", ""),
    ("queries/findings/two_codes", "and coalesce(d.other_dossier_code <> all(array[n.dossier_code, n.other_dossier_code]), true)", ""),
    ("queries/findings/two_codes", "all(array[n.dossier_code, n.other_dossier_code])", "all(array[n.dossier_code])"),
    ("queries/findings/two_codes", "all(array[n.dossier_code, n.other_dossier_code])", "all(array[n.other_dossier_code])"),
    ("queries/findings/two_codes", "and s.role = 'dossiers'", ""),
    ("queries/scores/dossiers_digitised_fully", "d.is_digitized and d.has_signed_result", "d.is_digitized or d.has_signed_result"),
    ("queries/scores/dossiers_digitised_fully", "and d.outcome = 'resolved'", ""),
    ("queries/scores/dossiers_from_citizen_store", "and not coalesce(cast(p.item ->> 'is_deleted' as boolean), false)", ""),
    ("queries/scores/dossiers_reusing_data", "and not coalesce(cast(p.item ->> 'is_deleted' as boolean), false)", ""),
    ("queries/scores/dossiers_reusing_data", "in (1, 2)", "= 1"),
    ("queries/scores/dossiers_paid_online", "as bigint) > 0", "as bigint) >= 0"),
    ("queries/scores/dossiers_paid_online", "d.paid_online_code in (1, 2)", "d.paid_online_code = 1"),
    ("queries/scores/services_offered_online", "in (3, 4)", "= 4"),
    ("queries/scores/services_with_online_dossier", "and d.channel = 'online'", ""),
    ("queries/scores/services_with_online_dossier", "where p.service_level in (3, 4)", "where true"),
    ("core/key_changed", "or k._ended_at > cast(:known_at as timestamptz)", ""),
    ("core/dossier_key", "least(e._ended_at, cast(:known_at as timestamptz))", "cast(:known_at as timestamptz)"),
    ("core/dossier_key", "greatest(e._first_seen_at, c.next_at) as begun_at", "e._first_seen_at as begun_at"),
    ("core/dossier_key", "or n.deleted_before is distinct from n.deleted_at", ""),
    ("core/missing_key", "k._ended_at is null", "true"),
    ("queries/coverage/dossiers", "o.from_date <= d.received_date", "o.from_date < d.received_date"),
    ("queries/coverage/dossiers", "o.to_date >= d.received_date", "o.to_date > d.received_date"),
    ("queries/coverage/payments", "o.from_date <= r.file_date", "o.from_date < r.file_date"),
    ("queries/coverage/payments", "o.to_date >= r.file_date", "o.to_date > r.file_date"),
    ("queries/indicators/ecertification_coverage_rate", "d.received_date >= o.from_date", "d.received_date > o.from_date"),
    ("queries/indicators/ecertification_coverage_rate", "d.received_date <= o.to_date", "d.received_date < o.to_date"),
    ("queries/scores/services_with_online_dossier", "d.received_date >= o.from_date", "d.received_date > o.from_date"),
    ("queries/scores/services_with_online_dossier", "d.received_date <= o.to_date", "d.received_date < o.to_date"),
    ("queries/scores/procedures_with_population_data", "d.received_date >= o.from_date", "d.received_date > o.from_date"),
    ("queries/scores/procedures_with_population_data", "d.received_date <= o.to_date", "d.received_date < o.to_date"),
    ("queries/findings/unit_did_not_exist", "d.received_date >= o.from_date", "d.received_date > o.from_date"),
    ("queries/findings/unit_did_not_exist", "d.received_date <= o.to_date", "d.received_date < o.to_date"),
    ("queries/values/measured", "c.counted_on >= o.from_date", "c.counted_on > o.from_date"),
    ("queries/values/measured", "c.counted_on <= o.to_date", "c.counted_on < o.to_date"),
    ("queries/coverage/feedback", "as date) >= o.from_date", "as date) > o.from_date"),
    ("queries/coverage/feedback", "as date) <= o.to_date", "as date) < o.to_date"),
    ("queries/coverage/work_files", "as date) >= o.from_date", "as date) > o.from_date"),
    ("queries/coverage/work_files", "as date) <= o.to_date", "as date) < o.to_date"),
    ("queries/coverage/assessments", "as date) >= o.from_date", "as date) > o.from_date"),
    ("queries/coverage/assessments", "as date) <= o.to_date", "as date) < o.to_date"),
    ("queries/coverage/assessments__survey", "o.from_date <= s.surveyed_date", "o.from_date < s.surveyed_date"),
    ("queries/coverage/assessments__survey", "o.to_date >= s.surveyed_date", "o.to_date > s.surveyed_date"),
    ("queries/coverage/dossiers", "o.counted_code = u.unit_code", "o.unit_code = u.unit_code"),
    ("queries/coverage/feedback", "o.counted_code = u.unit_code", "o.unit_code = u.unit_code"),
    ("queries/coverage/feedback", "u.is_valid", "true"),
    ("queries/coverage/payments", "o.counted_code = u.unit_code", "o.unit_code = u.unit_code"),
    ("queries/coverage/payments", "u.is_valid", "true"),
    ("queries/coverage/work_files", "o.counted_code = u.unit_code", "o.unit_code = u.unit_code"),
    ("queries/coverage/work_files", "u.is_valid", "true"),
    ("queries/coverage/assessments", "o.counted_code = u.unit_code", "o.unit_code = u.unit_code"),
    ("queries/coverage/assessments", "u.is_valid", "true"),
    ("queries/coverage/assessments__survey", "            o.counted_code = u.unit_code\n            and s.source_code", "            o.unit_code = u.unit_code\n            and s.source_code"),
    ("queries/indicators/ecertification_coverage_rate", "where o.counted_code = u.unit_code", "where o.unit_code = u.unit_code"),
    ("queries/indicators/ecertification_coverage_rate", "and u.is_valid", ""),
    ("queries/indicators/ecertification_coverage_rate", "and d.procedure_code = p.procedure_code", ""),
    ("queries/indicators/ecertification_coverage_rate", " and p.is_certification", ""),
    ("queries/indicators/ecertification_coverage_rate", "and d.has_signed_result", ""),
    ("queries/scores/services_with_online_dossier", "o.counted_code as unit_code", "o.unit_code"),
    ("queries/scores/procedures_with_population_data", "coalesce(o.counted_code, d.unit_code)", "d.unit_code"),
    ("queries/scores/procedures_with_population_data", "case when o.counted_code is null then d.received_date end", "cast(null as date)"),
    ("queries/findings/unit_did_not_exist", "where d.is_counted and", "where"),
    ("queries/findings/unit_did_not_exist", "o.counted_code is distinct from o.unit_code", "o.counted_code <> o.unit_code"),
    ("queries/values/measured", "coalesce(o.scope_code, c.unit_code) as unit_code", "max(c.unit_code) as unit_code"),
    ("queries/values/measured", "    where u.is_founded\n    union\n", "    union\n"),
    ("queries/values/measured", "and c.scope_code = m.scope_code\n    union", "and false\n    union"),
    ("mart/value_out_of_scope", "v.unit_code not like 'level:%' or ", "true or "),
    ("queries/findings/ended_in_bulk", "group by d.unit_code", "group by d.source_code, d.unit_code"),
    ("queries/coverage/dossiers", "core.procedure_in_force(\n            r.source_code", "core.procedure_in_force(\n            cast(:source as text)"),
    ("queries/scores/services_with_online_dossier", "where r.role = 'dossiers')", ")"),
    ("queries/indicators/procedure_update_timely_rate", "where cast(:source as text) > e.source_code", ""),
    ("queries/indicators/procedure_update_timely_rate", "p.procedure_code, p.decision_date) not in", "p.procedure_code, null) not in"),
    ("queries/publication/changed_item", "where a.figure is distinct from r.figure\n", ""),
    ("queries/publication/changed_item", "and a.declared_by = r.declared_by", ""),
    ("queries/publication/changed_item", "or p.is_numerator <> c.is_numerator", ""),
    ("queries/publication/changed_item", "'/', f.numerator, f.denominator) as figure", "'/', f.numerator) as figure"),
    ("queries/publication/dossier_learnt", "s.is_deleted and not s.was_deleted", "s.was_deleted"),
    ("queries/publication/dossier_learnt", "s.was_deleted and not s.is_deleted", "s.is_deleted"),
    ("queries/publication/dossier_learnt", "not s.is_deleted and (s.was_left_out = s.is_counted)", "not s.is_counted"),
    ("queries/publication/dossier_learnt", "or coalesce(t.is_changed, false)", ""),
    ("queries/publication/dossier_learnt", "order by d.is_counted desc, ", "order by "),
    ("queries/publication/dossier_learnt", "bool_and(t.is_late)", "bool_or(t.is_late)"),
    ("queries/publication/dossier_learnt", "min(v._first_seen_at) > max(s.published_at)", "min(v._first_seen_at) >= max(s.published_at) - interval '9 days'"),
    ("queries/publication/learnt/certification", "where d.is_certified <> d.was_certified", "where true"),
    ("queries/publication/learnt/certification", "and p.basis = 'year_to_date'", "and p.basis = 'period'"),
    ("queries/publication/learnt/payment", "s.was_there and not s.is_there", "s.is_there and not s.was_there"),
    ("queries/publication/learnt/payment", "and not s.is_late as is_restored", "as is_restored"),
    ("queries/publication/learnt/payment", "s.is_failed <> s.was_failed", "s.was_failed"),
    ("queries/publication/learnt/payment", "and d._first_seen_at <= a.published_at\n", "\n"),
    ("queries/publication/learnt/signature", "where s.is_counting <> s.was_counting", "where true"),
    ("queries/publication/learnt/signature", "v.signed_at < cast(:end_at", "v.signed_at <= cast(:end_at"),
    ("queries/publication/learnt/signature", "and v.signed_at >= case", "and true or v.signed_at >= case"),
    ("queries/publication/learnt/signature", "and not p.is_late as is_restored", "as is_restored"),
    ("queries/publication/learnt/signature", "s.is_failed <> s.was_failed", "s.was_failed"),
    ("queries/publication/learnt/procedure", "and a.unit_code = i.unit_code", ""),
    ("queries/publication/learnt/procedure", "e.was_there and not e.is_there", "e.is_there and not e.was_there"),
    ("queries/publication/learnt/procedure", "and not e.is_late as is_restored", "as is_restored"),
    ("queries/publication/learnt/procedure", "e.is_failed <> e.was_failed", "e.was_failed"),
    ("queries/publication/learnt/procedure", "l.fetched_at <= a.published_at", "true"),
    ("queries/publication/learnt/declared", "o.change = 'removed' and not o.is_there", "false"),
    ("queries/publication/learnt/declared", "o.change = 'added' and not o.is_late", "false"),
    ("queries/publication/learnt/declared", "coalesce(cast(cast(:published_clocks as jsonb) ->> l.source as timestamptz), '-infinity')", "cast(cast(:published_clocks as jsonb) ->> l.source as timestamptz)"),
    ("queries/publication/restatement_item", "when e.is_late then 'late'\n", ""),
    ("queries/publication/restatement_item", "when r.is_redefined then 'definition'\n", ""),
    ("queries/publication/restatement_item", "and (e.change is null or c.change = e.change)", ""),
    ("queries/publication/restatement_item", "and (e.unit_code is null or c.unit_code = e.unit_code)", ""),
    ("queries/publication/restatement_item", "having bool_or(c.change = 'removed') and", "having"),
    ("queries/publication/restatement_item", "r.scope_code in ('all', c.unit_code)", "r.scope_code = 'all'"),
    ("queries/publication/restatement_item", "and u.level is not distinct from coalesce(u.published_level, u.level)", ""),
    ("queries/values/item", "cast(:code as text) as indicator_code", "'another' as indicator_code"),
    ("queries/values/item", "cast(:basis as text) as basis", "'year_to_date' as basis"),
    ("queries/values/item", "s.root_code = cast(:root as text) and ", ""),
    ("queries/values/item", "coalesce(c.is_numerator, false)", "c.is_numerator"),
    ("queries/values/item", "coalesce(e.scope_code, c.unit_code)", "e.scope_code"),
    ("queries/values/measured", "    where o.root_code is null or o.root_code = cast(:root as text)\n", ""),
    ("queries/values/measured", "concat(c.period_number, c.basis) = a.span_key", "a.span_key like concat(c.period_number, '%')"),
    ("queries/values/measured", "concat(c.period_number, c.basis) = a.span_key", "a.span_key like concat('%', c.basis)"),
    ("queries/values/measured", "l on a.codes is null or l.indicator_code = any(a.codes)", "l on true"),
    ("queries/values/measured", "concat(p.period_number, p.basis) = a.span_key", "a.span_key like concat(p.period_number, '%')"),
    ("queries/values/measured", "concat(s.period_number, s.basis) = a.span_key", "a.span_key like concat(s.period_number, '%')"),
    ("queries/values/declared_measured", "    where o.root_code is null or o.root_code = cast(:root as text)\n", ""),
    ("queries/values/item", "c.counted_on >= e.from_date", "c.counted_on > e.from_date"),
    ("queries/values/item", "c.counted_on <= e.to_date", "c.counted_on < e.to_date"),
    ("mart/value_out_of_scope", "and u.is_founded", ""),
    ("mart/value_out_of_scope", "c.role = cast(:role as text)\n                    and ", ""),
    ("mart/value_out_of_scope", "and c.known_at is not null", ""),
    ("mart/value_out_of_scope", "c.role <> 'declared' or ", "true or "),
    ("mart/value_out_of_scope", " or c.root_code = (select o.root_code from core.authority as o)", ""),
    ("core/source_tree", "on l.list_hash = i.list_hash\n)", "on true\n)"),
    ("core/source_tree", "from core.feedback_version as f", "from core.feedback_version as f\n    where false"),
    ("core/source_tree", "where u.root_code is not null\n", "where u.root_code = 'H19.16'\n"),
    ("mart/value_of_other_version", "v.indicator_code = l.code\n", "true\n"),
    ("mart/value_of_other_version", "and v.formula_version <> l.version", ""),
    ("mart/value_of_other_version", "and v.period_start = p.period_start", ""),
    ("mart/value_of_other_version", " and i.ended_at is null", ""),
    ("mart/value_of_other_version", "where u.root_code = cast(:root as text)", ""),
    ("mart/value_of_other_version", "and cast(:root as text) = (select o.root_code from core.authority as o)", ""),
    ("mart/value_out_of_scope", "and v.indicator_code = l.indicator_code", ""),
    ("mart/value_out_of_scope", "and v.formula_version = l.formula_version", ""),
    ("mart/value_out_of_scope", "and v.period_start = a.period_start", ""),
    ("mart/value_out_of_scope", "and v.unit_code <> 'all'", ""),
    ("mart/value_out_of_scope", "('level:' || u.level, false)", "(u.unit_code, false)"),
)  # fmt: skip

# the same in functions and views, as the last migration that makes them has them: name, what stands in its body, what in its place
MADE = (
    ("mart.form_06a", "not g.is_carried_over and g.channel = 'online'", "g.channel = 'online'"),
    ("mart.form_06a", "not g.is_carried_over and g.channel <> 'online'", "g.channel <> 'online'"),
    ("mart.form_06a", "g.state in ('early', 'on_time', 'late')", "g.state in ('on_time', 'late')"),
    ("mart.form_06a", "g.state in ('open_in_time', 'open_past_due')", "g.state = 'open_in_time'"),
    ("mart.form_06a", "group by g.level, g.field_code, g.field_name", "group by g.level, g.field_code, g.field_name, g.unit_code, g.state"),
    ("core.form_06a_counted", "when d.outcome = 'returned' then 'on_time'", "when false then null"),
    ("core.form_06a_counted", "coalesce(d.timeliness, 'on_time')", "d.timeliness"),
    ("core.form_06a_counted", "d.outcome <> 'returned' and d.due_date is null", "d.due_date is null"),
    ("core.form_06a_counted", "and d.is_counted and", "and"),
    ("core.form_06a_counted", "- interval '1 microsecond'", ""),
    ("core.form_06a_group", "max(p.changed_at) as changed_at", "min(p.changed_at) as changed_at"),
    ("core.form_06a_group", "left join named as n on p.level = n.level and", "left join named as n on"),
    ("core.form_06a_group", "and d.field_name is not null\n    order by l.level", "\n    order by l.level"),
    ("core.form_06a_group", "l.dossier_code collate \"C\" asc", "l.dossier_code collate \"C\" desc"),
    ("core.form_06a_group", "d._changed_at = c.changed_at", "true"),
    ("core.form_06a_group", "    union all\n    select * from older\n", ""),
    ("core.form_06a_group", "and d.field_code is not distinct from c.field_code", ""),
    ("core.form_06a_group", "d._changed_at desc", "d._changed_at asc"),
    ("core.form_06a_group", "d._changed_at desc, d.dossier_code collate \"C\" asc", "d._changed_at desc, d.dossier_code collate \"C\" desc"),
    ("core.form_06a_group", "c.last_day, c.unit_code, c.stretch_no, c.field_code, c.channel, c.is_carried_over, c.state, c.is_returned, c.is_without_due\n", "c.last_day, c.unit_code, c.stretch_no, c.field_code, c.channel, c.is_carried_over, c.state, c.is_returned, c.is_without_due, c._changed_at\n"),
    ("core.form_06a_counted", "o.to_date + 1 as day", "o.to_date as day"),
    ("core.form_06a_counted", "order by e.day)", "order by e.day desc)"),
    ("mart.form_06a_dossier", "and d.stretch_no = p.stretch_no", ""),
    ("mart.form_06a_dossier", "d.unit_code = p.unit_code\n        and", ""),
    ("mart.form_06a_dossier", "where g.is_in_scope", ""),
    ("mart.form_06a", "where g.is_in_scope", ""),
    ("core.form_06a_group", "p.counted_code = form_06a_group.scope", "true"),
    ("core.form_06a_group", "in ('all', 'level:' || p.level)", "in ('all')"),
    ("core.procedure_elsewhere", "r.role = 'dossiers'\n    and", ""),
    ("core.procedure_elsewhere", "\n    and r.source_code <> source", ""),
    ("core.role_clock", "coalesce(t.root_code, a.root_code)", "a.root_code"),
    ("core.form_06a_counted", "            c.known_at\n        ) as end_at", "            'infinity'\n        ) as end_at"),
    ("core.procedure_elsewhere", "(r.source_code, c.known_at, c.known_at)", "(r.source_code, 'infinity', 'infinity')"),
    ("core.procedure_in_force_on", "p.valid_from desc, p.source_code asc", "p.source_code asc, p.valid_from desc"),
    ("core.procedure_in_force_on", "where f.source_code = source", ""),
    ("core.dossier_open_of", "and o.is_counted", ""),
    ("core.dossier_open_of", "coalesce(g.due_date < case", "coalesce(g.due_date <= case"),
    ("core.dossier_open_of", "case when g.is_paused then g.paused_since_date else d end", "d"),
    ("core.dossier_open_of", "e.dossier_id, min(e.done_at) as since_at", "e.dossier_id, max(e.done_at) as since_at"),
    ("core.dossier_open_of", "least(r.since_at, t.since_at)", "greatest(r.since_at, t.since_at)"),
    ("core.dossier_open_of", "min(r.asked_at) as since_at", "max(r.asked_at) as since_at"),
    ("core.dossier_open_of", "where s.deleted_at is null and s.done_at is not null", "where s.done_at is not null"),
    ("core.dossier_open_of", "e.position_from_last = 1 and e.status_code in (6, 8)", "e.position_from_last = 1 and e.status_code = 6"),
    ("core.dossier_open_of", " and e.position - e.position_of_status = l.run", ""),
    ("core.dossier_open_of", "u.valid_after desc", "u.valid_after asc"),
    ("core.period_end", "'report_quarter' then 12 else 1", "'report_quarter' then 11 else 1"),
    ("core.period_end", "when period_kind like 'report%' then 15", "when false then 15"),
    ("mart.score_766_total", "filter (where s.points is not null)", ""),
    ("mart.score_766_total", "filter (where s.points is null)", ""),
    ("mart.score_766_total", "order by s.part_order", "order by s.part_code desc"),
    ("mart.score_766_total", "u.kind = 'commune'", "true"),
    ("mart.score_766_total", "and t.points is not null as is_ranked", "as is_ranked"),
    ("mart.score_766_total", "when n.is_ranked\n", "when true\n"),
    ("mart.score_766_total", "order by n.points desc", "order by n.points asc"),
    ("ops.reconciled_between", "o.pending_at < l.known_at - interval '3 days'", "o.pending_at <= l.known_at - interval '3 days'"),
    ("ops.reconciled_between", "o.pending_at < l.known_at - interval '3 days'", "o.pending_at < l.known_at - interval '2 days'"),
    ("ops.compared_orders", "when s.success_count > 1 then 'dup", "when s.success_count > 2 then 'dup"),
    ("ops.compared_orders", "s.paid_vnd > 0 and s.refunded_vnd >= s.paid_vnd", "s.paid_vnd > 0 and s.refunded_vnd > s.paid_vnd"),
    ("ops.reconciled_between", "when o.paid_at < l.dossiers_known_at", "when true"),
    ("ops.compared_orders", "s.success_count > s.receipt_count", "s.success_count >= s.receipt_count"),
    ("ops.compared_orders", "where p.dossier_code = any(array(select c.code from wanted_code as c))\n", "where false\n"),
    ("ops.compared_orders", "where d.other_dossier_code = any(array(select c.dossier_code from asked_code as c))", "where false"),
    ("ops.reconciled_between", "d.received_date >= coalesce(first_day", "d.received_date > coalesce(first_day"),
    ("ops.reconciled_between", "d.received_date < coalesce(before", "d.received_date <= coalesce(before"),
    ("ops.reconciled_between", "j.day >= first_day", "j.day > first_day"),
    ("ops.reconciled_between", "j.day < before", "j.day <= before"),
    ("ops.compared_orders", "p.paid_date >= first_day", "p.paid_date > first_day"),
    ("ops.reconciled_between", "and d.paid_online_code in (1, 2)", ""),
    ("mart.payment", "p.status_code = 1 as is_success", "p.status_code <> 4 as is_success"),
    ("mart.payment", "'chuyen-khoan'), false) as is_cashless", "'chuyen-khoan', 'tien-mat'), false) as is_cashless"),
    ("mart.feedback", "as date) <= cast(f.due_at", "as date) < cast(f.due_at"),
    ("mart.document", "as date) <= cast(d.due_at", "as date) < cast(d.due_at"),
    ("mart.dossier_detail", "case when d.timeliness = 'late' then d.finished_date - d.due_date end", "d.finished_date - d.due_date"),
    ("mart.unit", "u.root_code = (select a.root_code from core.authority as a) as is_measured", "true as is_measured"),
    ("mart.calendar", "interval '14 days'", "interval '15 days'"),
    ("mart.indicator_detail", "when 'report_month' then to_char(v.period_end", "when 'report_month' then to_char(v.period_start"),
    ("mart.indicator_detail", "when 'report_quarter' then to_char(v.period_end", "when 'report_quarter' then to_char(v.period_start"),
    ("mart.indicator_detail", "when i.indicator_kind = 'count' then v.value", "when true then v.value"),
    ("mart.scorecard", "else 12\n", "else 9\n"),
    ("mart.scorecard", "            and year_before.unit_code is null\n", ""),
    ("mart.scorecard", "o.indicator_code = y.indicator_code", "true"),
    ("mart.scorecard", "and c.period_end - 1 between holding.valid_from and holding.valid_to", ""),
    ("mart.scorecard", "and t.level in ('all', s.level) and t.ended_at is null", "and t.level in ('all', s.level)"),
    ("mart.scorecard", "        when holding.plan_code is null and y.value is not null then null\n", ""),
    ("mart.scorecard", "        when y.no_target_reason is not null and y.value is not null then 'K", "        when false then 'K"),
    ("mart.scorecard", "case when holding.plan_code is not null then y.gap_count end", "y.gap_count"),
    ("mart.scorecard", "and p.formula_version = last_period.formula_version\n", "and p.formula_version = last_period.formula_version and p.plan_code = last_period.plan_code\n"),
    ("mart.scorecard", "and p.formula_version = year_before.formula_version\n", "and p.formula_version = year_before.formula_version and p.plan_code = year_before.plan_code\n"),
    ("mart.published_value", "order by h.plan_code is not null desc, p.edition desc", "order by p.edition desc"),
    ("mart.published_value", "h.plan_code is not null desc, p.edition desc", "h.plan_code is not null desc, p.edition asc"),
    ("mart.published_value", "partition by p.period_kind", "partition by p.plan_code, p.period_kind"),
    ("mart.published_value", "between h.valid_from and h.valid_to", ">= h.valid_from"),
    ("core.judged_status", "when target_kind is null then null", "when false then null"),
    ("core.judged_status", "numerator is null or denominator is null then", "denominator is null then"),
    ("core.judged_status", "numerator is null or denominator is null then", "numerator is null then"),
    ("core.judged_status", "numerator_before is null or denominator_before is null", "denominator_before is null"),
    ("core.judged_status", "numerator_before is null or denominator_before is null", "numerator_before is null"),
    ("core.judged_status", "denominator_before < numerator_before", "denominator_before <= numerator_before"),
    ("core.judged_status", "denominator_before > numerator_before", "denominator_before >= numerator_before"),
    ("core.judged_status", "numerator * denominator_before < numerator_before * denominator", "numerator < numerator_before"),
    ("core.judged_status", "numerator * denominator_before > numerator_before * denominator", "numerator > numerator_before"),
    ("core.judged_status", "when numerator >= target * denominator then", "when numerator > target * denominator then"),
    ("core.judged_status", "target_kind <> 'milestone' or last_day", "last_day"),
    ("core.judged_status", "(extract(month from year_end) - extract(month from year_start) + 1)", "12"),
    ("core.judged_status", "last_day >= year_end", "last_day > year_end"),
    ("core.judged_status", "        when last_day < year_start then 'on_pace'\n", ""),
    ("core.judged_status", "last_day < year_start", "last_day <= year_start"),
    ("core.judged_status", ">= target * denominator * (", "> target * denominator * ("),
    ("core.judged_status", "(extract(month from last_day) - extract(month from year_start))", "extract(month from last_day)"),
    ("core.scope_member", "o.unit_code <> u.unit_code\n    and", ""),
    ("core.scope_member", "where u.root_code = root", "where true"),
    ("core.scope_member", "compared_on >= o.from_date", "compared_on > o.from_date"),
    ("core.scope_member", "and compared_on <= o.to_date", ""),
    ("core.scope_member", "    u.level,\n    'level:' || u.level as unit_code", "    u.level,\n    'none' as unit_code"),
    ("core.scope_member", "    'all' as level,\n    'level:' || u.level as unit_code", "    'all' as level,\n    'none' as unit_code"),
    ("core.declared_coverage_at", "and d.is_required\n", "\n"),
    ("core.declared_coverage_at", "d.plan_code = plan\n    and", ""),
    ("core.declared_coverage_at", "where u.is_valid", ""),
    ("core.declared_coverage_at", "coalesce(o.counted_code, f.unit_code)", "f.unit_code"),
    ("core.declared_coverage_at", "and (d.kinds is null or u.kind = any(d.kinds))", ""),
    ("core.declared_coverage_at", "and (d.levels is null or u.level = any(d.levels))", ""),
    ("core.declared_coverage_at", "then 0 else 1", "then 1 else 0"),
    ("core.form_06a_group", "coalesce(o.scope_code, g.unit_code) as counted_code", "g.unit_code as counted_code"),
    ("core.form_06a_group", "coalesce(o.level, u.level) as level", "'commune' as level"),
    ("core.form_06a_group", "g.received_date >= o.from_date", "g.received_date > o.from_date"),
    ("core.form_06a_group", "g.received_date <= o.to_date", "g.received_date < o.to_date"),
    ("mart.score_766_total", "w.valid_from < t.period_end", "true"),
    ("mart.score_766_total", "w.valid_to >= t.period_start", "w.valid_to > t.period_start"),
    ("mart.score_766_total", "w.valid_to >= t.period_start", "w.valid_to >= t.period_end - 1"),
    ("mart.score_766_total", "u.from_date <= t.period_end - 1", "u.from_date <= t.period_end"),
    ("mart.scorecard", "when merged.numerator is null then year_before.shown", "when true then year_before.shown"),
    ("mart.scorecard", "coalesce(year_before.numerator, 0) + merged.numerator) * 100", "merged.numerator) * 100"),
    ("mart.scorecard", "* 100\n            / nullif(coalesce(year_before.denominator, 0) + coalesce(", "* 100\n            / nullif(coalesce("),
    ("mart.scorecard", "when i.kind = 'count' then coalesce(year_before.numerator, 0) + merged.numerator", "when i.kind = 'count' then merged.numerator"),
    ("mart.scorecard", "and o.unit_code <> p.unit_code", ""),
    ("mart.scorecard", "        and b.basis = 'period'\n", ""),
    ("mart.scorecard", "        and b.period_start = cast(p.period_start - interval '1 year' as date)\n", ""),
    ("mart.scorecard", "        and b.indicator_code = p.indicator_code\n", ""),
    ("mart.declared_figure", "and u.from_date <= cast(f.month_start + interval '1 month' as date) - 1", "and u.from_date <= f.month_start"),
    ("mart.declared_figure", "and u.before_date > cast(f.month_start + interval '1 month' as date) - 1", "and u.before_date > f.month_start"),
    ("mart.scorecard", "'level:' || fu.level, fo.counted_code)", "'level:' || fu.level, f.unit_code)"),
    ("mart.scorecard", "coalesce(fo.counted_code, fo.unit_code) = fu.unit_code", "f.unit_code = fu.unit_code"),
    ("mart.scorecard", "fo.from_date <= least(c.period_end - 1, declared_clock.last_day)", "fo.from_date < least(c.period_end - 1, declared_clock.last_day)"),
    ("mart.scorecard", "fo.to_date >= least(c.period_end - 1, declared_clock.last_day)", "fo.to_date > least(c.period_end - 1, declared_clock.last_day)"),
    ("mart.scorecard", "and (dn.kinds is null or du.kind = any(dn.kinds))", ""),
    ("mart.scorecard", "and (dn.levels is null or du.level = any(dn.levels))", ""),
    ("mart.scorecard", "and du.valid_from <= c.period_end - 1", ""),
    ("mart.scorecard", "and (du.valid_to is null or du.valid_to >= c.period_end - 1)", ""),
    ("mart.scorecard", "        and u.from_date <= least(", "        and u.from_date <= greatest("),
    ("mart.scorecard", "        and o.from_date <= least(", "        and o.from_date - 32 <= least("),
)  # fmt: skip

# what other cases prove of a function beside its own: those of the table that it fills, of the form that counts it
PROVEN_BY = {
    "core.procedure_in_force_on": ("core/procedure_in_force",),
    "core.dossier_open_of": ("mart/dossier_open",),
    "core.form_06a_counted": ("mart/form_06a", "mart/form_06a_dossier"),
    "core.form_06a_group": ("mart/form_06a", "mart/form_06a_dossier"),
    "ops.reconciled_between": ("mart/payment_reconciliation", "mart/payment_reconciliation_between"),
    "ops.compared_orders": ("mart/payment_reconciliation", "mart/payment_reconciliation_between"),
    "core.declared_coverage_at": ("queries/values/declared_measured",),
    "core.scope_member": ("queries/values/measured", "queries/values/declared_measured"),
    "queries/publication/changed_item": ("mart/restatement_item",),
    "queries/publication/dossier_learnt": ("mart/restatement_item",),
    "queries/publication/published_item": ("mart/restatement_item",),
    "queries/publication/restatement_item": ("mart/restatement_item",),
    "queries/publication/learnt/certification": ("mart/restatement_item",),
    "queries/publication/learnt/declared": ("mart/restatement_item",),
    "queries/publication/learnt/payment": ("mart/restatement_item",),
    "queries/publication/learnt/procedure": ("mart/restatement_item",),
    "queries/publication/learnt/signature": ("mart/restatement_item",),
}

# the same in the functions of core: name, what stands in its body, what stands there in its place
FUNCTIONS = (
    ("core.vietnamese_order", "'[Đđ]', 'd{'", "'[Đđ]', 'd'"),
    ("core.vietnamese_order", "'{|}'", "''"),
    ("core.vietnamese_order", "'①②③④⑤'", "''"),
    ("core.procedure_at", "l.fetched_at <= j", "l.fetched_at < j"),
    ("core.procedure_at", "item.last_at_j desc nulls last, item.first_at asc", "item.last_at desc"),
    ("core.procedure_at", "order by item._key asc, item.last_at desc", "order by item._key asc, item.first_at asc"),
    ("core.procedure_at", "l.list_hash,\n        max(l.fetched_at) as last_at", "l.list_hash,\n        min(l.fetched_at) as last_at"),
    ("core.procedure_at", "as date) - 1", "as date)"),
    ("core.procedure_at", "where l.source_code = source and l.fetched_at <= known\n", "where l.source_code = source\n"),
    ("core.procedure_in_force_on", "p.valid_from <= a.d", "p.valid_from < a.d"),
    ("core.procedure_in_force_on", "p.valid_to >= a.d", "p.valid_to > a.d"),
    ("core.procedure_in_force_on", "p.valid_from desc", "p.valid_from asc"),
    ("core.procedure_in_force_on", "and p.listed_valid_to is null", "and p.valid_to is null"),
    ("core.procedure_in_force_on", "and (u.valid_to is null or u.valid_to >= a.d)", ""),
    ("core.procedure_in_force_on", "from unnest(days) as a (d)", "from unnest(days[1:1]) as a (d)"),
    ("core.procedure_span", "when p.position = 1 then cast('-infinity' as date)", "when false then null"),
    ("core.leader_in_post", "e.from_date <= d", "e.from_date < d"),
    ("core.leader_in_post", "e.to_date >= d", "e.to_date > d"),
    ("core.leader_in_post", "as date) - 1", "as date)"),
    ("core.leader_in_post", "and (u.valid_to is null or u.valid_to >= d)", ""),
    ("core.unit_at", "s.valid_from <= d as is_founded", "s.valid_from < d as is_founded"),
    ("core.unit_at", "s.valid_from <= d and (s.valid_to", "s.valid_from < d and (s.valid_to"),
    ("core.unit_at", "s.valid_to >= d", "s.valid_to > d"),
    ("core.unit_at", "s.from_date <= d", "s.from_date < d"),
    ("core.unit_at", "s.before_date > d", "s.before_date >= d"),
    ("core.unit_scope", "coalesce(o.counted_code, 'level:' || n.level)", "o.counted_code"),
    ("core.unit_scope", "coalesce(c.level, n.level)", "n.level"),
    ("core.unit_in_period", "coalesce(n.name, u.name)", "u.name"),
    ("core.unit_in_period", "desc, p.edition desc", "desc, p.edition asc"),
    ("core.unit_in_period", "order by h.plan_code is not null desc, p.edition", "order by p.edition"),
    ("core.unit_in_period", "unit_in_period.as_published\n        and", ""),
    ("core.unit_in_period", "and p.period_kind = unit_in_period.period_kind", ""),
    ("core.unit_in_period", "and p.period_start = unit_in_period.period_start", ""),
    ("core.unit_in_period", "w.valid_from <= d and", "w.valid_from < d and"),
    ("core.unit_in_period", "w.valid_to >= unit_in_period.period_start", "w.valid_to > unit_in_period.period_start"),
)  # fmt: skip


def _other(match: re.Match[str]) -> str:
    """A bound with the other sign."""
    before, sign, after = match.group(0).partition(match.group(1))
    return before + OTHER[sign] + after


def bounds(place: str, pattern: re.Pattern[str]) -> list[Mutant]:
    """Every bound of a file or a statement. Where it cannot be read, one defect that cannot be planted: it fails alone, and says why."""
    try:
        content = text_of(place)
    except (AssertionError, OSError):
        return [Mutant(place, "a bound", "another one")]
    return [Mutant(place, match.group(0), _other(match), match.start()) for match in pattern.finditer(content)]


def made() -> list[Mutant]:
    """Defects of functions and views: those of `MADE`, and every bound of two functions."""
    found = [Mutant(name, old, new) for name, old, new in MADE]
    return found + [mutant for name in BOUNDED for mutant in bounds(name, BOUND_IN_FUNCTION)]


def mutants() -> list[Mutant]:
    """Every bound of the indicators, the coverage and the scores, and every rule of `RULES`."""
    files = sorted(path for layer in LAYERS for path in SQL.glob(f"queries/{layer}/*.sql"))
    found = [mutant for path in files for mutant in bounds(f"queries/{path.parent.name}/{path.stem}", BOUND)]
    return found + [Mutant(file, old, new) for file, old, new in RULES]


@pytest.fixture(scope="module")
def settings(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One warehouse for all mutants, and a copy of include/sql to plant them in."""
    with new_warehouse(tmp_path_factory.mktemp("mutants")) as made:
        copy = tmp_path_factory.mktemp("sql") / "sql"
        shutil.copytree(SQL, copy)
        yield replace(made, sql_dir=copy)


def test_every_defect_can_still_be_planted() -> None:
    """Without a database: whoever changes SQL sees at once which defects of the lists have lost their place."""
    lost = []
    for mutant in [*mutants(), *made(), *(Mutant(*of_function) for of_function in FUNCTIONS)]:
        try:
            mutant.planted_in(text_of(mutant.place))
        except (AssertionError, OSError) as error:
            lost.append(str(error))
    assert lost == []


def test_a_defect_without_a_place_is_told() -> None:
    with pytest.raises(AssertionError, match="queries/indicators/x no longer says 'a < b': mend the list"):
        Mutant("queries/indicators/x", "a < b", "a <= b").planted_in("where a  < b")
    with pytest.raises(AssertionError, match=r"no file of include/sql makes core\.nothing: mend the list"):
        text_of("core.nothing")


def test_every_bound_is_among_the_defects() -> None:
    """However a comparison with a bind is written: one that `BOUND` does not see would be one that no test proves."""
    assert BOUND.findall("a  <\n cast(:end_at as timestamptz) or (b) >= cast(:d as date)") == ["<", ">="]
    for layer in LAYERS:
        for path in SQL.glob(f"queries/{layer}/*.sql"):
            content = path.read_text(encoding="utf-8")
            assert len(BOUND.findall(content)) == len(re.findall(r"(?<!<)[<>]=?\s*cast\(\s*:", content)), path.name
    for name in BOUNDED:
        assert len(bounds(name, BOUND_IN_FUNCTION)) > 1, name


def test_a_place_that_is_gone_is_one_defect_that_fails() -> None:
    (lost,) = bounds("core.nothing", BOUND)
    with pytest.raises(AssertionError, match="no longer says"):
        lost.planted_in("create function core.something()")


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.name)
def test_the_cases_notice(mutant: Mutant, settings: Settings) -> None:
    path = settings.sql_dir / f"{mutant.place}.sql"
    sound = path.read_text(encoding="utf-8")
    path.write_text(mutant.planted_in(sound), encoding="utf-8")
    try:
        tables = [mutant.place, *PROVEN_BY.get(mutant.place, ())]
        assert any(_is_noticed(settings, table) for table in tables), f"no case of {' and '.join(tables)} turns red"
    finally:
        path.write_text(sound, encoding="utf-8")


@pytest.mark.parametrize(("function", "old", "new"), FUNCTIONS, ids=lambda part: " ".join(part.split()))
def test_the_cases_notice_in_a_function(function: str, old: str, new: str, settings: Settings) -> None:
    with engine(settings).connect() as connection:
        sound = connection.execute(text("select pg_get_functiondef(cast(:f as regproc))"), {"f": function}).scalar_one()
    defect = planted(sound, function, old, new)
    tables = [function.replace(".", "/"), *PROVEN_BY.get(function, ())]
    assert any(_is_noticed(settings, table, defect) for table in tables), f"no case of {' and '.join(tables)} turns red"


@pytest.mark.parametrize("mutant", made(), ids=lambda mutant: mutant.name)
def test_the_cases_notice_in_what_is_made(mutant: Mutant, settings: Settings) -> None:
    tables = [mutant.place.replace(".", "/"), *PROVEN_BY.get(mutant.place, ())]
    defect = mutant.planted_in(statement_of(mutant.place))
    assert any(_is_noticed(settings, table, defect) for table in tables), f"no case of {' and '.join(tables)} turns red"


@pytest.mark.parametrize("name", sorted({name for name, *_ in MADE}))
def test_what_is_made_anew_as_it_stands_is_not_noticed(name: str, settings: Settings) -> None:
    assert not _is_noticed(settings, name.replace(".", "/"), statement_of(name))


def test_sound_sql_is_not_noticed(settings: Settings) -> None:
    assert not _is_noticed(settings, "queries/indicators/dossier_on_time_rate")


def _is_noticed(settings: Settings, table: str, defect: str | None = None) -> bool:
    """Whether a case of a table turns red; `defect` is SQL that plants one in the warehouse, for the length of a case."""
    for case in sorted(path.parent for path in (CASES / table.removeprefix("queries/").split("__")[0]).glob("*/expect.yaml")):
        with engine(settings).connect() as connection:
            try:
                if defect:
                    connection.exec_driver_sql(defect.replace("%", "%%"))
                if any(found != expected for _, expected, found in run(connection, settings, case)):
                    return True
            except IntegrityError:
                return True  # the database refuses what the defect makes
            except SQLAlchemyError as error:
                raise AssertionError("the mutant is no SQL: plant another") from error
            finally:
                connection.rollback()
    return False
