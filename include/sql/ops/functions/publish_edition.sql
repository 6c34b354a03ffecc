-- grain: one edition of a period in mart.publication; returns its id
-- source: cchc.publication.freeze
-- traps: the loader may insert into that table by this function alone (roles.sql), and what belongs to the edition follows in the same
--        transaction (ops.keep_published); the approval is noted with it

create or replace function ops.publish_edition(
    plan_code text, period_kind text, period_start date, period_end date, edition integer, source_clocks jsonb, definitions jsonb,
    missing jsonb, findings jsonb, approval text, approved_by text, note text, published_at timestamptz, layout text
) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    made bigint;
begin
    if coalesce(btrim($11), '') = '' then
        raise exception 'a publication needs somebody who approves it';
    end if;
    insert into mart.publication (
        plan_code, period_kind, period_start, period_end, edition, source_clocks, definitions, missing, findings, approval, approved_by,
        note, published_at, layout
    )
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    returning publication_id into made;
    perform ops.audited('approval', 'publish', format('%s from %s, edition %s, by %s', $2, $3, $5, $10), $11);
    return made;
end
$$;
comment on function ops.publish_edition is 'Begins an edition of a period and notes the approval in ops.audit; returns its id. Its values, items, papers and bundle follow in the same transaction, and never afterwards';
revoke execute on function ops.publish_edition(
    text, text, date, date, integer, jsonb, jsonb, jsonb, jsonb, text, text, text, timestamptz, text
) from public;
