-- grain: one statement a change; ops.load keeps the folder of a load below the landing, not its whole address
-- source: cchc.sources.landing (place_below, place_of)
-- traps: a copy of the installation has another landing; with whole addresses its retention would remove the landing of the original

update ops.load
set landing_path = substring(landing_path from '/(' || source_code || '/[0-9]{8}/[^/]+(/[^/]+)?)$')
where landing_path is not null;

comment on column ops.load.landing_path is 'Folder of this load below the landing (CCHC_LANDING_URL); null = nothing landed, or retention removed it';
