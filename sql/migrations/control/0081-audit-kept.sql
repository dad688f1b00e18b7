-- The checkpoints that the audit log keeps beside its newest one, for every server's files (ledger/keep).
CREATE TABLE audit_kept (
    kind INTEGER NOT NULL,          -- enum keep_kind: 0 a change of key, 1 the end of an epoch
    size INTEGER NOT NULL,
    note TEXT NOT NULL,             -- as it was signed then
    PRIMARY KEY (kind, size)
);
