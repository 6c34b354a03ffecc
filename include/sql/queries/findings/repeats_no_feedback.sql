-- grain: one row for each feedback about procedures that repeats an item which does not count
-- source: core.feedback, core.authority
-- traps: a repeat (MaTrung) never counts, because the item that it repeats does. Where that item is unknown, set aside, about something else,
--        or leads back to the repeat itself, the matter counts nowhere. A repeat of a repeat is followed to the first item, in any source

with recursive followed as (
    select
        f.source_code,
        f.feedback_code,
        f.repeated_code as next_code,
        array[f.feedback_code] as passed
    from core.feedback as f
    where f.is_about_procedures and f.repeated_code is not null
    union all
    select
        p.source_code,
        p.feedback_code,
        n.repeated_code as next_code,
        p.passed || n.feedback_code as passed
    from followed as p
    inner join core.feedback as n on p.next_code = n.feedback_code
    where n.repeated_code is not null and n.feedback_code <> all(p.passed)
)

select
    f.source_code,
    f.unit_code,
    cast(
        coalesce(f.answered_at, f.due_at, f.received_at, f.sent_at) at time zone (select a.zone from core.authority as a) as date
    ) as month_day,
    f.feedback_code as item,
    f.dossier_code,
    cast(coalesce(f.received_at, f.sent_at) at time zone (select a.zone from core.authority as a) as date) as event_date,
    jsonb_build_object(
        'repeats', f.repeated_code,
        'is_known', exists (select 1 from core.feedback as k where k.feedback_code = f.repeated_code),
        'answered_at', f.answered_at,
        'due_at', f.due_at
    ) as detail
from core.feedback as f
where
    f.is_about_procedures
    and f.repeated_code is not null
    and not exists (
        select 1
        from followed as p
        inner join core.feedback as r on p.next_code = r.feedback_code
        where
            p.source_code = f.source_code
            and p.feedback_code = f.feedback_code
            and r.is_about_procedures
            and r.repeated_code is null
    )
