-- grain: one text in which each hash of old_hash has become the value beside it
-- source: old_hash (temporary)
-- traps: a hash is a word of 32 hex digits; a longer run of hex digits (a sha256) is another word, and stays

create or replace function pg_temp.with_new_hashes(content text) returns text
language sql stable
as $$
select string_agg(coalesce(o.new, p.part [1]) || coalesce(p.part [2], ''), '' order by p.place)
from regexp_matches($1, '([[:alnum:]_]*)([^[:alnum:]_]*)', 'g') with ordinality as p (part, place)
left join pg_temp.old_hash as o on o.old = p.part [1]
$$
