-- grain: one row for each record that does not count because its key also stands in another source of the same role
-- source: mart.dossier, core.duplicate_record and the versions of the models that it names
-- traps: the record of the other source counts; `detail` names it

with record as (
    select
        q.*,
        v.unit_code,
        cast(v.assessed_at at time zone (select a.zone from core.authority as a) as date) as event_date,
        cast(null as text) as dossier_code
    from core.duplicate_record as q
    inner join core.assessment_version as v on q.source_code = v.source_code and q.key = v.assessment_code
    where q.model = 'assessment' and v._is_current
    union all
    select
        q.*,
        v.unit_code,
        cast(v.closed_at at time zone (select a.zone from core.authority as a) as date) as event_date,
        cast(null as text) as dossier_code
    from core.duplicate_record as q
    inner join core.work_file_version as v on q.source_code = v.source_code and q.key = v.work_file_code
    where q.model = 'work_file' and v._is_current
    union all
    select
        q.*,
        v.unit_code,
        v.file_date as event_date,
        v.dossier_code
    from core.duplicate_record as q
    inner join core.payment_version as v on q.source_code = v.source_code and q.key = v._key
    where q.model = 'payment' and v._is_current
    union all
    select
        q.*,
        v.unit_code,
        cast(v.received_at at time zone (select a.zone from core.authority as a) as date) as event_date,
        cast(null as text) as dossier_code
    from core.duplicate_record as q
    inner join core.feedback_version as v on q.source_code = v.source_code and q.key = v.feedback_code
    where q.model = 'feedback' and v._is_current
    union all
    select
        q.*,
        v.unit_code,
        v.surveyed_date as event_date,
        cast(null as text) as dossier_code
    from core.duplicate_record as q
    inner join core.survey_answer_version as v on q.source_code = v.source_code and q.key = v.answer_code
    where q.model = 'survey_answer' and v._is_current
)

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    d.received_date as event_date,
    jsonb_build_object('model', 'dossier', 'changed_at', d._changed_at) as detail
from mart.dossier as d
where d.left_out_reason = 'duplicate_source'
union all
select
    r.source_code,
    r.unit_code,
    r.event_date as month_day,
    r.key as item,
    r.dossier_code,
    r.event_date,
    jsonb_build_object('model', r.model, 'counted_in', r.counted_source_code) as detail
from record as r
