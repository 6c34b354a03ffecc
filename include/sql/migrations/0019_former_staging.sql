-- grain: one statement: the staging tables of before 0014, which all runs of a source shared
-- source: until 0014 staging.<source>__<entity>, its view staging.good_…, and staging.known_end
-- traps: nothing reads them any more, and what turns secret later would not be purged from them; tables of runs and models stay

do $$
declare
    former text;
begin
    for former in
        select t.tablename
        from pg_tables as t
        where t.schemaname = 'staging' and t.tablename not like 'model\_%' and t.tablename !~ '^extract_[0-9]+__'
    loop
        execute format('drop table staging.%I cascade', former);
    end loop;
end
$$;
