-- grain: one edition of a period; returns its id
-- source: bind values

insert into mart.publication (
    plan_code, period_kind, period_start, period_end, edition, source_clocks, definitions, missing, findings, approval, approved_by, note,
    published_at, layout
)
values (
    :plan_code, :period_kind, :period_start, :period_end, :edition, cast(:clocks as jsonb), cast(:definitions as jsonb), cast(:missing as jsonb),
    cast(:findings as jsonb), :approval, :by, :note, :now, :layout
)
returning publication_id
