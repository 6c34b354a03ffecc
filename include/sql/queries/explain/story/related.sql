-- grain: one row for each record of another model that names a dossier: payment, feedback, assessment, survey sheet
-- source: core.payment_version, core.feedback_version, core.assessment_version, core.survey_answer_version
-- traps: `codes` are those of the dossier: a payment may name it by its second code. The rows in force alone; one that breaks a critical rule is here, with its rules, and counts nowhere

select
    'payment' as kind,
    p.source_code,
    p._key as key,
    p.paid_at as happened_at,
    jsonb_build_object(
        'order_code', p.order_code,
        'kind_code', p.kind_code,
        'status_code', p.status_code,
        'method_code', p.method_code,
        'amount_vnd', p.amount_vnd
    ) as facts,
    p._failed_rules as failed_rules,
    p._first_seen_at as known_at,
    p._load_id as load_id
from core.payment_version as p
where p.dossier_code = any(cast(:codes as text[])) and p._is_current
union all
select
    'feedback' as kind,
    f.source_code,
    f.feedback_code as key,
    f.received_at as happened_at,
    jsonb_build_object('status_code', f.status_code, 'due_at', f.due_at, 'answered_at', f.answered_at, 'rating_code', f.rating_code) as facts,
    f._failed_rules as failed_rules,
    f._first_seen_at as known_at,
    f._load_id as load_id
from core.feedback_version as f
where f.dossier_code = any(cast(:codes as text[])) and f._is_current
union all
select
    'assessment' as kind,
    a.source_code,
    a.assessment_code as key,
    a.assessed_at as happened_at,
    jsonb_build_object('rating_code', a.rating_code) as facts,
    a._failed_rules as failed_rules,
    a._first_seen_at as known_at,
    a._load_id as load_id
from core.assessment_version as a
where a.dossier_code = any(cast(:codes as text[])) and a._is_current
union all
select
    'survey_answer' as kind,
    s.source_code,
    s.answer_code as key,
    cast(s.surveyed_date as timestamp) at time zone cast(:zone as text) as happened_at,
    jsonb_build_object('score', s.score) as facts,
    s._failed_rules as failed_rules,
    s._first_seen_at as known_at,
    s._load_id as load_id
from core.survey_answer_version as s
where s.dossier_code = any(cast(:codes as text[])) and s._is_current
order by kind, happened_at, key
