-- grain: one edition of a period; returns its id
-- source: bind values
-- traps: the function is the only way in for the roles of the program; it notes the approval (migration 0061)

select
    ops.publish_edition(
        :plan_code, :period_kind, :period_start, :period_end, :edition, cast(:clocks as jsonb), cast(:definitions as jsonb),
        cast(:missing as jsonb), cast(:findings as jsonb), :approval, :by, :note, :now, :layout
    ) as publication_id
