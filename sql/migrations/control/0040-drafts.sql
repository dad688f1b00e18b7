-- What waits for the approvals of operators (docs/protocols/approval.md), and who has approved.
CREATE TABLE drafts (
    draft_id TEXT PRIMARY KEY,      -- UUIDv7: sorts by creation
    alert_id TEXT NOT NULL,         -- of the alert that it becomes, or changes
    revision INTEGER NOT NULL,
    state INTEGER NOT NULL,         -- enum draft_state, without "lapsed"
    content TEXT NOT NULL,          -- what is signed: JSON as in docs/protocols/bus.md
    expire_us INTEGER NOT NULL,     -- with the alert
    created_us INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    ended_us INTEGER,
    ended_by TEXT
);
CREATE INDEX drafts_waiting ON drafts (expire_us) WHERE state = 0;

CREATE TABLE draft_approvals (
    draft_id TEXT NOT NULL REFERENCES drafts (draft_id),
    person TEXT NOT NULL,
    approval TEXT NOT NULL,         -- JSON: signature and certificate chain
    at_us INTEGER NOT NULL,
    PRIMARY KEY (draft_id, person)
) WITHOUT ROWID;
