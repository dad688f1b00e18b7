-- Alerts as a receiver keeps them, tombstones too, and the receipts it owes. The same on edges.
CREATE TABLE inbox (
    alert_id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    action INTEGER NOT NULL,        -- enum alert_action
    tier INTEGER NOT NULL,          -- enum tier
    content TEXT NOT NULL,          -- of the newest revision, JSON
    payload BLOB NOT NULL,          -- the envelope as received; empty where it is not kept
    received_us INTEGER NOT NULL,
    begin_us INTEGER NOT NULL,
    expire_us INTEGER NOT NULL,
    keep_until_us INTEGER NOT NULL, -- until then an older revision could still be replayed
    progress INTEGER NOT NULL       -- bits 1 << enum receipt_state, of this revision
);
CREATE INDEX inbox_expire ON inbox (expire_us);

CREATE TABLE receipts (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    state INTEGER NOT NULL,         -- enum receipt_state
    reason TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX receipts_unsent ON receipts (number) WHERE sent = 0;
CREATE INDEX receipts_alert ON receipts (alert_id, number);

CREATE TABLE replay_marks (
    issuer TEXT PRIMARY KEY,
    newest_us INTEGER NOT NULL
);
