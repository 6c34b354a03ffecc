-- grain: one row for each dossier with a result file that is one of its submitted papers
-- source: mart.dossier, core.dossier_version (newest)
-- traps: paths are compared by their keyed hash; deleted papers count too; an empty path is no file

with same_path as (
    select
        v.dossier_id,
        count(*) as result_count
    from core.dossier_version as v
    cross join lateral jsonb_array_elements(v.results) as r (item)
    where
        -- jsonb_path_exists is the condition of the index dossier_version_submitted_ix, which finds all of them but for empty paths
        v._is_current
        and jsonb_path_exists(v.papers, '$[*].path ? (@ == $r[*].path)', jsonb_set('{"r": []}', '{r}', v.results))
        and v.results is not null
        and v.papers is not null
        and coalesce(r.item ->> 'path', '') <> ''
        and exists (select 1 from jsonb_array_elements(v.papers) as p (item) where p.item ->> 'path' = r.item ->> 'path')
    group by v.dossier_id
)

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    d.finished_date as event_date,
    jsonb_build_object('result_count', s.result_count, 'has_signed_result', d.has_signed_result) as detail
from same_path as s
cross join lateral (select x.* from mart.dossier as x where x.dossier_id = s.dossier_id order by x.dossier_id offset 0) as d
where d.is_counted
