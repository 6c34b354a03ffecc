-- grain: one statement a change; what resolves an entry of the quarantine
-- source: cchc.core.settled
-- traps: a retry that lets a row pass removes its entry; one that a newer delivery made history keeps it, resolved

comment on column ops.quarantine.resolved_at is 'When a newer delivery of the key passed (K4, K7: when the steps mended it); null = open';
