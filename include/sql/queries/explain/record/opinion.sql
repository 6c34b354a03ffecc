-- grain: one row for each asked item, an assessment or a survey sheet, with the facts by which it counts
-- source: asked (the items of the statement around this one), core.assessment_version, core.survey_answer_version
-- traps: the item of a survey sheet begins with 'survey '

select
    a.*,
    coalesce(o.dossier_code, s.dossier_code) as dossier_code,
    cast(null as text) as procedure_code,
    cast(null as text) as procedure_name,
    coalesce(cast(o.assessed_at at time zone cast(:zone as text) as date), s.surveyed_date) as received_date,
    cast(null as date) as due_date,
    cast(null as date) as first_due_date,
    cast(null as date) as ended_date,
    cast(null as bigint) as late_days,
    coalesce(o.rating_code, cast(s.score as text)) as state,
    jsonb_build_object('rating_code', o.rating_code, 'score', s.score) as facts
from asked as a
left join core.assessment_version as o on a.source_code = o.source_code and a.item = o.assessment_code and o._is_current
left join core.survey_answer_version as s
    on a.source_code = s.source_code and a.item = 'survey ' || s.answer_code and s._is_current
