-- grain: one row for each dossier that form II.06a counts in a period and scope, with where it counts
-- source: mart.dossier, core.dossier_open_at, core.unit_at, core.unit_scope, core.role_clock, core.authority
-- traps: a field has a name in each level (the procedures of the district and of the communes are listed apart), so the newest name is
--        looked for within the level. Readers without rights on core call it, so it runs with the rights of its owner and a fixed
--        search_path. A period that starts at or after T has no rows. PostgreSQL stores no comments on arguments and columns, so they
--        are in the comment on the function, a line each

create or replace function mart.form_06a_dossier(period_kind text, period_start date, scope text default 'all', source text default null)
returns table (
    level text,
    unit_code text,
    field_code text,
    field_name text,
    dossier_code text,
    channel text,
    is_carried_over boolean,
    state text,
    is_returned boolean,
    is_without_due boolean
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
with placed as materialized (
    select distinct g.last_day, g.unit_code, g.stretch_no, g.field_code, g.level, g.counted_code, g.field_name
    from core.form_06a_group(form_06a_dossier.period_kind, form_06a_dossier.period_start, form_06a_dossier.scope, form_06a_dossier.source) as g
    where g.is_in_scope
)

select
    p.level,
    p.counted_code as unit_code,
    p.field_code,
    p.field_name,
    d.dossier_code,
    d.channel,
    d.is_carried_over,
    d.state,
    d.is_returned,
    d.is_without_due
from
    core.form_06a_counted(
        form_06a_dossier.period_kind, form_06a_dossier.period_start, form_06a_dossier.scope, form_06a_dossier.source
    ) as d
inner join placed as p
    -- equal signs alone can be hashed; a dossier may have no field
    on
        d.unit_code = p.unit_code
        and d.stretch_no = p.stretch_no
        and d.last_day = p.last_day
        and coalesce(d.field_code, '') = coalesce(p.field_code, '')
        and (d.field_code is null) = (p.field_code is null)
-- of the units of the scope alone: with it the dossiers of a unit are found by an index
where d.unit_code = any(array(select distinct u.unit_code from placed as u))
$$;
comment on function mart.form_06a_dossier is 'One row a dossier that form II.06a counts in a period and scope, with where it counts: what stands behind each cell | Hồ sơ trong biểu II.06a
period_kind: month, quarter, half_year, nine_months, year, report_month, report_quarter | Loại kỳ
period_start: First day of the period | Ngày đầu kỳ
scope: A unit, level:district, level:commune, or all | Đơn vị, cấp, hoặc toàn bộ
source: One source of the dossiers; null = all of them | Nguồn dữ liệu
level: district, commune | Cấp
unit_code: Unit for which it counts: the handling unit, its successor where that did not exist on the day of the reception, or level:… where there is none | Đơn vị được tính
field_code: Field | Mã lĩnh vực
field_name: Its name, as the newest dossier of the field in this level has it: the levels may call a field differently | Tên lĩnh vực ở cấp này
dossier_code: MaHoSo | Mã hồ sơ
channel: online, post, in_person | Kênh nộp
is_carried_over: Received before the period (column 6) | Từ kỳ trước
state: early, on_time, late; open_in_time, open_past_due | Trước hạn, đúng hạn, quá hạn; đang giải quyết
is_returned: Ended without a result for the applicant, counted as on time | Trả lại, được tính đúng hạn
is_without_due: Finished without a due, counted as on time | Không có hạn, được tính đúng hạn';
